/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_RPC_H
#define EARSHOT_EXCHANGE_RPC_H

/*
 * rpc - JSON-RPC 2.0 over standard input and output: which messages went each way between a
 * process and its child, request with response by id. What the methods mean is others' work.
 */
#include "stream/conn.h"

/* Requests waiting for their response on one stream; older ones are given up. */
#define RPC_OPEN_MAX 256

enum rpc_kind {
	RPC_REQUEST,
	RPC_NOTIFICATION,
	RPC_RESPONSE,
	RPC_ERROR,
	RPC_BROKEN, /* no JSON, or not all of it was seen */
	RPC_KIND_COUNT,
};

/* One server's stream, at its end. Index of messages: direction, enum conn_dir; kind. */
struct rpc_stream {
	const struct conn *conn;
	uint64_t messages[2][RPC_KIND_COUNT];
	uint64_t bytes[2];   /* of messages */
	uint64_t junk;	     /* bytes between them */
	uint64_t answered;   /* requests whose response was seen, either way */
	uint64_t unanswered; /* ... was not */
};

struct rpcs_opts {
	struct stat_pair *stats; /* ES_STAT_COUNT pairs; borrowed */
	void (*closed)(void *ctx, const struct rpc_stream *s);
	void *ctx;
};

struct rpcs;

/* 0 or -ENOMEM. */
int rpcs_new(struct rpcs **ret, const struct rpcs_opts *opts);
/* After the streams were stopped. */
void rpcs_free(struct rpcs *r);

/* To be set as conns_opts.rpc, with the struct rpcs as its context. */
extern const struct conn_sink rpcs_sink;

#endif /* EARSHOT_EXCHANGE_RPC_H */
