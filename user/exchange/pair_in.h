/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_PAIR_IN_H
#define EARSHOT_EXCHANGE_PAIR_IN_H

/*
 * pair_in - what the files behind pair.h share: pair.c reads HTTP/1 and says which message belongs
 * to which call, turn.c what a connection goes on as.
 */
#include "exchange/round.h"
#include "proto/http1.h"

struct h2;

/* One stream. */
struct pair {
	struct pairs *pairs;
	struct conn *conn;
	struct http1 http[2];	  /* enum ex_side */
	struct round *head;	  /* oldest first; a call leaves when both its sides ended */
	struct round *reading[2]; /* whose message is being read */
	struct round *tunnel;	  /* goes on as a WebSocket: all bytes are its own */
	struct h2 *h2;		  /* what the connection goes on as */
	uint64_t pending[2];	  /* lost bytes that belong to no call yet */
	char *early;		  /* the start of an answer whose request is not there yet */
	size_t early_len;
	uint64_t early_time;
	uint64_t number;
	uint64_t now;
	unsigned int count;
	uint8_t why; /* enum conn_end, once closing */
	bool closing;
	bool gapped; /* bytes were lost */
	bool ahead;  /* the client sends requests before it has its answers */
	bool owed; /* a response came without its request, before it was told that bytes are lost */
	bool interim;  /* the response being read is a 1xx */
	bool finished; /* upgraded, or given up: nothing more is read */
	bool over;     /* was a WebSocket, and that is closed */
	bool turns;    /* a 101 came: what follows is HTTP/2 */
	bool asking;   /* ... before the request that offered it was whole */
};

/* Takes a call off the list; pair_remove() ends it as well. */
void pair_unlink(struct pair *p, struct round *round);
void pair_remove(struct pair *p, struct round *round);
void pair_end_all(struct pair *p);

/* The oldest call whose response is not over. */
struct round *pair_awaiting(const struct pair *p);

/* The request that is being read ended. */
void pair_asked(struct pair *p, enum http1_end how);

void pair_http1_gap(struct pair *p, enum ex_side side, uint64_t count);

#endif /* EARSHOT_EXCHANGE_PAIR_IN_H */
