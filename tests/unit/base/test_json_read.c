// SPDX-License-Identifier: Apache-2.0
#include "base/json_read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "cuts.h"

/*
 * Events are written down as "id:value ", with "@index" behind the id where it is not 0, '~'
 * for truncated and '?' for after a gap. Pieces of one value are joined.
 */
struct run {
	struct notes notes;
	struct json_reader *reader;
	int err;
	int stop_with;
	bool open[2]; /* a string, a raw value: first came, last did not */
};

static void note_piece(struct run *r, const struct json_event *ev, char quote)
{
	bool *open = &r->open[ev->kind == JSON_RAW_TEXT];

	assert_int_equal(utf8_valid_len(ev->text), ev->text.len);
	assert_int_not_equal(ev->first, *open);
	*open = !ev->last;
	if (ev->first)
		note(&r->notes, "%c", quote);
	for (size_t i = 0; i < ev->text.len; i++)
		note(&r->notes, ev->text.p[i] ? "%c" : "\\0", ev->text.p[i]);
	if (ev->last)
		note(&r->notes, "%c", quote);
}

static void note_value(struct run *r, const struct json_event *ev)
{
	switch (ev->kind) {
	case JSON_NULL:
		note(&r->notes, "null");
		break;
	case JSON_BOOL:
		note(&r->notes, ev->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		note(&r->notes, "%.*s", SV_ARG(ev->text));
		break;
	case JSON_STRING:
		note_piece(r, ev, '"');
		break;
	case JSON_RAW_TEXT:
		note_piece(r, ev, '`');
		break;
	case JSON_OBJECT:
	case JSON_OBJECT_END:
		note(&r->notes, ev->kind == JSON_OBJECT ? "{" : "}");
		break;
	case JSON_ARRAY:
	case JSON_ARRAY_END:
		note(&r->notes, ev->kind == JSON_ARRAY ? "[" : "]");
		break;
	}
}

static int note_event(void *ctx, const struct json_event *ev)
{
	struct run *r = ctx;

	if (ev->first) {
		note(&r->notes, "%u", ev->id);
		if (ev->index)
			note(&r->notes, "@%u", ev->index);
		note(&r->notes, ev->after_gap ? "?:" : ":");
	}
	note_value(r, ev);
	if (ev->last)
		note(&r->notes, ev->truncated ? "~ " : " ");
	return r->stop_with;
}

static void feed(void *parser, struct sv piece)
{
	struct run *r = parser;
	int err = json_feed(r->reader, piece);

	if (r->err)
		assert_int_equal(err, r->err);
	r->err = err;
}

static void begin(struct run *r)
{
	notes_reset(&r->notes);
	r->err = r->stop_with = 0;
	r->open[0] = r->open[1] = false;
}

static void run_new(struct run *r, struct json_schema *s, uint32_t groups)
{
	begin(r);
	assert_int_equal(json_reader_new(&r->reader, s, groups, note_event, r), 0);
}

static struct json_schema *schema_of(const struct json_rule *rules, size_t count)
{
	struct json_schema *s = NULL;

	assert_int_equal(json_schema_new(&s, rules, count), 0);
	return s;
}

/* Conformance. */

static const struct {
	const char *name;
	struct sv in;
} cases[] = {
#define CASE(name, text) { #name, { text, sizeof(text) - 1 } },
#include "json_cases.inc"
#undef CASE
};

static bool is_taken(const char *name)
{
	return name[0] == 'y' || strncmp(name, "i_y_", 4) == 0;
}

static void check_cases(const struct json_rule *rules, size_t count)
{
	struct json_schema *s = schema_of(rules, count);
	static char whole[sizeof(((struct notes *)NULL)->text)];
	struct run r;

	run_new(&r, s, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t plan = 0; plan < cut_plans(cases[i].in); plan++) {
			int end;

			begin(&r);
			json_reader_reset(r.reader);
			cut_feed(feed, &r, cases[i].in, plan);
			end = json_end(r.reader);
			if ((end == 0) != is_taken(cases[i].name))
				fail_msg("%s, cut %zu: %d", cases[i].name, plan, end);
			/* What goes out before an error depends on the cuts. */
			if (end)
				continue;
			if (plan == 0)
				strcpy(whole, r.notes.text);
			else if (strcmp(whole, r.notes.text) != 0)
				fail_msg("%s, cut %zu: %s, not %s", cases[i].name, plan,
					 r.notes.text, whole);
		}
	}
	json_reader_free(r.reader);
	json_schema_free(s);
}

