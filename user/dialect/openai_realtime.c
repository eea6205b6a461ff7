// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

/*
 * One response of OpenAI's realtime API (openai-node v7.5.0, resources/realtime): from
 * response.created to response.done, which holds all of it. Speech is told by its transcript.
 */

#define ITEM_TEXTS \
	(1u << ST_TYPE | 1u << ST_CALL_ID | 1u << ST_NAME | 1u << ST_ARGS | 1u << ST_TEXT)

#define ASK(key) "response." key

static void on_modality(struct parse *p, const struct field *f, const struct json_event *ev)
{
	openai_output_type(p, f, ev);
}

static const struct field request_rows[] = {
	ROW(ASK("max_output_tokens"), FIELD_INT, CALL_AT(req.max_tokens)),
	ROW(ASK("max_response_output_tokens"), FIELD_INT, CALL_AT(req.max_tokens)),
	ROW(ASK("temperature"), FIELD_NUM, CALL_AT(req.temperature)),
	ROW_FN(ASK("output_modalities[]"), on_modality, 0),
	ROW_FN(ASK("modalities[]"), on_modality, 0),
	ROW(ASK("prompt.id"), FIELD_STRING, CALL_AT(req.prompt_name)),
	ROW(ASK("prompt.version"), FIELD_STRING, CALL_AT(req.prompt_version)),
	ROW_CONTENT_FN(ASK("tools[]"), field_tool_def, 0),
	ROW_CONTENT(ASK("tools[].type"), FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS(ASK("tools[]."), "parameters"),
	ROW_CONTENT_FN(ASK("instructions"), field_system_text, PART_TEXT),
	ROW_CONTENT_FN(ASK("input[]"), field_input_message, STYLE_CHAT),
	ROW_CONTENT(ASK("input[].role"), FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN(ASK("input[].content[].text"), field_input_text, PART_TEXT),
};

static void on_item(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct candidate *c;
	struct slot *s;

	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, ITEM_TEXTS);
	if (ev->kind != JSON_OBJECT_END)
		return;
	c = answer_only(p);
	p->last_is_tool = sv_eq(staged(p, ST_TYPE), SV("function_call"));
	s = answer_slot(p, c, ev->index, 0);
	if (p->last_is_tool) {
		answer_tool(p, c, s, PART_TOOL_CALL, staged(p, ST_CALL_ID), staged(p, ST_NAME));
		answer_text(p, c, s, PART_TOOL_CALL, staged(p, ST_ARGS));
	} else {
		answer_text(p, c, s, PART_TEXT, staged(p, ST_TEXT));
	}
	stage_drop(&p->stage, ITEM_TEXTS);
}

#define INPUT(key)  "response.usage.input_token_details." key
#define OUTPUT(key) "response.usage.output_token_details." key
#define ITEM(key)   "response.output[]." key

static const struct field event_rows[] = {
	ROW("response.id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("response.conversation_id", FIELD_STRING, CALL_AT(req.conversation_id)),
	ROW("response.status", FIELD_STAGE, ST_STATUS),
	ROW("response.status_details.reason", FIELD_STAGE, ST_FINISH),
	ROW("response.status_details.error.code", FIELD_STAGE, ST_ERROR_CODE),
	ROW("response.status_details.error.type", FIELD_STAGE, ST_ERROR_TYPE),
	ROW_CONTENT("response.status_details.error.message", FIELD_STRING,
		    CALL_AT(content.error_message)),
	ROW("response.usage.input_tokens", FIELD_TOKENS, CALL_AT(usage.input)),
	ROW("response.usage.output_tokens", FIELD_TOKENS, CALL_AT(usage.output)),
	ROW("response.usage.total_tokens", FIELD_TOKENS, CALL_AT(usage.total)),
	ROW(INPUT("text_tokens"), FIELD_TOKENS, CALL_AT(usage.text_input)),
	ROW(INPUT("audio_tokens"), FIELD_TOKENS, CALL_AT(usage.audio_input)),
	ROW(INPUT("image_tokens"), FIELD_TOKENS, CALL_AT(usage.image_input)),
	ROW(INPUT("cached_tokens"), FIELD_TOKENS, CALL_AT(usage.cache_read)),
	ROW(INPUT("cached_tokens_details.text_tokens"), FIELD_TOKENS,
	    CALL_AT(usage.text_cache_read)),
	ROW(INPUT("cached_tokens_details.audio_tokens"), FIELD_TOKENS,
	    CALL_AT(usage.audio_cache_read)),
	ROW(INPUT("cached_tokens_details.image_tokens"), FIELD_TOKENS,
	    CALL_AT(usage.image_cache_read)),
	ROW(OUTPUT("text_tokens"), FIELD_TOKENS, CALL_AT(usage.text_output)),
	ROW(OUTPUT("audio_tokens"), FIELD_TOKENS, CALL_AT(usage.audio_output)),
	ROW_FN("response.output[]", on_item, 0),
	ROW(ITEM("type"), FIELD_STAGE, ST_TYPE),
	ROW(ITEM("call_id"), FIELD_STAGE, ST_CALL_ID),
	ROW(ITEM("name"), FIELD_STAGE, ST_NAME),
	ROW_CONTENT(ITEM("arguments"), FIELD_STAGE, ST_ARGS),
	ROW_CONTENT(ITEM("content[].text"), FIELD_STAGE, ST_TEXT),
	ROW_CONTENT(ITEM("content[].transcript"), FIELD_STAGE, ST_TEXT),
	ERROR_ROWS,
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set event = FIELD_SET(event_rows);

/* Pieces of what the last event holds whole; the first of them is the answer's first. */
static const struct event_row events[] = {
	{ "response.output_audio.delta", EVENT_SKIP, false },
	{ "response.output_audio_transcript.delta", EVENT_SKIP, false },
	{ "response.output_text.delta", EVENT_SKIP, false },
	{ "response.audio.delta", EVENT_SKIP, false },
	{ "response.audio_transcript.delta", EVENT_SKIP, false },
	{ "response.text.delta", EVENT_SKIP, false },
	{ "response.function_call_arguments.delta", EVENT_SKIP, false },
	{ "response.output_item.added", EVENT_SKIP, false },
	{ "response.content_part.added", EVENT_SKIP, false },
	{ "response.done", EVENT_READ, true },
};

static void event_done(struct parse *p, struct sv type)
{
	(void)type;
	if (staged(p, ST_STATUS).len) {
		answer_only(p);
		p->status = SV_NONE;
		string_piece(p, &p->status, staged(p, ST_STATUS), CALL_STRING_MAX);
	}
	if (staged(p, ST_FINISH).len) {
		p->reason = SV_NONE;
		string_piece(p, &p->reason, staged(p, ST_FINISH), CALL_STRING_MAX);
	}
	if (sv_eq(p->status, SV("failed")))
		p->error_seen = true;
	take_error(p);
}

static void finish(struct parse *p)
{
	struct sv reason = SV_NONE;

	if (sv_eq(p->status, SV("completed")))
		reason = p->last_is_tool ? SV("tool_calls") : SV("stop");
	else if (sv_eq(p->reason, SV("max_output_tokens")))
		reason = SV("length");
	else if (sv_eq(p->status, SV("incomplete")) || sv_eq(p->status, SV("cancelled")))
		reason = p->reason.len ? p->reason : p->status;
	else if (sv_eq(p->status, SV("failed")))
		reason = SV("error");
	if (p->answered)
		answer_finish(p, answer_candidate(p, 0), reason);
}

const struct api api_openai_realtime = {
	.name = "openai.realtime",
	.op = CALL_CHAT,
	.provider = "openai",
	.request = { &request },
	.answer = { &event },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};
