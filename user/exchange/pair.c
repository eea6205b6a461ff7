// SPDX-License-Identifier: Apache-2.0
#include "exchange/pair.h"

#include <errno.h>
#include <stdlib.h>

#include "earshot/stats.h"
#include "exchange/h2.h"
#include "exchange/h2c.h"
#include "exchange/pair_in.h"
#include "exchange/turn.h"

/*
 * A program that writes and reads in two threads may have read the answer before its write has
 * returned, which is when a write is seen. So much of an answer waits for its request.
 */
#define EARLY_MAX 16384

/* Calls. */

static struct round *add_call(struct pair *p)
{
	struct round *round = round_new(p->pairs, p->conn, p->number), **at = &p->head;

	if (!round)
		return NULL;
	p->number++;
	p->count++;
	while (*at)
		at = &(*at)->next;
	*at = round;
	round->now = p->now;
	return round;
}

static bool hung_up(const struct pair *p)
{
	return round_hung_up(p->conn, p->closing, (enum conn_end)p->why);
}

static enum ex_outcome outcome_of(const struct pair *p, const struct round *round)
{
	return round_outcome(round, p->conn, p->closing, (enum conn_end)p->why);
}

void pair_unlink(struct pair *p, struct round *round)
{
	struct round **at = &p->head;

	while (*at != round)
		at = &(*at)->next;
	*at = round->next;
	p->count--;
	for (int side = EX_REQUEST; side <= EX_RESPONSE; side++) {
		if (p->reading[side] == round)
			p->reading[side] = NULL;
	}
}

void pair_remove(struct pair *p, struct round *round)
{
	pair_unlink(p, round);
	round_end(round, p->conn, outcome_of(p, round), p->now);
}

static void end_if_over(struct pair *p, struct round *round)
{
	if (round->ended[EX_REQUEST] && round->ended[EX_RESPONSE])
		pair_remove(p, round);
}

/* The oldest call whose response is not over. */
struct round *pair_awaiting(const struct pair *p)
{
	struct round *round = p->head;

	while (round && round->ended[EX_RESPONSE])
		round = round->next;
	return round;
}

/* A call whose request was not seen. */
static struct round *add_headless(struct pair *p)
{
	struct round *round = add_call(p);

	if (!round)
		return NULL;
	round->ended[EX_REQUEST] = true;
	if (p->pending[EX_REQUEST])
		round_gap(round, EX_REQUEST, p->pending[EX_REQUEST], false);
	p->pending[EX_REQUEST] = 0;
	return round;
}

/* Bytes were lost that no message showed up for: they held at least one call. */
static void end_unseen(struct pair *p)
{
	struct round *round;

	if (!p->pending[EX_REQUEST] && !p->pending[EX_RESPONSE])
		return;
	round = add_headless(p);
	if (!round)
		return;
	if (p->pending[EX_RESPONSE])
		round_gap(round, EX_RESPONSE, p->pending[EX_RESPONSE], false);
	p->pending[EX_RESPONSE] = 0;
	pair_remove(p, round);
}

/*
 * A new request means that the responses before it are over, unless the client sends ahead:
 * those of which the end was lost end here.
 */
static void end_lost(struct pair *p)
{
	struct round *next;

	for (struct round *round = p->head; round; round = next) {
		bool lost = round == p->reading[EX_RESPONSE]
				    ? http1_is_lost(&p->http[EX_RESPONSE])
				    : round->torn[EX_RESPONSE] && !round->ended[EX_RESPONSE];

		next = round->next;
		if (lost)
			pair_remove(p, round);
	}
}

/* Nobody who talks to a model sends ahead like this. */
static void give_up(struct pair *p)
{
	if (!p->finished)
		stat_add(p->pairs->opts.stats, ES_U_CALLS_FULL, 0);
	for (struct round *round = p->head; round; round = round->next)
		round->broken = "too many requests without a response";
	p->finished = true;
}

/* Requests. */

static void req_start(void *ctx, uint64_t stamp)
{
	struct pair *p = ctx;
	struct round *round;

	end_lost(p);
	end_unseen(p);
	if (p->count == PAIR_PIPELINE_MAX) {
		give_up(p);
		return;
	}
	round = add_call(p);
	p->reading[EX_REQUEST] = round;
	if (round)
		round_start(round, EX_REQUEST, stamp);
}

