// SPDX-License-Identifier: Apache-2.0
/* WebSockets as exchanges: behind a 101, behind an extended CONNECT, and joined in the middle. */
#include "exchange/wsock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"
#include "earshot/stats.h"
#include "exchange/h2.h"
#include "exchange/pair.h"

/*
 * What the consumer is told: "GET /" begin, ">." the request's end, "101" the response's head,
 * "q{text|data}" a message of the client, "r{...}" of the server ('+' truncated, '?' unread),
 * "~q" a gap, "=done" the outcome with the messages counted of each side, and " q1000" whose close
 * frame was the first, and its code ('?' where another may have been lost).
 */
struct run {
	struct notes notes;
	struct stat_pair stats[ES_STAT_COUNT];
	struct pairs *pairs;
	const struct conn_sink *sink;
	struct conn conn;
	uint64_t now;
	enum conn_dir dir;
};

static void on_begin(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	note(&r->notes, "%.*s%s%.*s%s", SV_ARG(ex->method), ex->method.len ? " " : "",
	     SV_ARG(ex->target), ex->joined_late ? "(late) " : " ");
}

static void on_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	(void)ctx;
	(void)ex;
	(void)bytes;
	fail_msg("no body");
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	(void)time;
	on_body(ctx, ex, bytes);
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	(void)ex;
	note(&r->notes, ">. ");
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	note(&r->notes, "%u%s ", ex->status, ex->msg[EX_RESPONSE].kind == EX_WEBSOCKET ? "" : "?");
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct run *r = ctx;

	assert_int_equal(time, r->now);
	assert_int_equal(ex->msg[side].kind, EX_WEBSOCKET);
	if (!ev->cont)
		note(&r->notes, "%c{%.*s|", side == EX_REQUEST ? 'q' : 'r', SV_ARG(ev->type));
	note(&r->notes, "%s%.*s", ev->gap ? "~" : "", SV_ARG(sv_cut(ev->data, 200)));
	if (!ev->more)
		note(&r->notes, "%s%s} ", ev->truncated ? "+" : "", ev->unread ? "?" : "");
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct run *r = ctx;

	(void)ex;
	note(&r->notes, "~%c ", side == EX_REQUEST ? 'q' : 'r');
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	static const char *const outcomes[] = {
		"open", "done",	    "cut",    "cancelled", "no-response",
		"exit", "upgraded", "broken", "stopped",
	};
	const struct ex_message *q = &ex->msg[EX_REQUEST], *p = &ex->msg[EX_RESPONSE];
	struct run *r = ctx;

	(void)time;
	note(&r->notes, "=%s %d,%d%s%s", outcomes[ex->outcome], (int)q->events, (int)p->events,
	     q->complete && p->complete ? "c" : "", p->gapped || q->gapped ? "g" : "");
	if (ex->close.seen)
		note(&r->notes, " %c%u%s", ex->close.first == EX_REQUEST ? 'q' : 'r',
		     ex->close.code, ex->close.unsure ? "?" : "");
}

static const struct exchange_ops ops = {
	on_begin, on_body, on_req_end, on_resp_head, on_resp_body, on_event, on_gap, on_end,
};

static void begin(struct run *r, const struct conn_sink *sink, bool late)
{
	struct pairs_opts opts = { .stats = r->stats, .ops = &ops, .ctx = r };

	memset(r, 0, sizeof(*r));
	assert_int_equal(pairs_new(&r->pairs, &opts), 0);
	r->conn = (struct conn){ .tgid = 1, .request_dir = CONN_WRITE, .tls = true, .late = late };
	r->conn.proto = sink == &h2_sink ? CONN_HTTP2 : CONN_HTTP1;
	r->now = 100;
	r->sink = sink;
	sink->open(r->pairs, &r->conn);
}

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	r->now++;
	assert_true(r->sink->bytes(r->pairs, &r->conn, r->dir, piece, r->now));
}

static void finish(struct run *r, enum conn_end why)
{
	r->sink->close(r->pairs, &r->conn, why, ++r->now);
	assert_int_equal(pairs_open(r->pairs), 0);
	pairs_free(r->pairs);
}

