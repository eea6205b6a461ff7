// SPDX-License-Identifier: Apache-2.0
#include "reader/rpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dialect/carry.h"
#include "reader/rpcread.h"

/* A body that has shown nothing of JSON-RPC so far is not looked into any further. */
#define BLANK_MAX (64u << 10)

/* How an exchange is read. */
enum mode {
	MODE_RPC,
	MODE_REST, /* A2A without JSON-RPC's envelope */
	MODE_GRPC, /* A2A in protobuf: not looked into */
	MODE_CARD, /* the answer is an agent's card */
};

/* One exchange that may carry JSON-RPC. */
struct visit {
	struct rpc_reader *r;
	struct exchange *ex;
	enum mode mode;
	struct talk own;
	struct talk *session;
	struct rpcmsg_reader *side[2]; /* enum ex_side; NULL: nothing to read yet */
	uint64_t fed[2];
	bool dead[2]; /* is something else */
	bool broken[2];
	uint64_t t_begin;
	uint64_t now;
	uint64_t where;
	uint32_t calls;
	bool ours;
	enum ex_side reading;
};

/* ---- where it belongs ---- */

static const struct {
	const char *end;
	enum mode mode;
	const char *method;
} paths[] = {
	{ "/message:send", MODE_REST, "POST" },
	{ "/message:stream", MODE_REST, "POST" },
	{ "/lf.a2a.v1.A2AService/SendMessage", MODE_GRPC, "POST" },
	{ "/lf.a2a.v1.A2AService/SendStreamingMessage", MODE_GRPC, "POST" },
	{ "/.well-known/agent-card.json", MODE_CARD, "GET" },
	{ "/.well-known/agent.json", MODE_CARD, "GET" },
	{ "/extendedAgentCard", MODE_CARD, "GET" },
};

static enum mode mode_of(const struct exchange *ex)
{
	struct sv path = sv_cut(ex->target, sv_find(ex->target, '?'));

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (sv_ends(path, sv_of(paths[i].end)) && sv_eq(ex->method, sv_of(paths[i].method)))
			return paths[i].mode;
	}
	return MODE_RPC;
}

/* The value of a session's parameter in a query: of the HTTP+SSE transport. */
static struct sv session_in(struct sv target)
{
	struct sv query = sv_skip(target, sv_find(target, '?'));

	while (query.len) {
		struct sv param = sv_skip(query, 1);

		param = sv_cut(param, sv_find(param, '&'));
		query = sv_skip(query, param.len + 1);
		if (sv_starts(param, SV("sessionId=")))
			return sv_skip(param, 10);
		if (sv_starts(param, SV("session_id=")))
			return sv_skip(param, 11);
	}
	return SV_NONE;
}

static void join(struct visit *v, struct sv name)
{
	const struct exchange *ex = v->ex;
	struct talk_key key = {
		.tgid = ex->tgid,
		.server = ex->role == EX_SERVER,
		.proc_start = ex->proc_start,
		.where = v->where,
		.name = rpc_hash(name),
	};

	if (v->session || !name.len)
		return;
	v->session = talk_join(&v->r->talks, &key, name);
	if (!v->session) {
		v->r->stats.no_memory++;
		return;
	}
	/* What the first exchange of a session said is the session's. */
	v->session->is_mcp |= v->own.is_mcp;
	talk_name(v->session->protocol, sv_of(v->own.protocol));
	talk_name(v->session->client_name, sv_of(v->own.client_name));
	talk_move(&v->own, v->session);
}

/* ---- messages ---- */

static void fill(void *ctx, struct call *c, uint32_t n)
{
	const struct visit *v = ctx;
	enum call_role role = c->role;
	const struct sv *header = v->ex->msg[EX_REQUEST].header;

	carry_exchange(c, v->ex);
	/* On a session's streams either side asks. */
	c->role = role;
	c->id.number = v->ex->number + ((uint64_t)n << 32);
	c->mcp.transport = CALL_TRANSPORT_HTTP;
	c->mcp.session_id = carry_string(c, header[EX_H_MCP_SESSION_ID]);
	c->mcp.protocol_version = carry_string(c, header[EX_H_MCP_PROTOCOL_VERSION]);
	if (v->ex->joined_late && !v->ex->msg[EX_REQUEST].head_seen)
		c->loss |= CALL_LOSS(JOINED_LATE);
}

