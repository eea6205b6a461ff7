// SPDX-License-Identifier: Apache-2.0
#include "semconv/span.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"
#include "semconv/attrs.h"

#define SEC 1000000000ull

static const struct machine machine = {
	.boot_id = { "0e3d8f5c-0000-4000-8000-000000000001", 36 },
	.host_name = { "box", 3 },
	.host_arch = { "amd64", 5 },
	.wall_offset = 1000 * SEC,
};

static void dump_attrs(struct notes *n, const struct attrs *as)
{
	for (size_t i = 0; i < as->count; i++) {
		const struct attr *at = &as->v[i];

		note(n, "%.*s=", SV_ARG(at->key));
		switch (at->type) {
		case ATTR_STRING:
			note(n, "%.*s\n", SV_ARG(at->string));
			break;
		case ATTR_BOOL:
			note(n, "%s\n", at->boolean ? "true" : "false");
			break;
		case ATTR_INT:
			note(n, "%lld\n", (long long)at->integer);
			break;
		case ATTR_DOUBLE:
			note(n, "%g\n", at->real);
			break;
		case ATTR_STRINGS:
			for (size_t k = 0; k < at->strings.count; k++)
				note(n, "[%.*s]", SV_ARG(at->strings.v[k]));
			note(n, "\n");
			break;
		}
	}
}

static struct call *a_call(void)
{
	struct call *c = call_new(CALL_ARENA_MAX);

	assert_non_null(c);
	c->id = (struct call_id){ 42, 7, 0xffff, 9, 3 };
	c->provider = "openai";
	c->api = CALL_API_CHAT_COMPLETIONS;
	c->req.model = SV("gpt-5");
	c->status = 200;
	c->t_start = 10 * SEC;
	c->t_end = 12 * SEC;
	return c;
}

static struct call *a_full_call(void)
{
	struct call *c = a_call();
	struct call_tool *t = arena_alloc(&c->arena, sizeof(*t));

	c->req.max_tokens = (struct opt_int){ 256, true };
	c->req.choice_count = (struct opt_int){ 2, true };
	c->req.temperature = (struct opt_num){ 0.2, true };
	c->req.stream = (struct opt_bool){ true, true };
	call_list_add(&c->arena, &c->req.stop_sequences, SV("a"));
	call_list_add(&c->arena, &c->req.stop_sequences, SV("b"));
	c->req.service_tier = SV("flex");
	c->req.resend_count = (struct opt_int){ 1, true };
	c->resp.id = SV("c-1");
	c->resp.model = SV("gpt-5-x");
	call_list_add(&c->arena, &c->resp.finish_reasons, SV("tool_calls"));
	c->usage.input = (struct opt_int){ 120, true };
	c->usage.cache_read = (struct opt_int){ 0, true };
	c->usage.output = (struct opt_int){ 40, true };
	c->usage.total = (struct opt_int){ 160, true };
	c->t_first_chunk = 10 * SEC + SEC / 4;
	c->server_address = SV("api.openai.com");
	c->server_port = 443;
	c->peer_family = AF_INET;
	c->peer_port = 443;
	inet_pton(AF_INET, "192.0.2.7", c->peer_addr);
	t->id = SV("t1");
	t->name = SV("geo");
	c->tools = t;
	c->tool_count = 1;
	return c;
}

static void check_span(const struct call *c, const char *want)
{
	static struct notes n;
	struct arena a;
	struct span s;

	notes_reset(&n);
	arena_init(&a, SPAN_ARENA_MAX);
	assert_int_equal(span_of_call(&s, c, &machine, &a), 0);
	note(&n, "%.*s kind %d status %d '%.*s' %llu to %llu\n", SV_ARG(s.name), s.kind, s.status,
	     SV_ARG(s.message), (unsigned long long)(s.start / SEC),
	     (unsigned long long)(s.end / SEC));
	dump_attrs(&n, &s.attrs);
	if (strcmp(n.text, want) != 0)
		fail_msg("\n%s\nwanted:\n%s", n.text, want);
	arena_done(&a);
}

