// SPDX-License-Identifier: Apache-2.0
#include "resolve/search.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/border.h"
#include "resolve/match.h"
#include "resolve/scan.h"

#define HITS_MAX     64	   /* per text: a name also stands in symbol tables */
#define REFS_MAX     4096u /* of all texts; a large library has a few hundred error sites */
#define PATH_MAX_LEN 512
#define WORD_MAX_LEN 64

/* Each ends with its NUL: texts of C end so, and it keeps longer names out. */
static const struct {
	struct sv word;
	bool path; /* the end of a path: it may begin anywhere */
} texts[TEXT_COUNT] = {
	[TEXT_SSL_LIB] = { SV("ssl/ssl_lib.cc\0"), true },
	[TEXT_AWSLC_AEAD] = { SV("crypto/fipsmodule/cipher/aead.c\0"), true },
	[TEXT_READ_INTERNAL] = { SV("ssl_read_internal\0"), false },
	[TEXT_WRITE_INTERNAL] = { SV("ssl_write_internal\0"), false },
	[TEXT_SSL_READ] = { SV("SSL_read\0"), false },
	[TEXT_SSL_WRITE] = { SV("SSL_write\0"), false },
	[TEXT_OPENSSL_LIB] = { SV("ssl/ssl_lib.c\0"), true },
};

/* A set of addresses that is quick to say no: one bit for 64 bytes, folded. */
#define SIEVE_BITS  16
#define SIEVE_SHIFT 6

/* How far, in pages, an anchor may lie before what is reached from it (arm64). */
#define ANCHOR_PAGES 2

struct search {
	struct elf *elf;
	bool have_hits, have_refs;
	int hits_err, refs_err, borders_err;
	struct borders *borders;
	struct search_hit hits[TEXT_COUNT][HITS_MAX];
	size_t hit_count[TEXT_COUNT]; /* may be more than HITS_MAX */
	struct search_ref *refs;
	size_t ref_count;
	size_t first_ref[TEXT_COUNT], refs_of[TEXT_COUNT];
	uint8_t sieve[1 << (SIEVE_BITS - 3)], pages[1 << (SIEVE_BITS - 3)];
};

int search_new(struct search **ret, struct elf *e)
{
	struct search *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->elf = e;
	*ret = s;
	return 0;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	borders_free(s->borders);
	free(s->refs);
	free(s);
}

struct elf *search_elf(const struct search *s)
{
	return s->elf;
}

/* ---- texts ---- */

struct text_pass {
	struct search *s;
	struct match *match;
	const struct scan_window *w;
};

/* How many bytes of its segment lie before addr. */
static uint64_t room_before(struct elf *e, uint64_t addr)
{
	const struct elf_load *loads;
	size_t n = elf_loads(e, &loads);

	for (size_t i = 0; i < n; i++)
		if (addr >= loads[i].addr && addr - loads[i].addr < loads[i].size)
			return addr - loads[i].addr;
	return 0;
}

/* Where the printable run that ends before addr begins. */
static uint64_t run_start(struct elf *e, uint64_t addr)
{
	uint64_t room = room_before(e, addr);
	uint8_t before[PATH_MAX_LEN];
	size_t len = room < sizeof(before) ? (size_t)room : sizeof(before), i = len;

	if (len == 0 || elf_read(e, addr - len, before, len) != (ssize_t)len)
		return addr;
	while (i > 0 && before[i - 1] >= 0x20 && before[i - 1] < 0x7f)
		i--;
	return addr - len + i;
}

static void take_text(void *ctx, size_t word, size_t at)
{
	struct text_pass *p = ctx;
	struct search *s = p->s;
	uint64_t addr = p->w->addr + at;
	size_t n = s->hit_count[word];

	if (at >= p->w->own)
		return;
	s->hit_count[word]++;
	if (n < HITS_MAX)
		s->hits[word][n] =
			(struct search_hit){ texts[word].path ? run_start(s->elf, addr) : addr,
					     addr };
}

static int text_window(void *ctx, const struct scan_window *w)
{
	struct text_pass *p = ctx;

	p->w = w;
	match_run(p->match, (struct sv){ (const char *)w->p, w->len }, take_text, p);
	return 0;
}

static int find_texts(struct search *s)
{
	struct text_pass pass = { .s = s };
	struct sv words[TEXT_COUNT];
	int err;

	for (size_t i = 0; i < TEXT_COUNT; i++)
		words[i] = texts[i].word;
	err = match_new(&pass.match, words, TEXT_COUNT);
	if (err)
		return err;
	err = scan_file(s->elf, SCAN_TEXTS, WORD_MAX_LEN, text_window, &pass);
	match_free(pass.match);
	return err;
}

