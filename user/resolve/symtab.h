/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_SYMTAB_H
#define EARSHOT_RESOLVE_SYMTAB_H

/*
 * symtab - functions by name, from all places that may hold names: .dynsym, .symtab (local
 * ones count), the compressed table in .gnu_debugdata, and the separate debug file of a
 * build-id. Tables are read in windows: an unstripped program has a hundred megabytes of them.
 */
#include "resolve/elf.h"

#define SYMTAB_WANT_MAX 96

/* One function looked for by name. addr 0: not found. */
struct elf_symbol {
	const char *name;
	uint64_t addr; /* virtual address in the file */
	uint64_t size; /* 0: the file does not say */
};

/*
 * Fills in the functions found in the file itself; what is not there is left at 0. Names that
 * the first table has are not looked for in the next. Returns how many were found in all, or
 * -E2BIG, -ENOMEM.
 */
int symtab_find(struct elf *e, struct elf_symbol *want, size_t count);

/* The same from the debug file that belongs to the build-id. -ENOENT without one. */
int symtab_find_debug(struct elf *e, struct elf_symbol *want, size_t count);

#endif /* EARSHOT_RESOLVE_SYMTAB_H */
