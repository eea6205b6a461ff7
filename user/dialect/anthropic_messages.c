// SPDX-License-Identifier: Apache-2.0
#include "dialect/anthropic.h"

/*
 * Anthropic messages: POST .../v1/messages (anthropic-sdk-typescript, resources/messages).
 * The answer is a list of content blocks; a stream opens each, brings it in pieces and
 * closes it.
 */

#define BLOCK_TEXTS                                                                       \
	(1u << ST_TYPE | 1u << ST_ID | 1u << ST_CALL_ID | 1u << ST_NAME | 1u << ST_TEXT | \
	 1u << ST_REASONING | 1u << ST_ARGS | 1u << ST_RAW)

/* Content blocks of requests. */
#define PART_ROWS(P)                                                                              \
	ROW_CONTENT(P "type", FIELD_PART, PART_AT(wire_type)),                                    \
		ROW_CONTENT(P "text", FIELD_PART_TEXT, 0),                                        \
		ROW_CONTENT(P "thinking", FIELD_PART_TEXT, 0),                                    \
		ROW_CONTENT(P "id", FIELD_PART, PART_AT(id)),                                     \
		ROW_CONTENT(P "tool_use_id", FIELD_PART, PART_AT(id)),                            \
		ROW_CONTENT(P "file_id", FIELD_PART, PART_AT(id)),                                \
		ROW_CONTENT(P "name", FIELD_PART, PART_AT(name)),                                 \
		ROW_RAW(P "input", FIELD_PART_TEXT, 0), ROW_RAW(P "content", FIELD_PART_TEXT, 0), \
		ROW_CONTENT(P "source.media_type", FIELD_PART, PART_AT(mime)),                    \
		ROW_CONTENT(P "source.data", FIELD_PART_TEXT, 0),                                 \
		ROW_CONTENT(P "source.url", FIELD_PART_TEXT, 0),                                  \
		ROW_CONTENT(P "source.file_id", FIELD_PART, PART_AT(id))

static void output_format(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->call->req.output_type = SV("json");
}