/* Frames of RFC 6455 section 5.7 and RFC 7692 section 7.2.3. */
#define GET	 "GET /v1/responses HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"
#define SWITCH	 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
#define DEFLATE	 "Sec-WebSocket-Extensions: permessage-deflate\r\n"
#define HELLO_Q	 "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
#define HELLO_R	 "\x01\x03Hel\x80\x02lo"
#define PACKED_R "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"
#define AGAIN_R	 "\xc1\x05\xf2\x00\x11\x00\x00"
#define CLOSE_Q	 "\x88\x82\x00\x00\x00\x00\x03\xe8"
#define CLOSE_R	 "\x88\x02\x03\xe8"
#define STR(lit)                           \
	{                                  \
		"" lit "", sizeof(lit) - 1 \
	}

#define SAID "GET /v1/responses >. 101 "

static const struct {
	const char *name;
	struct sv r1, q, r2; /* the server's, the client's, the server's again */
	enum conn_end why;
	const char *want;
} stories[] = {
	{ "to both closes", STR(SWITCH "\r\n"), STR(HELLO_Q CLOSE_Q), STR(HELLO_R CLOSE_R),
	  CONN_FREED, SAID "q{text|Hello} r{text|Hello} =done 1,1c q1000" },
	{ "frames with the head", STR(SWITCH "\r\n" HELLO_R), STR(HELLO_Q), STR(HELLO_R CLOSE_R),
	  CONN_GONE, SAID "r{text|Hello} q{text|Hello} r{text|Hello} =cut 1,2 r1000" },
	{ "packed", STR(SWITCH DEFLATE "\r\n" PACKED_R), STR(CLOSE_Q), STR(AGAIN_R CLOSE_R),
	  CONN_FREED, SAID "r{text|Hello} r{text|Hello} =done 0,2c q1000" },
	{ "another code, and a reason", STR(SWITCH "\r\n"), STR(HELLO_Q),
	  STR("\x88\x05\x0f\xa1"
	      "bye"),
	  CONN_GONE, SAID "q{text|Hello} =cut 1,0 r4001" },
	{ "no code", STR(SWITCH "\r\n"), STR("\x88\x80\0\0\0\0"), STR(CLOSE_R), CONN_GONE,
	  SAID "=done 0,0c q0" },
	{ "cut in a message", STR(SWITCH "\r\n"), STR(HELLO_Q), STR("\x81\x05Hel"), CONN_EXIT,
	  SAID "q{text|Hello} r{text|Hel+} =exit 1,1" },
};

static void test_upgrade_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		size_t plans = cut_plans(stories[i].r1);

		for (size_t plan = 0; plan < plans; plan++) {
			struct run r;

			begin(&r, &pairs_sink, false);
			r.dir = CONN_WRITE;
			cut_piece(feed, &r, SV(GET));
			r.dir = CONN_READ;
			cut_feed(feed, &r, stories[i].r1, plan);
			r.dir = CONN_WRITE;
			cut_feed(feed, &r, stories[i].q, plan < cut_plans(stories[i].q) ? plan : 0);
			r.dir = CONN_READ;
			cut_feed(feed, &r, stories[i].r2,
				 plan < cut_plans(stories[i].r2) ? plan : 0);
			finish(&r, stories[i].why);
			if (strcmp(r.notes.text, stories[i].want))
				fail_msg("%s, cut %zu: %s", stories[i].name, plan, r.notes.text);
			assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].bytes, 0);
			assert_int_equal(r.stats[ES_U_PROTO_ERROR].events, 0);
		}
	}
}