static struct rpc_place place(struct visit *v, enum ex_side side, bool broken)
{
	const struct ex_message *msg = &v->ex->msg[side];
	bool from_client = side == EX_REQUEST;
	uint32_t loss = broken ? carry_loss(msg) : 0;

	return (struct rpc_place){
		.own = &v->own,
		.session = v->session,
		.from_client = from_client,
		.sent = (v->ex->role == EX_CLIENT) == from_client,
		.late = v->ex->joined_late,
		.t_begin = from_client && msg->t_first ? msg->t_first : v->t_begin,
		.t_end = v->now,
		.where = v->where,
		.loss = broken && !loss ? CALL_LOSS(JSON) : loss,
		.fill = fill,
		.ctx = v,
		.n = &v->calls,
		.owner = v,
		.streams = true,
	};
}

static void on_message(void *ctx, const struct rpcmsg *m)
{
	struct visit *v = ctx;
	struct rpc_place w = place(v, v->reading, m->broken);

	if (v->mode == MODE_CARD) {
		rpc_take_card(v->r, v->where, m);
		return;
	}
	if (v->mode == MODE_REST) {
		if (v->reading == EX_REQUEST)
			rpc_take_a2a(v->r, &w, m);
		else
			rpc_take_a2a_answer(&w, m);
	} else {
		rpc_take(v->r, &w, m);
	}
	v->ours |= w.ours;
}

static struct rpcmsg_reader *reader(struct visit *v, enum ex_side side)
{
	if (v->dead[side])
		return NULL;
	if (!v->side[side] &&
	    rpcmsg_new(&v->side[side], v->r->schema, v->r->opt.want_content, on_message, v)) {
		v->dead[side] = true;
		v->r->stats.no_memory++;
	}
	return v->side[side];
}

static void drop(struct visit *v, enum ex_side side)
{
	v->dead[side] = true;
	rpcmsg_free(v->side[side]);
	v->side[side] = NULL;
}

/* A document by itself begins with a brace or a bracket, and soon looks like one of ours. */
static void body(struct visit *v, enum ex_side side, struct sv bytes)
{
	struct rpcmsg_reader *in;
	bool first = !v->fed[side];

	v->reading = side;
	if (first) {
		while (bytes.len && strchr(" \t\r\n", bytes.p[0]) && bytes.p[0])
			bytes = sv_skip(bytes, 1);
		if (!bytes.len)
			return;
		if (bytes.p[0] != '{' && bytes.p[0] != '[')
			v->dead[side] = true;
	}
	v->fed[side] += bytes.len;
	in = reader(v, side);
	if (!in)
		return;
	if (first)
		rpcmsg_begin(in);
	rpcmsg_feed(in, bytes);
	if (v->fed[side] > BLANK_MAX && rpcmsg_is_blank(in))
		drop(v, side);
}

static void body_end(struct visit *v, enum ex_side side, bool whole)
{
	v->reading = side;
	if (v->side[side] && v->fed[side])
		rpcmsg_end(v->side[side], whole);
	drop(v, side);
}

/* ---- the exchange ---- */

/* What is certain to be something else is left alone. */
static bool is_wanted(const struct exchange *ex)
{
	const struct sv *header = ex->msg[EX_REQUEST].header;

	if (!ex->msg[EX_REQUEST].head_seen || ex->settled)
		return false;
	return sv_eq(ex->method, SV("POST")) || sv_eq(ex->method, SV("GET")) ||
	       sv_eq(ex->method, SV("CONNECT")) || header[EX_H_MCP_SESSION_ID].len;
}

static void on_begin(void *ctx, struct exchange *ex)
{
	struct rpc_reader *r = ctx;
	const struct sv *header = ex->msg[EX_REQUEST].header;
	struct visit *v = is_wanted(ex) ? calloc(1, sizeof(*v)) : NULL;

	ex->user[EX_READ_RPC] = v;
	if (!v)
		return;
	v->r = r;
	v->ex = ex;
	v->mode = mode_of(ex);
	v->where = rpc_hash(header[EX_H_HOST]);
	/* A2A is told by the client. */
	if (v->mode != MODE_RPC && ex->role == EX_SERVER)
		v->mode = MODE_RPC;
	/* A revision alone goes with discovery of other kinds, too. */
	v->ours = header[EX_H_MCP_SESSION_ID].len;
	v->own.is_mcp = v->ours || header[EX_H_MCP_PROTOCOL_VERSION].len;
	talk_name(v->own.protocol, header[EX_H_MCP_PROTOCOL_VERSION]);
	join(v, header[EX_H_MCP_SESSION_ID].len ? header[EX_H_MCP_SESSION_ID]
						: session_in(ex->target));
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	struct visit *v = ex->user[EX_READ_RPC];

	(void)ctx;
	if (v && (v->mode == MODE_RPC || v->mode == MODE_REST))
		body(v, EX_REQUEST, bytes);
}

