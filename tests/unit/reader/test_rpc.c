// SPDX-License-Identifier: Apache-2.0
/*
 * MCP and A2A off exchanges and pipes. Messages are the specifications' own examples, or what
 * their SDKs send, with names changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cuts.h"
#include "reader/rpc.h"

#define SEC 1000000000ull

struct run {
	struct rpc_reader *r;
	struct notes notes;
	uint64_t now;
	uint64_t number;
	bool quiet; /* calls are counted only */
};

static void put(struct notes *n, const char *key, struct sv s)
{
	if (s.len)
		note(n, " %s=%.*s", key, SV_ARG(s));
}

static void on_call(void *ctx, struct call *c)
{
	struct run *run = ctx;
	struct notes *n = &run->notes;

	if (run->quiet) {
		call_free(c);
		return;
	}
	note(n, "%s %s", call_op_name(c->op), c->role == CALL_SERVER ? "server" : "client");
	put(n, "method", c->mcp.method);
	put(n, "id", c->mcp.id);
	put(n, "tool", c->mcp.tool);
	put(n, "prompt", c->mcp.prompt);
	put(n, "uri", c->mcp.resource_uri);
	put(n, "session", c->mcp.session_id);
	put(n, "version", c->mcp.protocol_version);
	put(n, "peer", c->mcp.server_name);
	put(n, "agent", c->agent.name);
	put(n, "conversation", c->req.conversation_id);
	put(n, "error", c->error_type);
	put(n, "args", c->content.arguments);
	put(n, "result", c->content.result);
	for (struct call_variable *v = c->content.variables; v; v = v->next)
		note(n, " {%.*s|%.*s}", SV_ARG(v->name), SV_ARG(v->value));
	if (c->mcp.error_code.set)
		note(n, " code=%lld", (long long)c->mcp.error_code.v);
	if (c->mcp.progress)
		note(n, " progress=%lld", (long long)c->mcp.progress);
	if (c->outcome)
		note(n, " (%s)", call_outcome_name(c->outcome));
	if (c->owner_tgid)
		note(n, " owner=%u", c->owner_tgid);
	if (c->trace.set)
		note(n, " parent=%02x", c->trace.span_id[7]);
	if (c->mcp.link.set)
		note(n, " link=%02x", c->mcp.link.span_id[7]);
	for (unsigned int i = 0; i < CALL_LOSS_COUNT; i++) {
		if (c->loss & (1u << i))
			note(n, " lost:%s", call_loss_name((enum call_loss_bit)i));
	}
	note(n, " %llu-%llu\n", (unsigned long long)(c->t_start / SEC),
	     (unsigned long long)(c->t_end / SEC));
	call_free(c);
}

static void begin(struct run *run)
{
	struct rpc_options opt = { .want_content = true, .fn = on_call, .ctx = run };

	*run = (struct run){ .now = SEC };
	assert_int_equal(rpc_reader_new(&run->r, &opt), 0);
}

static void finish(struct run *run, const char *want)
{
	rpc_reader_stop(run->r, run->now);
	rpc_reader_free(run->r);
	if (strcmp(run->notes.text, want))
		fail_msg("\n%s\nwanted\n%s", run->notes.text, want);
}

/* ---- HTTP ---- */

struct web {
	struct run *run;
	struct exchange ex;
	enum ex_side side;
	bool events;
};

struct head {
	const char *method, *target, *session, *version, *trace, *mcp_method, *mcp_name;
	enum ex_role role;
	uint32_t tgid;
};

