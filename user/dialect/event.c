// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

#include <errno.h>

#include "base/base64.h"
#include "base/utf8.h"

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

/* All of text, a document of its own, by doc. Returns what json_end() does. */
static int read_text(struct parse *p, struct doc *doc, struct sv text)
{
	int err;

	doc_for(doc, p, &p->stage);
	json_reader_reset(doc->reader);
	err = json_feed(doc->reader, text);
	if (!err)
		err = json_end(doc->reader);
	doc_settle(doc);
	return err;
}

static void take_bad(struct parse *p, bool truncated)
{
	if (truncated)
		p->event_cut = true;
	else
		p->answer_bad = true;
}

static void read_event(struct parse *p, const struct ex_event *ev, struct sv data)
{
	struct doc *doc = event_doc(p);

	if (!doc)
		return;
	if (read_text(p, doc, data))
		take_bad(p, ev->truncated);
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

static void read_chunk(struct parse *p, const struct ex_event *ev)
{
	struct buf *b = &p->stage.text[ST_DELTA], inner;
	ssize_t n = -EBADMSG;

	if (!p->d->wrap_doc.reader || read_text(p, &p->d->wrap_doc, ev->data) || b->failed) {
		take_bad(p, ev->truncated);
		stage_reset(&p->stage);
		return;
	}
	/* Reading what is inside uses the stage anew. */
	inner = *b;
	*b = (struct buf){ 0 };
	stage_reset(&p->stage);
	if (inner.p)
		n = base64_decode(inner.p, buf_sv(&inner));
	if (n < 0)
		take_bad(p, ev->truncated);
	else if (p->api->chunks == CHUNK_JSON)
		read_event(p, ev, (struct sv){ inner.p, (size_t)n });
	else
		add_text(p, (struct sv){ inner.p, (size_t)n });
	buf_done(&inner);
}

void parse_event(struct parse *p, const struct ex_event *ev, uint64_t time)
{
	p->now = time;
	if (!p->t_first_event) {
		p->t_first_event = time;
		if (!p->api)
			shape_event(p, ev);
	}
	if (!p->api)
		return;
	if (ev->exception)
		parse_error(p, ev->type);
	if (skip_event(p, ev))
		return;
	if (p->api->chunks && sv_eq(ev->type, SV("chunk")))
		read_chunk(p, ev);
	else
		read_event(p, ev, ev->data);
}
