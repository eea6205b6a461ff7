// SPDX-License-Identifier: Apache-2.0
#include "app/servers.h"

void servers_closed(void *ctx, const struct rpc_stream *s)
{
	struct servers *all = ctx;
	struct server *v;

	if (all->count == SERVERS_MAX) {
		all->missed++;
		return;
	}
	v = &all->v[all->count++];
	*v = (struct server){
		.tgid = s->tgid,
		.proc_start = s->proc_start,
		.client_tgid = s->client_tgid,
		.answered = s->answered,
		.unanswered = s->unanswered,
		.junk = s->junk,
	};
	memcpy(v->messages, s->messages, sizeof(v->messages));
	memcpy(v->bytes, s->bytes, sizeof(v->bytes));
}
