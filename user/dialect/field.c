// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

/* An element of a stream that is an array: an event. */
static void on_element(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (!p->api)
		return;
	/* An error may come so, too, and is no stream. */
	if (ev->kind == JSON_OBJECT && !p->t_first_event && p->ex->status < 400)
		p->t_first_event = p->now;
	if (ev->kind != JSON_OBJECT_END)
		return;
	if (p->api->event_done)
		p->api->event_done(p, SV_NONE);
	stage_reset(&p->stage);
}

static const struct field element_row = ROW_FN("[]", on_element, 0);

/* Room for each path once more, in an element. */
#define ELEMENT_PATH_MAX 128

struct schema_build {
	struct json_rule *rules;
	char (*paths)[ELEMENT_PATH_MAX];
	size_t count;
};

static void add_rule(struct doc_schema *s, struct schema_build *b, const struct field *f,
		     const char *path)
{
	s->rows[b->count] = f;
	b->rules[b->count] = (struct json_rule){
		.path = path,
		.id = (uint16_t)b->count,
		.flags = f->flags,
		.group = f->group,
	};
	b->count++;
}

static bool same_row(const struct field *a, const struct field *b)
{
	return a->type == b->type && a->at == b->at && a->fn == b->fn && a->arg == b->arg &&
	       a->group == b->group && a->flags == b->flags && strcmp(a->path, b->path) == 0;
}

/* Sets that are read together may share rows; a string taken twice in pieces would be torn. */
static bool has_row(const struct doc_schema *s, size_t from, size_t to, const struct field *f)
{
	for (size_t i = from; i < to; i++)
		if (same_row(s->rows[i], f))
			return true;
	return false;
}

static void add_sets(struct doc_schema *s, struct schema_build *b,
		     const struct field_set *const *sets, bool element)
{
	size_t from = b->count;

	for (size_t i = 0; i < FIELD_SETS_MAX && sets[i]; i++) {
		for (size_t j = 0; j < sets[i]->count; j++) {
			const struct field *f = &sets[i]->rows[j];
			const char *path = f->path;

			if (has_row(s, from, b->count, f))
				continue;
			if (element) {
				snprintf(b->paths[b->count], ELEMENT_PATH_MAX, "[]%s%s",
					 path[0] && path[0] != '[' ? "." : "", path);
				path = b->paths[b->count];
			}
			add_rule(s, b, f, path);
		}
	}
}

int doc_schema_init(struct doc_schema *s, const struct field_set *const *sets, bool array)
{
	struct schema_build b = { 0 };
	size_t total = 1;
	int err = -ENOMEM;

	for (size_t i = 0; i < FIELD_SETS_MAX && sets[i]; i++)
		total += (array ? 2 : 1) * sets[i]->count;
	b.rules = calloc(total, sizeof(*b.rules));
	b.paths = array ? calloc(total, sizeof(*b.paths)) : NULL;
	s->rows = calloc(total, sizeof(struct field *));
	if (!b.rules || !s->rows || (array && !b.paths))
		goto out;
	add_sets(s, &b, sets, false);
	if (array) {
		add_sets(s, &b, sets, true);
		add_rule(s, &b, &element_row, element_row.path);
	}
	err = json_schema_new(&s->json, b.rules, b.count);
out:
	free(b.rules);
	free(b.paths);
	if (err)
		doc_schema_done(s);
	return err;
}

void doc_schema_done(struct doc_schema *s)
{
	json_schema_free(s->json);
	free(s->rows);
	*s = (struct doc_schema){ 0 };
}

bool number_int(struct sv text, int64_t *ret)
{
	char copy[JSON_NUMBER_MAX + 1], *end;
	size_t n = 0;
	double d;

	if (!text.len || text.len > JSON_NUMBER_MAX)
		return false;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	/* Nearly all are plain; a sign, a fraction or an exponent takes the longer way. */
	while (n < text.len && copy[n] >= '0' && copy[n] <= '9')
		n++;
	if (n == text.len && n && n < 19) {
		*ret = strtoll(copy, NULL, 10);
		return true;
	}
	d = strtod(copy, &end);
	if (end == copy || !(d > -9e18 && d < 9e18) || d != floor(d))
		return false;
	*ret = (int64_t)d;
	return true;
}

static bool number_double(struct sv text, double *ret)
{
	char copy[JSON_NUMBER_MAX + 1];
	double d;

	text = sv_cut(text, JSON_NUMBER_MAX);
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	d = strtod(copy, NULL);
	if (!isfinite(d))
		return false;
	*ret = d;
	return true;
}

void string_piece(struct parse *p, struct sv *to, struct sv piece, size_t max)
{
	struct sv cut = piece;

	if (max) {
		cut = utf8_cut(piece, to->len < max ? max - to->len : 0);
		/* What did not fit is a loss like any other. */
		if (cut.len < piece.len)
			p->call->arena.full = true;
	}
	if (cut.len)
		arena_append(&p->call->arena, to, cut);
}

