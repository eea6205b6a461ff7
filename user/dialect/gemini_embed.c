// SPDX-License-Identifier: Apache-2.0
#include "dialect/gemini.h"

/*
 * Gemini's and Vertex's embeddings: :embedContent, :batchEmbedContents, and :predict of text
 * embedding models, which counts the tokens of each text.
 */

static void on_count(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct opt_int *input = &p->call->usage.input;
	int64_t v;

	(void)f;
	if (ev->kind != JSON_NUMBER || ev->truncated || !number_int(ev->text, &v) || v < 0 ||
	    v > INT64_MAX / 4 || (input->set && input->v > INT64_MAX / 4))
		return;
	*input = (struct opt_int){ (input->set ? input->v : 0) + v, true };
}

static void on_vector(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->answered = true;
}

static const struct field request_rows[] = {
	ROW("model", FIELD_MODEL, 0),
	ROW_SNAKE("outputDimensionality", FIELD_INT, CALL_AT(req.dimensions)),
	ROW_SNAKE("embedContentConfig.outputDimensionality", FIELD_INT, CALL_AT(req.dimensions)),
	ROW_SNAKE("requests[].outputDimensionality", FIELD_INT, CALL_AT(req.dimensions)),
	ROW_SNAKE("parameters.outputDimensionality", FIELD_INT, CALL_AT(req.dimensions)),
};

static const struct field answer_rows[] = {
	ROW_FN("embedding", on_vector, 0),
	ROW_FN("embeddings[]", on_vector, 0),
	ROW_FN("predictions[]", on_vector, 0),
	ROW_SNAKE("usageMetadata.promptTokenCount", FIELD_TOKENS, CALL_AT(usage.input)),
	ROW_FN("predictions[].embeddings.statistics.token_count", on_count, 0),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);

const struct api api_gemini_embed = {
	.name = "gemini.embed",
	.op = CALL_EMBEDDINGS,
	.provider = "gcp.gemini",
	.request = { &request },
	.answer = { &answer, &gemini_errors },
	.finish = take_error,
};
