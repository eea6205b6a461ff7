// SPDX-License-Identifier: Apache-2.0
#include "exchange/round.h"

#include <errno.h>
#include <stdlib.h>

#include "earshot/stats.h"
#include "exchange/target.h"

static const struct sv header_names[EX_H_COUNT] = {
#define X(name, text) [EX_H_##name] = { text, sizeof(text) - 1 },
	EX_HEADERS(X)
#undef X
};

static void lose(const struct round *round, enum es_stat cause, uint64_t bytes)
{
	stat_add(round->pairs->opts.stats, cause, bytes);
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

struct round *round_new(struct pairs *pairs, const struct conn *conn, uint64_t number)
{
	struct round *round = calloc(1, sizeof(*round));

	if (!round)
		return NULL;
	round->pairs = pairs;
	round->conn = conn;
	if (pairs->open < pairs->opts.max_open)
		round->ex = exchange_new(pairs, conn, number);
	if (round->ex)
		pairs->open++;
	else
		lose(round, ES_U_CALLS_FULL, 0);
	return round;
}

static void begin(struct round *round)
{
	const struct pairs_opts *o = &round->pairs->opts;

	if (!round->begun)
		o->ops->begin(o->ctx, round->ex);
	round->begun = true;
}

void round_start(struct round *round, enum ex_side side, uint64_t time)
{
	round->started[side] = true;
	if (round->ex)
		round->ex->msg[side].t_first = time;
}

static struct sv keep(struct round *round, struct sv s)
{
	struct sv copy = arena_copy(&round->ex->arena, s);

	if (!copy.p)
		lose(round, ES_U_ARENA_FULL, s.len);
	return copy;
}

/* Only what the table names is kept; no credential stands there. */
static void keep_headers(struct round *round, struct ex_message *msg, const struct http_head *head)
{
	if (head->authority.len)
		msg->header[EX_H_HOST] = keep(round, head->authority);
	for (size_t i = 0; i < head->field_count; i++) {
		const struct http_field *f = &head->fields[i];
		size_t h = 0;

		while (h < EX_H_COUNT && !sv_eq_nocase(f->name, header_names[h]))
			h++;
		if (h < EX_H_COUNT && !msg->header[h].p)
			msg->header[h] = keep(round, f->value);
	}
}

/* Handing on. */

static void give(struct round *round, enum ex_side side, struct sv bytes)
{
	const struct pairs_opts *o = &round->pairs->opts;

	round->ex->msg[side].body_bytes += bytes.len;
	if (side == EX_REQUEST)
		o->ops->req_body(o->ctx, round->ex, bytes);
	else
		o->ops->resp_body(o->ctx, round->ex, bytes, round->now);
}

static void req_bytes(void *ctx, struct sv bytes)
{
	give(ctx, EX_REQUEST, bytes);
}

static void resp_bytes(void *ctx, struct sv bytes)
{
	give(ctx, EX_RESPONSE, bytes);
}

static void give_event(struct round *round, enum ex_side side, const struct ex_event *ev)
{
	const struct pairs_opts *o = &round->pairs->opts;

	o->ops->event(o->ctx, round->ex, side, ev, round->now);
}

static void req_event(void *ctx, const struct ex_event *ev)
{
	give_event(ctx, EX_REQUEST, ev);
}

static void resp_event(void *ctx, const struct ex_event *ev)
{
	give_event(ctx, EX_RESPONSE, ev);
}

static void req_kind(void *ctx, enum ex_kind kind)
{
	struct round *round = ctx;

	round->ex->msg[EX_REQUEST].kind = kind;
}

static void resp_kind(void *ctx, enum ex_kind kind)
{
	struct round *round = ctx;

	round->ex->msg[EX_RESPONSE].kind = kind;
}

static const struct body_sink body_sinks[] = {
	[EX_REQUEST] = { req_kind, req_bytes, req_event },
	[EX_RESPONSE] = { resp_kind, resp_bytes, resp_event },
};

/* What is counted of a body besides what is handed on. */
static void tally(struct round *round, enum ex_side side)
{
	struct ex_message *msg = &round->ex->msg[side];
	struct body_tally t = body_tally(round->body[side]);

	if (msg->kind != EX_PLAIN)
		msg->body_bytes = t.bytes;
	msg->events = t.events;
}

/* The body cannot be handed on, from here on or at all. */
static void body_failed(struct round *round, enum ex_side side, int err)
{
	struct ex_message *msg = &round->ex->msg[side];

	round->dead[side] = true;
	round->cause[side] = err == -E2BIG   ? ES_U_EXPANSION
			     : err == -EFBIG ? ES_U_BODY_WINDOW
					     : ES_U_DECODE_ERROR;
	lose(round, round->cause[side], 0);
	msg->truncated = err == -E2BIG || err == -EFBIG;
	/* Behind a gap, the gap is the reason. */
	msg->decode_failed = !msg->truncated && err != -ENODATA;
}

static void body_begin(struct round *round, enum ex_side side)
{
	struct ex_message *msg = &round->ex->msg[side];
	struct body_head head = {
		.content_type = msg->header[EX_H_CONTENT_TYPE],
		.codings = { msg->header[EX_H_CONTENT_ENCODING],
			     msg->header[EX_H_TRANSFER_ENCODING] },
		.answer = side == EX_RESPONSE,
	};
	int err;

	if (!body_needed(&head))
		return;
	err = body_new(&round->body[side], &head, &round->pairs->limits, &body_sinks[side], round);
	if (err)
		body_failed(round, side, err);
}

/* WebSockets. */

static void on_message(void *ctx, enum ex_side side, const struct ex_event *ev)
{
	give_event(ctx, side, ev);
}

/* joined: its handshake was not seen. */
static void websocket_begin(struct round *round, struct sv extensions, bool joined)
{
	const struct body_limits *l = &round->pairs->limits;
	const struct wsock_limits limits = { l->event, l->ratio };
	const struct pairs_opts *o = &round->pairs->opts;

	if (wsock_new(&round->ws, extensions, joined, &limits, on_message, round))
		return;
	round->upgraded = false;
	round->ex->msg[EX_REQUEST].kind = round->ex->msg[EX_RESPONSE].kind = EX_WEBSOCKET;
	/* What is asked comes in messages; the request itself is over. */
	if (!round->ended[EX_REQUEST])
		o->ops->req_end(o->ctx, round->ex);
}

void round_joined_websocket(struct round *round)
{
	if (!round->ex)
		return;
	round->ended[EX_REQUEST] = true;
	begin(round);
	websocket_begin(round, SV_NONE, true);
}

void round_assume_websocket(struct round *round)
{
	if (!round->ex)
		return;
	round->ex->joined_late = true;
	websocket_begin(round, SV_NONE, true);
}

/* An answer that makes a WebSocket of the call (RFC 6455 section 4.2.2, RFC 8441 section 5). */
static bool makes_websocket(const struct round *round, const struct http_head *head)
{
	struct sv upgrade = round->ex->msg[EX_RESPONSE].header[EX_H_UPGRADE];

	if (head->status == 101)
		return sv_eq_nocase(upgrade, SV("websocket"));
	return round->websocket && head->status >= 200 && head->status < 300;
}

static void websocket_bytes(struct round *round, enum ex_side side, struct sv bytes)
{
	struct ex_message *msg = &round->ex->msg[side];
	struct wsock_tally t;

	wsock_feed(round->ws, side, bytes, round->conn->tid);
	t = wsock_tally(round->ws, side);
	msg->body_bytes = t.bytes;
	msg->events = t.messages;
	msg->t_end = round->now;
}

/* Whose close frame was the first, and what it says. */
static void take_close(struct round *round, enum ex_side side, const struct wsock_tally *t)
{
	enum ex_side own = round->ex->role == EX_CLIENT ? EX_REQUEST : EX_RESPONSE;
	struct exchange *ex = round->ex;

	if (!t->closed || !t->first)
		return;
	ex->close.seen = true;
	if (!wsock_over(round->ws))
		ex->close.unsure = ex->joined_late || ex->msg[!side].gapped;
	else
		/* A write is seen when it has returned: another thread may have read its answer. */
		ex->close.unsure = side != own && t->tid != wsock_tally(round->ws, own).tid;
	ex->close.first = side;
	ex->close.code = t->code;
}

static void websocket_end(struct round *round)
{
	struct stat_pair *stats = round->pairs->opts.stats;

	wsock_end(round->ws);
	for (int side = EX_REQUEST; side <= EX_RESPONSE; side++) {
		struct wsock_tally t = wsock_tally(round->ws, (enum ex_side)side);

		round->ex->msg[side].body_bytes = t.bytes;
		round->ex->msg[side].events = t.messages;
		round->ex->msg[side].complete = t.closed;
		take_close(round, (enum ex_side)side, &t);
		stats[ES_U_PROTO_ERROR].events += t.broken;
		stats[ES_U_WS_UNREAD].events += t.unread;
		stats[ES_U_EXPANSION].events += t.bounded;
		if (t.skipped)
			stat_add(stats, round->ex->joined_late ? ES_U_JOINED : ES_U_RESYNC,
				 t.skipped);
	}
	wsock_free(round->ws);
	round->ws = NULL;
}

bool round_over(const struct round *round)
{
	return round->ws && wsock_over(round->ws);
}

static void request_head(struct round *round, const struct http_head *head)
{
	struct exchange *ex = round->ex;

	ex->method = keep(round, head->method);
	ex->target = target_clean(&ex->arena, head->target.p ? head->target : SV(""));
	if (!ex->target.p)
		lose(round, ES_U_ARENA_FULL, head->target.len);
	body_begin(round, EX_REQUEST);
	begin(round);
}

static void response_head(struct round *round, const struct http_head *head)
{
	const struct pairs_opts *o = &round->pairs->opts;
	struct exchange *ex = round->ex;

	begin(round);
	ex->status = head->status;
	if (makes_websocket(round, head))
		websocket_begin(round, ex->msg[EX_RESPONSE].header[EX_H_SEC_WEBSOCKET_EXTENSIONS],
				false);
	else if (!round->without_body)
		body_begin(round, EX_RESPONSE);
	o->ops->resp_head(o->ctx, ex);
}

void round_head(struct round *round, enum ex_side side, const struct http_head *head)
{
	struct exchange *ex = round->ex;

	round->headed[side] = true;
	if (side == EX_REQUEST) {
		round->without_body = sv_eq(head->method, SV("HEAD"));
		round->connects = sv_eq(head->method, SV("CONNECT"));
		round->protocol = head->protocol.len > 0;
		round->websocket = sv_eq_nocase(head->protocol, SV("websocket"));
	}
	if (!ex)
		return;
	ex->http_major = head->major;
	ex->http_minor = head->minor;
	/* Of a head that is lost altogether HTTP/2 gives an empty one. */
	ex->msg[side].head_seen =
		!head->fields_unknown || head->method.len || head->status || head->field_count;
	ex->msg[side].conflict = head->conflict;
	ex->msg[side].fields_unknown = head->fields_unknown;
	keep_headers(round, &ex->msg[side], head);
	round->asks |= side == EX_REQUEST &&
		       sv_eq_nocase(ex->msg[side].header[EX_H_UPGRADE], SV("websocket"));
	if (side == EX_REQUEST)
		request_head(round, head);
	else
		response_head(round, head);
}

void round_trailers(struct round *round, enum ex_side side, const struct http_head *head)
{
	if (round->ex)
		keep_headers(round, &round->ex->msg[side], head);
}

void round_bytes(struct round *round, enum ex_side side, struct sv bytes)
{
	struct ex_message *msg;
	int err;

	if (!round->ex)
		return;
	msg = &round->ex->msg[side];
	msg->wire_bytes += bytes.len;
	if (!msg->t_body)
		msg->t_body = round->now;
	if (round->ws) {
		websocket_bytes(round, side, bytes);
		return;
	}
	if (round->dead[side]) {
		stat_more(round->pairs->opts.stats, round->cause[side], bytes.len);
		return;
	}
	if (!round->body[side]) {
		give(round, side, bytes);
		return;
	}
	err = body_feed(round->body[side], bytes);
	tally(round, side);
	if (err)
		body_failed(round, side, err);
}

void round_gap(struct round *round, enum ex_side side, uint64_t lost, bool exact)
{
	const struct pairs_opts *o = &round->pairs->opts;

	round->torn[side] = true;
	if (!round->ex)
		return;
	round->ex->msg[side].gapped = true;
	round->ex->msg[side].lost += lost;
	if (round->body[side])
		body_gap(round->body[side], lost, exact);
	if (round->ws)
		wsock_gap(round->ws, side, exact ? lost : 0);
	if (round->begun)
		o->ops->gap(o->ctx, round->ex, side);
}

static void body_over(struct round *round, enum ex_side side, bool complete)
{
	struct stat_pair *stats = round->pairs->opts.stats;
	struct body_tally t;
	int err = body_end(round->body[side], complete);

	if (err && complete && !round->dead[side])
		body_failed(round, side, err);
	tally(round, side);
	t = body_tally(round->body[side]);
	stats[ES_U_PROTO_ERROR].events += t.broken;
	if (t.skipped)
		stat_add(stats, ES_U_RESYNC, t.skipped);
	body_free(round->body[side]);
	round->body[side] = NULL;
}

void round_side_end(struct round *round, enum ex_side side, bool complete)
{
	const struct pairs_opts *o = &round->pairs->opts;
	struct ex_message *msg;

	round->ended[side] = true;
	if (!round->ex)
		return;
	msg = &round->ex->msg[side];
	msg->complete = complete;
	msg->t_end = round->now;
	if (round->body[side])
		body_over(round, side, complete);
	if (side != EX_REQUEST || round->ws)
		return;
	begin(round);
	o->ops->req_end(o->ctx, round->ex);
}

void round_end(struct round *round, const struct conn *conn, enum ex_outcome outcome, uint64_t time)
{
	const struct pairs_opts *o = &round->pairs->opts;
	struct exchange *ex = round->ex;

	round->now = time;
	if (ex) {
		begin(round);
		for (int side = EX_REQUEST; side <= EX_RESPONSE; side++) {
			if (round->body[side])
				body_over(round, side, false);
		}
		if (round->ws)
			websocket_end(round);
		set_peer(ex, conn);
		ex->outcome = outcome;
		if (round->broken)
			strncpy(ex->reason, round->broken, sizeof(ex->reason) - 1);
		o->ops->end(o->ctx, ex, time);
		arena_done(&ex->arena);
		free(ex);
		round->pairs->open--;
	}
	free(round);
}

bool round_hung_up(const struct conn *conn, bool closing, enum conn_end why)
{
	return closing && why == CONN_FREED && conn->socket == ES_SOCKET_OPEN;
}

enum ex_outcome round_outcome(const struct round *round, const struct conn *conn, bool closing,
			      enum conn_end why)
{
	if (round_over(round))
		return EX_DONE;
	if (round->upgraded)
		return EX_UPGRADED;
	if (round->broken)
		return EX_BROKEN;
	/* A WebSocket that ends without a word was cut (RFC 6455 section 7.1.5). */
	if (round->ended[EX_RESPONSE] && round->whole && !round->ws)
		return EX_DONE;
	if (closing && (why == CONN_EXIT || why == CONN_EXEC))
		return EX_PROC_EXIT;
	if (closing && why == CONN_STOPPED)
		return EX_STOPPED;
	/* A response whose end was lost may have come whole: then nobody hung up on it. */
	if (round_hung_up(conn, closing, why) && conn->request_dir == CONN_WRITE &&
	    !round->torn[EX_RESPONSE])
		return EX_CANCELLED;
	return round->started[EX_RESPONSE] || round->torn[EX_RESPONSE] ? EX_CUT : EX_NO_RESPONSE;
}
