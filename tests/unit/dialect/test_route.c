// SPDX-License-Identifier: Apache-2.0
#include "dialect/route.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *method, *host, *target;
	enum route_verdict verdict;
	const struct api *api;
	const char *provider;
} routes[] = {
	{ "POST", "api.openai.com", "/v1/chat/completions", ROUTE_MODEL, &api_openai_chat,
	  "openai" },
	{ "POST", "API.OpenAI.com", "/v1/responses?x=y", ROUTE_MODEL, &api_openai_responses,
	  "openai" },
	{ "POST", "eu.api.openai.com", "/v1/embeddings", ROUTE_MODEL, &api_openai_embeddings,
	  "openai" },
	{ "POST", "localhost", "/v1/chat/completions/", ROUTE_MODEL, &api_openai_chat, NULL },
	{ "POST", "localhost", "http://localhost/v1/messages?beta=true", ROUTE_MODEL,
	  &api_anthropic_messages, NULL },
	{ "POST", "localhost", "/v1/completions", ROUTE_MAYBE, &api_openai_completions, NULL },
	{ "POST", "localhost", "/responses", ROUTE_MAYBE, &api_openai_responses, NULL },
	{ "POST", "localhost", "/api/embeddings", ROUTE_MAYBE, &api_ollama_embed, NULL },
	{ "POST", "openrouter.ai", "/api/embeddings", ROUTE_MODEL, &api_openai_embeddings,
	  "openrouter" },
	{ "POST", "openrouter.ai", "/api/v1/messages", ROUTE_MODEL, &api_anthropic_messages,
	  "openrouter" },
	{ "POST", "api.deepseek.com", "/anthropic/v1/messages", ROUTE_MODEL,
	  &api_anthropic_messages, "deepseek" },
	{ "POST", "api.mistral.ai", "/v1/fim/completions", ROUTE_MODEL, &api_openai_completions,
	  "mistral_ai" },
	{ "POST", "r.openai.azure.com", "/openai/deployments/d/chat/completions?api-version=1",
	  ROUTE_MODEL, &api_openai_chat, "azure.ai.openai" },
	{ "POST", "r.services.ai.azure.com", "/models/chat/completions", ROUTE_MODEL,
	  &api_openai_chat, "azure.ai.inference" },
	{ "POST", "api.anthropic.com", "/v1/messages/count_tokens", ROUTE_OTHER_API, NULL,
	  "anthropic" },
	{ "POST", "api.anthropic.com", "/v1/messages/batches", ROUTE_OTHER_API, NULL, "anthropic" },
	{ "GET", "api.openai.com", "/v1/models", ROUTE_OTHER_API, NULL, "openai" },
	{ "GET", "localhost", "/v1/models/m", ROUTE_OTHER_API, NULL, NULL },
	{ "GET", "api.openai.com", "/v1/chat/completions", ROUTE_OTHER_API, NULL, "openai" },
	{ "GET", "api.openai.com", "/v1/responses/resp_1?stream=true", ROUTE_MODEL,
	  &api_openai_fetch, "openai" },
	{ "POST", "api.openai.com", "/v1/responses/input_tokens", ROUTE_OTHER_API, NULL, "openai" },
	{ "POST", "api.openai.com", "/v1/audio/speech", ROUTE_UNREAD, NULL, "openai" },
	{ "POST", "generativelanguage.googleapis.com", "/v1beta/models/g:generateContent",
	  ROUTE_MODEL, &api_gemini_generate, "gcp.gemini" },
	{ "POST", "localhost", "/v1beta/models/g:streamGenerateContent?alt=sse", ROUTE_MODEL,
	  &api_gemini_generate, NULL },
	{ "POST", "localhost", "/v1beta/models/g:countTokens", ROUTE_OTHER_API, NULL, NULL },
	{ "POST", "localhost",
	  "/v1/projects/p/locations/l/publishers/google/models/g:generateContent", ROUTE_MODEL,
	  &api_gemini_generate, "gcp.vertex_ai" },
	{ "POST", "us-central1-aiplatform.googleapis.com",
	  "/v1/projects/p/locations/l/publishers/anthropic/models/c@1:streamRawPredict",
	  ROUTE_MODEL, &api_anthropic_messages, "gcp.vertex_ai" },
	{ "POST", "aiplatform.eu.rep.googleapis.com",
	  "/v1/projects/p/locations/l/endpoints/openapi/chat/completions", ROUTE_MODEL,
	  &api_openai_chat, "gcp.vertex_ai" },
	{ "POST", "us-central1-aiplatform.googleapis.com",
	  "/v1/publishers/google/models/text-embedding-005:predict", ROUTE_MODEL, &api_gemini_embed,
	  "gcp.vertex_ai" },
	{ "POST", "us-central1-aiplatform.googleapis.com",
	  "/v1/publishers/google/models/imagen-4:predict", ROUTE_OTHER_API, NULL, "gcp.vertex_ai" },
	{ "POST", "bedrock-runtime.us-east-1.amazonaws.com", "/model/m/converse", ROUTE_MODEL,
	  &api_bedrock_converse, "aws.bedrock" },
	{ "POST", "bedrock-runtime-fips.us-east-1.amazonaws.com", "/model/m%3A0/invoke",
	  ROUTE_MODEL, &api_bedrock_invoke, "aws.bedrock" },
	{ "POST", "localhost", "/model/m/invoke", ROUTE_MAYBE, &api_bedrock_invoke, "aws.bedrock" },
	{ "POST", "bedrock-runtime.us-east-1.amazonaws.com", "/openai/v1/chat/completions",
	  ROUTE_MODEL, &api_openai_chat, "aws.bedrock" },
	{ "POST", "bedrock-agent-runtime.us-east-1.amazonaws.com", "/knowledgebases/K/retrieve",
	  ROUTE_MODEL, &api_bedrock_retrieve, "aws.bedrock" },
	{ "POST", "us-central1-aiplatform.googleapis.com", "/v1/x:rawPredict", ROUTE_UNREAD, NULL,
	  "gcp.vertex_ai" },
	{ "POST", "localhost:11434", "/api/chat", ROUTE_MAYBE, &api_ollama_chat, NULL },
	{ "POST", "api.cohere.com", "/v2/chat", ROUTE_MODEL, &api_cohere_chat, "cohere" },
	{ "POST", "models.corp.example", "/llm/v1/chat/completions", ROUTE_MODEL, &api_openai_chat,
	  "corp" },
	{ "POST", "api.openai.com", "/corp/responses", ROUTE_MODEL, &api_openai_responses,
	  "corp2" },
	{ "POST", "example.com", "/submit", ROUTE_NOT_MODEL, NULL, NULL },
	{ "GET", "example.com", "/", ROUTE_NOT_MODEL, NULL, NULL },
	{ "POST", "", "", ROUTE_NOT_MODEL, NULL, NULL },
	{ "POST", "openai.com.evil.example", "/v1/x", ROUTE_NOT_MODEL, NULL, NULL },
};

