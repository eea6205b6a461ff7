// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	struct sv in;
	const char *want;
} strings[] = {
	{ { "", 0 }, "\"\"" },
	{ { "plain", 5 }, "\"plain\"" },
	{ { "a\"b\\c/", 6 }, "\"a\\\"b\\\\c/\"" },
	{ { "\b\f\n\r\t", 5 }, "\"\\b\\f\\n\\r\\t\"" },
	{ { "\0\x1f\x7f", 3 }, "\"\\u0000\\u001f\\u007f\"" },
	{ { "\xc3\xa4\xf0\x9f\x98\x80", 6 }, "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
	{ { "\xff\xe2\x82z", 4 }, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"" },
	{ { "\xe2\x82\xac\x80", 4 }, "\"\xe2\x82\xac\xef\xbf\xbd\"" },
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		size_t len = strings[i].in.len;
		char *copy = malloc(len ? len : 1);
		struct json_writer w;
		struct buf b;

		memcpy(copy, strings[i].in.p, len);
		buf_init(&b, 0);
		w = json_writer_on(&b);
		json_write_string(&w, (struct sv){ copy, len });
		assert_string_equal(b.p, strings[i].want);
		assert_int_equal(json_string_len((struct sv){ copy, len }), b.len - 2);
		assert_true(json_valid(buf_sv(&b)));
		buf_done(&b);
		free(copy);
	}
}

static void test_document(void **state)
{
	struct json_writer w;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	w = json_writer_on(&b);
	json_write_object(&w);
	json_write_pair(&w, SV("a"), SV("x"));
	json_write_key(&w, SV("list"));
	json_write_array(&w);
	json_write_int(&w, -5);
	json_write_bool(&w, true);
	json_write_array(&w);
	json_write_array_end(&w);
	json_write_object(&w);
	json_write_object_end(&w);
	json_write_text(&w, SV("{\"raw\": 1}"));
	json_write_array_end(&w);
	json_write_object_end(&w);
	assert_string_equal(b.p, "{\"a\":\"x\",\"list\":[-5,true,[],{},{\"raw\": 1}]}");
	assert_true(json_valid(buf_sv(&b)));
	buf_done(&b);
}

static const struct {
	double v;
	const char *want;
} doubles[] = {
	{ 0.2, "0.2" },
	{ 1, "1" },
	{ -0.31, "-0.31" },
	{ 1e300, "1e+300" },
	{ 0.1 + 0.2, "0.30000000000000004" },
	{ DBL_MIN, "2.2250738585072014e-308" },
	{ (double)NAN, "null" },
	{ (double)INFINITY, "null" },
};

static void test_doubles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(doubles); i++) {
		struct json_writer w;
		struct buf b;

		buf_init(&b, 0);
		w = json_writer_on(&b);
		json_write_double(&w, doubles[i].v);
		assert_string_equal(b.p, doubles[i].want);
		buf_done(&b);
	}
}

static void test_valid(void **state)
{
	(void)state;
	assert_true(json_valid(SV("{\"a\":[1,2.5e3,null,\"x\"]}")));
	assert_true(json_valid(SV(" 7 ")));
	assert_false(json_valid(SV("")));
	assert_false(json_valid(SV("{\"a\":1")));
	assert_false(json_valid(SV("{} {}")));
	assert_false(json_valid(SV("[1,]")));
	assert_false(json_valid(SV("{\"a\":[REDACTED:token]}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
