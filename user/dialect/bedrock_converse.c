// SPDX-License-Identifier: Apache-2.0
#include "dialect/bedrock.h"

/*
 * AWS Bedrock: POST /model/{id}/converse and /converse-stream (botocore,
 * bedrock-runtime/2023-09-30). Blocks are told by their key. A stream opens only blocks that
 * are tool calls, and ends with the counts behind the message's end.
 */

#define BLOCK_TEXTS \
	(1u << ST_ID | 1u << ST_NAME | 1u << ST_TEXT | 1u << ST_REASONING | 1u << ST_ARGS)

/* Media of the open part; arg: which. */
static void on_media(struct parse *p, const struct field *f, const struct json_event *ev)
{
	static const char *const names[] = { "image", "document", "video", "audio" };

	if (!p->part || ev->kind != JSON_OBJECT)
		return;
	p->part->type = PART_BLOB;
	p->part->modality = sv_of(names[f->arg]);
}

static void on_uri(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (p->part && ev->kind == JSON_STRING && ev->first)
		p->part->type = PART_URI;
}

static void on_json_format(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (!stage_word(p, &p->input_stage, ev))
		return;
	if (sv_starts(stage_get(&p->input_stage, ST_WORD), SV("json")))
		p->call->req.output_type = SV("json");
}

#define PART(key)   "messages[].content[]." key
#define CONFIG(key) "inferenceConfig." key
#define MORE(key)   "additionalModelRequestFields." key
#define SPEC(key)   "toolConfig.tools[].toolSpec." key
#define MEDIA(key, of)                                                         \
	ROW_CONTENT_FN(PART(key), on_media, of),                               \
		ROW_CONTENT(PART(key ".source.bytes"), FIELD_PART_TEXT, 0),    \
		ROW_CONTENT_FN(PART(key ".source.s3Location.uri"), on_uri, 0), \
		ROW_CONTENT(PART(key ".source.s3Location.uri"), FIELD_PART_TEXT, 0)