/* What a user knows comes first. */
static const struct dialect_host users[] = {
	{ "*.corp.example", "/llm", "corp" },
	{ "api.openai.com", "/corp", "corp2" },
};

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		const struct route_key key = {
			.host = sv_of(routes[i].host),
			.target = sv_of(routes[i].target),
			.method = sv_of(routes[i].method),
			.hosts = users,
			.host_count = ARRAY_SIZE(users),
		};
		struct route r = route_find(&key);

		if (r.verdict != routes[i].verdict || r.api != routes[i].api ||
		    !sv_eq(sv_of(r.provider), sv_of(routes[i].provider)))
			fail_msg("%s %s%s: verdict %d, provider %s", routes[i].method,
				 routes[i].host, routes[i].target, r.verdict,
				 r.provider ? r.provider : "none");
	}
}

static const struct {
	const char *path, *pattern;
	const char *caps[CAP_COUNT]; /* NULL: does not fit */
} patterns[] = {
	{ "/a/b/model/x%2Fy/converse", "/model/{m}/converse", { "x%2Fy", "", "", "", "" } },
	{ "/model//converse", "/model/{m}/converse", { NULL } },
	{ "/v1/models/g-1:generateContent",
	  "/models/{m}:generateContent",
	  { "g-1", "", "", "", "" } },
	{ "/v1/models/g:generateContent2", "/models/{m}:generateContent", { NULL } },
	{ "/agents/A/agentAliases/B/sessions/C/text",
	  "/agents/{a}/agentAliases/*/sessions/{c}/text",
	  { "", "A", "C", "", "" } },
	{ "/x/v1/models", "/v1/models/**", { "", "", "", "", "" } },
	{ "/x/v1/models/a/b", "/v1/models/**", { "", "", "", "", "" } },
	{ "/x/v1/modelsx", "/v1/models/**", { NULL } },
	{ "/interactions/i1", "/interactions/{r}", { "", "", "", "i1", "" } },
	{ "", "/x", { NULL } },
};

static void test_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		bool want = patterns[i].caps[0] != NULL;
		struct sv caps[CAP_COUNT];

		if (path_fits(sv_of(patterns[i].path), patterns[i].pattern, caps) != want)
			fail_msg("%s, %s", patterns[i].path, patterns[i].pattern);
		for (size_t j = 0; want && j < CAP_COUNT; j++)
			assert_true(sv_eq(caps[j], sv_of(patterns[i].caps[j])));
	}
}

static const struct {
	const char *in, *want;
} encoded[] = {
	{ "anthropic.claude-3%3A0", "anthropic.claude-3:0" },
	{ "arn%3Aaws%3Abedrock%2Fx", "arn:aws:bedrock/x" },
	{ "100%", "100%" },
	{ "%4", "%4" },
	{ "%zz", "%zz" },
	{ "a%ffb", "a\xef\xbf\xbd"
		   "b" },
	{ "%C3%A9", "\xc3\xa9" },
};

static void test_percent_encoding(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16);
	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++) {
		struct sv got = route_decode(&a, sv_of(encoded[i].in));

		if (!sv_eq(got, sv_of(encoded[i].want)))
			fail_msg("%s: %.*s", encoded[i].in, SV_ARG(got));
	}
	assert_null(route_decode(&a, SV_NONE).p);
	arena_done(&a);
}

static void test_queries(void **state)
{
	(void)state;
	assert_true(sv_eq(route_query(SV("/r?stream=true&starting_after=7"), "starting_after"),
			  SV("7")));
	assert_true(sv_eq(route_query(SV("/r?a"), "a"), SV("")));
	assert_null(route_query(SV("/r?ab=1"), "a").p);
	assert_null(route_query(SV("/r"), "a").p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_percent_encoding),
		cmocka_unit_test(test_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
