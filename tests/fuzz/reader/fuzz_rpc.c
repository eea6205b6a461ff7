// SPDX-License-Identifier: Apache-2.0
/*
 * JSON-RPC over exchanges and pipes in any order. Each line is an operation on one of four
 * exchanges or two pipes: op, who, and text. Every exchange that begins ends, every call is well
 * formed, and nothing is kept for ever.
 */
#include "reader/rpc.h"

#include "../cut.h"

#define EXCHANGES 4
#define PIPES	  2

struct web {
	struct exchange ex;
	bool open, asked, headed;
};

struct run {
	struct rpc_reader *r;
	struct web web[EXCHANGES];
	struct rpc_stream pipe[PIPES];
	bool piped[PIPES], content;
	uint64_t now, number, calls;
	enum ex_side side;
	size_t at;
};

static void on_call(void *ctx, struct call *c)
{
	struct run *run = *(struct run **)ctx;

	CHECK(c->op == CALL_MCP || c->op == CALL_INVOKE_AGENT);
	CHECK(c->op != CALL_MCP || c->mcp.method.len || c->loss || c->arena.full);
	CHECK(c->t_end >= c->t_start);
	CHECK(c->outcome != CALL_ERROR || c->error_type.len || c->arena.full);
	CHECK(c->mcp.tool.len <= CALL_STRING_MAX);
	run->calls++;
	call_free(c);
}

static void web_body(void *ctx, struct sv piece)
{
	struct run *run = ctx;
	struct exchange *ex = &run->web[run->at].ex;

	if (run->side == EX_REQUEST)
		rpc_exchange_ops.req_body(run->r, ex, piece);
	else
		rpc_exchange_ops.resp_body(run->r, ex, piece, run->now);
}

static void web_begin(struct run *run, struct web *w, struct sv text)
{
	static const struct sv targets[] = { { "/mcp", 4 },
					     { "/messages?sessionId=a", 21 },
					     { "/x/message:send", 15 },
					     { "/.well-known/agent-card.json", 28 } };
	struct ex_message *req = &w->ex.msg[EX_REQUEST];
	unsigned int how = text.len ? (unsigned char)text.p[0] : 0;

	*w = (struct web){ .open = true };
	w->ex.tgid = 1 + (how & 1);
	w->ex.number = run->number++;
	w->ex.role = how & 2 ? EX_SERVER : EX_CLIENT;
	w->ex.target = targets[how >> 2 & 3];
	w->ex.method = how & 16 ? SV("GET") : how & 32 ? SV("DELETE") : SV("POST");
	arena_init(&w->ex.arena, 1 << 12);
	req->head_seen = true;
	req->header[EX_H_HOST] = SV("h");
	if (how & 64)
		req->header[EX_H_MCP_SESSION_ID] = arena_copy(&w->ex.arena, sv_cut(text, 3));
	if (how & 128)
		req->header[EX_H_MCP_METHOD] = SV("tools/call");
	rpc_exchange_ops.begin(run->r, &w->ex);
}

static void web_asked(struct run *run, struct web *w, bool complete)
{
	if (w->asked)
		return;
	w->asked = true;
	w->ex.msg[EX_REQUEST].complete = complete;
	w->ex.msg[EX_REQUEST].t_end = run->now;
	rpc_exchange_ops.req_end(run->r, &w->ex);
}

static void web_head(struct run *run, struct web *w, struct sv text)
{
	struct ex_message *resp = &w->ex.msg[EX_RESPONSE];
	unsigned int how = text.len ? (unsigned char)text.p[0] : 0;

	if (w->headed)
		return;
	w->headed = true;
	w->ex.status = how & 1 ? 202 : how & 2 ? 500 : 200;
	resp->kind = how & 4 ? EX_SSE : how & 8 ? EX_WEBSOCKET : EX_PLAIN;
	resp->head_seen = true;
	resp->t_first = run->now;
	if (how & 16)
		resp->header[EX_H_MCP_SESSION_ID] = SV("abc");
	rpc_exchange_ops.resp_head(run->r, &w->ex);
}

static void web_end(struct run *run, struct web *w, unsigned int how)
{
	if (!w->open)
		return;
	web_asked(run, w, false);
	w->ex.outcome = (enum ex_outcome)(EX_DONE + how % (EX_STOPPED - EX_OPEN));
	w->ex.msg[EX_RESPONSE].complete = w->ex.outcome == EX_DONE;
	rpc_exchange_ops.end(run->r, &w->ex, run->now);
	CHECK(!w->ex.user[EX_READ_RPC]);
	arena_done(&w->ex.arena);
	w->open = false;
}

