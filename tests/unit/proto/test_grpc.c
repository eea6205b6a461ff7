// SPDX-License-Identifier: Apache-2.0
/* Messages are built by hand: five bytes of prefix, as the gRPC over HTTP/2 document has them. */
#include "proto/grpc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

#define IN              \
	"\0\0\0\0\3abc" \
	"\1\0\0\0\2zz"  \
	"\0\0\0\0\0"    \
	"\x80\0\0\0\x0dgrpc-status:0"

static void feed(void *parser, struct sv piece)
{
	grpc_feed(parser, piece);
}

static void test_at_every_cut(void **state)
{
	struct sv in = SV(IN);

	(void)state;
	for (size_t plan = 0; plan < cut_plans(in); plan++) {
		struct grpc g;

		grpc_init(&g);
		cut_feed(feed, &g, in, plan);
		assert_int_equal(g.messages, 3);
		assert_int_equal(g.bytes, 5);
		assert_int_equal(g.largest, 3);
		assert_int_equal(g.compressed, 1);
		assert_true(grpc_whole(&g));
	}
}

static void test_cut_short_and_broken(void **state)
{
	struct sv in = SV(IN);
	struct grpc g;

	(void)state;
	for (size_t len = 1; len < in.len; len++) {
		grpc_init(&g);
		cut_piece(feed, &g, sv_cut(in, len));
		assert_int_equal(grpc_whole(&g), len == 8 || len == 15 || len == 20);
	}
	grpc_init(&g);
	cut_piece(feed, &g, SV("\0\0\0\0\1x{\"error\":1}"));
	assert_true(g.broken);
	assert_int_equal(g.messages, 1);
	assert_int_equal(g.bytes, 1);
}

/* Inside a message a gap is exact; else no more is counted. */
static void test_gap_anywhere(void **state)
{
	struct sv in = SV(IN);

	(void)state;
	for (size_t at = 0; at < in.len; at++) {
		for (size_t len = 1; at + len <= in.len; len++) {
			bool inside = (at >= 5 && at + len <= 8) || (at >= 13 && at + len <= 15) ||
				      at >= 25;
			struct grpc g;

			grpc_init(&g);
			cut_piece(feed, &g, sv_cut(in, at));
			grpc_gap(&g, len);
			cut_piece(feed, &g, sv_skip(in, at + len));
			assert_int_equal(g.lost, !inside);
			assert_false(g.broken);
			if (inside) {
				assert_int_equal(g.messages, 3);
				assert_int_equal(g.bytes, 5);
			}
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_every_cut),
		cmocka_unit_test(test_cut_short_and_broken),
		cmocka_unit_test(test_gap_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
