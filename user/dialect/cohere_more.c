// SPDX-License-Identifier: Apache-2.0
#include "dialect/cohere.h"

/*
 * Cohere's older chat, POST /v1/chat, whose answer is one text, and a stream of lines with an
 * event_type each; and its embeddings, POST /v2/embed and /v1/embed.
 */

#define TOOL_TEXTS (1u << ST_NAME | 1u << ST_ARGS)

static const struct field request_rows[] = {
	ROW("conversation_id", FIELD_STRING, CALL_AT(req.conversation_id)),
	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].name", FIELD_TOOL_DEF, TOOL_DEF_AT(name)),
	ROW_CONTENT("tools[].description", FIELD_TOOL_DEF, TOOL_DEF_AT(description)),
	ROW_CONTENT_FN("preamble", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("chat_history[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("chat_history[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("chat_history[].message", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("message", field_input_string, 0),
};

static void on_tool(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct candidate *c;
	struct slot *s;

	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, TOOL_TEXTS);
	if (ev->kind != JSON_OBJECT_END)
		return;
	c = answer_only(p);
	s = answer_slot(p, c, 1, ev->index);
	/* The end of a stream repeats what came before it. */
	if (s && !s->tool) {
		answer_tool(p, c, s, PART_TOOL_CALL, SV_NONE, staged(p, ST_NAME));
		answer_text(p, c, s, PART_TOOL_CALL, staged(p, ST_ARGS));
	}
	stage_drop(&p->stage, TOOL_TEXTS);
}

static void on_generation(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_STRING && ev->text.len)
		answer_only(p);
}

#define TOOL_ROWS(P)                                                                            \
	ROW_FN(P "tool_calls[]", on_tool, 0), ROW(P "tool_calls[].name", FIELD_STAGE, ST_NAME), \
		ROW_RAW(P "tool_calls[].parameters", FIELD_STAGE, ST_ARGS)

#define META_ROWS(P)                                                                      \
	ROW(P "billed_units.input_tokens", FIELD_TOKENS, CALL_AT(usage.input)),           \
		ROW(P "billed_units.output_tokens", FIELD_TOKENS, CALL_AT(usage.output)), \
		ROW(P "tokens.input_tokens", FIELD_SUM, SUM_INPUT),                       \
		ROW(P "tokens.output_tokens", FIELD_SUM, SUM_OUTPUT),                     \
		ROW(P "cached_tokens", FIELD_TOKENS, CALL_AT(usage.cache_read))

static const struct field answer_rows[] = {
	ROW("response_id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("response.response_id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("generation_id", FIELD_STAGE, ST_ID),
	ROW_FN("generation_id", on_generation, 0),
	ROW_ANCHOR("finish_reason", FIELD_STAGE, ST_FINISH),
	ROW_CONTENT("text", FIELD_STAGE, ST_TEXT),
	TOOL_ROWS(""),
	TOOL_ROWS("response."),
	META_ROWS("meta."),
	META_ROWS("response.meta."),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);

static const struct event_row events[] = {
	{ "stream-end", EVENT_READ, true },
};

static void event_done(struct parse *p, struct sv type)
{
	(void)type;
	if (staged(p, ST_TEXT).len)
		answer_text(p, answer_only(p), answer_slot(p, answer_only(p), 0, 0), PART_TEXT,
			    staged(p, ST_TEXT));
	answer_stop(p);
	take_error(p);
}

static void finish(struct parse *p)
{
	event_done(p, SV_NONE);
	cohere_usage(p);
}

const struct api api_cohere_chat_v1 = {
	.name = "cohere.chat_v1",
	.op = CALL_CHAT,
	.provider = "cohere",
	.request = { &cohere_request, &request },
	.answer = { &answer, &cohere_errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};

static void on_vector(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_NULL)
		p->answered = true;
}

static const struct field embed_request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("embedding_types[]", FIELD_LIST, CALL_AT(req.encoding_formats)),
	ROW("output_dimension", FIELD_INT, CALL_AT(req.dimensions)),
};

static const struct field embed_answer_rows[] = {
	ROW_FN("embeddings", on_vector, 0),
	META_ROWS("meta."),
};

static const struct field_set embed_request = FIELD_SET(embed_request_rows);
static const struct field_set embed_answer = FIELD_SET(embed_answer_rows);

static void embed_finish(struct parse *p)
{
	take_error(p);
	cohere_usage(p);
}

const struct api api_cohere_embed = {
	.name = "cohere.embed",
	.op = CALL_EMBEDDINGS,
	.provider = "cohere",
	.request = { &embed_request },
	.answer = { &embed_answer, &cohere_errors },
	.finish = embed_finish,
};
