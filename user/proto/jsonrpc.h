/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_JSONRPC_H
#define EARSHOT_PROTO_JSONRPC_H

/*
 * jsonrpc - cuts one direction of a byte stream into JSON-RPC messages: a line each (MCP's
 * stdio transport), or framed by a header with Content-Length (Language Server Protocol, base
 * protocol). Which one is told by the first byte of each message. Sans-I/O; allocates nothing:
 * a message's bytes are handed on in pieces as they come.
 */
#include "base/sv.h"

#define JSONRPC_HEADER_MAX 1024 /* of a Content-Length header; a longer one is no header */

struct jsonrpc_ops {
	void (*begin)(void *ctx, uint64_t time);
	/* A piece of the message, valid inside the call. */
	void (*piece)(void *ctx, struct sv bytes);
	/* whole: false when bytes of it are missing, or the stream ended in it. */
	void (*end)(void *ctx, bool whole, uint64_t time);
	/* Bytes between messages that are neither line ends nor a header. */
	void (*junk)(void *ctx, uint64_t count);
};

/* The fields are private: embed it, do not read it. */
struct jsonrpc {
	const struct jsonrpc_ops *ops;
	void *ctx;
	enum { JSONRPC_BETWEEN, JSONRPC_HEADER, JSONRPC_LINE, JSONRPC_BODY, JSONRPC_LOST } state;
	uint64_t left; /* JSONRPC_BODY */
	size_t header_len;
	char header[JSONRPC_HEADER_MAX];
	bool whole;
};

void jsonrpc_init(struct jsonrpc *j, const struct jsonrpc_ops *ops, void *ctx);
void jsonrpc_feed(struct jsonrpc *j, struct sv bytes, uint64_t time);
/* count bytes are missing here. */
void jsonrpc_gap(struct jsonrpc *j, uint64_t count, uint64_t time);
/* The stream ends. */
void jsonrpc_close(struct jsonrpc *j, uint64_t time);

#endif /* EARSHOT_PROTO_JSONRPC_H */
