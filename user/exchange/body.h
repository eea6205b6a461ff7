/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_BODY_H
#define EARSHOT_EXCHANGE_BODY_H

/* body - a message body on its way: content codings are removed, an event stream is cut. */
#include "base/inflate.h"
#include "exchange/exchange.h"
#include "proto/sse.h"

/* More codings on one body than this are not undone: nobody sends them. */
#define BODY_CODINGS_MAX 2

struct body_limits {
	uint64_t bytes; /* decoded, see inflate.h */
	uint32_t ratio;
	size_t event; /* longest event; longer ones are cut and say so */
};

struct body_sink {
	void (*bytes)(void *ctx, struct sv bytes);
	void (*event)(void *ctx, const struct ex_event *ev);
};

struct body;

/*
 * codings: the values of Content-Encoding and Transfer-Encoding, in the order in which they
 * were applied; "chunked" is passed over. sse: cut into events. Borrows limits and sink.
 * Returns 0, -ENOTSUP (a coding that is not known, or too many) or -ENOMEM.
 */
int body_new(struct body **ret, const struct sv codings[2], bool sse,
	     const struct body_limits *limits, const struct body_sink *sink, void *ctx);
void body_free(struct body *b);

/* 0, -EBADMSG, -E2BIG or -ENOMEM as inflate.h has them, -ENODATA behind a gap; all sticky. */
int body_feed(struct body *b, struct sv in);

/* Bytes are missing. A coded body cannot be read on. */
void body_gap(struct body *b);

/* 0; -EAGAIN: the coding did not come to its end; or the sticky error. */
int body_end(struct body *b);

/* Bytes handed on, events' framing included. */
uint64_t body_bytes(const struct body *b);

#endif /* EARSHOT_EXCHANGE_BODY_H */