static void web_begin(struct web *w, struct run *run, const struct head *h)
{
	struct ex_message *req = &w->ex.msg[EX_REQUEST];

	*w = (struct web){ .run = run };
	w->ex.tgid = h->tgid ? h->tgid : 7;
	w->ex.number = run->number++;
	w->ex.role = h->role;
	w->ex.method = sv_of(h->method ? h->method : "POST");
	w->ex.target = sv_of(h->target ? h->target : "/mcp");
	w->ex.http_major = 1;
	w->ex.http_minor = 1;
	arena_init(&w->ex.arena, 1 << 16);
	req->head_seen = true;
	req->t_first = run->now;
	req->header[EX_H_HOST] = SV("mcp.test:8000");
	req->header[EX_H_MCP_SESSION_ID] = sv_of(h->session);
	req->header[EX_H_MCP_PROTOCOL_VERSION] = sv_of(h->version);
	req->header[EX_H_TRACEPARENT] = sv_of(h->trace);
	req->header[EX_H_MCP_METHOD] = sv_of(h->mcp_method);
	req->header[EX_H_MCP_NAME] = sv_of(h->mcp_name);
	rpc_exchange_ops.begin(run->r, &w->ex);
}

static void web_feed(void *ctx, struct sv piece)
{
	struct web *w = ctx;

	if (w->side == EX_REQUEST)
		rpc_exchange_ops.req_body(w->run->r, &w->ex, piece);
	else
		rpc_exchange_ops.resp_body(w->run->r, &w->ex, piece, w->run->now);
}

static void web_request(struct web *w, const char *body, size_t plan)
{
	struct ex_message *req = &w->ex.msg[EX_REQUEST];

	w->side = EX_REQUEST;
	if (body)
		cut_feed(web_feed, w, sv_of(body), plan % cut_plans(sv_of(body)));
	req->complete = !req->gapped;
	req->t_end = w->run->now;
	rpc_exchange_ops.req_end(w->run->r, &w->ex);
	w->run->now += SEC;
}

static void web_head(struct web *w, unsigned int status, const char *session, bool events)
{
	struct ex_message *resp = &w->ex.msg[EX_RESPONSE];

	w->ex.status = status;
	w->events = events;
	resp->head_seen = true;
	resp->t_first = w->run->now;
	resp->kind = events ? EX_SSE : EX_PLAIN;
	resp->header[EX_H_MCP_SESSION_ID] = sv_of(session);
	rpc_exchange_ops.resp_head(w->run->r, &w->ex);
}

static void web_event(struct web *w, const char *type, const char *data)
{
	struct ex_event ev = { .type = sv_of(type), .data = sv_of(data) };

	w->run->now += SEC;
	w->ex.msg[EX_RESPONSE].events++;
	rpc_exchange_ops.event(w->run->r, &w->ex, EX_RESPONSE, &ev, w->run->now);
}

static void web_answer(struct web *w, const char *body, size_t plan)
{
	w->side = EX_RESPONSE;
	w->run->now += SEC;
	cut_feed(web_feed, w, sv_of(body), plan % cut_plans(sv_of(body)));
}

static bool web_end(struct web *w, enum ex_outcome outcome)
{
	struct ex_message *resp = &w->ex.msg[EX_RESPONSE];

	w->ex.outcome = outcome;
	resp->complete = outcome == EX_DONE && !resp->gapped;
	resp->t_end = w->run->now;
	rpc_exchange_ops.end(w->run->r, &w->ex, w->run->now);
	assert_null(w->ex.user[EX_READ_RPC]);
	arena_done(&w->ex.arena);
	w->run->now += SEC;
	return w->ex.claimed;
}

/* A whole exchange with a JSON answer. */
static bool web_call(struct run *run, const struct head *h, const char *request,
		     unsigned int status, const char *session, const char *answer, size_t plan)
{
	struct web w;

	web_begin(&w, run, h);
	web_request(&w, request, plan);
	web_head(&w, status, session, false);
	if (answer)
		web_answer(&w, answer, plan);
	return web_end(&w, EX_DONE);
}

#define INIT                                                                         \
	"{\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\"," \
	"\"capabilities\":{},\"clientInfo\":{\"name\":\"me\",\"version\":\"1\"}},"   \
	"\"jsonrpc\":\"2.0\",\"id\":0}"
