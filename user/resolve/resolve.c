// SPDX-License-Identifier: Apache-2.0
#include "resolve/resolve.h"

#include "resolve/awslc.h"
#include "resolve/boringssl.h"
#include "resolve/finder.h"
#include "resolve/golang.h"
#include "resolve/openssl.h"
#include "resolve/ring.h"
#include "resolve/symbols.h"

/* In this order: names first, they are certain. */
static finder_fn *const finders[] = {
	find_symbols, find_golang, find_boringssl, find_openssl, find_awslc, find_ring,
};

const char *tls_found_name(enum tls_found found)
{
	static const char *const names[] = {
		[FOUND_SYMBOL] = "symbol", [FOUND_DEBUG] = "debug file", [FOUND_SEARCH] = "search"
	};

	return names[found];
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

/*
 * One implementation may go through another one in the same file: what it moves would be read
 * twice. Where the first is read both ways, the second is let be.
 */
static const struct {
	const char *read, *let_be, *why;
} layers[] = {
	/* The crypto functions that aws-lc has from BoringSSL. */
	{ "boringssl", "aws-lc", "(its AEAD functions are let be)" },
	{ "aws-lc", "s2n", "(s2n, which goes through it, is let be)" },
};

static struct tls_stack *read_stack(struct tls_verdict *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++) {
		struct tls_stack *s = &v->stacks[i];

		if (!s->error && s->reads && s->writes && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static void let_be(struct tls_verdict *v, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->count; i++) {
		if (strcmp(v->stacks[i].name, name) == 0)
			continue;
		if (kept != i)
			v->stacks[kept] = v->stacks[i];
		kept++;
	}
	v->count = kept;
}

static void let_layers_be(struct tls_verdict *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
		struct tls_stack *s = read_stack(v, layers[i].read);
		size_t before = v->count;

		if (!s)
			continue;
		let_be(v, layers[i].let_be);
		s = read_stack(v, layers[i].read);
		if (v->count < before && s)
			stack_say(s, " %s", layers[i].why);
	}
}

int resolve_file(int fd, enum return_side side, struct tls_verdict *ret)
{
	struct resolver r = { .side = side, .verdict = ret };
	struct sv id;
	int err = elf_open(&r.elf, fd);

	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	id = elf_build_id(r.elf);
	ret->build_id_len = id.len < sizeof(ret->build_id) ? id.len : sizeof(ret->build_id);
	memcpy(ret->build_id, id.p, ret->build_id_len);
	err = search_new(&r.search, r.elf);
	for (size_t i = 0; i < ARRAY_SIZE(finders) && !err; i++)
		err = finders[i](&r);
	let_layers_be(ret);
	search_free(r.search);
	elf_close(r.elf);
	return err;
}
