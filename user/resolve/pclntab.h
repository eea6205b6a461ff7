/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_PCLNTAB_H
#define EARSHOT_RESOLVE_PCLNTAB_H

/*
 * pclntab - Go's own function table (Go's src/debug/gosym/pclntab.go and src/runtime/symtab.go;
 * Go 1.18 and later). It survives every strip, since the runtime needs it.
 */
#include "resolve/elf.h"

struct pclntab;

/* Finds and checks the table. Borrows e. 0, -ENOENT (no Go), -EBADMSG (broken), -ENOMEM, -EIO. */
int pclntab_open(struct pclntab **ret, struct elf *e);
void pclntab_close(struct pclntab *p);

struct go_func {
	char name[160];
	uint64_t addr, size;
};

/* Returning non-zero ends the walk. */
typedef int go_func_fn(void *ctx, const struct go_func *f);

/*
 * Calls fn for each function whose name ends in one of the words, by address. Returns what fn
 * returned, 0, or a negative errno.
 */
int pclntab_find(struct pclntab *p, const char *const *words, size_t count, go_func_fn *fn,
		 void *ctx);

#endif /* EARSHOT_RESOLVE_PCLNTAB_H */