static void test_conformance_skipping(void **state)
{
	(void)state;
	check_cases(NULL, 0);
}

static void test_conformance_reporting(void **state)
{
	static const struct json_rule rules[] = {
		{ "", 1, 0, 0 },       { "[]", 2, 0, 0 },   { "a", 3, 0, 0 },
		{ "x[].id", 4, 0, 0 }, { "[][]", 5, 0, 0 },
	};

	(void)state;
	check_cases(rules, ARRAY_SIZE(rules));
}

static void test_conformance_raw(void **state)
{
	static const struct json_rule rules[] = { { "", 1, JSON_RAW, 0 } };

	(void)state;
	check_cases(rules, ARRAY_SIZE(rules));
}

static void test_depth_is_bounded(void **state)
{
	char deep[2 * JSON_DEPTH_MAX + 2];
	struct json_schema *s = schema_of(NULL, 0);
	struct run r;

	(void)state;
	run_new(&r, s, 1);
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(json_feed(r.reader, (struct sv){ deep + 1, 2 * JSON_DEPTH_MAX }), 0);
	assert_int_equal(json_end(r.reader), 0);
	json_reader_reset(r.reader);
	assert_int_equal(json_feed(r.reader, (struct sv){ deep, sizeof(deep) }), -EBADMSG);
	assert_int_equal(json_error_at(r.reader), JSON_DEPTH_MAX);
	json_reader_free(r.reader);
	json_schema_free(s);
}

/* What is reported. */

enum {
	MODEL = 1,
	STREAM,
	CHOICE,
	CONTENT,
	FINISH,
	USAGE,
	PROMPT,
	INPUT,
	INPUTS,
	ARGS,
	NAME,
	META,
	CELL,
	LONG_KEY,
	OTHER,
};

#define K32 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

static const struct json_rule rules[] = {
	{ "model", MODEL, 0, 0 },
	{ "stream", STREAM, 0, 0 },
	{ "choices[]", CHOICE, 0, 0 },
	{ "choices[].delta.content", CONTENT, 0, 0 },
	{ "choices[].finish_reason", FINISH, JSON_ANCHOR, 0 },
	{ "usage", USAGE, 0, 0 },
	{ "usage.prompt_tokens", PROMPT, JSON_ANCHOR, 0 },
	{ "input", INPUT, 0, 0 },
	{ "input[]", INPUTS, 0, 0 },
	{ "tools[].args", ARGS, JSON_RAW, 0 },
	{ "tools[].args.name", NAME, JSON_RAW, 0 },
	{ "meta", META, JSON_RAW, 0 },
	{ "table[][]", CELL, 0, 0 },
	{ K32 K32 K32 K32, LONG_KEY, 0, 0 },
	{ "other", OTHER, 0, 5 },
	{ "model", OTHER + 1, 0, 5 },
};

