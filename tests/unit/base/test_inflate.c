// SPDX-License-Identifier: Apache-2.0
#include "base/inflate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "cuts.h"

#define BYTES(lit)                   \
	{                            \
		lit, sizeof(lit) - 1 \
	}
#define TEXT "data: {\"delta\":\"hello hello hello\"}\n\n"

/* brotli has no encoder in our libraries: TEXT, and 8192 times 'a', by its command. */
static const struct sv br_text =
	BYTES("\x1b\x24\x00\x00\x04\x1c\x72\x7e\xa1\x76\xc1\x58\x5b\xb0\x01\x07\x0e"
	      "\x09\x66\x6d\x72\x7a\xc7\xc9\xc8\xb2\x66\x62\xd6\x6a\xfc\x53\x1e\x00");
static const struct sv br_8192 = BYTES("\x1b\xff\x1f\x00\x24\xc2\xe2\xb1\x40\x72\x2f\x00\x00");

struct run {
	char *out;
	size_t len;
	int stop_with;
	struct inflate *z;
	int err;
};

static int take(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	assert_true(piece.len > 0);
	if (r->out)
		memcpy(r->out + r->len, piece.p, piece.len);
	r->len += piece.len;
	return r->stop_with;
}

static int new (struct run *r, enum inflate_coding coding, uint64_t bytes, uint32_t ratio)
{
	struct inflate_limits limits = { bytes, ratio, INFLATE_WINDOW };

	return inflate_new(&r->z, coding, &limits, take, r);
}

static void feed(void *parser, struct sv piece)
{
	struct run *r = parser;
	int err = inflate_feed(r->z, piece);

	if (r->err)
		assert_int_equal(err, r->err);
	r->err = err;
}

/* Into a static buffer: window bits choose zlib (15), raw (-15) or gzip (31). */
static struct sv deflated(struct sv in, int window_bits)
{
	static char out[1 << 16];
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.len;
	z.next_out = (Bytef *)out;
	z.avail_out = sizeof(out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (struct sv){ out, sizeof(out) - z.avail_out };
}

static struct sv zstandard(struct sv in)
{
	static char out[1 << 16];
	size_t len = ZSTD_compress(out, sizeof(out), in.p, in.len, 3);

	assert_false(ZSTD_isError(len));
	return (struct sv){ out, len };
}

static struct sv joined(struct sv a, struct sv b)
{
	static char out[1 << 16];

