// SPDX-License-Identifier: Apache-2.0
#include "export/export.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* "NAME=value" strings up to NULL. */
static const char *get(void *ctx, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *v = ctx; *v; v++) {
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return *v + len + 1;
	}
	return NULL;
}

#define P "OTEL_EXPORTER_OTLP_"

/* The options are written down as "format gzip timeout batch/delay/queue url [headers]". */
static const struct {
	const char *name;
	const char *env[6];
	const char *endpoint;
	int ret;
	const char *want;    /* options, or a part of the error */
	const char *warning; /* a part of it */
} cases[] = {
	{ "nothing set", { NULL }, NULL, 0, "", "" },
	{ "empty is unset", { P "ENDPOINT=" }, NULL, 0, "", "" },
	{ "base address",
	  { P "ENDPOINT=http://c:4318" },
	  NULL,
	  1,
	  "pb gzip 10000 512/5000/2048 http://c:4318/v1/traces []",
	  "" },
	{ "base with a path and slashes",
	  { P "ENDPOINT=https://c/otlp//" },
	  NULL,
	  1,
	  "pb gzip 10000 512/5000/2048 https://c/otlp/v1/traces []",
	  "" },
	{ "the signal's own is used as it is",
	  { P "ENDPOINT=http://no", P "TRACES_ENDPOINT=http://c:1/x" },
	  NULL,
	  1,
	  "pb gzip 10000 512/5000/2048 http://c:1/x []",
	  "" },
	{ "the command line wins",
	  { P "TRACES_ENDPOINT=http://no" },
	  "http://c/v1/traces",
	  1,
	  "pb gzip 10000 512/5000/2048 http://c/v1/traces []",
	  "" },
	{ "the signal's names win",
	  { P "ENDPOINT=http://c", P "COMPRESSION=gzip", P "TRACES_COMPRESSION=none",
	    P "TRACES_PROTOCOL=http/json", P "TRACES_TIMEOUT=77" },
	  NULL,
	  1,
	  "json plain 77 512/5000/2048 http://c/v1/traces []",
	  "" },
	{ "batches",
	  { P "ENDPOINT=http://c", "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BSP_MAX_QUEUE_SIZE=10",
	    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=99" },
	  NULL,
	  1,
	  "pb gzip 10000 10/100/10 http://c/v1/traces []",
	  "" },
	{ "headers are decoded",
	  { P "ENDPOINT=http://c", P "HEADERS=Authorization=Basic%20YTpi, x-a = 1%2C2 ,b=" },
	  NULL,
	  1,
	  "pb gzip 10000 512/5000/2048 http://c/v1/traces [Authorization=Basic YTpi|x-a=1,2|b=|]",
	  "" },
	{ "bad numbers and words are ignored",
	  { P "ENDPOINT=http://c", P "TIMEOUT=soon", P "COMPRESSION=zstd", P "PROTOCOL=carrier" },
	  NULL,
	  1,
	  "pb gzip 10000 512/5000/2048 http://c/v1/traces []",
	  "TIMEOUT=soon ignored" },
	{ "gRPC has a name of its own for its error",
	  { P "ENDPOINT=http://c", P "PROTOCOL=grpc" },
	  NULL,
	  -ENOTSUP,
	  P "PROTOCOL=grpc is not supported yet: use http/protobuf",
	  "" },
	{ "no scheme",
	  { P "ENDPOINT=collector:4318" },
	  NULL,
	  -EINVAL,
	  P "ENDPOINT: want http://",
	  "" },
	{ "from the command line",
	  { NULL },
	  "c:4318",
	  -EINVAL,
	  "--otlp-endpoint: want http://",
	  "" },
	{ "header without a value",
	  { P "ENDPOINT=http://c", P "HEADERS=abc" },
	  NULL,
	  -EINVAL,
	  P "HEADERS: want name=value",
	  "" },
	{ "header with a broken escape",
	  { P "ENDPOINT=http://c", P "HEADERS=a=%zz" },
	  NULL,
	  -EINVAL,
	  P "HEADERS: want",
	  "" },
	{ "header that would start another",
	  { P "ENDPOINT=http://c", P "HEADERS=a=b%0d%0ac: d" },
	  NULL,
	  -EINVAL,
	  P "HEADERS: want",
	  "" },
	{ "header name that is none",
	  { P "ENDPOINT=http://c", P "HEADERS=a b=c" },
	  NULL,
	  -EINVAL,
	  P "HEADERS: want",
	  "" },
};

static void describe(char *text, size_t size, const struct export_options *o)
{
	int n = snprintf(text, size, "%s %s %u %zu/%u/%zu %s [",
			 o->format == OTLP_JSON ? "json" : "pb", o->gzip ? "gzip" : "plain",
			 o->timeout_ms, o->batch_max, o->delay_ms, o->queue_max, o->url);

	for (size_t i = 0; i < o->header_count; i++)
		n += snprintf(text + n, size - (size_t)n, "%s=%s|", o->headers[i].name.p,
			      o->headers[i].value.p);
	snprintf(text + n, size - (size_t)n, "]");
}

static void test_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char error[EXPORT_ERROR_MAX], warning[EXPORT_ERROR_MAX], got[1024] = "";
		struct export_options o;
		struct arena a;
		int ret;

		arena_init(&a, 1 << 16);
		ret = export_options_otlp(&o, cases[i].endpoint, get, (void *)cases[i].env, &a,
					  error, warning);
		if (ret == 1)
			describe(got, sizeof(got), &o);
		if (ret != cases[i].ret || (ret == 1 && strcmp(got, cases[i].want) != 0) ||
		    (ret < 0 && !strstr(error, cases[i].want)) ||
		    !strstr(warning, cases[i].warning))
			fail_msg("%s: %d '%s' error '%s' warning '%s'", cases[i].name, ret, got,
				 error, warning);
		arena_done(&a);
	}
}

static void test_addresses(void **state)
{
	static const char *const good[] = { "http://c",		  "https://c:4318",
					    "http://[::1]",	  "http://[::1]:65535/a",
					    "http://u:p@c:1/x?y", "http://c?x:0",
					    "http://c/a:b@d:0" },
				 *const bad[] = { "",
						  "foo",
						  "c:4318",
						  "ftp://c",
						  "http://",
						  "http:///a",
						  "http://:80",
						  "http://c:",
						  "http://c:0",
						  "http://c:65536",
						  "http://c:99999",
						  "http://c:8x",
						  "http://c:-1",
						  "http://[]",
						  "http://[::1",
						  "http://[::1]x",
						  "http://u@",
						  "http://u@:1",
						  "http://c d",
						  "http://c/\r\nx",
						  "http://c:18446744073709551696" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!export_url_valid(good[i]))
			fail_msg("'%s' is refused", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (export_url_valid(bad[i]))
			fail_msg("'%s' is taken", bad[i]);
}

static void test_many_headers(void **state)
{
	char text[4096] = "";
	struct export_options o = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16);
	for (int i = 0; i < EXPORT_HEADERS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "h%d=v,", i);
	assert_int_equal(export_headers_parse(&o, sv_of(text), &a), 0);
	assert_int_equal(o.header_count, EXPORT_HEADERS_MAX);
	strcat(text, "one=more");
	assert_int_equal(export_headers_parse(&o, sv_of(text), &a), -EINVAL);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_many_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