static const struct {
	const char *name, *in, *want;
} reports[] = {
	{ "members", "{\"id\":\"x\",\"model\":\"m\",\"stream\":true}", "1:\"m\" 2:true " },
	{ "blanks", " { \"model\" :\t\"m\" ,\n\"stream\" : null } ", "1:\"m\" 2:null " },
	{ "duplicates", "{\"model\":\"a\",\"model\":\"b\"}", "1:\"a\" 1:\"b\" " },
	{ "any kind", "{\"input\":7,\"input\":\"s\",\"input\":{},\"input\":false}",
	  "8:7 8:\"s\" 8:{ 8:} 8:false " },
	{ "elements", "{\"input\":[1,[2],\"x\",{\"model\":3}]}",
	  "8:[ 9:1 9@1:[ 9@1:] 9@2:\"x\" 9@3:{ 9@3:} 8:] " },
	{ "index of the innermost array", "{\"table\":[[1,2],[3,4]]}", "13:1 13@1:2 13:3 13@1:4 " },
	{ "index seen from below", "{\"choices\":[{},{\"delta\":{\"content\":\"a\"}},0]}",
	  "3:{ 3:} 3@1:{ 4@1:\"a\" 3@1:} 3@2:0 " },
	{ "same key elsewhere",
	  "{\"x\":{\"model\":1},\"delta\":{\"content\":2},\"choices\":{\"delta\":3}}", "" },
	{ "keys with escapes", "{\"mod\\u0065l\":1,\"\\u006dodel\":2,\"mod\\\"el\":3}",
	  "1:1 1:2 " },
	{ "key with a broken surrogate", "{\"model\\ud800\":1,\"\\ud800model\":2,\"model\":3}",
	  "1:3 " },
	{ "longest key", "{\"" K32 K32 K32 K32 "\":1,\"" K32 K32 K32 K32 "k\":2}", "14:1 " },
	{ "number kinds", "{\"input\":[0,-0,1.5,-2e+3,1E5,1234567890]}",
	  "8:[ 9:0 9@1:-0 9@2:1.5 9@3:-2e+3 9@4:1E5 9@5:1234567890 8:] " },
	{ "long number",
	  "{\"input\":1234567890123456789012345678901234567890123456789012345678901234567,"
	  "\"model\":1}",
	  "8:1234567890123456789012345678901234567890123456789012345678901234~ 1:1 " },
	{ "escapes",
	  "{\"model\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\\u00e9\\u20ac\\ud83d\\ude00\\u0000\"}",
	  "1:\"a\"\\/\b\f\n\r\tz\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\0\" " },
	{ "lone surrogates",
	  "{\"input\":[\"\\ud800\",\"\\ud800x\",\"\\udc00\",\"\\ud800\\ud800\\udc00\","
	  "\"\\ud800\\n\",\"\\ud800\\u0041\"]}",
	  "8:[ 9:\"\xef\xbf\xbd\" 9@1:\"\xef\xbf\xbdx\" 9@2:\"\xef\xbf\xbd\" "
	  "9@3:\"\xef\xbf\xbd\xf0\x90\x80\x80\" 9@4:\"\xef\xbf\xbd\n\" 9@5:\"\xef\xbf\xbd"
	  "A\" 8:] " },
	{ "UTF-8", "{\"model\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 plain\"}",
	  "1:\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 plain\" " },
	{ "broken UTF-8",
	  "{\"input\":[\"\xff\",\"a\xe2\x82z\",\"\xed\xa0\x80\",\"\xc3\",\"\xe2\x82\\n\","
	  "\"\xf0\x9f\x98\"]}",
	  "8:[ 9:\"\xef\xbf\xbd\" 9@1:\"a\xef\xbf\xbdz\" "
	  "9@2:\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\" "
	  "9@3:\"\xef\xbf\xbd\" 9@4:\"\xef\xbf\xbd\n\" 9@5:\"\xef\xbf\xbd\" 8:] " },
	{ "raw",
	  "{\"meta\":{\"a\" : [1, \"x\\n\"]} ,\"meta\":\"\\u00e9\",\"meta\":12,\"meta\":null}",
	  "12:`{\"a\" : [1, \"x\\n\"]}` 12:`\"\\u00e9\"` 12:`12` 12:`null` " },
	{ "raw is repaired", "{\"meta\":\"a\xff\xc3\xa9\xe2\x82\"}",
	  "12:`\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\"` " },
	{ "other group is not seen", "{\"other\":1,\"model\":2}", "1:2 " },
	{ "cut short", "{\"model\":\"m\",\"stream\":tr", "1:\"m\" " },
	{ "value before an error", "{\"model\":\"m\",}", "1:\"m\" " },
};

