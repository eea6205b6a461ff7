// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

/*
 * Ollama: POST /api/chat, /api/generate, /api/embed and the older /api/embeddings (ollama
 * v0.33.0, api/types.go). Answers stream unless asked not to: a JSON object a line, the last
 * one with the counts. A request with nothing to answer only loads the model.
 */

#define TOOL_TEXTS (1u << ST_ID | 1u << ST_NAME | 1u << ST_ARGS)
#define SLOT_TEXT  0
#define SLOT_THINK 1
#define SLOT_TOOL  2

static void on_format(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT || (ev->kind == JSON_STRING && ev->text.len))
		p->call->req.output_type = SV("json");
}

static const struct field request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW_FN("format", on_format, 0),
	ROW("think", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW("options.temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("options.top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("options.top_k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("options.seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("options.num_predict", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("options.presence_penalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	ROW("options.frequency_penalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	ROW("options.stop", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("options.stop[]", FIELD_LIST, CALL_AT(req.stop_sequences)),

	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].type", FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS("tools[].function.", "parameters"),

	ROW_CONTENT_FN("messages[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("messages[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT("messages[].tool_call_id", FIELD_STAGE, ST_CALL_ID),
	ROW_CONTENT_FN("messages[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("messages[].thinking", field_input_text, PART_REASONING),
	ROW_CONTENT_FN("messages[].images[]", field_input_text, PART_BLOB),
	ROW_CONTENT_FN("messages[].tool_calls[]", field_input_part, STYLE_TOOL_CALL),
	ROW_CONTENT("messages[].tool_calls[].id", FIELD_PART, PART_AT(id)),
	ROW_CONTENT("messages[].tool_calls[].function.name", FIELD_PART, PART_AT(name)),
	ROW_RAW("messages[].tool_calls[].function.arguments", FIELD_PART_TEXT, 0),

	ROW_CONTENT_FN("system", field_system_text, PART_TEXT),
	ROW_CONTENT_FN("prompt", field_input_string, 0),
};

static void on_done(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_BOOL)
		return;
	p->answered = true;
	if (ev->boolean)
		p->status = SV("done");
}

static const struct field answer_rows[] = {
	ROW_ANCHOR("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW_FN("done", on_done, 0),
	ROW_ANCHOR("done_reason", FIELD_STAGE, ST_FINISH),
	ROW_ANCHOR("prompt_eval_count", FIELD_TOKENS, CALL_AT(usage.input)),
	ROW_ANCHOR("eval_count", FIELD_TOKENS, CALL_AT(usage.output)),
	ROW_CONTENT("message.content", FIELD_STAGE, ST_TEXT),
	ROW_CONTENT("message.thinking", FIELD_STAGE, ST_REASONING),
	ROW_CONTENT("response", FIELD_STAGE, ST_TEXT),
	ROW_CONTENT("thinking", FIELD_STAGE, ST_REASONING),
	ROW_FN("message.tool_calls[]", field_answer_tool, SLOT_TOOL),
	ROW("message.tool_calls[].id", FIELD_STAGE, ST_ID),
	ROW("message.tool_calls[].function.name", FIELD_STAGE, ST_NAME),
	ROW_RAW("message.tool_calls[].function.arguments", FIELD_STAGE, ST_ARGS),
};

static const struct field error_rows[] = {
	ROW_FN("error", field_error, 0),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);
static const struct field_set errors = FIELD_SET(error_rows);

static void event_done(struct parse *p, struct sv type)
{
	struct sv reason = staged(p, ST_FINISH);

	(void)type;
	if (staged(p, ST_REASONING).len)
		answer_text(p, answer_only(p), answer_slot(p, answer_only(p), SLOT_THINK, 0),
			    PART_REASONING, staged(p, ST_REASONING));
	if (staged(p, ST_TEXT).len)
		answer_text(p, answer_only(p), answer_slot(p, answer_only(p), SLOT_TEXT, 0),
			    PART_TEXT, staged(p, ST_TEXT));
	if (sv_eq(reason, SV("load")) || sv_eq(reason, SV("unload")))
		p->no_call = true;
	else if (reason.len)
		answer_finish(p, answer_only(p), reason);
	p->whole |= p->status.len != 0;
	take_error(p);
}

/* An answer that is not streamed is the same object as a stream's last. */
static void finish(struct parse *p)
{
	struct call *c = p->call;

	event_done(p, SV_NONE);
	if (p->answered)
		answer_candidate(p, 0);
	if (!c->req.stream.set && p->ex->msg[EX_REQUEST].complete && !p->ex->msg[EX_REQUEST].gapped)
		c->req.stream = (struct opt_bool){ true, true };
}

const struct api api_ollama_chat = {
	.name = "ollama.chat",
	.op = CALL_CHAT,
	.provider = "ollama",
	.request = { &request },
	.answer = { &answer, &errors },
	.event_done = event_done,
	.finish = finish,
};

const struct api api_ollama_generate = {
	.name = "ollama.generate",
	.op = CALL_TEXT_COMPLETION,
	.provider = "ollama",
	.request = { &request },
	.answer = { &answer, &errors },
	.event_done = event_done,
	.finish = finish,
};

static void on_vector(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_ARRAY)
		p->answered = true;
}

static const struct field embed_request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("dimensions", FIELD_INT, CALL_AT(req.dimensions)),
};

static const struct field embed_answer_rows[] = {
	ROW("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW_FN("embeddings", on_vector, 0),
	ROW_FN("embedding", on_vector, 0),
	ROW("prompt_eval_count", FIELD_TOKENS, CALL_AT(usage.input)),
};

static const struct field_set embed_request = FIELD_SET(embed_request_rows);
static const struct field_set embed_answer = FIELD_SET(embed_answer_rows);

const struct api api_ollama_embed = {
	.name = "ollama.embed",
	.op = CALL_EMBEDDINGS,
	.provider = "ollama",
	.request = { &embed_request },
	.answer = { &embed_answer, &errors },
	.finish = take_error,
};
