// SPDX-License-Identifier: Apache-2.0
#include "reader/mcp.h"

#include <stdlib.h>

#include "base/json_members.h"
#include "dialect/carry.h"
#include "model/context.h"

/* A name ends in '*' where all that begin with it are meant. The first row that fits wins. */
static const struct {
	const char *method;
	enum rpc_meaning meaning;
} methods[] = {
	{ "tools/*", RPC_MCP },
	{ "resources/*", RPC_MCP },
	{ "prompts/*", RPC_MCP },
	{ "sampling/*", RPC_MCP },
	{ "elicitation/*", RPC_MCP },
	{ "roots/*", RPC_MCP },
	{ "completion/*", RPC_MCP },
	{ "logging/*", RPC_MCP },
	{ "server/discover", RPC_MCP },
	{ "subscriptions/*", RPC_MCP },
	{ "notifications/*", RPC_MCP },
	{ "SendMessage", RPC_A2A_SEND },
	{ "SendStreamingMessage", RPC_A2A_SEND },
	{ "message/send", RPC_A2A_SEND },
	{ "message/stream", RPC_A2A_SEND },
	{ "GetTask", RPC_A2A },
	{ "ListTasks", RPC_A2A },
	{ "CancelTask", RPC_A2A },
	{ "SubscribeToTask", RPC_A2A },
	{ "GetExtendedAgentCard", RPC_A2A },
	{ "tasks/resubscribe", RPC_A2A },
	{ "tasks/pushNotificationConfig/*", RPC_A2A },
	{ "agent/getAuthenticatedExtendedCard", RPC_A2A },
};

static bool method_is(struct sv method, const char *pattern)
{
	struct sv p = sv_of(pattern);

	if (!sv_ends(p, SV("*")))
		return sv_eq(method, p);
	return sv_starts(method, sv_cut(p, p.len - 1));
}

enum rpc_meaning rpc_meaning(const struct rpcmsg *m)
{
	struct sv method = rpcmsg_text(m, RPC_METHOD);

	/* The Language Server Protocol has a method of this name, without the version. */
	if (sv_eq(method, SV("initialize")))
		return rpcmsg_text(m, RPC_PROTOCOL).len ? RPC_MCP : RPC_MCP_ONLY;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (method_is(method, methods[i].method))
			return methods[i].meaning;
	}
	return RPC_MCP_ONLY;
}

/* An id as the convention wants it: a string without its quotes, a number as written. */
static struct sv id_text(struct call *c, struct sv raw)
{
	struct sv text;

	if (raw.len && raw.p[0] == '"' && json_unquote(&text, raw, &c->arena) == 0)
		return carry_string(c, text);
	return carry_string(c, raw);
}

/* MCP's prompts take named strings. */
static int add_variable(void *ctx, struct sv name, struct sv value)
{
	struct call *c = ctx;
	struct call_variable **end = &c->content.variables;
	struct call_variable *v = arena_alloc(&c->arena, sizeof(*v));

	if (!v)
		return -1;
	while (*end)
		end = &(*end)->next;
	if (json_unquote(&v->name, name, &c->arena))
		return -1;
	if (value.len && value.p[0] == '"') {
		if (json_unquote(&v->value, value, &c->arena))
			return -1;
	} else {
		v->value = arena_copy(&c->arena, value);
	}
	*end = v;
	return 0;
}

static void ask_about(struct call *c, const struct rpcmsg *m)
{
	struct sv name = rpcmsg_text(m, RPC_NAME), args = rpcmsg_text(m, RPC_ARGUMENTS);

	if (sv_eq(c->mcp.method, SV("tools/call"))) {
		c->mcp.tool = carry_string(c, name);
		if (args.len && !m->broken)
			c->content.arguments = arena_copy(&c->arena, args);
	} else if (sv_eq(c->mcp.method, SV("prompts/get"))) {
		c->mcp.prompt = carry_string(c, name);
		if (args.len && json_members(args, add_variable, c))
			c->content.partial = true;
	}
	c->mcp.resource_uri = carry_string(c, rpcmsg_text(m, RPC_URI));
	c->content.partial |= m->cut;
}

static void take_context(struct call *c, const struct rpcmsg *m)
{
	struct call_trace meta = { 0 };

	if (context_trace(&meta, rpcmsg_text(m, RPC_TRACEPARENT), rpcmsg_text(m, RPC_TRACESTATE),
			  &c->arena) == 0) {
		/* The transport's own is linked to: it may be another trace. */
		c->mcp.link = c->trace;
		c->trace = meta;
	}
	context_baggage(c, rpcmsg_text(m, RPC_BAGGAGE));
}

