// SPDX-License-Identifier: Apache-2.0
/*
 * Connections that go on from HTTP/1.1 as HTTP/2. The frames are those of libnghttp2's sessions,
 * upgraded by its own means.
 */
#include "exchange/h2c.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "earshot/stats.h"
#include "exchange/pair.h"
#include "h2talk.h"

/*
 * What the consumer is told, each with the exchange's number in front: "0:GET /" begin, "0>body"
 * and "0>." the request's body and end, "0:200/2" the response's head and HTTP version, "0<body",
 * and "0=done" the outcome, with "q" or "r" and c complete, g gapped.
 */
struct run {
	struct notes notes;
	struct stat_pair stats[ES_STAT_COUNT];
	struct pairs *pairs;
	struct conn conn;
	uint64_t now;
	enum conn_dir dir;
	bool server; /* it is watched: all goes the other way */
	char joined[8];
};

static void on_begin(void *ctx, struct exchange *ex)
{
	struct run *r = ctx;

	r->joined[0] = '\0';
	note(&r->notes, "%d:%.*s%s%.*s ", (int)ex->number, SV_ARG(ex->method),
	     ex->method.len ? " " : "", SV_ARG(ex->target));
}

static void note_body(struct run *r, const struct exchange *ex, char dir, struct sv bytes)
{
	char start[8];

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
	note(&r->notes, "%d:%u/%d ", (int)ex->number, ex->status, ex->http_major);
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	(void)time;
	note_body(ctx, ex, '<', bytes);
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct run *r = ctx;

	(void)time;
	assert_int_equal(side, EX_RESPONSE);
	r->joined[0] = '\0';
	note(&r->notes, "%d{%.*s} ", (int)ex->number, SV_ARG(ev->data));
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	(void)ctx;
	assert_true(ex->msg[side].gapped);
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
	r->joined[0] = '\0';
	note(&r->notes, "%d=%s q%s%s r%s%s; ", (int)ex->number, outcomes[ex->outcome],
	     q->complete ? "c" : "", q->gapped ? "g" : "", p->complete ? "c" : "",
	     p->gapped ? "g" : "");
}

static const struct exchange_ops ops = {
	on_begin, on_req_body, on_req_end, on_resp_head, on_resp_body, on_event, on_gap, on_end,
};

static void begin(struct run *r, bool late)
{
	struct pairs_opts opts = { .stats = r->stats, .ops = &ops, .ctx = r };

	memset(r, 0, sizeof(*r));
	assert_int_equal(pairs_new(&r->pairs, &opts), 0);
	r->conn = (struct conn){
		.tgid = 1, .proto = CONN_HTTP1, .request_dir = CONN_WRITE, .late = late
	};
	r->now = 100;
	pairs_sink.open(r->pairs, &r->conn);
}

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	r->now++;
	assert_true(pairs_sink.bytes(r->pairs, &r->conn, r->dir, piece, r->now));
}

static void feed_dir(struct run *r, enum conn_dir dir, struct sv bytes, size_t plan)
{
	r->dir = r->server ? (enum conn_dir) !dir : dir;
	cut_feed(feed, r, bytes, plan < cut_plans(bytes) ? plan : 0);
}

