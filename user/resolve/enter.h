/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_ENTER_H
#define EARSHOT_RESOLVE_ENTER_H

/*
 * enter - what enters code at an address: direct calls and jumps, and code or data that holds
 * the address. Gathered for some stretches of a file at once, by passes over all of it.
 */
#include "resolve/elf.h"

enum enter_kind {
	ENTER_CALL,
	ENTER_POINTER, /* a word in data, or an address made by code */
	ENTER_JUMP,
	ENTER_BRANCH, /* conditional */
};

struct enter {
	uint64_t addr, source;
	enum enter_kind kind;
};

struct zone {
	uint64_t start, end;
};

struct enter_list {
	struct enter *rows; /* by addr, then kind */
	size_t count;
};

/* What a pass gathers. */
#define ENTER_CODE     1u /* calls, jumps, addresses made */
#define ENTER_BRANCHES 2u /* jumps and branches from outside of the zone they go to */
#define ENTER_DATA     4u /* words */

/*
 * zones: by address, apart from each other. Adds to *list, which is sorted afterwards; done
 * with free(list->rows). 0, -E2BIG, -ENOMEM, -EIO.
 */
int enter_gather(struct elf *e, const struct zone *zones, size_t count, unsigned what,
		 struct enter_list *list);

/* The first row at or behind addr; list->count when there is none. */
size_t enter_from(const struct enter_list *list, uint64_t addr);

#endif /* EARSHOT_RESOLVE_ENTER_H */