	memcpy(out, a.p, a.len);
	memcpy(out + a.len, b.p, b.len);
	return (struct sv){ out, a.len + b.len };
}

/* Feeds in by every plan; the result is the same each time. */
static void check(enum inflate_coding coding, struct sv in, const char *want, int want_end)
{
	char out[4 * sizeof(TEXT)];

	for (size_t plan = 0; plan < cut_plans(in); plan++) {
		struct run r = { .out = out };

		assert_int_equal(new (&r, coding, sizeof(out), 0), 0);
		cut_feed(feed, &r, in, plan);
		assert_int_equal(inflate_end(r.z), want_end);
		if (want) {
			assert_int_equal(r.len, strlen(want));
			assert_memory_equal(out, want, r.len);
		}
		inflate_free(r.z);
	}
}

static void test_each_coding_at_every_cut(void **state)
{
	(void)state;
	check(INFLATE_IDENTITY, SV(TEXT), TEXT, 0);
	check(INFLATE_GZIP, deflated(SV(TEXT), 31), TEXT, 0);
	check(INFLATE_DEFLATE, deflated(SV(TEXT), 15), TEXT, 0);
	check(INFLATE_DEFLATE, deflated(SV(TEXT), -15), TEXT, 0);
	check(INFLATE_BR, br_text, TEXT, 0);
	check(INFLATE_ZSTD, zstandard(SV(TEXT)), TEXT, 0);
}

static void test_members_and_padding(void **state)
{
	char none[64];
	struct sv gz, zs;
	size_t none_len;

	(void)state;
	gz = deflated(SV(""), 31);
	none_len = gz.len;
	memcpy(none, gz.p, none_len);
	gz = deflated(SV(TEXT), 31);
	check(INFLATE_GZIP, joined(gz, gz), TEXT TEXT, 0);
	check(INFLATE_GZIP, joined(gz, SV("\0\0\0\0")), TEXT, 0);
	check(INFLATE_GZIP, joined(gz, SV("junk behind")), TEXT, 0);
	check(INFLATE_GZIP, joined(gz, (struct sv){ none, none_len }), TEXT, 0);
	check(INFLATE_GZIP, joined(gz, SV("\x1f\x8b\x08")), TEXT, -EAGAIN);
	zs = zstandard(SV(TEXT));
	check(INFLATE_ZSTD, joined(zs, zs), TEXT TEXT, 0);
	check(INFLATE_ZSTD, joined(zs, SV("junk behind")), TEXT, 0);
	check(INFLATE_ZSTD, joined(SV("\x50\x2a\x4d\x18\x02\x00\x00\x00xx"), zs), TEXT, 0);
	check(INFLATE_BR, joined(br_text, SV("junk behind")), TEXT, 0);
	check(INFLATE_DEFLATE, joined(deflated(SV(TEXT), 15), SV("junk")), TEXT, 0);
}

static void test_empty_and_cut_short(void **state)
{
	static const enum inflate_coding all[] = { INFLATE_GZIP, INFLATE_DEFLATE, INFLATE_BR,
						   INFLATE_ZSTD };
	struct sv in[4];

	(void)state;
	in[1] = deflated(SV(TEXT), -15);
	check(INFLATE_DEFLATE, sv_cut(in[1], 1), "", -EAGAIN);
	check(INFLATE_DEFLATE, sv_cut(in[1], in[1].len - 1), NULL, -EAGAIN);
	in[0] = deflated(SV(TEXT), 31);
	check(INFLATE_GZIP, sv_cut(in[0], in[0].len - 9), NULL, -EAGAIN);
	check(INFLATE_GZIP, sv_cut(in[0], in[0].len - 1), TEXT, -EAGAIN);
	check(INFLATE_BR, sv_cut(br_text, br_text.len - 5), NULL, -EAGAIN);
	in[3] = zstandard(SV(TEXT));
	check(INFLATE_ZSTD, sv_cut(in[3], in[3].len - 1), NULL, -EAGAIN);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(all[i], SV(""), "", 0);
}

static void test_broken(void **state)
{
	char bad[512];
	struct sv gz = deflated(SV(TEXT), 31);

	(void)state;
	check(INFLATE_GZIP, SV("no gzip at all, but long"), "", -EBADMSG);
	check(INFLATE_DEFLATE, SV("\xff\xff\xff\xff"), "", -EBADMSG);
	check(INFLATE_BR, SV("\xff\xff\xff\xff\xff\xff\xff\xff"), "", -EBADMSG);
	check(INFLATE_ZSTD, SV("no zstd at all, but long"), "", -EBADMSG);
	/* A frame as the library wrote them before its format was a standard (version 0.7). */
	check(INFLATE_ZSTD, SV("\x27\xb5\x2f\xfd\x00\x00\x01\x00\x00"), "", -EBADMSG);
	/* The check sum. */
	memcpy(bad, gz.p, gz.len);
	bad[gz.len - 6] ^= 1;
	check(INFLATE_GZIP, (struct sv){ bad, gz.len }, TEXT, -EBADMSG);
	/* A window of 16 MiB. */
	check(INFLATE_ZSTD, SV("\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00"), "", -EFBIG);
}

static void test_output_as_it_comes(void **state)
{
	static char out[1024];
	struct run r = { .out = out };
	z_stream z = { 0 };
	char wire[256];

	(void)state;
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(new (&r, INFLATE_GZIP, sizeof(out), 0), 0);
	for (size_t i = 1; i <= 5; i++) {
		z.next_in = (Bytef *)(uintptr_t)TEXT;
		z.avail_in = sizeof(TEXT) - 1;
		z.next_out = (Bytef *)wire;
		z.avail_out = sizeof(wire);
		assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
		feed(&r, (struct sv){ wire, sizeof(wire) - z.avail_out });
		assert_int_equal(r.len, i * (sizeof(TEXT) - 1));
	}
	deflateEnd(&z);
	inflate_free(r.z);
}

static void test_limit(void **state)
{
	static char big[8192];
	struct {
		enum inflate_coding coding;
		struct sv in;
	} in[] = { { INFLATE_IDENTITY, { big, sizeof(big) } },
		   { INFLATE_GZIP, SV_NONE },
		   { INFLATE_BR, br_8192 },
		   { INFLATE_ZSTD, SV_NONE } };

	(void)state;
	memset(big, 'a', sizeof(big));
	in[1].in = deflated(in[0].in, 31);
	in[3].in = zstandard(in[0].in);
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		for (uint64_t limit = sizeof(big) - 1; limit <= sizeof(big); limit++) {
			struct run r = { 0 };

			assert_int_equal(new (&r, in[i].coding, limit, 0), 0);
			cut_piece(feed, &r, in[i].in);
			assert_int_equal(r.err, limit < sizeof(big) ? -E2BIG : 0);
			assert_int_equal(r.len, limit);
			assert_int_equal(inflate_end(r.z), limit < sizeof(big) ? -E2BIG : 0);
			inflate_free(r.z);
		}
	}
}

