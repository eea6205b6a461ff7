// SPDX-License-Identifier: Apache-2.0
/* Streams of HTTP/2 as exchanges. The bytes are those of libnghttp2's sessions. */
#include "exchange/h2.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/h2frame.h"
#include "earshot/stats.h"
#include "h2talk.h"

/*
 * What the consumer is told, each with the exchange's number in front: "0:GET /" begin, "0>body"
 * and "0>." the request's body and end, "0:200" the response's head, "0<body", "0{data}" an event,
 * "0~q" or "0~r" a gap, and "0=done" the outcome, with what is special of each message: "q" or "r"
 * with c complete, g gapped (and how many bytes), ? fields unknown.
 */
struct run {
	struct notes notes;
	struct stat_pair stats[ES_STAT_COUNT];
	struct pairs *pairs;
	struct conn conn;
	uint64_t now;
	bool quiet;				 /* no notes are kept */
	char joined[8];				 /* the newest note is a body that may go on */
	void (*peek)(const struct exchange *ex); /* at the end */
};

static void on_begin(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	assert_int_equal(ex->outcome, EX_OPEN);
	assert_int_equal(ex->http_major, 2);
	r->joined[0] = '\0';
	note(&r->notes, "%d:%.*s%s%.*s ", (int)ex->number, SV_ARG(ex->method),
	     ex->method.len ? " " : "", SV_ARG(ex->target));
}

static void note_body(struct run *r, const struct exchange *ex, char dir, struct sv bytes)
{
	char start[8];

	assert_true(bytes.len > 0);
	snprintf(start, sizeof(start), "%d%c", (int)ex->number, dir);
	if (strcmp(start, r->joined) == 0)
		r->notes.len--;
	else
		note(&r->notes, "%s", start);
	memcpy(r->joined, start, sizeof(start));
	note(&r->notes, "%.*s ", SV_ARG(bytes));
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	note_body(ctx, ex, '>', bytes);
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	r->joined[0] = '\0';
	note(&r->notes, "%d>. ", (int)ex->number);
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	r->joined[0] = '\0';
	note(&r->notes, "%d:%u ", (int)ex->number, ex->status);
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	assert_int_equal(time, ((struct run *)ctx)->now);
	note_body(ctx, ex, '<', bytes);
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct run *r = ctx;

	assert_int_equal(time, r->now);
	assert_int_equal(side, EX_RESPONSE);
	r->joined[0] = '\0';
	note(&r->notes, "%d{%.*s} ", (int)ex->number, SV_ARG(ev->data));
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct run *r = ctx;

	r->joined[0] = '\0';
	note(&r->notes, "%d~%c ", (int)ex->number, side == EX_REQUEST ? 'q' : 'r');
}

