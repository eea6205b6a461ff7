// SPDX-License-Identifier: Apache-2.0
#include "exchange/wsock.h"

#include <errno.h>
#include <stdlib.h>

#include "earshot/stats.h"
#include "exchange/body.h"
#include "exchange/round.h"
#include "proto/ws.h"

struct wsock_side {
	struct wsock *w;
	enum ex_side side;
	uint64_t bytes;
	uint32_t tid; /* of the close frame */
	struct ws ws;
};

struct wsock {
	wsock_event_fn *fn;
	void *ctx;
	struct wsock_side side[2];
	struct wsock_side *first; /* to say close */
};

static void on_event(void *ctx, const struct event *ev)
{
	struct ex_event named = body_event(ev);
	struct wsock_side *s = ctx;

	s->bytes += ev->data.len;
	s->w->fn(s->w->ctx, s->side, &named);
}

int wsock_new(struct wsock **ret, struct sv extensions, bool joined,
	      const struct wsock_limits *limits, wsock_event_fn *fn, void *ctx)
{
	const struct ws_limits ws_limits = { limits->message, limits->ratio };
	struct ws_deflate deflate[2];
	struct wsock *w;

	if (!ws_extensions(extensions, deflate))
		return -ENOTSUP;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fn = fn;
	w->ctx = ctx;
	for (int side = EX_REQUEST; side <= EX_RESPONSE; side++) {
		enum ws_from from = side == EX_REQUEST ? WS_FROM_CLIENT : WS_FROM_SERVER;
		struct wsock_side *s = &w->side[side];

		s->w = w;
		s->side = (enum ex_side)side;
		deflate[from].unknown = joined;
		ws_init(&s->ws, from, &deflate[from], &ws_limits, on_event, s);
		if (joined)
			ws_join(&s->ws);
	}
	*ret = w;
	return 0;
}

void wsock_free(struct wsock *w)
{
	if (!w)
		return;
	ws_done(&w->side[EX_REQUEST].ws);
	ws_done(&w->side[EX_RESPONSE].ws);
	free(w);
}

static void note_close(struct wsock *w, int side)
{
	if (!w->first && w->side[side].ws.closed)
		w->first = &w->side[side];
}

void wsock_feed(struct wsock *w, enum ex_side side, struct sv bytes, uint32_t tid)
{
	/* Who is answered has said all it had to say: a frame that is being looked for is whole. */
	ws_pause(&w->side[!side].ws);
	note_close(w, !side);
	if (!w->side[side].ws.closed)
		w->side[side].tid = tid;
	ws_feed(&w->side[side].ws, bytes);
	note_close(w, side);
}

void wsock_gap(struct wsock *w, enum ex_side side, uint64_t count)
{
	ws_gap(&w->side[side].ws, count);
	note_close(w, side);
}

void wsock_end(struct wsock *w)
{
	for (int side = EX_REQUEST; side <= EX_RESPONSE; side++) {
		ws_close(&w->side[side].ws);
		note_close(w, side);
	}
}

bool wsock_over(const struct wsock *w)
{
	return w->side[EX_REQUEST].ws.closed && w->side[EX_RESPONSE].ws.closed;
}

struct wsock_tally wsock_tally(const struct wsock *w, enum ex_side side)
{
	const struct ws *ws = &w->side[side].ws;

	return (struct wsock_tally){
		.messages = ws->out.events,
		.bytes = w->side[side].bytes,
		.broken = ws->out.broken,
		.skipped = ws->out.skipped,
		.unread = ws->counts.unread,
		.bounded = ws->counts.bounded,
		.closed = ws->closed,
		.first = w->first == &w->side[side],
		.tid = w->side[side].tid,
		.code = ws->close_code == WS_CLOSE_NONE ? 0 : ws->close_code,
	};
}

/* Streams that were joined in the middle: one exchange each. */

static enum ex_side side_of(const struct conn *conn, enum conn_dir dir)
{
	return dir == conn->request_dir ? EX_REQUEST : EX_RESPONSE;
}

static void on_open(void *ctx, struct conn *conn)
{
	struct round *round = round_new(ctx, conn, 0);

	conn->user = round;
	if (!round)
		return;
	round->now = conn->t_open;
	round_joined_websocket(round);
}

static bool on_bytes(void *ctx, struct conn *conn, enum conn_dir dir, struct sv bytes,
		     uint64_t time)
{
	struct pairs *pairs = ctx;
	struct round *round = conn->user;

	if (!round) {
		stat_add(pairs->opts.stats, ES_U_CALLS_FULL, bytes.len);
		return false;
	}
	round->now = time;
	round_bytes(round, side_of(conn, dir), bytes);
	return true;
}

static void on_gap(void *ctx, struct conn *conn, enum conn_dir dir, uint64_t count, uint64_t time)
{
	struct round *round = conn->user;

	(void)ctx;
	if (!round)
		return;
	round->now = time;
	round_gap(round, side_of(conn, dir), count, !conn->inexact);
}

static void on_close(void *ctx, struct conn *conn, enum conn_end why, uint64_t time)
{
	struct round *round = conn->user;

	(void)ctx;
	if (!round)
		return;
	round->now = time;
	round_end(round, conn, round_outcome(round, conn, true, why), time);
	conn->user = NULL;
}

const struct conn_sink wsock_sink = {
	.open = on_open,
	.bytes = on_bytes,
	.gap = on_gap,
	.close = on_close,
};
