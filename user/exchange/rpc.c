// SPDX-License-Identifier: Apache-2.0
#include "exchange/rpc.h"

#include <errno.h>
#include <stdlib.h>

#include <xxhash.h>

#include "base/json_read.h"
#include "earshot/stats.h"
#include "proto/jsonrpc.h"

enum { RULE_VERSION, RULE_METHOD, RULE_ID, RULE_RESULT, RULE_ERROR };

static const struct json_rule rules[] = {
	{ "jsonrpc", RULE_VERSION, 0, 0 },  { "method", RULE_METHOD, 0, 0 },
	{ "id", RULE_ID, JSON_RAW, 0 },	    { "result", RULE_RESULT, 0, 0 },
	{ "error", RULE_ERROR, 0, 0 },	    { "[].jsonrpc", RULE_VERSION, 0, 0 },
	{ "[].method", RULE_METHOD, 0, 0 },
};

struct rpcs {
	struct rpcs_opts opts;
	struct json_schema *schema;
};

/* One direction: its messages as they come. */
struct side {
	struct rpc *rpc;
	struct jsonrpc frame;
	struct json_reader *reader;
	XXH3_state_t *id; /* of the message's id as written */
	bool version, method, has_id, result, error;
	uint64_t waiting[RPC_OPEN_MAX]; /* ids of requests sent this way; 0: free */
	size_t next;
};

struct rpc {
	struct rpcs *rpcs;
	struct rpc_stream stream;
	struct side side[2];
	uint64_t seen;	/* messages */
	uint64_t valid; /* ... that are JSON-RPC */
};

static int on_value(void *ctx, const struct json_event *ev)
{
	struct side *s = ctx;

	switch (ev->id) {
	case RULE_VERSION:
		s->version = true;
		break;
	case RULE_METHOD:
		s->method = true;
		break;
	case RULE_ID:
		/* An id of null is that of an error nobody asked for. */
		s->has_id |= !sv_eq(ev->text, SV("null"));
		XXH3_64bits_update(s->id, ev->text.p, ev->text.len);
		break;
	case RULE_RESULT:
		s->result = true;
		break;
	case RULE_ERROR:
		s->error = true;
		break;
	default:
		break;
	}
	return 0;
}

static void on_begin(void *ctx, uint64_t time)
{
	struct side *s = ctx;

	(void)time;
	json_reader_reset(s->reader);
	XXH3_64bits_reset(s->id);
	s->version = s->method = s->has_id = s->result = s->error = false;
}

static void on_piece(void *ctx, struct sv bytes)
{
	struct side *s = ctx;

	s->rpc->stream.bytes[s - s->rpc->side] += bytes.len;
	json_feed(s->reader, bytes);
}

static enum rpc_kind kind_of(const struct side *s, bool whole)
{
	if (!whole || !s->version)
		return RPC_BROKEN;
	if (s->method)
		return s->has_id ? RPC_REQUEST : RPC_NOTIFICATION;
	return s->error ? RPC_ERROR : s->result ? RPC_RESPONSE : RPC_BROKEN;
}

static void ask(struct side *s)
{
	uint64_t *slot = &s->waiting[s->next++ % RPC_OPEN_MAX];

	s->rpc->stream.unanswered += *slot != 0;
	*slot = XXH3_64bits_digest(s->id) | 1;
}

/* The request went the other way. */
static void answer(struct side *s)
{
	struct side *other = &s->rpc->side[s == &s->rpc->side[0]];
	uint64_t id = XXH3_64bits_digest(s->id) | 1;

	for (size_t i = 0; i < RPC_OPEN_MAX; i++) {
		if (other->waiting[i] != id)
			continue;
		other->waiting[i] = 0;
		s->rpc->stream.answered++;
		return;
	}
}

static void on_end(void *ctx, bool whole, uint64_t time)
{
	struct side *s = ctx;
	struct rpc *r = s->rpc;
	enum rpc_kind kind = kind_of(s, json_end(s->reader) == 0 && whole);

	(void)time;
	r->seen++;
	r->valid += kind != RPC_BROKEN;
	r->stream.messages[s - r->side][kind]++;
	if (kind == RPC_REQUEST)
		ask(s);
	if (kind == RPC_RESPONSE || kind == RPC_ERROR)
		answer(s);
	if (kind == RPC_BROKEN)
		stat_add(r->rpcs->opts.stats, ES_U_JSON_ERROR, 0);
}

static void on_junk(void *ctx, uint64_t count)
{
	struct side *s = ctx;

	s->rpc->stream.junk += count;
}

static const struct jsonrpc_ops frame_ops = {
	.begin = on_begin, .piece = on_piece, .end = on_end, .junk = on_junk
};

static void rpc_free(struct rpc *r)
{
	for (int d = 0; r && d < 2; d++) {
		json_reader_free(r->side[d].reader);
		XXH3_freeState(r->side[d].id);
	}
	free(r);
}

static void on_open(void *ctx, struct conn *conn)
{
	struct rpcs *rpcs = ctx;
	struct rpc *r = calloc(1, sizeof(*r));

	conn->user = NULL;
	for (int d = 0; r && d < 2; d++) {
		struct side *s = &r->side[d];

		s->rpc = r;
		s->id = XXH3_createState();
		if (!s->id || json_reader_new(&s->reader, rpcs->schema, 1, on_value, s)) {
			rpc_free(r);
			return;
		}
		jsonrpc_init(&s->frame, &frame_ops, s);
	}
	if (!r)
		return;
	r->rpcs = rpcs;
	r->stream.conn = conn;
	conn->user = r;
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
	jsonrpc_feed(&r->side[dir].frame, bytes, time);
	return r->valid || r->seen < NO_SERVER_AFTER;
}

static void on_gap(void *ctx, struct conn *conn, enum conn_dir dir, uint64_t count, uint64_t time)
{
	struct rpc *r = conn->user;

	(void)ctx;
	if (r)
		jsonrpc_gap(&r->side[dir].frame, count, time);
}

static void on_close(void *ctx, struct conn *conn, enum conn_end why, uint64_t time)
{
	struct rpcs *rpcs = ctx;
	struct rpc *r = conn->user;

	(void)why;
	if (!r)
		return;
	for (int d = 0; d < 2; d++) {
		jsonrpc_close(&r->side[d].frame, time);
		for (size_t i = 0; i < RPC_OPEN_MAX; i++)
			r->stream.unanswered += r->side[d].waiting[i] != 0;
	}
	if (r->valid)
		rpcs->opts.closed(rpcs->opts.ctx, &r->stream);
	rpc_free(r);
	conn->user = NULL;
}

const struct conn_sink rpcs_sink = {
	.open = on_open, .bytes = on_bytes, .gap = on_gap, .close = on_close
};

int rpcs_new(struct rpcs **ret, const struct rpcs_opts *opts)
{
	struct rpcs *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->opts = *opts;
	err = json_schema_new(&r->schema, rules, ARRAY_SIZE(rules));
	if (err) {
		free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void rpcs_free(struct rpcs *r)
{
	if (!r)
		return;
	json_schema_free(r->schema);
	free(r);
}