static void gap(struct run *r, enum conn_dir dir, size_t count)
{
	pairs_sink.gap(r->pairs, &r->conn, dir, count, ++r->now);
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

#define OFFER                                                     \
	"Host: h:8080\r\nConnection: Upgrade, HTTP2-Settings\r\n" \
	"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
#define GET  "GET /a HTTP/1.1\r\n" OFFER "\r\n"
#define POST "POST /a HTTP/1.1\r\n" OFFER "Content-Length: 4\r\n\r\n"
#define SWITCH                                                        \
	"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n" \
	"Upgrade: h2c\r\n\r\n"
#define OK ":status: 200\ncontent-type: application/json\n"

/* Behind a request by HTTP/1.1; what stream 1 asks for is the sessions' to know. */
static void upgraded(struct talk *t)
{
	static const uint8_t settings[] = { 0, 3, 0, 0, 0, 100 };

	memset(t, 0, sizeof(*t));
	t->client.heard = t->server.said = &t->down;
	t->server.heard = t->client.said = &t->up;
	end_open(&t->client, false, NULL);
	end_open(&t->server, true, NULL);
	assert_int_equal(nghttp2_session_upgrade2(t->client.session, settings, 6, 0, NULL), 0);
	assert_int_equal(nghttp2_session_upgrade2(t->server.session, settings, 6, 0, NULL), 0);
	nghttp2_submit_settings(t->client.session, 0, NULL, 0);
	nghttp2_submit_settings(t->server.session, 0, NULL, 0);
	flush(t);
}

static struct sv turn_bytes(const struct talk *t, size_t i)
{
	const struct wire *w = t->turns[i].down ? &t->down : &t->up;

	return (struct sv){ w->bytes + t->turns[i].at, t->turns[i].len };
}

/* The turns behind the 101, each by this plan, from first on but for one. */
static void play(struct run *r, const struct talk *t, size_t first, size_t without, size_t plan)
{
	for (size_t i = first; i < t->turn_count; i++) {
		enum conn_dir dir = t->turns[i].down ? CONN_READ : CONN_WRITE;

		if (i == without)
			gap(r, dir, t->turns[i].len);
		else
			feed_dir(r, dir, turn_bytes(t, i), plan);
	}
}

#define NOTHING SIZE_MAX

static size_t longest(const struct talk *t)
{
	size_t n = sizeof(POST) + sizeof(SWITCH);

	for (size_t i = 0; i < t->turn_count; i++)
		n = t->turns[i].len > n ? t->turns[i].len : n;
	return n + 2;
}

/* One call by the upgrade, one more on stream 3. */
static void two_calls(struct talk *t)
{
	static struct source down[2];

	down[0] = (struct source){ .text = "first" };
	down[1] = (struct source){ .text = "second" };
	upgraded(t);
	respond(t, 1, OK, &down[0]);
	flush(t);
	assert_int_equal(request(t, ":method: GET\n:scheme: http\n:authority: h:8080\n:path: /b\n",
				 NULL),
			 3);
	flush(t);
	respond(t, 3, OK, &down[1]);
	flush(t);
	assert_non_null(strstr(t->down.story.text, "D1 first"));
	assert_non_null(strstr(t->down.story.text, "D3 second"));
}

#define BOTH "0:200/2 0<first 0=done qc rc; 1:GET /b 1>. 1:200/2 1<second 1=done qc rc;"

static void check_clean(const struct run *r, size_t plan, const char *want)
{
	if (strcmp(r->notes.text, want))
		fail_msg("cut %zu: %s", plan, r->notes.text);
	assert_int_equal(r->stats[ES_U_PROTO_ERROR].events, 0);
	assert_int_equal(r->stats[ES_U_PROTO_UNSUPPORTED].events, 0);
	assert_int_equal(r->stats[ES_U_RESYNC].bytes, 0);
}

static void test_at_every_cut(void **state)
{
	struct talk t;

	(void)state;
	two_calls(&t);
	for (size_t i = 0; i < 2 * longest(&t); i++) {
		size_t plan = i / 2;
		struct run r;

		begin(&r, false);
		r.server = i & 1;
		r.conn.request_dir = r.server ? CONN_READ : CONN_WRITE;
		feed_dir(&r, CONN_WRITE, SV(POST "ask!"), plan);
		feed_dir(&r, CONN_READ, SV(SWITCH), plan);
		play(&r, &t, 0, NOTHING, plan);
		finish(&r, CONN_FREED);
		check_clean(&r, plan, "0:POST /a 0>ask! 0>. " BOTH);
	}
	talk_end(&t);
}

/* The 101 and frames in one piece; all that the client says behind it in another. */
static void test_joined_pieces(void **state)
{
	struct talk t;
	char all_down[1024];
	size_t n;

	(void)state;
	two_calls(&t);
	assert_true(sizeof(SWITCH) + t.down.len < sizeof(all_down));
	n = sizeof(SWITCH) - 1;
	memcpy(all_down, SWITCH, n);
	memcpy(all_down + n, t.down.bytes, t.down.len);
	for (size_t plan = 0; plan < cut_plans((struct sv){ all_down, n + t.down.len }); plan++) {
		struct run r;

		begin(&r, false);
		feed_dir(&r, CONN_WRITE, SV(GET), plan);
		feed_dir(&r, CONN_READ, (struct sv){ all_down, n }, 0);
		feed_dir(&r, CONN_WRITE, all(&t.up), plan);
		feed_dir(&r, CONN_READ, all(&t.down), plan);
		finish(&r, CONN_FREED);
		check_clean(&r, plan,
			    "0:GET /a 0>. 1:GET /b 1>. 0:200/2 0<first 0=done qc rc; "
			    "1:200/2 1<second 1=done qc rc;");

		/* Two threads: answers were seen before the request. */
		begin(&r, false);
		feed_dir(&r, CONN_READ, (struct sv){ all_down, n + turn_bytes(&t, 1).len }, plan);
		feed_dir(&r, CONN_WRITE, SV(GET), 0);
		play(&r, &t, t.turns[0].down ? 1 : 0, NOTHING, 0);
		finish(&r, CONN_FREED);
	}
	talk_end(&t);
}

/* It is granted before the request was whole. */
static void test_granted_early(void **state)
{
	struct talk t;

	(void)state;
	two_calls(&t);
	for (size_t at = sizeof(POST) - 1; at < sizeof(POST "ask!") - 1; at++) {
		struct sv post = SV(POST "ask!");
		struct run r;

		for (int lost = 0; lost < 2; lost++) {
			begin(&r, false);
			feed_dir(&r, CONN_WRITE, sv_cut(post, at), 0);
			feed_dir(&r, CONN_READ, SV(SWITCH), 0);
			if (lost)
				gap(&r, CONN_WRITE, post.len - at);
			else
				feed_dir(&r, CONN_WRITE, sv_skip(post, at), 0);
			play(&r, &t, 0, NOTHING, 0);
			finish(&r, CONN_FREED);
			if (!lost)
				check_clean(&r, at, "0:POST /a 0>ask! 0>. " BOTH);
			else
				assert_non_null(strstr(r.notes.text, "0<first 0=done q"));
		}
		/* Its body and the preface in one piece. */
		begin(&r, false);
		feed_dir(&r, CONN_WRITE, sv_cut(post, at), 0);
		feed_dir(&r, CONN_READ, SV(SWITCH), 0);
		if (!t.turns[0].down) {
			char both[512];

			memcpy(both, post.p + at, post.len - at);
			memcpy(both + post.len - at, t.up.bytes, t.turns[0].len);
			feed_dir(&r, CONN_WRITE,
				 (struct sv){ both, post.len - at + t.turns[0].len }, 0);
			play(&r, &t, 1, NOTHING, 0);
			finish(&r, CONN_FREED);
			check_clean(&r, at, "0:POST /a 0>ask! 0>. " BOTH);
		} else {
			finish(&r, CONN_FREED);
		}
	}
	talk_end(&t);
}

/* The server answers by HTTP/1.1, or goes on as something else. */
static void test_ignored(void **state)
{
	static const char *const others[] = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
					      "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\n"
					      "Content-Length: 2\r\n\r\n{}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		for (size_t plan = 0; plan < cut_plans(sv_of(others[i])); plan++) {
			struct run r;

			begin(&r, false);
			for (int n = 0; n < 2; n++) {
				feed_dir(&r, CONN_WRITE, SV(GET), plan);
				feed_dir(&r, CONN_READ, sv_of(others[i]), plan);
			}
			finish(&r, CONN_FREED);
			check_clean(&r, plan,
				    "0:GET /a 0>. 0:200/1 0<{} 0=done qc rc; "
				    "1:GET /a 1>. 1:200/1 1<{} 1=done qc rc;");
		}
	}
}

