// SPDX-License-Identifier: Apache-2.0
/* symbols - the finder for files that name their functions. */
#include "resolve/symbols.h"

#include <errno.h>

#include "resolve/symtab.h"
#include "resolve/tlslib.h"

/* The names of one library among those looked for. */
struct named {
	const struct tls_lib *lib;
	const struct elf_symbol *funcs, *signs;
};

static bool is_helper(const struct named *n)
{
	return strcmp(n->lib->stack, TLS_HELPER) == 0;
}

static bool exists(const struct named *n, const char *name)
{
	for (size_t i = 0; name && i < n->lib->count; i++)
		if (n->funcs[i].addr && strcmp(n->lib->funcs[i].name, name) == 0)
			return true;
	return false;
}

static int place_all(struct resolver *r, struct tls_stack *s, const struct named *n)
{
	int last = 0;

	for (size_t i = 0; i < n->lib->count; i++) {
		const struct elf_symbol *sym = &n->funcs[i];
		struct function fn;
		int err;

		if (!sym->addr || exists(n, n->lib->funcs[i].unless))
			continue;
		err = function_read(r, sym->addr, sym->size, &fn);
		if (!err) {
			err = function_place(r, s, sym->name, n->lib->funcs[i].prog, &fn);
			function_done(&fn);
		}
		if (err) {
			stack_say(s, "%s: not probed (%s) ", sym->name, finder_words(err));
			last = err;
		}
	}
	/* Every symbol but one read and one write is optional. */
	if ((s->reads && s->writes) || is_helper(n))
		return 0;
	return last ? last : -ENOENT;
}

static bool has_pair(const struct named *n)
{
	bool reads = false, writes = false;

	for (size_t i = 0; i < n->lib->count; i++) {
		if (!n->funcs[i].addr)
			continue;
		reads |= tls_prog_reads(n->lib->funcs[i].prog);
		writes |= tls_prog_writes(n->lib->funcs[i].prog);
	}
	return (reads && writes) || (is_helper(n) && n->funcs[0].addr);
}

static const char *name_of(const struct named *n)
{
	for (size_t i = 0; n->lib->other && i < TLS_SIGNS_MAX; i++)
		if (n->signs[i].addr)
			return n->lib->other;
	return n->lib->stack;
}

static void add_stack(struct resolver *r, const struct named *n, enum tls_found how)
{
	struct tls_stack *s = stack_add(r, name_of(n), how);
	int err;

	if (!s)
		return;
	err = elf_arch(r->elf) == ELF_ARCH_OTHER ? -ENOTSUP : place_all(r, s, n);
	/* A help that is slow, or not there, is none. */
	if (is_helper(n) && (err || s->slow || !s->point_count))
		r->verdict->count--;
	else if (err)
		stack_refuse(s, err);
}

/* All names of all libraries, in the order of the table: one search finds them. */
struct wanted {
	struct elf_symbol syms[SYMTAB_WANT_MAX];
	size_t count;
};

static struct named names_of(const struct tls_lib *lib, struct wanted *w)
{
	struct named n = { .lib = lib, .funcs = w->syms + w->count };

	for (size_t i = 0; i < lib->count; i++)
		w->syms[w->count++].name = lib->funcs[i].name;
	n.signs = w->syms + w->count;
	for (size_t i = 0; lib->other && i < TLS_SIGNS_MAX; i++)
		w->syms[w->count++].name = lib->signs[i];
	return n;
}

int find_symbols(struct resolver *r)
{
	struct named named[TLS_LIBS_MAX];
	struct wanted w = { .count = 0 };
	bool any = false;
	int n;

	for (size_t l = 0; l < tls_lib_count; l++)
		named[l] = names_of(&tls_libs[l], &w);
	n = symtab_find(r->elf, w.syms, w.count);
	for (size_t l = 0; n > 0 && l < tls_lib_count; l++) {
		if (!has_pair(&named[l]))
			continue;
		any |= !is_helper(&named[l]);
		add_stack(r, &named[l], FOUND_SYMBOL);
	}
	if (any || n == -ENOMEM)
		return n < 0 ? n : 0;
	n = symtab_find_debug(r->elf, w.syms, w.count);
	for (size_t l = 0; n > 0 && l < tls_lib_count; l++)
		if (has_pair(&named[l]))
			add_stack(r, &named[l], FOUND_DEBUG);
	return n == -ENOMEM ? n : 0;
}
