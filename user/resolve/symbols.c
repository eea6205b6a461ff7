// SPDX-License-Identifier: Apache-2.0
/* symbols - the finder for files that name their functions. */
#include "resolve/symbols.h"

#include <errno.h>

#include "resolve/tlslib.h"

struct named {
	const struct tls_lib *lib;
	struct elf_symbol syms[TLS_FUNCS_MAX];
};

static int place_all(struct resolver *r, struct tls_stack *s, const struct named *n)
{
	int last = 0;

	for (size_t i = 0; i < n->lib->count; i++) {
		const struct elf_symbol *sym = &n->syms[i];
		struct function fn;
		int err;

		if (!sym->addr)
			continue;
		err = function_read(r, sym->addr, sym->size, &fn);
		if (!err) {
			err = function_place(r, s, sym->name, n->lib->funcs[i].prog, &fn);
			function_done(&fn);
		}
		if (err) {
			stack_say(s, "%s: not probed (%s) ", sym->name, strerror(-err));
			last = err;
		}
	}
	/* Every symbol but one read and one write is optional. */
	if (s->reads && s->writes)
		return 0;
	return last ? last : -ENOENT;
}

static bool has_pair(const struct named *n)
{
	bool reads = false, writes = false;

	for (size_t i = 0; i < n->lib->count; i++) {
		if (!n->syms[i].addr)
			continue;
		reads |= tls_prog_reads(n->lib->funcs[i].prog);
		writes |= tls_prog_writes(n->lib->funcs[i].prog);
	}
	return reads && writes;
}

int find_symbols(struct resolver *r)
{
	for (size_t l = 0; l < tls_lib_count; l++) {
		struct named n = { .lib = &tls_libs[l] };
		struct tls_stack *s;
		int err;

		for (size_t i = 0; i < n.lib->count; i++)
			n.syms[i].name = n.lib->funcs[i].name;
		if (elf_find_symbols(r->elf, n.syms, n.lib->count) <= 0 || !has_pair(&n))
			continue;
		s = stack_add(r, n.lib->stack, FOUND_SYMBOL);
		if (!s)
			return 0;
		err = elf_arch(r->elf) == ELF_ARCH_OTHER ? -ENOTSUP : place_all(r, s, &n);
		if (err)
			stack_refuse(s, err);
	}
	return 0;
}
