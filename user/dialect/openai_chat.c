// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

/*
 * OpenAI chat completions: POST .../chat/completions (openai-node v7.5.0, openapi.yaml) and
 * what compatible servers add. Streams end with "[DONE]", which dialect.c knows.
 */

static const struct field request_rows[] = {
	ROW_ANCHOR("max_completion_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("max_tokens", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("n", FIELD_INT, CALL_AT(req.choice_count)),
	ROW("frequency_penalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	ROW("presence_penalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	ROW("seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("random_seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("top_k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("stop", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("stop[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW("reasoning_effort", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW("reasoning.effort", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW_FN("response_format.type", openai_output_type, 0),
	ROW_FN("modalities[]", openai_output_type, 0),

	ROW_CONTENT_FN("tools[]", field_tool_def, 0),
	ROW_CONTENT("tools[].type", FIELD_TOOL_DEF, TOOL_DEF_AT(type)),
	TOOL_DEF_ROWS("tools[].function.", "parameters"),
	ROW_CONTENT("tools[].custom.name", FIELD_TOOL_DEF, TOOL_DEF_AT(name)),
	ROW_CONTENT("tools[].custom.description", FIELD_TOOL_DEF, TOOL_DEF_AT(description)),

	ROW_CONTENT_FN("messages[]", field_input_message, STYLE_CHAT),
	ROW_CONTENT("messages[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT("messages[].name", FIELD_MESSAGE, MESSAGE_AT(name)),
	ROW_CONTENT("messages[].tool_call_id", FIELD_STAGE, ST_CALL_ID),
	ROW_CONTENT_FN("messages[].content", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("messages[].refusal", field_input_text, PART_TEXT),
	ROW_CONTENT_FN("messages[].reasoning_content", field_input_text, PART_REASONING),
	ROW_CONTENT_FN("messages[].content[]", field_input_part, STYLE_PART),
	ROW_CONTENT("messages[].content[].type", FIELD_PART, PART_AT(wire_type)),
	ROW_CONTENT("messages[].content[].text", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].refusal", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].image_url", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].image_url.url", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].input_audio.data", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].file.file_data", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].content[].file.file_id", FIELD_PART, PART_AT(id)),
	ROW_CONTENT_FN("messages[].tool_calls[]", field_input_part, STYLE_TOOL_CALL),
	ROW_CONTENT("messages[].tool_calls[].id", FIELD_PART, PART_AT(id)),
	ROW_CONTENT("messages[].tool_calls[].function.name", FIELD_PART, PART_AT(name)),
	ROW_CONTENT("messages[].tool_calls[].function.arguments", FIELD_PART_TEXT, 0),
	ROW_CONTENT("messages[].tool_calls[].custom.name", FIELD_PART, PART_AT(name)),
	ROW_CONTENT("messages[].tool_calls[].custom.input", FIELD_PART_TEXT, 0),
	ROW_CONTENT_FN("messages[].function_call", field_input_part, STYLE_TOOL_CALL),
	ROW_CONTENT("messages[].function_call.name", FIELD_PART, PART_AT(name)),
	ROW_CONTENT("messages[].function_call.arguments", FIELD_PART_TEXT, 0),
};

const struct field_set openai_chat_request = FIELD_SET(request_rows);

const struct api api_openai_chat = {
	.name = "openai.chat",
	.op = CALL_CHAT,
	.api = CALL_API_CHAT_COMPLETIONS,
	.provider = "openai",
	.request = { &openai_request, &openai_chat_request },
	.answer = { &openai_choices, &openai_usage, &openai_errors },
	.event_done = openai_choice_event,
	.finish = openai_finish,
};
