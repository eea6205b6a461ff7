/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_READER_RPCREAD_H
#define EARSHOT_READER_RPCREAD_H

/*
 * rpcread - what the files behind rpc.h share: rpctake.c says what a message means for the
 * conversation it stands in, rpc.c brings it messages off exchanges, rpcpipe.c off pipes.
 */
#include "reader/rpc.h"

/* Requests that one end told, for when the other end tells them, too: the first has it. */
#define RPC_SENT_MAX 512
#define RPC_SENT_NS  10000000000ull

#define RPC_CARDS_MAX 64

struct rpc_sent {
	uint64_t what; /* hash; 0: free */
	uint64_t time;
};

/* An A2A agent, by where it answers. */
struct rpc_card {
	uint64_t where[2]; /* hashes of authorities: where it was read, and what it says */
	char name[TALK_NAME_MAX];
	char version[TALK_NAME_MAX];
	char description[TALK_NAME_MAX];
};

struct rpc_reader {
	struct rpc_options opt;
	struct rpc_stats stats;
	struct rpcmsg_schema *schema;
	struct talks talks;
	/* While set: asked before a call is told; true: it is kept back, and its own. */
	bool (*hold)(void *ctx, struct call *c);
	void *hold_ctx;
	/* By who told it: the receiver (0), the sender (1). */
	struct rpc_sent sent[2][RPC_SENT_MAX];
	size_t sent_next[2];
	/* Every id that was asked with, for answers whose request one end lost. */
	struct rpc_sent asked[2][RPC_SENT_MAX];
	size_t asked_next[2];
	struct rpc_card cards[RPC_CARDS_MAX];
	size_t card_next;
};

/* Where and when a message passed. */
struct rpc_place {
	struct talk *own;     /* of this exchange, or pipe */
	struct talk *session; /* it is part of; NULL: of none */
	bool from_client;
	bool sent; /* by the process that is watched */
	bool late; /* what came before was not seen */
	uint64_t t_begin, t_end;
	uint64_t where; /* hash of the authority; 0: a pipe */
	uint32_t loss;	/* CALL_LOSS() bits for what is missing of it */
	/* Fills in who and where. n: of the call in this place, from 0. */
	void (*fill)(void *ctx, struct call *c, uint32_t n);
	void *ctx;
	uint32_t *n;
	const void *owner; /* of requests asked here */
	bool streams;	   /* an answer may be followed by another */
	/* Out. */
	bool ours;     /* it was MCP or A2A */
	bool answered; /* a request was answered */
};

/* A message was read. Returns what it was. */
enum rpc_kind rpc_take(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m);
/* A request of A2A without the envelope of JSON-RPC. m may be NULL: nothing of it is read. */
void rpc_take_a2a(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m);
/* ... its answer, or a part of that. */
void rpc_take_a2a_answer(struct rpc_place *w, const struct rpcmsg *m);
/* An agent's card was read at this place. */
void rpc_take_card(struct rpc_reader *r, uint64_t where, const struct rpcmsg *m);

/* Hands a call on. */
void rpc_tell(struct rpc_reader *r, struct call *c);

uint64_t rpc_hash(struct sv s);

#endif /* EARSHOT_READER_RPCREAD_H */
