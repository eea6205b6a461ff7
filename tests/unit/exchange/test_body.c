// SPDX-License-Identifier: Apache-2.0
#include "exchange/body.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

#include "cuts.h"

struct run {
	struct notes notes;
	struct body *body;
	uint64_t bytes;
	int err;
	enum ex_kind kind;
	size_t data; /* of the event that is open */
};

static void on_kind(void *ctx, enum ex_kind kind)
{
	struct run *r = ctx;

	assert_int_equal(r->kind, EX_PLAIN);
	assert_int_equal(r->bytes, 0);
	r->kind = kind;
}

static void on_bytes(void *ctx, struct sv bytes)
{
	struct run *r = ctx;

	assert_int_equal(r->kind, EX_PLAIN);
	r->bytes += bytes.len;
	if (bytes.len < 100)
		note(&r->notes, "%.*s", SV_ARG(bytes));
}

/* "[type:length]", or the data itself when it is short. */
static void on_event(void *ctx, const struct ex_event *ev)
{
	struct run *r = ctx;

	assert_int_not_equal(r->kind, EX_PLAIN);
	if (!ev->cont)
		note(&r->notes, "[%.*s:", SV_ARG(ev->type));
	r->data = ev->cont ? r->data + ev->data.len : ev->data.len;
	if (!ev->cont && !ev->more && ev->data.len < 40)
		note(&r->notes, "%.*s%s]", SV_ARG(ev->data), ev->truncated ? "+" : "");
	else if (!ev->more)
		note(&r->notes, "%zu%s]", r->data, ev->truncated ? "+" : "");
}

static const struct body_sink sink = { on_kind, on_bytes, on_event };
static const struct body_limits limits = {
	.bytes = 4 << 20, .ratio = 500, .event = 9000, .window = INFLATE_WINDOW
};

static void feed(void *parser, struct sv piece)
{
	struct run *r = parser;

	r->err = body_feed(r->body, piece);
}

static int begin(struct run *r, const char *content, const char *transfer, const char *type)
{
	struct body_head head = {
		.content_type = sv_of(type),
		.codings = { sv_of(content), sv_of(transfer) },
		.answer = true,
	};

	*r = (struct run){ 0 };
	return body_new(&r->body, &head, &limits, &sink, r);
}

