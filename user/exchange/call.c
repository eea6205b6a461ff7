// SPDX-License-Identifier: Apache-2.0
#include "exchange/call.h"

#include <errno.h>
#include <stdlib.h>

#include "earshot/stats.h"
#include "exchange/target.h"

static const struct sv header_names[EX_H_COUNT] = {
#define X(name, text) [EX_H_##name] = { text, sizeof(text) - 1 },
	EX_HEADERS(X)
#undef X
};

static void lose(const struct call *call, enum es_stat cause, uint64_t bytes)
{
	stat_add(call->pairs->opts.stats, cause, bytes);
}

static void set_peer(struct exchange *ex, const struct conn *conn)
{
	ex->peer_family = conn->peer_family;
	ex->peer_port = conn->peer_port;
	memcpy(ex->peer_addr, conn->peer_addr, sizeof(ex->peer_addr));
}

static struct exchange *exchange_new(struct pairs *pairs, const struct conn *conn, uint64_t number)
{
	struct exchange *ex = calloc(1, sizeof(*ex));

	if (!ex)
		return NULL;
	ex->tgid = conn->tgid;
	ex->proc_start = conn->proc_start;
	ex->object = conn->object;
	ex->birth = conn->birth;
	ex->number = number;
	ex->role = conn->request_dir == CONN_WRITE ? EX_CLIENT : EX_SERVER;
	ex->outcome = EX_OPEN;
	ex->tls = conn->tls;
	ex->joined_late = conn->late;
	ex->method = ex->target = SV("");
	set_peer(ex, conn);
	arena_init(&ex->arena, pairs->opts.arena_limit);
	return ex;
}

struct call *call_new(struct pairs *pairs, const struct conn *conn, uint64_t number)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->pairs = pairs;
	if (pairs->open < pairs->opts.max_open)
		call->ex = exchange_new(pairs, conn, number);
	if (call->ex)
		pairs->open++;
	else
		lose(call, ES_U_CALLS_FULL, 0);
	return call;
}

static void begin(struct call *call)
{
	const struct pairs_opts *o = &call->pairs->opts;

	if (!call->begun)
		o->ops->begin(o->ctx, call->ex);
	call->begun = true;
}

void call_end(struct call *call, const struct conn *conn, enum ex_outcome outcome, uint64_t time)
{
	const struct pairs_opts *o = &call->pairs->opts;
	struct exchange *ex = call->ex;

	if (ex) {
		begin(call);
		set_peer(ex, conn);
		ex->outcome = outcome;
		if (call->broken)
			strncpy(ex->reason, call->broken, sizeof(ex->reason) - 1);
		o->ops->end(o->ctx, ex, time);
		arena_done(&ex->arena);
		free(ex);
		call->pairs->open--;
	}
	body_free(call->body[EX_REQUEST]);
	body_free(call->body[EX_RESPONSE]);
	free(call);
}

void call_start(struct call *call, enum ex_side side, uint64_t time)
{
	call->started[side] = true;
	if (call->ex)
		call->ex->msg[side].t_first = time;
}

static struct sv keep(struct call *call, struct sv s)
{
	struct sv copy = arena_copy(&call->ex->arena, s);

	if (!copy.p)
		lose(call, ES_U_ARENA_FULL, s.len);
	return copy;
}

/* Only what the table names is kept; no credential stands there. */
static void keep_headers(struct call *call, struct ex_message *msg, const struct http1_head *head)
{
	for (size_t i = 0; i < head->field_count; i++) {
		const struct http1_field *f = &head->fields[i];
		size_t h = 0;

		while (h < EX_H_COUNT && !sv_eq_nocase(f->name, header_names[h]))
			h++;
		if (h < EX_H_COUNT && !msg->header[h].p)
			msg->header[h] = keep(call, f->value);
	}
}

static bool is_event_stream(struct sv content_type)
{
	struct sv type = sv_trim(sv_cut(content_type, sv_find(content_type, ';')));

	return sv_eq_nocase(type, SV("text/event-stream"));
}

/* Handing on. */

static void give(struct call *call, enum ex_side side, struct sv bytes)
{
	const struct pairs_opts *o = &call->pairs->opts;

	call->ex->msg[side].body_bytes += bytes.len;
	if (side == EX_REQUEST)
		o->ops->req_body(o->ctx, call->ex, bytes);
	else
		o->ops->resp_body(o->ctx, call->ex, bytes, call->now);
}

static void req_bytes(void *ctx, struct sv bytes)
{
	give(ctx, EX_REQUEST, bytes);
}

static void resp_bytes(void *ctx, struct sv bytes)
{
	give(ctx, EX_RESPONSE, bytes);
}

static void resp_event(void *ctx, const struct sse_event *ev)
{
	struct call *call = ctx;
	const struct pairs_opts *o = &call->pairs->opts;

	o->ops->resp_event(o->ctx, call->ex, ev, call->now);
}

