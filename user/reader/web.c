// SPDX-License-Identifier: Apache-2.0
#include "reader/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <xxhash.h>

#include "base/hostname.h"
#include "dialect/carry.h"

struct web {
	struct web_options opt;
	struct web_stats stats;
};

/* ---- which ---- */

static double rate_of(const struct web *w, struct sv host)
{
	for (size_t i = 0; i < w->opt.rule_count; i++) {
		if (hostname_fits(host, w->opt.rules[i].host))
			return w->opt.rules[i].rate;
	}
	return 1;
}

/* Decided by the exchange's identity, so that a replay decides alike. */
static bool is_chosen(const struct web *w, const struct exchange *ex)
{
	uint64_t id[] = { ex->tgid, ex->proc_start, ex->object, ex->birth, ex->number };
	struct sv host;
	uint16_t port;
	double rate;

	hostname_split(ex->msg[EX_REQUEST].header[EX_H_HOST], &host, &port);
	rate = rate_of(w, host);
	if (rate >= 1 || rate <= 0)
		return rate > 0;
	return (double)(XXH3_64bits(id, sizeof(id)) >> 11) < rate * (double)(1ull << 53);
}

/* ---- what ---- */

/* The path alone, of an absolute target too. */
static struct sv path_only(struct sv target)
{
	size_t colon = sv_find(target, ':');
	struct sv rest = sv_skip(target, colon);

	if (target.len && target.p[0] != '/' && sv_starts(rest, SV("://"))) {
		rest = sv_skip(rest, 3);
		target = sv_skip(rest, sv_find(rest, '/'));
	}
	target = sv_cut(target, sv_find(target, '?'));
	return sv_cut(target, sv_find(target, '#'));
}

static struct opt_int size_of(const struct ex_message *m)
{
	/* A body that lost bytes is longer than what is known of it. */
	return (struct opt_int){ (int64_t)m->wire_bytes, m->head_seen && !m->gapped && !m->lost };
}

static void take_status(struct call *c, const struct exchange *ex)
{
	char text[16];

	if (ex->outcome != EX_DONE && ex->outcome != EX_UPGRADED)
		carry_outcome(c, ex->outcome);
	/* What a client did wrong is no failure of the server. */
	if (ex->status < (ex->role == EX_SERVER ? 500u : 400u))
		return;
	snprintf(text, sizeof(text), "%u", ex->status);
	c->outcome = CALL_ERROR;
	c->error_type = carry_string(c, sv_of(text));
}

static void take_grpc(struct call *c, const struct exchange *ex)
{
	struct sv type = ex->msg[EX_REQUEST].header[EX_H_CONTENT_TYPE];
	struct sv status = ex->msg[EX_RESPONSE].header[EX_H_GRPC_STATUS];

	if (!sv_starts(type, SV("application/grpc")))
		return;
	if (c->http.path.len > 1)
		c->http.grpc_method = carry_string(c, sv_skip(c->http.path, 1));
	if (status.len == 1 || status.len == 2) {
		int code = 0;

		for (size_t i = 0; i < status.len; i++) {
			if (status.p[i] < '0' || status.p[i] > '9')
				return;
			code = code * 10 + status.p[i] - '0';
		}
		c->http.grpc_status = (struct opt_int){ code, true };
		if (code && !c->error_type.len) {
			c->outcome = CALL_ERROR;
			c->error_type = carry_string(c, status);
		}
	}
}

static uint32_t loss_of(const struct exchange *ex)
{
	uint32_t loss = carry_loss(&ex->msg[EX_REQUEST]) | carry_loss(&ex->msg[EX_RESPONSE]);

	/* Bodies are not read here: that one cannot be is no loss. */
	loss &= ~(CALL_LOSS(DECODE) | CALL_LOSS(EXPANSION));
	if (!ex->msg[EX_REQUEST].head_seen)
		loss |= CALL_LOSS(JOINED_LATE);
	if (ex->outcome == EX_BROKEN)
		loss |= CALL_LOSS(PROTOCOL);
	if (ex->outcome == EX_STOPPED)
		loss |= CALL_LOSS(STOPPED);
	return loss;
}

static struct call *call_of(const struct exchange *ex, uint64_t time)
{
	const struct ex_message *req = &ex->msg[EX_REQUEST], *resp = &ex->msg[EX_RESPONSE];
	struct call *c = call_new(CALL_ARENA_MAX);

	if (!c)
		return NULL;
	carry_exchange(c, ex);
	carry_times(c, ex, time);
	c->op = CALL_HTTP;
	c->dialect = "http";
	c->http.method = carry_string(c, ex->method);
	c->http.path = carry_string(c, path_only(ex->target));
	c->http.request_size = size_of(req);
	c->http.response_size = size_of(resp);
	c->http.request_messages = req->events;
	c->http.response_messages = resp->events;
	c->http.websocket = resp->kind == EX_WEBSOCKET;
	c->lost_bytes = req->lost + resp->lost;
	c->loss = loss_of(ex) | (c->arena.full ? CALL_LOSS(MEMORY) : 0);
	take_status(c, ex);
	take_grpc(c, ex);
	carry_close(c, ex);
	return c;
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct web *w = ctx;
	struct call *c;

	if (ex->claimed)
		return;
	if (!is_chosen(w, ex)) {
		w->stats.sampled_out++;
		return;
	}
	c = call_of(ex, time);
	if (!c) {
		w->stats.no_memory++;
		return;
	}
	ex->claimed = true;
	w->stats.calls++;
	w->opt.fn(w->opt.ctx, c);
}

/* ---- all that happens before the end is in the exchange itself ---- */

static void on_nothing(void *ctx, struct exchange *ex)
{
	(void)ctx;
	(void)ex;
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	(void)ctx;
	(void)ex;
	(void)bytes;
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	(void)ctx;
	(void)ex;
	(void)bytes;
	(void)time;
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	(void)ctx;
	(void)ex;
	(void)side;
	(void)ev;
	(void)time;
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	(void)ctx;
	(void)ex;
	(void)side;
}

const struct exchange_ops web_exchange_ops = {
	.begin = on_nothing,
	.req_body = on_req_body,
	.req_end = on_nothing,
	.resp_head = on_nothing,
	.resp_body = on_resp_body,
	.event = on_event,
	.gap = on_gap,
	.end = on_end,
};

int web_new(struct web **ret, const struct web_options *opt)
{
	struct web *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->opt = *opt;
	*ret = w;
	return 0;
}

void web_free(struct web *w)
{
	free(w);
}

const struct web_stats *web_stats(const struct web *w)
{
	return &w->stats;
}