static void note_flags(struct notes *n, const char *name, const struct ex_message *m)
{
	note(n, " %s%s", name, m->complete ? "c" : "");
	if (m->gapped)
		note(n, "g%d", (int)m->lost);
	note(n, "%s", m->fields_unknown ? "?" : "");
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	static const char *const outcomes[] = {
		"open", "done",	    "cut",    "cancelled", "no-response",
		"exit", "upgraded", "broken", "stopped",
	};
	struct run *r = ctx;

	assert_int_equal(time, r->now);
	r->joined[0] = '\0';
	note(&r->notes, "%d=%s", (int)ex->number, outcomes[ex->outcome]);
	note_flags(&r->notes, "q", &ex->msg[EX_REQUEST]);
	note_flags(&r->notes, "r", &ex->msg[EX_RESPONSE]);
	note(&r->notes, "; ");
	if (r->quiet)
		r->notes.len = 0;
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

static void begin(struct run *r, bool late)
{
	struct pairs_opts opts = { .stats = r->stats, .ops = &ops, .ctx = r };

	memset(r, 0, offsetof(struct run, peek));
	assert_int_equal(pairs_new(&r->pairs, &opts), 0);
	r->conn = (struct conn){
		.tgid = 1, .proto = CONN_HTTP2, .request_dir = CONN_WRITE, .tls = true, .late = late
	};
	r->now = 100;
	h2_sink.open(r->pairs, &r->conn);
}

static void finish(struct run *r, enum conn_end why)
{
	h2_sink.close(r->pairs, &r->conn, why, ++r->now);
	assert_null(r->conn.user);
	assert_int_equal(pairs_open(r->pairs), 0);
	pairs_free(r->pairs);
	if (r->notes.len)
		r->notes.text[r->notes.len - 1] = '\0';
}

struct feeding {
	struct run *run;
	enum conn_dir dir;
};

static void feed(void *parser, struct sv piece)
{
	struct feeding *f = parser;

	f->run->now++;
	assert_true(h2_sink.bytes(f->run->pairs, &f->run->conn, f->dir, piece, f->run->now));
}

/* A turn, whole or byte by byte. */
static void feed_turn(struct run *r, const struct talk *t, size_t i, bool bytes)
{
	const struct turn *turn = &t->turns[i];
	const struct wire *w = turn->down ? &t->down : &t->up;
	struct feeding f = { r, turn->down != turn->turned ? CONN_READ : CONN_WRITE };
	struct sv piece = { w->bytes + turn->at, turn->len };

	for (; bytes && piece.len; piece = sv_skip(piece, 1))
		cut_piece(feed, &f, sv_cut(piece, 1));
	if (!bytes)
		cut_piece(feed, &f, piece);
}

/* Turns from first on, but for one. */
static void play(struct run *r, const struct talk *t, size_t first, size_t without, bool bytes)
{
	for (size_t i = first; i < t->turn_count; i++) {
		const struct turn *turn = &t->turns[i];

		if (i != without)
			feed_turn(r, t, i, bytes);
		else
			h2_sink.gap(r->pairs, &r->conn, turn->down ? CONN_READ : CONN_WRITE,
				    turn->len, ++r->now);
	}
}

#define NOTHING SIZE_MAX

/* Played whole and byte by byte, the talk gives this; it ends with the process freeing it. */
static void check(struct talk *t, const char *want, void (*peek)(const struct exchange *ex))
{
	for (int bytes = 0; bytes < 2; bytes++) {
		struct run r = { .peek = peek };

		begin(&r, false);
		play(&r, t, 0, NOTHING, bytes);
		finish(&r, CONN_FREED);
		assert_string_equal(r.notes.text, want);
	}
	talk_end(t);
}

#define POST                                                                      \
	":method: POST\n:scheme: https\n:authority: api.openai.com\n:path: /v1\n" \
	"content-type: application/json\nuser-agent: a/1\n"
#define GET   ":method: GET\n:scheme: https\n:authority: h:8443\n:path: /g\n"
#define OK    ":status: 200\ncontent-type: application/json\nx-request-id: r1\n"
#define SSE   ":status: 200\ncontent-type: text/event-stream\nx-request-id: r1\n"
#define EARLY ":status: 103\nlink: </a>\n"

static void submit(nghttp2_session *session, int32_t id, const char *fields)
{
	nghttp2_nv nv[8];

	nghttp2_submit_headers(session, 0, id, NULL, nv, fields_of(fields, nv, ARRAY_SIZE(nv)),
			       NULL);
}

static void test_interleaved(void **state)
{
	struct source up[2] = { { .text = "ask0" }, { .text = "ask1" } };
	struct source down[3] = { { .text = "data: a\n\ndata: b\n\n" },
				  { .text = "{}" },
				  { .text = "gone\nfish" } };
	struct talk t;
	int32_t id[3];

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	id[0] = request(&t, POST, &up[0]);
	id[1] = request(&t, POST, &up[1]);
	flush(&t);
	submit(t.server.session, id[0], EARLY);
	respond(&t, id[1], OK, &down[1]);
	flush(&t);
	id[2] = request(&t, GET, NULL);
	respond(&t, id[0], SSE, &down[0]);
	flush(&t);
	respond(&t, id[2], ":status: 404\n", &down[2]);
	flush(&t);
	check(&t,
	      "0:POST /v1 1:POST /v1 0>ask0 0>. 1>ask1 1>. "
	      "1:200 1<{} 1=done qc rc; 2:GET /g 2>. 0:200 0{a} 0{b} 0=done qc rc; "
	      "2:404 2<gone\nfish 2=done qc rc;",
	      NULL);
}

static void peek_fields(const struct exchange *ex)
{
	const struct ex_message *m = ex->msg;

	assert_true(sv_eq(m[EX_REQUEST].header[EX_H_HOST], SV("api.openai.com")));
	assert_true(sv_eq(m[EX_REQUEST].header[EX_H_USER_AGENT], SV("a/1")));
	assert_true(sv_eq(m[EX_RESPONSE].header[EX_H_X_REQUEST_ID], SV("r1")));
	assert_true(sv_eq(m[EX_RESPONSE].header[EX_H_GRPC_STATUS], SV("7")));
	assert_int_equal(ex->role, EX_CLIENT);
	assert_true(m[EX_REQUEST].head_seen && m[EX_RESPONSE].head_seen);
	assert_int_equal(m[EX_REQUEST].wire_bytes, 3);
	assert_true(m[EX_REQUEST].t_first && m[EX_REQUEST].t_first < m[EX_RESPONSE].t_first);
}

/* Fields of heads and trailers; 1xx are passed over. */
static void test_fields_and_trailers(void **state)
{
	struct source up = { .text = "ask" };
	struct source down = { .text = "{}",
			       .trailers = "grpc-status: 7\nx-request-id: not this\n" };
	struct talk t;
	int32_t id;

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	id = request(&t, POST, &up);
	flush(&t);
	submit(t.server.session, id, EARLY);
	submit(t.server.session, id, ":status: 100\n");
	respond(&t, id, OK, &down);
	flush(&t);
	check(&t, "0:POST /v1 0>ask 0>. 0:200 0<{} 0=done qc rc;", peek_fields);
}

/* Resets: by the client before and while it is answered, by the server; GOAWAY. */
static void test_resets(void **state)
{
	struct source up = { .text = "ask" }, down[3] = { { .text = "data: a\n\n" },
							  { .text = "data: b\n\n" },
							  { .text = "data: c\n\n" } };
	struct talk t;
	int32_t id[6];

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	for (int i = 0; i < 6; i++)
		id[i] = request(&t, GET, NULL);
	flush(&t);
	nghttp2_submit_rst_stream(t.client.session, 0, id[0], NGHTTP2_CANCEL);
	flush(&t);
	submit(t.server.session, id[1], SSE);
	submit(t.server.session, id[2], SSE);
	flush(&t);
	nghttp2_submit_rst_stream(t.client.session, 0, id[1], NGHTTP2_CANCEL);
	nghttp2_submit_rst_stream(t.server.session, 0, id[2], NGHTTP2_INTERNAL_ERROR);
	nghttp2_submit_rst_stream(t.server.session, 0, id[3], NGHTTP2_REFUSED_STREAM);
	flush(&t);
	nghttp2_submit_goaway(t.server.session, 0, id[4], NGHTTP2_NO_ERROR, NULL, 0);
	respond(&t, id[4], SSE, &down[0]);
	flush(&t);
	check(&t,
	      "0:GET /g 0>. 1:GET /g 1>. 2:GET /g 2>. 3:GET /g 3>. 4:GET /g 4>. 5:GET /g 5>. "
	      "0=cancelled qc r; 1:200 2:200 1=cancelled qc r; 2=cut qc r; "
	      "3=no-response qc r; 5=no-response qc r; 4:200 4{a} 4=done qc rc;",
	      NULL);
	/* A request that is answered before it ended, as servers do that refuse it. */
	talk_begin(&t, NULL, 0, NULL, 0);
	submit(t.client.session, -1, POST);
	flush(&t);
	respond(&t, 1, ":status: 413\n", &down[1]);
	flush(&t);
	nghttp2_submit_rst_stream(t.server.session, 0, 1, NGHTTP2_NO_ERROR);
	flush(&t);
	(void)up;
	(void)down;
	check(&t, "0:POST /v1 0:413 0{b} 0=done q rc;", NULL);
}

static void test_connection_ends(void **state)
{
	static const struct {
		enum conn_end why;
		const char *want;
		bool open; /* both ends of the socket */
	} ends[] = {
		{ CONN_FREED, "0=cut qc r; 1=no-response qc r;", false },
		{ CONN_FREED, "0=cancelled qc r; 1=cancelled qc r;", true },
		{ CONN_EXIT, "0=exit qc r; 1=exit qc r;", false },
		{ CONN_STOPPED, "0=stopped qc r; 1=stopped qc r;", false },
	};
	struct talk t;
	struct run r = { 0 };
	int32_t id;

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	id = request(&t, GET, NULL);
	request(&t, GET, NULL);
	flush(&t);
	submit(t.server.session, id, OK);
	flush(&t);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		begin(&r, false);
		play(&r, &t, 0, NOTHING, false);
		r.conn.socket = ends[i].open ? ES_SOCKET_OPEN : ES_SOCKET_ENDED;
		finish(&r, ends[i].why);
		assert_non_null(strstr(r.notes.text, ends[i].want));
	}
	talk_end(&t);
}