/* Of a request of which only the head came through: the newest revision says it there, too. */
static void from_head(struct visit *v)
{
	const struct ex_message *req = &v->ex->msg[EX_REQUEST];
	struct rpcmsg m = { .broken = true };
	struct rpc_place w = place(v, EX_REQUEST, true);
	struct sv method = req->header[EX_H_MCP_METHOD], name = req->header[EX_H_MCP_NAME];
	bool uri = sv_starts(method, SV("resources/"));

	if (!method.len || !carry_loss(req))
		return;
	for (size_t i = 0; i < RPC_TEXTS; i++)
		buf_init(&m.text[i], CALL_STRING_MAX);
	buf_add(&m.text[RPC_METHOD], method);
	buf_add(&m.text[uri ? RPC_URI : RPC_NAME], name);
	rpc_take(v->r, &w, &m);
	v->ours |= w.ours;
	for (size_t i = 0; i < RPC_TEXTS; i++)
		buf_done(&m.text[i]);
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	struct visit *v = ex->user[EX_READ_RPC];
	const struct ex_message *req = &ex->msg[EX_REQUEST];

	(void)ctx;
	if (!v)
		return;
	v->now = req->t_end;
	body_end(v, EX_REQUEST, req->complete && !carry_loss(req));
	/* What says nothing that is looked for is a request all the same. */
	if (v->mode == MODE_GRPC || (v->mode == MODE_REST && !v->calls)) {
		struct rpc_place w = place(v, EX_REQUEST, carry_loss(req));

		rpc_take_a2a(v->r, &w, NULL);
		v->ours = true;
	}
	if (!v->calls)
		from_head(v);
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	struct visit *v = ex->user[EX_READ_RPC];

	(void)ctx;
	if (!v)
		return;
	v->t_begin = ex->msg[EX_RESPONSE].t_first;
	join(v, ex->msg[EX_RESPONSE].header[EX_H_MCP_SESSION_ID]);
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	struct visit *v = ex->user[EX_READ_RPC];

	(void)ctx;
	if (!v || v->mode == MODE_GRPC)
		return;
	v->now = time;
	body(v, EX_RESPONSE, bytes);
}

/* Of the HTTP+SSE transport: where to post to, and with it the session's name. */
static void take_endpoint(struct visit *v, const struct ex_event *ev)
{
	struct sv name = session_in(ev->data);

	if (ev->cont || ev->more || !name.len)
		return;
	join(v, name);
	v->ours = true;
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct visit *v = ex->user[EX_READ_RPC];
	struct rpcmsg_reader *in = v ? reader(v, side) : NULL;

	(void)ctx;
	if (!in || sv_eq(ev->type, SV("binary")))
		return;
	if (sv_eq(ev->type, SV("endpoint"))) {
		take_endpoint(v, ev);
		return;
	}
	v->now = time;
	v->reading = side;
	if (!ev->cont) {
		v->t_begin = time;
		rpcmsg_begin(in);
	}
	if (ev->gap)
		rpcmsg_gap(in);
	rpcmsg_feed(in, ev->data);
	if (!ev->more)
		rpcmsg_end(in, !ev->truncated && !ev->unread);
	/* A stream of other things is not read to its end. */
	if (!v->ours && ex->msg[side].events > 8)
		drop(v, side);
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct visit *v = ex->user[EX_READ_RPC];

	(void)ctx;
	if (!v)
		return;
	v->own.gap[side == EX_REQUEST] = true;
	if (v->session)
		v->session->gap[side == EX_REQUEST] = true;
	/* Events are whole or say what they miss. */
	if (v->side[side] && ex->msg[side].kind == EX_PLAIN)
		rpcmsg_gap(v->side[side]);
}

/* True when the answer may still come by another exchange of the session. */
static bool may_come(const struct visit *v)
{
	const struct exchange *ex = v->ex;

	if (!v->session || ex->outcome == EX_PROC_EXIT || ex->outcome == EX_STOPPED)
		return false;
	return ex->status == 202 || (ex->msg[EX_RESPONSE].kind == EX_SSE && ex->status == 200);
}