static void test_full_call(void **state)
{
	struct call *c = a_full_call();

	(void)state;
	check_span(c, "chat gpt-5 kind 3 status 0 '' 1010 to 1012\n"
		      "gen_ai.operation.name=chat\ngen_ai.provider.name=openai\n"
		      "gen_ai.request.model=gpt-5\ngen_ai.request.max_tokens=256\n"
		      "gen_ai.request.choice.count=2\n"
		      "gen_ai.request.temperature=0.2\ngen_ai.request.stream=true\n"
		      "gen_ai.request.stop_sequences=[a][b]\nopenai.request.service_tier=flex\n"
		      "gen_ai.response.id=c-1\ngen_ai.response.model=gpt-5-x\n"
		      "gen_ai.response.finish_reasons=[tool_calls]\n"
		      "gen_ai.usage.input_tokens=120\ngen_ai.usage.output_tokens=40\n"
		      "gen_ai.usage.cache_read.input_tokens=0\nhttp.request.resend_count=1\n"
		      "server.address=api.openai.com\nopenai.api.type=chat_completions\n"
		      "gen_ai.response.time_to_first_chunk=0.25\nhttp.response.status_code=200\n"
		      "server.port=443\nnetwork.peer.address=192.0.2.7\nnetwork.peer.port=443\n"
		      "earshot.tool_call.names=[geo]\nearshot.tool_call.ids=[t1]\n");
	call_free(c);
}

/* What the wire did not give is not there. */
static void test_bare_call(void **state)
{
	struct call *c = a_call();

	(void)state;
	c->provider = "groq";
	c->req.model = SV_NONE;
	c->req.stream = (struct opt_bool){ false, true };
	c->resp.service_tier = SV("on_demand");
	c->status = 0;
	check_span(c, "chat kind 3 status 0 '' 1010 to 1012\n"
		      "gen_ai.operation.name=chat\ngen_ai.provider.name=groq\n");
	call_free(c);
}

static void test_embeddings(void **state)
{
	struct call *c = a_full_call();

	(void)state;
	c->op = CALL_EMBEDDINGS;
	c->api = CALL_API_NONE;
	c->tool_count = 0;
	c->peer_family = 0;
	c->req.resend_count.set = false;
	c->req.dimensions = (struct opt_int){ 512, true };
	call_list_add(&c->arena, &c->req.encoding_formats, SV("float"));
	check_span(c, "embeddings gpt-5 kind 3 status 0 '' 1010 to 1012\n"
		      "gen_ai.operation.name=embeddings\ngen_ai.provider.name=openai\n"
		      "gen_ai.request.model=gpt-5\ngen_ai.request.encoding_formats=[float]\n"
		      "gen_ai.embeddings.dimension.count=512\ngen_ai.response.model=gpt-5-x\n"
		      "gen_ai.usage.input_tokens=120\nserver.address=api.openai.com\n"
		      "http.response.status_code=200\nserver.port=443\n");
	call_free(c);
}

static void test_error_and_loss(void **state)
{
	struct call *c = a_call();

	(void)state;
	c->error_type = SV("rate_limit_exceeded");
	c->content.error_message = SV("slow down");
	c->status = 429;
	c->t_end = 5 * SEC; /* a clock that lies */
	c->loss = CALL_LOSS(GAP) | CALL_LOSS(MEMORY);
	c->lost_bytes = 77;
	check_span(c, "chat gpt-5 kind 3 status 2 'slow down' 1010 to 1010\n"
		      "gen_ai.operation.name=chat\ngen_ai.provider.name=openai\n"
		      "gen_ai.request.model=gpt-5\nerror.type=rate_limit_exceeded\n"
		      "openai.api.type=chat_completions\nhttp.response.status_code=429\n"
		      "earshot.capture.complete=false\nearshot.capture.cause=gap,memory_bound\n"
		      "earshot.capture.lost_bytes=77\n");
	c->error_type = SV_NONE;
	c->status = 0;
	c->loss = CALL_LOSS(JOINED_LATE);
	c->lost_bytes = 0;
	check_span(c, "chat gpt-5 kind 3 status 0 '' 1010 to 1010\n"
		      "gen_ai.operation.name=chat\ngen_ai.provider.name=openai\n"
		      "gen_ai.request.model=gpt-5\nopenai.api.type=chat_completions\n"
		      "earshot.capture.complete=false\nearshot.capture.cause=joined_late\n");
	call_free(c);
}

