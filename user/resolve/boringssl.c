// SPDX-License-Identifier: Apache-2.0
#include "resolve/boringssl.h"

#include <errno.h>

#include "resolve/errsite.h"
#include "resolve/step.h"
#include "resolve/uses.h"

/* openssl/err.h and openssl/ssl.h of BoringSSL: numbers that its API promises to keep. */
#define LIB_SSL	      16
#define NOT_CALLED    66 /* ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED: the object does QUIC */
#define UNINITIALIZED 226
#define BAD_LENGTH    215

/*
 * Both functions begin by refusing QUIC. In the source SSL_read's is SSL_peek's, a few lines
 * before SSL_write's; SSL_write's other errors follow within a few lines. Seen in sources of
 * five years: 21 to 22 before, 5 and 20 (2021: 24) behind. Wider here, since what decides is
 * that one function only fits.
 */
#define READ_BEFORE_MIN 10
#define READ_BEFORE_MAX 45
#define WRITE_SPAN	48
/* SSL_write clears two kinds of errors first; SSL_read calls nothing before it refuses QUIC. */
#define WRITE_DEPTH 4

struct lookup {
	struct resolver *r;
	struct tls_stack *stack;
	struct errfile *file;
	const struct errfunc *funcs;
	size_t count;
};

static const struct errsite *site_of(const struct errfunc *f, int32_t reason, int32_t from,
				     int32_t to)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct errsite *s = &f->sites[i];

		if (s->library == LIB_SSL && s->reason == reason && s->line >= from &&
		    s->line <= to)
			return s;
	}
	return NULL;
}

/*
 * Does a way lead from the entry to every error site? Where borders are found by calls alone,
 * a function that nothing calls looks like a part of the one before it.
 */
static bool is_whole(struct errfile *file, const struct errfunc *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (errfile_depth(file, &f->at, f->sites[i].call) < 0)
			return false;
	return true;
}

/*
 * Not called, then uninitialized, then bad length, in this order and close together; the first
 * soon behind the entry, or this is a function that has SSL_write inlined.
 */
static bool is_write(struct errfile *file, const struct errfunc *f, int32_t *ret_line)
{
	const struct errsite *a = NULL, *b;

	while ((a = site_of(f, NOT_CALLED, a ? a->line + 1 : 1, INT32_MAX))) {
		int depth = errfile_depth(file, &f->at, a->call);

		b = site_of(f, UNINITIALIZED, a->line + 1, a->line + WRITE_SPAN);
		if (b && site_of(f, BAD_LENGTH, b->line + 1, a->line + WRITE_SPAN) && depth >= 0 &&
		    depth <= WRITE_DEPTH) {
			*ret_line = a->line;
			return true;
		}
	}
	return false;
}

/* What tells a read, which drops what it gave, from a peek, which changes nothing. */
struct effects {
	size_t calls;
	bool stores; /* to memory that is not the stack */
};

static int effects_of(struct lookup *l, const struct border *at, struct effects *ret)
{
	struct effects e = { 0 };
	struct function fn;
	struct stepper *s;
	struct step step;
	int err = function_read(l->r, at->start, at->size, &fn);

	if (err)
		return err;
	err = stepper_new(&s, &fn.code);
	if (!err) {
		while ((err = stepper_next(s, &step)) > 0) {
			e.calls += step.kind == STEP_CALL;
			e.stores |= step.stores;
		}
		stepper_free(s);
	}
	function_done(&fn);
	if (!err)
		*ret = e;
	return err;
}

/* The one function of those that raise the error which also drops what was read. */
static int pick_read(struct lookup *l, const struct errfunc *const *found, size_t count,
		     struct border *ret)
{
	struct effects best = { 0 };
	size_t fits = 0;

	for (size_t i = 0; i < count; i++) {
		struct effects e;
		int err = effects_of(l, &found[i]->at, &e);

		if (err)
			return err;
		if (!e.stores || e.calls < best.calls)
			continue;
		fits = e.calls > best.calls ? 1 : fits + 1;
		best = e;
		*ret = found[i]->at;
	}
	return fits == 1 ? 0 : fits ? -EMLINK : -ENOENT;
}

/* Only the peek was found: the read is what calls it and drops what was read. */
static int reader_of(struct lookup *l, const struct border *peek, struct border *ret)
{
	uint64_t callers[8];
	size_t n = border_callers(errfile_borders(l->file), peek->start, callers, 8), fits = 0;

	for (size_t i = 0; i < n && i < 8; i++) {
		struct effects e;
		struct border at;

		if (border_at(errfile_borders(l->file), callers[i], &at) ||
		    effects_of(l, &at, &e) || !e.stores ||
		    errfile_depth(l->file, &at, callers[i]) != 0)
			continue;
		fits += fits == 0 || at.start != ret->start;
		*ret = at;
	}
	return n > 8 || fits > 1 ? -EMLINK : fits ? 0 : -ENOENT;
}