/* A tunnel is nothing that is read; pushed streams are not followed. */
static void test_connect_and_push(void **state)
{
	struct source up = { .text = "\x16\x03\x01" }, down = { .text = "\x16\x03\x03" };
	struct source body = { .text = "{}" }, style = { .text = "css" };
	nghttp2_nv nv[8];
	struct talk t;
	struct run r = { 0 };
	int32_t id, pushed;

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	id = request(&t, ":method: CONNECT\n:authority: h:443\n", &up);
	flush(&t);
	respond(&t, id, ":status: 200\n", &down);
	flush(&t);
	id = request(&t, GET, NULL);
	flush(&t);
	pushed = nghttp2_submit_push_promise(t.server.session, 0, id, nv,
					     fields_of(GET, nv, ARRAY_SIZE(nv)), NULL);
	respond(&t, pushed, OK, &style);
	respond(&t, id, OK, &body);
	flush(&t);
	begin(&r, false);
	play(&r, &t, 0, NOTHING, false);
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:CONNECT  0>\x16\x03\x01 0>. 0:200 0=upgraded qc rc; "
					  "1:GET /g 1>. 1:200 1<{} 1=done qc rc;");
	assert_int_equal(r.stats[ES_U_H2_PUSHED].events, 1);
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].bytes, 3);
	talk_end(&t);
}

