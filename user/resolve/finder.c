// SPDX-License-Identifier: Apache-2.0
#include "resolve/finder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "resolve/border.h"
#include "resolve/parts.h"
#include "resolve/tlslib.h"
#include "resolve/uses.h"

struct tls_stack *stack_add(struct resolver *r, const char *name, enum tls_found found)
{
	struct tls_verdict *v = r->verdict;
	struct tls_stack *s;

	if (v->count == TLS_STACKS_MAX)
		return NULL;
	s = &v->stacks[v->count++];
	*s = (struct tls_stack){ .name = name, .found = found };
	return s;
}

const struct tls_stack *stack_named(const struct resolver *r, const char *name)
{
	for (size_t i = 0; i < r->verdict->count; i++)
		if (!r->verdict->stacks[i].error && strcmp(r->verdict->stacks[i].name, name) == 0)
			return &r->verdict->stacks[i];
	return NULL;
}

const char *finder_words(int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "left by a jump, and returns are probed one by one here";
	case -ENOENT:
		return "where it ends is not known";
	case -EBADMSG:
		return "its code cannot be read";
	case -EMLINK:
		return "its arguments do not fit";
	default:
		return strerror(-err);
	}
}

void stack_drop(struct resolver *r)
{
	r->verdict->count--;
}

void stack_merge(struct resolver *r, const struct tls_stack *s)
{
	struct tls_verdict *v = r->verdict;

	for (size_t i = 0; i + 1 < v->count; i++) {
		for (size_t k = 0; k < s->point_count; k++) {
			if (stack_has_point(&v->stacks[i], s->points[k].addr)) {
				v->stacks[i].name = s->name;
				v->count--;
				return;
			}
		}
	}
}

void stack_say(struct tls_stack *s, const char *fmt, ...)
{
	size_t used = strlen(s->how);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->how + used, sizeof(s->how) - used, fmt, ap);
	va_end(ap);
}

void stack_refuse(struct tls_stack *s, int error)
{
	s->error = error;
	s->point_count = s->return_count = 0;
	s->reads = s->writes = s->frees = s->slow = false;
}

bool stack_has_point(const struct tls_stack *s, uint64_t addr)
{
	for (size_t i = 0; i < s->point_count; i++)
		if (s->points[i].addr == addr)
			return true;
	return false;
}

int stack_point(struct resolver *r, struct tls_stack *s, enum tls_prog prog,
		const struct place_point *at, uint32_t arg)
{
	uint64_t offset;
	int err = elf_offset(r->elf, at->addr, &offset);

	if (err)
		return err;
	/* A return probe stands where the entry's does. */
	if (prog != TLS_AEAD_DONE && stack_has_point(s, at->addr))
		return 0;
	if (s->point_count == TLS_POINTS_MAX)
		return -E2BIG;
	s->points[s->point_count++] = (struct tls_point){
		.prog = prog,
		.addr = at->addr,
		.offset = offset,
		.arg = arg,
		.returns = r->side == RETURN_URETPROBE &&
			   (tls_prog_returns(prog) || prog == TLS_AEAD_DONE),
	};
	s->slow |= at->kind == PLACE_SLOW;
	s->reads |= tls_prog_reads(prog);
	s->writes |= tls_prog_writes(prog);
	s->frees |= prog == TLS_FREE || prog == TLS_GO_CLOSE;
	return 0;
}

int stack_returns(struct resolver *r, struct tls_stack *s, const struct place_code *code)
{
	uint64_t at[PLACE_RETS_MAX];
	int n = parts_returns(r->elf, code, at);

	if (n < 0)
		return n == -ENOENT ? -EOPNOTSUPP : n;
	if (s->return_count + (size_t)n > TLS_RETURNS_MAX)
		return -E2BIG;
	for (int i = 0; i < n; i++) {
		int err = elf_offset(r->elf, at[i], &s->returns[s->return_count + (size_t)i]);

		if (err)
			return err;
	}
	s->return_count += (size_t)n;
	return 0;
}

/* Without a frame table: by what enters the code there and behind it. */
static int extent_by_calls(struct resolver *r, uint64_t addr, uint64_t *ret_start,
			   uint64_t *ret_size)
{
	struct borders *b;
	struct border at;
	int err = borders_new(&b, r->search, &addr, 1);

	if (err)
		return err;
	err = border_at(b, addr, &at);
	borders_free(b);
	if (err)
		return err;
	*ret_start = at.start;
	*ret_size = at.size;
	return 0;
}

