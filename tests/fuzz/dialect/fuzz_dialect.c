// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as request and answer of each API, with gaps, events and odd ends: no crash, one
 * call at most, its memory bounded, its text valid; and the same call however they are cut.
 *
 * Input: which API; how the answer comes (bits below); how the exchange ends; where bodies are
 * cut; then the request, a zero byte, and the answer.
 */
#include "base/json_write.h"
#include "base/utf8.h"
#include "dialect/dialect.h"
#include "exchange/body.h"
#include "proto/sse.h"

#include "../cut.h"

#define AS_EVENTS    1
#define WITH_CONTENT 2
#define GAP_REQUEST  4
#define GAP_ANSWER   8
#define NO_HEAD	     16
#define NAMED_EVENTS 32
#define AS_SOCKET    64 /* events are messages of a WebSocket, from both sides by turns */

/* One of each row of the table; the last is told by its bodies. */
static const char *const targets[] = {
	"/v1/chat/completions",
	"/v1/completions",
	"/v1/embeddings",
	"/v1/responses",
	"/v1/messages",
	"/openai/deployments/d/chat/completions",
	"/v1beta/models/m:generateContent",
	"/v1beta/models/m:embedContent",
	"/v1beta/interactions",
	"/model/m%3A0/converse",
	"/model/m/invoke-with-response-stream",
	"/model/embed/invoke",
	"/agents/a/agentAliases/b/sessions/c/text",
	"/knowledgebases/k/retrieve",
	"/api/chat",
	"/api/generate",
	"/api/embed",
	"/v2/chat",
	"/v1/chat",
	"/v2/embed",
	"/v1/complete",
	"/completion",
	"/api/v1/chat",
	"/v1/conversations",
	"/v1/agents/completions",
	"/assistants",
	"/threads/t/runs",
	"/v1/agents",
	"/v1/sessions/s/events",
	"/collections/c/points/query",
	"/api/v1/collections/c/query",
	"/query",
	"/v1/graphql",
	"/v2/vectordb/entities/search",
	"/vector_stores/v/search",
	"/v1/responses/r?starting_after=1",
	"/v1beta/interactions/i?last_event_id=2",
	"/agents",
	"/realtime?model=m",
	"/ws/google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent",
	"/ask",
};

static const char *const event_names[] = {
	"message",
	"message_start",
	"content_block_start",
	"content_block_delta",
	"message_delta",
	"message_stop",
	"error",
	"response.created",
	"response.output_item.added",
	"response.output_item.done",
	"response.output_text.delta",
	"response.completed",
	"response.function_call_arguments.delta",
	"response.reasoning_summary_text.delta",
	"messageStart",
	"contentBlockStart",
	"contentBlockDelta",
	"messageStop",
	"metadata",
	"chunk",
	"throttlingException",
	"message-start",
	"content-delta",
	"tool-call-start",
	"tool-call-delta",
	"message-end",
	"interaction.created",
	"step.start",
	"step.delta",
	"interaction.completed",
	"conversation.response.started",
	"message.output.delta",
	"function.call.delta",
	"conversation.response.done",
	"thread.run.created",
	"thread.message.delta",
	"thread.run.completed",
	"chat.end",
};

static const char *const hosts[] = {
	"localhost:1",
	"api.openai.com",
	"api.anthropic.com",
	"api.mistral.ai",
	"index.svc.pinecone.io",
	"bedrock-agent.us-east-1.amazonaws.com",
	"generativelanguage.googleapis.com",
	"res.services.ai.azure.com",
};

struct run {
	struct dialect *d;
	struct exchange ex;
	struct event_out out;
	struct sse sse;
	uint8_t flags;
	size_t calls;
	uint64_t trace;
	uint32_t loss;
	unsigned int event;
};

static void check_text(struct run *r, struct sv s, size_t max)
{
	CHECK(s.len <= max);
	CHECK(!s.len || s.p);
	CHECK(utf8_valid_len(s) == s.len);
	trace_add(&r->trace, s.p, s.len);
	trace_add(&r->trace, "|", 1);
}

static void check_int(struct run *r, struct opt_int v, int64_t min)
{
	CHECK(!v.set || v.v >= min);
	trace_add(&r->trace, &v.v, v.set ? sizeof(v.v) : 0);
}

