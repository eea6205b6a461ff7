/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_PAIR_H
#define EARSHOT_EXCHANGE_PAIR_H

/*
 * pair - makes exchanges (exchange.h) of the HTTP/1 bytes of streams (stream/conn.h): finds
 * for each response its request, removes codings, cuts event streams into events.
 *
 * What an outcome rests on, as nothing but plaintext and the object's end is seen:
 * EX_DONE       the response came to the end its framing tells, or was read until close.
 * EX_CANCELLED  the response was not whole when the client freed the object, nothing of it was
 *               lost, and the kernel says that both ends of the socket were open then (abi.h,
 *               enum es_socket).
 * EX_CUT        it was not whole, and the far end had closed, or nobody knows: a program that
 *               keeps the socket from its TLS library leaves no evidence, and a cut is never
 *               called a cancellation without.
 * EX_NO_RESPONSE, EX_PROC_EXIT, EX_STOPPED: what ended the stream first, as its close says.
 */
#include "exchange/exchange.h"
#include "stream/conn.h"

/* More requests than this waiting for responses on one stream: it is given up. */
#define PAIR_PIPELINE_MAX 64
/* Longest message of a body or a WebSocket; longer ones are cut and say so. */
#define PAIR_EVENT_MAX (64u << 20)
/* Decoded bytes of one body, and expansion from 1 MiB on. */
#define PAIR_BODY_MAX  (256u << 20)
#define PAIR_RATIO_MAX 1000
/* What an exchange's arena may hand out. */
#define PAIR_ARENA_MAX (8u << 20)

struct pairs_opts {
	size_t max_open;		/* exchanges open at once; 0: PAIRS_OPEN */
	size_t arena_limit;		/* of one exchange; 0: PAIR_ARENA_MAX */
	uint64_t body_window;		/* largest window of br and zstd; 0: INFLATE_WINDOW */
	uint64_t body_max;		/* decoded bytes of one body; 0: PAIR_BODY_MAX */
	uint64_t message_max;		/* bytes of one event or message; 0: PAIR_EVENT_MAX */
	struct stat_pair *stats;	/* ES_STAT_COUNT pairs; borrowed */
	const struct exchange_ops *ops; /* borrowed; all set */
	void *ctx;
};

#define PAIRS_OPEN 8192

struct pairs;

/* Returns 0 or -ENOMEM. */
int pairs_new(struct pairs **ret, const struct pairs_opts *opts);
/* After the streams were stopped: open exchanges are not ended here. */
void pairs_free(struct pairs *p);

/* To be set as the streams' sink, with the struct pairs as its context. */
extern const struct conn_sink pairs_sink;

/* Exchanges open now. */
size_t pairs_open(const struct pairs *p);

#endif /* EARSHOT_EXCHANGE_PAIR_H */
