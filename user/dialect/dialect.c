// SPDX-License-Identifier: Apache-2.0
#include "dialect/dialect.h"

#include <errno.h>
#include <stdlib.h>

#include "dialect/parse.h"
#include "dialect/route.h"

/* Far behind its start a body will not say what it is. */
#define PROBE_MAX 4096

int dialect_new(struct dialect **ret, const struct dialect_options *opt, dialect_call_fn *fn,
		void *ctx)
{
	struct dialect *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	d->fn = fn;
	d->ctx = ctx;
	d->opt = *opt;
	err = shape_init(d);
	if (err) {
		dialect_free(d);
		return err;
	}
	*ret = d;
	return 0;
}

void dialect_free(struct dialect *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < API_COUNT; i++) {
		doc_close(&d->rows[i].event);
		for (int kind = 0; kind < DOC_KINDS; kind++)
			doc_schema_done(&d->rows[i].schema[kind]);
	}
	shape_done(d);
	free(d);
}

const struct dialect_stats *dialect_stats(const struct dialect *d)
{
	return &d->stats;
}

const struct doc_schema *dialect_schema(struct dialect *d, size_t row, enum doc_kind kind)
{
	const struct api *api = apis[row];
	const struct field_set *const *sets = api->answer;
	struct doc_schema *s = &d->rows[row].schema[kind];

	if (kind == DOC_REQUEST)
		sets = api->request;
	else if (kind == DOC_EVENT && api->event[0])
		sets = api->event;
	if (!s->json && doc_schema_init(s, sets, kind == DOC_ANSWER && api->array))
		return NULL;
	return s;
}

void parse_set_api(struct parse *p, const struct api *api)
{
	p->api = api;
	p->row = 0;
	while (apis[p->row] != api)
		p->row++;
}

static struct parse *parse_new(struct dialect *d, struct exchange *ex)
{
	struct parse *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->call = call_new(d->opt.want_content ? CALL_ARENA_CONTENT_MAX : CALL_ARENA_MAX);
	if (!p->call) {
		free(p);
		return NULL;
	}
	p->d = d;
	p->ex = ex;
	ex->user[EX_READ_MODEL] = p;
	return p;
}

static void parse_free(struct parse *p)
{
	doc_close(&p->request);
	doc_close(&p->answer);
	doc_close(&p->long_event);
	stage_done(&p->input_stage);
	stage_done(&p->stage);
	buf_done(&p->start);
	call_free(p->call);
	free(p);
}

static bool wants_websocket(const struct exchange *ex)
{
	const struct ex_message *req = &ex->msg[EX_REQUEST];

	return sv_eq_nocase(req->header[EX_H_UPGRADE], SV("websocket")) ||
	       sv_eq(ex->method, SV("CONNECT"));
}

static struct route find_route(const struct dialect *d, const struct exchange *ex)
{
	const struct ex_message *req = &ex->msg[EX_REQUEST];
	struct route_key key = {
		.target = ex->target,
		.method = ex->method,
		.anthropic = req->header[EX_H_ANTHROPIC_VERSION].len != 0,
		.upgrade = wants_websocket(ex),
		.hosts = d->opt.hosts,
		.host_count = d->opt.host_count,
	};
	uint16_t port;

	route_authority(req->header[EX_H_HOST], &key.host, &port);
	return route_find(&key);
}

/* What the path names. */
static void take_path(struct parse *p, const struct route *r)
{
	struct call *c = p->call;
	struct sv *const to[CAP_COUNT] = {
		[CAP_MODEL] = &c->req.model,
		[CAP_AGENT] = &c->agent.id,
		[CAP_CONVERSATION] = &c->req.conversation_id,
		[CAP_RESPONSE] = &c->resp.id,
		[CAP_SOURCE] = &c->retrieval.data_source_id,
	};

	for (size_t i = 0; i < CAP_COUNT; i++)
		if (r->caps[i].len)
			*to[i] = route_decode(&c->arena, r->caps[i]);
	p->model_by_path = c->req.model.len != 0;
}

static void begin_route(struct dialect *d, struct exchange *ex, const struct route *r)
{
	struct parse *p = parse_new(d, ex);

	if (!p) {
		d->stats.no_memory++;
		return;
	}
	p->provider = r->provider;
	p->maybe = r->verdict == ROUTE_MAYBE;
	p->proof = r->proof;
	if (!r->api)
		return;
	parse_set_api(p, r->api);
	take_path(p, r);
	if (p->api->begin)
		p->api->begin(p);
}

