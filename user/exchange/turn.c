// SPDX-License-Identifier: Apache-2.0
#include "exchange/turn.h"

#include "base/wsframe.h"
#include "earshot/stats.h"
#include "exchange/h2.h"
#include "exchange/h2c.h"

/* Up to both sides' close; what follows is nobody's. */
static void ws_bytes(struct pair *p, enum ex_side side, struct sv bytes)
{
	struct round *round = p->tunnel;

	round->now = p->now;
	round_bytes(round, side, bytes);
	if (!round_over(round))
		return;
	pair_remove(p, round);
	pair_end_all(p);
	p->tunnel = NULL;
	p->over = true;
}

/*
 * Frames where the answer to a request for a WebSocket should be, or behind that request, before
 * it is answered: the answer is lost.
 */
static bool is_frames(const struct pair *p, enum ex_side side, struct sv bytes)
{
	const struct round *round = pair_awaiting(p);

	return round && round->asks && !round->headed[EX_RESPONSE] && !round->ws &&
	       round->ended[EX_REQUEST] && !p->tunnel &&
	       wsframe_bits(bytes, side == EX_REQUEST ? WS_FROM_CLIENT : WS_FROM_SERVER) >= 0;
}

static void tunnel_assumed(struct pair *p)
{
	struct round *round = pair_awaiting(p);

	round->now = p->now;
	round_assume_websocket(round);
	if (!round->ws)
		return;
	/* An answer that was begun, or is being looked for, is none any more. */
	p->tunnel = round;
	p->reading[EX_REQUEST] = p->reading[EX_RESPONSE] = NULL;
}

/* HTTP/2 where the answer that grants it should be, or behind the request: that answer is lost. */
static bool is_h2(const struct pair *p, enum ex_side side, struct sv bytes)
{
	const struct round *round = pair_awaiting(p);

	return round && round->offers && !round->headed[EX_RESPONSE] && round->ended[EX_REQUEST] &&
	       !http1_is_open(&p->http[side]) && h2c_begins(side, bytes);
}

/*
 * The connection goes on as HTTP/2, and the oldest call without an answer as its first stream.
 * found: the answer that says so was not seen; in the end that these bytes are of.
 */
static void turn(struct pair *p, bool found, bool preface)
{
	struct round *round = pair_awaiting(p);
	const struct http1 *asks = &p->http[EX_REQUEST];
	bool lost[2];

	p->asking = round && p->reading[EX_REQUEST] == round && round->headed[EX_REQUEST] &&
		    !http1_is_lost(asks);
	lost[p->conn->request_dir] = found ? !preface : http1_is_open(asks) && !p->asking;
	lost[!p->conn->request_dir] = found;
	p->h2 = h2_upgrade(p->pairs, p->conn, round, p->number, lost);
	if (!p->h2) {
		stat_add(p->pairs->opts.stats, ES_U_CALLS_FULL, 0);
		p->finished = true;
		p->asking = false;
		return;
	}
	if (round && !p->asking && !round->ended[EX_REQUEST])
		round_side_end(round, EX_REQUEST, false);
	if (round)
		pair_unlink(p, round);
	while (p->head)
		pair_remove(p, p->head);
}

/* Returns how much of bytes is still HTTP/1. */
static size_t http1_part(struct pair *p, enum ex_side side, struct sv bytes, uint64_t time)
{
	size_t taken = 0;

	if (!p->h2 && is_h2(p, side, bytes))
		turn(p, true, side == EX_REQUEST && h2c_is_preface(bytes));
	if (!p->h2 || (p->asking && side == EX_REQUEST))
		taken = http1_feed(&p->http[side], bytes, time);
	if (p->turns && !p->h2 && !p->finished)
		turn(p, false, true);
	return taken;
}

/* Returns whether HTTP/2 may be concerned: the gap goes beyond what is left of the request. */
static bool asking_gap(struct pair *p, uint64_t count)
{
	pair_http1_gap(p, EX_REQUEST, count);
	if (p->asking && !http1_is_lost(&p->http[EX_REQUEST]))
		return false;
	/* Chunks are not looked for here. */
	if (p->asking)
		pair_asked(p, HTTP1_LOST);
	return true;
}

static enum conn_dir dir_of(const struct pair *p, enum ex_side side)
{
	return side == EX_REQUEST ? p->conn->request_dir : (enum conn_dir) !p->conn->request_dir;
}

size_t turn_feed(struct pair *p, enum ex_side side, struct sv bytes, uint64_t time)
{
	size_t taken;

	if (is_frames(p, side, bytes))
		tunnel_assumed(p);
	taken = p->tunnel ? 0 : http1_part(p, side, bytes, time);
	if (p->h2)
		h2_bytes(p->h2, dir_of(p, side), sv_skip(bytes, taken), time);
	else if (p->tunnel && taken < bytes.len)
		ws_bytes(p, side, sv_skip(bytes, taken));
	return taken;
}

void turn_gap(struct pair *p, enum ex_side side, uint64_t count)
{
	if (p->tunnel)
		round_gap(p->tunnel, side, count, !p->conn->inexact);
	else if (!p->asking || side != EX_REQUEST || asking_gap(p, count))
		h2_gap(p->h2, dir_of(p, side), count, p->now);
}
