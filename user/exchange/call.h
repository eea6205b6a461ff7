/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_CALL_H
#define EARSHOT_EXCHANGE_CALL_H

/*
 * call - one request with its response while it goes on: call.c fills its exchange and passes
 * it on, pair.c says which message belongs to which call.
 */
#include "base/stats.h"
#include "exchange/body.h"
#include "exchange/pair.h"
#include "proto/http1.h"

struct pairs {
	struct pairs_opts opts;
	struct body_limits limits;
	size_t open; /* calls with an exchange */
};

struct call {
	struct call *next;
	struct pairs *pairs;
	struct exchange *ex;  /* NULL: not followed, there was no room */
	struct body *body[2]; /* NULL: its bytes are handed on as they are */
	uint64_t now;	      /* time of the bytes being read */
	const char *broken;   /* why a message of it is */
	bool begun;
	bool started[2]; /* a byte was seen */
	bool torn[2];	 /* bytes are lost */
	bool ended[2];
	bool dead[2];	   /* its body is not handed on any more */
	bool without_body; /* HEAD: the response has none */
	bool connects;
	bool upgraded;
	bool whole; /* the response came to its end */
};

/* Never fails but for memory (NULL). */
struct call *call_new(struct pairs *pairs, const struct conn *conn, uint64_t number);
/* Ends the exchange with this outcome, and frees the call. */
void call_end(struct call *call, const struct conn *conn, enum ex_outcome outcome, uint64_t time);

/* A message's first byte. */
void call_start(struct call *call, enum ex_side side, uint64_t time);
void call_head(struct call *call, enum ex_side side, const struct http1_head *head);
void call_bytes(struct call *call, enum ex_side side, struct sv bytes);
void call_gap(struct call *call, enum ex_side side, uint64_t lost);
void call_side_end(struct call *call, enum ex_side side, bool complete);

#endif /* EARSHOT_EXCHANGE_CALL_H */