/* Joins and gaps. */

/* Calls one after another, all alike. */
static void row_of_calls(struct talk *t, int count)
{
	static struct source up[16], down[16];

	talk_begin(t, NULL, 0, NULL, 0);
	for (int i = 0; i < count; i++) {
		int32_t id;

		up[i] = (struct source){ .text = "ask" };
		down[i] = (struct source){ .text = "data: a\n\ndata: b\n\n" };
		id = request(t, POST, &up[i]);
		flush(t);
		respond(t, id, SSE, &down[i]);
		flush(t);
	}
}

/* The turn that holds the n-th frame of this type in this direction, from 0. */
static size_t turn_of(const struct talk *t, bool down, enum h2frame_type type, int n)
{
	for (size_t i = 0; i < t->turn_count; i++) {
		const struct turn *turn = &t->turns[i];
		const struct wire *w = turn->down ? &t->down : &t->up;

		if (turn->down == down && turn->len >= H2FRAME_HEAD &&
		    w->bytes[turn->at + 3] == (char)type && n-- == 0)
			return i;
	}
	fail_msg("no such frame");
	return 0;
}

static void test_joined_late(void **state)
{
	struct talk t;
	struct run r = { 0 };

	(void)state;
	row_of_calls(&t, 12);
	/* Before the eleventh request. */
	begin(&r, true);
	play(&r, &t, turn_of(&t, false, H2_HEADERS, 10), NOTHING, false);
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:POST /v1 0>ask 0>. 0:200 0{a} 0{b} 0=done qc? rc?; "
					  "1:POST /v1 1>ask 1>. 1:200 1{a} 1{b} 1=done qc? rc?;");
	assert_int_equal(r.stats[ES_U_PROTO_ERROR].events, 0);
	/* In the middle of an answer: what is left of it, and the next. */
	begin(&r, true);
	play(&r, &t, turn_of(&t, true, H2_DATA, 10 * 4 + 2), NOTHING, false);
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0: 0:0 0{b} 0=done q rc?; "
					  "1:POST /v1 1>ask 1>. 1:200 1{a} 1{b} 1=done qc? rc?;");
	talk_end(&t);
}

static void peek_server(const struct exchange *ex)
{
	assert_int_equal(ex->role, EX_SERVER);
}