static struct sv gzip(struct sv in)
{
	static char out[1 << 16];
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.len;
	z.next_out = (Bytef *)out;
	z.avail_out = sizeof(out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (struct sv){ out, sizeof(out) - z.avail_out };
}

static void test_codings(void **state)
{
	static const struct {
		const char *content, *transfer;
		int want;
	} cases[] = {
		{ "", "", 0 },
		{ "identity", NULL, 0 },
		{ "gzip", "chunked", 0 },
		{ NULL, "gzip, Chunked", 0 },
		{ "br,zstd", "", 0 },
		{ "deflate", "gzip, chunked", 0 },
		{ "compress", "", -ENOTSUP },
		{ "gzip, br, zstd", "", -ENOTSUP },
		{ "gzip, br", "deflate, chunked", -ENOTSUP },
		{ ", gzip ,", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run r;

		assert_int_equal(begin(&r, cases[i].content, cases[i].transfer, "text/plain"),
				 cases[i].want);
		body_free(r.body);
	}
}

static void test_transfer_coding_is_undone_first(void **state)
{
	char z[256];
	uLongf z_len = sizeof(z);
	struct run r;
	struct sv in;

	(void)state;
	assert_int_equal(compress((Bytef *)z, &z_len, (const Bytef *)"hello", 5), Z_OK);
	in = gzip((struct sv){ z, z_len });
	for (size_t plan = 0; plan < cut_plans(in); plan++) {
		assert_int_equal(begin(&r, "deflate", "gzip, chunked", NULL), 0);
		cut_feed(feed, &r, in, plan);
		assert_int_equal(body_end(r.body, true), 0);
		assert_int_equal(body_tally(r.body).bytes, 5);
		assert_string_equal(r.notes.text, "hello");
		body_free(r.body);
	}
}

static void test_expansion_is_bounded(void **state)
{
	char *zeros = calloc(5, 1 << 20);
	struct sv in = gzip((struct sv){ zeros, 5 << 20 });
	struct run r;

	(void)state;
	assert_int_equal(begin(&r, "gzip", "", "image/png"), 0);
	cut_piece(feed, &r, in);
	assert_int_equal(r.err, -E2BIG);
	assert_true(r.bytes <= in.len * limits.ratio);
	assert_int_equal(body_feed(r.body, SV("more")), -E2BIG);
	assert_int_equal(body_end(r.body, true), -E2BIG);
	body_free(r.body);
	free(zeros);
}

static void test_events_of_any_length(void **state)
{
	enum { LONG = 8000 };
	static char in[3 * LONG];
	size_t len = 0;
	struct run r;

	(void)state;
	len += (size_t)sprintf(in, "event: a\ndata: 1\n\nevent: b\ndata: ");
	memset(in + len, 'x', LONG);
	len += LONG;
	len += (size_t)sprintf(in + len, "\n\nevent: c\ndata: ");
	memset(in + len, 'x', LONG + 2000);
	len += LONG + 2000;
	len += (size_t)sprintf(in + len, "\n\ndata: 2\n\n");
	for (size_t plan = 0; plan < len; plan += 501) {
		assert_int_equal(begin(&r, "", "", "text/event-stream"), 0);
		cut_feed(feed, &r, (struct sv){ in, len }, plan);
		assert_int_equal(body_end(r.body, true), 0);
		assert_string_equal(r.notes.text, "[a:1][b:8000][c:9000+][message:2]");
		assert_int_equal(body_tally(r.body).events, 4);
		body_free(r.body);
	}
}

/* One message of the event stream of AWS: no headers, payload "x" (see test_eventstream.c). */
#define AWS  "\x00\x00\x00\x11\x00\x00\x00\x00\x38\xa2\x61\x5b\x78"
#define PART "--b\r\nA: b\r\n\r\nabc\r\n"

static const struct {
	const char *type, *in;
	enum ex_kind kind;
	const char *want; /* events, or bytes */
	uint64_t events;
} kinds[] = {
	/* As announced. */
	{ "text/event-stream; charset=utf-8", "data: 1\n\n", EX_SSE, "[message:1]", 1 },
	{ "Text/Event-Stream", ": ping\n\nevent: a\ndata: 1\n\n", EX_SSE, "[a:1]", 1 },
	{ "application/x-ndjson", "{\"a\":1}\n{\"b\":2}\n", EX_JSON_LINES,
	  "[message:{\"a\":1}][message:{\"b\":2}]", 2 },
	{ "application/jsonl", "{\"a\":1}", EX_JSON_LINES, "[message:{\"a\":1}]", 1 },
	{ "application/json", "{\"a\":1}\n", EX_PLAIN, "{\"a\":1}\n", 0 },
	{ "application/json", "{\"a\":1}\n\n  \n", EX_PLAIN, "{\"a\":1}\n\n  \n", 0 },
	{ "application/json", "[{\"a\":1},\n{\"b\":2}]", EX_PLAIN, "[{\"a\":1},\n{\"b\":2}]", 0 },
	{ "application/json", "{\n  \"a\": {\n\"data:\": 1}}", EX_PLAIN,
	  "{\n  \"a\": {\n\"data:\": 1}}", 0 },
	{ "text/plain", "hello", EX_PLAIN, "hello", 0 },
	{ "multipart/form-data; boundary=b", PART PART "--b--", EX_MULTIPART, "", 2 },
	{ "multipart/form-data", PART, EX_PLAIN, PART, 0 },
	/* Not as announced. */
	{ "text/event-stream", "{\"error\":{\"code\":1}}", EX_PLAIN, "{\"error\":{\"code\":1}}",
	  0 },
	{ "text/event-stream", "\n {\"error\":1}", EX_PLAIN, "\n {\"error\":1}", 0 },
	{ "application/json", "data: {\"a\":1}\n\ndata: [DONE]\n\n", EX_SSE,
	  "[message:{\"a\":1}][message:[DONE]]", 2 },
	{ "text/plain", "event: x\ndata: 1\n\n", EX_SSE, "[x:1]", 1 },
	{ NULL, "\xef\xbb\xbf: hi\n\ndata: 1\n\n", EX_SSE, "[message:1]", 1 },
	{ NULL, "\n\nid: 1\ndata: 1\n\n", EX_SSE, "[message:1]", 1 },
	{ "application/json", "{\"a\":\"}\\\"{\"}\n{\"b\":2}\n", EX_JSON_LINES,
	  "[message:{\"a\":\"}\\\"{\"}][message:{\"b\":2}]", 2 },
	{ "text/plain", "{\"a\":1}\r\n\r\n{\"b\":2}\r\n", EX_JSON_LINES,
	  "[message:{\"a\":1}][message:{\"b\":2}]", 2 },
	{ "application/x-ndjson", "{\n  \"error\": 1\n}\n", EX_PLAIN, "{\n  \"error\": 1\n}\n", 0 },
	{ "application/vnd.amazon.eventstream", "{\"message\":\"x\"}", EX_PLAIN,
	  "{\"message\":\"x\"}", 0 },
	/* What only looks like it. */
	{ "application/json", "{\"a\":1}{\"b\":2}", EX_PLAIN, "{\"a\":1}{\"b\":2}", 0 },
	{ "text/plain", "database", EX_PLAIN, "database", 0 },
	{ "text/plain", "dat", EX_PLAIN, "dat", 0 },
	{ "text/html", "data: 1\n\n", EX_PLAIN, "data: 1\n\n", 0 },
	{ "application/json", "", EX_PLAIN, "", 0 },
};

static void test_kinds_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (int coded = 0; coded < 2; coded++) {
			struct sv in = sv_of(kinds[i].in);

			in = coded ? gzip(in) : in;
			for (size_t plan = 0; plan < cut_plans(in); plan++) {
				struct run r;

				assert_int_equal(begin(&r, coded ? "gzip" : "", "", kinds[i].type),
						 0);
				cut_feed(feed, &r, in, plan);
				assert_int_equal(body_end(r.body, true), 0);
				if (r.kind != kinds[i].kind || strcmp(r.notes.text, kinds[i].want))
					fail_msg("%s at %zu: %d, %s", kinds[i].in, plan, r.kind,
						 r.notes.text);
				assert_int_equal(body_tally(r.body).events, kinds[i].events);
				assert_int_equal(body_tally(r.body).broken, 0);
				body_free(r.body);
			}
		}
	}
}

