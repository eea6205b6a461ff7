// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/heard.h"

static struct conn stream(uint32_t tgid, uint64_t object, enum conn_proto proto, uint8_t source)
{
	return (struct conn){
		.tgid = tgid, .object = object, .birth = 5, .proto = proto, .source = source
	};
}

static void ends(struct heard *h, uint32_t tgid, uint64_t object, uint64_t sent, uint64_t got)
{
	const struct es_close c = { .head.tgid = tgid,
				    .stream = { .object = object, .birth = 5 },
				    .passed = { sent, got } };

	heard_close(h, &c);
}

static void test_plain(void **state)
{
	const struct conn a = stream(7, 1, CONN_HTTP1, ES_SRC_SOCKET),
			  b = stream(7, 2, CONN_HTTP2, ES_SRC_SOCKET),
			  tls = stream(7, 3, CONN_TLS, ES_SRC_SOCKET),
			  read = stream(7, 4, CONN_HTTP1, ES_SRC_TLS),
			  other = stream(8, 1, CONN_WEBSOCKET, ES_SRC_SOCKET);
	struct heard *h;
	struct heard_sum s;

	(void)state;
	assert_int_equal(heard_new(&h), 0);
	heard_stream(h, &a);
	heard_stream(h, &a); /* its socket became known */
	heard_stream(h, &b);
	heard_stream(h, &tls);
	heard_stream(h, &read);
	heard_stream(h, &other);
	ends(h, 7, 1, 10, 200);
	ends(h, 7, 1, 10, 200); /* told twice */
	ends(h, 7, 2, 1, 2);
	ends(h, 7, 3, 1000, 1000);
	ends(h, 7, 4, 1000, 1000);
	s = heard_of(h, 7);
	assert_int_equal(s.connections, 2);
	assert_int_equal(s.bytes[0], 11);
	assert_int_equal(s.bytes[1], 202);
	s = heard_of(h, 8);
	assert_int_equal(s.connections, 1);
	assert_int_equal(s.bytes[0], 0);
	assert_int_equal(heard_of(h, 9).connections, 0);
	heard_free(h);
}

static void test_calls(void **state)
{
	const enum call_op ops[] = { CALL_CHAT, CALL_EMBEDDINGS, CALL_MCP, CALL_HTTP, CALL_HTTP };
	struct heard *h;
	struct heard_sum s;

	(void)state;
	assert_int_equal(heard_new(&h), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		const struct call c = { .id.tgid = 7, .op = ops[i] };

		heard_call(h, &c);
	}
	/* Read at the child, the client's. */
	heard_call(h, &(struct call){ .id.tgid = 8, .owner_tgid = 7, .op = CALL_MCP });
	s = heard_of(h, 7);
	assert_int_equal(s.models, 2);
	assert_int_equal(s.mcp, 2);
	assert_int_equal(s.http, 2);
	assert_int_equal(heard_of(h, 8).mcp, 0);
	heard_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