/* The guess who is the client was wrong: the first head says so. */
static void test_joined_late_as_server(void **state)
{
	struct talk t;
	struct run r = { .peek = peek_server };

	(void)state;
	row_of_calls(&t, 3);
	for (size_t i = 0; i < t.turn_count; i++)
		t.turns[i].turned = true;
	begin(&r, true);
	play(&r, &t, turn_of(&t, false, H2_HEADERS, 1), NOTHING, false);
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:POST /v1 0>ask 0>. 0:200 0{a} 0{b} 0=done qc? rc?; "
					  "1:POST /v1 1>ask 1>. 1:200 1{a} 1{b} 1=done qc? rc?;");
	talk_end(&t);
}

/* Only what a record that is lost has held changes. */
static void test_gaps(void **state)
{
	struct talk t;
	struct run r = { 0 };

	(void)state;
	row_of_calls(&t, 3);
	/* A line of the second answer: the table outlives it. */
	begin(&r, false);
	play(&r, &t, 0, turn_of(&t, true, H2_DATA, 4), false);
	finish(&r, CONN_FREED);
	assert_non_null(strstr(r.notes.text, "1:200 1~r "));
	assert_non_null(strstr(r.notes.text, "1=done qc rcg17; "));
	assert_non_null(strstr(r.notes.text, "2:POST /v1 2>ask 2>. 2:200 2{a} 2{b} 2=done qc rc;"));
	/* The second answer's head: its kind is told by its body. */
	begin(&r, false);
	play(&r, &t, 0, turn_of(&t, true, H2_HEADERS, 1), false);
	finish(&r, CONN_FREED);
	assert_non_null(strstr(r.notes.text, "1:0 1{a} 1{b} 1=done qc rcg"));
	assert_non_null(strstr(r.notes.text, "2:200 2{a} 2{b} 2=done qc rc?;"));
	/* The second request's head: host and method are known, and so are the others' fields. */
	begin(&r, false);
	play(&r, &t, 0, turn_of(&t, false, H2_HEADERS, 1), false);
	finish(&r, CONN_FREED);
	assert_non_null(strstr(r.notes.text, "1: 1>ask 1>. 1:200 1{a} 1{b} 1=done qcg"));
	assert_non_null(
		strstr(r.notes.text, "2:POST /v1 2>ask 2>. 2:200 2{a} 2{b} 2=done qc? rc;"));
	/* The end of the second answer: it ends with the connection, as far as it came. */
	begin(&r, false);
	play(&r, &t, 0, turn_of(&t, true, H2_DATA, 7), false);
	finish(&r, CONN_FREED);
	assert_non_null(strstr(r.notes.text, "2=done qc rc?; 1=cut qc rg"));
	talk_end(&t);
}

/* A request of which nothing came is known by its number. */
static void test_missed_request(void **state)
{
	struct talk t;
	struct run r = { 0 };
	size_t at;

	(void)state;
	row_of_calls(&t, 1);
	request(&t, GET, NULL);
	flush(&t);
	request(&t, GET, NULL);
	flush(&t);
	at = turn_of(&t, false, H2_HEADERS, 1);
	begin(&r, false);
	play(&r, &t, 0, at, false);
	finish(&r, CONN_FREED);
	assert_non_null(strstr(r.notes.text, "2:GET /g 2>. "));
	assert_non_null(strstr(r.notes.text, "1: 1=no-response qg"));
	talk_end(&t);
}

/* One whose end was lost does not stay for ever. */
static void test_silent_stream(void **state)
{
	struct talk t;
	struct run r = { 0 };
	size_t lost, next;

	(void)state;
	row_of_calls(&t, 3);
	lost = turn_of(&t, true, H2_DATA, 3);
	next = turn_of(&t, false, H2_HEADERS, 2);
	begin(&r, false);
	for (size_t i = 0; i < t.turn_count; i++) {
		if (i == next)
			r.now += H2_SILENT_NS + 1;
		if (i == lost)
			h2_sink.gap(r.pairs, &r.conn, CONN_READ, t.turns[i].len, ++r.now);
		else
			feed_turn(&r, &t, i, false);
	}
	assert_non_null(strstr(r.notes.text, "2=done qc rc?; 0=cut qc rg"));
	finish(&r, CONN_FREED);
	talk_end(&t);
}