int search_hits(struct search *s, enum search_text text, const struct search_hit **ret)
{
	if (!s->have_hits) {
		s->have_hits = true;
		s->hits_err = find_texts(s);
	}
	if (s->hits_err)
		return s->hits_err;
	if (s->hit_count[text] > HITS_MAX)
		return -E2BIG;
	*ret = s->hits[text];
	return (int)s->hit_count[text];
}

bool search_is(const struct search *s, enum search_text text, uint64_t addr)
{
	size_t count = s->hit_count[text] < HITS_MAX ? s->hit_count[text] : HITS_MAX;

	for (size_t i = 0; i < count; i++)
		if (addr >= s->hits[text][i].first && addr <= s->hits[text][i].text)
			return true;
	return false;
}

bool search_is_path(enum search_text text)
{
	return texts[text].path;
}

/* ---- references ---- */

static unsigned fold(uint64_t addr, unsigned shift)
{
	return (unsigned)(addr >> shift) & ((1u << SIEVE_BITS) - 1);
}

static void mark(uint8_t *set, unsigned bit)
{
	set[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static bool marked(const uint8_t *set, unsigned bit)
{
	return set[bit / 8] & 1u << bit % 8;
}

/* Returns whether there is anything to look for. */
static bool fill_sieve(struct search *s)
{
	bool any = false;

	for (size_t t = 0; t < TEXT_COUNT; t++) {
		size_t count = s->hit_count[t] <= HITS_MAX ? s->hit_count[t] : 0;

		for (size_t i = 0; i < count; i++) {
			const struct search_hit *h = &s->hits[t][i];

			any = true;
			for (uint64_t a = h->first; a <= h->text; a++) {
				mark(s->sieve, fold(a, SIEVE_SHIFT));
				for (uint64_t back = 0; back <= ANCHOR_PAGES; back++)
					mark(s->pages, fold(a - (back << 12), 12));
			}
		}
	}
	return any;
}

static int take_ref(struct search *s, uint64_t site, uint64_t target)
{
	if (!marked(s->sieve, fold(target, SIEVE_SHIFT)))
		return 0;
	for (unsigned t = 0; t < TEXT_COUNT; t++) {
		if (s->hit_count[t] > HITS_MAX || !search_is(s, (enum search_text)t, target))
			continue;
		if (s->ref_count == REFS_MAX)
			return -E2BIG;
		s->refs[s->ref_count++] = (struct search_ref){ site, target, (enum search_text)t };
	}
	return 0;
}

/* lea r64,[rip+d32] */
static int refs_lea(struct search *s, const struct scan_window *w)
{
	const uint8_t *p = w->p + 1, *end = w->p + w->len;
	int err = 0;

	while (!err && p < end && (p = memchr(p, 0x8d, (size_t)(end - p)))) {
		size_t at = (size_t)(p - w->p) - 1;

		if (at >= w->own || end - p < 6)
			return 0;
		if ((p[-1] & 0xfb) == 0x48 && (p[1] & 0xc7) == 0x05) {
			int32_t rel;

			memcpy(&rel, p + 2, 4);
			err = take_ref(s, w->addr + at, w->addr + at + 7 + (uint64_t)(int64_t)rel);
		}
		p++;
	}
	return err;
}

/* mov r32,imm32: an address, where the file is linked to a fixed place below 4 GiB. */
static int refs_mov(struct search *s, const struct scan_window *w)
{
	for (size_t at = 0; at < w->own && at + 5 <= w->len; at++) {
		uint32_t imm;
		int err;

		if ((w->p[at] & 0xf8) != 0xb8)
			continue;
		memcpy(&imm, w->p + at + 1, 4);
		err = take_ref(s, w->addr + at, imm);
		if (err)
			return err;
	}
	return 0;
}

static int window_x86(void *ctx, const struct scan_window *w)
{
	struct search *s = ctx;
	int err = refs_lea(s, w);

	if (!err && elf_is_fixed(s->elf))
		err = refs_mov(s, w);
	return err;
}

/* How far behind its adrp an add may stand; gcc adds to an anchor first, then to that. */
#define ADD_DISTANCE 12

/* What the registers made from one adrp hold. */
struct chain {
	uint32_t live; /* by register */
	uint64_t value[32];
};

/* add xd, xn, #imm, with xn of the chain. */
static int chain_add(struct search *s, struct chain *c, uint32_t add, uint64_t site)
{
	uint64_t imm = (uint64_t)(add >> 10 & 0xfff) << (add >> 22 & 1 ? 12 : 0);
	uint64_t value = c->value[add >> 5 & 31] + imm;

	c->live |= 1u << (add & 31);
	c->value[add & 31] = value;
	return take_ref(s, site, value);
}

static int refs_adrp(struct search *s, const struct scan_window *w, size_t at, uint32_t adrp)
{
	uint64_t imm = (uint64_t)(adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3);
	uint64_t page =
		((w->addr + at) & ~0xfffull) + ((uint64_t)((int64_t)(imm << 43) >> 43) << 12);
	struct chain c = { .live = 1u << (adrp & 31) };
	int err = 0;

	if (!marked(s->pages, fold(page, 12)))
		return 0;
	c.value[adrp & 31] = page;
	for (size_t k = at + 4; !err && c.live && k + 4 <= w->len && k <= at + 4 * ADD_DISTANCE;
	     k += 4) {
		uint32_t insn;

		memcpy(&insn, w->p + k, 4);
		if ((insn & 0xff800000) == 0x91000000 && c.live & 1u << (insn >> 5 & 31))
			err = chain_add(s, &c, insn, w->addr + k);
		else if ((insn & 0x0a000000) != 0x08000000 && (insn & 0x1c000000) != 0x14000000)
			c.live &= ~(1u << (insn & 31)); /* no store, no branch: it writes */
	}
	return err;
}

static int window_arm64(void *ctx, const struct scan_window *w)
{
	struct search *s = ctx;
	int err = 0;

	for (size_t at = (size_t)(-w->addr & 3); !err && at < w->own && at + 4 <= w->len; at += 4) {
		uint32_t insn;

		memcpy(&insn, w->p + at, 4);
		if ((insn & 0x9f000000) == 0x90000000) {
			err = refs_adrp(s, w, at, insn);
		} else if ((insn & 0x9f000000) == 0x10000000) { /* adr */
			uint64_t imm = (uint64_t)(insn >> 5 & 0x7ffff) << 2 | (insn >> 29 & 3);

			err = take_ref(s, w->addr + at,
				       w->addr + at + (uint64_t)((int64_t)(imm << 43) >> 43));
		}
	}
	return err;
}

static int by_text_and_site(const void *a, const void *b)
{
	const struct search_ref *x = a, *y = b;

	if (x->text != y->text)
		return x->text < y->text ? -1 : 1;
	return x->site < y->site ? -1 : x->site > y->site;
}

static int find_refs(struct search *s)
{
	enum elf_arch arch = elf_arch(s->elf);
	size_t n = 0;
	int err;

	if (arch == ELF_ARCH_OTHER || !fill_sieve(s))
		return 0;
	s->refs = malloc(REFS_MAX * sizeof(*s->refs));
	if (!s->refs)
		return -ENOMEM;
	err = scan_file(s->elf, SCAN_CODE, WORD_MAX_LEN,
			arch == ELF_ARCH_ARM64 ? window_arm64 : window_x86, s);
	if (err)
		return err;
	qsort(s->refs, s->ref_count, sizeof(*s->refs), by_text_and_site);
	/* Two adrp may lead to one add. */
	for (size_t i = 0; i < s->ref_count; i++)
		if (n == 0 || by_text_and_site(&s->refs[n - 1], &s->refs[i]))
			s->refs[n++] = s->refs[i];
	s->ref_count = n;
	for (size_t i = n; i-- > 0;) {
		s->first_ref[s->refs[i].text] = i;
		s->refs_of[s->refs[i].text]++;
	}
	return 0;
}

int search_refs(struct search *s, enum search_text text, const struct search_ref **ret)
{
	const struct search_hit *hits;
	int n = search_hits(s, text, &hits);

	if (n <= 0)
		return n;
	if (!s->have_refs) {
		s->have_refs = true;
		s->refs_err = find_refs(s);
	}
	if (s->refs_err || s->refs_of[text] == 0)
		return s->refs_err;
	*ret = s->refs + s->first_ref[text];
	return (int)s->refs_of[text];
}

int search_borders(struct search *s, struct borders **ret)
{
	uint64_t *sites;

	if (!s->borders && !s->borders_err) {
		sites = malloc((s->ref_count + 1) * sizeof(*sites));
		if (!sites)
			return -ENOMEM;
		for (size_t i = 0; i < s->ref_count; i++)
			sites[i] = s->refs[i].site;
		s->borders_err = borders_new(&s->borders, s, sites, s->ref_count);
		free(sites);
	}
	*ret = s->borders;
	return s->borders_err;
}
