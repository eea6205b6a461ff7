/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_BORDER_H
#define EARSHOT_RESOLVE_BORDER_H

/*
 * border - the function around a place in the code, when no symbol says it: by .eh_frame
 * where it covers the place, else by what enters code near it (direct calls, code pointers).
 * A part that the compiler has split off (.cold) is given back as part of its function.
 */
#include "resolve/place.h"
#include "resolve/search.h"

/* What proves that the address is where the function is entered. */
enum border_proof {
	BORDER_UNPROVEN,
	BORDER_FRAME,	/* .eh_frame begins a function here */
	BORDER_CALL,	/* a direct call goes here */
	BORDER_POINTER, /* code or data holds the address */
};

#define BORDER_COLD_MAX 2

struct border {
	uint64_t start, size;
	enum border_proof proof;
	/* Parts of it that lie elsewhere. */
	struct {
		uint64_t start, size;
	} cold[BORDER_COLD_MAX];
	size_t cold_count;
};

struct borders;

/*
 * Gathers, in passes over the code and, where that leaves doubt, over the data, what enters
 * the code around the given sites. Borrows s. 0 or a negative errno.
 */
int borders_new(struct borders **ret, struct search *s, const uint64_t *sites, size_t count);
void borders_free(struct borders *b);

/* 0; -ENOENT when no function can be said to hold the site; -E2BIG; -EIO. */
int border_at(struct borders *b, uint64_t site, struct border *ret);

/* Where direct calls of addr stand: up to max of them. Returns how many there are. */
size_t border_callers(const struct borders *b, uint64_t addr, uint64_t *ret, size_t max);

const char *border_proof_name(enum border_proof proof);

#endif /* EARSHOT_RESOLVE_BORDER_H */
