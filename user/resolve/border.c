// SPDX-License-Identifier: Apache-2.0
#include "resolve/border.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/enter.h"

/* How far from a site its function may begin or end. */
#define REACH (ELF_CODE_MAX / 2)

/* Rows looked at in all; real files take a few thousand. Made up ones could go on for hours. */
#define ROWS_BUDGET (1u << 22)

struct borders {
	struct elf *elf;
	struct enter_list enters; /* around the sites */
	struct enter_list cold;	  /* from outside, into ranges that nothing calls */
	uint32_t budget;
};

const char *border_proof_name(enum border_proof proof)
{
	static const char *const names[] = {
		[BORDER_UNPROVEN] = "unproven",
		[BORDER_FRAME] = "frame table",
		[BORDER_CALL] = "direct call",
		[BORDER_POINTER] = "code pointer",
	};

	return names[proof];
}

static bool spend(struct borders *b, uint32_t rows)
{
	if (b->budget < rows)
		return false;
	b->budget -= rows;
	return true;
}

/* What enters exactly at addr; the first kinds are the strongest. */
static enum border_proof proof_at(const struct borders *b, uint64_t addr)
{
	size_t i = enter_from(&b->enters, addr);

	if (i == b->enters.count || b->enters.rows[i].addr != addr)
		return BORDER_UNPROVEN;
	switch (b->enters.rows[i].kind) {
	case ENTER_CALL:
		return BORDER_CALL;
	case ENTER_POINTER:
		return BORDER_POINTER;
	default:
		return BORDER_UNPROVEN;
	}
}

size_t border_callers(const struct borders *b, uint64_t addr, uint64_t *ret, size_t max)
{
	size_t i = enter_from(&b->enters, addr), n = 0;

	for (; i < b->enters.count && b->enters.rows[i].addr == addr; i++) {
		if (b->enters.rows[i].kind != ENTER_CALL)
			continue;
		if (n < max)
			ret[n] = b->enters.rows[i].source;
		n++;
	}
	return n;
}

/* ---- gathering ---- */

