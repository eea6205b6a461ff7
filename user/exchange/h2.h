/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_H2_H
#define EARSHOT_EXCHANGE_H2_H

/*
 * h2 - makes exchanges of the HTTP/2 bytes of streams (stream/conn.h): one of each request
 * stream (RFC 9113 section 5), many of them open at once.
 *
 * Outcomes rest on more than with HTTP/1 (pair.h), for a stream may be ended alone:
 * EX_CANCELLED  also: the client reset the stream before the response was whole.
 * EX_CUT        also: the server reset it; or its end was lost, and others went on without it.
 * EX_NO_RESPONSE also: the server reset it, or went away, before anything of a response.
 */
#include "exchange/pair.h"

struct round;

/* Servers allow 100 to 250 at once. More are not followed. */
#define H2_STREAMS_MAX 1024
/*
 * After bytes were lost that may have held its end, a stream that stays silent for so long,
 * while others come to their ends, is over.
 */
#define H2_SILENT_NS 60000000000ull
/* Requests that a gap may have swallowed whole: so many are told by the numbers left out. */
#define H2_MISSED_MAX 16

/*
 * One connection. found[dir]: the start of a direction was not seen, a frame is looked for. The
 * calls are those of a sink (conn.h). NULL: no memory.
 */
struct h2;
struct h2 *h2_open(struct pairs *pairs, struct conn *conn, const bool found[2]);
void h2_bytes(struct h2 *h, enum conn_dir dir, struct sv bytes, uint64_t time);
void h2_gap(struct h2 *h, enum conn_dir dir, uint64_t count, uint64_t time);
void h2_close(struct h2 *h, enum conn_end why, uint64_t time);

/*
 * ... behind an upgrade (h2c.h): round is stream 1's from here on; NULL: it is not known. number:
 * of the next exchange.
 */
struct h2 *h2_upgrade(struct pairs *pairs, struct conn *conn, struct round *round, uint64_t number,
		      const bool found[2]);
/* The round that was given, as long as it is not over. */
struct round *h2_first(const struct h2 *h);
/* The request of that round, which went on as HTTP/1, has ended. */
void h2_first_asked(struct h2 *h);

/* To be set as the sink of CONN_HTTP2, with a struct pairs as its context. */
extern const struct conn_sink h2_sink;

/* Memory of one connection, but for its open exchanges. */
size_t h2_memory(const struct conn *conn);

#endif /* EARSHOT_EXCHANGE_H2_H */
