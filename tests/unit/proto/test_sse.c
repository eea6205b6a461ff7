// SPDX-License-Identifier: Apache-2.0
#include "proto/sse.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "events.h"

/* Of one event's data. */
#define LIMIT 100

struct run {
	struct events events;
	struct event_out out;
	struct sse sse;
};

static void run_init(struct run *r, uint64_t limit)
{
	events_reset(&r->events);
	event_out_init(&r->out, limit, events_note, &r->events);
	sse_init(&r->sse, &r->out);
}

static void feed(void *parser, struct sv piece)
{
	sse_feed(&((struct run *)parser)->sse, piece);
}

#define D32 "0123456789abcdef0123456789abcdef"

static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "one event", "data: hi\n\n", "[message|hi]" },
	{ "named event", "event: delta\ndata: {}\n\ndata: x\n\n", "[delta|{}][message|x]" },
	{ "lines are joined", "data: a\ndata: b\n\ndata: c\ndata: d\n\n",
	  "[message|a\nb][message|c\nd]" },
	{ "CRLF, CR and LF", "data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\n\r\n",
	  "[message|a\nb\nc][message|d]" },
	{ "CR blank line", "data: a\r\rdata: b\r\rdata: c\r\r",
	  "[message|a][message|b][message|c]" },
	{ "CR LF and LF are one line end and another", "data: a\r\n\ndata: b\r\n\ndata: c\r\r\n",
	  "[message|a][message|b][message|c]" },
	{ "one space is eaten", "data:  x\ndata:y\n\ndata:  z\n\ndata:z\n\n",
	  "[message| x\ny][message| z][message|z]" },
	{ "comments and unknown fields", ": ping\nid: 7\ndatum: z\ndata: x\n\n: pong\ndata: y\n\n",
	  "[message|x][message|y]" },
	{ "no data, no event", "event: ping\n\ndata: x\n\nevent: ping\n\n: only\n\n\n\ndata: y\n\n",
	  "[message|x][message|y]" },
	{ "field without a colon", "data\n\ndata\n\nevent\ndata: x\n\n",
	  "[message|][message|][message|x]" },
	{ "type is for one event", "event: a\ndata: x\n\ndata: y\n\nevent: b\ndata: z\nevent:\n\n",
	  "[a|x][message|y][message|z]" },
	{ "byte order mark",
	  "\xef\xbb\xbf"
	  "data: x\n\n",
	  "[message|x]" },
	{ "byte order mark alone",
	  "\xef\xbb\xbf\n\xef\xbb\xbf"
	  "data: x\n\n",
	  "" },
	{ "unfinished event is kept back", "data: x\n", "" },
	{ "unfinished second event", "data: x\n\nevent: y\ndata: z\n", "[message|x]" },
	{ "type too long", "event: " D32 D32 D32 "\ndata: x\n\nevent: " D32 D32 D32 "\ndata: y\n\n",
	  "[" D32 D32 "|x+][" D32 D32 "|y+]" },
	{ "type behind the data", "data: x\nevent: a\n\ndata: y\n\n", "[a|x][message|y]" },
	{ "names that only begin alike",
	  "dat: a\ndata-x: b\neventually: c\n\ndata: x\nda\nevent : e\n\n", "[message|x]" },
	{ "line too long", "data: " D32 D32 D32 D32 "\n\ndata: x\n\ndata: " D32 D32 D32 D32 "\n\n",
	  "[message|" D32 D32 D32 "0123+][message|x][message|" D32 D32 D32 "0123+]" },
	{ "too many lines", "data: " D32 D32 D32 "\ndata: " D32 "\n\n",
	  "[message|" D32 D32 D32 "\n012+]" },
};

/* However the bytes are cut, the events are the same. */
static void test_cases_at_every_cut(void **state)
{
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sv in = sv_of(cases[i].in);

		for (size_t plan = 0; plan < cut_plans(in); plan++) {
			run_init(&r, LIMIT);
			cut_feed(feed, &r, in, plan);
			sse_close(&r.sse);
			if (strcmp(r.events.notes.text, cases[i].want))
				fail_msg("%s, cut %zu: %s", cases[i].name, plan,
					 r.events.notes.text);
			event_out_done(&r.out);
		}
	}
}

static void test_gap_never_joins_halves(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} gaps[] = {
		{ "data: a\n\ndata: lost", "\ndata: tail\n\ndata: b\n\n",
		  "[message|a][message|b]" },
		{ "data: a\n\n", "ta: tail\n\ndata: b\n\n", "[message|a][message|b]" },
		{ "data: a\n\n", "\n\ndata: b\n\n", "[message|a][message|b]" },
		{ "event: x\n", "data: tail\n\ndata: b\n\n", "[message|b]" },
		{ "data: a\r", "\n\r\ndata: b\n\n", "[message|b]" },
		{ "", D32 D32 D32 D32 D32 D32 "\n\ndata: b\n\n", "[message|b]" },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		struct sv after = sv_of(gaps[i].after);

		for (size_t plan = 0; plan < cut_plans(after); plan++) {
			run_init(&r, LIMIT);
			cut_piece(feed, &r, sv_of(gaps[i].before));
			sse_gap(&r.sse);
			cut_feed(feed, &r, after, plan);
			assert_string_equal(r.events.notes.text, gaps[i].want);
			event_out_done(&r.out);
		}
	}
}

/* Whole up to the bound of event.h, in pieces beyond, and ended whatever comes. */
static void test_long_events(void **state)
{
	enum { LINE = 20000 };
	static char in[5 * LINE];
	static const struct {
		int lines;
		bool whole;
		const char *want;
	} longs[] = {
		{ 1, true, "[long|...20000]" },
		{ 2, false, "[long|...40001]" },
		{ 4, false, "[long|...80003]" },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(longs); i++) {
		size_t len = (size_t)sprintf(in, "event: long\n");

		for (int line = 0; line < longs[i].lines; line++) {
			len += (size_t)sprintf(in + len, "data: ");
			memset(in + len, 'x', LINE);
			len += LINE;
			in[len++] = '\n';
		}
		for (size_t cut = 1; cut < len; cut += 1 + cut / 4) {
			run_init(&r, 1 << 20);
			cut_piece(feed, &r, sv_cut((struct sv){ in, len }, cut));
			cut_piece(feed, &r, (struct sv){ in + cut, len - cut });
			assert_true(r.out.cap <= EVENT_WHOLE_MAX);
			if (longs[i].whole) {
				assert_true(r.out.open && !r.out.ev.cont);
			} else {
				assert_true(r.out.ev.cont);
				/* What is out is ended, too. */
				sse_gap(&r.sse);
				assert_false(r.events.open);
				event_out_done(&r.out);
				continue;
			}
			cut_piece(feed, &r, SV("\n"));
			assert_string_equal(r.events.notes.text, longs[i].want);
			event_out_done(&r.out);
		}
		run_init(&r, 1 << 20);
		for (size_t at = 0; at < len; at += 5000)
			cut_piece(feed, &r, sv_cut((struct sv){ in + at, len - at }, 5000));
		cut_piece(feed, &r, SV("\n"));
		assert_string_equal(r.events.notes.text, longs[i].want);
		assert_int_equal(r.events.size, r.events.data);
		event_out_done(&r.out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_at_every_cut),
		cmocka_unit_test(test_gap_never_joins_halves),
		cmocka_unit_test(test_long_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
