/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_UNIT_DIALECT_DRIVER_H
#define EARSHOT_TESTS_UNIT_DIALECT_DRIVER_H

/*
 * driver - plays one exchange to the dialects as the exchange layer would, bodies cut
 * anywhere, and writes down the call that comes out: one line per field that is set.
 */
#include "cuts.h"
#include "dialect/dialect.h"
#include "exchange/body.h"
#include "proto/sse.h"

/* One exchange. Times: request at 1 s, head of the answer at 2 s, end at 9 s. */
struct play {
	const char *method; /* NULL: POST; "": request not seen */
	const char *target;
	const char *host; /* NULL: localhost:8443 */
	const char *user_agent;
	const char *retry_count;
	const char *server;  /* Server field of the answer */
	const char *request; /* body; NULL: none */
	unsigned int status;
	bool sse;
	const char *answer;	 /* body; of a stream as it stands on the wire */
	enum ex_outcome outcome; /* 0: EX_DONE */
	enum ex_role role;
	uint64_t lost_request; /* bytes; a gap is told at the cut */
	uint64_t lost_answer;
	bool decode_failed; /* of the answer */
	bool tls_off;
};

#define SEC 1000000000ull

struct driver {
	struct dialect *d;
	struct exchange ex;
	struct event_out out;
	struct sse sse;
	uint64_t now;
	struct notes *notes;
	size_t calls;
	void (*on_call)(struct driver *dr, struct call *c);
};

static inline void dump_text(struct notes *n, const char *key, struct sv s)
{
	if (s.len)
		note(n, "%s=%.*s\n", key, SV_ARG(s));
}

static inline void dump_int(struct notes *n, const char *key, struct opt_int v)
{
	if (v.set)
		note(n, "%s=%lld\n", key, (long long)v.v);
}

static inline void dump_num(struct notes *n, const char *key, struct opt_num v)
{
	if (v.set)
		note(n, "%s=%g\n", key, v.v);
}

static inline void dump_list(struct notes *n, const char *key, const struct call_list *l)
{
	if (!l->count)
		return;
	note(n, "%s=", key);
	for (size_t i = 0; i < l->count; i++)
		note(n, "%s%.*s", i ? "," : "", SV_ARG(l->v[i]));
	note(n, "\n");
}

static inline void dump_part(struct notes *n, const struct call_part *p)
{
	static const char *const names[] = { "text",	    "reasoning",     "tool_call", "result",
					     "server_call", "server_result", "blob",	  "uri",
					     "file",	    "compact",	     "generic" };

	note(n, " %s(", names[p->type]);
	if (p->type == PART_GENERIC || p->type == PART_SERVER_TOOL_CALL ||
	    p->type == PART_SERVER_TOOL_RESULT)
		note(n, "%.*s:", SV_ARG(p->wire_type));
	if (p->id.len)
		note(n, "#%.*s ", SV_ARG(p->id));
	if (p->name.len)
		note(n, "%.*s ", SV_ARG(p->name));
	if (p->modality.len)
		note(n, "%.*s ", SV_ARG(p->modality));
	if (p->mime.len)
		note(n, "%.*s ", SV_ARG(p->mime));
	note(n, "%s%.*s%s)", p->json ? "json " : "", SV_ARG(p->text), p->cut ? "..." : "");
}

static inline void dump_messages(struct notes *n, const char *key, const struct call_message *m)
{
	for (; m; m = m->next) {
		note(n, "%s %.*s", key, SV_ARG(m->role));
		if (m->name.len)
			note(n, "/%.*s", SV_ARG(m->name));
		note(n, ":");
		for (const struct call_part *p = m->parts; p; p = p->next)
			dump_part(n, p);
		if (m->finish.len)
			note(n, " finish=%.*s", SV_ARG(m->finish));
		note(n, "\n");
	}
}

static inline void dump_content(struct notes *n, const struct call_content *c)
{
	if (c->system) {
		note(n, "system:");
		for (const struct call_part *p = c->system; p; p = p->next)
			dump_part(n, p);
		note(n, "\n");
	}
	dump_messages(n, "in", c->input);
	dump_messages(n, "out", c->output);
	for (const struct call_tool_def *t = c->tools; t; t = t->next)
		note(n, "def %.*s %.*s [%.*s] %.*s\n", SV_ARG(t->type), SV_ARG(t->name),
		     SV_ARG(t->description), SV_ARG(t->parameters));
	dump_text(n, "error_message", c->error_message);
	if (c->partial)
		note(n, "partial\n");
}

