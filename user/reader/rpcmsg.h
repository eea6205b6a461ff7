/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_READER_RPCMSG_H
#define EARSHOT_READER_RPCMSG_H

/*
 * rpcmsg - reads JSON-RPC 2.0 messages (https://www.jsonrpc.org/specification) for what MCP
 * and A2A say in them. Fed a document cut anywhere; a batch (an array, MCP 2025-03-26) gives
 * one message after the other. A2A's REST binding has the same fields without the envelope.
 */
#include "base/buf.h"
#include "base/json_read.h"

/* Most of a member that is content; more of it is left out, and the message says so. */
#define RPCMSG_CONTENT_MAX (1u << 20)

enum rpc_text {
	RPC_METHOD,
	RPC_ID, /* as written: a number, or a string in its quotes */
	RPC_VERSION,
	RPC_NAME,  /* params.name */
	RPC_URI,   /* params.uri */
	RPC_TOKEN, /* the progress token, asked for or reported, as written */
	RPC_CANCELLED_ID,
	RPC_PROTOCOL, /* MCP's version: asked for, agreed on, or in _meta */
	RPC_SERVER,   /* result.serverInfo.name */
	RPC_CLIENT,   /* params.clientInfo.name, or in _meta */
	RPC_TRACEPARENT,
	RPC_TRACESTATE,
	RPC_BAGGAGE,
	RPC_ERROR_CODE,
	RPC_CONTEXT, /* A2A: contextId */
	RPC_STATE,   /* A2A: a task's state */
	RPC_CARD_NAME,
	RPC_CARD_VERSION,
	RPC_CARD_DESCRIPTION,
	RPC_CARD_URL,
	/* Content: only when asked for. */
	RPC_ERROR_MESSAGE,
	RPC_ARGUMENTS, /* JSON text */
	RPC_RESULT,    /* JSON text */
	RPC_TEXTS
};

struct rpcmsg {
	bool has_error, has_result, is_error; /* is_error: result.isError is true */
	bool has_id;			      /* and it is not null */
	bool broken;			      /* not all of it was seen, or it is no JSON */
	bool whole_id;			      /* the id was read to its end */
	bool cut;			      /* content did not fit */
	const char *shape; /* MCP's method that such a result answers, static; NULL: not known */
	struct buf text[RPC_TEXTS]; /* len 0: was not there */
};

static inline struct sv rpcmsg_text(const struct rpcmsg *m, enum rpc_text t)
{
	return m->text[t].failed ? SV_NONE : buf_sv(&m->text[t]);
}

/* A message of a document ended: the document itself, or an element of a batch. */
typedef void rpcmsg_fn(void *ctx, const struct rpcmsg *m);

struct rpcmsg_schema;

/* Returns 0 or -ENOMEM. */
int rpcmsg_schema_new(struct rpcmsg_schema **ret);
void rpcmsg_schema_free(struct rpcmsg_schema *s);

struct rpcmsg_reader;

/* Borrows the schema. Returns 0 or -ENOMEM. */
int rpcmsg_new(struct rpcmsg_reader **ret, const struct rpcmsg_schema *s, bool content,
	       rpcmsg_fn *fn, void *ctx);
void rpcmsg_free(struct rpcmsg_reader *r);

/* A new document begins. */
void rpcmsg_begin(struct rpcmsg_reader *r);
void rpcmsg_feed(struct rpcmsg_reader *r, struct sv bytes);
/* Bytes are missing: what came before stays, nothing behind is read. */
void rpcmsg_gap(struct rpcmsg_reader *r);
/* The document ends; whole: with all its bytes. Calls back for what it held. */
void rpcmsg_end(struct rpcmsg_reader *r, bool whole);

/* So far, nothing of JSON-RPC was seen in this document. */
bool rpcmsg_is_blank(const struct rpcmsg_reader *r);

#endif /* EARSHOT_READER_RPCMSG_H */