static void test_reports_at_every_cut(void **state)
{
	struct json_schema *s = schema_of(rules, ARRAY_SIZE(rules));
	struct run r;

	(void)state;
	run_new(&r, s, 1);
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
		struct sv in = sv_of(reports[i].in);

		for (size_t plan = 0; plan < cut_plans(in); plan++) {
			begin(&r);
			json_reader_reset(r.reader);
			cut_feed(feed, &r, in, plan);
			if (strcmp(r.notes.text, reports[i].want) != 0)
				fail_msg("%s, cut %zu: %s", reports[i].name, plan, r.notes.text);
		}
	}
	json_reader_free(r.reader);
	json_schema_free(s);
}

static void test_groups(void **state)
{
	static const char in[] = "{\"other\":1,\"model\":2,\"stream\":3}";
	struct json_schema *s = schema_of(rules, ARRAY_SIZE(rules));
	struct run r;

	(void)state;
	run_new(&r, s, 1u << 5);
	feed(&r, sv_of(in));
	assert_string_equal(r.notes.text, "15:1 16:2 ");
	json_reader_free(r.reader);
	run_new(&r, s, 1u << 5 | 1);
	feed(&r, sv_of(in));
	assert_string_equal(r.notes.text, "15:1 1:2 16:2 2:3 ");
	json_reader_free(r.reader);
	json_schema_free(s);
}

/* Raw inside raw: the pieces of both come, and both are whole. */
static int join_raw(void *ctx, const struct json_event *ev)
{
	struct notes *n = ctx;

	note(&n[ev->id == NAME], "%.*s%s", SV_ARG(ev->text), ev->last ? ";" : "");
	return 0;
}

static void test_raw_nests(void **state)
{
	const char *in = "{\"tools\":[{\"args\":{\"x\":\"\xc3\xa9\",\"name\":[1, \"b\"], \"y\":2}},"
			 "{\"args\":{\"name\":\"\xe2\x82\xac\"}}]}";
	struct json_schema *s = schema_of(rules, ARRAY_SIZE(rules));
	static struct notes n[2];
	struct json_reader *reader;

	(void)state;
	for (size_t plan = 0; plan < cut_plans(sv_of(in)); plan++) {
		struct run r = { 0 };

		assert_int_equal(json_reader_new(&reader, s, 1, join_raw, n), 0);
		r.reader = reader;
		notes_reset(&n[0]);
		notes_reset(&n[1]);
		cut_feed(feed, &r, sv_of(in), plan);
		assert_int_equal(json_end(reader), 0);
		assert_string_equal(n[0].text, "{\"x\":\"\xc3\xa9\",\"name\":[1, \"b\"], \"y\":2};"
					       "{\"name\":\"\xe2\x82\xac\"};");
		assert_string_equal(n[1].text, "[1, \"b\"];\"\xe2\x82\xac\";");
		json_reader_free(reader);
	}
	json_schema_free(s);
}

