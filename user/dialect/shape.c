// SPDX-License-Identifier: Apache-2.0
#include "dialect/live.h"

/* Keys that tell bodies apart: (name, path). */
#define KEYS(X)                               \
	X(CANDIDATES, "candidates[]")         \
	X(USAGE_METADATA, "usageMetadata")    \
	X(VALUES, "embedding.values")         \
	X(VALUES_LIST, "embeddings[].values") \
	X(VECTOR, "data[].embedding")         \
	X(EMBEDDINGS, "embeddings")           \
	X(META, "meta")                       \
	X(OUTPUT_MESSAGE, "output.message")   \
	X(CREATED_AT, "created_at")           \
	X(DONE, "done")                       \
	X(MESSAGE, "message.role")            \
	X(RESPONSE, "response")               \
	X(DURATION, "total_duration")         \
	X(FINISH_REASON, "finish_reason")     \
	X(GENERATION_ID, "generation_id")     \
	X(TEXT, "text")                       \
	X(TITAN_COUNT, "inputTextTokenCount") \
	X(RESULTS, "results[].outputText")    \
	X(GENERATION, "generation")           \
	X(PROMPT_COUNT, "prompt_token_count") \
	X(STOP, "stop")                       \
	X(CONTENT, "content")                 \
	X(EVALUATED, "tokens_evaluated")      \
	X(MODEL, "model")                     \
	X(MESSAGES, "messages[].role")        \
	X(CONTENTS, "contents[].parts")       \
	X(INPUT, "input")                     \
	X(PROMPT, "prompt")

enum key {
#define X(name, path) KEY_##name,
	KEYS(X)
#undef X
};

#define HAS(name) (1u << KEY_##name)

/*
 * What tells an answer's API when its request was not seen: its "object" or "type", or keys
 * that only it has together. weak: only together with the role of an assistant.
 */
static const struct shape {
	const char *type; /* NULL: any */
	uint32_t keys;	  /* all of them */
	const struct api *api;
	bool weak;
} shapes[] = {
	{ "chat.completion", 0, &api_openai_chat, false },
	{ "chat.completion.chunk", 0, &api_openai_chat, false },
	{ "text_completion", 0, &api_openai_completions, false },
	{ "list", HAS(VECTOR), &api_openai_embeddings, false },
	{ "response", 0, &api_openai_responses, false },
	{ "response.created", 0, &api_openai_responses, false },
	{ "message_start", 0, &api_anthropic_messages, false },
	{ "message", 0, &api_anthropic_messages, true },
	{ "interaction", 0, &api_gemini_interactions, false },
	{ "interaction.created", 0, &api_gemini_interactions, false },
	{ "message-start", 0, &api_cohere_chat, false },
	{ "stream-start", 0, &api_cohere_chat_v1, false },
	{ NULL, HAS(CANDIDATES), &api_gemini_generate, false },
	{ NULL, HAS(USAGE_METADATA), &api_gemini_generate, false },
	{ NULL, HAS(VALUES), &api_gemini_embed, false },
	{ NULL, HAS(VALUES_LIST), &api_gemini_embed, false },
	{ NULL, HAS(OUTPUT_MESSAGE), &api_bedrock_converse, false },
	{ NULL, HAS(CREATED_AT) | HAS(DONE) | HAS(MESSAGE), &api_ollama_chat, false },
	{ NULL, HAS(CREATED_AT) | HAS(DONE) | HAS(RESPONSE), &api_ollama_generate, false },
	{ NULL, HAS(EMBEDDINGS) | HAS(DURATION), &api_ollama_embed, false },
	{ NULL, HAS(EMBEDDINGS) | HAS(META), &api_cohere_embed, false },
	{ NULL, HAS(FINISH_REASON) | HAS(MESSAGE), &api_cohere_chat, false },
	{ NULL, HAS(GENERATION_ID) | HAS(TEXT), &api_cohere_chat_v1, false },
	{ NULL, HAS(STOP) | HAS(CONTENT) | HAS(EVALUATED), &api_llama_completion, false },
	{ "thread.run", 0, &api_agent_run, false },
	{ "conversation.response", 0, &api_mistral_conversation, false },
	{ "conversation.response.started", 0, &api_mistral_conversation, false },
	{ "completion", 0, &api_anthropic_complete, false },
	{ NULL, HAS(TITAN_COUNT), &api_bedrock_invoke, false },
	{ NULL, HAS(RESULTS), &api_bedrock_invoke, false },
	{ NULL, HAS(GENERATION) | HAS(PROMPT_COUNT), &api_bedrock_invoke, false },
};

/* Messages of AWS name themselves. */
static const struct {
	const char *type;
	const struct api *api;
} named[] = {
	{ "messageStart", &api_bedrock_converse },
	{ "contentBlockStart", &api_bedrock_converse },
	{ "contentBlockDelta", &api_bedrock_converse },
	{ "contentBlockStop", &api_bedrock_converse },
	{ "messageStop", &api_bedrock_converse },
	{ "chunk", &api_bedrock_invoke },
};

/*
 * What a request to a path that says nothing may be; its answer must prove it. Of messages
 * with a model OpenAI's are the most common; Anthropic's clients send a field of their own.
 */