static int by_start(const void *a, const void *b)
{
	const struct zone *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Sorts zones and joins those that touch. Returns how many are left. */
static size_t join(struct zone *z, size_t count)
{
	size_t n = 0;

	qsort(z, count, sizeof(*z), by_start);
	for (size_t i = 0; i < count; i++) {
		if (n && z[i].start <= z[n - 1].end) {
			if (z[i].end > z[n - 1].end)
				z[n - 1].end = z[i].end;
		} else {
			z[n++] = z[i];
		}
	}
	return n;
}

/* Ranges of .eh_frame around sites that nothing enters at their start. */
static size_t lonely(struct borders *b, const uint64_t *sites, size_t count, struct zone *ret,
		     bool *ret_frameless)
{
	size_t n = 0;

	*ret_frameless = false;
	for (size_t i = 0; i < count; i++) {
		uint64_t start, size;

		if (elf_function_at(b->elf, sites[i], &start, &size))
			*ret_frameless = true;
		else if (proof_at(b, start) == BORDER_UNPROVEN && size <= ELF_CODE_MAX)
			ret[n++] = (struct zone){ start, start + size };
	}
	return join(ret, n);
}

static int gather(struct borders *b, const uint64_t *sites, size_t count)
{
	struct zone *z = calloc(count, sizeof(*z));
	bool frameless;
	size_t n;
	int err;

	if (!z)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		z[i] = (struct zone){ sites[i] < REACH ? 0 : sites[i] - REACH, sites[i] + REACH };
	n = join(z, count);
	err = enter_gather(b->elf, z, n, ENTER_CODE, &b->enters);
	/* A pass over the data only where calls have not told all. */
	if (!err && lonely(b, sites, count, z, &frameless) + frameless > 0) {
		for (size_t i = 0; i < count; i++)
			z[i] = (struct zone){ sites[i] < REACH ? 0 : sites[i] - REACH,
					      sites[i] + REACH };
		n = join(z, count);
		err = enter_gather(b->elf, z, n, ENTER_DATA, &b->enters);
	}
	if (!err) {
		n = lonely(b, sites, count, z, &frameless);
		err = enter_gather(b->elf, z, n, ENTER_BRANCHES, &b->cold);
	}
	free(z);
	return err;
}

int borders_new(struct borders **ret, struct search *s, const uint64_t *sites, size_t count)
{
	struct borders *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	b->elf = search_elf(s);
	b->budget = ROWS_BUDGET;
	err = count ? gather(b, sites, count) : 0;
	if (err) {
		borders_free(b);
		return err;
	}
	*ret = b;
	return 0;
}

void borders_free(struct borders *b)
{
	if (!b)
		return;
	free(b->enters.rows);
	free(b->cold.rows);
	free(b);
}

/* ---- with a frame table ---- */

/*
 * A range that nothing calls or points to, and that one other function jumps into, is a part
 * of that function. 0: it is, and *owner holds it; -ENOENT: nothing jumps in.
 */
static int owner_of(struct borders *b, uint64_t start, uint64_t size, uint64_t *owner,
		    uint64_t *owner_size)
{
	size_t i = enter_from(&b->cold, start);
	uint64_t from = 0, from_size = 0, s, n;

	for (; i < b->cold.count && b->cold.rows[i].addr < start + size; i++) {
		if (!spend(b, 256))
			return -E2BIG;
		/* What no function holds is no jump, but bytes that look like one. */
		if (elf_function_at(b->elf, b->cold.rows[i].source, &s, &n))
			continue;
		if (from && s != from)
			return -EMLINK;
		from = s;
		from_size = n;
	}
	if (!from)
		return -ENOENT;
	*owner = from;
	*owner_size = from_size;
	return 0;
}

static int frame_border(struct borders *b, uint64_t start, uint64_t size, struct border *ret)
{
	struct border f = { .start = start, .size = size, .proof = proof_at(b, start) };
	int err;

	if (f.proof == BORDER_UNPROVEN) {
		f.proof = BORDER_FRAME;
		err = owner_of(b, start, size, &f.start, &f.size);
		if (err == 0) {
			f.cold[0].start = start;
			f.cold[0].size = size;
			f.cold_count = 1;
			if (proof_at(b, f.start) != BORDER_UNPROVEN)
				f.proof = proof_at(b, f.start);
		}
	}
	if (f.size == 0 || f.size > ELF_CODE_MAX)
		return -E2BIG;
	*ret = f;
	return 0;
}

/* ---- without ---- */

/*
 * Can the instruction that ends before p be one that does not go on to p? A function begins
 * behind padding, a return, a jump, a trap, or a call that never returns.
 */
static bool x86_ends(const uint8_t *p)
{
	if (p[-1] == 0xc3 || p[-1] == 0xcc || p[-1] == 0x90 || p[-1] == 0x00)
		return true; /* the last: the end of a long nop */
	if (p[-2] == 0x0f && p[-1] == 0x0b)
		return true;
	if (p[-2] == 0xeb || p[-5] == 0xe9 || p[-5] == 0xe8)
		return true;
	/* Through a register or memory, with any length of displacement. */
	for (int n = 2; n <= 7; n++)
		if (p[-n] == 0xff && ((p[1 - n] & 0x38) == 0x20 || (p[1 - n] & 0x38) == 0x10))
			return true;
	return p[-2] == 0x66 && p[-1] == 0x90;
}

static bool arm64_ends(const uint8_t *p)
{
	uint32_t i;

	memcpy(&i, p - 4, 4);
	return i == 0 || i == 0xd503201f || i >> 26 == 0x05 || i >> 26 == 0x25 ||
	       (i & 0xfe000000) == 0xd6000000 || (i & 0xffe0001f) == 0xd4200000;
}

static bool behind_an_end(const struct borders *b, uint64_t addr)
{
	uint8_t before[8];

	if (elf_read_code(b->elf, addr - sizeof(before), before, sizeof(before)))
		return true; /* the first of its segment */
	return elf_arch(b->elf) == ELF_ARCH_ARM64 ? addr % 4 == 0 && arm64_ends(before + 8)
						  : x86_ends(before + 8);
}

/* A jump that passes over the entry of a function leads into another one. */
static bool jumps_far(struct borders *b, const struct enter *jump)
{
	uint64_t lo = jump->addr < jump->source ? jump->addr : jump->source;
	uint64_t hi = jump->addr < jump->source ? jump->source : jump->addr;

	if (hi - lo > ELF_CODE_MAX)
		return true;
	for (size_t i = enter_from(&b->enters, lo + 1);
	     i < b->enters.count && b->enters.rows[i].addr < hi && spend(b, 1); i++)
		if (b->enters.rows[i].kind == ENTER_CALL)
			return true;
	return false;
}

static bool begins(struct borders *b, const struct enter *r)
{
	if (r->kind == ENTER_JUMP && !jumps_far(b, r))
		return false;
	return r->kind != ENTER_BRANCH && behind_an_end(b, r->addr);
}

static int bare_border(struct borders *b, uint64_t site, struct border *ret)
{
	struct border f = { 0 };
	size_t i = enter_from(&b->enters, site + 1), k = i;
	uint64_t end = site + REACH, offset;

	while (i > 0 && !f.start) {
		const struct enter *r = &b->enters.rows[--i];

		/* A look at the file counts for more. */
		if (!spend(b, 64))
			return -E2BIG;
		if (r->addr + ELF_CODE_MAX < site)
			return -ENOENT;
		if (begins(b, r))
			f.start = r->addr;
	}
	if (!f.start)
		return -ENOENT;
	for (; k < b->enters.count && b->enters.rows[k].addr < end; k++) {
		if (!spend(b, 64))
			return -E2BIG;
		if (begins(b, &b->enters.rows[k])) {
			end = b->enters.rows[k].addr;
			break;
		}
	}
	/* The code ends somewhere, too. */
	while (end > site && elf_offset(b->elf, end - 1, &offset))
		end -= end - site > 64 ? 64 : 1;
	f.size = end - f.start;
	f.proof = proof_at(b, f.start);
	*ret = f;
	return 0;
}

int border_at(struct borders *b, uint64_t site, struct border *ret)
{
	uint64_t start, size;
	int err = elf_function_at(b->elf, site, &start, &size);

	if (err == 0)
		return frame_border(b, start, size, ret);
	return err == -ENOENT ? bare_border(b, site, ret) : err;
}