/* Longer than the scratch buffer, plain and with escapes. */
static void test_long_strings(void **state)
{
	enum { REPEAT = 900 };
	struct json_schema *s = schema_of(rules, ARRAY_SIZE(rules));
	static char in[REPEAT * 20], want[REPEAT * 20];
	size_t in_len = 0, want_len = 0;
	struct run r;

	(void)state;
	in_len += (size_t)sprintf(in, "{\"model\":\"");
	want_len += (size_t)sprintf(want, "1:\"");
	for (int i = 0; i < REPEAT; i++) {
		in_len += (size_t)sprintf(in + in_len, i % 3 ? "0123456789" : "a\\n\xc3\xa9%02d",
					  i % 100);
		want_len += (size_t)sprintf(want + want_len,
					    i % 3 ? "0123456789" : "a\n\xc3\xa9%02d", i % 100);
	}
	strcpy(in + in_len, "\"}");
	strcpy(want + want_len, "\" ");
	run_new(&r, s, 1);
	for (size_t plan = 0; plan < cut_plans(sv_of(in));
	     plan += plan + 1 < sv_of(in).len ? 97 : 1) {
		begin(&r);
		json_reader_reset(r.reader);
		cut_feed(feed, &r, sv_of(in), plan);
		assert_int_equal(json_end(r.reader), 0);
		assert_string_equal(r.notes.text, want);
	}
	json_reader_free(r.reader);
	json_schema_free(s);
}

/* Gaps. */

static const struct {
	const char *name, *before, *after, *want;
} gaps[] = {
	{ "in a skipped string", "{\"id\":\"abc",
	  "def\",\"usage\":{\"prompt_tokens\":5},\"model\":\"m\"}", "7?:5 1?:\"m\" " },
	{ "in a reported string", "{\"model\":\"abc", "def\",\"prompt_tokens\":5}}",
	  "1:\"abc\"~ 7?:5 " },
	{ "in a raw value", "{\"meta\":{\"x\":1,", "\"y\":2},\"prompt_tokens\":5}",
	  "12:`{\"x\":1,`~ 7?:5 " },
	{ "no anchor", "{\"model\":\"abc", "def\",\"stream\":true}", "1:\"abc\"~ " },
	{ "anchor in an array", "{\"choices\":[{\"delta\":{\"content\":\"a",
	  "b\"},\"finish_reason\" : "
	  "\"stop\",\"x\":1},{\"delta\":{\"content\":\"c\"}}],\"model\":\"m\"}",
	  "3:{ 4:\"a\"~ 5?:\"stop\" 3@1?:{ 4@1?:\"c\" 3@1?:} 1?:\"m\" " },
	{ "anchor's name in a string", "{\"input\":[",
	  "\\\"prompt_tokens\\\":7,\\\"prompt_tokens\":8,\"prompt_tokens\",\"prompt_tokens\":9}",
	  "8:[ 7?:9 " },
	{ "anchor as a value", "{", "\"x\":\"prompt_tokens\",\"y\":\"prompt_tokens\"}", "" },
	{ "first quote closes a string", "{\"x\":\"", "prompt_tokens\":1,\"prompt_tokens\":2}",
	  "7?:2 " },
	{ "wrong place", "{\"x\":", "\"prompt_tokens\":]\"prompt_tokens\":3}", "7?:3 " },
	{ "wrong place with a string open",
	  "{\"x\":", "\"finish_reason\":\"a\n,\"prompt_tokens\":3}", "5?:\"a\"~ 7?:3 " },
	{ "before the document", "", "{\"prompt_tokens\":3}", "7?:3 " },
	{ "number is cut", "{\"usage\":{\"prompt_tokens\":12", "3,\"prompt_tokens\":4}}",
	  "6:{ 7?:4 " },
};

static void test_gaps_at_every_cut(void **state)
{
	struct json_schema *s = schema_of(rules, ARRAY_SIZE(rules));
	struct run r;

	(void)state;
	run_new(&r, s, 1);
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		struct sv after = sv_of(gaps[i].after);

		for (size_t plan = 0; plan < cut_plans(after); plan++) {
			begin(&r);
			json_reader_reset(r.reader);
			feed(&r, sv_of(gaps[i].before));
			json_gap(r.reader);
			cut_feed(feed, &r, after, plan);
			assert_int_equal(json_end(r.reader), -EAGAIN);
			if (strcmp(r.notes.text, gaps[i].want) != 0)
				fail_msg("%s, cut %zu: %s", gaps[i].name, plan, r.notes.text);
		}
	}
	json_reader_free(r.reader);
	json_schema_free(s);
}