static const struct {
	uint32_t keys;
	bool anthropic;
	const struct api *api;
} request_shapes[] = {
	{ HAS(MESSAGES), true, &api_anthropic_messages },
	{ HAS(MESSAGES) | HAS(MODEL), false, &api_openai_chat },
	{ HAS(CONTENTS), false, &api_gemini_generate },
	{ HAS(INPUT) | HAS(MODEL), false, &api_openai_responses },
	{ HAS(PROMPT) | HAS(MODEL), false, &api_openai_completions },
};

static void on_key(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind != JSON_NULL)
		p->keys |= 1u << f->arg;
}

static const struct field probe_rows[] = {
	ROW("object", FIELD_STAGE, ST_TYPE), ROW("type", FIELD_STAGE, ST_TYPE),
	ROW("event_type", FIELD_STAGE, ST_TYPE), ROW("role", FIELD_STAGE, ST_NAME),
#define X(name, path) ROW_FN(path, on_key, KEY_##name),
	KEYS(X)
#undef X
};

static const struct field_set probe_set = FIELD_SET(probe_rows);
static const struct field_set *const probe_sets[FIELD_SETS_MAX] = { &probe_set };

static const struct field wrap_rows[] = {
	ROW("bytes", FIELD_STAGE, ST_DELTA),
};

static const struct field_set wrap_set = FIELD_SET(wrap_rows);
static const struct field_set *const wrap_sets[FIELD_SETS_MAX] = { &wrap_set };

int shape_init(struct dialect *d)
{
	int err = doc_schema_init(&d->probe, probe_sets, true);

	if (!err)
		err = doc_open(&d->probe_doc, &d->probe, false);
	if (!err)
		err = doc_schema_init(&d->wrap, wrap_sets, false);
	if (!err)
		err = doc_open(&d->wrap_doc, &d->wrap, false);
	if (!err)
		err = doc_schema_init(&d->frame, live_frame_sets, false);
	if (!err)
		err = doc_open(&d->frame_doc, &d->frame, false);
	return err;
}

void shape_done(struct dialect *d)
{
	doc_close(&d->probe_doc);
	doc_schema_done(&d->probe);
	doc_close(&d->wrap_doc);
	doc_schema_done(&d->wrap);
	doc_close(&d->frame_doc);
	doc_schema_done(&d->frame);
}

static bool fits(const struct parse *p, const struct shape *s)
{
	if (s->type && !sv_eq(staged(p, ST_TYPE), sv_of(s->type)))
		return false;
	if (s->weak && !sv_eq(staged(p, ST_NAME), SV("assistant")))
		return false;
	return (p->keys & s->keys) == s->keys;
}

static void probe(struct parse *p, struct sv start)
{
	struct doc *doc = &p->d->probe_doc;

	p->keys = 0;
	doc_for(doc, p, &p->stage);
	json_reader_reset(doc->reader);
	if (start.len)
		json_feed(doc->reader, start);
	doc_settle(doc);
}

static const struct api *find(struct parse *p, struct sv start)
{
	const struct api *api = NULL;

	probe(p, start);
	for (size_t i = 0; i < ARRAY_SIZE(shapes) && !api; i++) {
		if (fits(p, &shapes[i]))
			api = shapes[i].api;
	}
	stage_reset(&p->stage);
	return api;
}

static const struct api *find_event(struct parse *p, const struct ex_event *ev)
{
	bool aws = p->ex->msg[EX_RESPONSE].kind == EX_EVENT_STREAM;

	for (size_t i = 0; i < ARRAY_SIZE(named) && aws; i++) {
		if (sv_eq(ev->type, sv_of(named[i].type)))
			return named[i].api;
	}
	return find(p, ev->data);
}

/* Behind AWS the body of any vendor is one of InvokeModel. */
static const struct api *behind_aws(const struct parse *p, const struct api *api)
{
	if (!p->ex->msg[EX_RESPONSE].header[EX_H_AMZN_REQUEST_ID].len || p->api)
		return api;
	return sv_starts(sv_of(api->name), SV("bedrock.")) ? api : &api_bedrock_invoke;
}

static void take(struct parse *p, const struct api *api)
{
	if (!api)
		return;
	api = behind_aws(p, api);
	if (!p->api)
		parse_set_api(p, api);
	p->shape_seen = api == p->api;
}

void shape_answer(struct parse *p, struct sv start)
{
	take(p, find(p, start));
}

void shape_event(struct parse *p, const struct ex_event *ev)
{
	take(p, find_event(p, ev));
}

void shape_request(struct parse *p, struct sv start)
{
	bool anthropic = p->ex->msg[EX_REQUEST].header[EX_H_ANTHROPIC_VERSION].len != 0;

	probe(p, start);
	stage_reset(&p->stage);
	for (size_t i = 0; i < ARRAY_SIZE(request_shapes) && !p->api; i++) {
		uint32_t keys = request_shapes[i].keys;

		if ((p->keys & keys) == keys && (anthropic || !request_shapes[i].anthropic))
			parse_set_api(p, request_shapes[i].api);
	}
}
