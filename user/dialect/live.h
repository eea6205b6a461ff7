/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_LIVE_H
#define EARSHOT_DIALECT_LIVE_H

/*
 * live - model calls on a WebSocket (internal to dialect). The exchange is the session; its
 * parse, the mother, is no call itself, but has one of its own for each turn: from
 * response.create, or the first event of an answer, to the event that ends it. Turns interleave.
 * Memory: a bounded number of turns, each a call; nothing per frame.
 */
#include "dialect/parse.h"

extern const struct field_set *const live_frame_sets[FIELD_SETS_MAX];

void live_event(struct parse *mother, enum ex_side side, const struct ex_event *ev, uint64_t time);
void live_gap(struct parse *mother);
/* Turns that are open are cut. Takes a mother without any. */
void live_end(struct parse *mother, uint64_t time);

#endif /* EARSHOT_DIALECT_LIVE_H */