static inline void dump_request(struct notes *n, const struct call *c)
{
	dump_text(n, "model", c->req.model);
	dump_int(n, "max_tokens", c->req.max_tokens);
	dump_int(n, "n", c->req.choice_count);
	dump_int(n, "seed", c->req.seed);
	dump_int(n, "top_k", c->req.top_k);
	dump_int(n, "dimensions", c->req.dimensions);
	dump_num(n, "temperature", c->req.temperature);
	dump_num(n, "top_p", c->req.top_p);
	dump_num(n, "frequency_penalty", c->req.frequency_penalty);
	dump_num(n, "presence_penalty", c->req.presence_penalty);
	if (c->req.stream.set)
		note(n, "stream=%d\n", c->req.stream.v);
	dump_list(n, "stop", &c->req.stop_sequences);
	dump_list(n, "formats", &c->req.encoding_formats);
	dump_text(n, "effort", c->req.reasoning_level);
	dump_text(n, "output", c->req.output_type);
	dump_text(n, "tier", c->req.service_tier);
	dump_text(n, "previous", c->req.previous_response_id);
	dump_text(n, "conversation", c->req.conversation_id);
	dump_text(n, "prompt", c->req.prompt_name);
	dump_text(n, "prompt_version", c->req.prompt_version);
	dump_int(n, "resend", c->req.resend_count);
}

static inline void dump_call(struct notes *n, const struct call *c)
{
	note(n, "%s %s %s %s\n", call_op_name(c->op), c->provider ? c->provider : "none",
	     c->dialect, call_outcome_name(c->outcome));
	dump_request(n, c);
	dump_text(n, "id", c->resp.id);
	dump_text(n, "answered_by", c->resp.model);
	dump_text(n, "answer_tier", c->resp.service_tier);
	dump_text(n, "fingerprint", c->resp.system_fingerprint);
	dump_list(n, "finish", &c->resp.finish_reasons);
	if (c->resp.compacted.set)
		note(n, "compacted\n");
#define X(name) dump_int(n, #name, c->usage.name);
	CALL_USAGE(X)
#undef X
	for (const struct call_tool *t = c->tools; t; t = t->next)
		note(n, "%s=%.*s#%.*s\n", t->server_side ? "server_tool" : "tool", SV_ARG(t->name),
		     SV_ARG(t->id));
	if (c->status != 200)
		note(n, "status=%u\n", c->status);
	dump_text(n, "error", c->error_type);
	if (c->t_first_chunk)
		note(n, "first_chunk=%llu\n", (unsigned long long)(c->t_first_chunk / SEC));
	for (unsigned int i = 0; i < CALL_LOSS_COUNT; i++) {
		if (c->loss & (1u << i))
			note(n, "loss=%s\n", call_loss_name((enum call_loss_bit)i));
	}
	if (c->lost_bytes)
		note(n, "lost=%llu\n", (unsigned long long)c->lost_bytes);
	dump_content(n, &c->content);
}

static inline void driver_on_call(void *ctx, struct call *c)
{
	struct driver *dr = ctx;

	dr->calls++;
	if (dr->on_call)
		dr->on_call(dr, c);
	else
		dump_call(dr->notes, c);
	call_free(c);
}

static inline void driver_on_event(void *ctx, const struct event *ev)
{
	struct driver *dr = ctx;
	struct ex_event named = body_event(ev);

	dr->now += SEC / 10;
	dialect_exchange_ops.event(dr->d, &dr->ex, EX_RESPONSE, &named, dr->now);
}

static inline void driver_feed_request(void *ctx, struct sv piece)
{
	struct driver *dr = ctx;

	dialect_exchange_ops.req_body(dr->d, &dr->ex, piece);
}

static inline void driver_feed_answer(void *ctx, struct sv piece)
{
	struct driver *dr = ctx;

	if (dr->ex.msg[EX_RESPONSE].kind == EX_SSE)
		sse_feed(&dr->sse, piece);
	else
		dialect_exchange_ops.resp_body(dr->d, &dr->ex, piece, dr->now);
}

/* Two pieces with a hole of n bytes between. */
static inline void driver_feed_gap(struct driver *dr, cut_feed_fn *fn, enum ex_side side,
				   struct sv body, size_t at, size_t n)
{
	cut_piece(fn, dr, sv_cut(body, at));
	if (dr->ex.msg[side].kind == EX_SSE)
		sse_gap(&dr->sse);
	dialect_exchange_ops.gap(dr->d, &dr->ex, side);
	cut_piece(fn, dr, sv_skip(body, at + n < body.len ? at + n : body.len));
}

static inline void driver_request(struct driver *dr, const struct play *p, size_t plan)
{
	struct ex_message *req = &dr->ex.msg[EX_REQUEST];
	struct sv body = sv_of(p->request);

	if (p->request && p->lost_request)
		driver_feed_gap(dr, driver_feed_request, EX_REQUEST, body,
				plan < body.len ? plan : 0, p->lost_request);
	else if (p->request)
		cut_feed(driver_feed_request, dr, body, plan < body.len + 2 ? plan : 0);
	if (p->outcome != EX_NO_RESPONSE) {
		req->complete = true;
		dialect_exchange_ops.req_end(dr->d, &dr->ex);
	}
}

