// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

/* OpenAI completions: POST .../completions. The answer has the choices of chat. */

static const struct field request_rows[] = {
	ROW("max_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("n", FIELD_INT, CALL_AT(req.choice_count)),
	ROW("frequency_penalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	ROW("presence_penalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	ROW("seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("top_k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("stop", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("stop[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW_CONTENT_FN("prompt", field_input_string, 0),
	ROW_CONTENT_FN("prompt[]", field_input_string, 0),
};

static const struct field_set request = FIELD_SET(request_rows);

const struct api api_openai_completions = {
	.name = "openai.completions",
	.op = CALL_TEXT_COMPLETION,
	.provider = "openai",
	.request = { &openai_request, &request },
	.answer = { &openai_choices, &openai_usage, &openai_errors },
	.event_done = openai_choice_event,
	.finish = openai_finish,
};