static const struct body_sink body_sinks[] = {
	[EX_REQUEST] = { .bytes = req_bytes },
	[EX_RESPONSE] = { .bytes = resp_bytes, .event = resp_event },
};

/* The body cannot be handed on, from here on or at all. */
static void body_failed(struct call *call, enum ex_side side, int err)
{
	struct ex_message *msg = &call->ex->msg[side];

	call->dead[side] = true;
	if (err == -E2BIG) {
		msg->truncated = true;
		lose(call, ES_U_EXPANSION, 0);
	} else {
		/* Behind a gap, the gap is the reason. */
		msg->decode_failed = err != -ENODATA;
		lose(call, ES_U_DECODE_ERROR, 0);
	}
}

static void body_begin(struct call *call, enum ex_side side)
{
	struct ex_message *msg = &call->ex->msg[side];
	struct sv codings[2] = { msg->header[EX_H_CONTENT_ENCODING],
				 msg->header[EX_H_TRANSFER_ENCODING] };
	int err;

	if (sv_eq_nocase(codings[1], SV("chunked")))
		codings[1] = SV_NONE;
	if (!codings[0].len && !codings[1].len && !msg->sse)
		return;
	err = body_new(&call->body[side], codings, msg->sse, &call->pairs->limits,
		       &body_sinks[side], call);
	if (err)
		body_failed(call, side, err);
}

static void request_head(struct call *call, const struct http1_head *head)
{
	struct exchange *ex = call->ex;

	ex->method = keep(call, head->method);
	ex->target = target_clean(&ex->arena, head->target);
	if (!ex->target.p)
		lose(call, ES_U_ARENA_FULL, head->target.len);
	begin(call);
}

static void response_head(struct call *call, const struct http1_head *head)
{
	const struct pairs_opts *o = &call->pairs->opts;
	struct exchange *ex = call->ex;

	begin(call);
	ex->status = head->status;
	ex->msg[EX_RESPONSE].sse = is_event_stream(ex->msg[EX_RESPONSE].header[EX_H_CONTENT_TYPE]);
	o->ops->resp_head(o->ctx, ex);
}

void call_head(struct call *call, enum ex_side side, const struct http1_head *head)
{
	struct exchange *ex = call->ex;

	if (side == EX_REQUEST) {
		call->without_body = sv_eq(head->method, SV("HEAD"));
		call->connects = sv_eq(head->method, SV("CONNECT"));
	}
	if (!ex)
		return;
	ex->http_major = head->major;
	ex->http_minor = head->minor;
	ex->msg[side].head_seen = true;
	ex->msg[side].conflict = head->conflict;
	keep_headers(call, &ex->msg[side], head);
	if (side == EX_REQUEST)
		request_head(call, head);
	else
		response_head(call, head);
	body_begin(call, side);
}

void call_bytes(struct call *call, enum ex_side side, struct sv bytes)
{
	struct ex_message *msg;
	int err;

	if (!call->ex)
		return;
	msg = &call->ex->msg[side];
	msg->wire_bytes += bytes.len;
	if (!msg->t_body)
		msg->t_body = call->now;
	if (call->dead[side]) {
		stat_more(call->pairs->opts.stats,
			  msg->truncated ? ES_U_EXPANSION : ES_U_DECODE_ERROR, bytes.len);
		return;
	}
	if (!call->body[side]) {
		give(call, side, bytes);
		return;
	}
	err = body_feed(call->body[side], bytes);
	if (msg->sse)
		msg->body_bytes = body_bytes(call->body[side]);
	if (err)
		body_failed(call, side, err);
}

void call_gap(struct call *call, enum ex_side side, uint64_t lost)
{
	const struct pairs_opts *o = &call->pairs->opts;

	call->torn[side] = true;
	if (!call->ex)
		return;
	call->ex->msg[side].gapped = true;
	call->ex->msg[side].lost += lost;
	if (call->body[side])
		body_gap(call->body[side]);
	if (call->begun)
		o->ops->gap(o->ctx, call->ex, side);
}

void call_side_end(struct call *call, enum ex_side side, bool complete)
{
	const struct pairs_opts *o = &call->pairs->opts;
	struct ex_message *msg;
	int err = 0;

	call->ended[side] = true;
	if (!call->ex)
		return;
	msg = &call->ex->msg[side];
	msg->complete = complete;
	msg->t_end = call->now;
	if (complete && call->body[side] && !call->dead[side])
		err = body_end(call->body[side]);
	if (err)
		body_failed(call, side, err);
	body_free(call->body[side]);
	call->body[side] = NULL;
	if (side != EX_REQUEST)
		return;
	begin(call);
	o->ops->req_end(o->ctx, call->ex);
}
