// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

#include <errno.h>

#include "base/base64.h"
#include "base/utf8.h"

/* Events that are looked at for what they say of the API. */
#define DOUBTS_MAX 4

static const struct event_row *event_row(const struct api *api, struct sv type)
{
	for (size_t i = 0; i < api->event_count; i++) {
		if (sv_eq(type, sv_of(api->events[i].type)))
			return &api->events[i];
	}
	return NULL;
}

static bool is_last(const struct parse *p, const struct ex_event *ev)
{
	const struct event_row *row = event_row(p->api, ev->type);

	/* How OpenAI's streams end, and those made like them. */
	return sv_eq(ev->data, SV("[DONE]")) || (row && row->last);
}

/* True when there is nothing in the event that is wanted. */
static bool skip_event(const struct parse *p, const struct ex_event *ev)
{
	const struct event_row *row = event_row(p->api, ev->type);

	if (sv_eq(ev->data, SV("[DONE]")) || (!ev->data.len && !ev->more))
		return true;
	return row &&
	       (row->use == EVENT_SKIP || (row->use == EVENT_CONTENT && !p->d->opt.want_content));
}

/* The row's reader of events, made at its first one. NULL when memory ended. */
static struct doc *event_doc(struct parse *p)
{
	struct doc *doc = &p->d->rows[p->row].event;
	const struct doc_schema *s;

	if (doc->reader)
		return doc;
	s = dialect_schema(p->d, p->row, DOC_EVENT);
	if (s && doc_open(doc, s, p->d->opt.want_content) == 0)
		return doc;
	p->call->arena.full = true;
	return NULL;
}

static void doc_begin(struct parse *p, struct doc *doc)
{
	doc_for(doc, p, &p->stage);
	json_reader_reset(doc->reader);
}

static void doc_piece(struct doc *doc, const struct ex_event *ev)
{
	if (ev->gap)
		json_gap(doc->reader);
	if (ev->data.len)
		json_feed(doc->reader, ev->data);
}

static void take_bad(struct parse *p, const struct ex_event *ev)
{
	if (ev->truncated || ev->unread)
		p->event_cut = true;
	else
		p->answer_bad = true;
}

static void doc_over(struct parse *p, struct doc *doc, const struct ex_event *ev)
{
	int err = json_end(doc->reader);

	doc_settle(doc);
	if (err || ev->truncated || ev->unread)
		take_bad(p, ev);
}

/* All of the event was read. */
static void event_over(struct parse *p, const struct ex_event *ev)
{
	if (p->api->event_done)
		p->api->event_done(p, sv_eq(ev->type, SV("message")) ? SV_NONE : ev->type);
	stage_reset(&p->stage);
}

/* A text that came in base64: its pieces may cut characters, which are then replaced. */
static void add_text(struct parse *p, struct sv bytes)
{
	struct candidate *c = answer_candidate(p, 0);
	struct sv good;
	char *room;

	p->answered = true;
	if (!p->d->opt.want_content || !content_room(p, UTF8_REPAIR_MAX(bytes.len)))
		return;
	room = arena_alloc(&p->call->arena, UTF8_REPAIR_MAX(bytes.len));
	if (!room)
		return;
	good = (struct sv){ room, utf8_repair(room, bytes) };
	answer_text(p, c, answer_slot(p, c, 0, 0), PART_TEXT, good);
}

/* What the chunk's "bytes" held is staged. */
static void chunk_over(struct parse *p, const struct ex_event *ev)
{
	struct buf inner = p->stage.text[ST_DELTA];
	struct ex_event named = { .type = ev->type };
	struct doc *doc = p->api->chunks == CHUNK_JSON ? event_doc(p) : NULL;
	ssize_t n = -EBADMSG;

	/* Reading what is inside uses the stage anew. */
	p->stage.text[ST_DELTA] = (struct buf){ 0 };
	p->stage.dirty &= ~(1u << ST_DELTA);
	stage_reset(&p->stage);
	if (inner.p && !inner.failed)
		n = base64_decode(inner.p, buf_sv(&inner));
	if (n < 0) {
		take_bad(p, ev);
	} else if (doc) {
		named.data = (struct sv){ inner.p, (size_t)n };
		doc_begin(p, doc);
		doc_piece(doc, &named);
		doc_over(p, doc, &named);
		event_over(p, &named);
	} else if (p->api->chunks == CHUNK_TEXT) {
		add_text(p, (struct sv){ inner.p, (size_t)n });
	}
	buf_done(&inner);
}

static bool is_chunk(const struct parse *p, const struct ex_event *ev)
{
	return p->api->chunks && sv_eq(ev->type, SV("chunk"));
}

/* A reader of its own for an event that comes in pieces; others share one. */
static struct doc *doc_of(struct parse *p, const struct ex_event *ev)
{
	bool chunk = is_chunk(p, ev);
	const struct doc_schema *s;

	if (!ev->more && !ev->cont)
		return chunk ? &p->d->wrap_doc : event_doc(p);
	if (ev->cont)
		return p->long_event.reader ? &p->long_event : NULL;
	doc_close(&p->long_event);
	s = chunk ? &p->d->wrap : dialect_schema(p->d, p->row, DOC_EVENT);
	if (s && doc_open(&p->long_event, s, p->d->opt.want_content) == 0)
		return &p->long_event;
	p->call->arena.full = true;
	return NULL;
}

static void read_event(struct parse *p, const struct ex_event *ev)
{
	struct doc *doc = doc_of(p, ev);

	if (!doc)
		return;
	if (!ev->cont)
		doc_begin(p, doc);
	doc_piece(doc, ev);
	if (ev->more)
		return;
	doc_over(p, doc, ev);
	if (doc == &p->long_event)
		doc_close(doc);
	if (is_chunk(p, ev))
		chunk_over(p, ev);
	else
		event_over(p, ev);
}

void parse_event(struct parse *p, const struct ex_event *ev, uint64_t time)
{
	p->now = time;
	/* Far behind its start a stream will not say what it is. */
	if (parse_in_doubt(p) && !ev->cont && p->doubts++ < DOUBTS_MAX)
		shape_event(p, ev);
	if (!p->t_first_event)
		p->t_first_event = time;
	if (!p->api)
		return;
	if (ev->exception && !ev->cont)
		parse_error(p, ev->type);
	if (!ev->cont && skip_event(p, ev)) {
		p->whole |= is_last(p, ev);
		return;
	}
	read_event(p, ev);
	p->whole |= !ev->more && !ev->truncated && is_last(p, ev);
}