static enum http1_verdict req_head(void *ctx, const struct http1_head *head)
{
	struct pair *p = ctx;

	struct round *round = p->reading[EX_REQUEST];

	if (round) {
		round->offers = h2c_named(&head->http);
		round_head(round, EX_REQUEST, &head->http);
	}
	return HTTP1_AS_FRAMED;
}

static struct round *reading(const struct pair *p, enum ex_side side)
{
	/* It may have ended there. */
	return p->asking && side == EX_REQUEST ? h2_first(p->h2) : p->reading[side];
}

static void side_bytes(struct pair *p, enum ex_side side, struct sv bytes)
{
	struct round *round = reading(p, side);

	if (!round)
		return;
	round->now = p->now;
	round_bytes(round, side, bytes);
}

static void side_end(struct pair *p, enum ex_side side, enum http1_end how)
{
	struct round *round = reading(p, side);
	bool whole = how == HTTP1_WHOLE;

	if (how == HTTP1_BROKEN)
		stat_add(p->pairs->opts.stats, ES_U_PROTO_ERROR, 0);
	if (!round)
		return;
	p->reading[side] = NULL;
	if (how == HTTP1_BROKEN)
		round->broken = http1_error(&p->http[side]);
	/* A body until close is whole when the far end closed, not when somebody here did. */
	if (how == HTTP1_CLOSED)
		whole = (p->why == CONN_FREED && !hung_up(p)) || p->why == CONN_GONE;
	round->now = p->now;
	if (side == EX_RESPONSE)
		round->whole = whole;
	round_side_end(round, side, whole);
	if (!p->h2)
		end_if_over(p, round);
}

static void req_body(void *ctx, struct sv bytes)
{
	side_bytes(ctx, EX_REQUEST, bytes);
}

static void req_gap(void *ctx, uint64_t lost, bool exact)
{
	struct pair *p = ctx;
	struct round *round = reading(p, EX_REQUEST);

	if (round)
		round_gap(round, EX_REQUEST, lost, exact);
	else if (!p->owed)
		p->pending[EX_REQUEST] += lost;
	p->owed = false;
}

void pair_asked(struct pair *p, enum http1_end how)
{
	side_end(p, EX_REQUEST, how);
	if (!p->asking)
		return;
	p->asking = false;
	h2_first_asked(p->h2);
	http1_tunnel(&p->http[EX_REQUEST]);
}

static void req_end(void *ctx, enum http1_end how)
{
	pair_asked(ctx, how);
}

static void skipped(void *ctx, uint64_t count)
{
	struct pair *p = ctx;

	stat_add(p->pairs->opts.stats, p->conn->late && !p->gapped ? ES_U_JOINED : ES_U_RESYNC,
		 count);
}

/* Responses. */

static void resp_start(void *ctx, uint64_t stamp)
{
	struct pair *p = ctx;
	struct round *round = pair_awaiting(p);

	if (!round) {
		p->owed = !p->pending[EX_REQUEST] && !p->conn->late;
		round = add_headless(p);
	}
	p->reading[EX_RESPONSE] = round;
	if (!round)
		return;
	p->ahead |= round->next && !round->torn[EX_RESPONSE];
	if (p->pending[EX_RESPONSE])
		round_gap(round, EX_RESPONSE, p->pending[EX_RESPONSE], false);
	p->pending[EX_RESPONSE] = 0;
	round_start(round, EX_RESPONSE, stamp);
}

static enum http1_verdict resp_head(void *ctx, const struct http1_head *head)
{
	struct pair *p = ctx;
	struct round *round = p->reading[EX_RESPONSE];

