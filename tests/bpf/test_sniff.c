// SPDX-License-Identifier: Apache-2.0
/* What the first bytes of a socket or a pipe are taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "sniff.h"

static __u64 head(const char *text, size_t len)
{
	__u64 h = 0;

	memcpy(&h, text, len < 8 ? len : 8);
	return h;
}

static void test_socket(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum sniff want;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n", 16, SNIFF_TAKE },
		{ "POST /v1", 8, SNIFF_TAKE },
		{ "HTTP/1.1 200 OK", 15, SNIFF_TAKE },
		{ "PRI * HTTP/2.0", 14, SNIFF_TAKE },
		{ "PO", 2, SNIFF_TAKE },
		{ "GETX", 4, SNIFF_SKIP },
		{ "QUERY /a HTTP/1.1", 17, SNIFF_TAKE },
		{ "TRACE * HTTP/1.1", 16, SNIFF_TAKE },
		{ "ACL http://a/", 13, SNIFF_TAKE },
		{ "SEARCH / HTTP/1.1", 17, SNIFF_TAKE },
		{ "REPORTS / HTTP/1.1", 18, SNIFF_TAKE },
		{ "PROPFIND / HTTP/1.1", 19, SNIFF_TAKE },
		{ "M-SEARCH * HTTP/1.1", 19, SNIFF_TAKE },
		{ "MKCALENDAR /", 12, SNIFF_TAKE },
		{ "QUERY /", 7, SNIFF_SKIP }, /* too short to be a request */
		{ "CONNECT a:443 HTTP/1.1", 22, SNIFF_SKIP },
		{ "AB /abcd", 8, SNIFF_SKIP },
		{ "QUERY a HTTP/1.1", 16, SNIFF_SKIP },
		{ "QUERY\0/a", 8, SNIFF_SKIP },
		{ "QUeRY /a", 8, SNIFF_SKIP },
		{ "EHLO there", 10, SNIFF_SKIP },
		{ "PING\r\nPI", 8, SNIFF_SKIP },
		{ "ABCDE\xc1GH", 8, SNIFF_SKIP },
		{ "@BCDEFGH", 8, SNIFF_SKIP },
		{ "[BCDEFGH", 8, SNIFF_SKIP },
		{ " /ABCDEF", 8, SNIFF_SKIP },
		{ "SSH-2.0-", 8, SNIFF_SKIP },
		{ "\0\0\0\x08\x04\xd2", 6, SNIFF_SKIP },
		{ "{\"jsonrp", 8, SNIFF_SKIP },
		{ "\x16\x03\x01\x02\x00\x01", 6, SNIFF_HELLO },
		{ "\x16\x03\x03\x00\x7a\x02", 6, SNIFF_SERVER },
		{ "\x16\x02\x01\x02\x00\x01", 6, SNIFF_SKIP },
		{ "\x17\x03\x03\x01\x00", 5, SNIFF_SEALED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(sniff_socket(head(rows[i].bytes, rows[i].len), rows[i].len),
				 rows[i].want);
}

static void test_stdio(void **state)
{
	(void)state;
	assert_int_equal(sniff_stdio(head("{\"jsonrp", 8)), SNIFF_TAKE);
	assert_int_equal(sniff_stdio(head("[{\"json", 7)), SNIFF_TAKE);
	assert_int_equal(sniff_stdio(head("Content-", 8)), SNIFF_TAKE);
	assert_int_equal(sniff_stdio(head("total 24", 8)), SNIFF_SKIP);
	assert_int_equal(sniff_stdio(head("", 0)), SNIFF_SKIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_stdio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
