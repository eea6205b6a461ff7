// SPDX-License-Identifier: Apache-2.0
#include "proto/eventstream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

#include "events.h"

#include "eventstream_vectors.inc"

#define MESSAGE(name) ((struct sv){ es_##name, sizeof(es_##name) - 1 })
#define LIMIT	      (1u << 20)

#define START	  "[messageStart|{\"role\":\"assistant\"}]"
#define DELTA	  "[contentBlockDelta|{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hi\"}}]"
#define EXCEPTION "[throttlingException|{\"message\":\"slow down\"}!]"
#define T16	  "tttttttttttttttt"

struct run {
	struct events events;
	struct event_out out;
	struct eventstream stream;
};

static void run_init(struct run *r)
{
	events_reset(&r->events);
	event_out_init(&r->out, LIMIT, events_note, &r->events);
	eventstream_init(&r->stream, &r->out);
}

static void feed(void *parser, struct sv piece)
{
	eventstream_feed(&((struct run *)parser)->stream, piece);
}

struct buf_of {
	char p[2048];
};

static struct sv joined(struct buf_of *buf, const struct sv *parts, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		memcpy(buf->p + len, parts[i].p, parts[i].len);
		len += parts[i].len;
	}
	return (struct sv){ buf->p, len };
}

static void check(struct sv in, const char *want, uint64_t broken, uint64_t skipped)
{
	struct run r;

	for (size_t plan = 0; plan < cut_plans(in); plan++) {
		run_init(&r);
		cut_feed(feed, &r, in, plan);
		eventstream_close(&r.stream);
		if (strcmp(r.events.notes.text, want))
			fail_msg("cut %zu: %s", plan, r.events.notes.text);
		assert_int_equal(r.out.broken, broken);
		assert_int_equal(r.out.skipped, skipped);
		event_out_done(&r.out);
	}
}

static void test_messages_at_every_cut(void **state)
{
	const struct sv all[] = { MESSAGE(start), MESSAGE(delta), MESSAGE(empty),
				  MESSAGE(exception) };
	struct buf_of buf;

	(void)state;
	check(MESSAGE(start), START, 0, 0);
	check(MESSAGE(error), "[InternalError|!]", 0, 0);
	check(MESSAGE(no_headers), "[|x]", 0, 0);
	check(MESSAGE(all_types), "[all|{}]", 0, 0);
	check(MESSAGE(long_type), "[" T16 T16 T16 T16 "|1]", 0, 0);
	check(joined(&buf, all, 4), START DELTA "[ping|]" EXCEPTION, 0, 0);
	check(SV(""), "", 0, 0);
	check(sv_cut(MESSAGE(start), 11), "", 0, 11);
	/* Cut in its headers it is nothing; in its payload, the start of something. */
	check(sv_cut(MESSAGE(start), 40), "", 0, 0);
	check(sv_cut(MESSAGE(start), MESSAGE(start).len - 4 - 2),
	      "[messageStart|{\"role\":\"assistant+]", 0, 0);
}

/* A byte changed anywhere: that message is not handed on, and the next one is. */
static void test_every_bit_is_checked(void **state)
{
	const struct sv two[] = { MESSAGE(start), MESSAGE(delta) };
	struct buf_of buf;
	struct sv in = joined(&buf, two, 2);

	(void)state;
	for (size_t i = 0; i < two[0].len; i++) {
		struct run r;

		buf.p[i] = (char)(buf.p[i] ^ 1 << (i % 8));
		run_init(&r);
		cut_piece(feed, &r, in);
		assert_string_equal(r.events.notes.text, DELTA);
		assert_int_equal(r.out.broken, 1);
		assert_int_equal(r.out.skipped, i < EVENTSTREAM_PRELUDE ? two[0].len : 0);
		event_out_done(&r.out);
		buf.p[i] = (char)(buf.p[i] ^ 1 << (i % 8));
	}
}

/* Junk before and between: found again by the prelude's sum. */
static void test_resync(void **state)
{
	const struct sv junk = SV("\0\0\0\0no prelude \0\0\0\x10");
	const struct sv parts[] = { MESSAGE(start), junk, MESSAGE(delta) };
	struct buf_of buf;

	(void)state;
	check(joined(&buf, parts, 3), START DELTA, 1, junk.len);
}

