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
 * A BoringSSL brings the crypto functions that aws-lc has from it: what goes through them went
 * through SSL_write already, and would be read twice. Where both directions are found above,
 * those below are let be.
 */
static void let_own_crypto_be(struct tls_verdict *v)
{
	struct tls_stack *above = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < v->count; i++) {
		struct tls_stack *s = &v->stacks[i];

		if (!s->error && s->reads && s->writes && strcmp(s->name, "boringssl") == 0)
			above = s;
	}
	for (size_t i = 0; i < v->count; i++) {
		if (above && strcmp(v->stacks[i].name, "aws-lc") == 0) {
			stack_say(above, " (its AEAD functions are let be)");
			continue;
		}
		if (kept != i) {
			if (above == &v->stacks[i])
				above = &v->stacks[kept];
			v->stacks[kept] = v->stacks[i];
		}
		kept++;
	}
	v->count = kept;
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
	let_own_crypto_be(ret);
	search_free(r.search);
	elf_close(r.elf);
	return err;
}
