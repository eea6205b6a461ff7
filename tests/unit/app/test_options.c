// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "app/options.h"

#define ARGV_MAX 12

static const struct {
	const char *name;
	const char *argv[ARGV_MAX];
	int result;
	const char *error; /* part of it */
} cases[] = {
	{ "no command", { "earshot" }, -EINVAL, "no command" },
	{ "unknown command", { "earshot", "fly" }, -EINVAL, "fly: no such command" },
	{ "good", { "earshot", "run", "--content", "redacted", "--", "x" }, 0, "" },
	{ "with equals sign", { "earshot", "run", "--ring-size=64K", "x" }, 0, "" },
	{ "unknown option",
	  { "earshot", "run", "--nope", "x" },
	  -EINVAL,
	  "--nope: no such option" },
	{ "option of another command",
	  { "earshot", "replay", "--record", "f", "x" },
	  -EINVAL,
	  "--record: no such option here" },
	{ "short option", { "earshot", "run", "-x" }, -EINVAL, "-x: no such option" },
	{ "no value",
	  { "earshot", "run", "--content" },
	  -EINVAL,
	  "--content: needs off|redacted|full" },
	/* A level that does not exist is an error, never a wider one. */
	{ "bad choice",
	  { "earshot", "run", "--content", "ful", "x" },
	  -EINVAL,
	  "--content: 'ful' is not one of off|redacted|full" },
	{ "empty choice", { "earshot", "run", "--content=", "x" }, -EINVAL, "is not one of" },
	{ "part of the words",
	  { "earshot", "run", "--content", "off|redacted", "x" },
	  -EINVAL,
	  "is not one of" },
	{ "bad size",
	  { "earshot", "run", "--ring-size", "12Q", "x" },
	  -EINVAL,
	  "--ring-size: '12Q'" },
	{ "negative size",
	  { "earshot", "run", "--ring-size", "-1", "x" },
	  -EINVAL,
	  "is not a number" },
	{ "overflow", { "earshot", "run", "--ring-size", "99999999999G", "x" }, -EINVAL, "" },
	{ "rules",
	  { "earshot", "run", "--http", "a=0.5,*=0", "--providers", "h/v1=x", "x" },
	  0,
	  "" },
	{ "bad rate",
	  { "earshot", "run", "--http", "a=2", "x" },
	  -EINVAL,
	  "--http: 'a=2': a rate" },
	{ "bad host",
	  { "earshot", "run", "--providers", "/v1=x", "x" },
	  -EINVAL,
	  "--providers: '/v1=x': the host" },
	{ "bad provider",
	  { "earshot", "run", "--providers", "a=x y", "x" },
	  -EINVAL,
	  "--providers: 'a=x y': that is" },
	{ "bad flag", { "earshot", "run", "--quiet=maybe", "x" }, -EINVAL, "true or false" },
};

static int parse(struct options *o, const char *const *words, char *error)
{
	static char *argv[ARGV_MAX + 1];
	int argc = 0;

	for (; argc < ARGV_MAX && words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	error[0] = '\0';
	return options_parse(o, argc, argv, error);
}

static void test_cases(void **state)
{
	char error[OPTIONS_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options o;
		int err = parse(&o, cases[i].argv, error);

		if (err != cases[i].result || !strstr(error, cases[i].error))
			fail_msg("%s: %d, '%s'", cases[i].name, err, error);
		options_done(&o);
	}
}

static void test_values(void **state)
{
	const char *const words[] = { "earshot", "run", "--ring-size", "2M",	    "--quiet",
				      "--",	 "sh",	"-c",	       "--content", NULL };
	char error[OPTIONS_ERROR_MAX];
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, words, error), 0);
	assert_int_equal(o.number[OPT_ring_size], 2u << 20);
	assert_int_equal(o.number[OPT_quiet], 1);
	assert_true(option_is(&o, OPT_content, "off"));
	assert_null(option_text(&o, OPT_otlp_file));
	/* What follows "--" is the command's own. */
	assert_int_equal(o.rest_count, 3);
	assert_string_equal(o.rest[2], "--content");
	options_done(&o);
}

static int parse_with(const char *yaml, struct options *o, char *error)
{
	char path[] = "/tmp/earshot-config-XXXXXX";
	const char *const words[] = { "earshot",   "run", "--config", path,
				      "--content", "off", "x",	      NULL };
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
	close(fd);
	err = parse(o, words, error);
	unlink(path);
	return err;
}

static void test_config(void **state)
{
	char error[OPTIONS_ERROR_MAX];
	struct options o;

	(void)state;
	assert_int_equal(parse_with("ring-size: 1M\nquiet: true\ncontent: full\n", &o, error), 0);
	assert_int_equal(o.number[OPT_ring_size], 1u << 20);
	assert_int_equal(o.number[OPT_quiet], 1);
	/* The command line wins. */
	assert_true(option_is(&o, OPT_content, "off"));
	options_done(&o);

	assert_int_equal(parse_with("no-such-option: 1\n", &o, error), -EINVAL);
	assert_non_null(strstr(error, "no-such-option"));
	options_done(&o);
	assert_int_equal(parse_with("color: mauve\n", &o, error), -EINVAL);
	assert_non_null(strstr(error, "--color: 'mauve'"));
	options_done(&o);
	assert_int_equal(parse_with("http: \"*=0.5\"\nproviders: a/v1=x\n", &o, error), 0);
	assert_int_equal(o.rules.http_count, 1);
	assert_int_equal(o.rules.host_count, 1);
	options_done(&o);
	assert_int_equal(parse_with("http: a:80=0\n", &o, error), -EINVAL);
	assert_ptr_equal(strstr(error, "--config /tmp/earshot-config-"), error);
	assert_non_null(strstr(error, ": --http: 'a:80=0': a host"));
	options_done(&o);
	assert_int_equal(parse_with("providers: https://a=x\n", &o, error), -EINVAL);
	assert_non_null(strstr(error, ": --providers: 'https://a=x': a host"));
	options_done(&o);
	assert_int_equal(parse_with("providers: {a: x}\n", &o, error), -EINVAL);
	assert_non_null(strstr(error, "providers"));
	options_done(&o);
	assert_int_equal(parse_with("- a\n- list\n", &o, error), -EINVAL);
	options_done(&o);
	assert_int_equal(parse_with("quiet: [", &o, error), -EINVAL);
	options_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
