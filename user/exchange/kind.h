/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_KIND_H
#define EARSHOT_EXCHANGE_KIND_H

/*
 * kind - how a body goes on the wire: what its Content-Type says, unless its first bytes show
 * that it is something else. Servers and proxies send event streams as text or JSON, lines as
 * JSON, and an error as one JSON object where a stream was announced.
 */
#include "exchange/exchange.h"

/* No answer needs more bytes than this. */
#define KIND_SNIFF_MAX 4096

/* By the Content-Type alone; the value as sent, or SV_NONE. */
enum ex_kind kind_declared(struct sv content_type);

/* May an answer of this type turn out to be something else? */
bool kind_doubtful(struct sv content_type);

/*
 * first: the first bytes of an answer, codings removed. Returns false while it takes more of them
 * to tell; never with KIND_SNIFF_MAX bytes or more, or when there are no more (over).
 */
bool kind_sniff(enum ex_kind declared, struct sv first, bool over, enum ex_kind *ret);

#endif /* EARSHOT_EXCHANGE_KIND_H */
