// SPDX-License-Identifier: Apache-2.0
/* Which of a WebSocket's turns its close is told of: the one that it ended. */
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

static void on_call(void *ctx, struct call *c)
{
	struct notes *n = ctx;

	note(n, "%.*s %s", SV_ARG(c->req.model), call_outcome_name(c->outcome));
	if (c->closed.code.set)
		note(n, " %d", (int)c->closed.code.v);
	if (c->closed.by)
		note(n, " by %s", c->closed.by);
	note(n, "; ");
	call_free(c);
}

#define ASK(model) "{\"type\":\"response.create\",\"model\":\"" model "\",\"input\":\"x\"}"
#define BEGUN(id)                                                            \
	"{\"type\":\"response.created\",\"sequence_number\":0,\"response\":" \
	"{\"id\":\"" id "\",\"status\":\"in_progress\"}}"
#define DONE(id)                                                               \
	"{\"type\":\"response.completed\",\"sequence_number\":1,\"response\":" \
	"{\"id\":\"" id "\",\"status\":\"completed\"}}"

static void say(struct dialect *d, struct exchange *ex, enum ex_side side, const char *text)
{
	struct ex_event ev = { .type = SV("text"), .data = sv_of(text) };

	ev.size = ev.data.len;
	dialect_exchange_ops.event(d, ex, side, &ev, 2);
}

static void play(const struct exchange *end, const char *want)
{
	struct notes n = { .len = 0 };
	const struct dialect_options opt = { .want_content = false };
	struct exchange ex = { .tgid = 7, .tls = true, .method = SV("GET"), .status = 101 };
	struct dialect *d;

	assert_int_equal(dialect_new(&d, &opt, on_call, &n), 0);
	arena_init(&ex.arena, 1 << 20);
	ex.target = SV("/v1/responses");
	ex.msg[EX_REQUEST].head_seen = ex.msg[EX_RESPONSE].head_seen = true;
	ex.msg[EX_REQUEST].header[EX_H_HOST] = SV("api.openai.com");
	ex.msg[EX_REQUEST].header[EX_H_UPGRADE] = SV("websocket");
	dialect_exchange_ops.begin(d, &ex);
	ex.msg[EX_REQUEST].kind = ex.msg[EX_RESPONSE].kind = EX_WEBSOCKET;
	dialect_exchange_ops.req_end(d, &ex);
	dialect_exchange_ops.resp_head(d, &ex);
	say(d, &ex, EX_REQUEST, ASK("one"));
	say(d, &ex, EX_RESPONSE, BEGUN("r1"));
	say(d, &ex, EX_RESPONSE, DONE("r1"));
	say(d, &ex, EX_REQUEST, ASK("two"));
	say(d, &ex, EX_RESPONSE, BEGUN("r2"));
	ex.outcome = end->outcome;
	ex.close = end->close;
	dialect_exchange_ops.end(d, &ex, 9);
	arena_done(&ex.arena);
	dialect_free(d);
	assert_string_equal(n.text, want);
}

static void test_close(void **state)
{
	struct exchange ex = { .outcome = EX_DONE };

	(void)state;
	ex.close.seen = true;
	ex.close.first = EX_RESPONSE;
	ex.close.code = 1011;
	play(&ex, "one ok; two cut 1011 by server; ");
	ex.close.unsure = true;
	play(&ex, "one ok; two cut 1011; ");
	ex.close.unsure = false;
	ex.close.first = EX_REQUEST;
	ex.close.code = 0;
	play(&ex, "one ok; two cut by client; ");
	ex.close.seen = false;
	ex.outcome = EX_CUT;
	play(&ex, "one ok; two cut; ");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