static void web_event(struct run *run, struct web *w, struct sv text)
{
	struct ex_event ev = { .type = SV("message"), .data = text };
	enum ex_side side = EX_RESPONSE;

	if (!w->headed || w->ex.msg[EX_RESPONSE].kind == EX_PLAIN)
		return;
	if (sv_starts(text, SV("/")))
		ev.type = SV("endpoint");
	if (w->ex.msg[EX_RESPONSE].kind == EX_WEBSOCKET && text.len & 1)
		side = EX_REQUEST;
	w->ex.msg[side].events++;
	rpc_exchange_ops.event(run->r, &w->ex, side, &ev, run->now);
}

static void web_gap(struct run *run, struct web *w, enum ex_side side)
{
	w->ex.msg[side].gapped = true;
	w->ex.msg[side].lost += 3;
	rpc_exchange_ops.gap(run->r, &w->ex, side);
}

static void web_op(struct run *run, char op, struct web *w, struct sv text)
{
	run->at = (size_t)(w - run->web);
	if (op == 'b') {
		web_end(run, w, 0);
		web_begin(run, w, text);
		return;
	}
	if (!w->open)
		return;
	run->side = op == 'q' ? EX_REQUEST : EX_RESPONSE;
	if (op == 'q' && !w->asked && text.len)
		cut_feed((uint8_t)text.len, text, web_body, run);
	else if (op == 'Q')
		web_asked(run, w, !text.len);
	else if (op == 'h')
		web_head(run, w, text);
	else if (op == 'r' && w->headed && w->ex.msg[EX_RESPONSE].kind == EX_PLAIN && text.len)
		cut_feed((uint8_t)text.len, text, web_body, run);
	else if (op == 'v')
		web_event(run, w, text);
	else if (op == 'g')
		web_gap(run, w, text.len ? EX_REQUEST : EX_RESPONSE);
	else if (op == 'e')
		web_end(run, w, text.len ? (unsigned char)text.p[0] : 0);
}

static void pipe_op(struct run *run, char op, size_t at, struct sv text)
{
	struct rpc_stream *s = &run->pipe[at];
	bool from_client = op == 'C';

	if (!run->piped[at]) {
		*s = (struct rpc_stream){ .tgid = 9, .client_tgid = at ? 5 : 0 };
		rpc_pipe_ops.open(run->r, s);
		run->piped[at] = true;
	}
	if (op == 'X') {
		rpc_pipe_ops.close(run->r, s, CONN_EXIT, run->now);
		CHECK(!s->user);
		run->piped[at] = false;
	} else if (op == 'G') {
		rpc_pipe_ops.gap(run->r, s, text.len & 1);
	} else {
		rpc_pipe_ops.begin(run->r, s, from_client, run->now);
		rpc_pipe_ops.piece(run->r, s, from_client, text);
		CHECK(rpc_pipe_ops.end(run->r, s, from_client, text.len & 1, run->now) <
		      RPC_KIND_COUNT);
	}
}

static void line(void *ctx, struct sv s)
{
	struct run *run = ctx;
	struct sv text;

	if (s.len < 2)
		return;
	text = sv_skip(s, 2);
	run->now += 1000;
	if (strchr("CSXG", s.p[0]) && s.p[0])
		pipe_op(run, s.p[0], (unsigned char)s.p[1] % PIPES, text);
	else
		web_op(run, s.p[0], &run->web[(unsigned char)s.p[1] % EXCHANGES], text);
}

/* One reader for all inputs, with content and without: to make its tables costs more than a run. */
static struct rpc_reader *reader(struct run *run)
{
	static struct rpc_reader *both[2];
	static struct run *at;
	struct rpc_options opt = { .want_content = run->content, .fn = on_call, .ctx = &at };

	at = run;
	if (!both[run->content] && rpc_reader_new(&both[run->content], &opt))
		abort();
	return both[run->content];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = { (const char *)data, size };
	struct run run = { .now = 1, .content = size & 1 };
	uint64_t before;

	run.r = reader(&run);
	before = rpc_reader_stats(run.r)->calls;
	while (in.len) {
		struct sv one = sv_cut(in, sv_find(in, '\n'));

		cut_copy(line, &run, one);
		in = sv_skip(in, one.len < in.len ? one.len + 1 : one.len);
	}
	for (size_t i = 0; i < EXCHANGES; i++)
		web_end(&run, &run.web[i], (unsigned int)i);
	for (size_t i = 0; i < PIPES; i++) {
		if (run.piped[i])
			rpc_pipe_ops.close(run.r, &run.pipe[i], CONN_STOPPED, run.now);
	}
	rpc_reader_stop(run.r, run.now);
	CHECK(rpc_reader_stats(run.r)->calls - before == run.calls);
	return 0;
}
