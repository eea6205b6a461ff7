// SPDX-License-Identifier: Apache-2.0
#include "resolve/enter.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/scan.h"

#define ROWS_MAX (1u << 18)

/* Longest instruction looked at, and words. */
#define LONGEST 16

struct gather {
	struct elf *elf;
	const struct zone *zones;
	size_t count;
	unsigned what;
	struct enter_list *list;
	size_t room;
};

static const struct zone *zone_of(const struct gather *g, uint64_t addr)
{
	size_t lo = 0, hi = g->count;

	if (addr < g->zones[0].start || addr >= g->zones[g->count - 1].end)
		return NULL;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (g->zones[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < g->count && addr >= g->zones[lo].start ? &g->zones[lo] : NULL;
}

static int add(struct gather *g, uint64_t addr, uint64_t source, enum enter_kind kind)
{
	struct enter_list *l = g->list;
	const struct zone *z = zone_of(g, addr);

	if (!z)
		return 0;
	if (g->what & ENTER_BRANCHES && source >= z->start && source < z->end)
		return 0;
	if (l->count == g->room) {
		size_t room = g->room ? 2 * g->room : 1024;
		struct enter *rows;

		if (room > ROWS_MAX)
			return -E2BIG;
		rows = realloc(l->rows, room * sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		l->rows = rows;
		g->room = room;
	}
	l->rows[l->count++] = (struct enter){ addr, source, kind };
	return 0;
}

static uint64_t rel32(const uint8_t *p, uint64_t end)
{
	int32_t rel;

	memcpy(&rel, p, 4);
	return end + (uint64_t)(int64_t)rel;
}

/* Calls fn for each byte of a value that may begin an instruction of this window. */
#define EACH_BYTE(w, at, value)                                              \
	for (const uint8_t *p_ = (w)->p, *end_ = (w)->p + (w)->own;          \
	     p_ < end_ && (p_ = memchr(p_, (value), (size_t)(end_ - p_))) && \
	     ((at) = (size_t)(p_ - (w)->p), true);                           \
	     p_++)

static int x86_code(struct gather *g, const struct scan_window *w)
{
	struct scan_window lea = { w->p, w->len, w->own + (w->own < w->len), w->addr };
	size_t at;
	int err = 0;

	EACH_BYTE(w, at, 0xe8)
	{
		if (at + 5 <= w->len)
			err = add(g, rel32(w->p + at + 1, w->addr + at + 5), w->addr + at,
				  ENTER_CALL);
		if (err)
			return err;
	}
	/* lea r64,[rip+d32]: begins with its REX.W, one byte before. */
	EACH_BYTE(&lea, at, 0x8d)
	{
		if (at >= 1 && at + 6 <= w->len && (w->p[at - 1] & 0xfb) == 0x48 &&
		    (w->p[at + 1] & 0xc7) == 0x05)
			err = add(g, rel32(w->p + at + 2, w->addr + at + 6), w->addr + at - 1,
				  ENTER_POINTER);
		if (err)
			return err;
	}
	return 0;
}

/* Jumps of one byte's distance: from code beside a zone only. */
static int x86_short(struct gather *g, const struct scan_window *w)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct zone *z = &g->zones[i];
		uint64_t from = z->start < w->addr + 130 ? w->addr : z->start - 130;
		uint64_t end = z->end + 130 < w->addr + w->own ? z->end + 130 : w->addr + w->own;

		for (; from < end && from + 2 <= w->addr + w->len; from++) {
			const uint8_t *p = w->p + (from - w->addr);
			uint64_t to = from + 2 + (uint64_t)(int64_t)(int8_t)p[1];
			int err = 0;

			if (p[0] == 0xeb || (p[0] & 0xf0) == 0x70)
				err = add(g, to, from, p[0] == 0xeb ? ENTER_JUMP : ENTER_BRANCH);
			if (err)
				return err;
		}
	}
	return 0;
}

static int x86_jumps(struct gather *g, const struct scan_window *w)
{
	size_t at;
	int err = 0;

	EACH_BYTE(w, at, 0xe9)
	{
		if (at + 5 <= w->len)
			err = add(g, rel32(w->p + at + 1, w->addr + at + 5), w->addr + at,
				  ENTER_JUMP);
		if (err)
			return err;
	}
	if (!(g->what & ENTER_BRANCHES))
		return 0;
	EACH_BYTE(w, at, 0x0f)
	{
		if (at + 6 <= w->len && (w->p[at + 1] & 0xf0) == 0x80)
			err = add(g, rel32(w->p + at + 2, w->addr + at + 6), w->addr + at,
				  ENTER_BRANCH);
		if (err)
			return err;
	}
	return x86_short(g, w);
}

static uint64_t words(uint32_t v, unsigned bits, uint64_t addr)
{
	return addr + (uint64_t)((int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits)) * 4;
}

static int arm64_insn(struct gather *g, uint32_t i, uint64_t addr)
{
	if (i >> 26 == 0x25 && g->what & ENTER_CODE)
		return add(g, words(i & 0x3ffffff, 26, addr), addr, ENTER_CALL);
	if (i >> 26 == 0x05)
		return add(g, words(i & 0x3ffffff, 26, addr), addr, ENTER_JUMP);
	if (!(g->what & ENTER_BRANCHES))
		return 0;
	if ((i & 0xfe000000) == 0x54000000 || (i & 0x7e000000) == 0x34000000)
		return add(g, words(i >> 5 & 0x7ffff, 19, addr), addr, ENTER_BRANCH);
	if ((i & 0x7e000000) == 0x36000000)
		return add(g, words(i >> 5 & 0x3fff, 14, addr), addr, ENTER_BRANCH);
	return 0;
}

static int code_window(void *ctx, const struct scan_window *w)
{
	struct gather *g = ctx;
	int err = 0;

	if (elf_arch(g->elf) != ELF_ARCH_ARM64) {
		if (g->what & ENTER_CODE)
			err = x86_code(g, w);
		return err ? err : x86_jumps(g, w);
	}
	for (size_t at = (size_t)(-w->addr & 3); !err && at < w->own && at + 4 <= w->len; at += 4) {
		uint32_t insn;

		memcpy(&insn, w->p + at, 4);
		err = arm64_insn(g, insn, w->addr + at);
	}
	return err;
}

/*
 * Words that are code addresses: filled in by the linker, in place for RELR, or the addend of
 * a RELA entry, whose table is data as well.
 */
static int data_window(void *ctx, const struct scan_window *w)
{
	struct gather *g = ctx;
	int err = 0;

	for (size_t at = (size_t)(-w->addr & 7); !err && at < w->own && at + 8 <= w->len; at += 8) {
		uint64_t word;

		memcpy(&word, w->p + at, 8);
		err = add(g, word, w->addr + at, ENTER_POINTER);
	}
	return err;
}

static int by_addr(const void *a, const void *b)
{
	const struct enter *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

int enter_gather(struct elf *e, const struct zone *zones, size_t count, unsigned what,
		 struct enter_list *list)
{
	struct gather g = { .elf = e,
			    .zones = zones,
			    .count = count,
			    .what = what,
			    .list = list,
			    .room = list->count };
	int err = 0;

	if (count == 0 || elf_arch(e) == ELF_ARCH_OTHER)
		return 0;
	if (what & (ENTER_CODE | ENTER_BRANCHES))
		err = scan_file(e, SCAN_CODE, LONGEST, code_window, &g);
	if (!err && what & ENTER_DATA)
		err = scan_file(e, SCAN_DATA, LONGEST, data_window, &g);
	if (list->count)
		qsort(list->rows, list->count, sizeof(*list->rows), by_addr);
	return err;
}

size_t enter_from(const struct enter_list *list, uint64_t addr)
{
	size_t lo = 0, hi = list->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list->rows[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
