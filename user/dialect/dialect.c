// SPDX-License-Identifier: Apache-2.0
#include "dialect/dialect.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hostname.h"
#include "dialect/live.h"
#include "dialect/route.h"

/* Far behind its start a body will not say what it is. */
#define PROBE_MAX 4096
/* Of a request whose path is not known so much is kept for its answer to tell what it is. */
#define KEPT_MAX (64u << 10)

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
	return p;
}

struct parse *parse_turn(struct parse *mother)
{
	struct parse *p = parse_new(mother->d, mother->ex);

	if (!p)
		return NULL;
	p->mother = mother;
	p->provider = mother->provider;
	parse_set_api(p, mother->api->turn);
	return p;
}

static void parse_free(struct parse *p)
{
	doc_close(&p->request);
	doc_close(&p->answer);
	doc_close(&p->long_event);
	live_end(p, 0);
	stage_done(&p->input_stage);
	stage_done(&p->stage);
	buf_done(&p->start);
	buf_done(&p->kept);
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

	hostname_split(req->header[EX_H_HOST], &key.host, &port);
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

/* A path that says nothing may still be a model's: what is posted there is looked at. */
static bool may_show(const struct exchange *ex)
{
	struct sv type = ex->msg[EX_REQUEST].header[EX_H_CONTENT_TYPE];

	return sv_eq(ex->method, SV("POST")) && !wants_websocket(ex) &&
	       (!type.len || memmem(type.p, type.len, "json", 4));
}

static void begin_route(struct dialect *d, struct exchange *ex, const struct route *r)
{
	struct parse *p = parse_new(d, ex);

	if (!p) {
		d->stats.no_memory++;
		return;
	}
	ex->user[EX_READ_MODEL] = p;
	p->provider = r->provider;
	p->maybe = r->verdict == ROUTE_MAYBE;
	p->proof = r->proof;
	/* At a host that is known, too, a path may be new. */
	p->by_shape = r->verdict == ROUTE_NOT_MODEL || r->verdict == ROUTE_UNREAD;
	p->no_path = !ex->target.len;
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
	if (ex->msg[EX_REQUEST].head_seen)
		r = find_route(d, ex);
	if (!ex->target.len) {
		/* Of HTTP/2 the path may be unknown: then the answer tells. */
		r = (struct route){ .provider = r.provider };
	} else {
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
			if (may_show(ex))
				break;
			d->stats.unread_api++;
			return;
		case ROUTE_NOT_MODEL:
			if (may_show(ex))
				break;
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

struct json_reader *parse_request_reader(struct parse *p)
{
	return body_reader(p, EX_REQUEST);
}

static void feed(struct parse *p, enum ex_side side, struct sv bytes)
{
	struct json_reader *r = body_reader(p, side);

	if (r && bytes.len)
		json_feed(r, bytes);
}

/* It was no model call. What is posted at a model's host may be one all the same. */
static void count_other(struct dialect *d, const struct parse *p)
{
	if (p->ex->outcome == EX_UPGRADED || (p->by_shape && p->provider))
		d->stats.unread_api++;
	else
		d->stats.not_model++;
}

/* It was no model's: nobody needs to follow it. */
static void give_up(struct parse *p)
{
	count_other(p->d, p);
	p->ex->user[EX_READ_MODEL] = NULL;
	parse_free(p);
}

static void keep_request(struct parse *p, struct sv bytes)
{
	struct sv fits = sv_cut(bytes, KEPT_MAX - p->kept.len);

	if (!p->kept_cut)
		p->kept_cut = buf_add(&p->kept, fits) || fits.len < bytes.len;
}

/* The answer has told what the request was. */
static void read_kept(struct parse *p)
{
	if (!p->api || !p->kept.len)
		return;
	feed(p, EX_REQUEST, buf_sv(&p->kept));
	if (p->kept_cut && p->request.reader)
		json_gap(p->request.reader);
	else
		parse_request_end(p);
	buf_done(&p->kept);
}

/* What came of the request must tell. False: p is gone. */
static bool settle_request(struct parse *p)
{
	if (!p->by_shape || p->api)
		return true;
	shape_request(p, buf_sv(&p->start));
	if (!p->api) {
		give_up(p);
		return false;
	}
	feed(p, EX_REQUEST, buf_sv(&p->start));
	buf_reset(&p->start);
	return true;
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (p && p->no_path && !p->api) {
		keep_request(p, bytes);
		return;
	}
	if (p && p->by_shape && !p->api) {
		struct sv kept = sv_cut(bytes, PROBE_MAX - p->start.len);

		if (buf_add(&p->start, kept) || (p->start.len == PROBE_MAX && !settle_request(p)))
			return;
		bytes = sv_skip(bytes, kept.len);
	}
	if (p && p->api)
		feed(p, EX_REQUEST, bytes);
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (p && settle_request(p))
		parse_request_end(p);
}

/* Keeps the start until it tells; then reads it. */
static void probe_body(struct parse *p, struct sv bytes)
{
	struct sv kept = sv_cut(bytes, PROBE_MAX - p->start.len);

	if (buf_add(&p->start, kept))
		return;
	shape_answer(p, buf_sv(&p->start));
	if (parse_in_doubt(p))
		return;
	feed(p, EX_RESPONSE, buf_sv(&p->start));
	feed(p, EX_RESPONSE, sv_skip(bytes, kept.len));
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (!p || !settle_request(p))
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
	if (p && !parse_in_doubt(p))
		feed(p, EX_RESPONSE, bytes);
	else if (p && p->start.len < PROBE_MAX)
		probe_body(p, bytes);
	if (p)
		read_kept(p);
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (p && ex->msg[side].kind == EX_WEBSOCKET)
		live_event(p, side, ev, time);
	else if (p && side == EX_RESPONSE)
		parse_event(p, ev, time);
	p = ex->user[EX_READ_MODEL];
	if (p)
		read_kept(p);
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct parse *p = ex->user[EX_READ_MODEL];
	struct json_reader *r;

	(void)ctx;
	if (p && ex->msg[side].kind == EX_WEBSOCKET) {
		live_gap(p);
		return;
	}
	if (p && side == EX_RESPONSE && !p->t_first_event)
		p->first_lost = true;
	/* What has a hole proves nothing. */
	if (p && side == EX_RESPONSE && p->by_shape && parse_in_doubt(p)) {
		give_up(p);
		return;
	}
	if (p && p->no_path && !p->api && side == EX_REQUEST)
		p->kept_cut = true;
	if (!p || !settle_request(p))
		return;
	/* Events are whole or not there: nothing spans a gap. */
	if (!p->api || (side == EX_RESPONSE && ex->msg[EX_RESPONSE].kind != EX_PLAIN))
		return;
	r = body_reader(p, side);
	if (r)
		json_gap(r);
}

void parse_end(struct parse *p, uint64_t time)
{
	struct dialect *d = p->d;
	struct exchange *ex = p->ex;

	if (parse_finish(p, time)) {
		struct call *c = p->call;

		p->call = NULL;
		ex->claimed = true;
		d->stats.calls++;
		d->stats.incomplete += c->loss != 0;
		d->fn(d->ctx, c);
	} else if (p->no_call) {
		d->stats.other_api++;
	} else {
		count_other(d, p);
	}
	parse_free(p);
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (!p)
		return;
	ex->user[EX_READ_MODEL] = NULL;
	if (p->live) {
		/* A session of which no turn was seen is none of a model's calls. */
		live_end(p, time);
		p->no_call = p->api != NULL;
	}
	parse_end(p, time);
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
