// SPDX-License-Identifier: Apache-2.0
#include "dialect/route.h"

#include "base/hostname.h"

/*
 * Who answers at a host. In host patterns one '*' stands for any text; path is a prefix.
 * The first row that fits wins.
 */
static const struct dialect_host hosts[] = {
	{ "api.openai.com", "", "openai" },
	{ "*.api.openai.com", "", "openai" },
	{ "api.anthropic.com", "", "anthropic" },
	{ "generativelanguage.googleapis.com", "", "gcp.gemini" },
	{ "*aiplatform.googleapis.com", "", "gcp.vertex_ai" },
	{ "aiplatform.*.rep.googleapis.com", "", "gcp.vertex_ai" },
	{ "bedrock-runtime*.amazonaws.com", "", "aws.bedrock" },
	{ "bedrock-runtime*.amazonaws.com.cn", "", "aws.bedrock" },
	{ "bedrock-agent*.amazonaws.com", "", "aws.bedrock" },
	{ "bedrock-agent*.amazonaws.com.cn", "", "aws.bedrock" },
	{ "*.openai.azure.com", "/openai", "azure.ai.openai" },
	{ "*.cognitiveservices.azure.com", "/openai", "azure.ai.openai" },
	{ "*.services.ai.azure.com", "/openai", "azure.ai.openai" },
	{ "*.services.ai.azure.com", "/api/projects", "azure.ai.openai" },
	{ "*.services.ai.azure.com", "/models", "azure.ai.inference" },
	{ "*.models.ai.azure.com", "", "azure.ai.inference" },
	{ "*.inference.ai.azure.com", "", "azure.ai.inference" },
	{ "api.cohere.com", "", "cohere" },
	{ "api.cohere.ai", "", "cohere" },
	{ "api.mistral.ai", "", "mistral_ai" },
	{ "codestral.mistral.ai", "", "mistral_ai" },
	{ "api.groq.com", "", "groq" },
	{ "api.deepseek.com", "", "deepseek" },
	{ "api.x.ai", "", "x_ai" },
	{ "api.perplexity.ai", "", "perplexity" },
	{ "api.moonshot.ai", "", "moonshot_ai" },
	{ "api.moonshot.cn", "", "moonshot_ai" },
	{ "*.ml.cloud.ibm.com", "", "ibm.watsonx.ai" },
	/* The convention has no value for these. */
	{ "openrouter.ai", "/api", "openrouter" },
	{ "api.together.xyz", "", "together_ai" },
	{ "api.together.ai", "", "together_ai" },
	{ "ollama.com", "/api", "ollama" },
	{ "ollama.com", "/v1", "ollama" },
};

/* Servers of many hosts that name themselves. */
static const struct {
	const char *server;
	const char *provider;
} servers[] = {
	{ "llama.cpp", "llama_cpp" },
};

bool host_known(struct sv host)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (hostname_fits(host, sv_of(hosts[i].host)))
			return true;
	return false;
}

static const char *find(const struct dialect_host *rows, size_t count, struct sv host,
			struct sv path)
{
	for (size_t i = 0; i < count; i++) {
		if (hostname_fits(host, sv_of(rows[i].host)) &&
		    sv_starts(path, sv_of(rows[i].path)))
			return rows[i].provider;
	}
	return NULL;
}

const char *host_provider(const struct route_key *key, struct sv path)
{
	const char *mine = find(key->hosts, key->host_count, key->host, path);

	return mine ? mine : find(hosts, ARRAY_SIZE(hosts), key->host, path);
}

const char *server_provider(struct sv server)
{
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
		if (sv_eq_nocase(server, sv_of(servers[i].server)))
			return servers[i].provider;
	}
	return NULL;
}
