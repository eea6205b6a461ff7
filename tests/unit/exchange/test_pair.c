// SPDX-License-Identifier: Apache-2.0
#include "exchange/pair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

#include "cuts.h"
#include "earshot/stats.h"

/*
 * What the exchanges' consumer is told, each with the exchange's number in front: "0:GET /"
 * begin, "0>body" and "0>." the request's body and end, "0:200" the response's head, "0<body",
 * "0{type|data}" an event, "0~q" or "0~r" a gap, and "0=done" the outcome, with the reason and
 * what is special of each message: "q" or "r" with c complete, g gapped (and how many bytes),
 * d decoding failed, t truncated, ! length told twice.
 */
struct run {
	struct notes notes;
	struct stat_pair stats[ES_STAT_COUNT];
	struct pairs *pairs;
	struct conn conn;
	uint64_t now;
	char joined; /* the newest note is a body that may go on: '>' or '<' */
	void (*peek)(const struct exchange *ex); /* at the end */
};

static void note_flags(struct notes *n, const char *name, const struct ex_message *m)
{
	note(n, " %s%s", name, m->complete ? "c" : "");
	if (m->gapped)
		note(n, "g%d", (int)m->lost);
	note(n, "%s%s%s", m->decode_failed ? "d" : "", m->truncated ? "t" : "",
	     m->conflict ? "!" : "");
}

static void on_begin(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	assert_int_equal(ex->outcome, EX_OPEN);
	assert_null(ex->user[EX_READ_MODEL]);
	ex->user[EX_READ_MODEL] = r;
	r->joined = 0;
	note(&r->notes, "%d:%.*s%s%.*s ", (int)ex->number, SV_ARG(ex->method),
	     ex->method.len ? " " : "", SV_ARG(ex->target));
}

static void note_body(struct run *r, struct exchange *ex, char dir, struct sv bytes)
{
	assert_ptr_equal(ex->user[EX_READ_MODEL], r);
	assert_true(bytes.len > 0);
	if (r->joined == dir)
		r->notes.len--;
	else
		note(&r->notes, "%d%c", (int)ex->number, dir);
	note(&r->notes, "%.*s ", SV_ARG(bytes));
	r->joined = dir;
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	note_body(ctx, ex, '>', bytes);
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	assert_ptr_equal(ex->user[EX_READ_MODEL], r);
	r->joined = 0;
	note(&r->notes, "%d>. ", (int)ex->number);
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	assert_ptr_equal(ex->user[EX_READ_MODEL], r);
	r->joined = 0;
	note(&r->notes, "%d:%u ", (int)ex->number, ex->status);
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	struct run *r = ctx;

	assert_int_equal(time, r->now);
	note_body(r, ex, '<', bytes);
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct run *r = ctx;

	assert_int_equal(time, r->now);
	assert_int_equal(side, EX_RESPONSE);
	assert_int_equal(ex->msg[side].kind, EX_SSE);
	r->joined = 0;
	note(&r->notes, "%d{%.*s|%.*s} ", (int)ex->number, SV_ARG(ev->type), SV_ARG(ev->data));
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct run *r = ctx;

	r->joined = 0;
	note(&r->notes, "%d~%c ", (int)ex->number, side == EX_REQUEST ? 'q' : 'r');
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	static const char *const outcomes[] = {
		"open", "done",	    "cut",    "cancelled", "no-response",
		"exit", "upgraded", "broken", "stopped",
	};
	struct run *r = ctx;

	assert_ptr_equal(ex->user[EX_READ_MODEL], r);
	assert_int_equal(time, r->now);
	r->joined = 0;
	note(&r->notes, "%d=%s", (int)ex->number, outcomes[ex->outcome]);
	if (ex->reason[0])
		note(&r->notes, "(%s)", ex->reason);
	note_flags(&r->notes, "q", &ex->msg[EX_REQUEST]);
	note_flags(&r->notes, "r", &ex->msg[EX_RESPONSE]);
	note(&r->notes, "; ");
	if (r->peek)
		r->peek(ex);
}

static const struct exchange_ops ops = {
	.begin = on_begin,
	.req_body = on_req_body,
	.req_end = on_req_end,
	.resp_head = on_resp_head,
	.resp_body = on_resp_body,
	.event = on_event,
	.gap = on_gap,
	.end = on_end,
};

