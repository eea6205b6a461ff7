// SPDX-License-Identifier: Apache-2.0
#include "proto/sse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

/* Events are written down as "[type|data]", with a '+' in front of ']' if truncated. */
struct run {
	struct notes notes;
	struct sse sse;
	char *buf; /* exact, so that ASan sees a stray write */
	size_t cap;
	int stop_with;
	int err;
};

static int note_event(void *ctx, const struct sse_event *ev)
{
	struct run *r = ctx;

	note(&r->notes, "[%.*s|%.*s%s]", SV_ARG(ev->type), SV_ARG(ev->data),
	     ev->truncated ? "+" : "");
	return r->stop_with;
}

static char *grow(void *ctx, size_t want, size_t *ret_cap)
{
	struct run *r = ctx;

	r->buf = realloc(r->buf, want);
	*ret_cap = want;
	return r->buf;
}

static void run_init(struct run *r)
{
	notes_reset(&r->notes);
	r->buf = malloc(SSE_BUF_MIN);
	r->stop_with = r->err = 0;
	assert_int_equal(sse_init(&r->sse, r->buf, SSE_BUF_MIN, note_event, r), 0);
}

static void feed(void *parser, struct sv piece)
{
	struct run *r = parser;

	if (!r->err)
		r->err = sse_feed(&r->sse, piece);
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
	{ "line too long", "data: " D32 D32 D32 D32 "\n\ndata: x\n\ndata: " D32 D32 D32 D32 "\n\n",
	  "[message|" D32 D32 D32 "0123456789abcdef0123456789+][message|x]"
	  "[message|" D32 D32 D32 "0123456789abcdef0123456789+]" },
	{ "too many lines", "data: " D32 D32 D32 "\ndata: " D32 "\n\n",
	  "[message|" D32 D32 D32 "\n0123456789abcdef012345678+]" },
};

/* However the bytes are cut, the events are the same. */
static void test_cases_at_every_cut(void **state)
{
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sv in = sv_of(cases[i].in);

		for (size_t plan = 0; plan < cut_plans(in); plan++) {
			run_init(&r);
			cut_feed(feed, &r, in, plan);
			if (r.err || strcmp(r.notes.text, cases[i].want))
				fail_msg("%s, cut %zu: %s", cases[i].name, plan, r.notes.text);
			free(r.buf);
		}
	}
}

static void test_buffer_grows_up_to_its_limit(void **state)
{
	const char *in = "data: " D32 D32 D32 D32 "\ndata: y\n\n"
			 "data: " D32 D32 D32 D32 D32 D32 D32 D32 "\n\n";
	const char *want = "[message|" D32 D32 D32 D32 "\ny]"
			   "[message|" D32 D32 D32 D32 D32 D32 "+]";
	struct run r;

	(void)state;
	for (size_t plan = 0; plan < cut_plans(sv_of(in)); plan++) {
		run_init(&r);
		sse_set_grow(&r.sse, 6 + 6 * 32, grow);
		cut_feed(feed, &r, sv_of(in), plan);
		assert_string_equal(r.notes.text, want);
		free(r.buf);
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
			run_init(&r);
			cut_piece(feed, &r, sv_of(gaps[i].before));
			sse_gap(&r.sse);
			cut_feed(feed, &r, after, plan);
			assert_string_equal(r.notes.text, gaps[i].want);
			free(r.buf);
		}
	}
}

static void test_errors(void **state)
{
	struct run r;

	(void)state;
	run_init(&r);
	assert_int_equal(sse_init(&r.sse, r.buf, SSE_BUF_MIN - 1, note_event, &r), -EINVAL);
	assert_int_equal(sse_feed(&r.sse, SV_NONE), 0);
	r.stop_with = -ECANCELED;
	cut_piece(feed, &r, SV("data: a\n\ndata: b\n\n"));
	assert_int_equal(r.err, -ECANCELED);
	assert_string_equal(r.notes.text, "[message|a]");
	free(r.buf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_at_every_cut),
		cmocka_unit_test(test_buffer_grows_up_to_its_limit),
		cmocka_unit_test(test_gap_never_joins_halves),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