void string_raw(struct parse *p, struct sv *to, struct sv raw)
{
	char good[UTF8_REPAIR_MAX(CALL_STRING_MAX)];
	struct sv s = { good, utf8_repair(good, sv_cut(raw, CALL_STRING_MAX)) };

	string_piece(p, to, s, CALL_STRING_MAX);
}

/* A string that may come in pieces. keep: one that is there already stays. */
static void take_string(struct doc *doc, struct sv *to, const struct json_event *ev, bool keep,
			size_t max)
{
	if (ev->kind != JSON_STRING && ev->kind != JSON_RAW_TEXT)
		return;
	if (ev->first) {
		doc->skip = to->len && (keep || ev->after_gap);
		/* Many streams repeat it in each event: no copy each time. */
		if (ev->last && sv_eq(*to, ev->text))
			doc->skip = true;
		if (!doc->skip)
			*to = SV_NONE;
		doc->open = doc->skip ? NULL : to;
	}
	if (!doc->skip)
		string_piece(doc->parse, to, ev->text, max);
	if (ev->last && ev->truncated)
		doc_settle(doc);
	if (ev->last)
		doc->open = NULL;
}

/*
 * Behind a gap the place of a key is a guess: two that differ prove it wrong at least once,
 * and then none of them is to be told as the model.
 */
static void check_model(struct parse *p, const struct json_event *ev)
{
	struct sv known = p->call->req.model;

	if (ev->kind != JSON_STRING || !ev->after_gap || !ev->first)
		return;
	if (!known.len)
		p->model_found = true;
	else if (p->model_found && !(ev->last && sv_eq(known, ev->text)))
		p->model_doubtful = true;
}

static void take_list(struct doc *doc, struct call_list *list, const struct json_event *ev)
{
	struct arena *a = &doc->parse->call->arena;

	if (ev->kind != JSON_STRING)
		return;
	if (ev->first) {
		doc->skip = list->count >= CALL_LIST_MAX || call_list_add(a, list, SV("")) != 0;
		if (doc->skip)
			a->full = true;
		doc->open_list = doc->skip ? NULL : list;
	}
	if (!doc->skip)
		string_piece(doc->parse, &list->v[list->count - 1], ev->text, CALL_STRING_MAX);
	if (ev->last && ev->truncated)
		doc_settle(doc);
	if (ev->last)
		doc->open_list = NULL;
}

static void take_int(struct opt_int *to, const struct json_event *ev, int64_t min)
{
	int64_t v;

	if (ev->kind == JSON_NUMBER && !ev->truncated && number_int(ev->text, &v) && v >= min)
		*to = (struct opt_int){ v, true };
}

static void take_num(struct opt_num *to, const struct json_event *ev)
{
	double v;

	if (ev->kind == JSON_NUMBER && !ev->truncated && number_double(ev->text, &v))
		*to = (struct opt_num){ v, true };
}

static void take_bool(struct opt_bool *to, const struct json_event *ev)
{
	if (ev->kind == JSON_BOOL)
		*to = (struct opt_bool){ ev->boolean, true };
}

void stage_add(struct parse *p, struct stage *s, enum stage_text t, struct sv text)
{
	struct buf *b = &s->text[t];

	if (!text.len)
		return;
	if (!b->limit)
		buf_init(b, STAGE_MAX);
	if (!(STAGE_LONG & 1u << t)) {
		struct sv cut =
			utf8_cut(text, b->len < CALL_STRING_MAX ? CALL_STRING_MAX - b->len : 0);

		if (cut.len < text.len)
			p->call->arena.full = true;
		text = cut;
	}
	if (buf_add(b, text))
		p->call->arena.full = true;
	s->dirty |= 1u << t;
}

static void take_stage(struct doc *doc, enum stage_text t, const struct json_event *ev)
{
	if (ev->kind != JSON_STRING && ev->kind != JSON_RAW_TEXT)
		return;
	/* Of a key that stands there twice the last one counts; texts add up. */
	if (ev->first)
		stage_drop(doc->stage, 1u << t & ~STAGE_CONTENT);
	stage_add(doc->parse, doc->stage, t, ev->text);
	doc->open_stage |= 1u << t;
	if (ev->last && ev->truncated)
		doc_settle(doc);
	if (ev->last)
		doc->open_stage &= ~(1u << t);
}

bool stage_word(struct parse *p, struct stage *s, const struct json_event *ev)
{
	if (ev->kind != JSON_STRING)
		return false;
	if (ev->first)
		stage_drop(s, 1u << ST_WORD);
	stage_add(p, s, ST_WORD, sv_cut(ev->text, CALL_STRING_MAX));
	return ev->last;
}

