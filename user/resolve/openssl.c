// SPDX-License-Identifier: Apache-2.0
/*
 * Everything read or written goes through ssl_read_internal and ssl_write_internal, which
 * report errors under their own name. Where the compiler has inlined them, the name stands in
 * each function that holds a copy: the public ones. What a function is, its arguments say.
 */
#include "resolve/openssl.h"

#include <errno.h>

#include "resolve/errsite.h"
#include "resolve/tlslib.h"
#include "resolve/uses.h"

#define FUNCS_MAX 4 /* SSL_x, SSL_x_ex, SSL_x_ex2 and the internal one */

/* One direction: texts of OpenSSL 3, function numbers of 1.1 (openssl/sslerr.h there). */
static const struct side {
	const char *name;
	enum search_text inner, outer;
	int32_t inner_number, outer_number;
	enum tls_prog plain, ex, ex2;
} sides[] = {
	{ "read", TEXT_READ_INTERNAL, TEXT_SSL_READ, 523, 223, TLS_READ, TLS_READ_EX,
	  TLS_PROG_COUNT },
	{ "write", TEXT_WRITE_INTERNAL, TEXT_SSL_WRITE, 524, 208, TLS_WRITE, TLS_WRITE_EX,
	  TLS_WRITE_EX2 },
};

#define LIB_SSL 20

struct found {
	struct border at[FUNCS_MAX];
	bool outer[FUNCS_MAX]; /* reports under the public name, too */
	size_t count;
};

static int note(struct found *f, const struct border *at, bool outer)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->at[i].start == at->start) {
			f->outer[i] |= outer;
			return 0;
		}
	}
	/* A public function that has nothing of the internal one calls it. */
	if (outer)
		return 0;
	if (f->count == FUNCS_MAX)
		return -EMLINK;
	f->at[f->count++] = *at;
	return 0;
}

/* Functions with an error site under a name; number: OpenSSL 1.1's, or -1 for 3. */
static int note_all(struct resolver *r, enum search_text text, int32_t number, bool outer,
		    struct found *ret)
{
	const struct errfunc *funcs;
	struct errfile *file;
	int err = errfile_new(&file, r->search, text);
	size_t count;

	if (err)
		return err;
	count = errfile_funcs(file, &funcs);
	for (size_t i = 0; i < count && !err; i++) {
		bool fits = number < 0 && funcs[i].count;

		for (size_t k = 0; k < funcs[i].count; k++)
			fits |= number >= 0 && funcs[i].sites[k].library == LIB_SSL &&
				funcs[i].sites[k].function == number;
		if (fits)
			err = note(ret, &funcs[i].at, outer);
	}
	errfile_free(file);
	return err;
}

static int look_up(struct resolver *r, const struct side *side, struct found *ret)
{
	int err = note_all(r, side->inner, -1, false, ret);

	if (!err)
		err = note_all(r, side->outer, -1, true, ret);
	if (!err && ret->count == 0) {
		err = note_all(r, TEXT_OPENSSL_LIB, side->inner_number, false, ret);
		if (!err)
			err = note_all(r, TEXT_OPENSSL_LIB, side->outer_number, true, ret);
	}
	return !err && ret->count == 0 ? -ENOENT : err;
}

/*
 * By the arguments it takes: (object, buffer, length), behind it a length pointer, or flags
 * and a length pointer. The plain form returns the length, and only the public one is plain.
 */
static int shape(const struct side *side, const struct place_code *code, bool outer,
		 enum tls_prog *ret)
{
	struct uses u;
	uint32_t taken, behind = PLACE_ARG(3) | PLACE_ARG(4);
	int err = uses_args(code, &u);

	if (err)
		return err;
	taken = u.read | u.passed;
	if (!(taken & PLACE_ARG(1)) || !(taken & PLACE_ARG(2)))
		return -ENOENT;
	if (outer ? u.read & behind : !(taken & behind))
		return -EMLINK;
	/* Whoever has flags before the pointer cannot pass it on where it is. */
	*ret = outer ? side->plain : u.read & PLACE_ARG(4) ? side->ex2 : side->ex;
	return *ret == TLS_PROG_COUNT ? -EMLINK : 0;
}

static int add(struct resolver *r, struct tls_stack *s, const struct side *side,
	       const struct border *at, bool outer)
{
	enum tls_prog prog;
	struct function fn;
	int err;

	if (at->proof == BORDER_UNPROVEN)
		return -ENOENT;
	err = function_read(r, at->start, at->size, &fn);
	if (err)
		return err;
	err = shape(side, &fn.code, outer, &prog);
	if (!err)
		err = function_place(r, s, tls_prog_name(prog), prog, &fn);
	function_done(&fn);
	if (!err)
		stack_say(s, "[%s] ", border_proof_name(at->proof));
	return err;
}

static int look(struct resolver *r, struct tls_stack *s, bool *any)
{
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		struct found f = { 0 };
		int err = look_up(r, &sides[i], &f);

		*any |= f.count > 0;
		for (size_t k = 0; k < f.count && !err; k++)
			err = add(r, s, &sides[i], &f.at[k], f.outer[k]);
		if (err) {
			stack_say(s, "ssl_%s_internal: %s", sides[i].name,
				  f.count ? finder_words(err) : "not found");
			return err;
		}
	}
	return 0;
}

int find_openssl(struct resolver *r)
{
	const struct search_ref *refs;
	struct tls_stack *s;
	bool any = false;
	int n, old, err;

	if (stack_named(r, "openssl"))
		return 0;
	n = search_refs(r->search, TEXT_READ_INTERNAL, &refs);
	old = n ? 0 : search_refs(r->search, TEXT_OPENSSL_LIB, &refs);
	if (n < 0 || old < 0)
		return n < 0 ? n : old;
	if (n == 0 && old == 0)
		return 0;
	s = stack_add(r, "openssl", FOUND_SEARCH);
	if (!s)
		return 0;
	stack_say(s, "by names at error sites: ");
	err = look(r, s, &any);
	if (!any)
		stack_drop(r); /* a program that only knows the names, as we do */
	else if (err)
		stack_refuse(s, err);
	else
		stack_merge(r, s);
	return err == -EIO || err == -ENOMEM ? err : 0;
}