#define INIT_OK                                                           \
	"{\"result\":{\"protocolVersion\":\"2025-03-26\",\"serverInfo\":" \
	"{\"name\":\"weather\",\"version\":\"2\"}},\"jsonrpc\":\"2.0\",\"id\":0}"
#define CALL                                                                        \
	"{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"method\":\"tools/call\",\"params\":" \
	"{\"name\":\"geo\",\"arguments\":{\"q\":\"Paris\"}}}"
#define CALL_OK_                                                                  \
	"{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"result\":{\"content\":[{\"type\":" \
	"\"text\",\"text\":\"48N\"}],\"isError\":false}}"

static void test_session(void **state)
{
	static const struct head first = { 0 },
				 later = { .session = "S1", .version = "2025-03-26" };
	size_t plans = cut_plans(SV(INIT));

	(void)state;
	for (size_t plan = 0; plan < plans; plan++) {
		struct run run;

		begin(&run);
		assert_true(web_call(&run, &first, INIT, 200, "S1", INIT_OK, plan));
		assert_true(
			web_call(&run, &later,
				 "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
				 202, NULL, NULL, plan));
		assert_true(web_call(&run, &later, CALL, 200, NULL, CALL_OK_, plan));
		finish(&run,
		       "mcp client method=initialize id=0 session=S1 version=2025-03-26 "
		       "peer=weather "
		       "1-3\n"
		       "mcp client method=notifications/initialized session=S1 version=2025-03-26 "
		       "peer=weather 4-4\n"
		       "mcp client method=tools/call id=a-1 tool=geo session=S1 version=2025-03-26 "
		       "peer=weather args={\"q\":\"Paris\"} "
		       "result={\"content\":[{\"type\":\"text\","
		       "\"text\":\"48N\"}],\"isError\":false} 6-8\n");
	}
}

/* The answer, progress and a question of the server's come as events. */
static void test_streamed(void **state)
{
	static const struct head h = { .session = "S", .version = "2025-11-25" };
	struct run run;
	struct web w;

	(void)state;
	begin(&run);
	web_begin(&w, &run, &h);
	web_request(&w,
		    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
		    "\"slow\",\"_meta\":{\"progressToken\":\"t\"}}}",
		    0);
	web_head(&w, 200, NULL, true);
	web_event(&w, "message", "");
	web_event(&w, "message",
		  "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
		  "{\"progressToken\":\"t\",\"progress\":1}}");
	web_event(&w, "message",
		  "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"elicitation/create\",\"params\":{}}");
	assert_true(web_call(&run, &h, "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}", 202, NULL,
			     NULL, 0));
	web_event(&w, "message",
		  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],\"isError\":true}}");
	assert_true(web_end(&w, EX_DONE));
	finish(&run, "mcp server method=elicitation/create id=9 session=S version=2025-11-25 5-5\n"
		     "mcp client method=tools/call id=1 tool=slow session=S version=2025-11-25 "
		     "error=tool_error result={\"content\":[],\"isError\":true} progress=1 (error) "
		     "1-8\n");
}

/* HTTP+SSE: the answer comes on the stream of another connection. */
static void test_old_transport(void **state)
{
	static const struct head get = { .method = "GET", .target = "/sse" },
				 post = { .target = "/messages?sessionId=x-1" };
	struct run run;
	struct web w;

	(void)state;
	begin(&run);
	web_begin(&w, &run, &get);
	web_request(&w, NULL, 0);
	web_head(&w, 200, NULL, true);
	web_event(&w, "endpoint", "/messages?sessionId=x-1");
	assert_true(web_call(&run, &post, INIT, 202, NULL, NULL, 0));
	web_event(&w, "message", INIT_OK);
	assert_true(web_call(&run, &post, CALL, 202, NULL, NULL, 0));
	assert_true(web_end(&w, EX_CUT));
	finish(&run, "mcp client method=initialize id=0 session=x-1 version=2025-03-26 "
		     "peer=weather 3-6\n"
		     "mcp client method=tools/call id=a-1 tool=geo session=x-1 "
		     "version=2025-03-26 peer=weather args={\"q\":\"Paris\"} (end not seen) "
		     "lost:stopped 6-7\n");
}