static void test_ratio_counts_from_one_mib_on(void **state)
{
	enum { MIB = 1 << 20 };
	char *big = calloc(3, MIB);
	struct sv gz = deflated((struct sv){ big, MIB }, 31);
	struct run r = { 0 };

	(void)state;
	assert_int_equal(new (&r, INFLATE_GZIP, UINT64_MAX, 10), 0);
	cut_piece(feed, &r, gz);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.len, MIB);
	cut_piece(feed, &r, gz);
	assert_int_equal(r.err, -E2BIG);
	assert_int_equal(r.len, MIB);
	inflate_free(r.z);

	r = (struct run){ 0 };
	gz = deflated((struct sv){ big, 3 * MIB }, 31);
	assert_int_equal(new (&r, INFLATE_GZIP, UINT64_MAX, 2000), 0);
	cut_piece(feed, &r, gz);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.len, 3 * MIB);
	inflate_free(r.z);
	free(big);
}

/* The output of a command of Debian's, fed from a file of len bytes; false: there is none. */
static bool from_command(const char *command, const char *in, size_t len, char *out,
			 size_t *ret_len)
{
	char line[256], name[] = "/tmp/test_inflate.XXXXXX";
	int fd = mkstemp(name);
	FILE *p;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, in, len), len);
	close(fd);
	snprintf(line, sizeof(line), "%s < %s 2>/dev/null", command, name);
	p = popen(line, "r");
	assert_non_null(p);
	*ret_len = fread(out, 1, len, p);
	unlink(name);
	return pclose(p) == 0 && *ret_len;
}

/* The most that is held between pieces, and the most of all. */
struct held {
	uint64_t between, peak;
};

static void feed_measured(struct run *r, struct sv in, struct held *h)
{
	uint64_t held;

	feed(r, in);
	held = inflate_held(r->z, &h->peak);
	h->between = held > h->between ? held : h->between;
}

static void print_memory(const char *what, uint64_t window, const struct held *h)
{
	print_message("%-28s %5zd KiB beside the window, %5zd for a moment\n", what,
		      ((ssize_t)h->between - (ssize_t)window) / 1024,
		      ((ssize_t)h->peak - (ssize_t)window) / 1024);
}

