// SPDX-License-Identifier: Apache-2.0
#include "proto/ws.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

#include "events.h"

#include "ws_vectors.inc"

#define VECTOR(name) ((struct sv){ ws_##name, sizeof(ws_##name) - 1 })

#define M1                                                                                      \
	"[text|{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-" \
	"5\"}}]"
#define M2 "[text|{\"type\":\"response.output_text.delta\",\"delta\":\"Hello\"}]"
#define M3 "[text|{\"type\":\"response.output_text.delta\",\"delta\":\", world\"}]"
#define M4                                                                                        \
	"[text|{\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-" \
	"5\"}}]"

static const struct ws_limits limits = { .message = 1 << 20, .ratio = 500 };
static const struct ws_deflate plain = { 0 };
static const struct ws_deflate takeover = { .on = true, .window_bits = 12 };
static const struct ws_deflate alone = { .on = true, .no_takeover = true, .window_bits = 12 };
static const struct ws_deflate unknown = { .unknown = true, .window_bits = 15 };

struct run {
	struct events events;
	struct ws ws;
};

static void begin(struct run *r, enum ws_from from, const struct ws_deflate *deflate)
{
	events_reset(&r->events);
	ws_init(&r->ws, from, deflate, &limits, events_note, &r->events);
}

static void feed(void *parser, struct sv piece)
{
	ws_feed(&((struct run *)parser)->ws, piece);
}

static void end(struct run *r)
{
	ws_close(&r->ws);
	ws_done(&r->ws);
	assert_false(r->events.open);
}

#define FRAME(lit)                   \
	{                            \
		lit, sizeof(lit) - 1 \
	}

