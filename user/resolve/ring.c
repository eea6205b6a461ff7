// SPDX-License-Identifier: Apache-2.0
#include "resolve/ring.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/border.h"
#include "resolve/scan.h"
#include "resolve/tlslib.h"

/*
 * struct aead::Algorithm: three functions, the key's length, then 0.16: the longest input and
 * the id; 0.17: the id.
 */
#define ALG_KEY_LEN 24
#define ALG_NEXT    32
#define ALG_SIZE    48

#define MAX_INPUT_GCM	 0xfffffffe0ull
#define MAX_INPUT_CHACHA 0x3fffffffc0ull

enum alg_id { AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305 };

#define CANDIDATES_MAX 64
/* How near the constants lie to each other. */
#define NEAR 1024

struct alg {
	uint64_t addr, init, seal, open;
	uint8_t id; /* enum alg_id */
	bool v16;
};

struct hunt {
	struct elf *elf;
	struct alg algs[CANDIDATES_MAX];
	size_t count;
};

static uint64_t word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool is_code(const struct hunt *h, uint64_t addr)
{
	uint64_t offset;

	return elf_offset(h->elf, addr, &offset) == 0;
}

/* What stands behind the pointers says which algorithm it is, and of which release. */
static bool read_tail(const uint8_t *alg, size_t len, struct alg *a)
{
	uint64_t key_len = word(alg + ALG_KEY_LEN), next = word(alg + ALG_NEXT);

	a->v16 = next == MAX_INPUT_GCM || next == MAX_INPUT_CHACHA;
	if (a->v16 && len < ALG_NEXT + 9)
		return false;
	a->id = a->v16 ? alg[ALG_NEXT + 8] : alg[ALG_NEXT];
	if (a->v16 && (next == MAX_INPUT_CHACHA) != (a->id == CHACHA20_POLY1305))
		return false;
	return a->id <= CHACHA20_POLY1305 && key_len == (a->id == AES_128_GCM ? 16 : 32);
}

static int add(struct hunt *h, const struct alg *a)
{
	if (a->init == a->seal || a->seal == a->open || a->init == a->open)
		return 0;
	if (!is_code(h, a->init) || !is_code(h, a->seal) || !is_code(h, a->open))
		return 0;
	for (size_t i = 0; i < h->count; i++)
		if (h->algs[i].addr == a->addr)
			return 0;
	if (h->count == CANDIDATES_MAX)
		return -E2BIG;
	h->algs[h->count++] = *a;
	return 0;
}

/* Pointers in place: linked to a fixed address, or relocated by addition. */
static int try_words(struct hunt *h, const uint8_t *p, size_t len, uint64_t addr)
{
	struct alg a = { .addr = addr };

	if (len < ALG_NEXT + 8 || (word(p + ALG_KEY_LEN) != 16 && word(p + ALG_KEY_LEN) != 32) ||
	    !read_tail(p, len, &a))
		return 0;
	a.init = word(p);
	a.seal = word(p + 8);
	a.open = word(p + 16);
	return add(h, &a);
}

/*
 * Three entries in a row of a relocation table (it is data as well) that fill three words in a
 * row with code addresses.
 */
static int try_relocations(struct hunt *h, const uint8_t *p, size_t len)
{
	struct alg a = { 0 };
	uint8_t alg[ALG_SIZE];
	uint64_t type;
	ssize_t n;

	if (len < 72 || word(p + 24) != word(p) + 8 || word(p + 48) != word(p) + 16)
		return 0;
	type = word(p + 8); /* R_X86_64_RELATIVE, R_AARCH64_RELATIVE */
	if (word(p + 32) != type || word(p + 56) != type || (type != 8 && type != 1027))
		return 0;
	a.addr = word(p);
	n = elf_read(h->elf, a.addr, alg, sizeof(alg));
	if (n == -EIO)
		return -EIO;
	if (n < ALG_NEXT + 8 || !read_tail(alg, (size_t)n, &a))
		return 0;
	a.init = word(p + 16);
	a.seal = word(p + 40);
	a.open = word(p + 64);
	return add(h, &a);
}