/* What decoders take, with windows of all sizes: the figures in inflate.h are these. */
static void test_memory(void **state)
{
	enum { LEN = 12 << 20 };
	static const struct {
		const char *command;
		enum inflate_coding coding;
		uint64_t window; /* declared */
	} rows[] = {
		{ "gzip -6", INFLATE_GZIP, 32 << 10 },
		/* Its fast modes take no smaller window than this. */
		{ "brotli -c -q 1 --lgwin=18", INFLATE_BR, 256 << 10 },
		{ "brotli -c -q 5 --lgwin=22", INFLATE_BR, 4 << 20 },
		{ "brotli -c -q 5 --lgwin=23", INFLATE_BR, 8 << 20 },
		{ "brotli -c -q 5 --lgwin=24", INFLATE_BR, 16 << 20 },
		{ "zstd -c -3", INFLATE_ZSTD, 2 << 20 },
		{ "zstd -c -3 --zstd=wlog=23", INFLATE_ZSTD, 8 << 20 },
		{ "zstd -c -3 --zstd=wlog=24", INFLATE_ZSTD, 16 << 20 },
	};
	char *in = malloc(LEN), *out = malloc(LEN);
	uint32_t n = 1;

	(void)state;
	/* Words of a small alphabet: they shrink to a third or so, and fill every window. */
	for (size_t i = 0; i < LEN; i++) {
		n = n * 1664525u + 1013904223u;
		in[i] = "etaoin shrdlu{}\":,"[(n >> 24) % 18];
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct inflate_limits limits = { UINT64_MAX, 0, INFLATE_WINDOW };
		uint64_t most = inflate_most(rows[i].coding, INFLATE_WINDOW);
		struct run r = { 0 };
		struct held h = { 0 };
		size_t len;

		if (!from_command(rows[i].command, in, LEN, out, &len)) {
			print_message("skipped: %s\n", rows[i].command);
			continue;
		}
		assert_int_equal(inflate_new(&r.z, rows[i].coding, &limits, take, &r), 0);
		for (size_t at = 0; at < len; at += 16384)
			feed_measured(&r, sv_cut((struct sv){ out + at, len - at }, 16384), &h);
		if (rows[i].window > INFLATE_WINDOW) {
			assert_int_equal(r.err, -EFBIG);
			assert_true(h.peak <= most);
		} else {
			print_memory(rows[i].command, rows[i].window, &h);
			assert_int_equal(inflate_end(r.z), 0);
			assert_int_equal(r.len, LEN);
			assert_true(h.peak <= inflate_most(rows[i].coding, rows[i].window));
			assert_true(h.between <= rows[i].window + INFLATE_TABLES);
		}
		assert_int_equal(inflate_held(r.z, NULL), 0);
		inflate_free(r.z);
	}
	free(in);
	free(out);
}

/* A piece as it is, flushed (RFC 7932 section 9.2); the first stands behind the window's size. */
static struct sv br_piece(char *to, unsigned int lgwin, size_t len)
{
	uint32_t bits = ((uint32_t)len - 1) << 3 | 1u << 19;

	if (lgwin)
		bits = bits << 4 | (lgwin - 17) << 1 | 1;
	for (int i = 0; i < 3; i++)
		to[i] = (char)(bits >> 8 * i);
	memset(to + 3, 'x', len);
	return (struct sv){ to, 3 + len };
}

/*
 * Streams of small pieces, as they are flushed: windows fill up slowly, and all that is allowed
 * can be used. Nothing is held before the first byte, nor behind the end.
 */
