// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

/*
 * What Mistral has beside OpenAI's API: POST /v1/conversations and below, with a model or an
 * agent, POST /v1/agents/completions, POST /v1/agents (client-ts, src/models). Why an answer
 * of a conversation ended is not told.
 */

#define ENTRY_TEXTS (1u << ST_TYPE | 1u << ST_ID | 1u << ST_NAME | 1u << ST_TEXT | 1u << ST_ARGS)

static void on_agent(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_STRING)
		return;
	p->op = CALL_INVOKE_AGENT;
	p->op_known = true;
}

static const struct field request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("agent_id", FIELD_STRING, CALL_AT(agent.id)),
	ROW_FN("agent_id", on_agent, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW("completion_args.temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("completion_args.top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("completion_args.max_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("completion_args.random_seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("completion_args.presence_penalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	ROW("completion_args.frequency_penalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	ROW("completion_args.stop", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("completion_args.stop[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW_FN("completion_args.response_format.type", openai_output_type, 0),

	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].type", FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS("tools[].function.", "parameters"),
	ROW_CONTENT_FN("instructions", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("inputs", field_input_string, 0),
	ROW_CONTENT_FN("inputs[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("inputs[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("inputs[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("inputs[].content[].text", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("inputs[].result", field_input_text, PART_TOOL_RESULT),
};

/* An entry, or in a stream a piece of one. */
static void take_entry(struct parse *p, uint32_t index)
{
	struct candidate *c = answer_only(p);
	struct sv type = staged(p, ST_TYPE);
	enum part_type kind =
		sv_starts(type, SV("tool.execution")) ? PART_SERVER_TOOL_CALL : PART_TOOL_CALL;

	if (staged(p, ST_NAME).len)
		answer_tool(p, c, answer_slot(p, c, index, 1), kind, staged(p, ST_ID),
			    staged(p, ST_NAME));
	if (staged(p, ST_ARGS).len)
		answer_text(p, c, answer_slot(p, c, index, 1), kind, staged(p, ST_ARGS));
	if (staged(p, ST_TEXT).len)
		answer_text(p, c, answer_slot(p, c, index, 0), PART_TEXT, staged(p, ST_TEXT));
	stage_drop(&p->stage, ENTRY_TEXTS);
}

static void on_entry(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, ENTRY_TEXTS);
	if (ev->kind == JSON_OBJECT_END)
		take_entry(p, ev->index);
}

static void on_conversation(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_STRING)
		answer_only(p);
}

#define ENTRY_ROWS(P)                                                                   \
	ROW(P "type", FIELD_STAGE, ST_TYPE), ROW(P "tool_call_id", FIELD_STAGE, ST_ID), \
		ROW(P "name", FIELD_STAGE, ST_NAME),                                    \
		ROW(P "model", FIELD_STRING, CALL_AT(resp.model)),                      \
		ROW_CONTENT(P "content", FIELD_STAGE, ST_TEXT),                         \
		ROW_CONTENT(P "content[].text", FIELD_STAGE, ST_TEXT),                  \
		ROW_CONTENT(P "content.text", FIELD_STAGE, ST_TEXT),                    \
		ROW_CONTENT(P "arguments", FIELD_STAGE, ST_ARGS)

#define COMMON_ROWS                                                                         \
	ROW("conversation_id", FIELD_STRING, CALL_AT(req.conversation_id)),                 \
		ROW_FN("conversation_id", on_conversation, 0),                              \
		ROW_ANCHOR("usage.prompt_tokens", FIELD_TOKENS, CALL_AT(usage.input)),      \
		ROW_ANCHOR("usage.completion_tokens", FIELD_TOKENS, CALL_AT(usage.output)), \
		ROW_ANCHOR("usage.total_tokens", FIELD_TOKENS, CALL_AT(usage.total))

static const struct field answer_rows[] = {
	COMMON_ROWS,
	ROW_FN("outputs[]", on_entry, 0),
	ENTRY_ROWS("outputs[]."),
};

static const struct field event_rows[] = {
	COMMON_ROWS,
	ENTRY_ROWS(""),
	ROW("output_index", FIELD_STAGE_INT, SI_ITEM),
	ROW("code", FIELD_STAGE_INT, SI_ERROR_CODE),
	ROW_CONTENT("message", FIELD_STRING, CALL_AT(content.error_message)),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);
static const struct field_set event = FIELD_SET(event_rows);

static const struct event_row events[] = {
	{ "conversation.response.done", EVENT_READ, true },
	{ "conversation.response.error", EVENT_READ, true },
	{ "tool.execution.done", EVENT_SKIP, false },
};

static void event_done(struct parse *p, struct sv type)
{
	const struct opt_int *index = &p->stage.num[SI_ITEM];

	if (!type.len)
		type = staged(p, ST_TYPE);
	p->whole |= sv_eq(type, SV("conversation.response.done"));
	if (sv_eq(type, SV("conversation.response.error"))) {
		p->error_seen = true;
	} else if (index->set && index->v < CALL_SLOTS_MAX) {
		/* The event's type is not the entry's; only those of tools matter. */
		take_entry(p, (uint32_t)index->v);
	}
	take_error(p);
}

static void finish(struct parse *p)
{
	p->no_reason = true;
	take_error(p);
}

const struct api api_mistral_conversation = {
	.name = "mistral.conversation",
	.op = CALL_CHAT,
	.provider = "mistral_ai",
	.request = { &request },
	.answer = { &answer, &openai_errors },
	.event = { &event },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};

static const struct field agent_rows[] = {
	ROW("agent_id", FIELD_STRING, CALL_AT(agent.id)),
};

static const struct field_set agent = FIELD_SET(agent_rows);

const struct api api_mistral_agent = {
	.name = "mistral.agent",
	.op = CALL_INVOKE_AGENT,
	.provider = "mistral_ai",
	.request = { &openai_request, &openai_chat_request, &agent },
	.answer = { &openai_choices, &openai_usage, &openai_errors },
	.event_done = openai_choice_event,
	.finish = openai_finish,
};
