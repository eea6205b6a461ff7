/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_USES_H
#define EARSHOT_RESOLVE_USES_H

/*
 * uses - which arguments a function takes: the argument registers that it reads, on some way
 * through it, while they still hold what the caller put there. x86-64 and arm64.
 */
#include "resolve/place.h"

/* *ret: mask, PLACE_ARG(0) to PLACE_ARG(5). 0, -EBADMSG (does not decode), -E2BIG, -ENOMEM. */
int uses_args(const struct place_code *code, uint32_t *ret);

#endif /* EARSHOT_RESOLVE_USES_H */