static const struct field request_rows[] = {
	ROW_ANCHOR(CONFIG("maxTokens"), FIELD_INT, CALL_AT(req.max_tokens)),
	ROW(CONFIG("temperature"), FIELD_NUM, CALL_AT(req.temperature)),
	ROW(CONFIG("topP"), FIELD_NUM, CALL_AT(req.top_p)),
	ROW(CONFIG("topK"), FIELD_INT, CALL_AT(req.top_k)),
	ROW(CONFIG("stopSequences[]"), FIELD_LIST, CALL_AT(req.stop_sequences)),
	/* Older bodies of Nova. */
	ROW(CONFIG("max_new_tokens"), FIELD_INT, CALL_AT(req.max_tokens)),
	ROW(CONFIG("top_p"), FIELD_NUM, CALL_AT(req.top_p)),
	ROW(CONFIG("top_k"), FIELD_INT, CALL_AT(req.top_k)),
	ROW(MORE("top_k"), FIELD_INT, CALL_AT(req.top_k)),
	ROW(MORE("topK"), FIELD_INT, CALL_AT(req.top_k)),
	ROW(MORE("inferenceConfig.topK"), FIELD_INT, CALL_AT(req.top_k)),
	ROW(MORE("reasoning_effort"), FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW(MORE("output_config.effort"), FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW("outputConfig.effort", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW_FN("outputConfig.textFormat.type", on_json_format, 0),
	ROW("guardrailConfig.guardrailIdentifier", FIELD_STRING, CALL_AT(req.guardrail_id)),

	ROW_CONTENT_FN("toolConfig.tools[]", field_tool_def, 0),
	ROW_CONTENT(SPEC("name"), FIELD_TOOL_DEF, TOOL_DEF_AT(name)),
	ROW_CONTENT(SPEC("description"), FIELD_TOOL_DEF, TOOL_DEF_AT(description)),
	ROW_RAW(SPEC("inputSchema.json"), FIELD_TOOL_DEF, TOOL_DEF_AT(parameters)),
};

static const struct field part_rows[] = {
	ROW_CONTENT_FN(PART("reasoningContent"), field_part_kind, PART_REASONING),
	ROW_CONTENT(PART("reasoningContent.reasoningText.text"), FIELD_PART_TEXT, 0),
	ROW_CONTENT_FN(PART("toolUse"), field_part_kind, PART_TOOL_CALL),
	ROW_CONTENT(PART("toolUse.toolUseId"), FIELD_PART, PART_AT(id)),
	ROW_CONTENT(PART("toolUse.name"), FIELD_PART, PART_AT(name)),
	ROW_RAW(PART("toolUse.input"), FIELD_PART_TEXT, 0),
	ROW_CONTENT_FN(PART("toolResult"), field_part_kind, PART_TOOL_RESULT),
	ROW_CONTENT(PART("toolResult.toolUseId"), FIELD_PART, PART_AT(id)),
	ROW_RAW(PART("toolResult.content"), FIELD_PART_TEXT, 0),
	ROW_CONTENT_FN(PART("guardContent"), field_part_kind, PART_TEXT),
	ROW_CONTENT(PART("guardContent.text.text"), FIELD_PART_TEXT, 0),
	MEDIA("image", 0),
	MEDIA("document", 1),
	MEDIA("video", 2),
	MEDIA("audio", 3),
};

static const struct field message_rows[] = {
	ROW_CONTENT_FN("system[].text", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("messages[]", field_input_message, STYLE_BLOCKS),
	ROW_CONTENT("messages[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("messages[].content[]", field_input_part, STYLE_PART),
	ROW_CONTENT_FN(PART("text"), field_part_kind, PART_TEXT),
	ROW_CONTENT(PART("text"), FIELD_PART_TEXT, 0),
};

const struct field_set converse_config = FIELD_SET(request_rows);
const struct field_set converse_parts = FIELD_SET(part_rows);
static const struct field_set converse_messages = FIELD_SET(message_rows);

/* A block, or in a stream its start or a piece of it. Slots: the tool, reasoning, text. */
static void take_block(struct parse *p, uint32_t index)
{
	struct candidate *c = answer_only(p);
	struct sv id = staged(p, ST_ID), name = staged(p, ST_NAME), args = staged(p, ST_ARGS);

	if (id.len || name.len)
		answer_tool(p, c, answer_slot(p, c, index, 0), PART_TOOL_CALL, id, name);
	if (args.len)
		answer_text(p, c, answer_slot(p, c, index, 0), PART_TOOL_CALL, args);
	if (staged(p, ST_REASONING).len)
		answer_text(p, c, answer_slot(p, c, index, 1), PART_REASONING,
			    staged(p, ST_REASONING));
	if (staged(p, ST_TEXT).len)
		answer_text(p, c, answer_slot(p, c, index, 2), PART_TEXT, staged(p, ST_TEXT));
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
	ROW_CONTENT("message", FIELD_STRING, CALL_AT(content.error_message)),
	ROW_CONTENT("Message", FIELD_STRING, CALL_AT(content.error_message)),
	ROW_CONTENT("originalMessage", FIELD_STRING, CALL_AT(content.error_message)),
};

const struct field_set bedrock_errors = FIELD_SET(error_rows);

#define BLOCK(key) "output.message.content[]." key
#define USAGE(P)                                                                                  \
	ROW_ANCHOR(P "usage.inputTokens", FIELD_TOKENS, CALL_AT(usage.input)),                    \
		ROW_ANCHOR(P "usage.outputTokens", FIELD_TOKENS, CALL_AT(usage.output)),          \
		ROW_ANCHOR(P "usage.totalTokens", FIELD_TOKENS, CALL_AT(usage.total)),            \
		ROW(P "usage.cacheReadInputTokens", FIELD_TOKENS, CALL_AT(usage.cache_read)),     \
		ROW(P "usage.cacheWriteInputTokens", FIELD_TOKENS,                                \
		    CALL_AT(usage.cache_write)), /* Older bodies of Nova. */                      \
		ROW(P "usage.cacheReadInputTokenCount", FIELD_TOKENS, CALL_AT(usage.cache_read)), \
		ROW(P "usage.cacheWriteInputTokenCount", FIELD_TOKENS, CALL_AT(usage.cache_write))

static const struct field answer_rows[] = {
	ROW_ANCHOR("stopReason", FIELD_STAGE, ST_FINISH),
	ROW_FN("output.message.content[]", on_block, 0),
	ROW_CONTENT(BLOCK("text"), FIELD_STAGE, ST_TEXT),
	ROW_CONTENT(BLOCK("citationsContent.content[].text"), FIELD_STAGE, ST_TEXT),
	ROW_CONTENT(BLOCK("reasoningContent.reasoningText.text"), FIELD_STAGE, ST_REASONING),
	ROW(BLOCK("toolUse.toolUseId"), FIELD_STAGE, ST_ID),
	ROW(BLOCK("toolUse.name"), FIELD_STAGE, ST_NAME),
	ROW_RAW(BLOCK("toolUse.input"), FIELD_STAGE, ST_ARGS),
	USAGE(""),
};

const struct field_set converse_answer = FIELD_SET(answer_rows);

/* As they stand in an event. */
/* It is a piece of Nova's, and not of Anthropic's. */
static void on_nova(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->stage.num[SI_PART] = (struct opt_int){ 1, true };
}

static void on_role(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_STRING)
		answer_only(p);
}

#define EVENT(START, DELTA, STOP, META)                                                      \
	ROW(START "contentBlockIndex", FIELD_STAGE_INT, SI_ITEM),                            \
		ROW(START "start.toolUse.toolUseId", FIELD_STAGE, ST_ID),                    \
		ROW(START "start.toolUse.name", FIELD_STAGE, ST_NAME),                       \
		ROW_CONTENT(DELTA "delta.text", FIELD_STAGE, ST_TEXT),                       \
		ROW_CONTENT(DELTA "delta.reasoningContent.text", FIELD_STAGE, ST_REASONING), \
		ROW_CONTENT(DELTA "delta.reasoningContent.reasoningText.text", FIELD_STAGE,  \
			    ST_REASONING),                                                   \
		ROW_CONTENT(DELTA "delta.toolUse.input", FIELD_STAGE, ST_ARGS),              \
		ROW(STOP "stopReason", FIELD_STAGE, ST_FINISH), USAGE(META)

static const struct field event_rows[] = {
	EVENT("", "", "", ""),
	ROW_FN("role", on_role, 0),
};

/* Nova's own stream has them below the event's name. */
static const struct field nova_rows[] = {
	ROW_FN("contentBlockStart", on_nova, 0),
	ROW_FN("contentBlockDelta", on_nova, 0),
	ROW_FN("messageStart.role", on_role, 0),
	EVENT("contentBlockStart.", "contentBlockDelta.", "messageStop.", "metadata."),
	ROW("contentBlockDelta.contentBlockIndex", FIELD_STAGE_INT, SI_ITEM),
};

const struct field_set converse_event = FIELD_SET(event_rows);
const struct field_set nova_event = FIELD_SET(nova_rows);

static const struct event_row events[] = {
	{ "contentBlockDelta", EVENT_CONTENT, false },
	{ "contentBlockStop", EVENT_SKIP, false },
	/* The last one. */
	{ "metadata", EVENT_READ, true },
};

void converse_event_done(struct parse *p, struct sv type)
{
	const struct opt_int *index = &p->stage.num[SI_ITEM];

	(void)type;
	if ((p->stage.dirty & BLOCK_TEXTS) && index->v < CALL_SLOTS_MAX)
		take_block(p, index->set ? (uint32_t)index->v : 0);
	answer_stop(p);
	take_error(p);
}

static void add(struct opt_int *to, const struct opt_int *more)
{
	if (to->set && more->set && more->v < INT64_MAX / 4)
		to->v += more->v;
}

/* The total tells whether the cached tokens are already in the input. */
void converse_finish(struct parse *p)
{
	struct call_usage *u = &p->call->usage;
	bool inside = u->total.set && u->input.set && u->output.set &&
		      u->total.v == u->input.v + u->output.v;

	answer_stop(p);
	take_error(p);
	bedrock_head(p);
	if (inside)
		return;
	add(&u->input, &u->cache_read);
	add(&u->input, &u->cache_write);
}

static void take_count(struct parse *p, struct opt_int *to, enum ex_header name)
{
	int64_t n;

	if (!to->set && number_int(p->ex->msg[EX_RESPONSE].header[name], &n) && n >= 0)
		*to = (struct opt_int){ n, true };
}

void bedrock_head(struct parse *p)
{
	const struct ex_message *req = &p->ex->msg[EX_REQUEST], *resp = &p->ex->msg[EX_RESPONSE];
	struct call *c = p->call;

	take_count(p, &c->usage.input, EX_H_BEDROCK_INPUT_TOKENS);
	take_count(p, &c->usage.output, EX_H_BEDROCK_OUTPUT_TOKENS);
	take_count(p, &c->usage.cache_read, EX_H_BEDROCK_CACHE_READ);
	take_count(p, &c->usage.cache_write, EX_H_BEDROCK_CACHE_WRITE);
	if (!c->resp.request_id.len)
		string_raw(p, &c->resp.request_id, resp->header[EX_H_AMZN_REQUEST_ID]);
	if (!c->req.guardrail_id.len)
		string_raw(p, &c->req.guardrail_id, req->header[EX_H_BEDROCK_GUARDRAIL]);
}

const struct api api_bedrock_converse = {
	.name = "bedrock.converse",
	.op = CALL_CHAT,
	.provider = "aws.bedrock",
	.request = { &converse_config, &converse_messages, &converse_parts },
	.answer = { &converse_answer, &bedrock_errors },
	.event = { &converse_event, &bedrock_errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = converse_event_done,
	.finish = converse_finish,
};
