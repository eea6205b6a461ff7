// SPDX-License-Identifier: Apache-2.0
#include "exchange/h2.h"

#include <stdlib.h>

#include "exchange/h2_in.h"

/* STREAM_CLOSED (RFC 9113 section 7). */
#define RESET_CLOSED 5
/* Of a name longer than this, which DNS does not have, the rest is not kept. */
#define HOST_MAX 260

/* Streams. */

struct h2_stream *h2_find(struct h2 *h, uint32_t id)
{
	if (h->last < h->count && h->streams[h->last].id == id)
		return &h->streams[h->last];
	for (uint32_t i = h->count; i-- > 0;) {
		if (h->streams[i].id != id)
			continue;
		h->last = i;
		return &h->streams[i];
	}
	return NULL;
}

static bool is_gone(const struct h2 *h, uint32_t id)
{
	for (size_t i = 0; i < H2_GONE_MAX; i++) {
		if (h->gone[i] == id)
			return true;
	}
	return false;
}

static bool make_room(struct h2 *h)
{
	uint32_t cap = h->cap ? 2 * h->cap : 4;
	struct h2_stream *s;

	if (h->count < h->cap)
		return true;
	if (h->count == H2_STREAMS_MAX)
		return false;
	s = realloc(h->streams, cap * sizeof(*s));
	if (!s)
		return false;
	h->streams = s;
	h->cap = cap;
	return true;
}

static struct h2_stream *add(struct h2 *h, uint32_t id)
{
	struct round *round = make_room(h) ? round_new(h->pairs, h->conn, h->number) : NULL;

	if (!round) {
		h2_lose(h, ES_U_CALLS_FULL, 0);
		h->gone[h->gone_next++ % H2_GONE_MAX] = id;
		return NULL;
	}
	h->number++;
	if (id > h->newest)
		h->newest = id;
	round->now = h->now;
	/* Behind an upgrade the connection counts as what it was. */
	if (round->ex)
		round->ex->http_major = 2;
	h->last = h->count;
	h->streams[h->count] = (struct h2_stream){ .id = id, .round = round, .heard = h->now };
	return &h->streams[h->count++];
}

struct h2_stream *h2_add_headless(struct h2 *h, uint32_t id)
{
	struct h2_half *requests = h2_half_of(h, EX_REQUEST);
	struct h2_stream *s = add(h, id);

	if (!s)
		return NULL;
	if (requests->pending)
		round_gap(s->round, EX_REQUEST, requests->pending, false);
	requests->pending = 0;
	return s;
}

static void end(struct h2 *h, struct h2_stream *s, enum ex_outcome outcome)
{
	struct round *round = s->round;

	h->gone[h->gone_next++ % H2_GONE_MAX] = s->id;
	if (round == h->first)
		h->first = NULL;
	/* Order does not matter but for the search, which begins with the newest. */
	memmove(s, s + 1, (size_t)(h->streams + --h->count - s) * sizeof(*s));
	round_end(round, h->conn, outcome, h->now);
}

static enum ex_outcome outcome_of(const struct h2 *h, const struct h2_stream *s)
{
	return round_outcome(s->round, h->conn, h->closing, (enum conn_end)h->why);
}

/* Nobody waits for those of which the end is lost. */
static void end_silent(struct h2 *h)
{
	for (uint32_t i = h->count; i-- > 0;) {
		struct h2_stream *s = &h->streams[i];

		if (s->unsure[EX_RESPONSE] && h->now - s->heard > H2_SILENT_NS)
			end(h, s, outcome_of(h, s));
	}
}

static void end_if_over(struct h2 *h, struct h2_stream *s)
{
	struct round *round = s->round;

	if (!round->ended[EX_RESPONSE])
		return;
	/* The end of a request that was answered whole was seen, or lost, or nobody cares. */
	if (!round->ended[EX_REQUEST] && !s->unsure[EX_REQUEST] && s->head[EX_REQUEST])
		return;
	end(h, s, outcome_of(h, s));
	end_silent(h);
}

/* A frame of it came: what was lost before held neither its end nor its trailers. */
static void hear(struct h2_half *half, struct h2_stream *s)
{
	s->unsure[h2_side_of(half)] = false;
	s->heard = s->round->now = half->h2->now;
}

/* What a frame is for; NULL: it is not followed. */
static struct h2_stream *stream_of(struct h2_half *half, uint32_t id)
{
	struct h2 *h = half->h2;
	struct h2_stream *s = h2_find(h, id);

	/* Servers' streams are even: pushed. */
	if (!s && !(id & 1))
		return NULL;
	if (!s && !is_gone(h, id)) {
		/* An answer to what never came: that it is lost may not have been told yet. */
		if (h->conn->late || h2_half_of(h, EX_REQUEST)->gapped || id > h->asked)
			s = h2_add_headless(h, id);
		else
			h2_lose(h, ES_U_PROTO_ERROR, 0);
	}
	if (s)
		hear(half, s);
	return s;
}