/* Who ends it is told as of any stream. */
static void test_ends(void **state)
{
	struct source down = { .text = "data: a\n\ndata: b\n\n" };
	struct talk t;

	(void)state;
	for (int how = 0; how < 4; how++) {
		static const char *const want[] = {
			"0:GET /a 0>. 0:200/2 0{a} 0{b} 0=cancelled qc r;",
			"0:GET /a 0>. 0:200/2 0{a} 0{b} 0=cut qc r;",
			"0:GET /a 0>. 0=no-response qc r;",
			"0:GET /a 0>. 0=exit qc r;",
		};
		struct run r;

		upgraded(&t);
		down.at = 0;
		if (how < 2) {
			nghttp2_nv nv[2];

			nghttp2_submit_headers(t.server.session, 0, 1, NULL, nv,
					       fields_of(":status: 200\n"
							 "content-type: text/event-stream\n",
							 nv, 2),
					       NULL);
			flush(&t);
			nghttp2_submit_data(t.server.session, 0, 1,
					    &(nghttp2_data_provider){ .source.ptr = &down,
								      .read_callback =
									      read_source });
			flush(&t);
			nghttp2_submit_rst_stream(how ? t.server.session : t.client.session, 0, 1,
						  NGHTTP2_CANCEL);
			flush(&t);
		} else if (how == 2) {
			nghttp2_submit_rst_stream(t.server.session, 0, 1, NGHTTP2_REFUSED_STREAM);
			flush(&t);
		}
		begin(&r, false);
		feed_dir(&r, CONN_WRITE, SV(GET), 0);
		feed_dir(&r, CONN_READ, SV(SWITCH), 0);
		play(&r, &t, 0, NOTHING, 0);
		finish(&r, CONN_EXIT);
		if (strcmp(r.notes.text, want[how]))
			fail_msg("%d: %s", how, r.notes.text);
		talk_end(&t);
	}
}

