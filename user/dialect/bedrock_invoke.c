// SPDX-License-Identifier: Apache-2.0
#include "dialect/anthropic.h"
#include "dialect/bedrock.h"
#include "dialect/openai.h"

/*
 * AWS Bedrock: POST /model/{id}/invoke and /invoke-with-response-stream (botocore,
 * bedrock-runtime/2023-09-30). The body is the vendor's own; which vendor's the model's name
 * need not tell (profiles have names of their own), so all of them are looked for: no two use
 * the same key for different things.
 */

/* A key of the request that tells what is asked for; arg: enum call_op. */
static void on_op(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind == JSON_NULL || (p->op_known && p->op == CALL_EMBEDDINGS))
		return;
	p->op = (enum call_op)f->arg;
	p->op_known = true;
}

static void on_answer_op(struct parse *p, const struct field *f, const struct json_event *ev)
{
	on_op(p, f, ev);
	p->answered = true;
}

static const struct field request_rows[] = {
	ROW_FN("messages", on_op, CALL_CHAT),
	ROW_FN("prompt", on_op, CALL_TEXT_COMPLETION),
	ROW_FN("inputText", on_op, CALL_TEXT_COMPLETION),
	ROW_FN("message", on_op, CALL_CHAT),
	ROW_FN("texts", on_op, CALL_EMBEDDINGS),
	ROW_FN("images", on_op, CALL_EMBEDDINGS),
	ROW_FN("embeddingConfig", on_op, CALL_EMBEDDINGS),
	ROW_FN("embeddingTypes", on_op, CALL_EMBEDDINGS),

	/* Llama, Mistral, Cohere, AI21, DeepSeek: beside max_tokens and so on, as Anthropic has. */
	ROW("max_gen_len", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("max_completion_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("max_tokens_to_sample", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("stop[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("frequency_penalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	ROW("presence_penalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	ROW_CONTENT_FN("prompt", field_input_string, 0),
	ROW_CONTENT_FN("message", field_input_string, 0),

	/* Titan. */
	ROW("textGenerationConfig.maxTokenCount", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("textGenerationConfig.temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("textGenerationConfig.topP", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("textGenerationConfig.stopSequences[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW_CONTENT_FN("inputText", field_input_string, 0),

	/* Embeddings of Titan and Cohere. */
	ROW("dimensions", FIELD_INT, CALL_AT(req.dimensions)),
	ROW("output_dimension", FIELD_INT, CALL_AT(req.dimensions)),
	ROW("embeddingConfig.outputEmbeddingLength", FIELD_INT, CALL_AT(req.dimensions)),
	ROW("embedding_types[]", FIELD_LIST, CALL_AT(req.encoding_formats)),
	ROW("embeddingTypes[]", FIELD_LIST, CALL_AT(req.encoding_formats)),
};

/* A failed call has no answer to tell by. */
static void begin(struct parse *p)
{
	struct sv model = p->call->req.model, mark = SV("embed");

	if (!model.len || !memmem(model.p, model.len, mark.p, mark.len))
		return;
	p->op = CALL_EMBEDDINGS;
	p->op_known = true;
}

#define RESULT_TEXTS (1u << ST_DELTA | 1u << ST_FINISH)

static void take_text(struct parse *p, struct candidate *c)
{
	if (staged(p, ST_DELTA).len)
		answer_text(p, c, answer_slot(p, c, 0, 2), PART_TEXT, staged(p, ST_DELTA));
	answer_finish(p, c, staged(p, ST_FINISH));
	stage_drop(&p->stage, RESULT_TEXTS);
}

/* One of several answers: Titan's results, Mistral's outputs, Cohere's generations. */
static void on_result(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, RESULT_TEXTS);
	if (ev->kind != JSON_OBJECT_END)
		return;
	p->answered = true;
	take_text(p, answer_candidate(p, ev->index));
}

static void on_mark(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_NULL)
		answer_only(p);
}

/* Tokens of each of Titan's results. */
static void on_tokens(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct opt_int *to = &p->call->usage.output;
	int64_t v;

	(void)f;
	if (ev->kind != JSON_NUMBER || !number_int(ev->text, &v) || v < 0 || v > INT64_MAX / 4 ||
	    (to->set && to->v > INT64_MAX / 4))
		return;
	*to = (struct opt_int){ (to->set ? to->v : 0) + v, true };
}

#define RESULT_ROWS(list, text, reason)                                                       \
	ROW_FN(list "[]", on_result, 0), ROW_CONTENT(list "[]." text, FIELD_STAGE, ST_DELTA), \
		ROW(list "[]." reason, FIELD_STAGE, ST_FINISH)

#define METRICS(key) "amazon-bedrock-invocationMetrics." key

/* Of whole answers and of the pieces of a stream. */
static const struct field vendor_rows[] = {
	/* Llama. */
	ROW_FN("generation", on_mark, 0),
	ROW_CONTENT("generation", FIELD_STAGE, ST_DELTA),
	ROW("prompt_token_count", FIELD_TOKENS, CALL_AT(usage.input)),
	ROW("generation_token_count", FIELD_TOKENS, CALL_AT(usage.output)),
	/* Titan; a stream has the fields of a result at the top. */
	ROW("inputTextTokenCount", FIELD_TOKENS, CALL_AT(usage.input)),
	ROW("totalOutputTextTokenCount", FIELD_TOKENS, CALL_AT(usage.output)),
	ROW_FN("results[].tokenCount", on_tokens, 0),
	RESULT_ROWS("results", "outputText", "completionReason"),
	ROW_FN("outputText", on_mark, 0),
	ROW_CONTENT("outputText", FIELD_STAGE, ST_DELTA),
	ROW("completionReason", FIELD_STAGE, ST_FINISH),
	/* Mistral, Cohere. */
	RESULT_ROWS("outputs", "text", "stop_reason"),
	RESULT_ROWS("generations", "text", "finish_reason"),
	ROW_CONTENT("text", FIELD_STAGE, ST_DELTA),
	ROW("finish_reason", FIELD_STAGE, ST_FINISH),
	ROW("generation_id", FIELD_STRING, CALL_AT(resp.id)),
	/* Embeddings. */
	ROW_FN("embedding", on_answer_op, CALL_EMBEDDINGS),
	ROW_FN("embeddings", on_answer_op, CALL_EMBEDDINGS),
	ROW_FN("embeddingsByType", on_answer_op, CALL_EMBEDDINGS),
	ROW("inputTokenCount", FIELD_TOKENS, CALL_AT(usage.input)),

	ROW(METRICS("inputTokenCount"), FIELD_SUM, SUM_INPUT),
	ROW(METRICS("outputTokenCount"), FIELD_SUM, SUM_OUTPUT),
	ROW(METRICS("cacheReadInputTokenCount"), FIELD_SUM, SUM_CACHE_READ),
	ROW(METRICS("cacheWriteInputTokenCount"), FIELD_SUM, SUM_CACHE_WRITE),
	/* Nova Sonic. */
	ROW("event.usageEvent.totalInputTokens", FIELD_TOKENS, CALL_AT(usage.input)),
	ROW("event.usageEvent.totalOutputTokens", FIELD_TOKENS, CALL_AT(usage.output)),
	ROW("event.completionEnd.stopReason", FIELD_STAGE, ST_FINISH),
	ROW_FN("event.completionStart", on_mark, 0),
};

/* What Anthropic's own rows have for whole answers only. */
static const struct field piece_rows[] = {
	ROW("stop_reason", FIELD_STAGE, ST_FINISH),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set pieces = FIELD_SET(piece_rows);
static const struct field_set vendors = FIELD_SET(vendor_rows);

static void take_rest(struct parse *p)
{
	if (p->stage.dirty & RESULT_TEXTS)
		take_text(p, answer_only(p));
}

static void event_done(struct parse *p, struct sv type)
{
	/* Their reasons to stop are staged in the same place. */
	take_rest(p);
	if (p->stage.num[SI_PART].set)
		converse_event_done(p, type);
	else
		anthropic_event_done(p, type);
}

static void instead(struct opt_int *to, const struct opt_int *second)
{
	if (!to->set)
		*to = *second;
}

static void finish(struct parse *p)
{
	struct call_usage *u = &p->call->usage;
	bool counted = u->input.set;

	take_rest(p);
	if (p->op_known && p->op == CALL_EMBEDDINGS)
		p->call->content.input = NULL;
	instead(&u->input, &p->sum[SUM_INPUT]);
	instead(&u->output, &p->sum[SUM_OUTPUT]);
	instead(&u->cache_read, &p->sum[SUM_CACHE_READ]);
	instead(&u->cache_write, &p->sum[SUM_CACHE_WRITE]);
	/* Both add cached tokens to the input: once. */
	if (counted && !u->total.set)
		anthropic_finish(p);
	else
		converse_finish(p);
	bedrock_head(p);
	openai_finish(p);
}

const struct api api_bedrock_invoke = {
	.name = "bedrock.invoke",
	.op = CALL_CHAT,
	.provider = "aws.bedrock",
	.request = { &anthropic_request, &converse_config, &converse_parts, &request },
	.answer = { &anthropic_answer, &converse_answer, &openai_choices, &openai_usage, &vendors,
		    &bedrock_errors },
	.event = { &anthropic_event, &nova_event, &openai_choices, &openai_usage, &vendors, &pieces,
		   &bedrock_errors },
	.chunks = CHUNK_JSON,
	.begin = begin,
	.event_done = event_done,
	.finish = finish,
};
