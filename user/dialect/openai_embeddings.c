// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

/* OpenAI embeddings: POST .../embeddings. Vectors and inputs are skipped unread. */

static const struct field request_rows[] = {
	ROW("encoding_format", FIELD_LIST, CALL_AT(req.encoding_formats)),
	ROW("dimensions", FIELD_INT, CALL_AT(req.dimensions)),
};

static void on_vector(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_ARRAY || ev->kind == JSON_STRING)
		p->answered = true;
}

static const struct field answer_rows[] = {
	ROW("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW_FN("data[].embedding", on_vector, 0),
	/* llama.cpp's own. */
	ROW_FN("[].embedding", on_vector, 0),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);

const struct api api_openai_embeddings = {
	.name = "openai.embeddings",
	.op = CALL_EMBEDDINGS,
	.provider = "openai",
	.request = { &openai_request, &request },
	.answer = { &answer, &openai_usage, &openai_errors },
	.finish = openai_finish,
};
