// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

/*
 * LM Studio's own chat: POST /api/v1/chat (its documentation). A stream's last event holds the
 * whole answer. Why it ended is not told.
 */

#define ITEM_TEXTS (1u << ST_TYPE | 1u << ST_TEXT | 1u << ST_NAME | 1u << ST_ARGS)

static const struct field request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("top_k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("max_output_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("reasoning", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW("previous_response_id", FIELD_STRING, CALL_AT(req.previous_response_id)),
	ROW_CONTENT_FN("system_prompt", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("input", field_input_string, 0),
	ROW_CONTENT_FN("input[].content", field_input_string, 0),
};

static void on_item(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv type = staged(p, ST_TYPE);
	struct candidate *c;
	struct slot *s;

	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, ITEM_TEXTS);
	if (ev->kind != JSON_OBJECT_END)
		return;
	c = answer_only(p);
	s = answer_slot(p, c, ev->index, 0);
	if (sv_eq(type, SV("tool_call"))) {
		answer_tool(p, c, s, PART_SERVER_TOOL_CALL, SV_NONE, staged(p, ST_NAME));
		answer_text(p, c, s, PART_SERVER_TOOL_CALL, staged(p, ST_ARGS));
	} else {
		answer_text(p, c, s, sv_eq(type, SV("reasoning")) ? PART_REASONING : PART_TEXT,
			    staged(p, ST_TEXT));
	}
	stage_drop(&p->stage, ITEM_TEXTS);
}

#define OBJECT_ROWS(P)                                                                          \
	ROW(P "model_instance_id", FIELD_STRING, CALL_AT(resp.model)),                          \
		ROW(P "response_id", FIELD_STRING, CALL_AT(resp.id)),                           \
		ROW(P "stats.input_tokens", FIELD_TOKENS, CALL_AT(usage.input)),                \
		ROW(P "stats.total_output_tokens", FIELD_TOKENS, CALL_AT(usage.output)),        \
		ROW(P "stats.reasoning_output_tokens", FIELD_TOKENS, CALL_AT(usage.reasoning)), \
		ROW_FN(P "output[]", on_item, 0), ROW(P "output[].type", FIELD_STAGE, ST_TYPE), \
		ROW(P "output[].tool", FIELD_STAGE, ST_NAME),                                   \
		ROW_RAW(P "output[].arguments", FIELD_STAGE, ST_ARGS),                          \
		ROW_CONTENT(P "output[].content", FIELD_STAGE, ST_TEXT)

static const struct field answer_rows[] = {
	OBJECT_ROWS(""),
	OBJECT_ROWS("result."),
};

static const struct field error_rows[] = {
	ERROR_ROWS,
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);
static const struct field_set errors = FIELD_SET(error_rows);

static const struct event_row events[] = {
	{ "message.delta", EVENT_SKIP, false },
	{ "reasoning.delta", EVENT_SKIP, false },
	{ "chat.end", EVENT_READ, true },
};

static void event_done(struct parse *p, struct sv type)
{
	(void)type;
	take_error(p);
}

static void finish(struct parse *p)
{
	p->no_reason = true;
	take_error(p);
}

const struct api api_lmstudio_chat = {
	.name = "lmstudio.chat",
	.op = CALL_CHAT,
	.provider = "lm_studio",
	.request = { &request },
	.answer = { &answer, &errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};