static const uint8_t golden_trace[16] = { 0x11, 0xcb, 0x69, 0x6b, 0xb0, 0xe7, 0x84, 0x3a,
					  0x09, 0x2f, 0x3d, 0x0b, 0x45, 0x27, 0x3e, 0x8d };
static const uint8_t golden_span[8] = { 0x41, 0x82, 0xad, 0xee, 0x09, 0x79, 0x73, 0xe0 };

/* Same exchange, same ids; any other, others; never zero. */
static void test_ids(void **state)
{
	struct call *c = a_call();
	struct span s[7];
	struct machine other = machine;
	struct arena a;

	(void)state;
	arena_init(&a, SPAN_ARENA_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
		c->id = (struct call_id){ 42, 7, 0xffff, 9, 3 };
		c->id.tgid += i == 1;
		c->id.proc_start += i == 2;
		c->id.object += i == 3;
		c->id.birth += i == 4;
		c->id.number += i == 5;
		other.boot_id = i == 6 ? SV("another boot") : machine.boot_id;
		assert_int_equal(span_of_call(&s[i], c, &other, &a), 0);
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(s[i].trace_id, s[k].trace_id, 16);
			assert_memory_not_equal(s[i].span_id, s[k].span_id, 8);
		}
	}
	c->id = (struct call_id){ 42, 7, 0xffff, 9, 3 };
	assert_int_equal(span_of_call(&s[1], c, &machine, &a), 0);
	assert_memory_equal(s[0].trace_id, s[1].trace_id, 16);
	assert_memory_equal(s[0].span_id, s[1].span_id, 8);
	/* Golden: the ids are an interface, replays of old recordings give them again. */
	assert_memory_equal(s[0].trace_id, golden_trace, 16);
	assert_memory_equal(s[0].span_id, golden_span, 8);
	call_free(c);
	arena_done(&a);
}

static const struct {
	const char *name;
	struct process p;
	const char *user_agent;
	const char *want;
} resources[] = {
	{ "all known",
	  { .ns_tgid = 12,
	    .exe = { "/usr/bin/python3.11", 19 },
	    .owner = { "bob", 3 },
	    .env_resource = { "team=a%20b,host.name=fake,service.name=svc", 42 } },
	  "curl/8",
	  "service.name=svc\nhost.name=box\nhost.arch=amd64\nos.type=linux\nprocess.pid=12\n"
	  "process.executable.name=python3.11\nprocess.executable.path=/usr/bin/python3.11\n"
	  "process.owner=bob\nteam=a b\n" },
	{ "its own service name wins",
	  { .env_service = { "mine", 4 }, .env_resource = { "service.name=other,a=1,a=2", 26 } },
	  "claude-cli/2.0 (external, cli)",
	  "service.name=mine\nhost.name=box\nhost.arch=amd64\nos.type=linux\nprocess.pid=42\na="
	  "2\n" },
	{ "an agent's User-Agent",
	  { .exe = { "/opt/x/node", 11 } },
	  "claude-cli/2.0 (external, cli)",
	  "service.name=claude-code\nhost.name=box\nhost.arch=amd64\nos.type=linux\nprocess.pid="
	  "42\n"
	  "process.executable.name=node\nprocess.executable.path=/opt/x/node\n" },
	{ "a library's User-Agent names nobody",
	  { .comm = { "agentd", 6 }, .env_resource = { "broken", 6 } },
	  "OpenAI/Python 1.0",
	  "service.name=agentd\nhost.name=box\nhost.arch=amd64\nos.type=linux\nprocess.pid=42\n" },
	{ "one broken escape drops the whole list",
	  { .env_resource = { "a=1,service.name=%zz", 20 } },
	  "",
	  "service.name=unknown_service\nhost.name=box\nhost.arch=amd64\nos.type=linux\n"
	  "process.pid=42\n" },
};

