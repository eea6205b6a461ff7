/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_TURN_H
#define EARSHOT_EXCHANGE_TURN_H

/* turn - what an HTTP/1 connection (pair.h) goes on as: a WebSocket, or HTTP/2 (h2c.h). */
#include "exchange/pair_in.h"

/* Of bytes, how much is HTTP/1's, and was read. p->tunnel or p->h2 has the rest. */
size_t turn_feed(struct pair *p, enum ex_side side, struct sv bytes, uint64_t time);

/* A gap of p->tunnel or p->h2. */
void turn_gap(struct pair *p, enum ex_side side, uint64_t count);

#endif /* EARSHOT_EXCHANGE_TURN_H */