static void test_binary_kinds(void **state)
{
	static const char aws[] = AWS "\x00\x00\x00\x00";
	static const char *const types[] = { "application/vnd.amazon.eventstream", NULL };
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		char in[17];

		memcpy(in, aws, sizeof(in));
		for (int k = 0; k < 4; k++)
			in[13 + k] = (char)(crc32(0, (const Bytef *)in, 13) >> (24 - 8 * k));
		for (size_t plan = 0; plan < 19; plan++) {
			assert_int_equal(begin(&r, "", "", types[i]), 0);
			cut_feed(feed, &r, (struct sv){ in, 17 }, plan);
			assert_int_equal(body_end(r.body, true), 0);
			assert_int_equal(r.kind, EX_EVENT_STREAM);
			assert_string_equal(r.notes.text, "[:x]");
			body_free(r.body);
		}
	}
	assert_int_equal(begin(&r, "", "", "application/grpc+proto"), 0);
	cut_piece(feed, &r, SV("\0\0\0\0\1x\0\0\0\0\0"));
	assert_int_equal(body_end(r.body, true), 0);
	assert_int_equal(r.kind, EX_GRPC);
	assert_int_equal(body_tally(r.body).events, 2);
	assert_string_equal(r.notes.text, "");
	body_free(r.body);
}

