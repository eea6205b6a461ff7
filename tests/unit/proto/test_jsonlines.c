// SPDX-License-Identifier: Apache-2.0
#include "proto/jsonlines.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "events.h"

struct run {
	struct events events;
	struct event_out out;
	struct jsonlines lines;
};

static void run_init(struct run *r)
{
	events_reset(&r->events);
	event_out_init(&r->out, 100000, events_note, &r->events);
	jsonlines_init(&r->lines, &r->out);
}

static void feed(void *parser, struct sv piece)
{
	jsonlines_feed(&((struct run *)parser)->lines, piece);
}

static const struct {
	const char *name, *in, *want;
	bool whole;
} cases[] = {
	{ "lines", "{\"a\":1}\n{\"b\":2}\n", "[|{\"a\":1}][|{\"b\":2}]", true },
	{ "the last needs no end", "1\n2", "[|1][|2]", true },
	{ "cut off", "1\n2", "[|1][|2+]", false },
	{ "CR LF, and a CR inside", "1\r\n2\r3\n4\r\r\n", "[|1][|2\r3][|4\r]", true },
	{ "blank lines", "\n\r\n1\n\n\n2\n\r\n", "[|1][|2]", true },
	{ "byte order mark",
	  "\xef\xbb\xbf"
	  "1\n",
	  "[|1]", true },
	{ "half a mark",
	  "\xef\xbb"
	  "1\n",
	  "[|\xef\xbb"
	  "1]",
	  true },
	{ "a mark is one at the start only",
	  "1\n\xef\xbb\xbf"
	  "2\n",
	  "[|1][|\xef\xbb\xbf"
	  "2]",
	  true },
	{ "nothing", "", "", false },
	{ "nothing but a CR", "\r", "", true },
};

static void test_cases_at_every_cut(void **state)
{
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sv in = sv_of(cases[i].in);

		for (size_t plan = 0; plan < cut_plans(in); plan++) {
			run_init(&r);
			cut_feed(feed, &r, in, plan);
			jsonlines_close(&r.lines, cases[i].whole);
			if (strcmp(r.events.notes.text, cases[i].want))
				fail_msg("%s, cut %zu: %s", cases[i].name, plan,
					 r.events.notes.text);
			assert_int_equal(r.out.skipped, 0);
			event_out_done(&r.out);
		}
	}
}

static void test_gap_joins_nothing(void **state)
{
	static const struct {
		const char *before, *after, *want;
		size_t skipped;
	} gaps[] = {
		{ "1\n{\"a\":", "3}\n2\n", "[|1][|{\"a\":+][|2]", 3 },
		{ "1\n", "tail\n2\n", "[|1][|2]", 5 },
		{ "1\n", "2\n3\n", "[|1][|3]", 2 },
		{ "1\r", "\n2\n", "[|1+][|2]", 1 },
		{ "", "\xef\xbb\xbf\n2\n", "[|2]", 4 },
		{ "1", "no end", "[|1+]", 6 },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		struct sv after = sv_of(gaps[i].after);

		for (size_t plan = 0; plan < cut_plans(after); plan++) {
			run_init(&r);
			cut_piece(feed, &r, sv_of(gaps[i].before));
			jsonlines_gap(&r.lines);
			cut_feed(feed, &r, after, plan);
			jsonlines_close(&r.lines, true);
			assert_string_equal(r.events.notes.text, gaps[i].want);
			assert_int_equal(r.out.skipped, gaps[i].skipped);
			event_out_done(&r.out);
		}
	}
}

/* What event.h promises: whole up to its bound, in pieces beyond, cut at the limit. */
static void test_long_lines(void **state)
{
	static const struct {
		size_t len;
		const char *want;
		bool whole;
	} lines[] = {
		{ EVENT_WHOLE_MAX, "[|...32768][|1]", true },
		{ EVENT_WHOLE_MAX + 1, "[|...32769][|1]", false },
		{ 100000, "[|...100000][|1]", false },
		{ 100001, "[|...100000+][|1]", false },
	};
	static char in[100100];
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		memset(in, 'x', lines[i].len);
		memcpy(in + lines[i].len, "\n1\n", 3);
		/* In two, somewhere; in one; and in many. */
		for (size_t cut = 0; cut <= lines[i].len; cut += 1 + cut / 3) {
			run_init(&r);
			cut_piece(feed, &r, (struct sv){ in, cut });
			for (size_t at = cut; at < lines[i].len; at += 1021)
				cut_piece(feed, &r,
					  sv_cut((struct sv){ in + at, lines[i].len - at }, 1021));
			if (r.out.open && lines[i].whole)
				assert_int_equal(r.events.pieces, 0);
			assert_true(r.out.cap <= EVENT_WHOLE_MAX);
			cut_piece(feed, &r, (struct sv){ in + lines[i].len, 1 });
			assert_int_equal(r.events.size, lines[i].len);
			if (lines[i].whole)
				assert_int_equal(r.events.pieces, 1);
			cut_piece(feed, &r, SV("1\n"));
			assert_string_equal(r.events.notes.text, lines[i].want);
			event_out_done(&r.out);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_at_every_cut),
		cmocka_unit_test(test_gap_joins_nothing),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
