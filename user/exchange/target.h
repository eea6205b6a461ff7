/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_TARGET_H
#define EARSHOT_EXCHANGE_TARGET_H

/*
 * target - a request target without the credentials that some APIs let stand in it: values of
 * query parameters that are keys, tokens or signatures, and user information.
 */
#include "base/arena.h"

/* A copy of target in which each credential is "REDACTED"; SV_NONE when there is no room. */
struct sv target_clean(struct arena *a, struct sv target);

#endif /* EARSHOT_EXCHANGE_TARGET_H */
