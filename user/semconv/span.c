// SPDX-License-Identifier: Apache-2.0
#include "semconv/span.h"

#include <errno.h>
#include <stdio.h>

#include <xxhash.h>

#include "semconv/attrs.h"

/* What the convention has no name for. */
#define EARSHOT_CAPTURE_COMPLETE   "earshot.capture.complete"
#define EARSHOT_CAPTURE_LOST_BYTES "earshot.capture.lost_bytes"
#define EARSHOT_CAPTURE_CAUSE	   "earshot.capture.cause"
#define EARSHOT_TOOL_CALL_NAMES	   "earshot.tool_call.names"
#define EARSHOT_TOOL_CALL_IDS	   "earshot.tool_call.ids"
#define EARSHOT_DUPLICATE	   "earshot.duplicate_of_instrumented"
#define EARSHOT_RETRIEVAL_FOUND	   "earshot.retrieval.found"
#define EARSHOT_WS_CLOSE_CODE	   "earshot.websocket.close_code"
#define EARSHOT_WS_CLOSED_BY	   "earshot.websocket.closed_by"

#define TRACE_SAMPLED 1 /* bit of the flags: W3C Trace Context section 3.2.2.5 */

static void capture_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	struct sv cause = SV_NONE;

	if (!c->loss)
		return;
	for (unsigned int i = 0; i < CALL_LOSS_COUNT; i++) {
		if (!(c->loss & (1u << i)))
			continue;
		if (cause.len)
			arena_append(a, &cause, SV(","));
		arena_append(a, &cause, sv_of(call_loss_name((enum call_loss_bit)i)));
	}
	attrs_bool(as, a, EARSHOT_CAPTURE_COMPLETE, false);
	attrs_string(as, a, EARSHOT_CAPTURE_CAUSE, cause);
	/* How much of a call passed before it was joined, nobody knows. */
	if (c->lost_bytes || !(c->loss & CALL_LOSS(JOINED_LATE)))
		attrs_int(as, a, EARSHOT_CAPTURE_LOST_BYTES, (int64_t)c->lost_bytes);
}

/* The model's wish to call tools is no content: names and ids, never arguments. */
static void tool_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	struct sv *names, *ids;
	size_t n = 0;

	if (!c->tool_count)
		return;
	names = arena_alloc(a, c->tool_count * sizeof(*names));
	ids = arena_alloc(a, c->tool_count * sizeof(*ids));
	if (!names || !ids) {
		as->dropped += 2;
		return;
	}
	for (const struct call_tool *t = c->tools; t && n < c->tool_count; t = t->next) {
		names[n] = t->name;
		ids[n++] = t->id;
	}
	attrs_strings(as, a, EARSHOT_TOOL_CALL_NAMES, names, n);
	attrs_strings(as, a, EARSHOT_TOOL_CALL_IDS, ids, n);
}

/* All that names one exchange on one boot, in one fixed layout: the ids' only source. */
static void make_ids(struct span *s, const struct call_id *id, struct sv boot_id)
{
	struct {
		char boot[48];
		uint64_t n[5];
	} key = { .n = { id->tgid, id->proc_start, id->object, id->birth, id->number } };
	XXH128_canonical_t trace;
	XXH64_canonical_t span;

	memcpy(key.boot, boot_id.p ? boot_id.p : "", sv_cut(boot_id, sizeof(key.boot)).len);
	XXH128_canonicalFromHash(&trace, XXH3_128bits(&key, sizeof(key)));
	XXH64_canonicalFromHash(&span, XXH3_64bits_withSeed(&key, sizeof(key), 1));
	memcpy(s->trace_id, trace.digest, sizeof(s->trace_id));
	memcpy(s->span_id, span.digest, sizeof(s->span_id));
	/* All zero means "no id" to receivers. */
	if (XXH128_hashFromCanonical(&trace).low64 == 0)
		s->trace_id[15] = 1;
	if (XXH64_hashFromCanonical(&span) == 0)
		s->span_id[7] = 1;
}

/* Who sent the request is in a trace already: that one is joined. */
static void join_trace(struct span *s, const struct call *c, struct arena *a)
{
	if (!c->trace.set)
		return;
	memcpy(s->trace_id, c->trace.trace_id, sizeof(s->trace_id));
	memcpy(s->parent_id, c->trace.span_id, sizeof(s->parent_id));
	s->trace_flags = c->trace.flags;
	s->trace_state = c->trace.state;
	/* What the process itself sends out is not to be counted twice. */
	if (c->trace.flags & TRACE_SAMPLED && c->role == CALL_CLIENT)
		attrs_bool(&s->attrs, a, EARSHOT_DUPLICATE, true);
}