/* Its data come, and its head will not any more. */
static void head_given_up(struct h2_half *half, struct h2_stream *s)
{
	const struct http_head none = { .major = 2, .fields_unknown = true };
	enum ex_side side = h2_side_of(half);
	struct round *round = s->round;

	if (s->head[side])
		return;
	s->head[side] = true;
	half->torn = true;
	round_start(round, side, round->now);
	round_head(round, side, &none);
}

/* Heads. */

/*
 * A client has a connection for each host, but for browsers: where a request's host is not known,
 * it is the one that all others named.
 */
static void take_host(struct h2 *h, struct http_head *head)
{
	struct sv host = sv_of(h->host);

	if (!head->authority.len && head->fields_unknown && !h->hosts)
		head->authority = host;
	else if (head->authority.len && h->host)
		h->hosts |= !sv_eq_nocase(host, head->authority);
	else if (head->authority.len)
		h->host = strndup(head->authority.p, sv_cut(head->authority, HOST_MAX).len);
}

static void request_head(struct h2_half *half, uint32_t id, uint64_t stamp,
			 const struct http_head *head)
{
	struct h2 *h = half->h2;
	struct h2_stream *s = h2_find(h, id);
	struct http_head known;

	if (!s) {
		if (is_gone(h, id) || !(id & 1))
			return;
		h2_add_missed(h, id);
		s = add(h, id);
	}
	if (!s)
		return;
	hear(half, s);
	if (s->head[EX_REQUEST]) {
		round_trailers(s->round, EX_REQUEST, head);
		return;
	}
	s->head[EX_REQUEST] = true;
	if (id > h->asked)
		h->asked = id;
	known = *head;
	take_host(h, &known);
	/* What was lost before a head is none of its request. */
	half->pending = 0;
	round_start(s->round, EX_REQUEST, stamp);
	round_head(s->round, EX_REQUEST, &known);
}

static void response_head(struct h2_half *half, uint32_t id, uint64_t stamp,
			  const struct http_head *head)
{
	struct h2_stream *s = stream_of(half, id);
	struct round *round = s ? s->round : NULL;
	bool trailers = !head->status && !head->fields_unknown;

	if (!s || (head->status >= 100 && head->status < 200))
		return;
	if (trailers)
		head_given_up(half, s);
	if (s->head[EX_RESPONSE]) {
		round_trailers(round, EX_RESPONSE, head);
		return;
	}
	s->head[EX_RESPONSE] = true;
	round_start(round, EX_RESPONSE, stamp);
	round_head(round, EX_RESPONSE, head);
	/* A plain CONNECT; an extended one (RFC 8441) goes on as what its :protocol says. */
	if (round->connects && !round->protocol && head->status >= 200 && head->status < 300)
		s->blind = round->upgraded = true;
}

/*
 * Joined in the middle, where nothing told yet who is the client, the process was taken for it
 * (stream/give.c). A head says better.
 */
static void turn_round(struct h2_half *half, const struct http_head *head)
{
	struct h2 *h = half->h2;
	bool request = h2_side_of(half) == EX_REQUEST;

	if (request ? !head->status : !head->method.len)
		return;
	while (h->count)
		end(h, h->streams, EX_CUT);
	h->conn->request_dir = (enum conn_dir) !h->conn->request_dir;
}

static void on_head(void *ctx, uint32_t id, uint64_t stamp, const struct http_head *head)
{
	struct h2_half *half = ctx;

	if (half->h2->conn->late)
		turn_round(half, head);
	if (h2_side_of(half) == EX_REQUEST)
		request_head(half, id, stamp, head);
	else
		response_head(half, id, stamp, head);
}

/* Bodies. */

static void on_data(void *ctx, uint32_t id, struct sv bytes)
{
	struct h2_half *half = ctx;
	struct h2_stream *s = stream_of(half, id);

	if (!s)
		return;
	head_given_up(half, s);
	if (s->blind)
		stat_more(half->h2->pairs->opts.stats, ES_U_PROTO_UNSUPPORTED, bytes.len);
	else
		round_bytes(s->round, h2_side_of(half), bytes);
}

static void on_lost(void *ctx, uint32_t id, uint64_t count)
{
	struct h2_half *half = ctx;
	struct h2_stream *s = stream_of(half, id);

	if (!s)
		return;
	head_given_up(half, s);
	round_gap(s->round, h2_side_of(half), count, true);
}

static void on_end(void *ctx, uint32_t id)
{
	struct h2_half *half = ctx;
	enum ex_side side = h2_side_of(half);
	struct h2_stream *s = h2_find(half->h2, id);

	if (!s || s->round->ended[side])
		return;
	hear(half, s);
	if (side == EX_RESPONSE)
		s->round->whole = true;
	round_side_end(s->round, side, true);
	end_if_over(half->h2, s);
}