/* 2026-07-28: no session; what the message is stands in the head, too. */
static void test_stateless(void **state)
{
	static const struct head read = { .version = "2026-07-28",
					  .mcp_method = "resources/read",
					  .mcp_name = "file:///x" },
				 prompt = { .version = "2026-07-28" };
	struct run run;
	struct web w;

	(void)state;
	begin(&run);
	/* Of this one the body was lost. */
	web_begin(&w, &run, &read);
	w.ex.msg[EX_REQUEST].gapped = true;
	w.ex.msg[EX_REQUEST].lost = 100;
	rpc_exchange_ops.gap(run.r, &w.ex, EX_REQUEST);
	web_request(&w, NULL, 0);
	web_head(&w, 200, NULL, false);
	web_answer(&w, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"contents\":[]}}", 0);
	assert_true(web_end(&w, EX_DONE));
	assert_true(web_call(
		&run, &prompt,
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"prompts/"
		"get\",\"params\":{\"name\":\"p\","
		"\"arguments\":{\"a\\n\":\"x\\u00fc\",\"n\":3},\"_meta\":{"
		"\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}",
		404, NULL,
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":-32601,\"message\":\"no\"}}",
		0));
	finish(&run, "mcp client method=resources/read uri=file:///x version=2026-07-28 lost:gap "
		     "1-3\n"
		     "mcp client method=prompts/get id=4 prompt=p version=2026-07-28 error=-32601 "
		     "{a\n|x\u00fc} {n|3} code=-32601 (error) 4-6\n");
}

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define META  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902c8-01"

static void test_context(void **state)
{
	static const struct head h = { .version = "2025-11-25", .trace = TRACE };
	struct run run;

	(void)state;
	begin(&run);
	web_call(&run, &h, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", 200, NULL,
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 0);
	web_call(&run, &h,
		 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\",\"params\":{\"_meta\":{"
		 "\"traceparent\":\"" META "\"}}}",
		 200, NULL, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}", 0);
	finish(&run,
	       "mcp client method=tools/list id=1 version=2025-11-25 parent=b7 1-3\n"
	       "mcp client method=tools/list id=2 version=2025-11-25 parent=c8 link=b7 4-6\n");
}

/* The client's span stands for both; a server whose client nobody watches has its own. */
static void test_both_ends(void **state)
{
	static const struct head client = { .version = "2025-11-25", .tgid = 7 },
				 server = { .version = "2025-11-25", .tgid = 8, .role = EX_SERVER };
	struct run run;
	struct web a, b;

	(void)state;
	begin(&run);
	web_begin(&a, &run, &client);
	web_request(&a, CALL, 0);
	web_begin(&b, &run, &server);
	web_request(&b, CALL, 0);
	web_head(&b, 200, NULL, false);
	web_answer(&b, CALL_OK_, 0);
	assert_true(web_end(&b, EX_DONE));
	web_head(&a, 200, NULL, false);
	web_answer(&a, CALL_OK_, 0);
	assert_true(web_end(&a, EX_DONE));
	assert_int_equal(rpc_reader_stats(run.r)->both_ends, 1);
	/* What a caller does wrong is no failure of the server. */
	web_call(&run, &server,
		 "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{"
		 "\"name\":\"none\"}}",
		 200, NULL,
		 "{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":-32602,\"message\":\"what\"}}",
		 0);
	finish(&run,
	       "mcp client method=tools/call id=a-1 tool=geo version=2025-11-25 "
	       "args={\"q\":\"Paris\"} result={\"content\":[{\"type\":\"text\",\"text\":\"48N\"}],"
	       "\"isError\":false} 1-6\n"
	       "mcp server method=tools/call id=5 tool=none version=2025-11-25 code=-32602 "
	       "7-9\n");
}