void mcp_ask(struct call *c, const struct rpcmsg *m)
{
	struct sv version = rpcmsg_text(m, RPC_VERSION);

	c->op = CALL_MCP;
	c->dialect = "mcp";
	c->mcp.method = carry_string(c, rpcmsg_text(m, RPC_METHOD));
	if (m->has_id)
		c->mcp.id = id_text(c, rpcmsg_text(m, RPC_ID));
	if (version.len && !sv_eq(version, SV("2.0")))
		c->mcp.rpc_version = carry_string(c, version);
	c->mcp.protocol_version = carry_string(c, rpcmsg_text(m, RPC_PROTOCOL));
	c->mcp.client_name = carry_string(c, rpcmsg_text(m, RPC_CLIENT));
	ask_about(c, m);
	take_context(c, m);
}

void mcp_orphan(struct call *c, const struct rpcmsg *m)
{
	c->op = CALL_MCP;
	c->dialect = "mcp";
	c->mcp.method = sv_of(m->shape);
	c->mcp.id = id_text(c, rpcmsg_text(m, RPC_ID));
}

/* Codes that say that the caller did wrong, which is no failure of the server. */
static bool is_callers_fault(int64_t code)
{
	return code == -32700 || code == -32600 || code == -32601 || code == -32602 ||
	       code == -32002;
}

/* A code is a whole number; anything else is left out. */
static struct opt_int code_of(struct sv raw)
{
	char text[24], *end;
	long long v;

	if (!raw.len || raw.len >= sizeof(text))
		return (struct opt_int){ 0 };
	memcpy(text, raw.p, raw.len);
	text[raw.len] = '\0';
	v = strtoll(text, &end, 10);
	return (struct opt_int){ v, *end == '\0' };
}

static void take_rpc_error(struct call *c, const struct rpcmsg *m)
{
	struct sv code = rpcmsg_text(m, RPC_ERROR_CODE), text = rpcmsg_text(m, RPC_ERROR_MESSAGE);

	c->mcp.error_code = code_of(code);
	if (c->role == CALL_SERVER && c->mcp.error_code.set &&
	    is_callers_fault(c->mcp.error_code.v))
		return;
	c->outcome = CALL_ERROR;
	c->error_type = c->mcp.error_code.set ? carry_string(c, code) : SV("_OTHER");
	if (text.len)
		c->content.error_message = arena_copy(&c->arena, text);
}

void mcp_answer(struct call *c, const struct rpcmsg *m)
{
	struct sv agreed = rpcmsg_text(m, RPC_PROTOCOL), result = rpcmsg_text(m, RPC_RESULT);

	if (agreed.len)
		c->mcp.protocol_version = carry_string(c, agreed);
	c->mcp.server_name = carry_string(c, rpcmsg_text(m, RPC_SERVER));
	if (m->has_error) {
		take_rpc_error(c, m);
	} else if (m->is_error && sv_eq(c->mcp.method, SV("tools/call"))) {
		c->outcome = CALL_ERROR;
		c->error_type = SV("tool_error");
	}
	/* A part of JSON is none. */
	if (result.len && !m->broken && sv_eq(c->mcp.method, SV("tools/call")))
		c->content.result = arena_copy(&c->arena, result);
	c->content.partial |= m->cut || (m->broken && result.len);
}

/* ---- A2A ---- */

void a2a_ask(struct call *c, const struct rpcmsg *m)
{
	c->op = CALL_INVOKE_AGENT;
	c->dialect = "a2a";
	c->provider = "a2a";
	if (m)
		c->req.conversation_id = carry_string(c, rpcmsg_text(m, RPC_CONTEXT));
}

/* States in which a task ended badly: of 1.0, and of 0.3. */
static const char *const bad_states[] = {
	"TASK_STATE_FAILED", "TASK_STATE_REJECTED", "TASK_STATE_CANCELED", "failed", "rejected",
	"canceled",
};

void a2a_answer(struct call *c, const struct rpcmsg *m)
{
	struct sv context = rpcmsg_text(m, RPC_CONTEXT), state = rpcmsg_text(m, RPC_STATE);

	/* The server makes one up where the client has none. */
	if (context.len && !c->req.conversation_id.len)
		c->req.conversation_id = carry_string(c, context);
	if (m->has_error)
		take_rpc_error(c, m);
	for (size_t i = 0; i < ARRAY_SIZE(bad_states) && state.len; i++) {
		if (!sv_eq(state, sv_of(bad_states[i])))
			continue;
		c->outcome = CALL_ERROR;
		c->error_type = carry_string(c, state);
	}
}
