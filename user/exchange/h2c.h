/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_H2C_H
#define EARSHOT_EXCHANGE_H2C_H

/*
 * h2c - what tells that an HTTP/1.1 connection goes on as HTTP/2 (RFC 7540 section 3.2): a
 * request offers it, a 101 grants it, and the answer to that request comes on stream 1. RFC 9113
 * has given this up; curl --http2 and Java's HttpClient still do it where there is no TLS.
 */
#include "exchange/exchange.h"
#include "proto/http_head.h"

/* A request that offers it, or a 101 that grants it: Upgrade names h2c. */
bool h2c_named(const struct http_head *head);

/* These bytes of this side are HTTP/2's: the preface, or frames. */
bool h2c_begins(enum ex_side side, struct sv bytes);
/* ... from their very start on. */
bool h2c_is_preface(struct sv bytes);

#endif /* EARSHOT_EXCHANGE_H2C_H */
