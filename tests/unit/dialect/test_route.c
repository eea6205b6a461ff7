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
	{ "POST", "localhost", "/api/embeddings", ROUTE_MAYBE, &api_openai_embeddings, NULL },
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
	{ "GET", "api.openai.com", "/v1/responses/resp_1?stream=true", ROUTE_OTHER_API, NULL,
	  "openai" },
	{ "POST", "api.openai.com", "/v1/responses/input_tokens", ROUTE_OTHER_API, NULL, "openai" },
	{ "POST", "api.openai.com", "/v1/audio/speech", ROUTE_UNREAD, NULL, "openai" },
	{ "POST", "generativelanguage.googleapis.com", "/v1beta/models/g:generateContent",
	  ROUTE_UNREAD, NULL, "gcp.gemini" },
	{ "POST", "bedrock-runtime.us-east-1.amazonaws.com", "/model/m/converse", ROUTE_UNREAD,
	  NULL, "aws.bedrock" },
	{ "POST", "bedrock-runtime-fips.us-east-1.amazonaws.com", "/model/m/converse", ROUTE_UNREAD,
	  NULL, "aws.bedrock" },
	{ "POST", "us-central1-aiplatform.googleapis.com", "/v1/x:rawPredict", ROUTE_UNREAD, NULL,
	  "gcp.vertex_ai" },
	{ "POST", "example.com", "/submit", ROUTE_NOT_MODEL, NULL, NULL },
	{ "GET", "example.com", "/", ROUTE_NOT_MODEL, NULL, NULL },
	{ "POST", "", "", ROUTE_NOT_MODEL, NULL, NULL },
	{ "POST", "openai.com.evil.example", "/v1/x", ROUTE_NOT_MODEL, NULL, NULL },
};

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		struct route r = route_find(sv_of(routes[i].host), sv_of(routes[i].target),
					    sv_of(routes[i].method));

		if (r.verdict != routes[i].verdict || r.api != routes[i].api ||
		    !sv_eq(sv_of(r.provider), sv_of(routes[i].provider)))
			fail_msg("%s %s%s: verdict %d, provider %s", routes[i].method,
				 routes[i].host, routes[i].target, r.verdict,
				 r.provider ? r.provider : "none");
	}
}

static const struct {
	const char *field, *host;
	int port;
} authorities[] = {
	{ "h", "h", 0 },
	{ "h:8443", "h", 8443 },
	{ " h:1 ", "h", 1 },
	{ "[::1]", "::1", 0 },
	{ "[::1]:443", "::1", 443 },
	{ "h:99999", "h", 0 },
	{ "h:8x", "h", 0 },
	{ "", "", 0 },
	{ "[::1", "[::1", 0 },
	{ "h:", "h", 0 },
	{ "10.0.0.1:80", "10.0.0.1", 80 },
	{ "h:18446744073709551617", "h", 0 },
};

static void test_authorities(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(authorities); i++) {
		struct sv host;
		uint16_t port;

		route_authority(sv_of(authorities[i].field), &host, &port);
		if (!sv_eq(host, sv_of(authorities[i].host)) || port != authorities[i].port)
			fail_msg("'%s': '%.*s' %u", authorities[i].field, SV_ARG(host), port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_authorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