static void take_part_text(struct parse *p, const struct json_event *ev)
{
	if (!p->part || (ev->kind != JSON_STRING && ev->kind != JSON_RAW_TEXT))
		return;
	if (ev->kind == JSON_RAW_TEXT)
		p->part->json = true;
	part_append(p, p->part, ev->text);
	p->part->cut |= ev->truncated;
}

static void *at(void *base, size_t offset)
{
	return base ? (char *)base + offset : NULL;
}

/* A text that counts only if it is whole. */
static void take_text(struct doc *doc, struct sv *to, const struct json_event *ev)
{
	if (content_room(doc->parse, ev->text.len)) {
		take_string(doc, to, ev, false, 0);
		return;
	}
	doc_settle(doc);
	doc->skip = true;
}

/* A text of what is open, if anything is. */
static void take_open(struct doc *doc, struct sv *to, const struct json_event *ev)
{
	if (to)
		take_string(doc, to, ev, false, CALL_STRING_MAX);
}

static void take_tool_def(struct doc *doc, const struct field *f, const struct json_event *ev)
{
	struct parse *p = doc->parse;

	if (p->tool_def && content_room(p, ev->text.len))
		take_string(doc, at(p->tool_def, f->at), ev, false, 0);
	else
		p->tool_def = NULL;
}

static void take(struct doc *doc, const struct field *f, const struct json_event *ev)
{
	struct parse *p = doc->parse;
	struct call *c = p->call;

	switch (f->type) {
	case FIELD_MODEL:
		check_model(p, ev);
		take_string(doc, &c->req.model, ev, true, CALL_STRING_MAX);
		return;
	case FIELD_STRING:
		take_string(doc, at(c, f->at), ev, true, CALL_STRING_MAX);
		return;
	case FIELD_LATEST:
		take_string(doc, at(c, f->at), ev, false, CALL_STRING_MAX);
		return;
	case FIELD_TEXT:
		take_text(doc, at(c, f->at), ev);
		return;
	case FIELD_INT:
		take_int(at(c, f->at), ev, INT64_MIN);
		return;
	case FIELD_TOKENS:
		take_int(at(c, f->at), ev, 0);
		return;
	case FIELD_NUM:
		take_num(at(c, f->at), ev);
		return;
	case FIELD_BOOL:
		take_bool(at(c, f->at), ev);
		return;
	case FIELD_LIST:
		take_list(doc, at(c, f->at), ev);
		return;
	case FIELD_STAGE:
		take_stage(doc, (enum stage_text)f->at, ev);
		return;
	case FIELD_STAGE_INT:
		take_int(&doc->stage->num[f->at], ev, 0);
		return;
	case FIELD_SUM:
		take_int(&p->sum[f->at], ev, 0);
		return;
	case FIELD_MESSAGE:
		take_open(doc, at(p->message, f->at), ev);
		return;
	case FIELD_PART:
		take_open(doc, at(p->part, f->at), ev);
		return;
	case FIELD_TOOL_DEF:
		take_tool_def(doc, f, ev);
		return;
	case FIELD_PART_TEXT:
		take_part_text(p, ev);
		return;
	case FIELD_FN:
		f->fn(p, f, ev);
		return;
	}
}

static int on_event(void *ctx, const struct json_event *ev)
{
	struct doc *doc = ctx;

	take(doc, doc->schema->rows[ev->id], ev);
	return 0;
}

int doc_open(struct doc *doc, const struct doc_schema *s, bool content)
{
	uint32_t groups = 1u << GROUP_BASE | (content ? 1u << GROUP_CONTENT : 0);

	doc->schema = s;
	return json_reader_new(&doc->reader, s->json, groups, on_event, doc);
}

void doc_for(struct doc *doc, struct parse *p, struct stage *stage)
{
	doc->parse = p;
	doc->stage = stage;
}

void doc_settle(struct doc *doc)
{
	if (doc->open)
		*doc->open = SV_NONE;
	if (doc->open_list)
		doc->open_list->count--;
	if (doc->open_stage)
		stage_drop(doc->stage, doc->open_stage & ~STAGE_CONTENT);
	doc->open = NULL;
	doc->open_list = NULL;
	doc->open_stage = 0;
}

void doc_close(struct doc *doc)
{
	doc_settle(doc);
	json_reader_free(doc->reader);
	*doc = (struct doc){ 0 };
}

void stage_drop(struct stage *s, uint32_t mask)
{
	mask &= s->dirty;
	s->dirty &= ~mask;
	for (; mask; mask &= mask - 1)
		buf_reset(&s->text[__builtin_ctz(mask)]);
}

void stage_reset(struct stage *s)
{
	if (s->dirty)
		stage_drop(s, s->dirty);
	for (size_t i = 0; i < SI_COUNT; i++)
		s->num[i].set = false;
}

void stage_done(struct stage *s)
{
	for (size_t i = 0; i < ST_COUNT; i++)
		buf_done(&s->text[i]);
}