static void test_batch_and_cancel(void **state)
{
	static const struct head h = { .session = "S", .version = "2025-03-26" };
	struct run run;
	struct web w;

	(void)state;
	begin(&run);
	web_call(&run, &h,
		 "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},"
		 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resources/read\",\"params\":{\"uri\":"
		 "\"a:b\"}}]",
		 200, NULL,
		 "[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":1,"
		 "\"result\":{}}]",
		 3);
	web_begin(&w, &run, &h);
	web_request(&w, CALL, 0);
	web_head(&w, 200, NULL, true);
	web_call(&run, &h,
		 "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{"
		 "\"requestId\":\"a-1\"}}",
		 202, NULL, NULL, 0);
	web_end(&w, EX_CANCELLED);
	finish(&run, "mcp client method=resources/read id=2 uri=a:b session=S version=2025-03-26 "
		     "1-3\n"
		     "mcp client method=ping id=1 session=S version=2025-03-26 1-3\n"
		     "mcp client method=tools/call id=a-1 tool=geo session=S version=2025-03-26 "
		     "error=cancelled args={\"q\":\"Paris\"} (cancelled) 4-5\n");
}

static void test_failures(void **state)
{
	static const struct head h = { .version = "2025-11-25" };
	struct run run;
	struct web w;

	(void)state;
	begin(&run);
	/* HTTP says no. */
	assert_true(web_call(&run, &h, CALL, 401, NULL, "{\"error\":\"login\"}", 0));
	/* The connection breaks. */
	web_begin(&w, &run, &h);
	web_request(&w, CALL, 0);
	web_head(&w, 200, NULL, true);
	assert_true(web_end(&w, EX_CUT));
	/* The answer is cut by a gap of ours. */
	web_begin(&w, &run, &h);
	web_request(&w, CALL, 0);
	web_head(&w, 200, NULL, false);
	web_answer(&w, "{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"result\":{\"con", 0);
	w.ex.msg[EX_RESPONSE].gapped = true;
	w.ex.msg[EX_RESPONSE].lost = 5;
	rpc_exchange_ops.gap(run.r, &w.ex, EX_RESPONSE);
	web_answer(&w, "}}", 0);
	assert_true(web_end(&w, EX_DONE));
	finish(&run, "mcp client method=tools/call id=a-1 tool=geo version=2025-11-25 error=401 "
		     "args={\"q\":\"Paris\"} (error) 1-3\n"
		     "mcp client method=tools/call id=a-1 tool=geo version=2025-11-25 "
		     "error=connection_reset args={\"q\":\"Paris\"} (cut) 4-5\n"
		     "mcp client method=tools/call id=a-1 tool=geo version=2025-11-25 "
		     "args={\"q\":\"Paris\"} lost:gap 6-9\n");
}