/* Two threads: the answer's bytes were seen before the request's. */
static void test_answer_before_its_request(void **state)
{
	struct run r;

	(void)state;
	for (int closed = 0; closed < 2; closed++) {
		begin(&r, &pairs_sink, false);
		r.dir = CONN_READ;
		cut_piece(feed, &r, SV(SWITCH "\r\n"));
		cut_piece(feed, &r, SV(HELLO_R));
		assert_string_equal(r.notes.text, "");
		r.dir = CONN_WRITE;
		if (!closed) {
			cut_piece(feed, &r, SV(GET));
			cut_piece(feed, &r, SV(HELLO_Q));
		}
		finish(&r, CONN_EXIT);
		assert_string_equal(r.notes.text, closed ? " 101 r{text|Hello} =exit 0,1"
							 : SAID
							  "r{text|Hello} q{text|Hello} =exit 1,1");
	}
	begin(&r, &pairs_sink, false);
	r.dir = CONN_READ;
	cut_piece(feed, &r, SV(SWITCH));
	cut_piece(feed, &r, SV("\r\n\x82\x7e\x40\x00"));
	/* More than waits. */
	for (int i = 0; i < 1024; i++)
		cut_piece(feed, &r, SV("0123456789abcdef"));
	cut_piece(feed, &r, SV(HELLO_R));
	assert_non_null(strstr(r.notes.text, "101 r{binary|0123"));
	assert_non_null(strstr(r.notes.text, "r{text|"));
	finish(&r, CONN_EXIT);
}

/* The answer that grants it is lost; which side shows that first, and how, does not matter. */
static void test_lost_handshake(void **state)
{
#define JSON_Q "\x81\x93\0\0\0\0{\"type\":\"response\"}"
#define JSON_R "\x81\x13{\"type\":\"response\"}"
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct run r;

		begin(&r, &pairs_sink, false);
		r.dir = CONN_WRITE;
		cut_piece(feed, &r, SV(GET));
		if (how == 0)
			r.sink->gap(r.pairs, &r.conn, CONN_READ, 70, r.now);
		if (how < 2)
			cut_piece(feed, &r, SV(JSON_Q));
		if (how)
			r.sink->gap(r.pairs, &r.conn, CONN_READ, 70, r.now);
		r.dir = CONN_READ;
		cut_piece(feed, &r, SV(JSON_R));
		cut_piece(feed, &r, SV(CLOSE_R));
		r.dir = CONN_WRITE;
		cut_piece(feed, &r, SV(CLOSE_Q));
		finish(&r, CONN_FREED);
		/* A close frame alone, where none was seen before, is too little to be known. */
		if (!strstr(r.notes.text, how < 2 ? "r{text|{\"type\":\"response\"}} =done"
						  : "r{text|{\"type\":\"response\"}} =cut"))
			fail_msg("%d: %s", how, r.notes.text);
		assert_int_equal(how < 2,
				 !!strstr(r.notes.text, "q{text|{\"type\":\"response\"}}"));
		assert_int_equal(r.stats[ES_U_PROTO_ERROR].events, 0);
	}
}

/* A gap inside a frame is exact; one that takes frames of a packed stream leaves marks. */
static void test_gaps(void **state)
{
	struct run r;

	(void)state;
	begin(&r, &pairs_sink, false);
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, SV(GET));
	r.dir = CONN_READ;
	cut_piece(feed, &r, SV(SWITCH "\r\n\x81\x05H"));
	r.sink->gap(r.pairs, &r.conn, CONN_READ, 3, r.now);
	cut_piece(feed, &r, SV("o" HELLO_R));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, SAID "r{text|H~r ~o+} r{text|Hello} =cut 0,2g");

	begin(&r, &pairs_sink, false);
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, SV(GET));
	r.dir = CONN_READ;
	cut_piece(feed, &r, SV(SWITCH DEFLATE "\r\n"));
	r.sink->gap(r.pairs, &r.conn, CONN_READ, sizeof(PACKED_R) - 1, r.now);
	cut_piece(feed, &r, SV(AGAIN_R AGAIN_R "\x81\x13{\"type\":\"response\"}" CLOSE_R));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, SAID "~r r{text|H?} r{text|H?} "
					       "r{text|{\"type\":\"response\"}} =cut 0,3g r1000");
	assert_int_equal(r.stats[ES_U_WS_UNREAD].events, 2);
}

