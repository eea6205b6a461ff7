// SPDX-License-Identifier: Apache-2.0
/* JSON-RPC messages of a byte stream, whole, at every cut and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cuts.h"
#include "proto/jsonrpc.h"

struct run {
	struct jsonrpc j;
	struct notes said;
	uint64_t junk;
};

static void on_begin(void *ctx, uint64_t time)
{
	struct run *r = ctx;

	(void)time;
	note(&r->said, "<");
}

static void on_piece(void *ctx, struct sv bytes)
{
	struct run *r = ctx;

	note(&r->said, "%.*s", SV_ARG(bytes));
}

static void on_end(void *ctx, bool whole, uint64_t time)
{
	struct run *r = ctx;

	(void)time;
	note(&r->said, whole ? ">" : "~>");
}

static void on_junk(void *ctx, uint64_t count)
{
	struct run *r = ctx;

	r->junk += count;
}

static const struct jsonrpc_ops ops = { on_begin, on_piece, on_end, on_junk };

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	jsonrpc_feed(&r->j, piece, 1);
}

static void check(struct sv in, const char *want, uint64_t junk)
{
	for (size_t plan = 0; plan < cut_plans(in); plan++) {
		struct run r = { .junk = 0 };

		notes_reset(&r.said);
		jsonrpc_init(&r.j, &ops, &r);
		cut_feed(feed, &r, in, plan);
		jsonrpc_close(&r.j, 2);
		assert_string_equal(r.said.text, want);
		assert_int_equal(r.junk, junk);
	}
}

static void test_lines(void **state)
{
	(void)state;
	check(SV("{\"a\":1}\n{\"b\":2}\r\n\n[1]\n"), "<{\"a\":1}><{\"b\":2}\r><[1]>", 0);
	check(SV(""), "", 0);
	check(SV("{\"cut"), "<{\"cut~>", 0);
}

static void test_framed(void **state)
{
	(void)state;
	check(SV("Content-Length: 7\r\n\r\n{\"a\":1}Content-Length: 2\r\n"
		 "Content-Type: x\r\n\r\n{}"),
	      "<{\"a\":1}><{}>", 0);
	check(SV("content-length:2\n\n{}"), "<{}>", 0);
	check(SV("Content-Length: 9\r\n\r\n{\"a\""), "<{\"a\"~>", 0);
}

/* What a server says of itself between messages is passed over, a line at a time. */
static void test_junk(void **state)
{
	(void)state;
	check(SV("listening on stdio\n{}\n"), "<{}>", 19);
	check(SV("Content-Length: x\r\n\r\n{}\n{\"a\":1}\n"), "<{\"a\":1}>", 24);
	check(SV("Cannot open display: no such\n"), "", 29);
}

static void test_header_too_long(void **state)
{
	char text[3000];
	struct run r = { .junk = 0 };

	(void)state;
	memset(text, 'C', sizeof(text));
	notes_reset(&r.said);
	jsonrpc_init(&r.j, &ops, &r);
	jsonrpc_feed(&r.j, (struct sv){ text, sizeof(text) }, 1);
	jsonrpc_feed(&r.j, SV("\n{}\n"), 1);
	assert_string_equal(r.said.text, "<{}>");
	assert_int_equal(r.junk, sizeof(text) + 1);
}

/* A gap inside a framed message is skipped exactly; else the next line is the next start. */
static void test_gap(void **state)
{
	struct run r = { .junk = 0 };

	(void)state;
	notes_reset(&r.said);
	jsonrpc_init(&r.j, &ops, &r);
	jsonrpc_feed(&r.j, SV("Content-Length: 10\r\n\r\n{\"a"), 1);
	jsonrpc_gap(&r.j, 5, 1);
	jsonrpc_feed(&r.j, SV("1}Content-Length: 2\r\n\r\n{}"), 1);
	jsonrpc_gap(&r.j, 3, 1);
	jsonrpc_feed(&r.j, SV("lost\n{\"b\":1}\n"), 1);
	jsonrpc_close(&r.j, 2);
	assert_string_equal(r.said.text, "<{\"a1}~><{}><{\"b\":1}>");
	assert_int_equal(r.junk, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines), cmocka_unit_test(test_framed),
		cmocka_unit_test(test_junk),  cmocka_unit_test(test_header_too_long),
		cmocka_unit_test(test_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