static const struct field request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW_ANCHOR("max_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("top_k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("stop_sequences[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("output_config.effort", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW_FN("output_config.format", output_format, 0),
	/* A thread that the provider keeps: only new messages are sent. */
	ROW("thread.previous_message_id", FIELD_STRING, CALL_AT(req.previous_response_id)),

	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].type", FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS("tools[].", "input_schema"),

	ROW_CONTENT_FN("system", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("system[]", field_system_part, 0),
	ROW_CONTENT("system[].type", FIELD_PART, PART_AT(wire_type)),
	ROW_CONTENT("system[].text", FIELD_PART_TEXT, 0),

	ROW_CONTENT_FN("messages[]", field_input_message, STYLE_BLOCKS),
	ROW_CONTENT("messages[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("messages[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("messages[].content[]", field_input_part, STYLE_PART),
	PART_ROWS("messages[].content[]."),
};

#define USAGE_ROWS(P, KIND)                                                                      \
	KIND(P "input_tokens", FIELD_TOKENS, CALL_AT(usage.input)),                              \
		KIND(P "output_tokens", FIELD_TOKENS, CALL_AT(usage.output)),                    \
		KIND(P "cache_creation_input_tokens", FIELD_TOKENS, CALL_AT(usage.cache_write)), \
		KIND(P "cache_read_input_tokens", FIELD_TOKENS, CALL_AT(usage.cache_read)),      \
		ROW(P "output_tokens_details.thinking_tokens", FIELD_TOKENS,                     \
		    CALL_AT(usage.reasoning))

#define BLOCK_ROWS(P)                                                                             \
	ROW(P "type", FIELD_STAGE, ST_TYPE), ROW(P "id", FIELD_STAGE, ST_ID),                     \
		ROW(P "tool_use_id", FIELD_STAGE, ST_CALL_ID),                                    \
		ROW(P "name", FIELD_STAGE, ST_NAME), ROW_CONTENT(P "text", FIELD_STAGE, ST_TEXT), \
		ROW_CONTENT(P "thinking", FIELD_STAGE, ST_REASONING),                             \
		ROW_RAW(P "input", FIELD_STAGE, ST_ARGS),                                         \
		ROW_RAW(P "content", FIELD_STAGE, ST_RAW)

static void answer_mark(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_STRING && ev->text.len)
		answer_only(p);
}

/* What the block's own type says it is; part_settle() knows the words. */
static enum part_type block_type(struct sv type)
{
	if (sv_eq(type, SV("tool_use")))
		return PART_TOOL_CALL;
	if (sv_eq(type, SV("server_tool_use")) || sv_eq(type, SV("mcp_tool_use")))
		return PART_SERVER_TOOL_CALL;
	return PART_GENERIC;
}

static void take_type(struct parse *p, struct candidate *c, struct slot *s)
{
	struct sv type = staged(p, ST_TYPE);
	enum part_type kind = block_type(type);
	struct call_part *part = NULL;

	if (kind != PART_GENERIC)
		answer_tool(p, c, s, kind, staged(p, ST_ID), staged(p, ST_NAME));
	else if (sv_eq(type, SV("compaction")))
		p->call->resp.compacted = (struct opt_bool){ true, true };
	part = answer_part(p, c, s, kind);
	if (!part)
		return;
	if (!part->wire_type.len)
		string_piece(p, &part->wire_type, type, CALL_STRING_MAX);
	if (!part->id.len)
		string_piece(p, &part->id, staged(p, ST_CALL_ID), CALL_STRING_MAX);
}

/* A block, or in a stream its start or a piece of it: whatever of it was staged. */
static void take_block(struct parse *p, uint32_t index)
{
	struct candidate *c = answer_only(p);
	struct slot *s = answer_slot(p, c, index, 0);
	struct sv args = staged(p, ST_ARGS);

	if (staged(p, ST_TYPE).len)
		take_type(p, c, s);
	answer_text(p, c, s, PART_TEXT, staged(p, ST_TEXT));
	answer_text(p, c, s, PART_REASONING, staged(p, ST_REASONING));
	/* A stream opens a tool call with an empty object and then brings the real one. */
	if (!sv_eq(args, SV("{}")))
		answer_text(p, c, s, PART_TOOL_CALL, args);
	if (s && s->part && staged(p, ST_RAW).len) {
		s->part->json = true;
		answer_text(p, c, s, PART_SERVER_TOOL_RESULT, staged(p, ST_RAW));
	}
	stage_drop(&p->stage, BLOCK_TEXTS);
}

static void on_block(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, BLOCK_TEXTS);
	if (ev->kind == JSON_OBJECT_END)
		take_block(p, ev->index);
}

static const struct field error_rows[] = {
	ROW_FN("error", field_error, 0),
	ROW("error.type", FIELD_STAGE, ST_ERROR_TYPE),
	ROW_CONTENT("error.message", FIELD_STRING, CALL_AT(content.error_message)),
};

static const struct field answer_rows[] = {
	ROW("id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW_FN("model", answer_mark, 0),
	ROW_ANCHOR("stop_reason", FIELD_STAGE, ST_FINISH),
	USAGE_ROWS("usage.", ROW_ANCHOR),
	ROW_FN("content[]", on_block, 0),
	BLOCK_ROWS("content[]."),
};

static const struct field event_rows[] = {
	ROW("message.id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("message.model", FIELD_STRING, CALL_AT(resp.model)),
	ROW_FN("message.model", answer_mark, 0),
	USAGE_ROWS("message.usage.", ROW),
	USAGE_ROWS("usage.", ROW),
	ROW("delta.stop_reason", FIELD_STAGE, ST_FINISH),
	ROW("index", FIELD_STAGE_INT, SI_ITEM),
	BLOCK_ROWS("content_block."),
	ROW_CONTENT("delta.text", FIELD_STAGE, ST_TEXT),
	ROW_CONTENT("delta.thinking", FIELD_STAGE, ST_REASONING),
	ROW_CONTENT("delta.partial_json", FIELD_STAGE, ST_ARGS),
};

const struct field_set anthropic_request = FIELD_SET(request_rows);
const struct field_set anthropic_answer = FIELD_SET(answer_rows);
const struct field_set anthropic_event = FIELD_SET(event_rows);
const struct field_set anthropic_errors = FIELD_SET(error_rows);

static const struct event_row events[] = {
	{ "content_block_delta", EVENT_CONTENT, false },
	{ "content_block_stop", EVENT_SKIP, false },
	{ "ping", EVENT_SKIP, false },
	{ "message_stop", EVENT_SKIP, true },
};

void anthropic_event_done(struct parse *p, struct sv type)
{
	const struct opt_int *index = &p->stage.num[SI_ITEM];

	(void)type;
	if ((p->stage.dirty & BLOCK_TEXTS) && index->set && index->v < CALL_SLOTS_MAX)
		take_block(p, (uint32_t)index->v);
	answer_stop(p);
	take_error(p);
}

/* The wire counts cached tokens beside the input, the convention inside it. */
void anthropic_finish(struct parse *p)
{
	struct call_usage *u = &p->call->usage;

	answer_stop(p);
	take_error(p);
	/* What a stream begins with counts its first token only; the end of it has the sum. */
	if (p->ex->msg[EX_RESPONSE].gapped && p->candidates && !p->candidates->finish.len)
		u->output.set = false;
	if (!u->input.set)
		return;
	if (u->cache_write.set && u->cache_write.v < INT64_MAX / 4)
		u->input.v += u->cache_write.v;
	if (u->cache_read.set && u->cache_read.v < INT64_MAX / 4)
		u->input.v += u->cache_read.v;
}

const struct api api_anthropic_messages = {
	.name = "anthropic.messages",
	.op = CALL_CHAT,
	.provider = "anthropic",
	.request = { &anthropic_request },
	.answer = { &anthropic_answer, &anthropic_errors },
	.event = { &anthropic_event, &anthropic_errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = anthropic_event_done,
	.finish = anthropic_finish,
};
