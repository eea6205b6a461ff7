// SPDX-License-Identifier: Apache-2.0
/* Bodies after RFC 2046 section 5.1.1, its example among them. */
#include "proto/multipart.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

static const struct {
	const char *name, *boundary, *in;
	uint64_t parts, bytes;
	bool closed;
} cases[] = {
	{ "RFC 2046", "simple boundary",
	  "This is the preamble.  It is to be ignored, though it\r\n"
	  "is a handy place for composition agents to include an\r\n"
	  "explanatory note to non-MIME conformant readers.\r\n"
	  "\r\n"
	  "--simple boundary\r\n"
	  "\r\n"
	  "This is implicitly typed plain US-ASCII text.\r\n"
	  "It does NOT end with a linebreak.\r\n"
	  "--simple boundary\r\n"
	  "Content-type: text/plain; charset=us-ascii\r\n"
	  "\r\n"
	  "This is explicitly typed plain US-ASCII text.\r\n"
	  "It DOES end with a linebreak.\r\n"
	  "\r\n"
	  "--simple boundary--\r\n"
	  "\r\n"
	  "This is the epilogue.  It is also to be ignored.\r\n"
	  "--simple boundary\r\n",
	  2, 47 + 33 + 47 + 31, true },
	{ "a form", "xYz",
	  "--xYz\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
	  "--xYz\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\r\n--xY\r\r\n--xY\r\n"
	  "--xYz--\r\n",
	  2, 9 + 13, true },
	{ "empty parts, with and without a line end of their own", "b",
	  "--b\r\nA: b\r\n\r\n\r\n--b \t\r\nA: b\r\n\r\n--b\r\n\r\n--b--", 3, 0, true },
	{ "cut off", "b", "--b\r\n\r\nfour\r\n--", 1, 8, false },
	{ "a dash alone closes nothing", "b", "--b-\r\n\r\n1\r\n--b--", 1, 1, true },
	{ "no delimiter", "b", "--c\r\n\r\n1\r\n--c--", 0, 0, false },
	{ "overlapping starts", "-\r", "--\r\n--\r\n\r\n----", 0, 0, false },
};

static void feed(void *parser, struct sv piece)
{
	multipart_feed(parser, piece);
}

static void test_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sv in = sv_of(cases[i].in);

		for (size_t plan = 0; plan < cut_plans(in); plan++) {
			struct multipart m;

			assert_int_equal(multipart_init(&m, sv_of(cases[i].boundary)), 0);
			cut_feed(feed, &m, in, plan);
			if (m.parts != cases[i].parts || m.bytes != cases[i].bytes ||
			    m.closed != cases[i].closed)
				fail_msg("%s, cut %zu: %zu parts, %zu bytes", cases[i].name, plan,
					 (size_t)m.parts, (size_t)m.bytes);
		}
	}
}

/* Those before the gap and behind it are counted. */
static void test_gap_anywhere(void **state)
{
	struct sv in = sv_of(cases[0].in);
	size_t second = (size_t)(strstr(in.p, "t.\r\nIt does") - in.p);

	(void)state;
	for (size_t at = 0; at < in.len; at++) {
		for (size_t len = 1; at + len <= in.len; len += 7) {
			struct multipart m;

			multipart_init(&m, SV("simple boundary"));
			cut_piece(feed, &m, sv_cut(in, at));
			multipart_gap(&m);
			cut_piece(feed, &m, sv_skip(in, at + len));
			assert_true(m.parts <= 3); /* the last delimiter may lose its dashes */
			assert_true(m.bytes <= in.len);
			if (at + len <= second)
				assert_true(m.parts >= 1 && m.closed);
		}
	}
}

static void test_boundaries(void **state)
{
	static const struct {
		const char *type, *want;
	} rows[] = {
		{ "multipart/form-data; boundary=abc", "abc" },
		{ "multipart/form-data; Boundary=\"a b\" ; charset=x", "a b" },
		{ "multipart/related; type=\"x\";boundary = abc", "abc" },
		{ "multipart/form-data", NULL },
		{ "multipart/form-data; boundary=", NULL },
		{ "multipart/form-data; xboundary=abc", NULL },
		{ "", NULL },
	};
	char longest[MULTIPART_BOUNDARY_MAX + 1];
	struct multipart m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(sv_eq(multipart_boundary(sv_of(rows[i].type)), sv_of(rows[i].want)));
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(multipart_init(&m, (struct sv){ longest, MULTIPART_BOUNDARY_MAX }), 0);
	assert_int_equal(multipart_init(&m, (struct sv){ longest, sizeof(longest) }), -EINVAL);
	assert_int_equal(multipart_init(&m, SV("")), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_every_cut),
		cmocka_unit_test(test_gap_anywhere),
		cmocka_unit_test(test_boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
