/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_JSON_MEMBERS_H
#define EARSHOT_BASE_JSON_MEMBERS_H

/* json_members - looks into JSON text that is whole and in memory (RFC 8259). */
#include "base/arena.h"
#include "base/sv.h"

/* key and value as written: the key in its quotes. Not 0: stop. */
typedef int json_member_fn(void *ctx, struct sv key, struct sv value);

/*
 * Calls fn for each member of the object, in order. Returns 0; what fn returned; or -EBADMSG
 * when text is no object (also behind members that were told already).
 */
int json_members(struct sv text, json_member_fn *fn, void *ctx);

/* The text of a JSON string in quotes. Returns 0, -EBADMSG or -ENOMEM. */
int json_unquote(struct sv *ret, struct sv quoted, struct arena *a);

#endif /* EARSHOT_BASE_JSON_MEMBERS_H */
