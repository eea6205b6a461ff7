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
	{ "blank and minus",
	  { "earshot", "run", "--ring-size", " -1", "x" },
	  -EINVAL,
	  "is not a number" },
	{ "size of nothing",
	  { "earshot", "run", "--message-max", "0", "x" },
	  -EINVAL,
	  "--message-max: '0' is not a number above 0" },
	{ "body of nothing",
	  { "earshot", "replay", "--body-max", "0K", "x" },
	  -EINVAL,
	  "--body-max: '0K' is not" },
	{ "window of nothing",
	  { "earshot", "replay", "--body-window=00", "x" },
	  -EINVAL,
	  "--body-window: '00' is not" },
	{ "beyond 64 bits",
	  { "earshot", "run", "--body-max", "99999999999999999999", "x" },
	  -EINVAL,
	  "--body-max: '99999999999999999999' is not" },
	{ "largest size", { "earshot", "run", "--body-max", "9223372036854775807", "x" }, 0, "" },
	{ "one more",
	  { "earshot", "run", "--body-max", "9223372036854775808", "x" },
	  -EINVAL,
	  "--body-max" },
	{ "beyond 64 bits, by its letter",
	  { "earshot", "run", "--body-max", "8589934592G", "x" },
	  -EINVAL,
	  "--body-max" },
	{ "no count",
	  { "earshot", "explain", "--seconds", "x", "1" },
	  -EINVAL,
	  "--seconds: 'x' is not a whole number from 0 to 1000000" },
	{ "count with a letter",
	  { "earshot", "explain", "--seconds", "1K", "1" },
	  -EINVAL,
	  "a whole number" },
	{ "large count",
	  { "earshot", "explain", "--seconds", "99999999999", "1" },
	  -EINVAL,
	  "a whole number" },
	{ "largest count", { "earshot", "explain", "--seconds", "1000000", "1" }, 0, "" },
	{ "no seconds", { "earshot", "explain", "--seconds", "0", "1" }, 0, "" },
	{ "no value before the end",
	  { "earshot", "run", "--otlp-file", "--", "true" },
	  -EINVAL,
	  "--otlp-file: needs PATH" },
	{ "no value before an option",
	  { "earshot", "run", "--record", "--quiet", "true" },
	  -EINVAL,
	  "--record: needs FILE" },
	{ "a name like an option's", { "earshot", "run", "--record=--quiet", "true" }, 0, "" },
	{ "no file",
	  { "earshot", "run", "--otlp-file", "-", "x" },
	  -EINVAL,
	  "--otlp-file: '-' is not a file" },
	{ "no recording", { "earshot", "run", "--record=-", "x" }, -EINVAL, "--record: '-'" },
	{ "no figures", { "earshot", "run", "--stats-file=-", "x" }, -EINVAL, "--stats-file: '-'" },
	{ "a view may go there", { "earshot", "run", "--live", "-", "x" }, 0, "" },
	{ "empty file",
	  { "earshot", "run", "--otlp-file", "", "x" },
	  -EINVAL,
	  "--otlp-file: the value is empty: it needs PATH" },
	{ "empty configuration", { "earshot", "run", "--config=", "x" }, -EINVAL, "is empty" },
	{ "empty list",
	  { "earshot", "run", "--providers", "", "x" },
	  -EINVAL,
	  "--providers: the value is empty" },
	{ "empty rules", { "earshot", "run", "--http", "", "x" }, -EINVAL, "--http: " },
	{ "empty rule",
	  { "earshot", "run", "--providers", "a=x,,b=y", "x" },
	  -EINVAL,
	  "--providers: 'a=x,,b=y' is not a list of rules: one of them is empty" },
	{ "endpoint",
	  { "earshot", "run", "--otlp-endpoint", "https://u:p@[::1]:4318/a?b", "x" },
	  0,
	  "" },
	{ "endpoint of nothing",
	  { "earshot", "replay", "--otlp-endpoint", "", "x" },
	  -EINVAL,
	  "--otlp-endpoint: the value is empty: it needs URL" },
	{ "no address",
	  { "earshot", "run", "--otlp-endpoint", "foo", "x" },
	  -EINVAL,
	  "--otlp-endpoint: that is no address: want http://host:port" },
	{ "another scheme",
	  { "earshot", "run", "--otlp-endpoint", "ftp://x", "x" },
	  -EINVAL,
	  "--otlp-endpoint: that is no address" },
	{ "port that is none",
	  { "earshot", "run", "--otlp-endpoint", "http://localhost:99999", "x" },
	  -EINVAL,
	  "--otlp-endpoint: that is no address" },
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
	assert_int_equal(parse_with("config: other.yml\n", &o, error), -EINVAL);
	assert_non_null(strstr(error, ": config: a file names no other"));
	options_done(&o);
	assert_int_equal(parse_with("otlp-endpoint: localhost:4318\n", &o, error), -EINVAL);
	assert_non_null(strstr(error, ": --otlp-endpoint: that is no address"));
	options_done(&o);
	assert_int_equal(parse_with("otlp-file: \"\"\n", &o, error), -EINVAL);
	assert_non_null(strstr(error, ": --otlp-file: the value is empty"));
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