/* Errors. */

static void test_errors_stay(void **state)
{
	struct json_schema *s = schema_of(rules, ARRAY_SIZE(rules));
	struct run r;

	(void)state;
	run_new(&r, s, 1);
	assert_int_equal(json_feed(r.reader, SV("{\"model\"")), 0);
	assert_int_equal(json_feed(r.reader, SV(": x")), -EBADMSG);
	assert_int_equal(json_error_at(r.reader), 10);
	assert_int_equal(json_feed(r.reader, SV("{}")), -EBADMSG);
	json_gap(r.reader);
	assert_int_equal(json_end(r.reader), -EBADMSG);
	json_reader_reset(r.reader);
	assert_int_equal(json_feed(r.reader, SV("{}")), 0);
	assert_int_equal(json_end(r.reader), 0);

	json_reader_reset(r.reader);
	r.stop_with = -ECANCELED;
	assert_int_equal(json_feed(r.reader, SV("{\"model\":\"a\\n\",\"model\":1}")), -ECANCELED);
	assert_string_equal(r.notes.text, "1:\"a\n\" ");
	assert_int_equal(json_end(r.reader), -ECANCELED);
	json_reader_free(r.reader);
	json_reader_free(NULL);
	json_schema_free(s);
	json_schema_free(NULL);
}

static void test_bad_paths(void **state)
{
	static const struct json_rule bad[] = {
		{ ".", 1, 0, 0 },
		{ "a.", 1, 0, 0 },
		{ ".a", 1, 0, 0 },
		{ "a..b", 1, 0, 0 },
		{ "a[", 1, 0, 0 },
		{ "a[x]", 1, 0, 0 },
		{ "a[]b", 1, 0, 0 },
		{ "a", 1, 0, 32 },
		{ "[]", 1, JSON_ANCHOR, 0 },
		{ "", 1, JSON_ANCHOR, 0 },
		{ K32 K32 K32 K32 "k", 1, 0, 0 },
	};
	static const struct json_rule good[] = {
		{ "", 1, 0, 0 },
		{ "[]", 1, 0, 0 },
		{ "[].a[][].b", 1, JSON_ANCHOR, 31 },
		{ "a[]", 1, JSON_ANCHOR, 0 },
	};
	struct json_schema *s = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(json_schema_new(&s, &bad[i], 1), -EINVAL);
	assert_null(s);
	json_schema_free(schema_of(good, ARRAY_SIZE(good)));
}

/* Protobuf's JSON may spell a key in two ways. */
static void test_two_spellings(void **state)
{
	static const struct json_rule two[] = {
		{ "genConfig.maxOutputTokens", 1, JSON_SNAKE, 0 },
		{ "genConfig.seed", 2, 0, 0 },
		{ "useX[]", 3, JSON_SNAKE, 0 },
		{ "onlyThis", 4, 0, 0 },
	};
	static const char in[] = "{\"genConfig\":{\"max_output_tokens\":1},\"gen_config\":{"
				 "\"maxOutputTokens\":2,\"seed\":3},\"use_x\":[4],\"useX\":[5],"
				 "\"only_this\":6}";
	struct json_schema *s = schema_of(two, ARRAY_SIZE(two));
	struct run r;

	(void)state;
	run_new(&r, s, 1);
	json_feed(r.reader, sv_of(in));
	assert_int_equal(json_end(r.reader), 0);
	assert_string_equal(r.notes.text, "1:1 1:2 2:3 3:4 3:5 ");
	json_reader_free(r.reader);
	json_schema_free(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conformance_skipping),
		cmocka_unit_test(test_conformance_reporting),
		cmocka_unit_test(test_conformance_raw),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_reports_at_every_cut),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_raw_nests),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_gaps_at_every_cut),
		cmocka_unit_test(test_errors_stay),
		cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_two_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