static int find_write(struct lookup *l, struct border *ret, int32_t *line)
{
	size_t fits = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (is_write(l->file, &l->funcs[i], line) && is_whole(l->file, &l->funcs[i])) {
			*ret = l->funcs[i].at;
			fits++;
		}
	}
	return fits == 1 ? 0 : fits ? -EMLINK : -ENOENT;
}

#define READS_MAX 8

static int find_read(struct lookup *l, const struct border *write, int32_t line, struct border *ret)
{
	const struct errfunc *found[READS_MAX];
	size_t n = 0;
	int err;

	for (size_t i = 0; i < l->count; i++) {
		const struct errsite *s = site_of(&l->funcs[i], NOT_CALLED, line - READ_BEFORE_MAX,
						  line - READ_BEFORE_MIN);

		if (l->funcs[i].at.start == write->start || !s ||
		    errfile_depth(l->file, &l->funcs[i].at, s->call) != 0)
			continue;
		if (n == READS_MAX || !is_whole(l->file, &l->funcs[i]))
			return -EMLINK;
		found[n++] = &l->funcs[i];
	}
	err = pick_read(l, found, n, ret);
	if (err == -ENOENT && n == 1)
		err = reader_of(l, &found[0]->at, ret);
	return err;
}

/* A buffer and its length, and nothing behind them. */
static bool takes_buffer(const struct uses *u)
{
	uint32_t buffer = PLACE_ARG(1) | PLACE_ARG(2);

	return ((u->read | u->passed) & buffer) == buffer &&
	       !(u->read & (PLACE_ARG(3) | PLACE_ARG(4)));
}

static int add_point(struct lookup *l, const char *name, enum tls_prog prog,
		     const struct border *at)
{
	struct function fn;
	struct uses uses;
	int err;

	if (at->proof == BORDER_UNPROVEN) {
		stack_say(l->stack, "%s@0x%llx: nothing proves that it is entered there ", name,
			  (unsigned long long)at->start);
		return -ENOENT;
	}
	err = function_read(l->r, at->start, at->size, &fn);
	if (err)
		return err;
	err = uses_args(&fn.code, &uses);
	if (!err && !takes_buffer(&uses))
		err = -EMLINK;
	if (!err)
		err = function_place(l->r, l->stack, name, prog, &fn);
	function_done(&fn);
	if (err)
		stack_say(l->stack, "%s: %s ", name, finder_words(err));
	else
		stack_say(l->stack, "[%s] ", border_proof_name(at->proof));
	return err;
}

static int look(struct lookup *l)
{
	struct border write, read;
	int32_t line = 0;
	int err = find_write(l, &write, &line);

	if (err) {
		stack_say(l->stack, "%s function raises SSL_write's errors in order",
			  err == -EMLINK ? "more than one" : "no");
		return err;
	}
	err = find_read(l, &write, line, &read);
	if (!err && (read.start == write.start))
		err = -EMLINK;
	if (err) {
		stack_say(l->stack, "SSL_write at line %d, but %s fits SSL_read", (int)line,
			  err == -EMLINK ? "more than one function" : "no function");
		return err;
	}
	stack_say(l->stack, "by error sites of ssl_lib.cc (line %d): ", (int)line);
	err = add_point(l, "SSL_write", TLS_WRITE, &write);
	return err ? err : add_point(l, "SSL_read", TLS_READ, &read);
}

/* Programs that only know the text, as we do, hold no error site. */
static bool has_sites(const struct lookup *l)
{
	for (size_t i = 0; i < l->count; i++)
		for (size_t k = 0; k < l->funcs[i].count; k++)
			if (l->funcs[i].sites[k].library == LIB_SSL)
				return true;
	return false;
}

int find_boringssl(struct resolver *r)
{
	struct lookup l = { .r = r };
	const struct search_ref *refs;
	int n, err;

	if (stack_named(r, "boringssl"))
		return 0;
	n = search_refs(r->search, TEXT_SSL_LIB, &refs);
	if (n <= 0)
		return n;
	l.stack = stack_add(r, "boringssl", FOUND_SEARCH);
	if (!l.stack)
		return 0;
	err = errfile_new(&l.file, r->search, TEXT_SSL_LIB);
	if (err) {
		stack_say(l.stack, "its error sites cannot be read");
		stack_refuse(l.stack, err);
		return err == -EIO || err == -ENOMEM ? err : 0;
	}
	l.count = errfile_funcs(l.file, &l.funcs);
	if (has_sites(&l)) {
		err = look(&l);
		if (err)
			stack_refuse(l.stack, err);
		else
			stack_merge(r, l.stack);
	} else {
		stack_drop(r);
	}
	errfile_free(l.file);
	return err == -EIO || err == -ENOMEM ? err : 0;
}
