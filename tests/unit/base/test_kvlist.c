// SPDX-License-Identifier: Apache-2.0
#include "base/kvlist.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

/* Members are written down as "k=v;", the end as its result. */
static const struct {
	const char *in, *want;
} lists[] = {
	{ "", "0" },
	{ "a=1", "a=1;0" },
	{ " a = 1 ,, b=2,", "a=1;b=2;0" },
	{ "a=b=c", "a=b=c;0" },
	{ "a=", "a=;0" },
	{ "a=1,bad", "a=1;-22" },
	{ "=x", "-22" },
	{ "a=1, =x", "a=1;-22" },
	{ ",,,", "0" },
};

static void test_lists(void **state)
{
	static struct notes n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char *copy = strdup(lists[i].in);
		struct sv rest = sv_of(copy), key, value;
		int more;

		notes_reset(&n);
		while ((more = kvlist_next(&rest, &key, &value)) == 1)
			note(&n, "%.*s=%.*s;", SV_ARG(key), SV_ARG(value));
		note(&n, "%d", more);
		assert_string_equal(n.text, lists[i].want);
		free(copy);
	}
}

static const struct {
	const char *in;
	int err;
	const char *want;
} values[] = {
	{ "", 0, "" },
	{ "plain", 0, "plain" },
	{ "a%20b%2C", 0, "a b," },
	{ "%c3%A4", 0, "\xc3\xa4" },
	{ "100%", -EINVAL, "" },
	{ "%4", -EINVAL, "" },
	{ "%4g", -EINVAL, "" },
	{ "a%00b", -EINVAL, "" },
	{ "a+b", 0, "a+b" },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct sv in = sv_of(values[i].in), out = SV("untouched");
		char *copy = malloc(in.len ? in.len : 1);
		struct arena a;

		memcpy(copy, in.p, in.len);
		arena_init(&a, 4096);
		assert_int_equal(percent_decode(&out, (struct sv){ copy, in.len }, &a),
				 values[i].err);
		assert_string_equal(out.p, values[i].err ? "untouched" : values[i].want);
		arena_done(&a);
		arena_init(&a, 0);
		assert_int_equal(percent_decode(&out, in, &a), -ENOMEM);
		arena_done(&a);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
