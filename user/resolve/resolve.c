// SPDX-License-Identifier: Apache-2.0
#include "resolve/resolve.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "resolve/elf.h"
#include "resolve/place.h"
#include "resolve/tlslib.h"

/* Where the work on one file stands. */
struct job {
	struct elf *elf;
	enum return_side side;
	const struct tls_lib *lib;
	struct elf_symbol syms[TLS_FUNCS_MAX];
	struct tls_verdict *v;
};

/* Code of one function, read from the file. */
struct fn {
	struct place_code code;
	uint8_t *bytes;
};

static void __attribute__((format(printf, 2, 3))) say(struct tls_verdict *v, const char *fmt, ...)
{
	size_t used = strlen(v->how);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->how + used, sizeof(v->how) - used, fmt, ap);
	va_end(ap);
}

/* size 0: ask .eh_frame, which also knows functions without a symbol. */
static int fn_read(struct job *j, uint64_t addr, uint64_t size, struct fn *ret)
{
	uint64_t start = addr;
	uint8_t *bytes;
	int err;

	if (size == 0) {
		err = elf_function_at(j->elf, addr, &start, &size);
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
	err = elf_read_code(j->elf, addr, bytes, size);
	if (err) {
		free(bytes);
		return err;
	}
	*ret = (struct fn){ .code = { bytes, size, addr, elf_arch(j->elf) == ELF_ARCH_ARM64 },
			    .bytes = bytes };
	return 0;
}

static void fn_done(struct fn *f)
{
	free(f->bytes);
	f->bytes = NULL;
}

static bool have_point(const struct tls_verdict *v, uint64_t addr)
{
	for (size_t i = 0; i < v->point_count; i++)
		if (v->points[i].addr == addr)
			return true;
	return false;
}

static int add_point(struct job *j, enum tls_prog prog, const struct place_point *at)
{
	struct tls_verdict *v = j->v;
	uint64_t offset;
	int err = elf_offset(j->elf, at->addr, &offset);

	if (err)
		return err;
	if (have_point(v, at->addr))
		return 0;
	if (v->point_count == TLS_POINTS_MAX)
		return -E2BIG;
	v->points[v->point_count++] = (struct tls_point){
		.prog = prog,
		.addr = at->addr,
		.offset = offset,
		.returns = j->side == RETURN_URETPROBE && tls_prog_returns(prog),
	};
	v->slow |= at->kind == PLACE_SLOW;
	v->reads |= tls_prog_reads(prog);
	v->writes |= tls_prog_writes(prog);
	return 0;
}

static int add_returns(struct job *j, const struct place_code *code)
{
	struct tls_verdict *v = j->v;
	uint64_t at[PLACE_RETS_MAX];
	int n = place_returns(code, at);

	if (n < 0)
		return n;
	if (v->return_count + (size_t)n > TLS_RETURNS_MAX)
		return -E2BIG;
	for (int i = 0; i < n; i++) {
		int err = elf_offset(j->elf, at[i], &v->returns[v->return_count + (size_t)i]);

		if (err)
			return err;
	}
	v->return_count += (size_t)n;
	return 0;
}

static bool is_ex(enum tls_prog prog)
{
	return prog == TLS_READ_EX || prog == TLS_WRITE_EX || prog == TLS_WRITE_EX2;
}

/* The program for the internal function behind a public one. */
static enum tls_prog inner_prog(enum tls_prog outer, enum place_lenp lenp)
{
	if (tls_prog_reads(outer))
		return TLS_READ_EX;
	return lenp == PLACE_LENP_ARG5 ? TLS_WRITE_EX2 : TLS_WRITE_EX;
}

/*
 * The internal function that takes over: it must begin with a point the kernel emulates, and
 * a read's length pointer is always its 4th argument.
 */
static int try_callee(struct job *j, const struct tls_func *func, const struct place_code *code)
{
	struct place_callee callee;
	struct place_point at;
	enum tls_prog prog;
	struct fn inner;
	int err = place_callee(code, is_ex(func->prog), &callee);

	if (err)
		return err;
	if (tls_prog_reads(func->prog) && callee.lenp != PLACE_LENP_ARG4)
		return -ENOENT;
	prog = inner_prog(func->prog, callee.lenp);
	err = fn_read(j, callee.addr, 0, &inner);
	if (err)
		return err;
	err = place_entry(&inner.code, PLACE_ARGS(prog == TLS_WRITE_EX2 ? 5 : 4), true, &at);
	fn_done(&inner);
	if (err)
		return err;
	if (at.kind == PLACE_SLOW)
		return -ENOENT;
	if (!have_point(j->v, at.addr))
		say(j->v, "%s@0x%llx (behind %s, %s) ", tls_prog_name(prog),
		    (unsigned long long)at.addr, func->name, at.insn);
	return add_point(j, prog, &at);
}

static int place_function(struct job *j, const struct tls_func *func, const struct fn *fn)
{
	bool returns = tls_prog_returns(func->prog);
	struct place_point at;
	int err = place_entry(&fn->code, PLACE_ARGS(func->args), returns, &at);

	if (err)
		return err;
	if (at.kind == PLACE_SLOW && returns && j->side == RETURN_URETPROBE &&
	    try_callee(j, func, &fn->code) == 0)
		return 0;
	if (returns && j->side == RETURN_INSN) {
		err = add_returns(j, &fn->code);
		if (err)
			return err;
	}
	say(j->v, "%s@0x%llx (%s%s) ", func->name, (unsigned long long)at.addr, at.insn,
	    at.kind == PLACE_SLOW ? ", slow: single-stepped" : "");
	return add_point(j, func->prog, &at);
}

static int resolve_lib(struct job *j)
{
	int last = 0;

	for (size_t i = 0; i < j->lib->count; i++) {
		const struct elf_symbol *sym = &j->syms[i];
		struct fn fn;
		int err;

		if (!sym->addr)
			continue;
		err = fn_read(j, sym->addr, sym->size, &fn);
		if (!err) {
			err = place_function(j, &j->lib->funcs[i], &fn);
			fn_done(&fn);
		}
		if (err) {
			say(j->v, "%s: not probed (%s) ", sym->name, strerror(-err));
			last = err;
		}
	}
	/* Every symbol but one read and one write is optional. */
	if (j->v->reads && j->v->writes)
		return 0;
	return last ? last : -ENOENT;
}

static bool has_pair(const struct job *j)
{
	bool reads = false, writes = false;

	for (size_t i = 0; i < j->lib->count; i++) {
		if (!j->syms[i].addr)
			continue;
		reads |= tls_prog_reads(j->lib->funcs[i].prog);
		writes |= tls_prog_writes(j->lib->funcs[i].prog);
	}
	return reads && writes;
}

bool resolve_worth(struct sv path)
{
	size_t slash = path.len;
	struct sv name;

	while (slash > 0 && path.p[slash - 1] != '/')
		slash--;
	name = sv_skip(path, slash);
	/* The C library, the loader and the like are mapped by everything and hold no TLS. */
	return !(sv_starts(name, SV("libc.so")) || sv_starts(name, SV("ld-linux")) ||
		 sv_starts(name, SV("libm.so")) || sv_starts(name, SV("libpthread")) ||
		 sv_starts(name, SV("libdl.so")) || sv_starts(name, SV("[")) || name.len == 0);
}

int resolve_file(int fd, enum return_side side, struct tls_verdict *ret)
{
	struct tls_verdict *v = ret;
	struct job j = { .side = side, .v = v };
	struct sv id;
	int err = elf_open(&j.elf, fd);

	if (err)
		return err;
	memset(v, 0, sizeof(*v));
	id = elf_build_id(j.elf);
	v->build_id_len = id.len < sizeof(v->build_id) ? id.len : sizeof(v->build_id);
	memcpy(v->build_id, id.p, v->build_id_len);
	for (size_t l = 0; l < tls_lib_count && !v->stack; l++) {
		j.lib = &tls_libs[l];
		for (size_t i = 0; i < j.lib->count; i++)
			j.syms[i].name = j.lib->funcs[i].name;
		if (elf_find_symbols(j.elf, j.syms, j.lib->count) <= 0 || !has_pair(&j))
			continue;
		v->stack = j.lib->stack;
		v->error = elf_arch(j.elf) == ELF_ARCH_OTHER ? -ENOTSUP : resolve_lib(&j);
		if (v->error)
			v->point_count = v->return_count = 0;
	}
	elf_close(j.elf);
	return 0;
}
