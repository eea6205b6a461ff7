// SPDX-License-Identifier: Apache-2.0
/* HTTP that nobody claims: what its call says, and which rule lets it through. */
#include "reader/web.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

#define SEC 1000000000ull

static void on_call(void *ctx, struct call *c)
{
	struct notes *n = ctx;

	note(n, "%s %.*s %.*s%.*s:%u %u", c->role == CALL_SERVER ? "server" : "client",
	     SV_ARG(c->http.method), SV_ARG(c->server_address), SV_ARG(c->http.path),
	     c->server_port, c->status);
	if (c->http.request_size.set)
		note(n, " sent %lld", (long long)c->http.request_size.v);
	if (c->http.response_size.set)
		note(n, " got %lld", (long long)c->http.response_size.v);
	if (c->error_type.len)
		note(n, " error=%.*s", SV_ARG(c->error_type));
	if (c->http.grpc_method.len)
		note(n, " grpc=%.*s", SV_ARG(c->http.grpc_method));
	if (c->http.grpc_status.set)
		note(n, "/%lld", (long long)c->http.grpc_status.v);
	if (c->closed.code.set)
		note(n, " closed=%lld", (long long)c->closed.code.v);
	if (c->closed.by)
		note(n, " by=%s", c->closed.by);
	for (unsigned int i = 0; i < CALL_LOSS_COUNT; i++) {
		if (c->loss & (1u << i))
			note(n, " lost:%s", call_loss_name((enum call_loss_bit)i));
	}
	note(n, " %llu-%llu;", (unsigned long long)(c->t_start / SEC),
	     (unsigned long long)(c->t_end / SEC));
	call_free(c);
}

static struct exchange an_exchange(void)
{
	struct exchange ex = { .tgid = 7,
			       .method = SV("GET"),
			       .target = SV("/a/b?token=secret"),
			       .status = 200,
			       .outcome = EX_DONE,
			       .tls = true };

	ex.msg[EX_REQUEST] = (struct ex_message){
		.head_seen = true, .complete = true, .t_first = SEC, .t_end = SEC
	};
	ex.msg[EX_RESPONSE] = (struct ex_message){ .head_seen = true,
						   .complete = true,
						   .wire_bytes = 5,
						   .t_first = 2 * SEC,
						   .t_end = 3 * SEC };
	ex.msg[EX_REQUEST].header[EX_H_HOST] = SV("api.test");
	return ex;
}

static void check(struct exchange *ex, const char *want)
{
	struct notes n = { .len = 0 };
	struct web_options opt = { .fn = on_call, .ctx = &n };
	struct web *w;
	bool claimed = ex->claimed;

	assert_int_equal(web_new(&w, &opt), 0);
	web_exchange_ops.begin(w, ex);
	web_exchange_ops.end(w, ex, 4 * SEC);
	assert_string_equal(n.text, want);
	assert_int_equal(web_stats(w)->calls, want[0] != '\0');
	assert_true(ex->claimed == (claimed || want[0]));
	web_free(w);
}

static void test_calls(void **state)
{
	struct exchange ex = an_exchange();

	(void)state;
	check(&ex, "client GET api.test/a/b:443 200 sent 0 got 5 1-3;");
	ex = an_exchange();
	ex.claimed = true;
	check(&ex, "");
	ex = an_exchange();
	ex.target = SV("http://user:REDACTED@api.test:81/x#y");
	ex.status = 404;
	check(&ex, "client GET api.test/x:443 404 sent 0 got 5 error=404 1-3;");
	ex.role = EX_SERVER;
	ex.claimed = false;
	check(&ex, "server GET api.test/x:443 404 sent 0 got 5 1-3;");
	ex = an_exchange();
	ex.outcome = EX_CUT;
	ex.status = 0;
	ex.msg[EX_RESPONSE] = (struct ex_message){ .gapped = true, .lost = 10 };
	check(&ex, "client GET api.test/a/b:443 0 sent 0 error=connection_reset lost:gap 1-4;");
	ex = an_exchange();
	ex.msg[EX_REQUEST] = (struct ex_message){ .gapped = false };
	ex.method = ex.target = SV("");
	check(&ex, "client  :0 200 got 5 lost:joined_late 2-3;");
}

static void test_websocket(void **state)
{
	struct exchange ex = an_exchange();

	(void)state;
	ex.status = 101;
	ex.msg[EX_REQUEST].kind = ex.msg[EX_RESPONSE].kind = EX_WEBSOCKET;
	ex.close.seen = true;
	ex.close.first = EX_REQUEST;
	ex.close.code = 1000;
	check(&ex, "client GET api.test/a/b:443 101 sent 0 got 5 closed=1000 by=client 1-3;");
	ex.claimed = ex.close.seen = false;
	check(&ex, "client GET api.test/a/b:443 101 sent 0 got 5 1-3;");
}

static void test_grpc(void **state)
{
	struct exchange ex = an_exchange();

	(void)state;
	ex.target = SV("/pkg.Service/Method");
	ex.msg[EX_REQUEST].header[EX_H_CONTENT_TYPE] = SV("application/grpc+proto");
	ex.msg[EX_RESPONSE].header[EX_H_GRPC_STATUS] = SV("14");
	check(&ex, "client GET api.test/pkg.Service/Method:443 200 sent 0 got 5 error=14 "
		   "grpc=pkg.Service/Method/14 1-3;");
}

/* The first rule that fits; a rate is kept to, and by the same exchanges each time. */
static void test_sampling(void **state)
{
	struct web_rule some[] = { { SV("no.test"), 0 }, { SV("*.test"), 0.25 } };
	struct notes n = { .len = 0 };
	struct web_options opt = { .rules = some, .rule_count = 2, .fn = on_call, .ctx = &n };
	uint64_t chosen[2] = { 0 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct web *w;

		assert_int_equal(web_new(&w, &opt), 0);
		for (uint64_t i = 0; i < 4000; i++) {
			struct exchange ex = an_exchange();
			uint64_t before = web_stats(w)->calls;

			ex.number = i;
			if (i >= 2000)
				ex.msg[EX_REQUEST].header[EX_H_HOST] = SV("NO.test:80");
			web_exchange_ops.end(w, &ex, 4 * SEC);
			notes_reset(&n);
			chosen[round] += (web_stats(w)->calls - before) * (i + 1);
		}
		assert_in_range(web_stats(w)->calls, 400, 600);
		assert_int_equal(web_stats(w)->calls + web_stats(w)->sampled_out, 4000);
		web_free(w);
	}
	assert_true(chosen[0] == chosen[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_websocket),
		cmocka_unit_test(test_grpc),
		cmocka_unit_test(test_sampling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