static void check_list(struct run *r, const struct call_list *l, size_t max)
{
	CHECK(l->count <= max);
	for (size_t i = 0; i < l->count; i++)
		check_text(r, l->v[i], CALL_STRING_MAX);
}

static void check_parts(struct run *r, const struct call_part *p)
{
	for (; p; p = p->next) {
		CHECK(p->type <= PART_GENERIC);
		check_text(r, p->text, SIZE_MAX);
		check_text(r, p->id, CALL_STRING_MAX);
		check_text(r, p->name, CALL_STRING_MAX);
		check_text(r, p->wire_type, CALL_STRING_MAX);
	}
}

static void check_content(struct run *r, const struct call_content *c)
{
	for (const struct call_message *m = c->input; m; m = m->next) {
		check_text(r, m->role, CALL_STRING_MAX);
		check_parts(r, m->parts);
	}
	for (const struct call_message *m = c->output; m; m = m->next) {
		check_text(r, m->finish, CALL_STRING_MAX);
		check_parts(r, m->parts);
	}
	check_parts(r, c->system);
	for (const struct call_tool_def *t = c->tools; t; t = t->next) {
		check_text(r, t->name, SIZE_MAX);
		check_text(r, t->parameters, SIZE_MAX);
	}
	check_text(r, c->error_message, CALL_STRING_MAX);
}

static void on_call(void *ctx, struct call *c)
{
	struct run *r = *(struct run **)ctx;
	size_t tools = 0;

	r->calls++;
	CHECK(c->arena.used <= c->arena.limit);
	CHECK((c->provider || c->op == CALL_RETRIEVAL) && c->dialect && c->t_end >= c->t_start);
	CHECK((c->outcome == CALL_OK || c->outcome == CALL_UNKNOWN) == (c->error_type.len == 0));
	check_text(r, c->req.model, CALL_STRING_MAX);
	check_list(r, &c->req.stop_sequences, CALL_LIST_MAX);
	check_list(r, &c->resp.finish_reasons, CALL_CANDIDATES_MAX);
	check_text(r, c->resp.id, CALL_STRING_MAX);
	check_text(r, c->error_type, CALL_STRING_MAX);
#define X(name) check_int(r, c->usage.name, 0);
	CALL_USAGE(X)
#undef X
	for (const struct call_tool *t = c->tools; t; t = t->next, tools++)
		check_text(r, t->name, CALL_STRING_MAX);
	CHECK(tools == c->tool_count && tools <= CALL_TOOLS_MAX);
	r->loss = c->loss;
	trace_add(&r->trace, &c->loss, sizeof(c->loss));
	check_content(r, &c->content);
	if (!(r->flags & WITH_CONTENT))
		CHECK(!c->content.input && !c->content.output && !c->content.system &&
		      !c->content.tools && !c->content.error_message.len && !c->content.variables &&
		      !c->content.query.len && !c->content.documents.len);
	call_free(c);
}

static void on_event(void *ctx, const struct event *ev)
{
	struct run *r = ctx;
	struct ex_event named = body_event(ev);

	if (r->flags & AS_SOCKET) {
		enum ex_side side = r->event++ % 2 ? EX_RESPONSE : EX_REQUEST;

		named.type = r->event % 16 == 15 ? SV("binary") : SV("text");
		dialect_exchange_ops.event(r->d, &r->ex, side, &named, 5);
		return;
	}
	if (r->flags & NAMED_EVENTS)
		named.type = sv_of(event_names[r->event++ % ARRAY_SIZE(event_names)]);
	named.exception = sv_ends(named.type, SV("Exception"));
	dialect_exchange_ops.event(r->d, &r->ex, EX_RESPONSE, &named, 5);
}

static void feed_request(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	dialect_exchange_ops.req_body(r->d, &r->ex, piece);
}

static void feed_answer(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	if (r->flags & (AS_EVENTS | AS_SOCKET))
		sse_feed(&r->sse, piece);
	else
		dialect_exchange_ops.resp_body(r->d, &r->ex, piece, 5);
}