/* The examples of RFC 6455 section 5.7 and RFC 7692 section 7.2.3, and what breaks the rules. */
static const struct {
	const char *name;
	enum ws_from from;
	const struct ws_deflate *deflate;
	struct sv in;
	const char *want;
	uint64_t frames, broken, skipped;
} cases[] = {
	{ "unmasked", WS_FROM_SERVER, &plain, FRAME("\x81\x05Hello"), "[text|Hello]", 1, 0, 0 },
	{ "masked", WS_FROM_CLIENT, &plain, FRAME("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
	  "[text|Hello]", 1, 0, 0 },
	{ "fragmented", WS_FROM_SERVER, &plain, FRAME("\x01\x03Hel\x80\x02lo"), "[text|Hello]", 2,
	  0, 0 },
	{ "ping", WS_FROM_SERVER, &plain, FRAME("\x89\x05Hello\x8a\x00"), "", 2, 0, 0 },
	{ "masked pong, 256 bytes", WS_FROM_CLIENT, &plain,
	  FRAME("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "", 1, 0, 0 },
	{ "empty messages", WS_FROM_SERVER, &plain, FRAME("\x81\x00\x02\x00\x00\x00\x80\x00"),
	  "[text|][binary|]", 4, 0, 0 },
	{ "close with a code", WS_FROM_SERVER, &plain,
	  FRAME("\x88\x05\x03\xe8"
		"bye"
		"\x81\x01x"),
	  "", 1, 0, 0 },
	{ "7.2.3.1", WS_FROM_SERVER, &takeover, FRAME("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
	  "[text|Hello]", 1, 0, 0 },
	{ "7.2.3.1 fragmented", WS_FROM_SERVER, &takeover,
	  FRAME("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), "[text|Hello]", 2, 0, 0 },
	{ "7.2.3.2", WS_FROM_SERVER, &takeover,
	  FRAME("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"),
	  "[text|Hello][text|Hello]", 2, 0, 0 },
	{ "7.2.3.2 without takeover", WS_FROM_SERVER, &alone,
	  FRAME("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
	  "[text|Hello][text|Hello]", 2, 0, 0 },
	{ "7.2.3.3", WS_FROM_SERVER, &takeover,
	  FRAME("\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "[text|Hello]", 1, 0, 0 },
	{ "7.2.3.4", WS_FROM_SERVER, &takeover,
	  FRAME("\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x05\xf2\x00\x11\x00\x00"),
	  "[text|Hello][text|Hello]", 2, 0, 0 },
	{ "7.2.3.5", WS_FROM_SERVER, &takeover,
	  FRAME("\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "[text|Hello]", 1,
	  0, 0 },
	{ "packed and not packed", WS_FROM_SERVER, &takeover,
	  FRAME("\x81\x02hi\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), "[text|hi][text|Hello]", 2, 0,
	  0 },
	{ "no deflate at all", WS_FROM_SERVER, &takeover, FRAME("\xc1\x03\xff\xff\xff\x81\x02ok"),
	  "[text|+][text|ok]", 2, 1, 0 },
	{ "refers to what is not there", WS_FROM_SERVER, &alone,
	  FRAME("\xc1\x05\xf2\x00\x11\x00\x00\x81\x02ok"), "[text|H+][text|ok]", 2, 1, 0 },
	{ "cut off", WS_FROM_SERVER, &plain, FRAME("\x81\x05Hel"), "[text|Hel+]", 1, 0, 0 },
	{ "cut off in its head", WS_FROM_SERVER, &plain, FRAME("\x81\x7e\x01"), "", 0, 0, 3 },
	{ "cut off between fragments", WS_FROM_SERVER, &plain, FRAME("\x01\x03Hel"), "[text|Hel+]",
	  1, 0, 0 },
	/* Broken: what follows is found again when it shows itself. */
	{ "masked by a server", WS_FROM_SERVER, &plain, FRAME("\x81\x81zzzza"), "", 0, 1, 7 },
	{ "not masked by a client", WS_FROM_CLIENT, &plain, FRAME("\x81\x05Hello"), "", 0, 1, 7 },
	{ "RSV1 without an extension", WS_FROM_SERVER, &plain, FRAME("\xc1\x00"), "", 0, 1, 2 },
	{ "RSV1 in a later fragment", WS_FROM_SERVER, &takeover, FRAME("\x01\x00\xc0\x00"),
	  "[text|+]", 1, 1, 2 },
	{ "unknown opcode", WS_FROM_SERVER, &plain, FRAME("\x83\x00"), "", 0, 1, 2 },
	{ "long form for a short length", WS_FROM_SERVER, &plain, FRAME("\x81\x7e\x00\x7d"), "", 0,
	  1, 4 },
	{ "control frame in fragments", WS_FROM_SERVER, &plain, FRAME("\x09\x00"), "", 0, 1, 2 },
	{ "continuation of nothing", WS_FROM_SERVER, &plain, FRAME("\x80\x00"), "", 0, 1, 2 },
	{ "a start within a message", WS_FROM_SERVER, &plain,
	  FRAME("\x01\x02Hi\x81\x0d{\"a\":\"bcdef\"}"), "[text|Hi+][text|{\"a\":\"bcdef\"}]", 2, 1,
	  0 },
	{ "junk, then frames", WS_FROM_SERVER, &plain,
	  FRAME("\x81\x02{}"
		"\xff\xff junk \x81\x0d{\"a\":\"bcdef\"}\x81\x02{}"),
	  "[text|{}][text|{\"a\":\"bcdef\"}][text|{}]", 3, 1, 8 },
};

static void test_cases_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t plan = 0; plan < cut_plans(cases[i].in); plan++) {
			struct run r;

			begin(&r, cases[i].from, cases[i].deflate);
			cut_feed(feed, &r, cases[i].in, plan);
			end(&r);
			if (strcmp(r.events.notes.text, cases[i].want) ||
			    r.ws.counts.frames != cases[i].frames ||
			    r.ws.out.broken != cases[i].broken ||
			    r.ws.out.skipped != cases[i].skipped)
				fail_msg("%s, cut %zu: %s, %zu frames, %zu broken, %zu skipped",
					 cases[i].name, plan, r.events.notes.text,
					 (size_t)r.ws.counts.frames, (size_t)r.ws.out.broken,
					 (size_t)r.ws.out.skipped);
		}
	}
}

/* Frames of another implementation, with all that it does. */
static const struct {
	const char *name;
	enum ws_from from;
	const struct ws_deflate *deflate;
	struct sv in;
	uint64_t frames;
} streams[] = {
	{ "client", WS_FROM_CLIENT, &plain, { ws_client, sizeof(ws_client) - 1 }, 9 },
	{ "server", WS_FROM_SERVER, &plain, { ws_server, sizeof(ws_server) - 1 }, 9 },
	{ "client, packed",
	  WS_FROM_CLIENT,
	  &takeover,
	  { ws_client_takeover, sizeof(ws_client_takeover) - 1 },
	  9 },
	{ "server, packed",
	  WS_FROM_SERVER,
	  &takeover,
	  { ws_server_takeover, sizeof(ws_server_takeover) - 1 },
	  5 },
	{ "server, packed alone",
	  WS_FROM_SERVER,
	  &alone,
	  { ws_server_alone, sizeof(ws_server_alone) - 1 },
	  9 },
};

static void test_streams_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		for (size_t plan = 0; plan < cut_plans(streams[i].in); plan++) {
			struct run r;

			begin(&r, streams[i].from, streams[i].deflate);
			cut_feed(feed, &r, streams[i].in, plan);
			end(&r);
			if (strcmp(r.events.notes.text, M1 M2 M3 M4))
				fail_msg("%s, cut %zu: %s", streams[i].name, plan,
					 r.events.notes.text);
			assert_true(r.ws.closed);
			assert_int_equal(r.ws.close_code, 1000);
			assert_int_equal(r.ws.counts.frames, streams[i].frames);
			assert_int_equal(r.ws.out.broken + r.ws.out.skipped, 0);
		}
	}
}

/* Of a stream with a gap: every message it names must be one of those sent, or marked. */
static void check_events(const struct run *r)
{
	static const char *const sent[] = { M1, M2, M3, M4 };
	const char *p = r->events.notes.text;

	while (*p) {
		const char *stop = strpbrk(p, "]");
		bool known = false, marked = stop[-1] == '+' || stop[-1] == '?';

		assert_non_null(stop);
		for (size_t i = 0; i < ARRAY_SIZE(sent); i++)
			known |= strlen(sent[i]) == (size_t)(stop + 1 - p) &&
				 !memcmp(sent[i], p, strlen(sent[i]));
		if (!known && !marked)
			fail_msg("wrong: %s", p);
		p = stop + 1;
	}
}

/* Every run of bytes is dropped once; inside a frame nothing is looked for. */
static void test_gap_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		struct sv in = streams[i].in;

		for (size_t at = 0; at <= in.len; at++) {
			for (size_t len = 1; at + len <= in.len; len += 1 + len / 4) {
				struct run r;

				begin(&r, streams[i].from, streams[i].deflate);
				cut_piece(feed, &r, sv_cut(in, at));
				ws_gap(&r.ws, len);
				cut_piece(feed, &r, sv_skip(in, at + len));
				end(&r);
				check_events(&r);
			}
		}
	}
}

/* One record of each message is lost, whole: the others are there, or, packed, marked. */
static void test_lost_frames(void **state)
{
	struct sv in = VECTOR(server);
	size_t first = 2 + strlen(M1) - 7, second = first + 2 + 26 + 15 + 2 + 27;
	struct run r;

	(void)state;
	begin(&r, WS_FROM_SERVER, &plain);
	cut_piece(feed, &r, sv_cut(in, first));
	ws_gap(&r.ws, second - first);
	cut_piece(feed, &r, sv_skip(in, second));
	end(&r);
	assert_string_equal(r.events.notes.text, M1 M3 M4);
	assert_int_equal(r.ws.out.skipped, 0);

	/* A gap inside a frame is exact, and what is behind it is told apart. */
	begin(&r, WS_FROM_SERVER, &plain);
	cut_piece(feed, &r, sv_cut(in, 12));
	ws_gap(&r.ws, 5);
	cut_piece(feed, &r, sv_skip(in, 17));
	end(&r);
	assert_memory_equal(r.events.notes.text, "[text|{\"type\":\"r~se.created", 27);
	assert_non_null(strstr(r.events.notes.text, "+]" M2 M3 M4));

	/* Packed with takeover: what follows refers to what is lost. */
	begin(&r, WS_FROM_SERVER, &takeover);
	cut_piece(feed, &r, sv_cut(VECTOR(server_takeover), 10));
	ws_gap(&r.ws, 3);
	cut_piece(feed, &r, sv_skip(VECTOR(server_takeover), 13));
	end(&r);
	check_events(&r);
	assert_int_equal(r.ws.counts.unread, 3);
	assert_int_equal(r.ws.counts.frames, 5);

	/* Without: nothing does. */
	begin(&r, WS_FROM_SERVER, &alone);
	cut_piece(feed, &r, sv_cut(VECTOR(server_alone), 10));
	ws_gap(&r.ws, 3);
	cut_piece(feed, &r, sv_skip(VECTOR(server_alone), 13));
	end(&r);
	assert_non_null(strstr(r.events.notes.text, "+]" M2 M3 M4));
	assert_int_equal(r.ws.counts.unread, 0);
}

/* Joined at a frame's border, as records bring it, or anywhere else. */
static void test_join(void **state)
{
	size_t second = 2 + strlen(M1) - 7;
	struct run r;

	(void)state;
	begin(&r, WS_FROM_SERVER, &unknown);
	ws_join(&r.ws);
	cut_piece(feed, &r, sv_skip(VECTOR(server), second));
	end(&r);
	assert_string_equal(r.events.notes.text, M2 M3 M4);
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		struct sv in = streams[i].in;

		for (size_t at = 0; at < in.len; at++) {
			begin(&r, streams[i].from, &unknown);
			ws_join(&r.ws);
			cut_piece(feed, &r, sv_skip(in, at));
			end(&r);
			check_events(&r);
			assert_true(at > 0 || r.ws.out.skipped == 0);
			if (at < second && streams[i].deflate == &plain)
				assert_non_null(strstr(r.events.notes.text, M4));
		}
	}
	/* Packed, alone: all is read though nobody told how. */
	begin(&r, WS_FROM_SERVER, &unknown);
	ws_join(&r.ws);
	cut_piece(feed, &r, VECTOR(server_alone));
	end(&r);
	assert_string_equal(r.events.notes.text, M1 M2 M3 M4);
}

/* Long messages: in pieces, unmasked, cut at the limit; and a bomb. */
static void test_long_messages(void **state)
{
	static const struct {
		uint64_t len;
		const char *want;
	} longs[] = {
		{ 300, "[binary|...300][text|{}]" },
		{ 70000, "[binary|...70000][text|{}]" },
		{ 1 << 20, "[binary|...1048576][text|{}]" },
		{ (1 << 20) + 1, "[binary|...1048576+][text|{}]" },
	};
	char *in = calloc(1, (1 << 20) + 100);
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(longs); i++) {
		size_t n = 2, len = (size_t)longs[i].len;
		bool wide = len > 0xffff;

		in[0] = (char)0x82;
		in[1] = (char)(wide ? 0xff : 0xfe);
		for (int k = wide ? 7 : 1; k >= 0; k--)
			in[n++] = (char)(longs[i].len >> (8 * k));
		memcpy(in + n, "\1\2\3\4", 4);
		n += 4;
		for (size_t k = 0; k < len; k++)
			in[n + k] = (char)('x' ^ (1 + (k & 3)));
		n += len;
		memcpy(in + n, "\x81\x82\0\0\0\0{}", 8);
		n += 8;
		for (size_t piece = 999; piece <= n; piece = piece == n ? n + 1 : n) {
			begin(&r, WS_FROM_CLIENT, &plain);
			for (size_t at = 0; at < n; at += piece)
				cut_piece(feed, &r, sv_cut((struct sv){ in + at, n - at }, piece));
			end(&r);
			assert_string_equal(r.events.notes.text, longs[i].want);
			assert_int_equal(r.ws.counts.bounded, longs[i].len > limits.message);
		}
	}
	free(in);
}

/* A frame with len zeros, packed. */
static struct sv bomb(size_t len)
{
	static char out[1 << 15];
	char *in = calloc(1, len);
	z_stream z = { 0 };
	size_t n;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out + 4;
	z.avail_out = sizeof(out) - 4;
	assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	n = sizeof(out) - 4 - z.avail_out - 4;
	deflateEnd(&z);
	free(in);
	out[0] = (char)0xc2;
	out[1] = 0x7e;
	out[2] = (char)(n >> 8);
	out[3] = (char)n;
	return (struct sv){ out, 4 + n };
}

static void test_bomb(void **state)
{
	static const struct {
		size_t len;
		struct ws_limits limits;
		uint64_t most;
	} bombs[] = {
		{ 4 << 20, { 8 << 20, 2000 }, 4 << 20 },
		{ 4 << 20, { 8 << 20, 500 }, 3 << 20 },
		{ 4 << 20, { 3 << 20, 0 }, 3 << 20 },
		{ 1 << 20, { 8 << 20, 10 }, 1 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bombs); i++) {
		struct sv in = bomb(bombs[i].len);
		bool whole = bombs[i].most == bombs[i].len;
		struct run r;

		events_reset(&r.events);
		ws_init(&r.ws, WS_FROM_SERVER, &alone, &bombs[i].limits, events_note, &r.events);
		cut_piece(feed, &r, in);
		assert_true(r.events.data <= bombs[i].most);
		assert_int_equal(r.ws.counts.bounded, !whole);
		assert_int_equal(r.events.data == bombs[i].len, whole);
		assert_int_equal(!strchr(r.events.notes.text, '+'), whole);
		cut_piece(feed, &r, SV("\x81\x02ok"));
		assert_non_null(strstr(r.events.notes.text, "[text|ok]"));
		end(&r);
	}
}

static void test_extensions(void **state)
{
	static const struct {
		const char *value;
		bool fine, on, alone[2];
		int bits[2]; /* client, server */
	} rows[] = {
		{ "", true, false, { false, false }, { 15, 15 } },
		{ "permessage-deflate", true, true, { false, false }, { 15, 15 } },
		{ "permessage-deflate; server_no_context_takeover; client_max_window_bits=12",
		  true,
		  true,
		  { false, true },
		  { 12, 15 } },
		{ "Permessage-Deflate;client_no_context_takeover;server_max_window_bits=\"9\"",
		  true,
		  true,
		  { true, false },
		  { 15, 9 } },
		{ "permessage-deflate; server_max_window_bits=16",
		  false,
		  false,
		  { false, false },
		  { 15, 15 } },
		{ "x-webkit-deflate-frame", false, false, { false, false }, { 15, 15 } },
		{ "permessage-deflate, mux", false, false, { false, false }, { 15, 15 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ws_deflate d[2];

		assert_int_equal(ws_extensions(sv_of(rows[i].value), d), rows[i].fine);
		if (!rows[i].fine)
			continue;
		for (int from = 0; from < 2; from++) {
			assert_int_equal(d[from].on, rows[i].on);
			assert_int_equal(d[from].no_takeover, rows[i].alone[from]);
			assert_int_equal(d[from].window_bits, rows[i].bits[from]);
			assert_false(d[from].unknown);
		}
	}
}

static void test_plausible(void **state)
{
	(void)state;
	assert_true(wsframe_bits(VECTOR(client), WS_FROM_CLIENT) >= WSFRAME_LIKELY);
	assert_true(wsframe_bits(VECTOR(server), WS_FROM_SERVER) >= WSFRAME_LIKELY);
	assert_true(wsframe_bits(VECTOR(client_takeover), WS_FROM_CLIENT) >= WSFRAME_LIKELY);
	assert_true(wsframe_bits(VECTOR(server_takeover), WS_FROM_SERVER) >= WSFRAME_LIKELY);
	assert_int_equal(wsframe_bits(VECTOR(client), WS_FROM_SERVER), -1);
	assert_int_equal(wsframe_bits(VECTOR(server), WS_FROM_CLIENT), -1);
	assert_int_equal(wsframe_bits(SV("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), WS_FROM_CLIENT), -1);
	assert_int_equal(wsframe_bits(SV("{\"jsonrpc\":\"2.0\"}\n"), WS_FROM_SERVER), -1);
	assert_int_equal(wsframe_bits(SV("\0\0\0\4\1\0\0\0\0\0\0\0\4\1\0\0\0\0"), WS_FROM_SERVER),
			 -1);
	assert_int_equal(wsframe_bits(SV(""), WS_FROM_SERVER), -1);
	/* A length of random bytes proves nothing; one of zeros does. */
	assert_int_equal(wsframe_bits(SV("\x00\x7f\x12\x34\x56\x78\x9a\xbc\xde\xf0..."),
				      WS_FROM_SERVER),
			 -1);
	assert_true(wsframe_bits(SV("\x81\x7f\0\0\0\0\0\1\0\0{"), WS_FROM_SERVER) >=
		    WSFRAME_ENOUGH);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_at_every_cut),
		cmocka_unit_test(test_streams_at_every_cut),
		cmocka_unit_test(test_gap_anywhere),
		cmocka_unit_test(test_lost_frames),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_long_messages),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_plausible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