static void test_resources(void **state)
{
	static struct notes n;
	uint64_t seen[ARRAY_SIZE(resources)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		struct resource r, again;
		struct arena a;

		notes_reset(&n);
		arena_init(&a, 1 << 16);
		assert_int_equal(resource_of_process(&r, &resources[i].p, 42, &machine,
						     sv_of(resources[i].user_agent), &a),
				 0);
		dump_attrs(&n, &r.attrs);
		if (strcmp(n.text, resources[i].want) != 0)
			fail_msg("%s:\n%s\nwanted:\n%s", resources[i].name, n.text,
				 resources[i].want);
		assert_int_equal(resource_of_process(&again, &resources[i].p, 42, &machine,
						     sv_of(resources[i].user_agent), &a),
				 0);
		assert_true(r.hash == again.hash);
		seen[i] = r.hash;
		for (size_t k = 0; k < i; k++)
			assert_true(seen[k] != r.hash);
		arena_done(&a);
	}
}

static void test_unknown_process(void **state)
{
	static struct notes n;
	struct resource r;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16);
	notes_reset(&n);
	assert_int_equal(resource_of_process(&r, NULL, 42, &machine, SV("codex_cli_rs/1"), &a), 0);
	dump_attrs(&n, &r.attrs);
	assert_string_equal(n.text, "service.name=codex\nhost.name=box\nhost.arch=amd64\n"
				    "os.type=linux\nprocess.pid=42\n");
	arena_done(&a);
	arena_init(&a, 10);
	assert_int_equal(resource_of_process(&r, NULL, 42, &machine, SV(""), &a), -ENOMEM);
	arena_done(&a);
}

/* Attributes have the types that the convention gives them. */
static void test_types(void **state)
{
	static const struct {
		const char *name, *type;
	} known[] = {
#define X(id, name, type) { name, type },
		SEMCONV_ATTRIBUTES(X)
#undef X
	};
	static const char *const words[] = {
		[ATTR_STRING] = "string", [ATTR_BOOL] = "boolean",     [ATTR_INT] = "int",
		[ATTR_DOUBLE] = "double", [ATTR_STRINGS] = "string[]",
	};
	struct call *c = a_full_call();
	struct arena a;
	struct span s;
	size_t checked = 0;

	(void)state;
	arena_init(&a, SPAN_ARENA_MAX);
	assert_int_equal(span_of_call(&s, c, &machine, &a), 0);
	for (size_t i = 0; i < s.attrs.count; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
			if (!sv_eq(s.attrs.v[i].key, sv_of(known[k].name)))
				continue;
			assert_string_equal(known[k].type, words[s.attrs.v[i].type]);
			checked++;
		}
	}
	assert_int_equal(checked, s.attrs.count - 2); /* all but the tool calls' */
	call_free(c);
	arena_done(&a);
}

static void test_no_memory(void **state)
{
	struct call *c = a_full_call();

	(void)state;
	for (size_t limit = 0; limit < 6000; limit += 13) {
		struct span s = { .start = 1 };
		struct arena a;
		int err;

		arena_init(&a, limit);
		err = span_of_call(&s, c, &machine, &a);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(s.start, 1);
		} else {
			assert_true(s.attrs.dropped == 0 || s.attrs.count > 0);
		}
		arena_done(&a);
	}
	call_free(c);
}

