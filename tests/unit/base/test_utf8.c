// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define R "\xef\xbf\xbd"

static const struct {
	const char *in;
	size_t valid; /* bytes that are */
	const char *repaired;
} cases[] = {
	{ "", 0, "" },
	{ "plain text of some length", 25, "plain text of some length" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "eight ch\xff"
	  "ars",
	  8, "eight ch" R "ars" },
	{ "\xc0\xaf", 0, R R }, /* longer than need be */
	{ "\xe0\x80\xaf", 0, R R R },
	{ "\xf0\x80\x80\xaf", 0, R R R R },
	{ "\xed\xa0\x80", 0, R R R }, /* a surrogate */
	{ "\xed\x9f\xbf", 3, "\xed\x9f\xbf" },
	{ "\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf" },
	{ "\xf4\x90\x80\x80", 0, R R R R }, /* past the last character */
	{ "\xf5\x80\x80\x80", 0, R R R R },
	{ "a\xe2\x82", 1, "a" R R }, /* cut */
	{ "\x80", 0, R },
	{ "\xe2\x28\xa1", 0, R "(" R },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].in), n;
		char *copy = malloc(len ? len : 1), *out = malloc(UTF8_REPAIR_MAX(len) + 1);

		memcpy(copy, cases[i].in, len);
		assert_int_equal(utf8_valid_len((struct sv){ copy, len }), cases[i].valid);
		n = utf8_repair(out, (struct sv){ copy, len });
		out[n] = '\0';
		assert_string_equal(out, cases[i].repaired);
		assert_int_equal(utf8_clean((struct sv){ copy, len }), cases[i].valid == len);
		assert_true(utf8_clean(sv_of(out)));
		free(copy);
		free(out);
	}
}

static void test_nul(void **state)
{
	char out[64];
	struct sv in = { "sixteen bytes ab\0cd", 19 };

	(void)state;
	assert_false(utf8_clean(in));
	assert_int_equal(utf8_repair(out, in), 21);
	assert_memory_equal(out, "sixteen bytes ab" R "cd", 21);
}

/* Whatever the bound, what is left is valid and no shorter than it must be. */
static void test_cuts(void **state)
{
	struct sv s = SV("a\xc3\xa4"
			 "b\xe2\x82\xac"
			 "c\xf0\x9f\x98\x80");

	(void)state;
	for (size_t max = 0; max <= s.len + 1; max++) {
		struct sv cut = utf8_cut(s, max);

		assert_true(cut.len <= max);
		assert_int_equal(utf8_valid_len(cut), cut.len);
		assert_true(max > s.len || max - cut.len < 4);
	}
	assert_int_equal(utf8_cut(SV("\x80\x80\x80\x80\x80\x80"), 5).len, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
