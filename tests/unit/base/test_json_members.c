// SPDX-License-Identifier: Apache-2.0
/* Members of objects that are whole, and strings out of their quotes. */
#include "base/json_members.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

static int on_member(void *ctx, struct sv key, struct sv value)
{
	note(ctx, "%.*s->%.*s;", SV_ARG(key), SV_ARG(value));
	return sv_eq(key, SV("\"stop\"")) ? 7 : 0;
}

static const struct {
	const char *text, *want;
	int rc;
} cases[] = {
	{ "{}", "", 0 },
	{ " { } ", "", 0 },
	{ "{\"a\":1}", "\"a\"->1;", 0 },
	{ " {\n\"a\" : 1 ,\t\"b\":\"x,}\" } ", "\"a\"->1;\"b\"->\"x,}\";", 0 },
	{ "{\"a\":{\"b\":[1,{\"c\":\"]\"}]},\"d\":[]}",
	  "\"a\"->{\"b\":[1,{\"c\":\"]\"}]};\"d\"->[];", 0 },
	{ "{\"q\\\"uo\":\"a\\\\\",\"n\":null}", "\"q\\\"uo\"->\"a\\\\\";\"n\"->null;", 0 },
	{ "{\"stop\":-1e9,\"b\":2}", "\"stop\"->-1e9;", 7 },
	{ "[1]", "", -EBADMSG },
	{ "\"x\"", "", -EBADMSG },
	{ "{\"a\":1", "", -EBADMSG },
	{ "{\"a\":}", "", -EBADMSG },
	{ "", "", -EBADMSG },
};

static void feed(void *ctx, struct sv text)
{
	struct notes *n = ctx;

	note(n, "%d", json_members(text, on_member, n));
}

static void test_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct notes n = { .len = 0 }, want = { .len = 0 };

		note(&want, "%s%d", cases[i].want, cases[i].rc);
		/* On a heap copy of its exact size. */
		cut_piece(feed, &n, sv_of(cases[i].text));
		assert_string_equal(n.text, want.text);
	}
}

static void test_unquote(void **state)
{
	struct arena a;
	struct sv s = SV("kept");

	(void)state;
	arena_init(&a, 4096);
	assert_int_equal(json_unquote(&s, SV("12"), &a), -EBADMSG);
	assert_int_equal(json_unquote(&s, SV("\"x"), &a), -EBADMSG);
	assert_string_equal(s.p, "kept");
	assert_int_equal(json_unquote(&s, SV("\"a\\n\\u00fc\\ud83d\\ude00\""), &a), 0);
	assert_string_equal(s.p, "a\n\u00fc\U0001f600");
	assert_int_equal(json_unquote(&s, SV("\"\""), &a), 0);
	assert_int_equal(s.len, 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_unquote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
