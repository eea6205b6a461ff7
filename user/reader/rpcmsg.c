// SPDX-License-Identifier: Apache-2.0
#include "reader/rpcmsg.h"

#include <errno.h>
#include <stdlib.h>

#include "model/call.h"

#define GROUP_BASE    0
#define GROUP_CONTENT 1

/* Rules that are no text. */
enum {
	RULE_RESULT_SEEN = RPC_TEXTS,
	RULE_ERROR_SEEN,
	RULE_IS_ERROR,
	RULE_ELEMENT,
	RULE_SHAPE, /* and those behind it: a row of shapes[] */
};

/* What stands in a result of MCP and of which method it is. */
static const struct {
	const char *path;
	const char *method;
} shapes[] = {
	{ "result.serverInfo", "initialize" },
	{ "result.supportedVersions", "server/discover" },
	{ "result.tools", "tools/list" },
	{ "result.content", "tools/call" },
	{ "result.resources", "resources/list" },
	{ "result.resourceTemplates", "resources/templates/list" },
	{ "result.contents", "resources/read" },
	{ "result.prompts", "prompts/list" },
	{ "result.messages", "prompts/get" },
	{ "result.completion", "completion/complete" },
	{ "result.roots", "roots/list" },
};

#define META "params._meta."

/* Paths in one message; each stands for a batch's elements, too. */
static const struct json_rule base[] = {
	{ "jsonrpc", RPC_VERSION, 0, GROUP_BASE },
	{ "method", RPC_METHOD, 0, GROUP_BASE },
	{ "id", RPC_ID, JSON_RAW, GROUP_BASE },
	{ "params.name", RPC_NAME, 0, GROUP_BASE },
	{ "params.uri", RPC_URI, 0, GROUP_BASE },
	{ META "progressToken", RPC_TOKEN, JSON_RAW, GROUP_BASE },
	{ "params.progressToken", RPC_TOKEN, JSON_RAW, GROUP_BASE },
	{ "params.requestId", RPC_CANCELLED_ID, JSON_RAW, GROUP_BASE },
	{ "params.protocolVersion", RPC_PROTOCOL, 0, GROUP_BASE },
	{ "result.protocolVersion", RPC_PROTOCOL, 0, GROUP_BASE },
	{ META "\"io.modelcontextprotocol/protocolVersion\"", RPC_PROTOCOL, 0, GROUP_BASE },
	{ "result.serverInfo.name", RPC_SERVER, 0, GROUP_BASE },
	{ "result._meta.\"io.modelcontextprotocol/serverInfo\".name", RPC_SERVER, 0, GROUP_BASE },
	{ "params.clientInfo.name", RPC_CLIENT, 0, GROUP_BASE },
	{ META "\"io.modelcontextprotocol/clientInfo\".name", RPC_CLIENT, 0, GROUP_BASE },
	{ META "traceparent", RPC_TRACEPARENT, 0, GROUP_BASE },
	{ META "tracestate", RPC_TRACESTATE, 0, GROUP_BASE },
	{ META "baggage", RPC_BAGGAGE, 0, GROUP_BASE },
	{ "result", RULE_RESULT_SEEN, 0, GROUP_BASE },
	{ "result.isError", RULE_IS_ERROR, 0, GROUP_BASE },
	{ "error", RULE_ERROR_SEEN, 0, GROUP_BASE },
	{ "error.code", RPC_ERROR_CODE, JSON_RAW, GROUP_BASE },
	/* A2A: requests, results of both versions, and the same without an envelope. */
	{ "params.message.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "message.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "result.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "result.task.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "result.message.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "result.statusUpdate.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "task.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "statusUpdate.contextId", RPC_CONTEXT, 0, GROUP_BASE },
	{ "result.status.state", RPC_STATE, 0, GROUP_BASE },
	{ "result.task.status.state", RPC_STATE, 0, GROUP_BASE },
	{ "result.statusUpdate.status.state", RPC_STATE, 0, GROUP_BASE },
	{ "task.status.state", RPC_STATE, 0, GROUP_BASE },
	{ "statusUpdate.status.state", RPC_STATE, 0, GROUP_BASE },
	/* A2A's agent card. */
	{ "name", RPC_CARD_NAME, 0, GROUP_BASE },
	{ "version", RPC_CARD_VERSION, 0, GROUP_BASE },
	{ "description", RPC_CARD_DESCRIPTION, 0, GROUP_BASE },
	{ "url", RPC_CARD_URL, 0, GROUP_BASE },
	{ "supportedInterfaces[].url", RPC_CARD_URL, 0, GROUP_BASE },
	{ "error.message", RPC_ERROR_MESSAGE, 0, GROUP_CONTENT },
	{ "params.arguments", RPC_ARGUMENTS, JSON_RAW, GROUP_CONTENT },
	{ "result", RPC_RESULT, JSON_RAW, GROUP_CONTENT },
};

struct rpcmsg_schema {
	struct json_schema *json;
};

struct rpcmsg_reader {
	struct json_reader *json;
	rpcmsg_fn *fn;
	void *ctx;
	struct rpcmsg msg;
	bool batch;  /* the document is an array */
	bool inside; /* a message has begun and its end was not told */
	bool gapped;
};

int rpcmsg_schema_new(struct rpcmsg_schema **ret)
{
	struct json_rule rules[2 * ARRAY_SIZE(base) + ARRAY_SIZE(shapes) + 1];
	char paths[ARRAY_SIZE(base)][80];
	struct rpcmsg_schema *s = calloc(1, sizeof(*s));
	size_t n = 0;
	int err;

	if (!s)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(base); i++) {
		struct sv path = sv_of(base[i].path);

		memcpy(paths[i], "[].", 3);
		memcpy(paths[i] + 3, path.p, path.len + 1);
		rules[n++] = base[i];
		rules[n] = base[i];
		rules[n++].path = paths[i];
	}
	rules[n++] = (struct json_rule){ "[]", RULE_ELEMENT, 0, GROUP_BASE };
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		rules[n++] = (struct json_rule){ shapes[i].path, (uint16_t)(RULE_SHAPE + i), 0,
						 GROUP_BASE };
	err = json_schema_new(&s->json, rules, n);
	if (err) {
		free(s);
		return err;
	}
	*ret = s;
	return 0;
}

