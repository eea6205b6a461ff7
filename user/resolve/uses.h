/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_USES_H
#define EARSHOT_RESOLVE_USES_H

/*
 * uses - which arguments a function takes: the argument registers that it reads, on some way
 * through it, while they still hold what the caller put there; and those that are left as they
 * were where it calls or jumps on, so that they may be passed on. x86-64 and arm64.
 */
#include "resolve/place.h"

/* Masks: PLACE_ARG(0) to PLACE_ARG(5). */
struct uses {
	uint32_t read, passed;
};

/* 0, -EBADMSG (does not decode), -E2BIG, -ENOMEM. */
int uses_args(const struct place_code *code, struct uses *ret);

#endif /* EARSHOT_RESOLVE_USES_H */