/* A close frame that answers one that is lost, or may; one whose code is lost. */
static void test_doubtful_close(void **state)
{
	static const struct {
		bool late;
		struct sv r, more;
		size_t lost_q, lost_r;
		const char *want;
	} rows[] = {
		{ false, STR(CLOSE_R), STR(""), 8, 0, "r1000?" },
		{ false, STR("\x88\x02"), STR(""), 0, 2, "r0" },
		{ false, STR("\x88\x02\x03"), STR(""), 0, 1, "r0" },
		{ true, STR(JSON_R CLOSE_R), STR(""), 0, 0, "r1000?" },
		{ true, STR(JSON_R CLOSE_R), STR(JSON_Q CLOSE_Q), 0, 0, "r1000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run r;

		begin(&r, rows[i].late ? &wsock_sink : &pairs_sink, rows[i].late);
		r.dir = CONN_WRITE;
		if (!rows[i].late)
			cut_piece(feed, &r, SV(GET));
		r.dir = CONN_READ;
		if (!rows[i].late)
			cut_piece(feed, &r, SV(SWITCH "\r\n"));
		if (rows[i].lost_q)
			r.sink->gap(r.pairs, &r.conn, CONN_WRITE, rows[i].lost_q, r.now);
		cut_piece(feed, &r, rows[i].r);
		if (rows[i].lost_r)
			r.sink->gap(r.pairs, &r.conn, CONN_READ, rows[i].lost_r, r.now);
		r.dir = CONN_WRITE;
		cut_piece(feed, &r, rows[i].more);
		finish(&r, CONN_GONE);
		if (!strstr(r.notes.text, rows[i].want) ||
		    strlen(strstr(r.notes.text, rows[i].want)) != strlen(rows[i].want))
			fail_msg("%zu: %s", i, r.notes.text);
	}
}

/* Our own side's close may be seen behind what answers it, if that was read by another thread. */
static void test_who_closed(void **state)
{
	static const struct {
		enum conn_dir client; /* what the watched process does with the client's bytes */
		bool client_first, threads;
		const char *want;
	} rows[] = {
		{ CONN_WRITE, true, false, "q1000" },  { CONN_WRITE, true, true, "q1000" },
		{ CONN_WRITE, false, false, "r1000" }, { CONN_WRITE, false, true, "r1000?" },
		{ CONN_READ, true, false, "q1000" },   { CONN_READ, true, true, "q1000?" },
		{ CONN_READ, false, false, "r1000" },  { CONN_READ, false, true, "r1000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run r;

		begin(&r, &pairs_sink, false);
		r.sink->close(r.pairs, &r.conn, CONN_FREED, ++r.now);
		r.conn.request_dir = rows[i].client;
		r.sink->open(r.pairs, &r.conn);
		r.dir = rows[i].client;
		cut_piece(feed, &r, SV(GET));
		r.dir = !r.dir;
		cut_piece(feed, &r, SV(SWITCH "\r\n"));
		for (int n = 0; n < 2; n++) {
			bool client = rows[i].client_first == !n;

			r.conn.tid = rows[i].threads ? 7 + (unsigned int)n : 7;
			r.dir = client ? rows[i].client : !rows[i].client;
			cut_piece(feed, &r, client ? SV(CLOSE_Q) : SV(CLOSE_R));
		}
		finish(&r, CONN_GONE);
		if (strcmp(strrchr(r.notes.text, ' ') + 1, rows[i].want))
			fail_msg("%zu: %s", i, r.notes.text);
	}
}

static void test_unknown_extension_is_not_read(void **state)
{
	struct run r;

	(void)state;
	begin(&r, &pairs_sink, false);
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, SV(GET));
	assert_false(r.sink->bytes(r.pairs, &r.conn, CONN_READ,
				   SV(SWITCH "Sec-WebSocket-Extensions: x-own\r\n\r\n\x81\x01x"),
				   r.now));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "GET /v1/responses >. 101? =upgraded 0,0c");
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].bytes, 3);
}