/* The same call, as the other kinds have it. */
static void test_kinds(void **state)
{
	struct call *c = a_full_call();

	(void)state;
	c->tool_count = 0;
	c->peer_family = 0;
	c->req.resend_count.set = false;
	c->op = CALL_RETRIEVAL;
	c->provider = NULL;
	c->retrieval.data_source_id = SV("docs");
	c->retrieval.top_k = (struct opt_int){ 4, true };
	c->retrieval.found = (struct opt_int){ 2, true };
	c->content.query = SV("where?");
	check_span(c, "retrieval docs kind 3 status 0 '' 1010 to 1012\n"
		      "gen_ai.operation.name=retrieval\nearshot.retrieval.found=2\n"
		      "gen_ai.request.model=gpt-5\nserver.address=api.openai.com\n"
		      "gen_ai.data_source.id=docs\ngen_ai.retrieval.top_k=4\n"
		      "http.response.status_code=200\nserver.port=443\n"
		      "gen_ai.retrieval.query.text=where?\n");
	c->content.query = SV_NONE;
	c->retrieval.found.set = false;
	c->op = CALL_FETCH_RESPONSE;
	c->provider = "openai";
	c->resp.status = SV("completed");
	c->req.stream_cursor = SV("12");
	check_span(c, "fetch_response kind 3 status 0 '' 1010 to 1012\n"
		      "gen_ai.operation.name=fetch_response\ngen_ai.provider.name=openai\n"
		      "gen_ai.response.id=c-1\ngen_ai.response.model=gpt-5-x\n"
		      "gen_ai.response.finish_reasons=[tool_calls]\n"
		      "server.address=api.openai.com\ngen_ai.request.stream_cursor=12\n"
		      "gen_ai.response.status=completed\nopenai.api.type=chat_completions\n"
		      "http.response.status_code=200\nserver.port=443\n");
	c->op = CALL_CREATE_AGENT;
	c->api = CALL_API_NONE;
	c->agent.name = SV("planner");
	c->agent.id = SV("asst_1");
	check_span(c, "create_agent planner kind 3 status 0 '' 1010 to 1012\n"
		      "gen_ai.operation.name=create_agent\ngen_ai.provider.name=openai\n"
		      "gen_ai.request.model=gpt-5\nserver.address=api.openai.com\n"
		      "gen_ai.agent.id=asst_1\ngen_ai.agent.name=planner\n"
		      "http.response.status_code=200\nserver.port=443\n");
	call_free(c);
}

static struct call *an_mcp_call(void)
{
	struct call *c = a_call();

	c->op = CALL_MCP;
	c->provider = NULL;
	c->req.model = SV_NONE;
	c->status = 0;
	c->mcp.method = SV("tools/call");
	c->mcp.tool = SV("geo");
	c->mcp.id = SV("7");
	c->mcp.transport = CALL_TRANSPORT_PIPE;
	return c;
}

static void test_mcp(void **state)
{
	struct call_variable v = { .name = SV("a.b"), .value = SV("x") };
	struct call *c = an_mcp_call();

	(void)state;
	c->mcp.progress = 3;
	c->mcp.error_code = (struct opt_int){ -32603, true };
	c->error_type = SV("-32603");
	c->content.arguments = SV("{\"q\":1}");
	c->content.variables = &v;
	check_span(c, "tools/call geo kind 3 status 2 '' 1010 to 1012\n"
		      "gen_ai.operation.name=execute_tool\nnetwork.transport=pipe\n"
		      "rpc.response.status_code=-32603\nearshot.mcp.progress.count=3\n"
		      "error.type=-32603\ngen_ai.tool.name=geo\nmcp.method.name=tools/call\n"
		      "jsonrpc.request.id=7\ngen_ai.tool.call.arguments={\"q\":1}\n"
		      "gen_ai.prompt.variable.a.b=x\n");
	call_free(c);
	c = an_mcp_call();
	c->role = CALL_SERVER;
	c->mcp.transport = CALL_TRANSPORT_HTTP;
	c->http.major = 2;
	c->mcp.session_id = SV("S");
	c->mcp.tool = SV_NONE;
	c->mcp.method = SV("tools/list");
	c->peer_family = AF_INET;
	c->peer_port = 99;
	memcpy(c->peer_addr, "\x7f\0\0\x01", 4);
	check_span(c, "tools/list kind 2 status 0 '' 1010 to 1012\n"
		      "network.transport=tcp\nnetwork.protocol.name=http\n"
		      "mcp.method.name=tools/list\nmcp.session.id=S\njsonrpc.request.id=7\n"
		      "network.peer.address=127.0.0.1\nnetwork.peer.port=99\n"
		      "client.address=127.0.0.1\nclient.port=99\nnetwork.protocol.version=2\n");
	call_free(c);
}

static struct call *an_http_call(void)
{
	struct call *c = a_call();