static void peek_host(const struct exchange *ex)
{
	assert_true(sv_eq(ex->msg[EX_REQUEST].header[EX_H_HOST], SV("api.openai.com")));
}

/* The host that all other requests named; with two of them nobody knows. */
static void test_host_of_the_others(void **state)
{
	struct talk t;
	struct run r = { .peek = peek_host };

	(void)state;
	row_of_calls(&t, 4);
	begin(&r, false);
	for (size_t i = 0; i < t.turn_count; i++) {
		/* What the second call is asked with is lost, with its table; it is not played. */
		if (i == turn_of(&t, false, H2_HEADERS, 1)) {
			h2_sink.gap(r.pairs, &r.conn, CONN_WRITE, t.turns[i].len, ++r.now);
			r.peek = NULL;
		} else {
			feed_turn(&r, &t, i, false);
		}
		if (i == turn_of(&t, false, H2_HEADERS, 2))
			r.peek = peek_host;
	}
	finish(&r, CONN_FREED);
	assert_non_null(strstr(r.notes.text, "3=done qc? rc;"));
	talk_end(&t);
}

/* Bounds. */

static void test_too_many_streams(void **state)
{
	const nghttp2_settings_entry e = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2000 };
	struct talk *t = malloc(sizeof(*t));
	struct feeding f;
	struct run r = { 0 };

	(void)state;
	assert_non_null(t);
	talk_begin(t, NULL, 0, &e, 1);
	begin(&r, false);
	play(&r, t, 0, NOTHING, false);
	f = (struct feeding){ &r, CONN_WRITE };
	for (int i = 0; i < H2_STREAMS_MAX + 5; i++) {
		request(t, GET, NULL);
		t->turn_count = t->up.write_count = t->down.write_count = 0;
		t->up.len = t->down.len = 0;
		flush(t);
		r.notes.len = 0;
		cut_piece(feed, &f, all(&t->up));
	}
	assert_int_equal(pairs_open(r.pairs), H2_STREAMS_MAX);
	assert_int_equal(r.stats[ES_U_CALLS_FULL].events, 5);
	r.quiet = true;
	h2_sink.close(r.pairs, &r.conn, CONN_FREED, ++r.now);
	pairs_free(r.pairs);
	talk_end(t);
	free(t);
}

/* Tables as full as they can be, of the smallest entries, both ways. */
static void test_memory_of_a_connection(void **state)
{
	static const char head[] = "\0\0\0\1\5\0\0\0\1";
	static char block[H2FRAME_HEAD + 16384];
	struct run r = { 0 };
	size_t most = 0;

	(void)state;
	begin(&r, false);
	for (uint32_t n = 0; n < 200; n++) {
		struct feeding f = { &r, n % 2 ? CONN_READ : CONN_WRITE };
		size_t len = 0;

		if (n == 0)
			cut_piece(feed, &f, H2FRAME_PREFACE);
		memcpy(block, head, H2FRAME_HEAD);
		block[8] = (char)(1 + n / 2 % 50 * 2);
		/* The largest table that is kept, by its own rule; then entries of 3 bytes. */
		memcpy(block + H2FRAME_HEAD, "\x3f\xe1\x7f\x88", 4);
		for (len = 4; len + 8 < 16384; len += 5)
			memcpy(block + H2FRAME_HEAD + len,
			       (char[]){ 0x40, 1, (char)('a' + len % 26), 1, (char)('a' + n % 26) },
			       5);
		block[1] = (char)(len >> 8);
		block[2] = (char)len;
		r.notes.len = 0;
		cut_piece(feed, &f, (struct sv){ block, H2FRAME_HEAD + len });
		if (h2_memory(&r.conn) > most)
			most = h2_memory(&r.conn);
	}
	print_message("most memory of a connection: %zu bytes\n", most);
	assert_in_range(most, 20000, 64 << 10);
	r.notes.len = 0;
	finish(&r, CONN_FREED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_fields_and_trailers),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_connection_ends),
		cmocka_unit_test(test_connect_and_push),
		cmocka_unit_test(test_joined_late),
		cmocka_unit_test(test_joined_late_as_server),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_missed_request),
		cmocka_unit_test(test_silent_stream),
		cmocka_unit_test(test_host_of_the_others),
		cmocka_unit_test(test_too_many_streams),
		cmocka_unit_test(test_memory_of_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
