// SPDX-License-Identifier: Apache-2.0
#include "exchange/rpc.h"

#include <errno.h>
#include <stdlib.h>

#include "earshot/stats.h"
#include "proto/jsonrpc.h"

struct rpcs {
	struct rpcs_opts opts;
};

/* One direction: its messages as they come. */
struct side {
	struct rpc *rpc;
	struct jsonrpc frame;
};

struct rpc {
	struct rpcs *rpcs;
	struct rpc_stream stream;
	struct side side[2]; /* enum conn_dir */
	uint64_t seen;	     /* messages */
	uint64_t valid;	     /* ... that are JSON-RPC */
};

static enum conn_dir dir_of(const struct side *s)
{
	return (enum conn_dir)(s - s->rpc->side);
}

/* The child reads what its client says. */
static bool from_client(enum conn_dir dir)
{
	return dir == CONN_READ;
}

static void on_begin(void *ctx, uint64_t time)
{
	struct side *s = ctx;
	const struct rpcs_opts *o = &s->rpc->rpcs->opts;

	o->ops->begin(o->ctx, &s->rpc->stream, from_client(dir_of(s)), time);
}

static void on_piece(void *ctx, struct sv bytes)
{
	struct side *s = ctx;
	const struct rpcs_opts *o = &s->rpc->rpcs->opts;

	s->rpc->stream.bytes[dir_of(s)] += bytes.len;
	o->ops->piece(o->ctx, &s->rpc->stream, from_client(dir_of(s)), bytes);
}

static void on_end(void *ctx, bool whole, uint64_t time)
{
	struct side *s = ctx;
	struct rpc *r = s->rpc;
	const struct rpcs_opts *o = &r->rpcs->opts;
	enum rpc_kind kind = o->ops->end(o->ctx, &r->stream, from_client(dir_of(s)), whole, time);

	r->seen++;
	r->valid += kind != RPC_BROKEN;
	r->stream.messages[dir_of(s)][kind]++;
	if (kind == RPC_BROKEN)
		stat_add(o->stats, ES_U_JSON_ERROR, 0);
}

static void on_junk(void *ctx, uint64_t count)
{
	struct side *s = ctx;

	s->rpc->stream.junk += count;
}

static const struct jsonrpc_ops frame_ops = {
	.begin = on_begin, .piece = on_piece, .end = on_end, .junk = on_junk
};

static void on_open(void *ctx, struct conn *conn)
{
	struct rpcs *rpcs = ctx;
	struct rpc *r = calloc(1, sizeof(*r));

	conn->user = r;
	if (!r)
		return;
	r->rpcs = rpcs;
	r->stream = (struct rpc_stream){
		.tgid = conn->tgid,
		.proc_start = conn->proc_start,
		.object = conn->object,
		.birth = conn->birth,
		.client_tgid = conn->peer_tgid,
		.late = conn->late,
	};
	for (int d = 0; d < 2; d++) {
		r->side[d].rpc = r;
		jsonrpc_init(&r->side[d].frame, &frame_ops, &r->side[d]);
	}
	rpcs->opts.ops->open(rpcs->opts.ctx, &r->stream);
}

/* What printed JSON of its own is no server. */
#define NO_SERVER_AFTER 4

static bool on_bytes(void *ctx, struct conn *conn, enum conn_dir dir, struct sv bytes,
		     uint64_t time)
{
	struct rpcs *rpcs = ctx;
	struct rpc *r = conn->user;

	if (!r) {
		stat_add(rpcs->opts.stats, ES_U_CALLS_FULL, bytes.len);
		return false;
	}
	r->stream.client_tgid = conn->peer_tgid;
	jsonrpc_feed(&r->side[dir].frame, bytes, time);
	return r->valid || r->seen < NO_SERVER_AFTER;
}

static void on_gap(void *ctx, struct conn *conn, enum conn_dir dir, uint64_t count, uint64_t time)
{
	struct rpcs *rpcs = ctx;
	struct rpc *r = conn->user;

	if (!r)
		return;
	rpcs->opts.ops->gap(rpcs->opts.ctx, &r->stream, from_client(dir));
	jsonrpc_gap(&r->side[dir].frame, count, time);
}

static void on_close(void *ctx, struct conn *conn, enum conn_end why, uint64_t time)
{
	struct rpcs *rpcs = ctx;
	struct rpc *r = conn->user;

	if (!r)
		return;
	r->stream.client_tgid = conn->peer_tgid;
	for (int d = 0; d < 2; d++)
		jsonrpc_close(&r->side[d].frame, time);
	rpcs->opts.ops->close(rpcs->opts.ctx, &r->stream, why, time);
	if (r->valid)
		rpcs->opts.closed(rpcs->opts.closed_ctx, &r->stream);
	free(r);
	conn->user = NULL;
}

const struct conn_sink rpcs_sink = {
	.open = on_open, .bytes = on_bytes, .gap = on_gap, .close = on_close
};

int rpcs_new(struct rpcs **ret, const struct rpcs_opts *opts)
{
	struct rpcs *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->opts = *opts;
	*ret = r;
	return 0;
}

void rpcs_free(struct rpcs *r)
{
	free(r);
}
