// SPDX-License-Identifier: Apache-2.0
/*
 * A write is taken behind the stack check of (*Conn).Write; a read where (*Conn).Read copies
 * plaintext to its caller, by the one memmove that bytes.Reader's inlined Read leaves in it.
 */
#include "resolve/golang.h"

#include <errno.h>
#include <stdio.h>

#include "resolve/goplace.h"
#include "resolve/pclntab.h"

#define CONNS_MAX 5 /* three functions of each */

enum method {
	METHOD_READ,
	METHOD_WRITE,
	METHOD_CLOSE,
	METHODS,
};

static const char *const method_names[METHODS] = { "Read", "Write", "Close" };

/* Any package named so, whatever its path: browser-like clients bring their own. */
static const char *const types[] = {
	"/tls.(*Conn).",
	"/utls.(*Conn).",
	"/utls.(*UConn).",
};

static const char *const words[] = {
	"/tls.(*Conn).Read",   "/tls.(*Conn).Write",   "/tls.(*Conn).Close",
	"/utls.(*Conn).Read",  "/utls.(*Conn).Write",  "/utls.(*Conn).Close",
	"/utls.(*UConn).Read", "/utls.(*UConn).Write", "/utls.(*UConn).Close",
	"runtime.memmove",
};

struct conn {
	char name[160]; /* up to the last point */
	struct go_func funcs[METHODS];
};

struct found {
	struct conn conns[CONNS_MAX];
	size_t count;
	uint64_t memmove;
	bool twice; /* one name for two functions */
};

static struct conn *conn_of(struct found *f, const char *name, size_t len)
{
	for (size_t i = 0; i < f->count; i++)
		if (strlen(f->conns[i].name) == len && memcmp(f->conns[i].name, name, len) == 0)
			return &f->conns[i];
	if (f->count == CONNS_MAX)
		return NULL;
	snprintf(f->conns[f->count].name, sizeof(f->conns[0].name), "%.*s", (int)len, name);
	return &f->conns[f->count++];
}

static bool is_conn(struct sv name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (sv_ends(name, sv_of(types[i])))
			return true;
	return false;
}

static int take_func(void *ctx, const struct go_func *func)
{
	const char *last = strrchr(func->name, '.');
	struct found *f = ctx;
	struct conn *c;

	if (strcmp(func->name, "runtime.memmove") == 0) {
		f->twice |= f->memmove != 0;
		f->memmove = func->addr;
		return 0;
	}
	if (!last || !is_conn((struct sv){ func->name, (size_t)(last + 1 - func->name) }))
		return 0;
	c = conn_of(f, func->name, (size_t)(last - func->name));
	for (int m = 0; c && m < METHODS; m++) {
		if (strcmp(last + 1, method_names[m]) != 0)
			continue;
		f->twice |= c->funcs[m].addr != 0;
		c->funcs[m] = *func;
	}
	return 0;
}

static int place_entry_of(struct resolver *r, struct tls_stack *s, const struct go_func *func,
			  enum tls_prog push, enum tls_prog jump)
{
	struct function fn;
	struct goplace p;
	int err = function_read(r, func->addr, func->size, &fn);

	if (err)
		return err;
	err = goplace_entry(&fn.code, &p);
	function_done(&fn);
	if (err)
		return err;
	stack_say(s, "%s@0x%llx (%s) ", func->name, (unsigned long long)p.at.addr, p.at.insn);
	return stack_point(r, s, p.jump ? jump : push, &p.at, 0);
}

static int place_read(struct resolver *r, struct tls_stack *s, const struct go_func *func,
		      uint64_t memmove_at)
{
	struct place_point at;
	struct function fn;
	uint32_t slot;
	int err = function_read(r, func->addr, func->size, &fn);

	if (err)
		return err;
	err = goplace_call(&fn.code, memmove_at, &at, &slot);
	function_done(&fn);
	if (err)
		return err;
	stack_say(s, "%s@0x%llx (call, receiver at 0x%x) ", func->name, (unsigned long long)at.addr,
		  slot);
	return stack_point(r, s, TLS_GO_READ, &at, slot);
}

/* Both directions of one type of connection, or nothing of it. */
static int place_conn(struct resolver *r, struct tls_stack *s, const struct conn *c,
		      uint64_t memmove_at)
{
	struct tls_stack before = *s;
	int err = place_read(r, s, &c->funcs[METHOD_READ], memmove_at);

	if (!err)
		err = place_entry_of(r, s, &c->funcs[METHOD_WRITE], TLS_GO_WRITE, TLS_GO_WRITE_JBE);
	if (err) {
		*s = before;
		stack_say(s, "%s: %s ", c->name,
			  err == -EMLINK ? "Read copies in more than one place"
					 : "not built as Go does it");
		return err;
	}
	/* Ends are seen otherwise, too. */
	if (c->funcs[METHOD_CLOSE].addr)
		(void)place_entry_of(r, s, &c->funcs[METHOD_CLOSE], TLS_GO_CLOSE, TLS_GO_CLOSE);
	return 0;
}

static int place_all(struct resolver *r, struct tls_stack *s, const struct found *f)
{
	int last = -ENOENT;

	if (elf_arch(r->elf) != ELF_ARCH_X86_64)
		return -ENOTSUP;
	if (f->twice) {
		stack_say(s, "a function of crypto/tls is there twice");
		return -EMLINK;
	}
	for (size_t i = 0; i < f->count; i++) {
		const struct conn *c = &f->conns[i];

		if (c->funcs[METHOD_READ].addr && c->funcs[METHOD_WRITE].addr) {
			int err = place_conn(r, s, c, f->memmove);

			last = err && !s->reads ? err : 0;
		}
	}
	if (last == -ENOENT && !s->how[0])
		stack_say(s, "a Go program with a part of crypto/tls");
	return last;
}

int find_golang(struct resolver *r)
{
	struct found f = { .count = 0 };
	struct pclntab *p;
	struct tls_stack *s;
	int err = pclntab_open(&p, r->elf);

	if (err == -ENOENT)
		return 0;
	if (!err) {
		err = pclntab_find(p, words, ARRAY_SIZE(words), take_func, &f);
		pclntab_close(p);
	}
	if (err == -ENOMEM || err == -EIO)
		return err;
	/* Programs of Go that speak no TLS have nothing to be read. */
	if (!err && f.count == 0)
		return 0;
	s = stack_add(r, "go", FOUND_SYMBOL);
	if (!s)
		return 0;
	if (err)
		stack_say(s, "Go's function table does not hold together");
	else
		err = place_all(r, s, &f);
	if (err)
		stack_refuse(s, err);
	return 0;
}
