/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_ARENA_H
#define EARSHOT_BASE_ARENA_H

/*
 * arena - memory for one thing that is dropped whole (a call, an exchange).
 * Blocks come from malloc; a bound on the sum keeps one hostile stream from
 * eating the daemon. Nothing is freed one by one.
 */
#include "base/sv.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used;  /* bytes handed out */
	size_t limit; /* most that may be handed out */
	bool full;    /* an allocation was refused since init */
};

/* Allocates nothing yet. limit is in bytes. */
void arena_init(struct arena *a, size_t limit);
void arena_done(struct arena *a);

/* Zeroed, aligned for any type. NULL when the limit or memory ends; a->full is set then. */
void *arena_alloc(struct arena *a, size_t size);

/* A NUL-terminated copy; SV_NONE when there is no room (s empty gives an empty, non-NULL one). */
struct sv arena_copy(struct arena *a, struct sv s);

/*
 * Appends s to *to, which the arena handed out (or is empty). Grows in place when *to was
 * the last allocation, else copies. Returns 0 or -ENOMEM with *to untouched.
 */
int arena_append(struct arena *a, struct sv *to, struct sv s);

#endif /* EARSHOT_BASE_ARENA_H */