static void test_memory_of_streams(void **state)
{
	enum { PIECE = 48000, LEN = 12 << 20 };
	char *text = malloc(PIECE), *piece = malloc(2 * PIECE);

	(void)state;
	memset(text, 'y', PIECE);
	for (unsigned int lgwin = 18; lgwin <= 24; lgwin++) {
		struct inflate_limits limits = { UINT64_MAX, 0, INFLATE_WINDOW };
		bool fits = 1u << lgwin <= INFLATE_WINDOW;
		struct run r = { 0 };
		struct held h = { 0 };

		assert_int_equal(inflate_new(&r.z, INFLATE_BR, &limits, take, &r), 0);
		assert_int_equal(inflate_held(r.z, NULL), 0);
		for (size_t n = 0; n < LEN; n += PIECE)
			feed_measured(&r, br_piece(piece, n ? 0 : lgwin, PIECE), &h);
		assert_int_equal(r.err, fits ? 0 : -EFBIG);
		assert_true(h.peak <= inflate_most(INFLATE_BR, limits.window));
		if (fits) {
			print_memory("br, flushed", 1u << lgwin, &h);
			assert_true(h.between <= (1u << lgwin) + INFLATE_TABLES / 8);
			feed_measured(&r, SV("\x03"), &h);
			assert_int_equal(inflate_end(r.z), 0);
		}
		assert_int_equal(inflate_held(r.z, NULL), 0);
		inflate_free(r.z);
	}
	for (int log = 17; log <= 23; log += 3) {
		struct inflate_limits limits = { UINT64_MAX, 0, INFLATE_WINDOW };
		ZSTD_CCtx *c = ZSTD_createCCtx();
		struct run r = { 0 };
		struct held h = { 0 };

		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, log);
		assert_int_equal(inflate_new(&r.z, INFLATE_ZSTD, &limits, take, &r), 0);
		assert_int_equal(inflate_held(r.z, NULL), 0);
		for (size_t n = 0; n <= LEN; n += PIECE) {
			ZSTD_inBuffer from = { text, PIECE, 0 };
			ZSTD_outBuffer to = { piece, 2 * PIECE, 0 };
			bool last = n + PIECE > LEN;

			assert_int_equal(ZSTD_compressStream2(c, &to, &from,
							      last ? ZSTD_e_end : ZSTD_e_flush),
					 0);
			feed_measured(&r, (struct sv){ piece, to.pos }, &h);
		}
		print_memory("zstd, flushed", 1u << log, &h);
		assert_true(h.peak <= (1u << log) + INFLATE_TABLES);
		assert_int_equal(inflate_end(r.z), 0);
		assert_int_equal(inflate_held(r.z, NULL), 0);
		inflate_free(r.z);
		ZSTD_freeCCtx(c);
	}
	free(text);
	free(piece);
}

static void test_callback_stops(void **state)
{
	struct run r = { .stop_with = -ECANCELED };

	(void)state;
	assert_int_equal(new (&r, INFLATE_GZIP, 100, 0), 0);
	cut_piece(feed, &r, deflated(SV(TEXT), 31));
	assert_int_equal(r.err, -ECANCELED);
	assert_int_equal(inflate_end(r.z), -ECANCELED);
	inflate_free(r.z);
	inflate_free(NULL);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(inflate_coding_of(SV("gzip")), INFLATE_GZIP);
	assert_int_equal(inflate_coding_of(SV(" X-GZip\t")), INFLATE_GZIP);
	assert_int_equal(inflate_coding_of(SV("DEFLATE")), INFLATE_DEFLATE);
	assert_int_equal(inflate_coding_of(SV("br")), INFLATE_BR);
	assert_int_equal(inflate_coding_of(SV("zstd")), INFLATE_ZSTD);
	assert_int_equal(inflate_coding_of(SV("")), INFLATE_IDENTITY);
	assert_int_equal(inflate_coding_of(SV_NONE), INFLATE_IDENTITY);
	assert_int_equal(inflate_coding_of(SV("identity")), INFLATE_IDENTITY);
	assert_int_equal(inflate_coding_of(SV("compress")), INFLATE_UNKNOWN);
	assert_int_equal(inflate_new(NULL, INFLATE_UNKNOWN, NULL, take, NULL), -ENOTSUP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_coding_at_every_cut),
		cmocka_unit_test(test_members_and_padding),
		cmocka_unit_test(test_empty_and_cut_short),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_output_as_it_comes),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_ratio_counts_from_one_mib_on),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_of_streams),
		cmocka_unit_test(test_callback_stops),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