/* Every run of bytes is dropped once: exactly inside a message, and never a wrong event. */
static void test_gap_anywhere(void **state)
{
	const struct sv parts[] = { MESSAGE(start), MESSAGE(delta), MESSAGE(exception) };
	struct buf_of buf;
	struct sv in = joined(&buf, parts, 3);
	size_t first = parts[0].len, second = first + parts[1].len;

	(void)state;
	for (size_t at = 0; at <= second; at++) {
		for (size_t len = 1; at + len <= second; len++) {
			const char *said;
			struct run r;

			run_init(&r);
			cut_piece(feed, &r, sv_cut(in, at));
			eventstream_gap(&r.stream, len);
			cut_piece(feed, &r, sv_skip(in, at + len));
			eventstream_close(&r.stream);
			said = r.events.notes.text;
			assert_false(r.events.open);
			/* What is whole is there, as it is, and be its sum missing. */
			assert_non_null(strstr(said, EXCEPTION));
			assert_int_equal(at < first - 4, !strstr(said, START));
			assert_int_equal(at + len > first && at < second - 4, !strstr(said, DELTA));
			/* Within one message nothing has to be looked for. */
			if (at > EVENTSTREAM_PRELUDE && at + len <= first)
				assert_int_equal(r.out.skipped, 0);
			assert_int_equal(r.out.broken, 0);
			event_out_done(&r.out);
		}
	}
}

static void test_what_a_gap_leaves(void **state)
{
	struct sv in = MESSAGE(start);
	size_t payload = in.len - 4 - 20;
	struct run r;

	(void)state;
	run_init(&r);
	cut_piece(feed, &r, sv_cut(in, payload + 9));
	eventstream_gap(&r.stream, 4);
	cut_piece(feed, &r, sv_skip(in, payload + 13));
	assert_string_equal(r.events.notes.text, "[messageStart|{\"role\":\"~stant\"}+]");
	assert_int_equal(r.events.size, 20);
	event_out_done(&r.out);

	/* Headers lost: its data is there, its name is not. */
	run_init(&r);
	cut_piece(feed, &r, sv_cut(in, 30));
	eventstream_gap(&r.stream, payload - 30);
	cut_piece(feed, &r, sv_skip(in, payload));
	assert_string_equal(r.events.notes.text, "[|{\"role\":\"assistant\"}+]");
	event_out_done(&r.out);
}

static size_t put32(char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(n >> (24 - 8 * i));
	return 4;
}

/* Long messages: in pieces, checked, and cut at the limit. */
static void test_long_messages(void **state)
{
	static const struct {
		uint32_t len;
		bool bad;
		const char *want;
	} cases[] = {
		{ EVENT_WHOLE_MAX, false, "[|...32768][|x]" },
		{ EVENT_WHOLE_MAX, true, "[|x]" },
		{ 200000, false, "[|...200000][|x]" },
		{ 200000, true, "[|...200000+][|x]" },
		{ LIMIT + 1, false, "[|...1048576+][|x]" },
	};
	char *in = calloc(1, LIMIT + 100);
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = put32(in, cases[i].len + 16);

		len += put32(in + len, 0);
		len += put32(in + len, (uint32_t)crc32(0, (Bytef *)in, 8));
		len += cases[i].len;
		len += put32(in + len, (uint32_t)crc32(0, (Bytef *)in, (uInt)len) ^ cases[i].bad);
		run_init(&r);
		for (size_t at = 0; at < len; at += 16000)
			cut_piece(feed, &r, sv_cut((struct sv){ in + at, len - at }, 16000));
		cut_piece(feed, &r, MESSAGE(no_headers));
		assert_string_equal(r.events.notes.text, cases[i].want);
		assert_int_equal(r.out.broken, cases[i].bad);
		event_out_done(&r.out);
	}
	free(in);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_at_every_cut),
		cmocka_unit_test(test_every_bit_is_checked),
		cmocka_unit_test(test_resync),
		cmocka_unit_test(test_gap_anywhere),
		cmocka_unit_test(test_what_a_gap_leaves),
		cmocka_unit_test(test_long_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
