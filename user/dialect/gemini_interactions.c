// SPDX-License-Identifier: Apache-2.0
#include "dialect/gemini.h"

#include "dialect/route.h"

/*
 * Gemini's interactions: POST .../interactions, GET .../interactions/{id} (js-genai v2.18.0,
 * src/gaos/models/interactions). A stream opens each step, brings it in pieces and closes it.
 */

#define STEP_TEXTS \
	(1u << ST_TYPE | 1u << ST_ID | 1u << ST_NAME | 1u << ST_TEXT | 1u << ST_ARGS | 1u << ST_RAW)

static void on_agent(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_STRING || !ev->text.len)
		return;
	p->op = CALL_INVOKE_AGENT;
	p->op_known = true;
}

static const struct field request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("agent", FIELD_STRING, CALL_AT(agent.id)),
	ROW_FN("agent", on_agent, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW_SNAKE("previousInteractionId", FIELD_STRING, CALL_AT(req.previous_response_id)),
	ROW_SNAKE("previous_interaction_id", FIELD_STRING, CALL_AT(req.previous_response_id)),
	ROW("generation_config.temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("generation_config.top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("generation_config.seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("generation_config.max_output_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("generation_config.stop_sequences[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("generation_config.thinking_level", FIELD_STRING, CALL_AT(req.reasoning_level)),

	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].type", FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS("tools[].", "parameters"),
	ROW_CONTENT_FN("system_instruction", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("input", field_input_string, 0),
	ROW_CONTENT_FN("input[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("input[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("input[].text", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("input[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("input[].content[].text", field_input_text, PART_TEXT),
};

/* Steps that are tool calls end in this; those the client runs are called function_call. */
static enum part_type kind_of(struct sv type)
{
	if (sv_eq(type, SV("function_call")))
		return PART_TOOL_CALL;
	if (sv_ends(type, SV("_call")))
		return PART_SERVER_TOOL_CALL;
	return PART_GENERIC;
}

static void take_step(struct parse *p, uint32_t index)
{
	struct candidate *c = answer_only(p);
	struct sv type = staged(p, ST_TYPE), name = staged(p, ST_NAME), args;
	enum part_type kind = kind_of(type);
	struct slot *s;
	bool thought = sv_starts(type, SV("thought"));

	if (kind != PART_GENERIC) {
		s = answer_slot(p, c, index, 0);
		answer_tool(p, c, s, kind, staged(p, ST_ID), name.len ? name : type);
		p->last_is_tool = kind == PART_TOOL_CALL;
		args = staged(p, ST_RAW);
		if (!sv_eq(args, SV("{}")))
			answer_text(p, c, s, kind, args);
	} else if (type.len) {
		p->last_is_tool &= !sv_eq(type, SV("model_output"));
	}
	if (staged(p, ST_TEXT).len)
		answer_text(p, c, answer_slot(p, c, index, thought ? 1 : 2),
			    thought ? PART_REASONING : PART_TEXT, staged(p, ST_TEXT));
	if (staged(p, ST_ARGS).len)
		answer_text(p, c, answer_slot(p, c, index, 0), PART_TOOL_CALL, staged(p, ST_ARGS));
	stage_drop(&p->stage, STEP_TEXTS);
}

static void on_step(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, STEP_TEXTS);
	if (ev->kind == JSON_OBJECT_END)
		take_step(p, ev->index);
}

static void on_mark(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->answered = true;
}

#define STEP_ROWS(P)                                                                              \
	ROW(P "type", FIELD_STAGE, ST_TYPE), ROW(P "id", FIELD_STAGE, ST_ID),                     \
		ROW(P "name", FIELD_STAGE, ST_NAME), ROW_RAW(P "arguments", FIELD_STAGE, ST_RAW), \
		ROW_CONTENT(P "content[].text", FIELD_STAGE, ST_TEXT),                            \
		ROW_CONTENT(P "summary[].text", FIELD_STAGE, ST_TEXT)

#define USAGE_ROWS(P)                                                                         \
	ROW_ANCHOR(P "total_input_tokens", FIELD_TOKENS, CALL_AT(usage.input)),               \
		ROW_ANCHOR(P "total_output_tokens", FIELD_TOKENS, CALL_AT(usage.output)),     \
		ROW(P "total_cached_tokens", FIELD_TOKENS, CALL_AT(usage.cache_read)),        \
		ROW_ANCHOR(P "total_thought_tokens", FIELD_TOKENS, CALL_AT(usage.reasoning)), \
		ROW(P "total_tool_use_tokens", FIELD_SUM, SUM_MORE_INPUT),                    \
		ROW_ANCHOR(P "total_tokens", FIELD_TOKENS, CALL_AT(usage.total))

#define OBJECT_ROWS(P)                                                           \
	ROW(P "id", FIELD_STRING, CALL_AT(resp.id)),                             \
		ROW(P "model", FIELD_STRING, CALL_AT(resp.model)),               \
		ROW(P "status", FIELD_STAGE, ST_STATUS), USAGE_ROWS(P "usage."), \
		ROW_FN(P "usage", on_mark, 0)

static const struct field answer_rows[] = {
	OBJECT_ROWS(""),
	ROW_FN("steps[]", on_step, 0),
	STEP_ROWS("steps[]."),
};

static const struct field event_rows[] = {
	OBJECT_ROWS("interaction."),
	ROW("event_type", FIELD_STAGE, ST_ERROR_TYPE),
	ROW("status", FIELD_STAGE, ST_STATUS),
	ROW("index", FIELD_STAGE_INT, SI_ITEM),
	STEP_ROWS("step."),
	ROW("delta.type", FIELD_STAGE, ST_TYPE),
	ROW_CONTENT("delta.text", FIELD_STAGE, ST_TEXT),
	ROW_CONTENT("delta.content.text", FIELD_STAGE, ST_TEXT),
	ROW_CONTENT("delta.arguments", FIELD_STAGE, ST_ARGS),
};

static const struct field error_rows[] = {
	ROW_FN("error", field_error, 0),
	ROW("error.status", FIELD_STAGE, ST_ERROR_TYPE),
	ROW("error.code", FIELD_STAGE, ST_ERROR_CODE),
	ROW("error.code", FIELD_STAGE_INT, SI_ERROR_CODE),
	ROW_CONTENT("error.message", FIELD_STRING, CALL_AT(content.error_message)),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);
static const struct field_set event = FIELD_SET(event_rows);
static const struct field_set errors = FIELD_SET(error_rows);

static const struct event_row events[] = {
	{ "step.stop", EVENT_SKIP, false },
	{ "interaction.completed", EVENT_READ, true },
};

static void take_status(struct parse *p)
{
	struct sv status = staged(p, ST_STATUS);

	if (!status.len)
		return;
	p->status = SV_NONE;
	string_piece(p, &p->status, status, CALL_STRING_MAX);
	stage_drop(&p->stage, 1u << ST_STATUS);
}

static void event_done(struct parse *p, struct sv type)
{
	const struct opt_int *index = &p->stage.num[SI_ITEM];

	if (!type.len)
		type = staged(p, ST_ERROR_TYPE);
	p->whole |= sv_eq(type, SV("interaction.completed"));
	if (index->set && index->v < CALL_SLOTS_MAX && (p->stage.dirty & STEP_TEXTS))
		take_step(p, (uint32_t)index->v);
	if (sv_eq(type, SV("error")))
		p->error_seen = true;
	/* The event's type is not the error's. */
	if (sv_eq(staged(p, ST_ERROR_TYPE), type))
		stage_drop(&p->stage, 1u << ST_ERROR_TYPE);
	take_status(p);
	take_error(p);
}

static void finish(struct parse *p)
{
	struct sv reason = SV_NONE;

	take_status(p);
	gemini_finish(p);
	if (sv_eq(p->status, SV("completed")))
		reason = p->last_is_tool ? SV("tool_calls") : SV("stop");
	else if (sv_eq(p->status, SV("requires_action")))
		reason = SV("tool_calls");
	else if (sv_eq(p->status, SV("incomplete")) || sv_eq(p->status, SV("budget_exceeded")))
		reason = p->status;
	else if (sv_eq(p->status, SV("failed")) || sv_eq(p->status, SV("cancelled"))) {
		reason = SV("error");
		parse_error(p, p->status);
	}
	if (p->answered && (reason.len || !p->whole || p->error_seen))
		answer_finish(p, answer_candidate(p, 0), reason);
}

const struct api api_gemini_interactions = {
	.name = "gemini.interactions",
	.op = CALL_GENERATE_CONTENT,
	.provider = "gcp.gemini",
	.request = { &request },
	.answer = { &answer, &errors },
	.event = { &event, &errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};

static void fetch_begin(struct parse *p)
{
	struct call *c = p->call;

	c->req.stream_cursor = route_decode(&c->arena, route_query(p->ex->target, "last_event_id"));
}

const struct api api_gemini_fetch = {
	.name = "gemini.fetch",
	.op = CALL_FETCH_RESPONSE,
	.provider = "gcp.gemini",
	.answer = { &answer, &errors },
	.event = { &event, &errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.begin = fetch_begin,
	.event_done = event_done,
	.finish = finish,
};