/* Bytes that nothing tells are handed on at the end, or at a gap. */
static void test_doubt_ends(void **state)
{
	struct run r;

	(void)state;
	assert_int_equal(begin(&r, "", "", "application/json"), 0);
	cut_piece(feed, &r, SV("{\"a\":"));
	assert_string_equal(r.notes.text, "");
	body_gap(r.body, 3, true);
	assert_string_equal(r.notes.text, "{\"a\":");
	cut_piece(feed, &r, SV("\ndata: 1\n\n"));
	assert_int_equal(body_end(r.body, false), 0);
	assert_string_equal(r.notes.text, "{\"a\":\ndata: 1\n\n");
	body_free(r.body);
}

/* An event that never ends, an answer in doubt: a few pages, whatever comes. */
static void test_memory_is_bounded(void **state)
{
	static const struct {
		const char *type, *start, *fill;
	} rows[] = {
		{ "text/event-stream", "data: ", "xxxxxxxxxxxxxxxx" },
		{ "text/event-stream", "", "data: x\ndata: yy\n" },
		{ "application/x-ndjson", "{\"a\":\"", "xxxxxxxxxxxxxxxx" },
		{ "application/json", "{\"a\":\"", "xxxxxxxxxxxxxxxx" },
		{ "application/vnd.amazon.eventstream",
		  "\x01\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01", "xxxxxxxxxxxxxxxx" },
		{ "multipart/form-data; boundary=b", "--b\r\n\r\n", "\r\n--\r\n--\r\n--\r\n--" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t most = 0, decoders;
		struct run r;

		assert_int_equal(begin(&r, "", "", rows[i].type), 0);
		cut_piece(feed, &r, sv_of(rows[i].start));
		for (int n = 0; n < 20000; n++) {
			size_t now = body_memory(r.body, &decoders);

			most = now > most ? now : most;
			cut_piece(feed, &r, sv_of(rows[i].fill));
			r.notes.len = 0;
		}
		assert_int_equal(decoders, 0);
		assert_true(most <= 34 << 10);
		body_end(r.body, false);
		body_free(r.body);
	}
}

static void test_what_is_needed(void **state)
{
	static const struct {
		struct body_head head;
		bool want;
	} rows[] = {
		{ { { "application/json", 16 }, { { 0 } }, false }, false },
		{ { { "application/json", 16 }, { { 0 } }, true }, true },
		{ { { "image/png", 9 }, { { 0 } }, true }, false },
		{ { { "image/png", 9 }, { { "gzip", 4 }, { 0 } }, false }, true },
		{ { { "image/png", 9 }, { { 0 }, { "chunked", 7 } }, false }, false },
		{ { { "application/grpc", 16 }, { { 0 } }, false }, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(body_needed(&rows[i].head), rows[i].want);
}

static void test_gap(void **state)
{
	struct sv in = gzip(SV("data: 1\n\n"));
	struct run r;

	(void)state;
	assert_int_equal(begin(&r, "", "", "text/event-stream"), 0);
	cut_piece(feed, &r, SV("data: 1\n\ndata: 2"));
	body_gap(r.body, 1, true);
	cut_piece(feed, &r, SV("3\n\ndata: 44\n\n"));
	assert_int_equal(body_end(r.body, true), 0);
	assert_string_equal(r.notes.text, "[message:1][message:44]");
	body_free(r.body);

	assert_int_equal(begin(&r, "gzip", "", "text/event-stream"), 0);
	cut_piece(feed, &r, sv_cut(in, 12));
	body_gap(r.body, 1, true);
	cut_piece(feed, &r, sv_skip(in, 13));
	assert_int_equal(r.err, -ENODATA);
	assert_int_equal(body_end(r.body, true), -ENODATA);
	body_free(r.body);
	body_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_transfer_coding_is_undone_first),
		cmocka_unit_test(test_expansion_is_bounded),
		cmocka_unit_test(test_events_of_any_length),
		cmocka_unit_test(test_kinds_at_every_cut),
		cmocka_unit_test(test_binary_kinds),
		cmocka_unit_test(test_doubt_ends),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_what_is_needed),
		cmocka_unit_test(test_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
