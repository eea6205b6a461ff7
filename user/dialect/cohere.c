// SPDX-License-Identifier: Apache-2.0
#include "dialect/cohere.h"

/*
 * Cohere: POST /v2/chat (cohere-typescript 8.0.1, src/api/resources/v2). Counts that are
 * billed come first; what the model saw stands in where they are missing.
 */

#define TOOL_TEXTS (1u << ST_ID | 1u << ST_NAME | 1u << ST_ARGS)
#define PART_TEXTS (1u << ST_TEXT | 1u << ST_REASONING)

/* Slots: tool calls by index, contents by index. */
enum {
	SLOT_PLAN,
	SLOT_TEXT,
	SLOT_THINK,
	SLOT_TOOL,
};

void cohere_output_type(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv word;

	(void)f;
	if (!stage_word(p, &p->input_stage, ev))
		return;
	word = stage_get(&p->input_stage, ST_WORD);
	if (sv_starts(word, SV("json")))
		p->call->req.output_type = SV("json");
	else if (sv_eq(word, SV("text")))
		p->call->req.output_type = SV("text");
}

static const struct field common_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW_ANCHOR("max_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("stop_sequences[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("frequency_penalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	ROW("presence_penalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	ROW("k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW_FN("response_format.type", cohere_output_type, 0),
};

const struct field_set cohere_request = FIELD_SET(common_rows);

static const struct field request_rows[] = {
	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].type", FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS("tools[].function.", "parameters"),

	ROW_CONTENT_FN("messages[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("messages[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT("messages[].tool_call_id", FIELD_STAGE, ST_CALL_ID),
	ROW_CONTENT_FN("messages[].tool_plan", field_input_text, PART_REASONING),
	ROW_CONTENT_FN("messages[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("messages[].content[]", field_input_part, STYLE_PART),
	ROW_CONTENT("messages[].content[].type", FIELD_PART, PART_AT(wire_type)),
	ROW_CONTENT("messages[].content[].text", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].thinking", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].document.data", FIELD_PART_TEXT, 0),
	ROW_RAW("messages[].content[].document.data", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].image_url.url", FIELD_PART_TEXT, 0),
	ROW_CONTENT_FN("messages[].tool_calls[]", field_input_part, STYLE_TOOL_CALL),
	ROW_CONTENT("messages[].tool_calls[].id", FIELD_PART, PART_AT(id)),
	ROW_CONTENT("messages[].tool_calls[].function.name", FIELD_PART, PART_AT(name)),
	ROW_CONTENT("messages[].tool_calls[].function.arguments", FIELD_PART_TEXT, 0),
};

static void take_tool(struct parse *p, uint32_t index)
{
	struct candidate *c = answer_only(p);
	struct slot *s = answer_slot(p, c, SLOT_TOOL, index);

	answer_tool(p, c, s, PART_TOOL_CALL, staged(p, ST_ID), staged(p, ST_NAME));
	answer_text(p, c, s, PART_TOOL_CALL, staged(p, ST_ARGS));
	stage_drop(&p->stage, TOOL_TEXTS);
}

static void on_tool(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, TOOL_TEXTS);
	if (ev->kind == JSON_OBJECT_END)
		take_tool(p, ev->index);
}

static void take_part(struct parse *p, uint32_t index)
{
	struct candidate *c = answer_only(p);

	if (staged(p, ST_REASONING).len)
		answer_text(p, c, answer_slot(p, c, SLOT_THINK, index), PART_REASONING,
			    staged(p, ST_REASONING));
	if (staged(p, ST_TEXT).len)
		answer_text(p, c, answer_slot(p, c, SLOT_TEXT, index), PART_TEXT,
			    staged(p, ST_TEXT));
	stage_drop(&p->stage, PART_TEXTS);
}

static void on_part(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, PART_TEXTS);
	if (ev->kind == JSON_OBJECT_END)
		take_part(p, ev->index);
}

static void on_message(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		answer_only(p);
}

#define USAGE_ROWS(P)                                                                     \
	ROW(P "billed_units.input_tokens", FIELD_TOKENS, CALL_AT(usage.input)),           \
		ROW(P "billed_units.output_tokens", FIELD_TOKENS, CALL_AT(usage.output)), \
		ROW(P "tokens.input_tokens", FIELD_SUM, SUM_INPUT),                       \
		ROW(P "tokens.output_tokens", FIELD_SUM, SUM_OUTPUT),                     \
		ROW(P "cached_tokens", FIELD_TOKENS, CALL_AT(usage.cache_read))

static const struct field answer_rows[] = {
	ROW("id", FIELD_STRING, CALL_AT(resp.id)),
	ROW_ANCHOR("finish_reason", FIELD_STAGE, ST_FINISH),
	ROW_FN("message", on_message, 0),
	ROW_CONTENT("message.tool_plan", FIELD_STAGE, ST_RAW),
	ROW_CONTENT_FN("message.content[]", on_part, 0),
	ROW_CONTENT("message.content[].text", FIELD_STAGE, ST_TEXT),
	ROW_CONTENT("message.content[].thinking", FIELD_STAGE, ST_REASONING),
	ROW_FN("message.tool_calls[]", on_tool, 0),
	ROW("message.tool_calls[].id", FIELD_STAGE, ST_ID),
	ROW("message.tool_calls[].function.name", FIELD_STAGE, ST_NAME),
	ROW_CONTENT("message.tool_calls[].function.arguments", FIELD_STAGE, ST_ARGS),
	USAGE_ROWS("usage."),
};

#define DELTA(key) "delta.message." key

static const struct field event_rows[] = {
	ROW("id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("index", FIELD_STAGE_INT, SI_ITEM),
	ROW_FN("delta", on_message, 0),
	ROW("delta.finish_reason", FIELD_STAGE, ST_FINISH),
	ROW_FN("delta.error", field_error, 0),
	ROW_CONTENT(DELTA("tool_plan"), FIELD_STAGE, ST_RAW),
	ROW_CONTENT(DELTA("content.text"), FIELD_STAGE, ST_TEXT),
	ROW_CONTENT(DELTA("content.thinking"), FIELD_STAGE, ST_REASONING),
	ROW(DELTA("tool_calls.id"), FIELD_STAGE, ST_ID),
	ROW(DELTA("tool_calls.function.name"), FIELD_STAGE, ST_NAME),
	ROW_CONTENT(DELTA("tool_calls.function.arguments"), FIELD_STAGE, ST_ARGS),
	USAGE_ROWS("delta.usage."),
};

/* A text in place of the message. */
static const struct field error_rows[] = {
	ROW_CONTENT("message", FIELD_STRING, CALL_AT(content.error_message)),
};

const struct field_set cohere_errors = FIELD_SET(error_rows);

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);
static const struct field_set event = FIELD_SET(event_rows);

static const struct event_row events[] = {
	{ "content-delta", EVENT_CONTENT, false },
	{ "content-end", EVENT_SKIP, false },
	{ "tool-plan-delta", EVENT_CONTENT, false },
	{ "tool-call-end", EVENT_SKIP, false },
	{ "citation-start", EVENT_SKIP, false },
	{ "citation-end", EVENT_SKIP, false },
	{ "debug", EVENT_SKIP, false },
	{ "message-end", EVENT_READ, true },
};

static void take_rest(struct parse *p)
{
	if (staged(p, ST_RAW).len)
		answer_text(p, answer_only(p), answer_slot(p, answer_only(p), SLOT_PLAN, 0),
			    PART_REASONING, staged(p, ST_RAW));
	answer_stop(p);
	stage_drop(&p->stage, 1u << ST_RAW | 1u << ST_FINISH);
	take_error(p);
}

static void event_done(struct parse *p, struct sv type)
{
	const struct opt_int *named = &p->stage.num[SI_ITEM];
	uint32_t index = named->set && named->v < CALL_SLOTS_MAX ? (uint32_t)named->v : 0;

	(void)type;
	if (p->stage.dirty & TOOL_TEXTS)
		take_tool(p, index);
	if (p->stage.dirty & PART_TEXTS)
		take_part(p, index);
	take_rest(p);
}

void cohere_usage(struct parse *p)
{
	struct call_usage *u = &p->call->usage;

	if (!u->input.set && !u->output.set) {
		u->input = p->sum[SUM_INPUT];
		u->output = p->sum[SUM_OUTPUT];
	}
}

static void finish(struct parse *p)
{
	take_rest(p);
	cohere_usage(p);
	/* Errors have an id, too. */
	if (p->ex->status >= 400)
		p->call->resp.id = SV_NONE;
}

const struct api api_cohere_chat = {
	.name = "cohere.chat",
	.op = CALL_CHAT,
	.provider = "cohere",
	.request = { &cohere_request, &request },
	.answer = { &answer, &cohere_errors },
	.event = { &event, &cohere_errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};
