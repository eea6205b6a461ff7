// SPDX-License-Identifier: Apache-2.0
#include "dialect/dialect.h"

#include <errno.h>
#include <stdlib.h>

#include "dialect/parse.h"
#include "dialect/route.h"

const struct api *const apis[API_COUNT] = {
	&api_openai_chat,      &api_openai_completions, &api_openai_embeddings,
	&api_openai_responses, &api_anthropic_messages,
};

/*
 * What tells an answer's API when its request was not seen: its "object" or "type". weak:
 * only together with the role of an assistant.
 */
static const struct shape {
	const char *text;
	const struct api *api;
	bool weak;
} shapes[] = {
	{ "chat.completion", &api_openai_chat, false },
	{ "chat.completion.chunk", &api_openai_chat, false },
	{ "text_completion", &api_openai_completions, false },
	{ "response", &api_openai_responses, false },
	{ "response.created", &api_openai_responses, false },
	{ "message_start", &api_anthropic_messages, false },
	{ "message", &api_anthropic_messages, true },
};

/* Far behind its start an answer will not say what it is. */
#define PROBE_MAX 4096

static const struct field probe_rows[] = {
	ROW("object", FIELD_STAGE, ST_TYPE),
	ROW("type", FIELD_STAGE, ST_TYPE),
	ROW("role", FIELD_STAGE, ST_NAME),
};

static const struct field_set probe_set = FIELD_SET(probe_rows);
static const struct field_set *const probe_sets[FIELD_SETS_MAX] = { &probe_set };

static int init_schemas(struct dialect *d)
{
	int err = doc_schema_init(&d->probe, probe_sets);

	for (size_t i = 0; i < API_COUNT && !err; i++) {
		const struct api *api = apis[i];

		err = doc_schema_init(&d->request[i], api->request);
		if (!err)
			err = doc_schema_init(&d->answer[i], api->answer);
		if (!err)
			err = doc_schema_init(&d->event[i],
					      api->event[0] ? api->event : api->answer);
		if (!err)
			err = doc_open(&d->event_doc[i], &d->event[i], d->opt.want_content);
	}
	if (!err)
		err = doc_open(&d->probe_doc, &d->probe, false);
	return err;
}

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
	err = init_schemas(d);
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
		doc_close(&d->event_doc[i]);
		doc_schema_done(&d->request[i]);
		doc_schema_done(&d->answer[i]);
		doc_schema_done(&d->event[i]);
	}
	doc_close(&d->probe_doc);
	doc_schema_done(&d->probe);
	free(d);
}

const struct dialect_stats *dialect_stats(const struct dialect *d)
{
	return &d->stats;
}

static void set_api(struct parse *p, const struct api *api)
{
	p->api = api;
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
	stage_done(&p->input_stage);
	stage_done(&p->stage);
	buf_done(&p->start);
	call_free(p->call);
	free(p);
}

static void on_begin(void *ctx, struct exchange *ex)
{
	const struct ex_message *req = &ex->msg[EX_REQUEST];
	struct dialect *d = ctx;
	struct route r = { 0 };
	struct parse *p;
	struct sv host;
	uint16_t port;

	ex->user[EX_READ_MODEL] = NULL;
	if (ex->role == EX_SERVER) {
		d->stats.server_role++;
		return;
	}
	if (req->head_seen) {
		route_authority(req->header[EX_H_HOST], &host, &port);
		r = route_find(host, ex->target, ex->method);
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
	p = parse_new(d, ex);
	if (!p) {
		d->stats.no_memory++;
		return;
	}
	p->provider = r.provider;
	p->maybe = r.verdict == ROUTE_MAYBE;
	if (r.api)
		set_api(p, r.api);
}

/* The reader of a body, opened with its first byte. NULL when memory ended. */
static struct json_reader *body_reader(struct parse *p, enum ex_side side)
{
	bool req = side == EX_REQUEST;
	struct doc *doc = req ? &p->request : &p->answer;

	if (doc->reader)
		return doc->reader;
	doc_for(doc, p, req ? &p->input_stage : &p->stage);
	if (doc_open(doc, req ? &p->d->request[p->row] : &p->d->answer[p->row],
		     p->d->opt.want_content))
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

/* Without its request an answer must show itself what it is, and at its start. */
static void probe(struct parse *p, struct sv start)
{
	struct doc *doc = &p->d->probe_doc;

	doc_for(doc, p, &p->stage);
	json_reader_reset(doc->reader);
	json_feed(doc->reader, start);
	doc_settle(doc);
	for (size_t i = 0; i < ARRAY_SIZE(shapes) && !p->api; i++) {
		bool assistant = sv_eq(staged(p, ST_NAME), SV("assistant"));

		if (sv_eq(staged(p, ST_TYPE), sv_of(shapes[i].text)) &&
		    (assistant || !shapes[i].weak))
			set_api(p, shapes[i].api);
	}
	stage_reset(&p->stage);
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
	probe(p, buf_sv(&p->start));
	if (!p->api)
		return;
	feed_answer(p, buf_sv(&p->start));
	feed_answer(p, sv_skip(bytes, kept.len));
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (p && !p->provider)
		p->provider = server_provider(ex->msg[EX_RESPONSE].header[EX_H_SERVER]);
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	(void)time;
	if (p && p->api)
		feed_answer(p, bytes);
	else if (p && p->start.len < PROBE_MAX)
		probe_body(p, bytes);
}

static const struct event_row *event_row(const struct api *api, struct sv type)
{
	for (size_t i = 0; i < api->event_count; i++) {
		if (sv_eq(type, sv_of(api->events[i].type)))
			return &api->events[i];
	}
	return NULL;
}

/* True when there is nothing in the event that is wanted. */
static bool skip_event(struct parse *p, const struct ex_event *ev)
{
	const struct event_row *row = event_row(p->api, ev->type);

	/* How OpenAI's streams end, and those made like them. */
	bool done = sv_eq(ev->data, SV("[DONE]"));

	p->whole |= done || (row && row->last);
	if (done || !ev->data.len)
		return true;
	return row &&
	       (row->use == EVENT_SKIP || (row->use == EVENT_CONTENT && !p->d->opt.want_content));
}

static void read_event(struct parse *p, const struct ex_event *ev)
{
	struct doc *doc = &p->d->event_doc[p->row];
	int err;

	doc_for(doc, p, &p->stage);
	json_reader_reset(doc->reader);
	err = json_feed(doc->reader, ev->data);
	if (!err)
		err = json_end(doc->reader);
	doc_settle(doc);
	if (err && ev->truncated)
		p->event_cut = true;
	else if (err)
		p->answer_bad = true;
	if (p->api->event_done)
		p->api->event_done(p, sv_eq(ev->type, SV("message")) ? SV_NONE : ev->type);
	stage_reset(&p->stage);
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct parse *p = ex->user[EX_READ_MODEL];

	(void)ctx;
	if (!p || side != EX_RESPONSE)
		return;
	if (!p->t_first_event) {
		p->t_first_event = time;
		if (!p->api)
			probe(p, ev->data);
	}
	if (!p->api)
		return;
	if (!skip_event(p, ev))
		read_event(p, ev);
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct parse *p = ex->user[EX_READ_MODEL];
	struct json_reader *r;

	(void)ctx;
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
