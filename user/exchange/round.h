/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_ROUND_H
#define EARSHOT_EXCHANGE_ROUND_H

/*
 * round - one request with its response while it goes on: round.c fills its exchange and passes
 * it on, pair.c and h2.c say which message belongs to which call.
 */
#include "base/stats.h"
#include "exchange/body.h"
#include "exchange/pair.h"
#include "exchange/wsock.h"
#include "proto/http_head.h"

struct pairs {
	struct pairs_opts opts;
	struct body_limits limits;
	size_t open;		       /* calls with an exchange */
	struct http2_scratch *scratch; /* of all connections; made when there is one */
};

struct round {
	struct round *next;
	struct pairs *pairs;
	const struct conn *conn;
	struct exchange *ex;  /* NULL: not followed, there was no room */
	struct body *body[2]; /* NULL: its bytes are handed on as they are */
	uint64_t now;	      /* time of the bytes being read */
	const char *broken;   /* why a message of it is */
	bool begun;
	bool started[2]; /* a byte was seen */
	bool headed[2];	 /* its head was read */
	bool torn[2];	 /* bytes are lost */
	bool ended[2];
	bool dead[2];	   /* its body is not handed on any more */
	uint8_t cause[2];  /* enum es_stat: why */
	bool without_body; /* HEAD: the response has none */
	bool connects;
	bool protocol;	/* CONNECT says what it goes on as (RFC 8441) */
	bool websocket; /* ... as a WebSocket */
	bool asks;	/* for an upgrade to a WebSocket */
	bool offers;	/* ... to HTTP/2 (h2c.h) */
	bool upgraded;
	struct wsock *ws; /* what it goes on as, both ways; NULL: it is HTTP */
	bool whole;	  /* the response came to its end */
};

/* Never fails but for memory (NULL). */
struct round *round_new(struct pairs *pairs, const struct conn *conn, uint64_t number);
/* Ends the exchange with this outcome, and frees the call. */
void round_end(struct round *round, const struct conn *conn, enum ex_outcome outcome,
	       uint64_t time);

/* A message's first byte. */
void round_start(struct round *round, enum ex_side side, uint64_t time);
void round_head(struct round *round, enum ex_side side, const struct http_head *head);
/* Fields behind the body; what the head said already stays. */
void round_trailers(struct round *round, enum ex_side side, const struct http_head *head);
void round_bytes(struct round *round, enum ex_side side, struct sv bytes);
/* exact: lost bytes of the body, and it goes on right behind them. */
void round_gap(struct round *round, enum ex_side side, uint64_t lost, bool exact);
void round_side_end(struct round *round, enum ex_side side, bool complete);

/* A call of which nothing was seen, and that is a WebSocket by now. */
void round_joined_websocket(struct round *round);
/*
 * It asked to go on as a WebSocket, the answer is lost, and frames are seen: it was granted. Not
 * known is how messages are packed.
 */
void round_assume_websocket(struct round *round);
/* It went on as a WebSocket, and both sides have closed that. */
bool round_over(const struct round *round);

/* How it ends now, by what was seen of it; closing: because its stream does, and why. */
enum ex_outcome round_outcome(const struct round *round, const struct conn *conn, bool closing,
			      enum conn_end why);
/* The socket was still whole at both ends when the object was freed: it was this process. */
bool round_hung_up(const struct conn *conn, bool closing, enum conn_end why);

#endif /* EARSHOT_EXCHANGE_ROUND_H */
