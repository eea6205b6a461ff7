// SPDX-License-Identifier: Apache-2.0
#include "model/agent.h"

#include "base/token.h"

/*
 * User-Agent products that name a library, not the program that uses it (read off current
 * releases). A trailing '*' matches any rest.
 */
static const char *const libraries[] = {
	"openai",
	"asyncopenai",
	"azureopenai",
	"asyncazureopenai",
	"anthropic",
	"asyncanthropic",
	"openai-*",
	"anthropic-*",
	"langchain*",
	"litellm",
	"pydantic-ai",
	"agents",
	"boto3",
	"google-genai-sdk",
	"semantic-kernel*",
	"ai-sdk",
	"ai",
	"curl",
	"wget",
	"python",
	"python-*",
	"aiohttp",
	"httpx",
	"urllib3",
	"requests",
	"node",
	"node-fetch",
	"undici",
	"axios",
	"got",
	"bun",
	"deno",
	"go-http-client",
	"okhttp",
	"java*",
	"apache-httpclient",
	"reqwest",
	"hyper",
	"ruby",
	"faraday",
	"guzzlehttp",
	"mozilla",
	"lm15",
};

/* Products whose agent is better known by another name. */
static const struct {
	const char *product;
	const char *name;
} renamed[] = {
	{ "claude-cli", "claude-code" },
	{ "codex_cli_rs", "codex" },
	{ "codex_exec", "codex" },
};

static bool product_is(struct sv product, const char *pattern)
{
	struct sv p = sv_of(pattern);

	if (sv_ends(p, SV("*"))) {
		p.len--;
		product = sv_cut(product, p.len);
	}
	return sv_eq_nocase(product, p);
}

static bool is_library(struct sv product)
{
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		if (product_is(product, libraries[i]))
			return true;
	}
	return false;
}

struct sv agent_name(struct sv user_agent, struct sv exe)
{
	struct sv product = sv_trim(user_agent);

	product.len = sv_find(product, ' ');
	product.len = sv_find(product, '/');
	/* A name with anything else in it is not to be trusted as one. */
	if (token_valid(product) && !is_library(product)) {
		for (size_t i = 0; i < ARRAY_SIZE(renamed); i++) {
			if (product_is(product, renamed[i].product))
				return sv_of(renamed[i].name);
		}
		return product;
	}
	exe = sv_behind_last(exe, '/');
	return exe.len ? exe : SV_NONE;
}