	p->turns = h2c_named(&head->http);
	if (p->turns)
		return HTTP1_AS_TUNNEL;
	p->interim = head->http.status < 200 && head->framing != HTTP1_TUNNEL;
	if (!round || p->interim)
		return HTTP1_AS_FRAMED;
	round->now = p->now;
	round->upgraded = head->framing == HTTP1_TUNNEL ||
			  (round->connects && head->http.status >= 200 && head->http.status < 300);
	round_head(round, EX_RESPONSE, &head->http);
	if (round->ws)
		p->tunnel = round;
	p->finished = round->upgraded;
	if (p->tunnel || p->finished)
		return HTTP1_AS_TUNNEL;
	return round->without_body	   ? HTTP1_WITHOUT_BODY
	       : round->headed[EX_REQUEST] ? HTTP1_AS_FRAMED
					   : HTTP1_MAYBE_WITHOUT_BODY;
}

static void resp_body(void *ctx, struct sv bytes)
{
	side_bytes(ctx, EX_RESPONSE, bytes);
}

/*
 * It may show late that bytes are lost: when the next ones come, and more than one request waits.
 * A client that does not send ahead had its answers but for the last one.
 */
static void end_passed(struct pair *p, struct round *round)
{
	while (round->next) {
		struct round *next = round->next;

		pair_remove(p, round);
		round = next;
	}
}

static void resp_gap(void *ctx, uint64_t lost, bool exact)
{
	struct pair *p = ctx;
	struct round *round = p->reading[EX_RESPONSE] ? p->reading[EX_RESPONSE] : pair_awaiting(p);

	if (round)
		round_gap(round, EX_RESPONSE, lost, exact);
	else
		p->pending[EX_RESPONSE] += lost;
	if (round && !p->reading[EX_RESPONSE] && !p->ahead)
		end_passed(p, round);
}

/* What was lost with its head may have granted the upgrade: its answer comes then. */
static bool is_torn_grant(const struct round *round, enum http1_end how)
{
	return round && round->offers && how == HTTP1_LOST && !round->headed[EX_RESPONSE];
}

static void resp_end(void *ctx, enum http1_end how)
{
	struct pair *p = ctx;
	struct round *round = p->reading[EX_RESPONSE];

	if (p->tunnel) {
		p->reading[EX_RESPONSE] = NULL;
		return;
	}
	if (!p->interim && !p->turns && !is_torn_grant(round, how)) {
		side_end(p, EX_RESPONSE, how);
		return;
	}
	p->interim = false;
	p->reading[EX_RESPONSE] = NULL;
	if (round)
		round->started[EX_RESPONSE] = false;
}

static const struct http1_ops side_ops[] = {
	[EX_REQUEST] = { req_start, req_head, req_body, req_gap, req_end, skipped },
	[EX_RESPONSE] = { resp_start, resp_head, resp_body, resp_gap, resp_end, skipped },
};

/* Streams. */

static enum ex_side side_of(const struct conn *conn, enum conn_dir dir)
{
	return dir == conn->request_dir ? EX_REQUEST : EX_RESPONSE;
}

static void on_open(void *ctx, struct conn *conn)
{
	struct pair *p = calloc(1, sizeof(*p));

	conn->user = p;
	if (!p)
		return;
	p->pairs = ctx;
	p->conn = conn;
	http1_init(&p->http[EX_REQUEST], HTTP1_REQUESTS, &side_ops[EX_REQUEST], p);
	http1_init(&p->http[EX_RESPONSE], HTTP1_RESPONSES, &side_ops[EX_RESPONSE], p);
	if (conn->late) {
		http1_join(&p->http[EX_REQUEST]);
		http1_join(&p->http[EX_RESPONSE]);
	}
}

void pair_end_all(struct pair *p)
{
	while (p->head)
		pair_remove(p, p->head);
}

static void side_feed(struct pair *p, enum ex_side side, struct sv bytes, uint64_t time)
{
	size_t taken;

	if (p->over || p->finished) {
		stat_add(p->pairs->opts.stats, ES_U_PROTO_UNSUPPORTED, bytes.len);
		return;
	}
	taken = turn_feed(p, side, bytes, time);
	if (p->finished)
		stat_more(p->pairs->opts.stats, ES_U_PROTO_UNSUPPORTED, bytes.len - taken);
}

/* An answer to nothing, on a stream that was seen from its start: its request is on its way. */
static bool is_early(const struct pair *p, enum ex_side side)
{
	return side == EX_RESPONSE && !p->conn->late && !p->gapped && !p->tunnel && !p->over &&
	       !p->finished && !p->h2 && !pair_awaiting(p) && !http1_is_open(&p->http[EX_RESPONSE]);
}