	c->op = CALL_HTTP;
	c->provider = NULL;
	c->req.model = SV_NONE;
	c->http.method = SV("GET");
	c->http.path = SV("/v1/x");
	c->http.major = c->http.minor = 1;
	c->http.tls = true;
	c->server_address = SV("::1");
	c->server_port = 8443;
	return c;
}

static void test_http(void **state)
{
	struct call *c = an_http_call();

	(void)state;
	c->http.request_size = (struct opt_int){ 0, true };
	check_span(c, "GET kind 3 status 0 '' 1010 to 1012\nhttp.request.method=GET\n"
		      "url.full=https://[::1]:8443/v1/x\nserver.address=::1\n"
		      "http.request.body.size=0\nhttp.response.status_code=200\n"
		      "server.port=8443\nnetwork.protocol.version=1.1\n");
	c->http.request_size.set = false;
	c->http.method = SV("BREW");
	c->role = CALL_SERVER;
	c->user_agent = SV("pot/1");
	check_span(c, "HTTP kind 2 status 0 '' 1010 to 1012\nhttp.request.method=_OTHER\n"
		      "http.request.method_original=BREW\nurl.path=/v1/x\nurl.scheme=https\n"
		      "user_agent.original=pot/1\nserver.address=::1\n"
		      "http.response.status_code=200\nserver.port=8443\n"
		      "network.protocol.version=1.1\n");
	c->closed.code = (struct opt_int){ 1011, true };
	c->closed.by = "server";
	check_span(c, "HTTP kind 2 status 0 '' 1010 to 1012\nhttp.request.method=_OTHER\n"
		      "http.request.method_original=BREW\nurl.path=/v1/x\nurl.scheme=https\n"
		      "user_agent.original=pot/1\nserver.address=::1\n"
		      "http.response.status_code=200\nserver.port=8443\n"
		      "network.protocol.version=1.1\nearshot.websocket.close_code=1011\n"
		      "earshot.websocket.closed_by=server\n");
	c->closed.by = NULL;
	c->closed.code.set = false;
	c->role = CALL_CLIENT;
	c->user_agent = SV_NONE;
	c->http.method = SV("POST");
	c->http.grpc_method = SV("p.S/M");
	c->http.grpc_status = (struct opt_int){ 14, true };
	c->http.response_messages = 3;
	check_span(c, "p.S/M kind 3 status 0 '' 1010 to 1012\nhttp.request.method=POST\n"
		      "url.full=https://[::1]:8443/v1/x\nearshot.http.response.messages=3\n"
		      "rpc.system.name=grpc\nrpc.method=p.S/M\n"
		      "rpc.response.status_code=UNAVAILABLE\nserver.address=::1\n"
		      "http.response.status_code=200\nserver.port=8443\n"
		      "network.protocol.version=1.1\n");
	call_free(c);
}

/* A traceparent makes ours a child; only what its sender exports is a duplicate. */
static void test_trace(void **state)
{
	struct call *c = a_call();
	struct span s, alone;
	struct arena a;

	(void)state;
	arena_init(&a, SPAN_ARENA_MAX);
	assert_int_equal(span_of_call(&alone, c, &machine, &a), 0);
	c->trace = (struct call_trace){
		.set = true, .trace_id = { 1 }, .span_id = { 2 }, .flags = 1, .state = SV("v=1")
	};
	assert_int_equal(span_of_call(&s, c, &machine, &a), 0);
	assert_memory_equal(s.trace_id, c->trace.trace_id, 16);
	assert_memory_equal(s.parent_id, c->trace.span_id, 8);
	assert_memory_equal(s.span_id, alone.span_id, 8);
	assert_string_equal(s.trace_state.p, "v=1");
	assert_non_null(attrs_get(&s.attrs, SV("earshot.duplicate_of_instrumented")));
	c->trace.flags = 0;
	assert_int_equal(span_of_call(&s, c, &machine, &a), 0);
	assert_null(attrs_get(&s.attrs, SV("earshot.duplicate_of_instrumented")));
	arena_done(&a);
	call_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_call),
		cmocka_unit_test(test_bare_call),
		cmocka_unit_test(test_embeddings),
		cmocka_unit_test(test_error_and_loss),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_mcp),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_unknown_process),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
