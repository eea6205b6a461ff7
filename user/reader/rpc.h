/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_READER_RPC_H
#define EARSHOT_READER_RPC_H

/*
 * rpc - reads MCP and A2A, wherever they go: on pipes (exchange/rpc.h), over HTTP in all of
 * MCP's transports, in WebSocket messages; A2A in its JSON-RPC, REST and gRPC bindings. Each
 * request with its answer, and each notification that stands for itself, is one call.
 *
 * Where both ends of a request are watched there is one call, the client's.
 */
#include "reader/talk.h"
#include "exchange/exchange.h"
#include "exchange/rpc.h"

struct rpc_reader;

struct rpc_options {
	bool want_content;
	talk_call_fn *fn; /* gets every call */
	void *ctx;
};

struct rpc_stats {
	uint64_t calls;	    /* handed on */
	uint64_t unmatched; /* answers whose request was not seen */
	uint64_t foreign;   /* messages of other protocols on JSON-RPC */
	uint64_t both_ends; /* requests that the other end told already */
	uint64_t cards;	    /* agents' cards that were read */
	uint64_t no_memory;
};

/* Returns 0 or -ENOMEM. */
int rpc_reader_new(struct rpc_reader **ret, const struct rpc_options *opt);
/* What still waits ends; after the streams were stopped. */
void rpc_reader_stop(struct rpc_reader *r, uint64_t time);
void rpc_reader_free(struct rpc_reader *r);

const struct rpc_stats *rpc_reader_stats(const struct rpc_reader *r);

/* ctx of both: the struct rpc_reader. */
extern const struct exchange_ops rpc_exchange_ops;
extern const struct rpc_ops rpc_pipe_ops;

#endif /* EARSHOT_READER_RPC_H */