/*
 * curl resets each stream that it is through with. Where the answer's end was not seen by then, it
 * was lost, which may not have been told yet: nobody cancelled.
 */
static void test_reset_as_closed(void **state)
{
	struct run r;
	struct talk t;
	nghttp2_nv nv[2];

	(void)state;
	upgraded(&t);
	nghttp2_submit_headers(t.server.session, 0, 1, NULL, nv, fields_of(OK, nv, 2), NULL);
	flush(&t);
	nghttp2_submit_rst_stream(t.client.session, 0, 1, NGHTTP2_STREAM_CLOSED);
	flush(&t);
	begin(&r, false);
	feed_dir(&r, CONN_WRITE, SV(GET), 0);
	feed_dir(&r, CONN_READ, SV(SWITCH), 0);
	play(&r, &t, 0, NOTHING, 0);
	finish(&r, CONN_FREED);
	assert_string_equal(r.notes.text, "0:GET /a 0>. 0:200/2 0=cut qc rg;");
	talk_end(&t);
}

/* A count of needle in text. */
static unsigned int count_of(const char *text, const char *needle)
{
	unsigned int n = 0;

	while ((text = strstr(text, needle))) {
		n++;
		text += strlen(needle);
	}
	return n;
}

/* Whatever one thing is lost: both calls are there, and what is told of them is right. */
static void test_one_loss(void **state)
{
	struct talk t;

	(void)state;
	two_calls(&t);
	for (size_t lost = 0; lost < t.turn_count + 3; lost++) {
		struct run r;

		begin(&r, false);
		if (lost == 0)
			gap(&r, CONN_WRITE, sizeof(POST "ask!") - 1);
		else
			feed_dir(&r, CONN_WRITE, SV(POST "ask!"), 0);
		if (lost == 1)
			gap(&r, CONN_READ, sizeof(SWITCH) - 1);
		else if (lost != 2)
			feed_dir(&r, CONN_READ, SV(SWITCH), 0);
		play(&r, &t, 0, lost - 3, 0);
		/* Lost, and told late. */
		if (lost == 2)
			gap(&r, CONN_READ, sizeof(SWITCH) - 1);
		finish(&r, CONN_FREED);
		if (count_of(r.notes.text, "=") != 2 || strstr(r.notes.text, "0<s") ||
		    strstr(r.notes.text, "1<f"))
			fail_msg("without %zu: %s", lost, r.notes.text);
		/* What is lost of one call does not touch the other. */
		if (!strstr(r.notes.text, "0<first 0=done") &&
		    !strstr(r.notes.text, "1<second 1=done"))
			fail_msg("without %zu: %s", lost, r.notes.text);
		if (lost && lost < 3 && !strstr(r.notes.text, "0:POST /a 0>ask! 0>. 0:200/2 "))
			fail_msg("without %zu: %s", lost, r.notes.text);
		assert_int_equal(r.stats[ES_U_PROTO_ERROR].events, 0);
	}
	talk_end(&t);
}

