/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_SERVERS_H
#define EARSHOT_APP_SERVERS_H

/* servers - who spoke JSON-RPC with whom over standard input and output, for the summary. */
#include "exchange/rpc.h"

#define SERVERS_MAX 256

struct server {
	uint32_t tgid; /* the child */
	uint64_t proc_start;
	uint32_t client_tgid;		      /* at the other end; 0: not known */
	uint64_t messages[2][RPC_KIND_COUNT]; /* conn: enum conn_dir of the child; kind */
	uint64_t bytes[2];
	uint64_t answered, unanswered, junk;
};

struct servers {
	struct server v[SERVERS_MAX];
	size_t count;
	uint64_t missed; /* beyond SERVERS_MAX */
};

/* As rpcs_opts.closed; ctx: a struct servers. */
void servers_closed(void *ctx, const struct rpc_stream *s);

#endif /* EARSHOT_APP_SERVERS_H */