static inline void driver_answer(struct driver *dr, const struct play *p, size_t plan)
{
	struct ex_message *resp = &dr->ex.msg[EX_RESPONSE];
	struct sv body = sv_of(p->answer);

	event_out_init(&dr->out, 1 << 20, driver_on_event, dr);
	sse_init(&dr->sse, &dr->out);
	resp->head_seen = true;
	resp->t_first = 2 * SEC;
	resp->kind = p->sse ? EX_SSE : EX_PLAIN;
	dr->ex.status = p->status ? p->status : 200;
	dr->now = 2 * SEC;
	dialect_exchange_ops.resp_head(dr->d, &dr->ex);
	if (p->lost_answer)
		driver_feed_gap(dr, driver_feed_answer, EX_RESPONSE, body,
				plan < body.len ? plan : 0, p->lost_answer);
	else
		cut_feed(driver_feed_answer, dr, body, plan < body.len + 2 ? plan : 0);
	resp->complete = p->outcome == 0 || p->outcome == EX_DONE;
	resp->t_end = 9 * SEC;
	sse_close(&dr->sse);
	event_out_done(&dr->out);
}

/* plan: where both bodies are cut, see cuts.h. */
static inline void driver_play(struct driver *dr, const struct play *p, size_t plan)
{
	struct ex_message *req = &dr->ex.msg[EX_REQUEST];
	bool seen = !p->method || p->method[0];

	dr->ex = (struct exchange){
		.tgid = 7,
		.role = p->role,
		.tls = !p->tls_off,
		.method = sv_of(p->method ? p->method : "POST"),
		.target = sv_of(p->target ? p->target : ""),
	};
	arena_init(&dr->ex.arena, 1 << 16);
	req->head_seen = seen;
	req->t_first = seen ? SEC : 0;
	if (seen)
		req->header[EX_H_HOST] = sv_of(p->host ? p->host : "localhost:8443");
	req->header[EX_H_USER_AGENT] = sv_of(p->user_agent);
	req->header[EX_H_STAINLESS_RETRY_COUNT] = sv_of(p->retry_count);
	req->gapped = p->lost_request != 0;
	req->lost = p->lost_request;
	dr->ex.msg[EX_RESPONSE].gapped = p->lost_answer != 0;
	dr->ex.msg[EX_RESPONSE].lost = p->lost_answer;
	dr->ex.msg[EX_RESPONSE].decode_failed = p->decode_failed;
	dr->ex.msg[EX_RESPONSE].header[EX_H_SERVER] = sv_of(p->server);
	dialect_exchange_ops.begin(dr->d, &dr->ex);
	driver_request(dr, p, plan);
	if (p->answer)
		driver_answer(dr, p, plan);
	dr->ex.outcome = p->outcome ? p->outcome : EX_DONE;
	dialect_exchange_ops.end(dr->d, &dr->ex, 9 * SEC);
	arena_done(&dr->ex.arena);
}

static inline void driver_init(struct driver *dr, struct notes *n, bool content)
{
	const struct dialect_options opt = { .want_content = content };

	*dr = (struct driver){ .notes = n };
	if (dialect_new(&dr->d, &opt, driver_on_call, dr))
		abort();
}

static inline void driver_done(struct driver *dr)
{
	dialect_free(dr->d);
}

/* An exchange and the call it must become; "" for none. */
struct driver_case {
	const char *name;
	struct play play;
	bool content;
	const char *want;
};

static inline void driver_run_case(const struct driver_case *c, size_t plan, struct notes *n)
{
	struct driver dr;

	notes_reset(n);
	driver_init(&dr, n, c->content);
	driver_play(&dr, &c->play, plan);
	assert_int_equal(dr.calls, c->want[0] != '\0');
	driver_done(&dr);
}

/* However the bodies are cut, the call is the same. */
static inline void driver_run_cases(const struct driver_case *cases, size_t count)
{
	static struct notes n;

	for (size_t i = 0; i < count; i++) {
		const struct driver_case *c = &cases[i];
		size_t req = sv_of(c->play.request).len, resp = sv_of(c->play.answer).len;

		for (size_t plan = 0; plan < (req > resp ? req : resp) + 2; plan++) {
			driver_run_case(c, plan, &n);
			if (strcmp(n.text, c->want) == 0)
				continue;
			print_message("%s, plan %zu:\n%s\nwanted:\n%s\n", c->name, plan, n.text,
				      c->want);
			fail();
		}
	}
}

#endif /* EARSHOT_TESTS_UNIT_DIALECT_DRIVER_H */
