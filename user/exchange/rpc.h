/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_RPC_H
#define EARSHOT_EXCHANGE_RPC_H

/*
 * rpc - JSON-RPC over standard input and output: cuts what passes between a process and its
 * child into messages, and hands them on in pieces. What they say is others' work, who tell
 * in turn what each message was.
 */
#include "stream/conn.h"

enum rpc_kind {
	RPC_REQUEST,
	RPC_NOTIFICATION,
	RPC_RESPONSE,
	RPC_ERROR,
	RPC_BROKEN, /* no JSON, or not all of it was seen */
	RPC_KIND_COUNT,
};

/* One server's stream. Index of messages: direction, enum conn_dir of the child; kind. */
struct rpc_stream {
	/* Identity: of the child, stable across replays. */
	uint32_t tgid;
	uint64_t proc_start;
	uint64_t object;
	uint64_t birth;
	uint32_t client_tgid; /* at the other end; 0: not known (yet) */
	uint64_t messages[2][RPC_KIND_COUNT];
	uint64_t bytes[2];   /* of messages */
	uint64_t junk;	     /* bytes between them */
	uint64_t answered;   /* requests whose response was seen, either way; the consumer's */
	uint64_t unanswered; /* ... was not; the consumer's */
	bool late;	     /* it ran already when it was first seen */
	void *user;	     /* the consumer's */
};

/*
 * The one consumer. For every open() there is exactly one close(), for every begin() one end()
 * of the same direction. from_client: the message goes to the child.
 */
struct rpc_ops {
	void (*open)(void *ctx, struct rpc_stream *s);
	void (*begin)(void *ctx, struct rpc_stream *s, bool from_client, uint64_t time);
	void (*piece)(void *ctx, struct rpc_stream *s, bool from_client, struct sv bytes);
	/* whole: with all its bytes. Returns what it was. */
	enum rpc_kind (*end)(void *ctx, struct rpc_stream *s, bool from_client, bool whole,
			     uint64_t time);
	/* Bytes are missing, maybe messages. */
	void (*gap)(void *ctx, struct rpc_stream *s, bool from_client);
	void (*close)(void *ctx, struct rpc_stream *s, enum conn_end why, uint64_t time);
};

struct rpcs_opts {
	struct stat_pair *stats;   /* ES_STAT_COUNT pairs; borrowed */
	const struct rpc_ops *ops; /* borrowed; all set */
	void *ctx;
	/* A stream on which at least one message was JSON-RPC ended. */
	void (*closed)(void *ctx, const struct rpc_stream *s);
	void *closed_ctx;
};

struct rpcs;

/* 0 or -ENOMEM. */
int rpcs_new(struct rpcs **ret, const struct rpcs_opts *opts);
/* After the streams were stopped. */
void rpcs_free(struct rpcs *r);

/* To be set as the streams' sink for CONN_JSONRPC, with the struct rpcs as its context. */
extern const struct conn_sink rpcs_sink;

#endif /* EARSHOT_EXCHANGE_RPC_H */
