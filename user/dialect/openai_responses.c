// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

#include "dialect/route.h"

/*
 * OpenAI responses: POST .../responses (openai-node v7.5.0). The answer is an object with
 * output items; a stream brings each item twice (added, done), its text in pieces between,
 * and the whole object at the end.
 */

/* Slots of an item: itself, then its texts. */
#define SLOT_ITEM    0
#define SLOT_CONTENT 1
#define SLOT_SUMMARY 10000
/* The item of this event, until the event's end tells its index. */
#define ITEM_OPEN UINT32_MAX

#define ITEM_TEXTS                                                                        \
	(1u << ST_TYPE | 1u << ST_ID | 1u << ST_CALL_ID | 1u << ST_NAME | 1u << ST_ARGS | \
	 1u << ST_TEXT)

static void on_generate(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	p->idle = ev->kind == JSON_BOOL && !ev->boolean;
}

static const struct field request_rows[] = {
	ROW_ANCHOR("max_output_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("reasoning.effort", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW("previous_response_id", FIELD_STRING, CALL_AT(req.previous_response_id)),
	ROW("conversation", FIELD_STRING, CALL_AT(req.conversation_id)),
	ROW("conversation.id", FIELD_STRING, CALL_AT(req.conversation_id)),
	ROW_FN("text.format.type", openai_output_type, 0),
	ROW_FN("generate", on_generate, 0), /* on a WebSocket */
	ROW("prompt.id", FIELD_STRING, CALL_AT(req.prompt_name)),
	ROW("prompt.version", FIELD_STRING, CALL_AT(req.prompt_version)),
	{ "prompt.variables", FIELD_FN, 0, GROUP_CONTENT, JSON_RAW, field_variables, 0 },

	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].type", FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS("tools[].", "parameters"),

	ROW_CONTENT_FN("instructions", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("input", field_input_string, 0),
	ROW_CONTENT_FN("input[]", field_input_message, STYLE_ITEMS),
	ROW_CONTENT("input[].type", FIELD_STAGE, ST_TYPE),
	ROW_CONTENT("input[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT("input[].call_id", FIELD_STAGE, ST_CALL_ID),
	ROW_CONTENT("input[].name", FIELD_STAGE, ST_NAME),
	ROW_CONTENT_FN("input[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("input[].arguments", field_input_text, PART_GENERIC),
	ROW_CONTENT_FN("input[].input", field_input_text, PART_GENERIC),
	ROW_CONTENT_FN("input[].output", field_input_text, PART_GENERIC),
	ROW_CONTENT_FN("input[].output[].text", field_input_text, PART_GENERIC),
	ROW_CONTENT_FN("input[].summary[].text", field_input_text, PART_GENERIC),
	ROW_CONTENT_FN("input[].content[]", field_input_part, STYLE_PART),
	ROW_CONTENT("input[].content[].type", FIELD_PART, PART_AT(wire_type)),
	ROW_CONTENT("input[].content[].text", FIELD_PART_TEXT, 0),
	ROW_CONTENT("input[].content[].refusal", FIELD_PART_TEXT, 0),
	ROW_CONTENT("input[].content[].image_url", FIELD_PART_TEXT, 0),
	ROW_CONTENT("input[].content[].file_url", FIELD_PART_TEXT, 0),
	ROW_CONTENT("input[].content[].file_data", FIELD_PART_TEXT, 0),
	ROW_CONTENT("input[].content[].file_id", FIELD_PART, PART_AT(id)),
};

static const struct field_set request = FIELD_SET(request_rows);

static struct candidate *the_candidate(struct parse *p)
{
	return answer_candidate(p, 0);
}

/* Items that are tool calls. name: where the item has none of its own. */
static const struct item_kind {
	const char *type;
	enum part_type part;
	const char *name;
} item_kinds[] = {
	{ "function_call", PART_TOOL_CALL, "" },
	{ "custom_tool_call", PART_TOOL_CALL, "" },
	{ "computer_call", PART_TOOL_CALL, "computer" },
	{ "local_shell_call", PART_TOOL_CALL, "local_shell" },
	{ "shell_call", PART_TOOL_CALL, "shell" },
	{ "apply_patch_call", PART_TOOL_CALL, "apply_patch" },
	{ "web_search_call", PART_SERVER_TOOL_CALL, "web_search" },
	{ "file_search_call", PART_SERVER_TOOL_CALL, "file_search" },
	{ "code_interpreter_call", PART_SERVER_TOOL_CALL, "code_interpreter" },
	{ "image_generation_call", PART_SERVER_TOOL_CALL, "image_generation" },
	{ "mcp_call", PART_SERVER_TOOL_CALL, "mcp" },
	{ "tool_search_call", PART_SERVER_TOOL_CALL, "tool_search" },
};

static const struct item_kind *kind_of(struct sv type)
{
	for (size_t i = 0; i < ARRAY_SIZE(item_kinds); i++) {
		if (sv_eq(type, sv_of(item_kinds[i].type)))
			return &item_kinds[i];
	}
	return NULL;
}

/* Drops the message's part, which another one replaces. */
static void part_unlink(struct candidate *c, struct call_part *part)
{
	struct call_part **at = &c->message->parts;

	while (*at && *at != part)
		at = &(*at)->next;
	if (*at)
		*at = part->next;
}

/*
 * The texts of the open item get its index. What came in pieces before is replaced: the
 * whole text is sure to be whole.
 */
static void place_texts(struct parse *p, struct candidate *c, uint32_t index, bool reasoning)
{
	for (struct slot *s = c->slots; s; s = s->next) {
		struct slot *old;

		if (s->a != ITEM_OPEN)
			continue;
		s->a = ITEM_OPEN - 1;
		old = answer_slot(p, c, index, s->b);
		if (!old || !s->part)
			continue;
		if (reasoning)
			s->part->type = PART_REASONING;
		if (old->part) {
			old->part->text = s->part->text;
			old->part->room = 0;
			old->part->cut = s->part->cut;
			part_unlink(c, s->part);
		} else {
			old->part = s->part;
		}
	}
}

/* A whole text takes the place of what came in pieces. */
static void set_text(struct parse *p, struct call_part *part, struct sv text, bool json)
{
	if (!text.len)
		return;
	part->text.len = 0;
	part->json = json;
	part_append(p, part, text);
}

static void take_tool(struct parse *p, struct candidate *c, struct slot *s,
		      const struct item_kind *kind)
{
	struct sv id = staged(p, ST_CALL_ID), name = staged(p, ST_NAME);

	answer_tool(p, c, s, kind->part, id.len ? id : staged(p, ST_ID),
		    name.len ? name : sv_of(kind->name));
	if (!s || !s->part)
		return;
	s->part->wire_type = sv_of(kind->type);
	if (kind->part == PART_TOOL_CALL)
		set_text(p, s->part, staged(p, ST_ARGS), false);
	else
		set_text(p, s->part, staged(p, ST_RAW), true);
}

/* Anything else that the convention has no part for stands as it is. */
static void take_other(struct parse *p, struct candidate *c, uint32_t index, struct sv type)
{
	struct slot *s = answer_slot(p, c, index, SLOT_ITEM);
	struct call_part *part;

	if (sv_eq(type, SV("compaction"))) {
		p->call->resp.compacted = (struct opt_bool){ true, true };
		answer_part(p, c, s, PART_COMPACTION);
		return;
	}
	part = answer_part(p, c, s, PART_GENERIC);
	if (!part)
		return;
	if (!part->wire_type.len)
		string_piece(p, &part->wire_type, type, CALL_STRING_MAX);
	set_text(p, part, staged(p, ST_RAW), true);
}

static void take_item(struct parse *p, uint32_t index)
{
	struct candidate *c = the_candidate(p);
	struct sv type = staged(p, ST_TYPE);
	const struct item_kind *kind = kind_of(type);
	bool message = sv_eq(type, SV("message")), reasoning = sv_eq(type, SV("reasoning"));

	if (!c || !type.len)
		return;
	if (index >= p->last_item) {
		p->last_item = index;
		p->last_is_tool = kind && kind->part == PART_TOOL_CALL;
	}
	place_texts(p, c, index, reasoning);
	if (kind)
		take_tool(p, c, answer_slot(p, c, index, SLOT_ITEM), kind);
	else if (!message && !reasoning)
		take_other(p, c, index, type);
	stage_drop(&p->stage, ITEM_TEXTS);
}

/* An output item of an object: its place is its index. */
static void on_output(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, ITEM_TEXTS | 1u << ST_RAW);
	if (ev->kind == JSON_OBJECT_END)
		take_item(p, ev->index);
}

/* The item as it stands is whole only after its end was told. */
static void on_output_raw(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct candidate *c = the_candidate(p);
	struct slot *s;

	(void)f;
	stage_add(p, &p->stage, ST_RAW, ev->text);
	if (!ev->last || ev->truncated)
		return;
	s = answer_slot(p, c, ev->index, SLOT_ITEM);
	if (s && s->part &&
	    (s->part->type == PART_SERVER_TOOL_CALL || s->part->type == PART_GENERIC))
		set_text(p, s->part, staged(p, ST_RAW), true);
	stage_drop(&p->stage, 1u << ST_RAW);
}

/* One text of the open item; arg: slot of the first. */
static void on_text(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct candidate *c;

	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, 1u << ST_TEXT);
	if (ev->kind != JSON_OBJECT_END || !staged(p, ST_TEXT).len)
		return;
	c = the_candidate(p);
	answer_text(p, c, answer_slot(p, c, ITEM_OPEN, (uint32_t)f->arg + ev->index), PART_TEXT,
		    staged(p, ST_TEXT));
	stage_drop(&p->stage, 1u << ST_TEXT);
}

#define ITEM_NAMES(P)                                                         \
	ROW(P "type", FIELD_STAGE, ST_TYPE), ROW(P "id", FIELD_STAGE, ST_ID), \
		ROW(P "call_id", FIELD_STAGE, ST_CALL_ID), ROW(P "name", FIELD_STAGE, ST_NAME)

#define ITEM_CONTENT(P)                                                    \
	ROW_CONTENT(P ".arguments", FIELD_STAGE, ST_ARGS),                 \
		ROW_CONTENT(P ".input", FIELD_STAGE, ST_ARGS),             \
		ROW_CONTENT_FN(P ".content[]", on_text, SLOT_CONTENT),     \
		ROW_CONTENT(P ".content[].text", FIELD_STAGE, ST_TEXT),    \
		ROW_CONTENT(P ".content[].refusal", FIELD_STAGE, ST_TEXT), \
		ROW_CONTENT_FN(P ".summary[]", on_text, SLOT_SUMMARY),     \
		ROW_CONTENT(P ".summary[].text", FIELD_STAGE, ST_TEXT)

#define OBJECT_ROWS(P, KIND)                                                          \
	ROW(P "id", FIELD_STRING, CALL_AT(resp.id)),                                  \
		ROW(P "model", FIELD_STRING, CALL_AT(resp.model)),                    \
		ROW(P "service_tier", FIELD_LATEST, CALL_AT(resp.service_tier)),      \
		ROW(P "conversation.id", FIELD_STRING, CALL_AT(req.conversation_id)), \
		ROW(P "status", FIELD_STAGE, ST_STATUS),                              \
		ROW(P "incomplete_details.reason", FIELD_STAGE, ST_FINISH),           \
		KIND(P "usage.input_tokens", FIELD_TOKENS, CALL_AT(usage.input)),     \
		KIND(P "usage.output_tokens", FIELD_TOKENS, CALL_AT(usage.output)),   \
		KIND(P "usage.total_tokens", FIELD_TOKENS, CALL_AT(usage.total)),     \
		ROW(P "usage.input_tokens_details.cached_tokens", FIELD_TOKENS,       \
		    CALL_AT(usage.cache_read)),                                       \
		ROW(P "usage.input_tokens_details.cache_write_tokens", FIELD_TOKENS,  \
		    CALL_AT(usage.cache_write)),                                      \
		ROW(P "usage.output_tokens_details.reasoning_tokens", FIELD_TOKENS,   \
		    CALL_AT(usage.reasoning)),                                        \
		ROW_FN(P "output[]", on_output, 0), ITEM_NAMES(P "output[].")

static const struct field answer_rows[] = {
	OBJECT_ROWS("", ROW_ANCHOR),
	ITEM_CONTENT("output[]"),
	{ "output[]", FIELD_FN, 0, GROUP_CONTENT, JSON_RAW, on_output_raw, 0 },
};

/* An event's own fields, and the object in the first and last. */
static const struct field event_rows[] = {
	OBJECT_ROWS("response.", ROW),
	ROW_FN("response.error", field_error, 0),
	ROW("response.error.code", FIELD_STAGE, ST_ERROR_CODE),
	ROW_CONTENT("response.error.message", FIELD_STRING, CALL_AT(content.error_message)),
	ROW("output_index", FIELD_STAGE_INT, SI_ITEM),
	ROW("content_index", FIELD_STAGE_INT, SI_PART),
	ROW("summary_index", FIELD_STAGE_INT, SI_PART),
	ROW_CONTENT("delta", FIELD_STAGE, ST_DELTA),
	ITEM_NAMES("item."),
	ITEM_CONTENT("item"),
	ROW_RAW("item", FIELD_STAGE, ST_RAW),
};

static const struct field_set answer = FIELD_SET(answer_rows);
static const struct field_set event = FIELD_SET(event_rows);

static const struct event_row events[] = {
	{ "response.output_text.delta", EVENT_CONTENT, false },
	{ "response.refusal.delta", EVENT_CONTENT, false },
	{ "response.function_call_arguments.delta", EVENT_CONTENT, false },
	{ "response.custom_tool_call_input.delta", EVENT_CONTENT, false },
	{ "response.reasoning_text.delta", EVENT_CONTENT, false },
	{ "response.reasoning_summary_text.delta", EVENT_CONTENT, false },
	{ "response.in_progress", EVENT_SKIP, false },
	{ "response.queued", EVENT_SKIP, false },
	{ "response.content_part.added", EVENT_SKIP, false },
	{ "response.content_part.done", EVENT_SKIP, false },
	{ "response.output_text.done", EVENT_SKIP, false },
	{ "response.output_text.annotation.added", EVENT_SKIP, false },
	{ "response.refusal.done", EVENT_SKIP, false },
	{ "response.function_call_arguments.done", EVENT_SKIP, false },
	{ "response.custom_tool_call_input.done", EVENT_SKIP, false },
	{ "response.reasoning_text.done", EVENT_SKIP, false },
	{ "response.reasoning_summary_text.done", EVENT_SKIP, false },
	{ "response.reasoning_summary_part.added", EVENT_SKIP, false },
	{ "response.reasoning_summary_part.done", EVENT_SKIP, false },
	{ "response.image_generation_call.partial_image", EVENT_SKIP, false },
	{ "response.completed", EVENT_READ, true },
	{ "response.incomplete", EVENT_READ, true },
	{ "response.failed", EVENT_READ, true },
	{ "error", EVENT_READ, true },
};

/* Where the text of a delta belongs. */
static const struct {
	const char *event;
	enum part_type part;
	uint32_t slot;
} deltas[] = {
	{ "response.output_text.delta", PART_TEXT, SLOT_CONTENT },
	{ "response.refusal.delta", PART_TEXT, SLOT_CONTENT },
	{ "response.reasoning_text.delta", PART_REASONING, SLOT_CONTENT },
	{ "response.reasoning_summary_text.delta", PART_REASONING, SLOT_SUMMARY },
	{ "response.function_call_arguments.delta", PART_TOOL_CALL, SLOT_ITEM },
	{ "response.custom_tool_call_input.delta", PART_TOOL_CALL, SLOT_ITEM },
};

static uint32_t small(const struct opt_int *n)
{
	return n->set && n->v < SLOT_SUMMARY - SLOT_CONTENT ? (uint32_t)n->v : 0;
}

static void take_delta(struct parse *p, struct sv type)
{
	struct candidate *c = the_candidate(p);
	uint32_t item = small(&p->stage.num[SI_ITEM]), part = small(&p->stage.num[SI_PART]);

	for (size_t i = 0; i < ARRAY_SIZE(deltas); i++) {
		uint32_t slot = deltas[i].slot;

		if (!sv_eq(type, sv_of(deltas[i].event)))
			continue;
		slot += slot == SLOT_ITEM ? 0 : part;
		answer_text(p, c, answer_slot(p, c, item, slot), deltas[i].part,
			    staged(p, ST_DELTA));
	}
}

/* The newest state of the response object. */
static void take_state(struct parse *p)
{
	if (staged(p, ST_STATUS).len) {
		p->status = SV_NONE;
		string_piece(p, &p->status, staged(p, ST_STATUS), CALL_STRING_MAX);
		p->answered = true;
	}
	if (staged(p, ST_FINISH).len) {
		p->reason = SV_NONE;
		string_piece(p, &p->reason, staged(p, ST_FINISH), CALL_STRING_MAX);
	}
	stage_drop(&p->stage, 1u << ST_STATUS | 1u << ST_FINISH);
}

static void event_done(struct parse *p, struct sv type)
{
	/* Behind a proxy that drops event names the data's own type tells. */
	if (!type.len)
		type = staged(p, ST_ERROR_TYPE);
	if (sv_eq(type, SV("error")))
		p->error_seen = true;
	if (staged(p, ST_DELTA).len)
		take_delta(p, type);
	else if (staged(p, ST_TYPE).len)
		take_item(p, small(&p->stage.num[SI_ITEM]));
	take_state(p);
	/* The event's type is not the error's. */
	if (sv_eq(staged(p, ST_ERROR_TYPE), type))
		stage_drop(&p->stage, 1u << ST_ERROR_TYPE);
	take_error(p);
}

/* An error of the response that has no code of its own is called like its state. */
static void finish(struct parse *p)
{
	struct sv reason = SV_NONE;

	take_state(p);
	openai_finish(p);
	/* It only warmed the connection up, if nothing came of it. */
	p->no_call |= p->idle && p->whole && !p->call->usage.output.v;
	if (sv_eq(p->status, SV("completed")))
		reason = p->last_is_tool ? SV("tool_calls") : SV("stop");
	else if (sv_eq(p->status, SV("incomplete")))
		reason = sv_eq(p->reason, SV("max_output_tokens")) ? SV("length") : p->reason;
	else if (sv_eq(p->status, SV("failed")) || sv_eq(p->status, SV("cancelled"))) {
		reason = SV("error");
		parse_error(p, p->status);
	}
	/* A background response has not ended: it has no reason to yet. */
	if (reason.len || !p->whole || p->error_seen)
		answer_finish(p, p->answered ? the_candidate(p) : NULL, reason);
}

const struct api api_openai_responses = {
	.name = "openai.responses",
	.op = CALL_CHAT,
	.api = CALL_API_RESPONSES,
	.provider = "openai",
	.request = { &openai_request, &request },
	.answer = { &answer, &openai_errors },
	.event = { &event, &openai_errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};

/* GET .../responses/{id}: a response that was made before, once more or from some event on. */
static void fetch_begin(struct parse *p)
{
	struct call *c = p->call;

	c->req.stream_cursor =
		route_decode(&c->arena, route_query(p->ex->target, "starting_after"));
}

const struct api api_openai_fetch = {
	.name = "openai.fetch",
	.op = CALL_FETCH_RESPONSE,
	.api = CALL_API_RESPONSES,
	.provider = "openai",
	.answer = { &answer, &openai_errors },
	.event = { &event, &openai_errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.begin = fetch_begin,
	.event_done = event_done,
	.finish = finish,
};
