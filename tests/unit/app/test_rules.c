// SPDX-License-Identifier: Apache-2.0
#include "app/rules.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hostname.h"

/* field: a Host field that the rule must have; error NULL: it is a good one. */
static const struct {
	const char *text, *error, *field;
} http[] = {
	{ "a.test=0.5", NULL, "A.Test:8443" },
	{ "*.internal=0", NULL, "a.b.internal" },
	{ "gpu_1=1e-3", NULL, "gpu_1:80" },
	{ "10.*=0", NULL, "10.0.0.1:80" },
	{ "::1=0", NULL, "[::1]:80" },
	{ "[::1]=0", NULL, "[::1]" },
	{ "[fe80::*]=0", NULL, "[fe80::12]:1" },
	{ "::ffff:10.0.0.1=0", NULL, "[::ffff:10.0.0.1]" },
	{ "*=1", NULL, "" },
	{ " a = 0 , b = 1 ", NULL, "a" },
	{ "a.test=0,*.test=1", NULL, "a.test" },
	{ "", "'' is not all, off, or a list", NULL },
	{ ",", "',' is not a list of rules: one of them is empty", NULL },
	{ "a=0,,b=0", "'a=0,,b=0' is not a list of rules: one", NULL },
	{ "a=0, ,b=0", "one of them is empty", NULL },
	{ "a=0,", "one of them is empty", NULL },
	{ ",a=0", "one of them is empty", NULL },
	{ "al", "'al' is not all, off, or a list", NULL },
	{ "all,a=0", "is not all, off, or a list", NULL },
	{ "=0", "is not all, off, or a list", NULL },
	{ "[]=0", "'[]=0': the host is missing", NULL },
	{ "b=0,a:80=0", "'a:80=0': a host is written without its port", NULL },
	{ "a:=0", "without its port", NULL },
	{ "*:80=0", "without its port", NULL },
	{ "[::1]:80=0", "without its port", NULL },
	{ "[::1=0", "that is no host", NULL },
	{ "[::1]x=0", "that is no host", NULL },
	{ "[a]=0", "that is no IPv6 address", NULL },
	{ "1:2:3=0", "that is no IPv6 address", NULL },
	{ "fe80::%eth0=0", "that is no IPv6 address", NULL },
	{ "x:y:*=0", "that is no IPv6 address", NULL },
	{ "https://a=0", "a host is written without a scheme", NULL },
	{ "a/b=0", "rules go by host, not by path", NULL },
	{ "*.a.*=0", "one '*' is all that a host may have", NULL },
	{ ".a.test=0", "that is no host", NULL },
	{ "a..b=0", "that is no host", NULL },
	{ "a b=0", "that is no host", NULL },
	{ "u@a=0", "that is no host", NULL },
	{ "b\xc3\xbc.test=0", "that is no host", NULL },
	{ "a=", "'a=': a rate is a number from 0 to 1", NULL },
	{ "a=2", "'a=2': a rate is", NULL },
	{ "a=-0.1", "a rate is", NULL },
	{ "a=nan", "a rate is", NULL },
	{ "a=0.5x", "a rate is", NULL },
	{ "a=0=1", "a rate is", NULL },
	{ "a=00000000000000000000000000000000", "a rate is", NULL },
	/* The first that fits counts. */
	{ "a=0,A=1", "'A=1': it never counts", NULL },
	{ "*=0.1,*.internal=0", "'*.internal=0': it never counts", NULL },
	{ "*.test=0,a*.test=1", "it never counts", NULL },
	{ "a*b=0,a*b=1", "it never counts", NULL },
	{ "a*=0,*a=1", NULL, "xa" },
}, hosts[] = {
	{ "", NULL, NULL },
	{ "llm.test=openai", NULL, "llm.test" },
	{ "gpu-*/v1=vllm", NULL, "gpu-7:8000" },
	{ "[::1]/v1=vllm", NULL, "[::1]:8000" },
	{ "*=vllm", NULL, "localhost" },
	{ "a/v1=x,a=y", NULL, "a" },
	{ "a", "'a' is not a list of HOST/PATH=NAME", NULL },
	{ "a=x,,b=y", "'a=x,,b=y' is not a list of rules: one", NULL },
	{ "a=x,", "one of them is empty", NULL },
	{ "/v1=x", "'/v1=x': the host is missing", NULL },
	{ "localhost:8000/v1=vllm", "a host is written without its port", NULL },
	{ "http://localhost/v1=vllm", "a host is written without a scheme", NULL },
	{ "//a/v1=vllm", "the host is missing", NULL },
	{ "a.*.b.*=x", "one '*' is all that a host may have", NULL },
	{ "a b=x", "that is no host", NULL },
	{ "a/v*=x", "a path is a prefix", NULL },
	{ "a/v1?b=x", "no path has that in it", NULL },
	{ "a/v1#b=x", "no path has that in it", NULL },
	{ "a/v 1=x", "no path has that in it", NULL },
	{ "a=", "that is no provider's name", NULL },
	{ "a=x y", "'a=x y': that is no provider's name", NULL },
	{ "a=x,a/v1=y", "'a/v1=y': it never counts", NULL },
	{ "*/v1=x,a/v1/b=y", "it never counts", NULL },
	{ "a/v1=x,a/v2=y", NULL, "a" },
};

