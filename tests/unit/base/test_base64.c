// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* RFC 4648 section 10, and what is none. want NULL: -EBADMSG. */
static const struct {
	const char *in, *want;
} cases[] = {
	{ "", "" },
	{ "Zg==", "f" },
	{ "Zm8=", "fo" },
	{ "Zm9v", "foo" },
	{ "Zm9vYg==", "foob" },
	{ "Zm9vYmE=", "fooba" },
	{ "Zm9vYmFy", "foobar" },
	{ "Zm8", "fo" },
	{ "+/+/", "\xfb\xff\xbf" },
	{ "Z", "" },
	{ "Zm 9v", NULL },
	{ "Zm9-", NULL },
	{ "Z=m9", NULL },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sv in = sv_of(cases[i].in);
		char *out = malloc(BASE64_ROOM(in.len));
		ssize_t n;

		assert_non_null(out);
		n = base64_decode(out, in);
		if (!cases[i].want)
			assert_int_equal(n, -EBADMSG);
		else
			assert_true(n >= 0 &&
				    sv_eq(sv_of(cases[i].want), (struct sv){ out, (size_t)n }));
		free(out);
	}
}

/* The text may be decoded where it stands. */
static void test_in_place(void **state)
{
	char text[] = "c2FtZSBwbGFjZQ==";

	(void)state;
	assert_int_equal(base64_decode(text, sv_of(text)), 10);
	assert_memory_equal(text, "same place", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