/* What the name says beside the operation. */
static struct sv name_detail(const struct call *c)
{
	switch (c->op) {
	case CALL_RETRIEVAL:
		return c->retrieval.data_source_id;
	case CALL_CREATE_AGENT:
	case CALL_INVOKE_AGENT:
		return c->agent.name;
	case CALL_FETCH_RESPONSE:
	case CALL_HTTP:
		return SV_NONE;
	case CALL_MCP:
		return c->mcp.tool.len ? c->mcp.tool : c->mcp.prompt;
	default:
		return c->req.model;
	}
}

static struct sv name_start(const struct call *c)
{
	if (c->op == CALL_MCP)
		return c->mcp.method.len ? c->mcp.method : SV("jsonrpc");
	if (c->op != CALL_HTTP)
		return sv_of(call_op_name(c->op));
	if (c->http.grpc_method.len)
		return c->http.grpc_method;
	return sv_eq(http_method(c), SV("_OTHER")) ? SV("HTTP") : http_method(c);
}

static int make_name(struct span *s, const struct call *c, struct arena *a)
{
	struct sv name = arena_copy(a, name_start(c)), detail = name_detail(c);

	if (!name.p)
		return -ENOMEM;
	if (detail.len && (arena_append(a, &name, SV(" ")) || arena_append(a, &name, detail)))
		return -ENOMEM;
	s->name = name;
	return 0;
}

static bool is_inference(enum call_op op)
{
	return op == CALL_CHAT || op == CALL_TEXT_COMPLETION || op == CALL_GENERATE_CONTENT;
}

static void time_attrs(struct span *s, const struct call *c, const struct machine *m,
		       struct arena *a)
{
	s->start = c->t_start + m->wall_offset;
	s->end = (c->t_end > c->t_start ? c->t_end : c->t_start) + m->wall_offset;
	if (is_inference(c->op) && c->t_first_chunk >= c->t_start && c->t_first_chunk)
		attrs_double(&s->attrs, a, SEMCONV_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
			     (double)(c->t_first_chunk - c->t_start) / 1e9);
}

/* RFC 6455 section 7.1.5: what the first close frame says. Without one there is no code. */
static void close_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	if (c->closed.code.set)
		attrs_int(as, a, EARSHOT_WS_CLOSE_CODE, c->closed.code.v);
	if (c->closed.by)
		attrs_string(as, a, EARSHOT_WS_CLOSED_BY, sv_of(c->closed.by));
}

/* What depends on the kind of call. */
static void kind_attrs(struct span *s, const struct call *call, struct arena *a)
{
	if (call->op == CALL_MCP) {
		mcp_attrs(&s->attrs, call, a);
	} else if (call->op == CALL_HTTP) {
		http_attrs(&s->attrs, call, a);
	} else {
		attrs_string(&s->attrs, a, SEMCONV_GEN_AI_OPERATION_NAME,
			     sv_of(call_op_name(call->op)));
		attrs_string(&s->attrs, a, SEMCONV_GEN_AI_PROVIDER_NAME, sv_of(call->provider));
	}
	if (call->retrieval.found.set)
		attrs_int(&s->attrs, a, EARSHOT_RETRIEVAL_FOUND, call->retrieval.found.v);
}

int span_of_call(struct span *ret, const struct call *call, const struct machine *m,
		 struct arena *a)
{
	struct span s = { .kind = call->role == CALL_SERVER ? SPAN_SERVER : SPAN_CLIENT };
	int err = make_name(&s, call, a);

	if (err)
		return err;
	make_ids(&s, &call->id, m->boot_id);
	kind_attrs(&s, call, a);
	rows_attrs(&s.attrs, call, a);
	time_attrs(&s, call, m, a);
	net_attrs(&s.attrs, call, a);
	join_trace(&s, call, a);
	s.link = call->mcp.link;
	tool_attrs(&s.attrs, call, a);
	close_attrs(&s.attrs, call, a);
	capture_attrs(&s.attrs, call, a);
	content_attrs(&s.attrs, call, a);
	if (!s.attrs.v)
		return -ENOMEM;
	if (call->error_type.len) {
		s.status = SPAN_ERROR;
		s.message = call->content.error_message;
	}
	*ret = s;
	return 0;
}