static void begin_with(struct run *r, const struct pairs_opts *more)
{
	struct pairs_opts opts = *more;

	memset(r, 0, offsetof(struct run, peek));
	opts.stats = r->stats;
	opts.ops = &ops;
	opts.ctx = r;
	assert_int_equal(pairs_new(&r->pairs, &opts), 0);
	r->conn = (struct conn){
		.tgid = 1, .proto = CONN_HTTP1, .request_dir = CONN_WRITE, .tls = true
	};
	r->now = 100;
}

static void begin(struct run *r)
{
	begin_with(r, &(struct pairs_opts){ 0 });
	pairs_sink.open(r->pairs, &r->conn);
}

static void finish(struct run *r, enum conn_end why)
{
	pairs_sink.close(r->pairs, &r->conn, why, ++r->now);
	assert_null(r->conn.user);
	assert_int_equal(pairs_open(r->pairs), 0);
	pairs_free(r->pairs);
	if (r->notes.len)
		r->notes.text[r->notes.len - 1] = '\0';
}

/* A step is text of one direction ('w', 'r'), or a gap in it ('W', 'R'); how it is cut varies. */
struct step {
	char what;
	const char *text;
	unsigned int lost;
};

struct feeding {
	struct run *run;
	enum conn_dir dir;
	bool open;
};

static void feed(void *parser, struct sv piece)
{
	struct feeding *f = parser;

	f->run->now++;
	if (f->open && piece.len)
		f->open =
			pairs_sink.bytes(f->run->pairs, &f->run->conn, f->dir, piece, f->run->now);
}

static void play(struct run *r, const struct step *steps, size_t plan_of, size_t plan)
{
	struct feeding f = { .run = r, .open = true };

	for (size_t i = 0; steps[i].what; i++) {
		const struct step *s = &steps[i];

		f.dir = s->what == 'w' || s->what == 'W' ? CONN_WRITE : CONN_READ;
		if (s->text)
			cut_feed(feed, &f, sv_of(s->text), i == plan_of ? plan : 0);
		else if (f.open)
			pairs_sink.gap(r->pairs, &r->conn, f.dir, s->lost, ++r->now);
	}
}

#define STEPS_MAX 10

struct story {
	const char *name;
	struct step steps[STEPS_MAX];
	enum conn_end why;
	const char *want;
};

static void check(const struct story *s)
{
	struct run r = { 0 };

	for (size_t i = 0; i == 0 || s->steps[i].what; i++) {
		struct sv in = sv_of(s->steps[i].text);

		for (size_t plan = 0; plan < cut_plans(in); plan++) {
			begin(&r);
			play(&r, s->steps, i, plan);
			finish(&r, s->why);
			if (strcmp(r.notes.text, s->want) != 0)
				fail_msg("%s, step %zu cut %zu: %s", s->name, i, plan,
					 r.notes.text);
		}
	}
}

#define REQ	"POST /v1?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
#define GET	"GET /g HTTP/1.1\r\n\r\n"
#define OK	"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define EVENTS                                                                  \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n"

