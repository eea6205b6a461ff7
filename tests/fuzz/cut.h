/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_FUZZ_CUT_H
#define EARSHOT_TESTS_FUZZ_CUT_H

/*
 * cut - feeds fuzz input in pieces, each on a heap copy of its exact size. The first byte of
 * the input says how it is cut, so that the fuzzer learns to cut; trace is a digest of what
 * the callbacks were told, to compare one way of cutting with another.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/sv.h"

typedef void cut_fn(void *ctx, struct sv piece);

static inline void cut_copy(cut_fn *fn, void *ctx, struct sv s)
{
	char *copy = malloc(s.len ? s.len : 1);

	if (!copy)
		abort();
	if (s.len)
		memcpy(copy, s.p, s.len);
	fn(ctx, (struct sv){ copy, s.len });
	free(copy);
}

/* how 0: whole; else pieces of changing sizes up to how. */
static inline void cut_feed(uint8_t how, struct sv in, cut_fn *fn, void *ctx)
{
	uint32_t state = how;

	while (in.len && how) {
		struct sv piece;

		state = state * 1664525u + 1013904223u;
		piece = sv_cut(in, 1 + (state >> 16) % how);
		cut_copy(fn, ctx, piece);
		in = sv_skip(in, piece.len);
	}
	if (in.len)
		cut_copy(fn, ctx, in);
}

static inline void trace_add(uint64_t *trace, const void *p, size_t len)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < len; i++)
		*trace = (*trace ^ b[i]) * 0x100000001b3ull;
}

static inline void trace_int(uint64_t *trace, uint64_t n)
{
	trace_add(trace, &n, sizeof(n));
}

#define CHECK(cond)                                                                    \
	do {                                                                           \
		if (!(cond)) {                                                         \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                       \
		}                                                                      \
	} while (0)

#endif /* EARSHOT_TESTS_FUZZ_CUT_H */
