// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

/* Keys that tell bodies apart. */
enum key {
	KEY_CHOICES,
};

/*
 * What tells an answer's API when its request was not seen: its "object" or "type", or keys
 * that only it has together. weak: only together with the role of an assistant.
 */
static const struct shape {
	const char *type; /* NULL: any */
	uint32_t keys;	  /* all of them */
	const struct api *api;
	bool weak;
} shapes[] = {
	{ "chat.completion", 0, &api_openai_chat, false },
	{ "chat.completion.chunk", 0, &api_openai_chat, false },
	{ "text_completion", 0, &api_openai_completions, false },
	{ "response", 0, &api_openai_responses, false },
	{ "response.created", 0, &api_openai_responses, false },
	{ "message_start", 0, &api_anthropic_messages, false },
	{ "message", 0, &api_anthropic_messages, true },
};

static void on_key(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind != JSON_NULL)
		p->keys |= 1u << f->arg;
}

static const struct field probe_rows[] = {
	ROW("object", FIELD_STAGE, ST_TYPE),
	ROW("type", FIELD_STAGE, ST_TYPE),
	ROW("role", FIELD_STAGE, ST_NAME),
	ROW_FN("choices[]", on_key, KEY_CHOICES),
};

static const struct field_set probe_set = FIELD_SET(probe_rows);
static const struct field_set *const probe_sets[FIELD_SETS_MAX] = { &probe_set };

static const struct field wrap_rows[] = {
	ROW("bytes", FIELD_STAGE, ST_DELTA),
};

static const struct field_set wrap_set = FIELD_SET(wrap_rows);
static const struct field_set *const wrap_sets[FIELD_SETS_MAX] = { &wrap_set };

int shape_init(struct dialect *d)
{
	int err = doc_schema_init(&d->probe, probe_sets, true);

	if (!err)
		err = doc_open(&d->probe_doc, &d->probe, false);
	if (!err)
		err = doc_schema_init(&d->wrap, wrap_sets, false);
	if (!err)
		err = doc_open(&d->wrap_doc, &d->wrap, false);
	return err;
}

void shape_done(struct dialect *d)
{
	doc_close(&d->probe_doc);
	doc_schema_done(&d->probe);
	doc_close(&d->wrap_doc);
	doc_schema_done(&d->wrap);
}

static bool fits(const struct parse *p, const struct shape *s)
{
	if (s->type && !sv_eq(staged(p, ST_TYPE), sv_of(s->type)))
		return false;
	if (s->weak && !sv_eq(staged(p, ST_NAME), SV("assistant")))
		return false;
	return (p->keys & s->keys) == s->keys;
}

static void probe(struct parse *p, struct sv start)
{
	struct doc *doc = &p->d->probe_doc;

	p->keys = 0;
	doc_for(doc, p, &p->stage);
	json_reader_reset(doc->reader);
	json_feed(doc->reader, start);
	doc_settle(doc);
}

void shape_answer(struct parse *p, struct sv start)
{
	probe(p, start);
	for (size_t i = 0; i < ARRAY_SIZE(shapes) && !p->api; i++) {
		if (fits(p, &shapes[i]))
			parse_set_api(p, shapes[i].api);
	}
	stage_reset(&p->stage);
}

void shape_event(struct parse *p, const struct ex_event *ev)
{
	shape_answer(p, ev->data);
}
