// SPDX-License-Identifier: Apache-2.0
#include "semconv/attrs.h"

#define FOR(op)	      (1u << CALL_##op)
#define FOR_INFERENCE (FOR(CHAT) | FOR(TEXT_COMPLETION) | FOR(GENERATE_CONTENT))
#define FOR_EMBED     FOR(EMBEDDINGS)
#define FOR_INVOKE    FOR(INVOKE_AGENT)
#define FOR_AGENTS    (FOR(CREATE_AGENT) | FOR_INVOKE)
#define FOR_FETCH     FOR(FETCH_RESPONSE)
#define FOR_RETRIEVAL FOR(RETRIEVAL)
#define FOR_ANSWERS   (FOR_INFERENCE | FOR_INVOKE)
/* Asks for something to be made, at a provider. */
#define FOR_MODELS (FOR_INFERENCE | FOR_EMBED | FOR_RETRIEVAL | FOR_AGENTS)
#define FOR_GENAI  (FOR_MODELS | FOR_FETCH)
#define FOR_ALL	   (FOR_GENAI | FOR(MCP) | FOR(HTTP))
#define FOR_OPENAI (1u << 31) /* and only where the provider is openai */

enum source {
	FROM_STRING,
	FROM_INT,
	FROM_NUM,
	FROM_TRUE, /* only when true */
	FROM_LIST,
};

/* Attributes that are a member of struct call, as it stands. */
static const struct row {
	const char *key;
	enum source source;
	unsigned int use;
	size_t at;
} rows[] = {
#define R(key, source, use, member)                                       \
	{                                                                 \
		SEMCONV_##key, source, use, offsetof(struct call, member) \
	}
	R(GEN_AI_REQUEST_MODEL, FROM_STRING, FOR_MODELS, req.model),
	R(GEN_AI_REQUEST_MAX_TOKENS, FROM_INT, FOR_ANSWERS, req.max_tokens),
	R(GEN_AI_REQUEST_CHOICE_COUNT, FROM_INT, FOR_ANSWERS, req.choice_count),
	R(GEN_AI_REQUEST_TEMPERATURE, FROM_NUM, FOR_ANSWERS, req.temperature),
	R(GEN_AI_REQUEST_TOP_P, FROM_NUM, FOR_ANSWERS, req.top_p),
	R(GEN_AI_REQUEST_TOP_K, FROM_INT, FOR_INFERENCE, req.top_k),
	R(GEN_AI_REQUEST_FREQUENCY_PENALTY, FROM_NUM, FOR_ANSWERS, req.frequency_penalty),
	R(GEN_AI_REQUEST_PRESENCE_PENALTY, FROM_NUM, FOR_ANSWERS, req.presence_penalty),
	R(GEN_AI_REQUEST_SEED, FROM_INT, FOR_ANSWERS, req.seed),
	R(GEN_AI_REQUEST_STREAM, FROM_TRUE, FOR_INFERENCE, req.stream),
	R(GEN_AI_REQUEST_STOP_SEQUENCES, FROM_LIST, FOR_ANSWERS, req.stop_sequences),
	R(GEN_AI_REQUEST_REASONING_LEVEL, FROM_STRING, FOR_INFERENCE, req.reasoning_level),
	R(GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, FROM_STRING, FOR_ANSWERS, req.previous_response_id),
	R(GEN_AI_REQUEST_ENCODING_FORMATS, FROM_LIST, FOR_EMBED, req.encoding_formats),
	R(GEN_AI_EMBEDDINGS_DIMENSION_COUNT, FROM_INT, FOR_EMBED, req.dimensions),
	R(GEN_AI_OUTPUT_TYPE, FROM_STRING, FOR_ANSWERS, req.output_type),
	R(GEN_AI_CONVERSATION_ID, FROM_STRING, FOR_ANSWERS, req.conversation_id),
	R(GEN_AI_PROMPT_NAME, FROM_STRING, FOR_INFERENCE, req.prompt_name),
	R(GEN_AI_PROMPT_VERSION, FROM_STRING, FOR_INFERENCE, req.prompt_version),
	R(OPENAI_REQUEST_SERVICE_TIER, FROM_STRING, FOR_ANSWERS | FOR_OPENAI, req.service_tier),
	R(GEN_AI_RESPONSE_ID, FROM_STRING, FOR_INFERENCE | FOR_FETCH, resp.id),
	R(GEN_AI_RESPONSE_MODEL, FROM_STRING, FOR_INFERENCE | FOR_EMBED | FOR_FETCH, resp.model),
	R(GEN_AI_RESPONSE_FINISH_REASONS, FROM_LIST, FOR_ANSWERS | FOR_FETCH, resp.finish_reasons),
	R(GEN_AI_CONVERSATION_COMPACTED, FROM_TRUE, FOR_INFERENCE, resp.compacted),
	R(OPENAI_RESPONSE_SERVICE_TIER, FROM_STRING, FOR_ANSWERS | FOR_OPENAI, resp.service_tier),
	R(OPENAI_RESPONSE_SYSTEM_FINGERPRINT, FROM_STRING, FOR_ANSWERS | FOR_OPENAI,
	  resp.system_fingerprint),
	R(GEN_AI_USAGE_INPUT_TOKENS, FROM_INT, FOR_ANSWERS | FOR_EMBED, usage.input),
	R(GEN_AI_USAGE_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.output),
	R(GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.cache_read),
	R(GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.cache_write),
	R(GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, FROM_INT, FOR_INFERENCE, usage.reasoning),
	R(GEN_AI_USAGE_TEXT_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.text_input),
	R(GEN_AI_USAGE_IMAGE_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.image_input),
	R(GEN_AI_USAGE_AUDIO_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.audio_input),
	R(GEN_AI_USAGE_TEXT_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.text_output),
	R(GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.image_output),
	R(GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.audio_output),
	R(HTTP_REQUEST_RESEND_COUNT, FROM_INT, FOR_GENAI | FOR(HTTP), req.resend_count),
	R(SERVER_ADDRESS, FROM_STRING, FOR_ALL, server_address),
	R(ERROR_TYPE, FROM_STRING, FOR_ALL, error_type),
	R(SESSION_ID, FROM_STRING, FOR_ALL, session_id),
	R(USER_ID, FROM_STRING, FOR_ALL, user_id),
	R(AWS_BEDROCK_GUARDRAIL_ID, FROM_STRING, FOR_ANSWERS, req.guardrail_id),
	R(GEN_AI_REQUEST_STREAM_CURSOR, FROM_STRING, FOR_FETCH, req.stream_cursor),
	R(GEN_AI_RESPONSE_STATUS, FROM_STRING, FOR_FETCH, resp.status),
	R(GEN_AI_AGENT_ID, FROM_STRING, FOR_AGENTS, agent.id),
	R(GEN_AI_AGENT_NAME, FROM_STRING, FOR_AGENTS, agent.name),
	R(GEN_AI_AGENT_DESCRIPTION, FROM_STRING, FOR_AGENTS, agent.description),
	R(GEN_AI_AGENT_VERSION, FROM_STRING, FOR_AGENTS, agent.version),
	R(GEN_AI_DATA_SOURCE_ID, FROM_STRING, FOR_RETRIEVAL | FOR_INVOKE, retrieval.data_source_id),
	R(GEN_AI_RETRIEVAL_TOP_K, FROM_INT, FOR_RETRIEVAL, retrieval.top_k),
	R(AWS_BEDROCK_KNOWLEDGE_BASE_ID, FROM_STRING, FOR_RETRIEVAL, retrieval.knowledge_base_id),
	R(GEN_AI_TOOL_NAME, FROM_STRING, FOR(MCP), mcp.tool),
	R(GEN_AI_PROMPT_NAME, FROM_STRING, FOR(MCP), mcp.prompt),
	R(MCP_METHOD_NAME, FROM_STRING, FOR(MCP), mcp.method),
	R(MCP_SESSION_ID, FROM_STRING, FOR(MCP), mcp.session_id),
	R(MCP_PROTOCOL_VERSION, FROM_STRING, FOR(MCP), mcp.protocol_version),
	R(MCP_RESOURCE_URI, FROM_STRING, FOR(MCP), mcp.resource_uri),
	R(JSONRPC_REQUEST_ID, FROM_STRING, FOR(MCP), mcp.id),
	R(JSONRPC_PROTOCOL_VERSION, FROM_STRING, FOR(MCP), mcp.rpc_version),
	R(HTTP_REQUEST_BODY_SIZE, FROM_INT, FOR(HTTP), http.request_size),
	R(HTTP_RESPONSE_BODY_SIZE, FROM_INT, FOR(HTTP), http.response_size),
#undef R
};

