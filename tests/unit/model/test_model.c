// SPDX-License-Identifier: Apache-2.0
#include "model/call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/agent.h"
#include "model/context.h"

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

/* The specification's own example, and what it forbids. */
static const struct {
	const char *parent;
	int want;
} parents[] = {
	{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 0 },
	{ " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00 ", 0 },
	{ "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", 0 },
	{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", -EINVAL },
	{ "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more", -EINVAL },
	{ "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", -EINVAL },
	{ "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", -EINVAL },
	{ "00-00000000000000000000000000000000-00f067aa0ba902b7-01", -EINVAL },
	{ "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", -EINVAL },
	{ "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01", -EINVAL },
	{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x", -EINVAL },
	{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", -EINVAL },
	{ "", -EINVAL },
};

static void test_trace(void **state)
{
	static const uint8_t trace[16] = { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
					   0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36 };
	static const uint8_t span[8] = { 0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7 };
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		struct call_trace t = { .flags = 77 };

		assert_int_equal(context_trace(&t, sv_of(parents[i].parent), SV("a=1"), &a),
				 parents[i].want);
		if (parents[i].want) {
			assert_int_equal(t.flags, 77);
			continue;
		}
		assert_true(t.set);
		assert_memory_equal(t.trace_id, trace, 16);
		assert_memory_equal(t.span_id, span, 8);
		assert_string_equal(t.state.p, "a=1");
	}
	arena_done(&a);
}

static void test_baggage(void **state)
{
	struct call *c = call_new(4096);

	(void)state;
	assert_non_null(c);
	context_baggage(c, SV("x=1,session.id=a%20b;secret=1 , user.id = u-7, session.id=later"));
	assert_string_equal(c->session_id.p, "a b");
	assert_string_equal(c->user_id.p, "u-7");
	call_free(c);
	c = call_new(4096);
	context_baggage(c, SV("session.id=%zz,user.id,session.id=x"));
	assert_int_equal(c->session_id.len, 0);
	assert_int_equal(c->user_id.len, 0);
	call_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agents), cmocka_unit_test(test_lists),
		cmocka_unit_test(test_trace),  cmocka_unit_test(test_baggage),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
