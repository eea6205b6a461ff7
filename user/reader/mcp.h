/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_READER_MCP_H
#define EARSHOT_READER_MCP_H

/*
 * mcp - what the Model Context Protocol (revisions 2024-11-05 to 2026-07-28) and the
 * Agent2Agent protocol (0.3, 1.0) mean by a JSON-RPC message.
 */
#include "reader/rpcmsg.h"
#include "model/call.h"

enum rpc_meaning {
	RPC_FOREIGN,  /* some other protocol's */
	RPC_MCP,      /* MCP, and nothing else */
	RPC_MCP_ONLY, /* MCP's where MCP is spoken, else anybody's */
	RPC_A2A_SEND, /* an agent is asked to do something */
	RPC_A2A,      /* other A2A */
};

/* Of a request or notification. */
enum rpc_meaning rpc_meaning(const struct rpcmsg *m);

/* Fills in what the request, or the notification, says. */
void mcp_ask(struct call *c, const struct rpcmsg *m);
/* Of a request that was not seen, by its answer. */
void mcp_orphan(struct call *c, const struct rpcmsg *m);
/* ... what its answer says. */
void mcp_answer(struct call *c, const struct rpcmsg *m);

/* The same for A2A; m may lack the envelope of JSON-RPC (REST). */
void a2a_ask(struct call *c, const struct rpcmsg *m);
void a2a_answer(struct call *c, const struct rpcmsg *m);

#endif /* EARSHOT_READER_MCP_H */
