/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_REASM_H
#define EARSHOT_STREAM_REASM_H

/*
 * reasm - records of one stream that have to wait: one of them is ahead of its time, and what
 * came behind it, also of the other direction, keeps its place behind it. A question must not
 * overtake the answer to the one before.
 */
#include "base/sv.h"

struct reasm_piece {
	struct reasm_piece *next;
	uint64_t start;	 /* of the bytes it speaks of: missing ones, then its own */
	uint64_t offset; /* of its own */
	uint64_t time;
	size_t len;
	uint32_t tid;
	uint8_t dir;  /* 0 or 1 */
	bool inexact; /* at least so many bytes are missing */
	char bytes[];
};

/* In order of arrival. The first one is ahead of its time. */
struct reasm {
	struct reasm_piece *head, *last;
};

/* What a piece of so many bytes takes. */
size_t reasm_cost(size_t len);

/* Takes the fields of like, and copies bytes. Returns 0 or -ENOMEM. */
int reasm_add(struct reasm *r, const struct reasm_piece *like, struct sv bytes);

/*
 * Takes out the piece whose turn it is, where the directions have come to next[]: the first, or,
 * when that is ahead, one that comes before it in its direction. NULL when there is none.
 * The caller frees it with free().
 */
struct reasm_piece *reasm_take(struct reasm *r, const uint64_t next[2]);

/* The one nearest to its time in the first one's direction: what is before it will not come. */
struct reasm_piece *reasm_take_nearest(struct reasm *r);

#endif /* EARSHOT_STREAM_REASM_H */
