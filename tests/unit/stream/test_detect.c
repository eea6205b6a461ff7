// SPDX-License-Identifier: Apache-2.0
#include "stream/detect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

#define IN(lit)                      \
	{                            \
		lit, sizeof(lit) - 1 \
	}

/* need: bytes that have to be there; with fewer the answer is to wait, or known to be unknown. */
static const struct {
	struct sv in;
	enum detect want;
	size_t need;
} cases[] = {
	{ IN("GET / HTTP/1.1"), DETECT_HTTP1_REQUEST, 5 },
	{ IN("POST /v1/messages HTTP/1.1"), DETECT_HTTP1_REQUEST, 6 },
	{ IN("OPTIONS * HTTP/1.1"), DETECT_HTTP1_REQUEST, 9 },
	{ IN("GET http://h/ HTTP/1.1"), DETECT_HTTP1_REQUEST, 5 },
	{ IN("CONNECT h:443 HTTP/1.1"), DETECT_HTTP1_REQUEST, 9 },
	{ IN("\r\n\nGET / HTTP/1.1"), DETECT_HTTP1_REQUEST, 8 },
	{ IN("PROPFIND / HTTP/1.1"), DETECT_HTTP1_REQUEST, 10 },
	{ IN("HTTP/1.1 200 OK"), DETECT_HTTP1_RESPONSE, 7 },
	{ IN("HTTP/1.0 200 OK"), DETECT_HTTP1_RESPONSE, 7 },
	{ IN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), DETECT_HTTP2_CLIENT, 16 },
	{ IN("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03"), DETECT_HTTP2_SERVER, 9 },
	{ IN("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), DETECT_TLS, 6 },
	{ IN("\x16\x03\x03\x00\x7a\x02\x00\x00\x76"), DETECT_TLS, 6 },
	{ IN("HTTP/2 200"), DETECT_UNKNOWN, 6 },
	{ IN("GET HTTP/1.1"), DETECT_HTTP1_REQUEST, 5 },
	{ IN("GETPOST / HTTP/1.1\r\n"), DETECT_HTTP1_LINE, 20 },
	{ IN("GETPOST / HTTP/1.1\n"), DETECT_HTTP1_LINE, 19 },
	{ IN("BREW /pot?a=b HTTP/1.0\r\nHost: a\r\n"), DETECT_HTTP1_LINE, 24 },
	{ IN("M-SEARCH * HTTP/1.1\r\nHost: a\r\n"), DETECT_HTTP1_LINE, 21 },
	{ IN("ABCDEFGHIJKLMNOPQRST / HTTP/1.1\r\n"), DETECT_HTTP1_LINE, 33 },
	{ IN("ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1\r\n"), DETECT_UNKNOWN, 21 },
	{ IN("BREW /a/path/that/is/longer/than/the/bytes/that/are/held HTTP/1.1\r\n"),
	  DETECT_HTTP1_LINE, 67 },
	{ IN("BREW / HTTP/2.0\r\n"), DETECT_UNKNOWN, 17 },
	{ IN("BREW / HTTP/1.x\r\n"), DETECT_UNKNOWN, 17 },
	{ IN("BREW / b HTTP/1.1\r\n"), DETECT_UNKNOWN, 19 },
	{ IN("BREW /\t HTTP/1.1\r\n"), DETECT_UNKNOWN, 18 },
	{ IN("BREW /\r\n"), DETECT_UNKNOWN, 8 },
	{ IN("BREW\r\n"), DETECT_UNKNOWN, 5 },
	{ IN("BREW \r\n"), DETECT_UNKNOWN, 6 },
	{ IN("EHLO there\r\n"), DETECT_UNKNOWN, 6 },
	{ IN("GET x"), DETECT_UNKNOWN, 5 },
	{ IN("GO /"), DETECT_UNKNOWN, 3 },
	{ IN("get / HTTP/1.1"), DETECT_UNKNOWN, 1 },
	{ IN("\x16\x03\x01\x02\x00\x03"), DETECT_UNKNOWN, 6 },
	{ IN("\x17\x03\x03\x00\x10"), DETECT_UNKNOWN, 1 },
	{ IN("{\"jsonrpc\":\"2.0\"}"), DETECT_UNKNOWN, 1 },
	{ IN("ABCDEFGHIJKLMNOPQRSTUVWXYZ /"), DETECT_UNKNOWN, 21 },
	{ IN("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nGET "
	     "/ "),
	  DETECT_HTTP1_REQUEST, 45 },
};

static void check(void *ctx, struct sv piece)
{
	*(enum detect *)ctx = detect(piece);
}

static void test_every_length(void **state)
{
	enum detect got = DETECT_TLS;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t n = 0; n <= cases[i].in.len; n++) {
			enum detect want = n < cases[i].need ? DETECT_MORE : cases[i].want;

			if (n >= DETECT_MAX && want == DETECT_MORE)
				want = DETECT_UNKNOWN;
			cut_piece(check, &got, sv_cut(cases[i].in, n));
			if (got != want)
				fail_msg("case %zu, %zu bytes: %d, not %d", i, n, got, want);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