static void on_begin(void *ctx, struct exchange *ex)
{
	struct dialect *d = ctx;
	struct route r = { 0 };

	ex->user[EX_READ_MODEL] = NULL;
	if (ex->role == EX_SERVER) {
		d->stats.server_role++;
		return;
	}
	/* Of HTTP/2 the path may be unknown: then the answer tells. */
	if (ex->msg[EX_REQUEST].head_seen && ex->target.len) {
		r = find_route(d, ex);
		switch (r.verdict) {
		case ROUTE_MODEL:
			ex->settled = true;
			break;
		case ROUTE_MAYBE:
			break;
		case ROUTE_OTHER_API:
			ex->settled = true;
			d->stats.other_api++;
			return;
		case ROUTE_UNREAD:
			d->stats.unread_api++;
			return;
		case ROUTE_NOT_MODEL:
			d->stats.not_model++;
			return;
		}
	}
	begin_route(d, ex, &r);
}

/* The reader of a body, opened with its first byte. NULL when memory ended. */
static struct json_reader *body_reader(struct parse *p, enum ex_side side)
{
	bool req = side == EX_REQUEST;
	struct doc *doc = req ? &p->request : &p->answer;
	const struct doc_schema *s;

	if (doc->reader)
		return doc->reader;
	doc_for(doc, p, req ? &p->input_stage : &p->stage);
	s = dialect_schema(p->d, p->row, req ? DOC_REQUEST : DOC_ANSWER);
	if (!s || doc_open(doc, s, p->d->opt.want_content))
		p->call->arena.full = true;
	return doc->reader;
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	struct parse *p = ex->user[EX_READ_MODEL];
	struct json_reader *r;

	(void)ctx;
	if (!p || !p->api)
		return;
	r = body_reader(p, EX_REQUEST);
	if (r)
		json_feed(r, bytes);
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	(void)ctx;
	if (ex->user[EX_READ_MODEL])
		parse_request_end(ex->user[EX_READ_MODEL]);
}

static void feed_answer(struct parse *p, struct sv bytes)
{
	struct json_reader *r = body_reader(p, EX_RESPONSE);

	if (r)
		json_feed(r, bytes);
}

/* Keeps the start until it tells; then reads it. */
static void probe_body(struct parse *p, struct sv bytes)
{
	struct sv kept = sv_cut(bytes, PROBE_MAX - p->start.len);

	if (buf_add(&p->start, kept))
		return;
	shape_answer(p, buf_sv(&p->start));
	if (!p->api)
		return;
	feed_answer(p, buf_sv(&p->start));
	feed_answer(p, sv_skip(bytes, kept.len));
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (!p)
		return;
	if (!p->provider)
		p->provider = server_provider(ex->msg[EX_RESPONSE].header[EX_H_SERVER]);
	/* Only AWS answers so; which of its services, the path told. */
	if (ex->msg[EX_RESPONSE].header[EX_H_AMZN_REQUEST_ID].len && p->provider &&
	    sv_eq(sv_of(p->provider), SV("aws.bedrock")))
		p->answered = true;
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (p)
		p->now = time;
	if (p && p->api)
		feed_answer(p, bytes);
	else if (p && p->start.len < PROBE_MAX)
		probe_body(p, bytes);
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (p && side == EX_RESPONSE)
		parse_event(p, ev, time);
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct parse *p = ex->user[EX_READ_MODEL];
	struct json_reader *r;

	(void)ctx;
	if (p && side == EX_RESPONSE && !p->t_first_event)
		p->first_lost = true;
	/* Events are whole or not there: nothing spans a gap. */
	if (!p || !p->api || (side == EX_RESPONSE && ex->msg[EX_RESPONSE].kind != EX_PLAIN))
		return;
	r = body_reader(p, side);
	if (r)
		json_gap(r);
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct dialect *d = ctx;
	struct parse *p = ex->user[EX_READ_MODEL];

	if (!p)
		return;
	ex->user[EX_READ_MODEL] = NULL;
	if (parse_finish(p, time)) {
		struct call *c = p->call;

		p->call = NULL;
		ex->claimed = true;
		d->stats.calls++;
		d->stats.incomplete += c->loss != 0;
		d->fn(d->ctx, c);
	} else if (p->no_call) {
		d->stats.other_api++;
	} else if (ex->outcome == EX_UPGRADED) {
		d->stats.unread_api++;
	} else {
		d->stats.not_model++;
	}
	parse_free(p);
}

const struct exchange_ops dialect_exchange_ops = {
	.begin = on_begin,
	.req_body = on_req_body,
	.req_end = on_req_end,
	.resp_head = on_resp_head,
	.resp_body = on_resp_body,
	.event = on_event,
	.gap = on_gap,
	.end = on_end,
};