static void feed(struct run *r, enum ex_side side, uint8_t how, struct sv body, bool gap)
{
	void (*fn)(void *ctx, struct sv piece) = side == EX_REQUEST ? feed_request : feed_answer;
	struct sv half = sv_cut(body, body.len / 2);

	if (!gap) {
		cut_feed(how, body, fn, r);
		return;
	}
	cut_feed(how, half, fn, r);
	if (side == EX_RESPONSE && (r->flags & (AS_EVENTS | AS_SOCKET)))
		sse_gap(&r->sse);
	dialect_exchange_ops.gap(r->d, &r->ex, side);
	cut_feed(how, sv_skip(body, half.len), fn, r);
}

static void begin(struct run *r, uint8_t which, uint8_t where)
{
	struct ex_message *req = &r->ex.msg[EX_REQUEST];

	r->ex.target = sv_of(targets[(which & 63) % ARRAY_SIZE(targets)]);
	r->ex.method = which & 128 ? SV("GET") : which & 64 ? SV("PUT") : SV("POST");
	req->head_seen = !(r->flags & NO_HEAD);
	req->header[EX_H_HOST] = sv_of(hosts[where % ARRAY_SIZE(hosts)]);
	req->gapped = r->flags & GAP_REQUEST;
	r->ex.msg[EX_RESPONSE].gapped = r->flags & GAP_ANSWER;
	r->ex.msg[EX_RESPONSE].kind = r->flags & AS_EVENTS ? EX_SSE : EX_PLAIN;
	if (r->flags & AS_SOCKET) {
		req->header[EX_H_UPGRADE] = SV("websocket");
		r->ex.msg[EX_REQUEST].kind = r->ex.msg[EX_RESPONSE].kind = EX_WEBSOCKET;
	}
	if (which & 32)
		req->header[EX_H_ANTHROPIC_VERSION] = SV("1");
	dialect_exchange_ops.begin(r->d, &r->ex);
}

/* Made once: what compiles the tables is not what is tested. */
static struct dialect *dialects[2];
static struct run *current;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	for (int i = 0; i < 2; i++) {
		const struct dialect_options opt = { .want_content = i };

		if (dialect_new(&dialects[i], &opt, on_call, &current))
			abort();
	}
	return 0;
}

static void run(struct run *r, const uint8_t *head, uint8_t how, struct sv request,
		struct sv answer)
{
	*r = (struct run){ .flags = head[1], .d = dialects[!!(head[1] & WITH_CONTENT)] };
	current = r;
	event_out_init(&r->out, 1 << 20, on_event, r);
	sse_init(&r->sse, &r->out);
	begin(r, head[0], head[2] >> 3);
	feed(r, EX_REQUEST, how, request, head[1] & GAP_REQUEST);
	dialect_exchange_ops.req_end(r->d, &r->ex);
	r->ex.status = head[2] & 64 ? 500 : 200;
	dialect_exchange_ops.resp_head(r->d, &r->ex);
	feed(r, EX_RESPONSE, how, answer, head[1] & GAP_ANSWER);
	sse_close(&r->sse);
	event_out_done(&r->out);
	r->ex.outcome = (enum ex_outcome)(head[2] % (EX_STOPPED + 1));
	dialect_exchange_ops.end(r->d, &r->ex, 9);
	CHECK(r->calls <= 1 || (r->flags & AS_SOCKET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv request, answer;
	struct run a, b;

	if (size < 4)
		return 0;
	request = (struct sv){ (const char *)data + 4, size - 4 };
	answer = sv_skip(request, sv_find(request, '\0'));
	request.len -= answer.len;
	if (answer.len)
		answer = sv_skip(answer, 1);
	run(&a, data, 0, request, answer);
	run(&b, data, data[3], request, answer);
	/*
	 * Without a request the answer's start decides, and that may contradict itself later. How
	 * much of a body that breaks is read before that depends on the pieces.
	 */
	if (!(data[1] & NO_HEAD) && json_valid(request) &&
	    ((data[1] & (AS_EVENTS | AS_SOCKET)) || json_valid(answer)))
		CHECK(a.calls == b.calls);
	/* How much is found behind a gap, or before a broken place, may depend on the pieces. */
	if (!(data[1] & (AS_EVENTS | AS_SOCKET)) && !(data[2] & 64) && !a.loss && !b.loss)
		CHECK(a.trace == b.trace);
	return 0;
}