static void on_reset(void *ctx, uint32_t id, uint32_t code)
{
	struct h2_half *half = ctx;
	struct h2_stream *s = stream_of(half, id);
	struct round *round = s ? s->round : NULL;

	if (!s)
		return;
	/* For its client it is over: the end of the answer was lost. curl says so of any stream. */
	if (h2_side_of(half) == EX_REQUEST && code == RESET_CLOSED && !round->ended[EX_RESPONSE]) {
		round_gap(round, EX_RESPONSE, 0, false);
		end(half->h2, s, outcome_of(half->h2, s));
		return;
	}
	if (round->ended[EX_RESPONSE] || round->upgraded || round_over(round))
		end(half->h2, s, outcome_of(half->h2, s));
	else if (h2_side_of(half) == EX_REQUEST)
		end(half->h2, s, EX_CANCELLED);
	else
		end(half->h2, s,
		    round->started[EX_RESPONSE] || round->torn[EX_RESPONSE] ? EX_CUT
									    : EX_NO_RESPONSE);
}

/* Streams that the server did not look at. */
static void on_goaway(void *ctx, uint32_t last, uint32_t code)
{
	struct h2_half *half = ctx;
	struct h2 *h = half->h2;

	(void)code;
	if (h2_side_of(half) != EX_RESPONSE)
		return;
	for (uint32_t i = h->count; i-- > 0;) {
		struct h2_stream *s = &h->streams[i];

		if (s->id > last && !s->round->started[EX_RESPONSE])
			end(h, s, EX_NO_RESPONSE);
	}
}

static void on_pushed(void *ctx, uint32_t promised)
{
	struct h2_half *half = ctx;

	(void)promised;
	h2_lose(half->h2, ES_U_H2_PUSHED, 0);
}

static const struct http2_ops half_ops = {
	.head = on_head,
	.data = on_data,
	.lost = on_lost,
	.end = on_end,
	.reset = on_reset,
	.goaway = on_goaway,
	.pushed = on_pushed,
	.gap = h2_on_gap,
	.intact = h2_on_intact,
	.skipped = h2_on_skipped,
	.broken = h2_on_broken,
};

/* Connections. */

struct h2 *h2_open(struct pairs *pairs, struct conn *conn, const bool found[2])
{
	struct h2 *h = NULL;

	if (!pairs->scratch)
		pairs->scratch = malloc(sizeof(*pairs->scratch));
	if (pairs->scratch)
		h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->pairs = pairs;
	h->conn = conn;
	for (int dir = CONN_WRITE; dir <= CONN_READ; dir++) {
		struct h2_half *half = &h->half[dir];

		half->h2 = h;
		http2_init(&half->http, dir == (int)conn->request_dir ? HTTP2_CLIENT : HTTP2_SERVER,
			   found[dir], &half_ops, half, pairs->scratch);
	}
	return h;
}

void h2_bytes(struct h2 *h, enum conn_dir dir, struct sv bytes, uint64_t time)
{
	h->now = time;
	http2_feed(&h->half[dir].http, bytes, time);
}

void h2_gap(struct h2 *h, enum conn_dir dir, uint64_t count, uint64_t time)
{
	h->now = time;
	if (h->conn->inexact)
		http2_gap_or_more(&h->half[dir].http, count);
	else
		http2_gap(&h->half[dir].http, count);
}

static void h2_free(struct h2 *h)
{
	http2_done(&h->half[CONN_WRITE].http);
	http2_done(&h->half[CONN_READ].http);
	free(h->streams);
	free(h->host);
	free(h);
}

void h2_close(struct h2 *h, enum conn_end why, uint64_t time)
{
	h->now = time;
	h->closing = true;
	h->why = (uint8_t)why;
	http2_close(&h->half[CONN_WRITE].http);
	http2_close(&h->half[CONN_READ].http);
	h2_add_unseen(h);
	while (h->count)
		end(h, h->streams, outcome_of(h, h->streams));
	h2_free(h);
}

/* Behind an upgrade. */

struct h2 *h2_upgrade(struct pairs *pairs, struct conn *conn, struct round *round, uint64_t number,
		      const bool found[2])
{
	struct h2 *h = h2_open(pairs, conn, found);
	struct sv host;

	if (!h)
		return NULL;
	if (!make_room(h)) {
		h2_free(h);
		return NULL;
	}
	h->number = number;
	h->half[CONN_WRITE].gapped = found[CONN_WRITE];
	h->half[CONN_READ].gapped = found[CONN_READ];
	if (!round)
		return h;
	h->streams[h->count++] = (struct h2_stream){
		.id = 1, .round = round, .heard = round->now, .head = { round->headed[EX_REQUEST] }
	};
	h->first = round;
	h->asked = h->newest = 1;
	host = round->ex ? round->ex->msg[EX_REQUEST].header[EX_H_HOST] : SV_NONE;
	if (host.len)
		h->host = strndup(host.p, sv_cut(host, HOST_MAX).len);
	return h;
}

struct round *h2_first(const struct h2 *h)
{
	return h->first;
}

void h2_first_asked(struct h2 *h)
{
	struct h2_stream *s = h2_find(h, 1);

	if (s && s->round == h->first)
		end_if_over(h, s);
}

size_t h2_memory(const struct conn *conn)
{
	const struct h2 *h = conn->user;

	return h ? sizeof(*h) + h->cap * sizeof(*h->streams) +
			       http2_memory(&h->half[CONN_WRITE].http) +
			       http2_memory(&h->half[CONN_READ].http)
		 : 0;
}