/* One request that this exchange asked, and that has no (last) answer. */
static void end_one(struct visit *v, struct talk *in, struct asked *a, uint64_t time)
{
	struct exchange *ex = v->ex;
	struct call *c = a->call,
		    end = { .outcome = CALL_NO_RESPONSE, .error_type = SV("no_response") };
	char text[16];

	c->status = ex->status;
	c->loss |= carry_loss(&ex->msg[EX_RESPONSE]);
	if (ex->outcome != EX_DONE)
		carry_outcome(&end, ex->outcome);
	if (a->answered && c->outcome == CALL_OK && ex->outcome != EX_DONE)
		carry_outcome(c, ex->outcome);
	if (ex->status < 400) {
		talk_give_up(&v->r->talks, in, a, end.outcome, end.error_type.p, time);
		return;
	}
	snprintf(text, sizeof(text), "%u", ex->status);
	if (!c->error_type.len)
		c->error_type = carry_string(c, sv_of(text));
	talk_give_up(&v->r->talks, in, a, CALL_ERROR, NULL, time);
}

static void end_waiting(struct visit *v, uint64_t time)
{
	struct talk *in = v->session ? v->session : &v->own;
	bool stays = may_come(v);
	struct asked *a;

	while ((a = talk_of(in, v))) {
		a->owner = NULL;
		a->t_end = time;
		if (!stays)
			end_one(v, in, a, time);
	}
	talk_end(&v->r->talks, &v->own, CALL_UNKNOWN, "", time);
}

/* The client ends its session, or its process ends. */
static bool ends_session(const struct exchange *ex)
{
	return ex->outcome == EX_PROC_EXIT ||
	       (sv_eq(ex->method, SV("DELETE")) && ex->status >= 200 && ex->status < 300);
}

static void leave(struct visit *v, uint64_t time)
{
	if (!v->session)
		return;
	if (ends_session(v->ex)) {
		bool exit = v->ex->outcome == EX_PROC_EXIT;

		talk_end(&v->r->talks, v->session, exit ? CALL_PROC_EXIT : CALL_NO_RESPONSE,
			 exit ? "process_exit" : "no_response", time);
	}
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct visit *v = ex->user[EX_READ_RPC];
	const struct ex_message *resp = &ex->msg[EX_RESPONSE];

	(void)ctx;
	if (!v)
		return;
	ex->user[EX_READ_RPC] = NULL;
	v->now = resp->t_end ? resp->t_end : time;
	if (resp->kind == EX_PLAIN)
		body_end(v, EX_RESPONSE, resp->complete && !carry_loss(resp));
	drop(v, EX_RESPONSE);
	drop(v, EX_REQUEST);
	end_waiting(v, v->now);
	leave(v, v->now);
	if (v->session)
		talk_leave(&v->r->talks, v->session);
	ex->claimed |= v->ours && v->mode != MODE_CARD;
	free(v);
}

const struct exchange_ops rpc_exchange_ops = {
	.begin = on_begin,
	.req_body = on_req_body,
	.req_end = on_req_end,
	.resp_head = on_resp_head,
	.resp_body = on_resp_body,
	.event = on_event,
	.gap = on_gap,
	.end = on_end,
};

/* ---- the reader ---- */

void rpc_tell(struct rpc_reader *r, struct call *c)
{
	r->stats.calls++;
	r->opt.fn(r->opt.ctx, c);
}

static void on_told(void *ctx, struct call *c)
{
	struct rpc_reader *r = ctx;

	if (!r->hold || !r->hold(r->hold_ctx, c))
		rpc_tell(r, c);
}

int rpc_reader_new(struct rpc_reader **ret, const struct rpc_options *opt)
{
	struct rpc_reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	r->talks.fn = on_told;
	r->talks.ctx = r;
	err = rpcmsg_schema_new(&r->schema);
	if (err) {
		free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void rpc_reader_stop(struct rpc_reader *r, uint64_t time)
{
	talks_stop(&r->talks, CALL_UNKNOWN, time);
}

void rpc_reader_free(struct rpc_reader *r)
{
	if (!r)
		return;
	talks_stop(&r->talks, CALL_UNKNOWN, 0);
	rpcmsg_schema_free(r->schema);
	free(r);
}

const struct rpc_stats *rpc_reader_stats(const struct rpc_reader *r)
{
	return &r->stats;
}
