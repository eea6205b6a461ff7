// SPDX-License-Identifier: Apache-2.0
#include "dialect/route.h"

/*
 * Paths of model APIs, by their end (route.h says how patterns read). The first row that fits
 * wins: what is told apart by more stands before what is told apart by less.
 */

#define DOUBT PATH_DOUBT
#define PROOF PATH_PROOF
#define HOST  PATH_HOST
#define WS    PATH_WS

#define ANTHROPIC "anthropic"
#define AZURE	  "azure.ai.openai"
#define BEDROCK	  "aws.bedrock"
#define LLAMA	  "llama_cpp"
#define MISTRAL	  "mistral_ai"
#define VERTEX	  "gcp.vertex_ai"
#define LMSTUDIO  "lm_studio"

/* pattern, method, api, flags, only, provider, model */
const struct path_row api_paths[] = {
	/* Anthropic. */
	{ "/v1/messages/count_tokens", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/v1/messages/batches/**", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/v1/messages", "POST", &api_anthropic_messages, 0, NULL, NULL, NULL },
	{ "/v1/messages", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/v1/complete", "POST", &api_anthropic_complete, PROOF, ANTHROPIC, NULL, NULL },
	{ "/v1/sessions/{c}/events", "POST", &api_agent_session, HOST, ANTHROPIC, NULL, NULL },
	{ "/v1/sessions/**", NULL, NULL, HOST, ANTHROPIC, NULL, NULL },

	/* Agents that are hosted. */
	{ "/agents/completions", "POST", &api_mistral_agent, DOUBT, MISTRAL, NULL, NULL },
	{ "/agents", "PUT", &api_bedrock_create_agent, HOST, BEDROCK, NULL, NULL },
	{ "/api/projects/*/agents", "POST", &api_agent_create, PROOF, NULL, AZURE, NULL },
	{ "/v1/agents", "POST", &api_agent_create, HOST, NULL, NULL, NULL },
	{ "/v1/agents/**", NULL, NULL, HOST, NULL, NULL, NULL },
	{ "/assistants", "POST", &api_agent_create, PROOF, NULL, NULL, NULL },
	{ "/assistants/**", NULL, NULL, HOST, NULL, NULL, NULL },
	{ "/threads/runs", "POST", &api_agent_run, PROOF, NULL, NULL, NULL },
	{ "/threads/{c}/runs", "POST", &api_agent_run, PROOF, NULL, NULL, NULL },
	{ "/threads/**", NULL, NULL, HOST, NULL, NULL, NULL },
	{ "/conversations", "POST", &api_mistral_conversation, PROOF, MISTRAL, NULL, NULL },
	{ "/conversations/{c}", "POST", &api_mistral_conversation, PROOF, MISTRAL, NULL, NULL },
	{ "/conversations/{c}/restart", "POST", &api_mistral_conversation, PROOF, MISTRAL, NULL,
	  NULL },
	{ "/conversations/**", NULL, NULL, HOST, NULL, NULL, NULL },

	/* OpenAI, and what others add to it. */
	{ "/api/v0/chat/completions", "POST", &api_openai_chat, 0, NULL, LMSTUDIO, NULL },
	{ "/api/v0/completions", "POST", &api_openai_completions, DOUBT, NULL, LMSTUDIO, NULL },
	{ "/api/v0/embeddings", "POST", &api_openai_embeddings, DOUBT, NULL, LMSTUDIO, NULL },
	{ "/deployments/{m}/chat/completions", "POST", &api_openai_chat, 0, NULL, AZURE, NULL },
	{ "/deployments/{m}/completions", "POST", &api_openai_completions, 0, NULL, AZURE, NULL },
	{ "/deployments/{m}/embeddings", "POST", &api_openai_embeddings, 0, NULL, AZURE, NULL },
	{ "/endpoints/*/chat/completions", "POST", &api_openai_chat, 0, NULL, VERTEX, NULL },
	{ "/chat/completions", "POST", &api_openai_chat, 0, NULL, NULL, NULL },
	{ "/chat/completions/**", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/completions", "POST", &api_openai_completions, DOUBT, NULL, NULL, NULL },
	{ "/api/embeddings", "POST", &api_ollama_embed, DOUBT, "ollama", NULL, NULL },
	{ "/embeddings", "POST", &api_openai_embeddings, DOUBT, NULL, NULL, NULL },
	{ "/responses/input_tokens", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/responses/compact", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/responses", "POST", &api_openai_responses, DOUBT, NULL, NULL, NULL },
	{ "/responses/{r}", "GET", &api_openai_fetch, PROOF, NULL, NULL, NULL },
	{ "/v1/responses/**", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/completion", "POST", &api_llama_completion, PROOF, NULL, LLAMA, NULL },
	{ "/infill", "POST", &api_llama_completion, PROOF, NULL, LLAMA, NULL },
	{ "/embedding", "POST", &api_openai_embeddings, PROOF, NULL, LLAMA, NULL },
	{ "/api/v1/chat", "POST", &api_lmstudio_chat, DOUBT, NULL, LMSTUDIO, NULL },
	{ "/v1/models/**", "GET", NULL, 0, NULL, NULL, NULL },

	/* Gemini and Vertex. */
	{ "/publishers/anthropic/models/{m}:rawPredict", "POST", &api_anthropic_messages, 0, NULL,
	  VERTEX, NULL },
	{ "/publishers/anthropic/models/{m}:streamRawPredict", "POST", &api_anthropic_messages, 0,
	  NULL, VERTEX, NULL },
	{ "/publishers/*/models/{m}:rawPredict", "POST", &api_openai_chat, 0, NULL, VERTEX, NULL },
	{ "/publishers/*/models/{m}:streamRawPredict", "POST", &api_openai_chat, 0, NULL, VERTEX,
	  NULL },
	{ "/publishers/*/models/{m}:generateContent", "POST", &api_gemini_generate, 0, NULL, VERTEX,
	  NULL },
	{ "/publishers/*/models/{m}:streamGenerateContent", "POST", &api_gemini_generate, 0, NULL,
	  VERTEX, NULL },
	{ "/publishers/*/models/{m}:embedContent", "POST", &api_gemini_embed, 0, NULL, VERTEX,
	  NULL },
	{ "/publishers/*/models/{m}:predict", "POST", &api_gemini_embed, 0, NULL, VERTEX, "embed" },
	{ "/endpoints/{m}:generateContent", "POST", &api_gemini_generate, 0, NULL, VERTEX, NULL },
	{ "/endpoints/{m}:streamGenerateContent", "POST", &api_gemini_generate, 0, NULL, VERTEX,
	  NULL },
	{ "/models/{m}:generateContent", "POST", &api_gemini_generate, 0, NULL, NULL, NULL },
	{ "/models/{m}:streamGenerateContent", "POST", &api_gemini_generate, 0, NULL, NULL, NULL },
	{ "/tunedModels/{m}:generateContent", "POST", &api_gemini_generate, 0, NULL, NULL, NULL },
	{ "/tunedModels/{m}:streamGenerateContent", "POST", &api_gemini_generate, 0, NULL, NULL,
	  NULL },
	{ "/models/{m}:embedContent", "POST", &api_gemini_embed, 0, NULL, NULL, NULL },
	{ "/models/{m}:batchEmbedContents", "POST", &api_gemini_embed, 0, NULL, NULL, NULL },
	{ "/models/{m}:predict", "POST", &api_gemini_embed, 0, NULL, NULL, "embed" },
	{ "/models/{m}:countTokens", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/models/{m}:computeTokens", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/models/{m}:*", NULL, NULL, HOST, NULL, NULL, NULL },
	{ "/interactions", "POST", &api_gemini_interactions, PROOF, NULL, NULL, NULL },
	{ "/interactions/{r}", "GET", &api_gemini_fetch, PROOF, NULL, NULL, NULL },
	{ "/interactions/**", NULL, NULL, HOST, NULL, NULL, NULL },
	{ "/cachedContents/**", NULL, NULL, HOST, NULL, NULL, NULL },

	/* Bedrock. */
	{ "/model/{m}/converse", "POST", &api_bedrock_converse, 0, NULL, BEDROCK, NULL },
	{ "/model/{m}/converse-stream", "POST", &api_bedrock_converse, 0, NULL, BEDROCK, NULL },
	{ "/model/{m}/invoke", "POST", &api_bedrock_invoke, PROOF, BEDROCK, BEDROCK, NULL },
	{ "/model/{m}/invoke-with-response-stream", "POST", &api_bedrock_invoke, 0, NULL, BEDROCK,
	  NULL },
	{ "/model/{m}/invoke-with-bidirectional-stream", "POST", &api_bedrock_invoke, 0, NULL,
	  BEDROCK, NULL },
	{ "/model/{m}/count-tokens", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/guardrail/*/version/*/apply", NULL, NULL, 0, NULL, NULL, NULL },
	{ "/agents/{a}/agentAliases/*/sessions/{c}/text", "POST", &api_bedrock_agent, 0, NULL,
	  BEDROCK, NULL },
	{ "/knowledgebases/{s}/retrieve", "POST", &api_bedrock_retrieve, PROOF, BEDROCK, BEDROCK,
	  NULL },

	/* Ollama. */
	{ "/api/chat", "POST", &api_ollama_chat, DOUBT, "ollama", NULL, NULL },
	{ "/api/generate", "POST", &api_ollama_generate, DOUBT, "ollama", NULL, NULL },
	{ "/api/embed", "POST", &api_ollama_embed, DOUBT, "ollama", NULL, NULL },

	/* Cohere. */
	{ "/v2/chat", "POST", &api_cohere_chat, DOUBT, NULL, NULL, NULL },
	{ "/v1/chat", "POST", &api_cohere_chat_v1, PROOF, "cohere", NULL, NULL },
	{ "/v2/embed", "POST", &api_cohere_embed, DOUBT, NULL, NULL, NULL },
	{ "/v1/embed", "POST", &api_cohere_embed, DOUBT, NULL, NULL, NULL },
	{ "/rerank", NULL, NULL, HOST, NULL, NULL, NULL },
	{ "/tokenize", NULL, NULL, HOST, NULL, NULL, NULL },
	{ "/detokenize", NULL, NULL, HOST, NULL, NULL, NULL },
};

const size_t api_path_count = ARRAY_SIZE(api_paths);