static const struct story stories[] = {
	{ "one call",
	  { { 'w', REQ, 0 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:POST /v1?x=1 0>hi 0>. 0:200 0<yes 0=done qc rc;" },
	{ "keep-alive",
	  { { 'w', REQ, 0 }, { 'r', OK, 0 }, { 'w', GET, 0 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:POST /v1?x=1 0>hi 0>. 0:200 0<yes 0=done qc rc; 1:GET /g 1>. 1:200 1<yes 1=done qc "
	  "rc;" },
	{ "pipelined",
	  { { 'w', GET GET, 0 }, { 'r', OK OK, 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 1:GET /g 1>. 0:200 0<yes 0=done qc rc; 1:200 1<yes 1=done qc rc;" },
	{ "interim responses",
	  { { 'w', REQ, 0 },
	    { 'r', "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" OK, 0 } },
	  CONN_FREED,
	  "0:POST /v1?x=1 0>hi 0>. 0:200 0<yes 0=done qc rc;" },
	{ "only an interim response",
	  { { 'w', REQ, 0 }, { 'r', "HTTP/1.1 100 C\r\n\r\n", 0 } },
	  CONN_FREED,
	  "0:POST /v1?x=1 0>hi 0>. 0=no-response qc r;" },
	{ "HEAD",
	  { { 'w', "HEAD / HTTP/1.1\r\n\r\n" GET, 0 },
	    { 'r', "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" OK, 0 } },
	  CONN_FREED,
	  "0:HEAD / 0>. 1:GET /g 1>. 0:200 0=done qc rc; 1:200 1<yes 1=done qc rc;" },
	{ "early response",
	  { { 'w', "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe", 0 },
	    { 'r', OK, 0 },
	    { 'w', "llo" GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:POST / 0>he 0:200 0<yes 0>llo 0>. 0=done qc rc; 1:GET /g 1>. 1:200 1<yes 1=done qc "
	  "rc;" },
	{ "early response, request never whole",
	  { { 'w', "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe", 0 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:POST / 0>he 0:200 0<yes 0>. 0=done q rc;" },
	{ "until close",
	  { { 'w', GET, 0 }, { 'r', "HTTP/1.0 200 OK\r\n\r\nall", 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<all 0=done qc rc;" },
	{ "until close, but the process ends",
	  { { 'w', GET, 0 }, { 'r', "HTTP/1.0 200 OK\r\n\r\nall", 0 } },
	  CONN_EXIT,
	  "0:GET /g 0>. 0:200 0<all 0=exit qc r;" },
	{ "cut",
	  { { 'w', GET, 0 }, { 'r', CHUNKED "3\r\nyes\r\n", 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<yes 0=cut qc r;" },
	{ "cut in the head",
	  { { 'w', GET, 0 }, { 'r', "HTTP/1.1 2", 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0=cut qc r;" },
	{ "no response", { { 'w', GET, 0 } }, CONN_FREED, "0:GET /g 0>. 0=no-response qc r;" },
	{ "request cut",
	  { { 'w', "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe", 0 } },
	  CONN_GONE,
	  "0:POST / 0>he 0>. 0=no-response q r;" },
	{ "request cut in the head",
	  { { 'w', "POST / HT", 0 } },
	  CONN_FREED,
	  "0: 0>. 0=no-response q r;" },
	{ "process exit", { { 'w', GET, 0 } }, CONN_EXIT, "0:GET /g 0>. 0=exit qc r;" },
	{ "exec",
	  { { 'w', GET, 0 }, { 'r', CHUNKED, 0 } },
	  CONN_EXEC,
	  "0:GET /g 0>. 0:200 0=exit qc r;" },
	{ "stopped", { { 'w', GET, 0 } }, CONN_STOPPED, "0:GET /g 0>. 0=stopped qc r;" },
	{ "evicted", { { 'w', GET, 0 } }, CONN_EVICTED, "0:GET /g 0>. 0=no-response qc r;" },
	{ "upgrade",
	  { { 'w', GET, 0 }, { 'r', "HTTP/1.1 101 S\r\n\r\n\x81\x05hello", 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:101 0=upgraded qc rc;" },
	{ "CONNECT",
	  { { 'w', "CONNECT h:443 HTTP/1.1\r\n\r\n", 0 },
	    { 'r', "HTTP/1.1 200 OK\r\n\r\n\x16", 0 } },
	  CONN_FREED,
	  "0:CONNECT h:443 0>. 0:200 0=upgraded qc rc;" },
	{ "CONNECT refused",
	  { { 'w', "CONNECT h:443 HTTP/1.1\r\n\r\n", 0 },
	    { 'r', "HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx", 0 } },
	  CONN_FREED,
	  "0:CONNECT h:443 0>. 0:407 0<x 0=done qc rc;" },
	{ "response without a request",
	  { { 'r', "HTTP/1.1 408 T\r\nContent-Length: 0\r\n\r\n", 0 } },
	  CONN_FREED,
	  "0: 0:408 0=done q rc;" },
	{ "broken response",
	  { { 'w', GET, 0 }, { 'r', "HTTP/1.1 abc\r\n\r\n", 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0=broken(bad status) qc r;" },
	{ "broken body",
	  { { 'w', GET, 0 }, { 'r', CHUNKED "1\r\nyx\r\n", 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<y 0=broken(chunk longer than its size) qc r;" },
	{ "broken request is answered",
	  { { 'w', "GET /\r\n\r\n", 0 },
	    { 'r', "HTTP/1.1 400 B\r\nContent-Length: 0\r\n\r\n", 0 },
	    { 'w', GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0: 0>. 0:400 0=broken(bad request line) q rc; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "length told twice",
	  { { 'w', GET, 0 },
	    { 'r',
	      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	      0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0=done qc rc!;" },
	{ "events",
	  { { 'w', GET, 0 },
	    { 'r', EVENTS "b\r\ndata: {1}\n\n\r\n19\r\nevent: x\ndata: {2}\n\n: c\n\n\r\n0\r\n\r\n",
	      0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0{message|{1}} 0{x|{2}} 0=done qc rc;" },

	/* Gaps. */
	{ "gap in a request body",
	  { { 'w', "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", 0 },
	    { 'W', NULL, 3 },
	    { 'w', "ghi", 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:POST / 0>abc 0~q 0>ghi 0>. 0:200 0<yes 0=done qcg3 rc;" },
	{ "gap in a response body",
	  { { 'w', GET, 0 },
	    { 'r', "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na", 0 },
	    { 'R', NULL, 3 },
	    { 'r', "e", 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<a 0~r 0<e 0=done qc rcg3;" },
	{ "gap in a request head",
	  { { 'w', "POST /x HT", 0 },
	    { 'W', NULL, 9 },
	    { 'w', "stray\r\n\r\n", 0 },
	    { 'r', OK, 0 },
	    { 'w', GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0: 0>. 0:200 0<yes 0=done qg9 rc; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "request lost, response seen",
	  { { 'W', NULL, 50 }, { 'r', OK, 0 }, { 'w', GET, 0 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0: 0:200 0<yes 0=done qg50 rc; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "response lost, request seen",
	  { { 'w', GET, 0 }, { 'R', NULL, 50 }, { 'w', GET, 0 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0~r 0=cut qc rg50; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "whole call lost in between",
	  { { 'w', GET, 0 },
	    { 'r', OK, 0 },
	    { 'W', NULL, 10 },
	    { 'R', NULL, 20 },
	    { 'w', GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<yes 0=done qc rc; 1: 1=cut qg10 rg20; 2:GET /g 2>. 2:200 2<yes "
	  "2=done qc rc;" },
	{ "whole call lost at the end",
	  { { 'w', GET, 0 }, { 'r', OK, 0 }, { 'W', NULL, 10 }, { 'R', NULL, 20 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<yes 0=done qc rc; 1: 1=cut qg10 rg20;" },
	{ "response head lost, next call",
	  { { 'w', GET, 0 },
	    { 'r', "HTTP/1.1 2", 0 },
	    { 'R', NULL, 50 },
	    { 'r', "stray\r\n", 0 },
	    { 'w', GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0~r 0=cut qc rg50; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "chunked response lost, next call",
	  { { 'w', GET, 0 },
	    { 'r', CHUNKED "3\r\nyes\r\n", 0 },
	    { 'R', NULL, 50 },
	    { 'w', GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<yes 0~r 0=cut qc rg50; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "events go on behind a gap",
	  { { 'w', GET, 0 },
	    { 'r', EVENTS "9\r\ndata: 1\n\n\r\n9\r\nda", 0 },
	    { 'R', NULL, 30 },
	    { 'r', "y\n\n\r\n9\r\ndata: 3\n\n\r\n9\r\ndata: 4\n\n\r\n9\r\ndata: 5\n\n\r\n0\r\n\r\n",
	      0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0{message|1} 0~r 0{message|5} 0=done qc rcg30;" },
	{ "tail of a response lost",
	  { { 'w', GET, 0 }, { 'r', CHUNKED "3\r\nyes\r\n", 0 }, { 'R', NULL, 50 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0:200 0<yes 0~r 0=cut qc rg50;" },
	{ "response never seen but lost",
	  { { 'w', GET, 0 }, { 'R', NULL, 50 } },
	  CONN_FREED,
	  "0:GET /g 0>. 0~r 0=cut qc rg50;" },
	{ "lost HEAD: its answer has no body",
	  { { 'W', NULL, 50 },
	    { 'r', "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 0 },
	    { 'w', GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0: 0:200 1:GET /g 1>. 0=done qg50 rc; 1:200 1<yes 1=done qc rc;" },
	{ "lost request, and a body that begins like an answer",
	  { { 'W', NULL, 50 },
	    { 'r', "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1\n", 0 },
	    { 'w', GET, 0 },
	    { 'r', OK, 0 } },
	  CONN_FREED,
	  "0: 0:200 0<HTTP/1.1\n 0=done qg50 rc; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "lost request, told when the next one comes",
	  { { 'r', OK, 0 }, { 'W', NULL, 50 }, { 'w', GET, 0 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0: 0:200 0<yes 0=done q rc; 1:GET /g 1>. 1:200 1<yes 1=done qc rc;" },
	{ "lost answer, told when the next one comes",
	  { { 'w', GET, 0 }, { 'w', GET, 0 }, { 'R', NULL, 50 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 1:GET /g 1>. 0~r 0=cut qc rg50; 1:200 1<yes 1=done qc rc;" },
	{ "lost answer of a client that sends ahead",
	  { { 'w', GET GET GET, 0 }, { 'r', OK, 0 }, { 'R', NULL, 50 }, { 'r', OK, 0 } },
	  CONN_FREED,
	  "0:GET /g 0>. 1:GET /g 1>. 2:GET /g 2>. 0:200 0<yes 0=done qc rc; 1~r "
	  "1:200 1<yes 1=done qc rcg50; 2=no-response qc r;" },
	{ "nothing seen", { { 'W', NULL, 5 }, { 'R', NULL, 6 } }, CONN_FREED, "0: 0=cut qg5 rg6;" },
	{ "nothing at all", { { 0 } }, CONN_FREED, "" },
};

static void test_stories_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		check(&stories[i]);
}

/* Who ended it, as the socket's state tells. */

static void test_who_hung_up(void **state)
{
	static const struct {
		enum conn_dir request_dir;
		uint32_t socket;
		const char *response;
		unsigned int lost;
		const char *want;
	} ways[] = {
		{ CONN_WRITE, ES_SOCKET_OPEN, CHUNKED "3\r\nyes\r\n", 0, "0=cancelled qc r;" },
		{ CONN_WRITE, ES_SOCKET_ENDED, CHUNKED "3\r\nyes\r\n", 0, "0=cut qc r;" },
		{ CONN_WRITE, ES_SOCKET_UNKNOWN, CHUNKED "3\r\nyes\r\n", 0, "0=cut qc r;" },
		{ CONN_READ, ES_SOCKET_OPEN, CHUNKED "3\r\nyes\r\n", 0, "0=cut qc r;" },
		{ CONN_WRITE, ES_SOCKET_OPEN, "", 0, "0=cancelled qc r;" },
		{ CONN_WRITE, ES_SOCKET_ENDED, "", 0, "0=no-response qc r;" },
		{ CONN_WRITE, ES_SOCKET_OPEN, OK, 0, "0=done qc rc;" },
		/* All of it may have come: a client that has its answer hangs up too. */
		{ CONN_WRITE, ES_SOCKET_OPEN, CHUNKED "3\r\nyes\r\n", 9, "0=cut qc rg9;" },
		{ CONN_WRITE, ES_SOCKET_OPEN, "HTTP/1.0 200 OK\r\n\r\nyes", 0,
		  "0=cancelled qc r;" },
		{ CONN_WRITE, ES_SOCKET_ENDED, "HTTP/1.0 200 OK\r\n\r\nyes", 0, "0=done qc rc;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct run r = { 0 };
		struct feeding f = { .run = &r, .open = true, .dir = ways[i].request_dir };

		begin_with(&r, &(struct pairs_opts){ 0 });
		r.conn.request_dir = ways[i].request_dir;
		pairs_sink.open(r.pairs, &r.conn);
		cut_piece(feed, &f, SV(GET));
		f.dir = !ways[i].request_dir;
		cut_piece(feed, &f, sv_of(ways[i].response));
		if (ways[i].lost)
			pairs_sink.gap(r.pairs, &r.conn, f.dir, ways[i].lost, ++r.now);
		r.conn.socket = ways[i].socket;
		finish(&r, CONN_FREED);
		assert_string_equal(strchr(r.notes.text, '='), strchr(ways[i].want, '='));
	}
}

/* Codings. */

static size_t gzip_of(const char *text, char *out, size_t cap)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)strlen(text);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return cap - z.avail_out;
}

static struct sv response(const char *fields, const char *body, size_t len)
{
	static char out[4096];
	int n = snprintf(out, sizeof(out),
			 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s"
			 "Content-Type: image/x\r\n\r\n",
			 len, fields);

	memcpy(out + n, body, len);
	return (struct sv){ out, (size_t)n + len };
}

static void check_response(struct sv in, const char *want, enum es_stat cause)
{
	struct run r = { 0 };

	for (size_t plan = 0; plan < cut_plans(in); plan++) {
		struct feeding f = { .run = &r, .open = true };

		begin(&r);
		cut_piece(feed, &f, SV(GET));
		f.dir = CONN_READ;
		cut_feed(feed, &f, in, plan);
		finish(&r, CONN_FREED);
		assert_string_equal(r.notes.text, want);
		if (cause != ES_STAT_COUNT)
			assert_int_equal(r.stats[cause].events, 1);
	}
}

static void test_codings(void **state)
{
	char gz[512];
	size_t len = gzip_of("data: {1}\n\ndata: {2}\n\n", gz, sizeof(gz));

	(void)state;
	check_response(response("Content-Encoding: gzip\r\n", gz, len),
		       "0:GET /g 0>. 0:200 0<data: {1}\n\ndata: {2}\n\n 0=done qc rc;",
		       ES_STAT_COUNT);
	check_response(
		response("Content-Encoding: GZIP\r\nContent-Type: Text/Event-Stream\r\n", gz, len),
		"0:GET /g 0>. 0:200 0{message|{1}} 0{message|{2}} 0=done qc rc;", ES_STAT_COUNT);
	check_response(response("Content-Encoding: zip\r\n", gz, len),
		       "0:GET /g 0>. 0:200 0=done qc rcd;", ES_U_DECODE_ERROR);
	check_response(response("Content-Encoding: gzip, gzip, gzip\r\n", gz, len),
		       "0:GET /g 0>. 0:200 0=done qc rcd;", ES_U_DECODE_ERROR);
	check_response(response("Content-Encoding: gzip\r\n", "plain text", 10),
		       "0:GET /g 0>. 0:200 0=done qc rcd;", ES_U_DECODE_ERROR);
	check_response(response("Content-Encoding: identity\r\n", "plain", 5),
		       "0:GET /g 0>. 0:200 0<plain 0=done qc rc;", ES_STAT_COUNT);
	check_response(response("Content-Encoding: gzip\r\n", gz, 0),
		       "0:GET /g 0>. 0:200 0=done qc rc;", ES_STAT_COUNT);
	/* The coding ends before its end. */
	check_response(response("Content-Encoding: gzip\r\n", gz, len - 1),
		       "0:GET /g 0>. 0:200 0<data: {1}\n\ndata: {2}\n\n 0=done qc rcd;",
		       ES_U_DECODE_ERROR);
}

static void test_two_codings(void **state)
{
	/* "hi" in gzip, and that in deflate (zlib), made with the two encoders below. */
	char gz[128], z[256];
	size_t gz_len = gzip_of("hi", gz, sizeof(gz));
	uLongf z_len = sizeof(z);

	(void)state;
	assert_int_equal(compress((Bytef *)z, &z_len, (const Bytef *)gz, gz_len), Z_OK);
	check_response(response("Content-Encoding: gzip, deflate\r\n", z, z_len),
		       "0:GET /g 0>. 0:200 0<hi 0=done qc rc;", ES_STAT_COUNT);
	check_response(response("Content-Encoding: deflate, gzip\r\n", z, z_len),
		       "0:GET /g 0>. 0:200 0=done qc rcd;", ES_U_DECODE_ERROR);
}

/* A gap that may be longer than it is told is not skipped by a length. */
static void test_gap_of_unknown_length(void **state)
{
	struct feeding f;
	struct run r = { 0 };

	(void)state;
	begin(&r);
	f = (struct feeding){ &r, CONN_WRITE, true };
	cut_piece(feed, &f, SV(GET GET));
	f.dir = CONN_READ;
	cut_piece(feed, &f, SV("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nye"));
	r.conn.inexact = true;
	pairs_sink.gap(r.pairs, &r.conn, CONN_READ, 5, ++r.now);
	r.conn.inexact = false;
	cut_piece(feed, &f, SV("rest\r\n" OK));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:GET /g 0>. 1:GET /g 1>. 0:200 0<ye 0~r 0=cut qc rg5; "
					  "1:200 1<yes 1=done qc rc;");
}

static void test_gap_in_a_coded_body(void **state)
{
	char gz[512];
	size_t len = gzip_of("a text that is coded", gz, sizeof(gz));
	struct sv in = response("Content-Encoding: gzip\r\n", gz, len);
	struct feeding f = { 0 };
	struct run r = { 0 };

	(void)state;
	begin(&r);
	f = (struct feeding){ .run = &r, .open = true };
	cut_piece(feed, &f, SV(GET));
	f.dir = CONN_READ;
	cut_piece(feed, &f, sv_cut(in, in.len - len + 2));
	pairs_sink.gap(r.pairs, &r.conn, CONN_READ, 3, ++r.now);
	cut_piece(feed, &f, sv_skip(in, in.len - len + 5));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:GET /g 0>. 0:200 0~r 0=done qc rcg3;");
	assert_int_equal(r.stats[ES_U_DECODE_ERROR].events, 1);
}

/* What an exchange says. */

static void peek_first(const struct exchange *ex)
{
	if (ex->number)
		return;
	assert_int_equal(ex->tgid, 1);
	assert_int_equal(ex->role, EX_CLIENT);
	assert_true(ex->tls);
	assert_int_equal(ex->http_minor, 1);
	assert_true(sv_eq(ex->msg[EX_REQUEST].header[EX_H_HOST], SV("api.test")));
	assert_true(sv_eq(ex->msg[EX_REQUEST].header[EX_H_USER_AGENT], SV("first")));
	assert_true(sv_eq(ex->msg[EX_RESPONSE].header[EX_H_REQUEST_ID], SV("r-1")));
	assert_null(ex->msg[EX_REQUEST].header[EX_H_REQUEST_ID].p);
	for (size_t side = 0; side < 2; side++) {
		for (size_t h = 0; h < EX_H_COUNT; h++) {
			struct sv v = ex->msg[side].header[h];

			assert_true(!v.len || !memmem(v.p, v.len, "sk-", 3));
		}
	}
	assert_true(sv_eq(ex->target, SV("/v1?key=REDACTED&b=2")));
	assert_int_equal(ex->msg[EX_REQUEST].t_first, 101);
	assert_int_equal(ex->msg[EX_REQUEST].t_body, 102);
	assert_int_equal(ex->msg[EX_REQUEST].t_end, 103);
	assert_int_equal(ex->msg[EX_RESPONSE].t_first, 104);
	assert_int_equal(ex->msg[EX_RESPONSE].t_body, 105);
	assert_int_equal(ex->msg[EX_RESPONSE].t_end, 105);
	assert_int_equal(ex->msg[EX_REQUEST].wire_bytes, 2);
	assert_int_equal(ex->msg[EX_REQUEST].body_bytes, 2);
	assert_int_equal(ex->peer_family, 2);
	assert_int_equal(ex->peer_port, 443);
}

static void test_what_an_exchange_says(void **state)
{
	struct run r = { .peek = peek_first };
	struct feeding f = { .run = &r, .open = true };

	(void)state;
	begin(&r);
	cut_piece(feed, &f,
		  SV("POST /v1?key=sk-1&b=2 HTTP/1.1\r\nhost: api.test\r\nUser-Agent: first\r\n"
		     "User-Agent: second\r\nAuthorization: Bearer sk-2\r\nx-api-key: sk-3\r\n"
		     "Cookie: sk-4\r\nContent-Length: 2\r\n\r\n"));
	cut_piece(feed, &f, SV("h"));
	cut_piece(feed, &f, SV("i"));
	r.conn.peer_family = 2;
	r.conn.peer_port = 443;
	f.dir = CONN_READ;
	cut_piece(feed, &f,
		  SV("HTTP/1.1 200 OK\r\nRequest-Id: r-1\r\nSet-Cookie: sk-5\r\nContent-Len"));
	cut_piece(feed, &f, SV("gth: 1\r\n\r\nx"));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text,
			    "0:POST /v1?key=REDACTED&b=2 0>hi 0>. 0:200 0<x 0=done qc rc;");
}

static void peek_server(const struct exchange *ex)
{
	assert_int_equal(ex->role, EX_SERVER);
	assert_true(ex->joined_late);
}

static void test_server_joined_late(void **state)
{
	struct run r = { .peek = peek_server };
	struct feeding f = { .run = &r, .open = true, .dir = CONN_READ };

	(void)state;
	begin_with(&r, &(struct pairs_opts){ 0 });
	r.conn.request_dir = CONN_READ;
	r.conn.late = true;
	pairs_sink.open(r.pairs, &r.conn);
	cut_piece(feed, &f, SV("tail of a body"));
	f.dir = CONN_WRITE;
	cut_piece(feed, &f, SV("tail of a response"));
	f.dir = CONN_READ;
	cut_piece(feed, &f, SV(GET));
	f.dir = CONN_WRITE;
	cut_piece(feed, &f, SV(OK));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:GET /g 0>. 0:200 0<yes 0=done qc rc;");
	assert_int_equal(r.stats[ES_U_JOINED].bytes, strlen("tail of a bodytail of a response"));
}

/* Bounds. */

static void test_pipeline_is_bounded(void **state)
{
	struct run r = { 0 };
	struct feeding f = { .run = &r, .open = true };

	(void)state;
	begin(&r);
	for (int i = 0; i < PAIR_PIPELINE_MAX; i++)
		cut_piece(feed, &f, SV(GET));
	assert_true(f.open);
	assert_int_equal(pairs_open(r.pairs), PAIR_PIPELINE_MAX);
	cut_piece(feed, &f, SV(GET GET));
	assert_false(f.open);
	assert_int_equal(pairs_open(r.pairs), 0);
	assert_int_equal(r.stats[ES_U_CALLS_FULL].events, 1);
	finish(&r, CONN_FREED);
	assert_non_null(
		strstr(r.notes.text, "63=broken(too many requests without a response) qc r;"));
	assert_null(strstr(r.notes.text, "64:"));
}

static void test_calls_beyond_the_bound_are_not_followed(void **state)
{
	struct run r = { 0 };
	struct feeding f = { .run = &r, .open = true };

	(void)state;
	begin_with(&r, &(struct pairs_opts){ .max_open = 1 });
	pairs_sink.open(r.pairs, &r.conn);
	cut_piece(feed, &f, SV(GET "HEAD / HTTP/1.1\r\n\r\n"));
	f.dir = CONN_READ;
	cut_piece(feed, &f, SV(OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
	f.dir = CONN_WRITE;
	cut_piece(feed, &f, SV(GET));
	f.dir = CONN_READ;
	cut_piece(feed, &f, SV(OK));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:GET /g 0>. 0:200 0<yes 0=done qc rc; "
					  "2:GET /g 2>. 2:200 2<yes 2=done qc rc;");
	assert_int_equal(r.stats[ES_U_CALLS_FULL].events, 1);
}

static void test_arena_is_bounded(void **state)
{
	struct run r = { 0 };
	struct feeding f = { .run = &r, .open = true };

	(void)state;
	begin_with(&r, &(struct pairs_opts){ .arena_limit = 8 });
	pairs_sink.open(r.pairs, &r.conn);
	cut_piece(feed, &f, SV("GET /0123456789 HTTP/1.1\r\nHost: example.test\r\n\r\n"));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:GET  0>. 0=no-response qc r;");
	assert_int_equal(r.stats[ES_U_ARENA_FULL].events, 2);
}

static void test_upgraded_bytes_are_counted(void **state)
{
	struct run r = { 0 };
	struct feeding f = { .run = &r, .open = true };

	(void)state;
	begin(&r);
	cut_piece(feed, &f, SV(GET));
	f.dir = CONN_READ;
	cut_piece(feed, &f, SV("HTTP/1.1 101 S\r\n\r\n12345"));
	assert_false(f.open);
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].bytes, 5);
	finish(&r, CONN_FREED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories_at_every_cut),
		cmocka_unit_test(test_who_hung_up),
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_two_codings),
		cmocka_unit_test(test_gap_in_a_coded_body),
		cmocka_unit_test(test_gap_of_unknown_length),
		cmocka_unit_test(test_what_an_exchange_says),
		cmocka_unit_test(test_server_joined_late),
		cmocka_unit_test(test_pipeline_is_bounded),
		cmocka_unit_test(test_calls_beyond_the_bound_are_not_followed),
		cmocka_unit_test(test_arena_is_bounded),
		cmocka_unit_test(test_upgraded_bytes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