void rpcmsg_schema_free(struct rpcmsg_schema *s)
{
	if (!s)
		return;
	json_schema_free(s->json);
	free(s);
}

static void message_reset(struct rpcmsg *m)
{
	for (size_t i = 0; i < RPC_TEXTS; i++)
		buf_reset(&m->text[i]);
	m->has_error = m->has_result = m->is_error = m->has_id = m->broken = m->whole_id = m->cut =
		false;
	m->shape = NULL;
}

static void message_done(struct rpcmsg_reader *r, bool broken)
{
	struct rpcmsg *m = &r->msg;

	if (!r->inside)
		return;
	r->inside = false;
	m->broken = broken;
	/* An id of null is that of an error nobody asked for. */
	m->has_id = m->whole_id && !sv_eq(rpcmsg_text(m, RPC_ID), SV("null"));
	r->fn(r->ctx, m);
	message_reset(m);
}

static void take_text(struct rpcmsg *m, enum rpc_text t, const struct json_event *ev)
{
	struct buf *b = &m->text[t];

	if (ev->kind != JSON_STRING && ev->kind != JSON_RAW_TEXT)
		return;
	if (ev->first)
		buf_reset(b);
	buf_add(b, ev->text);
	if (t == RPC_ID)
		m->whole_id = ev->last && !ev->truncated;
	/* What did not fit is worse than none, if it is JSON. */
	if (ev->last && (b->failed || ev->truncated) && t >= RPC_ERROR_MESSAGE) {
		m->cut = true;
		buf_reset(b);
	}
}

static int on_value(void *ctx, const struct json_event *ev)
{
	struct rpcmsg_reader *r = ctx;
	struct rpcmsg *m = &r->msg;

	if (ev->id == RULE_ELEMENT) {
		r->batch = true;
		if (ev->kind == JSON_OBJECT)
			r->inside = true;
		else if (ev->kind == JSON_OBJECT_END)
			message_done(r, false);
		return 0;
	}
	r->inside = true;
	if (ev->id >= RULE_SHAPE) {
		m->shape = shapes[ev->id - RULE_SHAPE].method;
		return 0;
	}
	switch (ev->id) {
	case RULE_RESULT_SEEN:
		m->has_result = true;
		break;
	case RULE_ERROR_SEEN:
		m->has_error |= ev->kind != JSON_NULL;
		break;
	case RULE_IS_ERROR:
		m->is_error = ev->kind == JSON_BOOL && ev->boolean;
		break;
	default:
		take_text(m, (enum rpc_text)ev->id, ev);
		break;
	}
	return 0;
}

int rpcmsg_new(struct rpcmsg_reader **ret, const struct rpcmsg_schema *s, bool content,
	       rpcmsg_fn *fn, void *ctx)
{
	struct rpcmsg_reader *r = calloc(1, sizeof(*r));
	uint32_t groups = 1u << GROUP_BASE | (content ? 1u << GROUP_CONTENT : 0);

	if (!r)
		return -ENOMEM;
	if (json_reader_new(&r->json, s->json, groups, on_value, r)) {
		free(r);
		return -ENOMEM;
	}
	r->fn = fn;
	r->ctx = ctx;
	for (size_t i = 0; i < RPC_TEXTS; i++)
		buf_init(&r->msg.text[i],
			 i < RPC_ERROR_MESSAGE ? CALL_STRING_MAX : RPCMSG_CONTENT_MAX);
	*ret = r;
	return 0;
}

void rpcmsg_free(struct rpcmsg_reader *r)
{
	if (!r)
		return;
	json_reader_free(r->json);
	for (size_t i = 0; i < RPC_TEXTS; i++)
		buf_done(&r->msg.text[i]);
	free(r);
}

void rpcmsg_begin(struct rpcmsg_reader *r)
{
	json_reader_reset(r->json);
	message_reset(&r->msg);
	r->batch = r->inside = r->gapped = false;
}

void rpcmsg_feed(struct rpcmsg_reader *r, struct sv bytes)
{
	if (!r->gapped)
		json_feed(r->json, bytes);
}

void rpcmsg_gap(struct rpcmsg_reader *r)
{
	r->gapped = true;
}

void rpcmsg_end(struct rpcmsg_reader *r, bool whole)
{
	bool good = json_end(r->json) == 0 && whole && !r->gapped;

	message_done(r, !good);
}

bool rpcmsg_is_blank(const struct rpcmsg_reader *r)
{
	return !r->inside && !r->batch;
}