static bool fits(const struct rules *r, struct sv host)
{
	for (size_t i = 0; i < r->http_count; i++)
		if (hostname_fits(host, r->http[i].host))
			return true;
	for (size_t i = 0; i < r->host_count; i++)
		if (hostname_fits(host, sv_of(r->hosts[i].host)))
			return true;
	return false;
}

static void check(int err, const char *text, const char *want, const char *field,
		  const struct rules *r, const char *error)
{
	struct sv host;
	uint16_t port;

	if (err != (want ? -EINVAL : 0) || (want && !strstr(error, want)))
		fail_msg("'%s': %d, \"%s\"", text, err, error);
	hostname_split(sv_of(field), &host, &port);
	if (field && !fits(r, host))
		fail_msg("'%s' has not '%s'", text, field);
}

static void test_http(void **state)
{
	char error[RULES_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(http); i++) {
		struct rules r = { .http_count = 0 };
		int err = rules_http(&r, sv_of(http[i].text), error);

		check(err, http[i].text, http[i].error, http[i].field, &r, error);
	}
}

static void test_hosts(void **state)
{
	char error[RULES_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct rules r = { .host_count = 0 };
		int err = rules_hosts(&r, sv_of(hosts[i].text), error);

		check(err, hosts[i].text, hosts[i].error, hosts[i].field, &r, error);
	}
}

static void test_values(void **state)
{
	char error[RULES_ERROR_MAX];
	struct rules r = { .http_count = 9, .host_count = 9 };

	(void)state;
	assert_int_equal(rules_http(&r, SV("all"), error), 0);
	assert_int_equal(r.http_count, 0);
	assert_int_equal(rules_http(&r, SV("off"), error), 0);
	assert_int_equal(r.http_count, 1);
	assert_true(sv_eq(r.http[0].host, SV("*")) && r.http[0].rate <= 0);
	assert_int_equal(rules_http(&r, SV("a=0.25,b=1"), error), 0);
	assert_int_equal(r.http_count, 2);
	assert_true(r.http[0].rate > 0.24 && r.http[0].rate < 0.26 && r.http[1].rate >= 1);
	assert_int_equal(rules_hosts(&r, SV("a/v1=x, b = y"), error), 0);
	assert_int_equal(r.host_count, 2);
	assert_string_equal(r.hosts[0].path, "/v1");
	assert_string_equal(r.hosts[0].provider, "x");
	assert_string_equal(r.hosts[1].host, "b");
	assert_string_equal(r.hosts[1].path, "");
}

/* Which is one too many, and text beyond what there is room for. */
static void test_bounds(void **state)
{
	struct rules *r = malloc(sizeof(*r));
	char error[RULES_ERROR_MAX], text[RULES_MAX * 100];
	size_t n = 0;

	(void)state;
	assert_non_null(r);
	for (size_t i = 0; i <= RULES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sh%zu=1", i ? "," : "", i);
	assert_int_equal(rules_http(r, sv_of(text), error), -EINVAL);
	assert_string_equal(error, "'h64=1': there are too many rules before it");
	assert_int_equal(rules_hosts(r, sv_of(text), error), -EINVAL);
	assert_string_equal(error, "'h64=1': there are too many rules before it");
	*strrchr(text, ',') = '\0';
	assert_int_equal(rules_http(r, sv_of(text), error), 0);
	assert_int_equal(r->http_count, RULES_MAX);
	n = 0;
	for (size_t i = 0; i < RULES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sh%zu=%080d", i ? "," : "", i,
				      1);
	assert_int_equal(rules_hosts(r, sv_of(text), error), -EINVAL);
	assert_non_null(strstr(error, ": the rules are too long"));
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