/* The 101 is cut by the loss. */
static void test_torn_grant(void **state)
{
	struct sv answer = SV(SWITCH);
	struct talk t;

	(void)state;
	two_calls(&t);
	for (size_t at = 1; at < answer.len; at++) {
		struct run r;

		begin(&r, false);
		feed_dir(&r, CONN_WRITE, SV(POST "ask!"), 0);
		feed_dir(&r, CONN_READ, sv_cut(answer, at), 0);
		gap(&r, CONN_READ, answer.len - at);
		play(&r, &t, 0, NOTHING, 0);
		finish(&r, CONN_FREED);
		if (count_of(r.notes.text, "=") != 2 ||
		    !strstr(r.notes.text, "0:POST /a 0>ask! 0>. 0:200/2 "))
			fail_msg("at %zu: %s", at, r.notes.text);
	}
	talk_end(&t);
}

/* Joined between the request and its 101, and behind that. */
static void test_joined_late(void **state)
{
	struct talk t;

	(void)state;
	two_calls(&t);
	for (int torn = 0; torn < 2; torn++) {
		struct run r;

		begin(&r, true);
		if (!torn)
			feed_dir(&r, CONN_READ, SV(SWITCH), 0);
		else
			feed_dir(&r, CONN_READ, SV("nnection: Upgrade\r\n\r\n" SWITCH), 0);
		play(&r, &t, 0, NOTHING, 0);
		finish(&r, CONN_FREED);
		assert_string_equal(r.notes.text, "0: 0:200/2 0<first 0=done q rc; "
						  "1:GET /b 1>. 1:200/2 1<second 1=done qc rc;");
	}
	talk_end(&t);
}

static void test_names(void **state)
{
	static const struct {
		const char *value;
		unsigned int status;
		bool want;
	} rows[] = {
		{ "h2c", 0, true },	     { "H2C", 101, true },  { "websocket, h2c", 0, true },
		{ "h2c ,foo/1", 101, true }, { "h2", 0, false },    { "h2c-14", 101, false },
		{ "xh2c", 0, false },	     { "", 0, false },	    { "websocket", 101, false },
		{ "h2c", 200, false },	     { ",,h2c,", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct http_field fields[] = { { SV("Host"), SV("h2c") },
						     { SV("uPGRADE"), sv_of(rows[i].value) } };
		struct http_head head = { .fields = fields,
					  .field_count = 2,
					  .status = rows[i].status };

		assert_int_equal(h2c_named(&head), rows[i].want);
		head.field_count = 1;
		assert_false(h2c_named(&head));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_every_cut),  cmocka_unit_test(test_joined_pieces),
		cmocka_unit_test(test_granted_early), cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_ends),	      cmocka_unit_test(test_reset_as_closed),
		cmocka_unit_test(test_one_loss),      cmocka_unit_test(test_torn_grant),
		cmocka_unit_test(test_joined_late),   cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