/* What follows the second close is nobody's. */
static void test_bytes_behind_the_close(void **state)
{
	struct run r;

	(void)state;
	begin(&r, &pairs_sink, false);
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, SV(GET));
	r.dir = CONN_READ;
	cut_piece(feed, &r, SV(SWITCH "\r\n" CLOSE_R));
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, SV(CLOSE_Q));
	assert_string_equal(r.notes.text, SAID "=done 0,0c r1000");
	cut_piece(feed, &r, SV("more"));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, SAID "=done 0,0c r1000");
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].bytes, 4);
}

static void test_joined_late(void **state)
{
	struct run r;

	(void)state;
	begin(&r, &wsock_sink, true);
	r.dir = CONN_READ;
	cut_piece(feed, &r, SV("\x81\x13{\"type\":\"response\"}"));
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, SV("\x81\x93\0\0\0\0{\"type\":\"response\"}"));
	finish(&r, CONN_EXIT);
	assert_string_equal(r.notes.text, "(late) r{text|{\"type\":\"response\"}} "
					  "q{text|{\"type\":\"response\"}} =exit 1,1");
	assert_int_equal(r.stats[ES_U_JOINED].bytes, 0);
}

/* A field as a literal without indexing (RFC 7541 section 6.2.2). */
static size_t field(char *p, const char *name, const char *value)
{
	size_t n = strlen(name), v = strlen(value);

	p[0] = 0;
	p[1] = (char)n;
	memcpy(p + 2, name, n);
	p[2 + n] = (char)v;
	memcpy(p + 3 + n, value, v);
	return 3 + n + v;
}

static struct sv frame(char *p, uint8_t type, uint8_t flags, uint32_t id, size_t len)
{
	const char head[9] = { 0, (char)(len >> 8), (char)len, (char)type, (char)flags, 0, 0,
			       0, (char)id };

	memcpy(p, head, 9);
	return (struct sv){ p, 9 + len };
}

static struct sv data(char *p, const char *bytes, size_t len, uint8_t flags)
{
	memcpy(p + 9, bytes, len);
	return frame(p, 0, flags, 1, len);
}

static void test_extended_connect(void **state)
{
	char out[512];
	struct run r;
	size_t n;

	(void)state;
	begin(&r, &h2_sink, false);
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, SV("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	cut_piece(feed, &r, frame(out, 4, 0, 0, 0));
	n = field(out + 9, ":method", "CONNECT");
	n += field(out + 9 + n, ":protocol", "websocket");
	n += field(out + 9 + n, ":scheme", "https");
	n += field(out + 9 + n, ":path", "/v1/responses");
	n += field(out + 9 + n, ":authority", "a");
	cut_piece(feed, &r, frame(out, 1, 4, 1, n));
	r.dir = CONN_READ;
	cut_piece(feed, &r, frame(out, 4, 0, 0, 0));
	n = field(out + 9, ":status", "200");
	n += field(out + 9 + n, "sec-websocket-extensions", "permessage-deflate");
	cut_piece(feed, &r, frame(out, 1, 4, 1, n));
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, data(out, HELLO_Q, sizeof(HELLO_Q) - 1, 0));
	r.dir = CONN_READ;
	cut_piece(feed, &r, data(out, PACKED_R AGAIN_R, sizeof(PACKED_R AGAIN_R) - 1, 0));
	cut_piece(feed, &r, data(out, CLOSE_R, sizeof(CLOSE_R) - 1, 1));
	r.dir = CONN_WRITE;
	cut_piece(feed, &r, data(out, CLOSE_Q, sizeof(CLOSE_Q) - 1, 1));
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "CONNECT /v1/responses >. 200 q{text|Hello} "
					  "r{text|Hello} r{text|Hello} =done 1,2c r1000");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upgrade_at_every_cut),
		cmocka_unit_test(test_answer_before_its_request),
		cmocka_unit_test(test_lost_handshake),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_doubtful_close),
		cmocka_unit_test(test_who_closed),
		cmocka_unit_test(test_unknown_extension_is_not_read),
		cmocka_unit_test(test_bytes_behind_the_close),
		cmocka_unit_test(test_joined_late),
		cmocka_unit_test(test_extended_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