static void add_row(struct attrs *as, struct arena *a, const struct row *r, const void *from)
{
	const struct opt_int *i = from;
	const struct opt_num *n = from;
	const struct opt_bool *b = from;
	const struct call_list *l = from;

	switch (r->source) {
	case FROM_STRING:
		attrs_string(as, a, r->key, *(const struct sv *)from);
		break;
	case FROM_INT:
		if (i->set)
			attrs_int(as, a, r->key, i->v);
		break;
	case FROM_NUM:
		if (n->set)
			attrs_double(as, a, r->key, n->v);
		break;
	case FROM_TRUE:
		if (b->set && b->v)
			attrs_bool(as, a, r->key, true);
		break;
	case FROM_LIST:
		attrs_strings(as, a, r->key, l->v, l->count);
		break;
	}
}

void rows_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	unsigned int want = 1u << c->op;
	bool openai = c->provider && strcmp(c->provider, "openai") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if ((rows[i].use & want) && (openai || !(rows[i].use & FOR_OPENAI)))
			add_row(as, a, &rows[i], (const char *)c + rows[i].at);
	}
	if (openai && c->api == CALL_API_CHAT_COMPLETIONS)
		attrs_string(as, a, SEMCONV_OPENAI_API_TYPE, SV("chat_completions"));
	if (openai && c->api == CALL_API_RESPONSES)
		attrs_string(as, a, SEMCONV_OPENAI_API_TYPE, SV("responses"));
}