int function_read(struct resolver *r, uint64_t addr, uint64_t size, struct function *ret)
{
	uint64_t start = addr;
	uint8_t *bytes;
	int err;

	if (size == 0) {
		err = elf_function_at(r->elf, addr, &start, &size);
		if (err == -ENOENT)
			err = extent_by_calls(r, addr, &start, &size);
		if (err)
			return err;
		/* A target in the middle of a function is no function's entry. */
		if (start != addr)
			return -ENOENT;
	}
	if (size == 0 || size > ELF_CODE_MAX)
		return -E2BIG;
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	err = elf_read_code(r->elf, addr, bytes, size);
	if (err) {
		free(bytes);
		return err;
	}
	*ret = (struct function){ .code = { bytes, size, addr, elf_arch(r->elf) == ELF_ARCH_ARM64 },
				  .bytes = bytes };
	return 0;
}

void function_done(struct function *f)
{
	free(f->bytes);
	f->bytes = NULL;
}

int finder_done(struct resolver *r, struct tls_stack *s, const struct function *fn)
{
	struct place_point at;
	uint64_t rets[PLACE_RETS_MAX];
	int n, err = 0;

	if (r->side == RETURN_URETPROBE) {
		err = place_entry(&fn->code, 0, true, &at);
		return err ? err : stack_point(r, s, TLS_AEAD_DONE, &at, 0);
	}
	n = parts_returns(r->elf, &fn->code, rets);
	for (int i = 0; i < n && !err; i++) {
		at = (struct place_point){ .addr = rets[i], .kind = PLACE_SLOW };
		err = stack_point(r, s, TLS_AEAD_DONE, &at, 0);
	}
	return n < 0 ? n : err;
}

static enum place_lenp lenp_of(enum tls_prog prog)
{
	if (prog == TLS_WRITE_EX2)
		return PLACE_LENP_ARG5;
	return prog == TLS_READ_EX || prog == TLS_WRITE_EX ? PLACE_LENP_ARG4 : PLACE_LENP_NONE;
}

/* The program for the internal function behind a public one. */
static enum tls_prog inner_prog(enum tls_prog outer, enum place_lenp lenp)
{
	if (tls_prog_reads(outer))
		return TLS_READ_EX;
	return lenp == PLACE_LENP_ARG5 ? TLS_WRITE_EX2 : TLS_WRITE_EX;
}

/* Does the function take its length pointer where the caller's code says? */
static bool takes_pointer(enum tls_prog prog, const struct place_code *code)
{
	struct uses u;

	if (uses_args(code, &u))
		return false;
	if (prog == TLS_WRITE_EX2)
		return (u.read | u.passed) & PLACE_ARG(4);
	return (u.read | u.passed) & PLACE_ARG(3) && !(u.read & PLACE_ARG(4));
}

/* How often one function may hand its arguments on to the next. */
#define TAKEOVERS_MAX 2

/*
 * The internal function that takes over: it, or the one behind it, must begin with a point
 * the kernel emulates, and a read's length pointer is always its 4th argument.
 */
static int try_callee(struct resolver *r, struct tls_stack *s, const char *name,
		      enum tls_prog outer, const struct place_code *code, int depth)
{
	struct place_callee callee;
	struct place_point at;
	enum tls_prog prog;
	struct function inner;
	int err = place_callee(code, lenp_of(outer), &callee);

	if (err)
		return err;
	if (tls_prog_reads(outer) && callee.lenp != PLACE_LENP_ARG4)
		return -ENOENT;
	prog = inner_prog(outer, callee.lenp);
	err = function_read(r, callee.addr, 0, &inner);
	if (err)
		return err;
	err = place_entry(&inner.code, PLACE_ARGS(prog == TLS_WRITE_EX2 ? 5 : 4), true, &at);
	if (!err && !takes_pointer(prog, &inner.code))
		err = -ENOENT;
	if (!err && at.kind == PLACE_SLOW) {
		err = depth < TAKEOVERS_MAX ? try_callee(r, s, name, prog, &inner.code, depth + 1)
					    : -ENOENT;
		function_done(&inner);
		return err;
	}
	function_done(&inner);
	if (err)
		return err;
	if (!stack_has_point(s, at.addr))
		stack_say(s, "%s@0x%llx (behind %s, %s) ", tls_prog_name(prog),
			  (unsigned long long)at.addr, name, at.insn);
	return stack_point(r, s, prog, &at, 0);
}

int function_place(struct resolver *r, struct tls_stack *s, const char *name, enum tls_prog prog,
		   const struct function *fn)
{
	bool returns = tls_prog_returns(prog);
	struct place_point at;
	int err = place_entry(&fn->code, PLACE_ARGS(tls_prog_args(prog)), returns, &at);

	if (err)
		return err;
	if (at.kind == PLACE_SLOW && returns && r->side == RETURN_URETPROBE &&
	    try_callee(r, s, name, prog, &fn->code, 1) == 0)
		return 0;
	if (returns && r->side == RETURN_INSN) {
		err = stack_returns(r, s, &fn->code);
		if (err)
			return err;
	}
	stack_say(s, "%s@0x%llx (%s%s) ", name, (unsigned long long)at.addr, at.insn,
		  at.kind == PLACE_SLOW ? ", slow: single-stepped" : "");
	return stack_point(r, s, prog, &at, 0);
}