/* JSON-RPC that is neither's, and JSON that is none: left to others. */
static void test_foreign(void **state)
{
	static const struct head h = { .target = "/rpc" };
	struct run run;

	(void)state;
	begin(&run);
	assert_false(web_call(&run, &h,
			      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\"}", 200,
			      NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}", 0));
	assert_false(
		web_call(&run, &h, "{\"id\":1,\"method\":\"tools/list\"}", 200, NULL, "{}", 0));
	assert_false(web_call(&run, &h, "{\"a\":[1,2", 200, NULL, "]", 0));
	assert_false(web_call(&run, &h, "no JSON", 200, NULL, "none", 0));
	assert_false(web_call(&run, &h,
			      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
			      "\"processId\":1}}",
			      200, NULL, NULL, 0));
	finish(&run, "");
}

/* ---- A2A ---- */

static void test_a2a(void **state)
{
	static const struct head card = { .method = "GET",
					  .target = "/.well-known/agent-card.json" },
				 rpc = { .target = "/" }, rest = { .target = "/v1/message:send" };
	struct run run;
	struct web w;

	(void)state;
	begin(&run);
	assert_false(web_call(&run, &card, NULL, 200, NULL,
			      "{\"name\":\"planner\",\"version\":\"3\",\"description\":\"plans\","
			      "\"supportedInterfaces\":[{\"url\":\"https://mcp.test:8000/\"}]}",
			      0));
	assert_true(
		web_call(&run, &rpc,
			 "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"method\":\"SendMessage\",\"params\":{"
			 "\"message\":{\"messageId\":\"m\",\"role\":\"ROLE_USER\",\"parts\":[]}}}",
			 200, NULL,
			 "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{\"task\":{\"id\":\"t\","
			 "\"contextId\":\"c-9\",\"status\":{\"state\":\"TASK_STATE_COMPLETED\"}}}}",
			 0));
	web_begin(&w, &run, &rpc);
	web_request(&w,
		    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"message/stream\",\"params\":{"
		    "\"message\":{\"contextId\":\"c-1\"}}}",
		    0);
	web_head(&w, 200, NULL, true);
	web_event(&w, "message",
		  "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"contextId\":\"c-1\",\"status\":{"
		  "\"state\":\"working\"}}}");
	web_event(&w, "message",
		  "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"contextId\":\"c-1\",\"status\":{"
		  "\"state\":\"failed\"},\"final\":true}}");
	assert_true(web_end(&w, EX_DONE));
	assert_true(web_call(&run, &rest, "{\"message\":{\"contextId\":\"c-2\"}}", 200, NULL,
			     "{\"task\":{\"status\":{\"state\":\"TASK_STATE_WORKING\"}}}", 0));
	finish(&run,
	       "invoke_agent client agent=planner conversation=c-9 4-6\n"
	       "invoke_agent client agent=planner conversation=c-1 error=failed (error) 7-10\n"
	       "invoke_agent client agent=planner conversation=c-2 11-13\n");
}

/* ---- pipes ---- */

static enum rpc_kind pipe_say(struct run *run, struct rpc_stream *s, bool from_client,
			      const char *text, bool whole)
{
	enum rpc_kind kind;

	run->now += SEC;
	rpc_pipe_ops.begin(run->r, s, from_client, run->now);
	rpc_pipe_ops.piece(run->r, s, from_client, sv_of(text));
	kind = rpc_pipe_ops.end(run->r, s, from_client, whole, run->now);
	return kind;
}

static void test_pipe(void **state)
{
	struct run run;
	struct rpc_stream s = { .tgid = 9, .client_tgid = 5 };

	(void)state;
	begin(&run);
	rpc_pipe_ops.open(run.r, &s);
	assert_int_equal(pipe_say(&run, &s, true, INIT, true), RPC_REQUEST);
	assert_int_equal(pipe_say(&run, &s, false, INIT_OK, true), RPC_RESPONSE);
	assert_int_equal(pipe_say(&run, &s, true, CALL, true), RPC_REQUEST);
	assert_int_equal(pipe_say(&run, &s, false,
				  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"roots/list\"}", true),
			 RPC_REQUEST);
	assert_int_equal(pipe_say(&run, &s, true,
				  "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,"
				  "\"message\":\"no roots\"}}",
				  true),
			 RPC_ERROR);
	assert_int_equal(pipe_say(&run, &s, false, CALL_OK_, true), RPC_RESPONSE);
	assert_int_equal(pipe_say(&run, &s, false, "hello", true), RPC_BROKEN);
	/* The start of a request, and then a gap. */
	assert_int_equal(
		pipe_say(&run, &s, true,
			 "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":"
			 "\"x\"",
			 false),
		RPC_BROKEN);
	rpc_pipe_ops.gap(run.r, &s, true);
	pipe_say(&run, &s, true, "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"ping\"}", true);
	rpc_pipe_ops.close(run.r, &s, CONN_EXIT, run.now);
	assert_int_equal(s.answered, 3);
	assert_int_equal(s.unanswered, 2);
	finish(&run,
	       "mcp client method=initialize id=0 version=2025-03-26 peer=weather owner=5 "
	       "2-3\n"
	       "mcp client method=roots/list id=1 version=2025-03-26 peer=weather "
	       "error=-32601 code=-32601 (error) 5-6\n"
	       "mcp client method=tools/call id=a-1 tool=geo version=2025-03-26 peer=weather "
	       "args={\"q\":\"Paris\"} result={\"content\":[{\"type\":\"text\",\"text\":\"48N\"}],"
	       "\"isError\":false} owner=5 4-7\n"
	       "mcp client method=tools/call tool=x version=2025-03-26 peer=weather "
	       "error=no_response (no response) owner=5 lost:gap 9-10\n"
	       "mcp client method=ping id=8 version=2025-03-26 peer=weather "
	       "error=no_response (no response) owner=5 10-10\n");
}

/* Of requests that were lost the answers tell, once it is known that this is MCP. */
static void test_orphans(void **state)
{
	struct run run;
	struct rpc_stream s = { .tgid = 9, .client_tgid = 5 };

	(void)state;
	begin(&run);
	rpc_pipe_ops.open(run.r, &s);
	pipe_say(&run, &s, false, "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{\"x\":1}}", true);
	pipe_say(&run, &s, false, INIT_OK, true);
	pipe_say(&run, &s, false, "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-1}}", true);
	pipe_say(&run, &s, false, CALL_OK_, true);
	rpc_pipe_ops.close(run.r, &s, CONN_EXIT, run.now);
	assert_int_equal(rpc_reader_stats(run.r)->unmatched, 4);
	finish(&run,
	       "mcp client method=initialize id=0 version=2025-03-26 peer=weather owner=5 "
	       "lost:gap 3-3\n"
	       "mcp client id=2 version=2025-03-26 peer=weather error=-1 code=-1 (error) "
	       "owner=5 lost:gap 4-4\n"
	       "mcp client method=tools/call id=a-1 version=2025-03-26 peer=weather "
	       "result={\"content\":[{\"type\":\"text\",\"text\":\"48N\"}],\"isError\":false} "
	       "owner=5 lost:gap 5-5\n");
}

/* A batch on a pipe, whose client is known only when it is answered. */
static void test_pipe_batch(void **state)
{
	struct run run;
	struct rpc_stream s = { .tgid = 9 };

	(void)state;
	begin(&run);
	rpc_pipe_ops.open(run.r, &s);
	assert_int_equal(pipe_say(&run, &s, true,
				  "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"},"
				  "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}]",
				  true),
			 RPC_REQUEST);
	s.client_tgid = 5;
	assert_int_equal(pipe_say(&run, &s, false,
				  "[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}},"
				  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]",
				  true),
			 RPC_RESPONSE);
	rpc_pipe_ops.close(run.r, &s, CONN_EXIT, run.now);
	finish(&run, "mcp client method=ping id=2 owner=5 2-3\n"
		     "mcp client method=tools/list id=1 owner=5 2-3\n");
}

/* Requests that nobody answers do not pile up. */
static void test_bound(void **state)
{
	struct run run;
	struct rpc_stream s = { .tgid = 9, .client_tgid = 5 };
	char text[80];

	(void)state;
	begin(&run);
	run.quiet = true;
	rpc_pipe_ops.open(run.r, &s);
	for (int i = 0; i < 3 * TALK_ASKED_MAX; i++) {
		snprintf(text, sizeof(text),
			 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/list\"}", i);
		pipe_say(&run, &s, true, text, true);
	}
	assert_int_equal(rpc_reader_stats(run.r)->calls, 2 * TALK_ASKED_MAX);
	rpc_pipe_ops.close(run.r, &s, CONN_STOPPED, run.now);
	finish(&run, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_streamed),
		cmocka_unit_test(test_old_transport),
		cmocka_unit_test(test_stateless),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_both_ends),
		cmocka_unit_test(test_batch_and_cancel),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_a2a),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_pipe_batch),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
