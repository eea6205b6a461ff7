// SPDX-License-Identifier: Apache-2.0
#include "model/call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/agent.h"

static const struct {
	const char *user_agent, *exe, *want;
} agents[] = {
	{ "claude-cli/2.0.1 (external, cli)", "/opt/claude", "claude-code" },
	{ "codex_cli_rs/0.99 (Debian)", "/x/codex", "codex" },
	{ "opencode/1.0", "/usr/bin/bun", "opencode" },
	{ "GeminiCLI/v1 (linux; x64)", "/usr/bin/node", "GeminiCLI" },
	{ "OpenAI/Python 1.99.0", "/usr/bin/python3.11", "python3.11" },
	{ "AsyncOpenAI/Python 3", "/usr/bin/python3", "python3" },
	{ "Anthropic/JS 0.60", "/usr/bin/node", "node" },
	{ "Agents/Python 0.24", "/usr/bin/python3", "python3" },
	{ "langchain-anthropic/1.0", "agent", "agent" },
	{ "python-httpx/0.27", "/usr/bin/python3", "python3" },
	{ "curl/8.0", "/usr/bin/curl", "curl" },
	{ "Mozilla/5.0 (X11)", "/opt/cursor/cursor", "cursor" },
	{ "bad\x1bname/1", "/usr/bin/x", "x" },
	{ "", "", "" },
	{ "   ", "/usr/bin/", "" },
};

static void test_agents(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		struct sv name = agent_name(sv_of(agents[i].user_agent), sv_of(agents[i].exe));

		if (!sv_eq(name, sv_of(agents[i].want)))
			fail_msg("%s, %s: '%.*s'", agents[i].user_agent, agents[i].exe,
				 SV_ARG(name));
	}
}

static void test_lists(void **state)
{
	struct call_list l = { 0 };
	struct arena a;
	size_t n;

	(void)state;
	arena_init(&a, 2000);
	for (n = 0; call_list_add(&a, &l, SV("word")) == 0; n++)
		;
	assert_true(n > 10);
	assert_int_equal(l.count, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(l.v[i].p, "word");
	assert_int_equal(call_list_add(&a, &l, SV("word")), -ENOMEM);
	assert_int_equal(l.count, n);
	arena_done(&a);
}

static void test_names(void **state)
{
	(void)state;
	call_free(NULL);
	assert_string_equal(call_op_name(CALL_TEXT_COMPLETION), "text_completion");
	for (int i = CALL_OK; i <= CALL_UNKNOWN; i++)
		assert_non_null(call_outcome_name((enum call_outcome)i));
	for (int i = 0; i < CALL_LOSS_COUNT; i++)
		assert_non_null(call_loss_name((enum call_loss_bit)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agents),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
