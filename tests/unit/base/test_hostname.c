// SPDX-License-Identifier: Apache-2.0
#include "base/hostname.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(authorities); i++) {
		struct sv host;
		uint16_t port;

		hostname_split(sv_of(authorities[i].field), &host, &port);
		if (!sv_eq(host, sv_of(authorities[i].host)) || port != authorities[i].port)
			fail_msg("'%s': '%.*s' %u", authorities[i].field, SV_ARG(host), port);
	}
}

static const struct {
	const char *pattern, *host;
	bool fits;
} patterns[] = {
	{ "a.example.com", "A.Example.COM", true },
	{ "a.example.com", "a.example.com.", false },
	{ "*.example.com", "b.a.example.com", true },
	{ "*.example.com", "example.com", false },
	{ "gpu-*", "gpu-", true },
	{ "a*a", "a", false },
	{ "a*a", "aa", true },
	{ "api.*.net", "api.eu.net", true },
	{ "*", "", true },
	{ "", "", true },
	{ "", "a", false },
};

static void test_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (hostname_fits(sv_of(patterns[i].host), sv_of(patterns[i].pattern)) !=
		    patterns[i].fits)
			fail_msg("'%s' at '%s'", patterns[i].pattern, patterns[i].host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