static void take_early(struct pair *p)
{
	struct sv bytes = { p->early, p->early_len };

	p->early = NULL;
	p->early_len = 0;
	if (bytes.len)
		side_feed(p, EX_RESPONSE, bytes, p->early_time);
	free((char *)bytes.p);
}

/* False: there is no room for it. */
static bool keep_early(struct pair *p, struct sv bytes, uint64_t time)
{
	if (bytes.len > EARLY_MAX - p->early_len)
		return false;
	if (!p->early)
		p->early = malloc(EARLY_MAX);
	if (!p->early)
		return false;
	if (!p->early_len)
		p->early_time = time;
	memcpy(p->early + p->early_len, bytes.p, bytes.len);
	p->early_len += bytes.len;
	return true;
}

static bool on_bytes(void *ctx, struct conn *conn, enum conn_dir dir, struct sv bytes,
		     uint64_t time)
{
	struct pairs *pairs = ctx;
	struct pair *p = conn->user;
	enum ex_side side;

	if (!p) {
		stat_add(pairs->opts.stats, ES_U_CALLS_FULL, bytes.len);
		return false;
	}
	p->now = time;
	side = side_of(conn, dir);
	if (is_early(p, side) && keep_early(p, bytes, time))
		return true;
	if (side == EX_RESPONSE)
		take_early(p);
	side_feed(p, side, bytes, time);
	if (p->early_len && pair_awaiting(p))
		take_early(p);
	if (p->finished)
		pair_end_all(p);
	return !p->finished;
}

void pair_http1_gap(struct pair *p, enum ex_side side, uint64_t count)
{
	if (p->conn->inexact)
		http1_gap_or_more(&p->http[side], count);
	else
		http1_gap(&p->http[side], count);
}

static void on_gap(void *ctx, struct conn *conn, enum conn_dir dir, uint64_t count, uint64_t time)
{
	struct pair *p = conn->user;
	enum ex_side side = side_of(conn, dir);

	(void)ctx;
	if (!p || p->finished)
		return;
	p->now = time;
	take_early(p);
	p->gapped = true;
	if (p->tunnel || p->h2)
		turn_gap(p, side, count);
	else if (!p->over)
		pair_http1_gap(p, side, count);
}

static void on_close(void *ctx, struct conn *conn, enum conn_end why, uint64_t time)
{
	struct pair *p = conn->user;

	(void)ctx;
	if (!p)
		return;
	p->now = time;
	take_early(p);
	p->closing = true;
	p->why = (uint8_t)why;
	if (p->h2) {
		h2_close(p->h2, why, time);
	} else {
		http1_close(&p->http[EX_REQUEST]);
		http1_close(&p->http[EX_RESPONSE]);
		pair_end_all(p);
		end_unseen(p);
	}
	http1_done(&p->http[EX_REQUEST]);
	http1_done(&p->http[EX_RESPONSE]);
	free(p);
	conn->user = NULL;
}

const struct conn_sink pairs_sink = {
	.open = on_open,
	.bytes = on_bytes,
	.gap = on_gap,
	.close = on_close,
};

int pairs_new(struct pairs **ret, const struct pairs_opts *opts)
{
	struct pairs *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->opts = *opts;
	if (!p->opts.max_open)
		p->opts.max_open = PAIRS_OPEN;
	if (!p->opts.arena_limit)
		p->opts.arena_limit = PAIR_ARENA_MAX;
	p->limits = (struct body_limits){
		.bytes = opts->body_max ? opts->body_max : PAIR_BODY_MAX,
		.ratio = PAIR_RATIO_MAX,
		.event = opts->message_max ? opts->message_max : PAIR_EVENT_MAX,
		.window = opts->body_window ? opts->body_window : INFLATE_WINDOW,
	};
	*ret = p;
	return 0;
}

void pairs_free(struct pairs *p)
{
	if (p)
		free(p->scratch);
	free(p);
}

size_t pairs_open(const struct pairs *p)
{
	return p->open;
}
