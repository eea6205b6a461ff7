/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_CARRY_H
#define EARSHOT_DIALECT_CARRY_H

/* carry - what a call of any kind takes over from the exchange that carried it. */
#include "exchange/exchange.h"
#include "model/call.h"

/*
 * Identity, role, status, server, peer, User-Agent, HTTP version, and the sender's trace
 * context and baggage. Strings are copied into the call's arena.
 */
void carry_exchange(struct call *c, const struct exchange *ex);

/* A copy of at most CALL_STRING_MAX bytes, cut at a character border. */
struct sv carry_string(struct call *c, struct sv s);

/* CALL_LOSS() bits of what is missing of one message. */
uint32_t carry_loss(const struct ex_message *m);

/* Sets start and end by the messages' times; time: now. */
void carry_times(struct call *c, const struct exchange *ex, uint64_t time);

/*
 * How the transport ended the call, where nothing on the wire told. Sets outcome and
 * error_type.
 */
void carry_outcome(struct call *c, enum ex_outcome outcome);

/* How the WebSocket was closed that ended it. */
void carry_close(struct call *c, const struct exchange *ex);

#endif /* EARSHOT_DIALECT_CARRY_H */
