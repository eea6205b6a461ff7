/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_FLOW_H
#define EARSHOT_RESOLVE_FLOW_H

/*
 * flow - the constants that a function's calls get as arguments, whatever order a compiler
 * loads them in, and also where several sites share the tail that makes the call. x86-64 and
 * arm64.
 */
#include "resolve/place.h"

#define FLOW_ARGS 6

/* One way to reach one call (or a jump out of the function, which calls too). */
struct flow_call {
	uint64_t addr, to;	  /* to 0: through a register or memory */
	uint32_t known;		  /* mask: PLACE_ARG(n) */
	uint64_t args[FLOW_ARGS]; /* 64 bit; of a 32-bit load the upper half is 0 */
};

/* Returning non-zero ends the walk. */
typedef int flow_fn(void *ctx, const struct flow_call *call);

/*
 * parts: the function's code, entry first, then what was split off. Returns 0, what fn
 * returned, -EBADMSG (does not decode), -E2BIG, -ENOMEM.
 */
int flow_calls(const struct place_code *parts, size_t count, flow_fn *fn, void *ctx);

/*
 * How many calls lie, at the least, on a way from the entry to the call at this address.
 * Returns that, -ENOENT (no way leads there), or as flow_calls().
 */
int flow_calls_before(const struct place_code *parts, size_t count, uint64_t call);

#endif /* EARSHOT_RESOLVE_FLOW_H */
