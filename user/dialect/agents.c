// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

/*
 * Agents that a provider hosts: made by POST /assistants (OpenAI, Azure) and POST /agents
 * (Anthropic, Mistral, Azure), run by POST /threads/{id}/runs and /threads/runs (openai-node,
 * resources/beta/threads) or by an event that is sent to a session (Anthropic,
 * resources/beta/sessions). A run may stream; its object tells the state, as a response does.
 */

/* A version may be a number. */
static void on_version(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv *to = &p->call->agent.version;

	(void)f;
	if (ev->kind == JSON_NUMBER && !to->len)
		string_piece(p, to, ev->text, CALL_STRING_MAX);
}

static void on_made(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv word;

	(void)f;
	if (!stage_word(p, &p->stage, ev))
		return;
	word = staged(p, ST_WORD);
	p->answered |= sv_eq(word, SV("assistant")) || sv_starts(word, SV("agent"));
}

static const struct field create_rows[] = {
	ROW("model", FIELD_MODEL, 0),
	ROW("model.id", FIELD_MODEL, 0),
	ROW("definition.model", FIELD_MODEL, 0),
	ROW("name", FIELD_STRING, CALL_AT(agent.name)),
	ROW("description", FIELD_STRING, CALL_AT(agent.description)),
	ROW_CONTENT_FN("instructions", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("definition.instructions", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("system", field_system_text, PART_TEXT),
};

static const struct field made_rows[] = {
	ROW("id", FIELD_STRING, CALL_AT(agent.id)),
	ROW_FN("object", on_made, 0),
	ROW_FN("type", on_made, 0),
	ROW("version", FIELD_STRING, CALL_AT(agent.version)),
	ROW_FN("version", on_version, 0),
	ROW("versions.latest.version", FIELD_STRING, CALL_AT(agent.version)),
};

static const struct field_set create = FIELD_SET(create_rows);
static const struct field_set made = FIELD_SET(made_rows);

const struct api api_agent_create = {
	.name = "agent.create",
	.op = CALL_CREATE_AGENT,
	.provider = "openai",
	.request = { &create },
	.answer = { &made, &openai_errors },
	.finish = take_error,
};

static const struct field run_request_rows[] = {
	ROW("assistant_id", FIELD_STRING, CALL_AT(agent.id)),
	ROW("model", FIELD_MODEL, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("max_completion_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("reasoning_effort", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW_FN("response_format.type", openai_output_type, 0),
	ROW_CONTENT_FN("instructions", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("thread.messages[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("thread.messages[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("thread.messages[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("additional_messages[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("additional_messages[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("additional_messages[].content", field_input_text, PART_TEXT),
};

static void on_thread(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_STRING)
		p->answered = true;
}

/* Threads, messages, steps and the run come as events, told by their "object". */
static const struct field run_rows[] = {
	ROW("object", FIELD_STAGE, ST_TYPE),
	ROW("id", FIELD_STAGE, ST_ID),
	ROW("thread_id", FIELD_STRING, CALL_AT(req.conversation_id)),
	ROW_FN("thread_id", on_thread, 0),
	ROW("assistant_id", FIELD_STRING, CALL_AT(agent.id)),
	ROW("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW("status", FIELD_STAGE, ST_STATUS),
	ROW("last_error.code", FIELD_STAGE, ST_ERROR_CODE),
	ROW_CONTENT("last_error.message", FIELD_STRING, CALL_AT(content.error_message)),
	ROW("incomplete_details.reason", FIELD_STAGE, ST_FINISH),
	ROW("usage.prompt_tokens", FIELD_STAGE_INT, SI_CHOICE),
	ROW("usage.completion_tokens", FIELD_STAGE_INT, SI_TOOL),
	ROW("usage.total_tokens", FIELD_STAGE_INT, SI_ITEM),
	ROW("usage.prompt_token_details.cached_tokens", FIELD_STAGE_INT, SI_PART),
	ROW_CONTENT("delta.content[].text.value", FIELD_STAGE, ST_TEXT),
	ERROR_ROWS,
};

static const struct field_set run_request = FIELD_SET(run_request_rows);
static const struct field_set run = FIELD_SET(run_rows);

static const struct event_row run_events[] = {
	{ "thread.message.delta", EVENT_CONTENT, false },
	{ "thread.run.step.delta", EVENT_SKIP, false },
	{ "thread.message.completed", EVENT_SKIP, false },
	{ "done", EVENT_SKIP, true },
};

static void take_count(struct opt_int *to, const struct opt_int *from)
{
	if (from->set)
		*to = *from;
}

static void keep(struct parse *p, struct sv *to, struct sv text)
{
	*to = SV_NONE;
	string_piece(p, to, text, CALL_STRING_MAX);
}

static void take_run(struct parse *p)
{
	struct call *c = p->call;

	if (!c->resp.id.len)
		keep(p, &c->resp.id, staged(p, ST_ID));
	if (staged(p, ST_STATUS).len)
		keep(p, &p->status, staged(p, ST_STATUS));
	if (staged(p, ST_FINISH).len)
		keep(p, &p->reason, staged(p, ST_FINISH));
	if (sv_eq(p->status, SV("failed")))
		parse_error(p, staged(p, ST_ERROR_CODE));
	take_count(&c->usage.input, &p->stage.num[SI_CHOICE]);
	take_count(&c->usage.output, &p->stage.num[SI_TOOL]);
	take_count(&c->usage.total, &p->stage.num[SI_ITEM]);
	take_count(&c->usage.cache_read, &p->stage.num[SI_PART]);
}

static void run_event(struct parse *p, struct sv type)
{
	struct candidate *c;

	(void)type;
	if (sv_eq(staged(p, ST_TYPE), SV("thread.run")))
		take_run(p);
	if (staged(p, ST_TEXT).len) {
		c = answer_candidate(p, 0);
		answer_text(p, c, answer_slot(p, c, 0, 0), PART_TEXT, staged(p, ST_TEXT));
	}
	take_error(p);
}

/* What the state of a run says of its end; one that goes on elsewhere has none. */
static const struct {
	const char *status, *reason;
} run_ends[] = {
	{ "completed", "stop" }, { "requires_action", "tool_calls" },
	{ "failed", "error" },	 { "cancelled", "error" },
	{ "expired", "error" },
};

static void run_finish(struct parse *p)
{
	struct sv reason = sv_eq(p->status, SV("incomplete")) ? p->reason : SV_NONE;

	run_event(p, SV_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(run_ends); i++)
		if (sv_eq(p->status, sv_of(run_ends[i].status)))
			reason = sv_of(run_ends[i].reason);
	if (sv_eq(reason, SV("error")))
		parse_error(p, p->status);
	if (reason.len)
		answer_finish(p, answer_candidate(p, 0), reason);
	p->no_reason = !reason.len;
}

const struct api api_agent_run = {
	.name = "agent.run",
	.op = CALL_INVOKE_AGENT,
	.provider = "openai",
	.request = { &run_request },
	.answer = { &run },
	.events = run_events,
	.event_count = ARRAY_SIZE(run_events),
	.event_done = run_event,
	.finish = run_finish,
};

/* Only what the user says, or a tool's result, makes the agent work. */
static void on_event_type(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv word;

	(void)f;
	if (!stage_word(p, &p->input_stage, ev))
		return;
	word = stage_get(&p->input_stage, ST_WORD);
	p->no_call = !(sv_eq(word, SV("user.message")) || sv_ends(word, SV("tool_result")));
}

static const struct field session_rows[] = {
	ROW_FN("events[].type", on_event_type, 0),
	ROW_CONTENT_FN("events[].content[].text", field_input_string, 0),
};

static void on_data(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_ARRAY)
		p->answered = true;
}

static const struct field sent_rows[] = {
	ROW_FN("data", on_data, 0),
};

static const struct field_set session = FIELD_SET(session_rows);
static const struct field_set sent = FIELD_SET(sent_rows);

static void session_finish(struct parse *p)
{
	p->no_reason = true;
	take_error(p);
}

/* The answer comes elsewhere: this call only says that it was asked. */
const struct api api_agent_session = {
	.name = "agent.session",
	.op = CALL_INVOKE_AGENT,
	.provider = "anthropic",
	.request = { &session },
	.answer = { &sent, &openai_errors },
	.finish = session_finish,
};
