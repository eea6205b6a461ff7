/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_REASM_H
#define EARSHOT_STREAM_REASM_H

/* reasm - records of one direction that are ahead of their time, in order of their offsets. */
#include "base/sv.h"

struct reasm_piece {
	struct reasm_piece *next;
	uint64_t start;	 /* of the bytes it speaks of: missing ones, then its own */
	uint64_t offset; /* of its own */
	uint64_t time;
	size_t len;
	char bytes[];
};

struct reasm {
	struct reasm_piece *head;
};

/* Copies bytes. Returns 0 or -ENOMEM. */
int reasm_add(struct reasm *r, uint64_t start, uint64_t offset, uint64_t time, struct sv bytes);

/*
 * Takes out the first piece when it begins at or before next; NULL when there is none such.
 * The caller frees it with free().
 */
struct reasm_piece *reasm_take(struct reasm *r, uint64_t next);

#endif /* EARSHOT_STREAM_REASM_H */
