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
};

static void on_bytes(void *ctx, struct sv bytes)
{
	struct run *r = ctx;

	r->bytes += bytes.len;
	if (bytes.len < 100)
		note(&r->notes, "%.*s", SV_ARG(bytes));
}

static void on_event(void *ctx, const struct ex_event *ev)
{
	struct run *r = ctx;

	note(&r->notes, "[%.*s:%zu%s]", SV_ARG(ev->type), ev->data.len, ev->truncated ? "+" : "");
}

static const struct body_sink sink = { on_bytes, on_event };
static const struct body_limits limits = { .bytes = 4 << 20, .ratio = 500, .event = 9000 };

static void feed(void *parser, struct sv piece)
{
	struct run *r = parser;

	r->err = body_feed(r->body, piece);
}

static int begin(struct run *r, const char *content, const char *transfer, bool sse)
{
	struct sv codings[2] = { sv_of(content), sv_of(transfer) };

	*r = (struct run){ 0 };
	return body_new(&r->body, codings, sse, &limits, &sink, r);
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

		assert_int_equal(begin(&r, cases[i].content, cases[i].transfer, false),
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
		assert_int_equal(begin(&r, "deflate", "gzip, chunked", false), 0);
		cut_feed(feed, &r, in, plan);
		assert_int_equal(body_end(r.body), 0);
		assert_int_equal(body_bytes(r.body), 5);
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
	assert_int_equal(begin(&r, "gzip", "", false), 0);
	cut_piece(feed, &r, in);
	assert_int_equal(r.err, -E2BIG);
	assert_true(r.bytes <= in.len * limits.ratio);
	assert_int_equal(body_feed(r.body, SV("more")), -E2BIG);
	assert_int_equal(body_end(r.body), -E2BIG);
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
		assert_int_equal(begin(&r, "", "", true), 0);
		cut_feed(feed, &r, (struct sv){ in, len }, plan);
		assert_int_equal(body_end(r.body), 0);
		assert_string_equal(r.notes.text, "[a:1][b:8000][c:8994+][message:1]");
		body_free(r.body);
	}
}

static void test_gap(void **state)
{
	struct sv in = gzip(SV("data: 1\n\n"));
	struct run r;

	(void)state;
	assert_int_equal(begin(&r, "", "", true), 0);
	cut_piece(feed, &r, SV("data: 1\n\ndata: 2"));
	body_gap(r.body);
	cut_piece(feed, &r, SV("3\n\ndata: 44\n\n"));
	assert_int_equal(body_end(r.body), 0);
	assert_string_equal(r.notes.text, "[message:1][message:2]");
	body_free(r.body);

	assert_int_equal(begin(&r, "gzip", "", true), 0);
	cut_piece(feed, &r, sv_cut(in, 12));
	body_gap(r.body);
	cut_piece(feed, &r, sv_skip(in, 13));
	assert_int_equal(r.err, -ENODATA);
	assert_int_equal(body_end(r.body), -ENODATA);
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
		cmocka_unit_test(test_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