static int in_window(void *ctx, const struct scan_window *w)
{
	struct hunt *h = ctx;

	for (size_t i = (size_t)(-w->addr & 7); i < w->own; i += 8) {
		int err = try_words(h, w->p + i, w->len - i, w->addr + i);

		if (!err)
			err = try_relocations(h, w->p + i, w->len - i);
		if (err)
			return err;
	}
	return 0;
}

/* ---- points ---- */

/* The function's code: by the frame table, or by what calls near it and points to it. */
static int read_func(struct resolver *r, uint64_t addr, struct function *ret)
{
	struct border at;
	struct borders *b;
	int err = function_read(r, addr, 0, ret);

	if (err != -ENOENT)
		return err;
	err = borders_new(&b, r->search, &addr, 1);
	if (err)
		return err;
	err = border_at(b, addr, &at);
	borders_free(b);
	if (err)
		return err;
	if (at.start != addr)
		return -ENOENT;
	return function_read(r, addr, at.size, ret);
}

static int add_func(struct resolver *r, struct tls_stack *s, uint64_t addr, enum tls_prog prog,
		    const char *alg)
{
	struct place_point at;
	struct function fn;
	int err = read_func(r, addr, &fn);

	if (err)
		return err;
	err = place_entry(&fn.code, PLACE_ARGS(tls_prog_args(prog)), true, &at);
	if (!err) {
		stack_say(s, "%s %s@0x%llx (%s%s) ", alg, tls_prog_name(prog),
			  (unsigned long long)at.addr, at.insn,
			  at.kind == PLACE_SLOW ? ", slow: single-stepped" : "");
		err = stack_point(r, s, prog, &at, 0);
	}
	if (!err && tls_prog_reads(prog))
		err = finder_done(r, s, &fn);
	function_done(&fn);
	return err;
}

static int add_alg(struct resolver *r, struct tls_stack *s, const struct alg *a, const char *name)
{
	int err = add_func(r, s, a->seal, TLS_RING_SEAL, name);

	return err ? err
		   : add_func(r, s, a->open, a->v16 ? TLS_RING_OPEN_16 : TLS_RING_OPEN_17, name);
}

static bool is_near(const struct alg *a, const struct alg *b)
{
	uint64_t apart = a->addr > b->addr ? a->addr - b->addr : b->addr - a->addr;

	return apart <= NEAR && a->v16 == b->v16;
}

/* AES-GCM with both key lengths shares its functions: no chance three words do that. */
static const struct alg *twin_of(const struct hunt *h, const struct alg *a)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct alg *b = &h->algs[i];

		if (b->id == AES_256_GCM && is_near(a, b) && b->seal == a->seal &&
		    b->open == a->open && b->init != a->init)
			return b;
	}
	return NULL;
}

static const struct alg *chacha_of(const struct hunt *h, const struct alg *a)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct alg *b = &h->algs[i];

		if (b->id == CHACHA20_POLY1305 && is_near(a, b) && b->seal != a->seal &&
		    b->open != a->open)
			return b;
	}
	return NULL;
}

static void add_group(struct resolver *r, const struct hunt *h, const struct alg *gcm)
{
	const struct alg *chacha = chacha_of(h, gcm);
	struct tls_stack *s = stack_add(r, "ring", FOUND_SEARCH);
	int err;

	if (!s)
		return;
	stack_say(s, "ring %s, algorithms@0x%llx ", gcm->v16 ? "0.16" : "0.17",
		  (unsigned long long)gcm->addr);
	err = add_alg(r, s, gcm, "AES-GCM");
	if (!err && chacha)
		err = add_alg(r, s, chacha, "ChaCha20-Poly1305");
	if (err) {
		stack_say(s, "not probed (%s) ", strerror(-err));
		stack_refuse(s, err);
	}
}

int find_ring(struct resolver *r)
{
	struct hunt *h;
	int err;

	if (elf_arch(r->elf) == ELF_ARCH_OTHER)
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->elf = r->elf;
	err = scan_file(r->elf, SCAN_DATA, 72, in_window, h);
	for (size_t i = 0; i < h->count && !err; i++)
		if (h->algs[i].id == AES_128_GCM && twin_of(h, &h->algs[i]))
			add_group(r, h, &h->algs[i]);
	free(h);
	return err == -E2BIG ? 0 : err;
}
