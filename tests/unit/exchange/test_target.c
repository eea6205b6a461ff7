// SPDX-License-Identifier: Apache-2.0
#include "exchange/target.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *in, *want;
} cases[] = {
	{ "/v1/messages", "/v1/messages" },
	{ "/v1?a=b&c", "/v1?a=b&c" },
	{ "/m:go?key=AIza&alt=sse", "/m:go?key=REDACTED&alt=sse" },
	{ "/m?alt=sse&KEY=x", "/m?alt=sse&KEY=REDACTED" },
	{ "/m?api-key=x&Api_Key=y&X-Amz-Signature=z",
	  "/m?api-key=REDACTED&Api_Key=REDACTED&X-Amz-Signature=REDACTED" },
	{ "/m?monkey=x&keys=y&key", "/m?monkey=x&keys=y&key" },
	{ "/m?key=&key=a=b", "/m?key=REDACTED&key=REDACTED" },
	{ "/m?", "/m?" },
	{ "/m?&&token=t&", "/m?&&token=REDACTED&" },
	{ "http://user:pw@host/p?q=1", "http://REDACTED@host/p?q=1" },
	{ "http://host/p@q", "http://host/p@q" },
	{ "host:443", "host:443" },
	{ "*", "*" },
	{ "", "" },
};

static void test_credentials_do_not_stay(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sv got = target_clean(&a, sv_of(cases[i].in));

		assert_non_null(got.p);
		assert_int_equal(got.len, strlen(cases[i].want));
		assert_memory_equal(got.p, cases[i].want, got.len);
	}
	arena_done(&a);
}

static void test_no_room(void **state)
{
	const char *in = "http://user:pw@host/p?key=1&b=2";

	(void)state;
	for (size_t limit = 0; limit < 30; limit++) {
		struct arena a;

		arena_init(&a, limit);
		assert_null(target_clean(&a, sv_of(in)).p);
		arena_done(&a);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials_do_not_stay),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
