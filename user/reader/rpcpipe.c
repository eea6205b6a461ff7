// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "reader/rpcread.h"

/* Calls that wait for their client's name. */
#define PIPE_HELD_MAX 16

/* What is known of one stream of pipes. */
struct pipe {
	struct rpc_reader *r;
	struct rpc_stream *stream;
	struct talk talk;
	struct rpcmsg_reader *side[2]; /* 1: from the client */
	uint64_t t_begin[2];
	uint64_t now;
	uint32_t calls;
	uint32_t loss; /* of the message being ended */
	bool from_client;
	enum rpc_kind kind;
	struct call *held[PIPE_HELD_MAX];
	size_t held_count;
};

/* The client's call, where it is known who that is. */
static void name_client(const struct pipe *p, struct call *c)
{
	if (c->role != CALL_SERVER || !p->stream->client_tgid)
		return;
	c->role = CALL_CLIENT;
	c->owner_tgid = p->stream->client_tgid;
}

/*
 * The bytes are taken at the server, but the client's span is what counts, where it is known
 * who that is.
 */
static void fill(void *ctx, struct call *c, uint32_t n)
{
	const struct pipe *p = ctx;
	const struct rpc_stream *s = p->stream;

	c->id = (struct call_id){ s->tgid, s->proc_start, s->object, s->birth, n };
	c->mcp.transport = CALL_TRANSPORT_PIPE;
	name_client(p, c);
}

/*
 * Who the client is shows when it uses its end, and that may be behind its first words, and
 * their answers: these wait.
 */
static bool hold(void *ctx, struct call *c)
{
	struct pipe *p = ctx;

	name_client(p, c);
	if (c->role != CALL_SERVER || p->held_count == PIPE_HELD_MAX)
		return false;
	p->held[p->held_count++] = c;
	return true;
}

static void let_go(struct pipe *p)
{
	for (size_t i = 0; i < p->held_count; i++) {
		name_client(p, p->held[i]);
		rpc_tell(p->r, p->held[i]);
	}
	p->held_count = 0;
}

static void on_message(void *ctx, const struct rpcmsg *m)
{
	struct pipe *p = ctx;
	struct rpc_place w = {
		.own = &p->talk,
		.from_client = p->from_client,
		.sent = !p->from_client,
		.late = p->stream->late,
		.t_begin = p->t_begin[p->from_client],
		.t_end = p->now,
		.loss = m->broken ? p->loss : 0,
		.fill = fill,
		.ctx = p,
		.n = &p->calls,
	};

	if (p->stream->client_tgid)
		let_go(p);
	p->r->hold = hold;
	p->r->hold_ctx = p;
	p->kind = rpc_take(p->r, &w, m);
	p->r->hold = NULL;
	p->stream->answered += w.answered;
}

static void on_open(void *ctx, struct rpc_stream *s)
{
	struct rpc_reader *r = ctx;
	struct pipe *p = calloc(1, sizeof(*p));

	s->user = p;
	if (!p) {
		r->stats.no_memory++;
		return;
	}
	p->r = r;
	p->stream = s;
	for (int i = 0; i < 2; i++) {
		if (rpcmsg_new(&p->side[i], r->schema, r->opt.want_content, on_message, p)) {
			rpcmsg_free(p->side[0]);
			free(p);
			s->user = NULL;
			r->stats.no_memory++;
			return;
		}
	}
}

static void on_begin(void *ctx, struct rpc_stream *s, bool from_client, uint64_t time)
{
	struct pipe *p = s->user;

	(void)ctx;
	if (!p)
		return;
	p->t_begin[from_client] = p->now = time;
	p->kind = RPC_BROKEN;
	rpcmsg_begin(p->side[from_client]);
}

static void on_piece(void *ctx, struct rpc_stream *s, bool from_client, struct sv bytes)
{
	struct pipe *p = s->user;

	(void)ctx;
	if (!p)
		return;
	/* Those of a batch end with their own bytes. */
	p->from_client = from_client;
	rpcmsg_feed(p->side[from_client], bytes);
}

static enum rpc_kind on_end(void *ctx, struct rpc_stream *s, bool from_client, bool whole,
			    uint64_t time)
{
	struct pipe *p = s->user;

	(void)ctx;
	if (!p)
		return RPC_BROKEN;
	p->now = time;
	p->from_client = from_client;
	p->loss = whole ? CALL_LOSS(JSON) : CALL_LOSS(GAP);
	rpcmsg_end(p->side[from_client], whole);
	return p->kind;
}

static void on_gap(void *ctx, struct rpc_stream *s, bool from_client)
{
	struct pipe *p = s->user;

	(void)ctx;
	if (!p)
		return;
	p->talk.gap[from_client] = true;
	rpcmsg_gap(p->side[from_client]);
}

static void on_close(void *ctx, struct rpc_stream *s, enum conn_end why, uint64_t time)
{
	struct rpc_reader *r = ctx;
	struct pipe *p = s->user;
	bool stopped = why == CONN_STOPPED || why == CONN_EVICTED;

	if (!p)
		return;
	let_go(p);
	p->r->hold = hold;
	p->r->hold_ctx = p;
	s->unanswered = p->talk.asked_count;
	if (stopped)
		talk_end(&r->talks, &p->talk, CALL_UNKNOWN, "", time);
	else
		talk_end(&r->talks, &p->talk, CALL_NO_RESPONSE, "no_response", time);
	p->r->hold = NULL;
	let_go(p);
	rpcmsg_free(p->side[0]);
	rpcmsg_free(p->side[1]);
	free(p);
	s->user = NULL;
}

const struct rpc_ops rpc_pipe_ops = {
	.open = on_open,
	.begin = on_begin,
	.piece = on_piece,
	.end = on_end,
	.gap = on_gap,
	.close = on_close,
};
