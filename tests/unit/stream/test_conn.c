// SPDX-License-Identifier: Apache-2.0
#include "stream/conn.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"
#include "stream/reasm.h"
#include "earshot/stats.h"

#define MS 1000000ull

/*
 * What the sink is told, with the last digit of the stream's object in front: "1(" open, with
 * "c" or "s" for the role ("l" late, "?" unseen), "1w:text" and "1r:text" bytes, joined,
 * "1w~3" a gap, "1)why" close. "1!proto": ruled out.
 */
struct run {
	struct notes notes;
	struct stat_pair stats[ES_STAT_COUNT];
	struct conns *conns;
	uint64_t now;
	uint64_t joined; /* the newest note is bytes of this object and direction; 0: no */
	uint64_t offset[10][2];
	uint64_t lost[10][2];
	uint64_t bytes_time;
	bool upgrade; /* bytes() answers that the stream was upgraded */
	uint16_t flags;
	struct conn closed; /* the newest, as it was then */
};

static int name_of(const struct conn *conn)
{
	return (int)(conn->object % 10);
}

static void on_open(void *ctx, struct conn *conn)
{
	struct run *r = ctx;

	assert_null(conn->user);
	conn->user = r;
	r->joined = 0;
	note(&r->notes, "%d(%s%s%s ", name_of(conn), conn->request_dir == CONN_WRITE ? "c" : "s",
	     conn->late ? "l" : "", conn->proto == CONN_UNSEEN ? "?" : "");
}

static bool on_bytes(void *ctx, struct conn *conn, enum conn_dir dir, struct sv bytes,
		     uint64_t time)
{
	struct run *r = ctx;
	uint64_t id = conn->object * 2 + dir;

	assert_ptr_equal(conn->user, r);
	assert_true(bytes.len > 0);
	if (r->joined == id)
		r->notes.len--;
	else
		note(&r->notes, "%d%c:", name_of(conn), dir == CONN_WRITE ? 'w' : 'r');
	note(&r->notes, "%.*s ", SV_ARG(bytes));
	r->joined = id;
	r->bytes_time = time;
	return !r->upgrade;
}

static void on_gap(void *ctx, struct conn *conn, enum conn_dir dir, uint64_t count, uint64_t time)
{
	struct run *r = ctx;

	(void)time;
	assert_true(count > 0);
	r->joined = 0;
	note(&r->notes, "%d%c~%d ", name_of(conn), dir == CONN_WRITE ? 'w' : 'r', (int)count);
}

static const char *const ends[] = { "freed", "exit", "exec", "gone", "evicted", "stopped" };
static const char *const protos[] = {
	[CONN_UNDECIDED] = "undecided", [CONN_HTTP1] = "http1",
	[CONN_HTTP2] = "http2",		[CONN_TLS] = "tls",
	[CONN_JSONRPC] = "jsonrpc",	[CONN_UPGRADED] = "upgraded",
	[CONN_UNKNOWN] = "unknown",	[CONN_UNSEEN] = "unseen",
	[CONN_WEBSOCKET] = "websocket",
};

static void on_close(void *ctx, struct conn *conn, enum conn_end why, uint64_t time)
{
	struct run *r = ctx;

	assert_true(time <= r->now);
	r->closed = *conn;
	conn->user = NULL;
	r->joined = 0;
	note(&r->notes, "%d)%s ", name_of(conn), ends[why]);
}

static void on_ignore(void *ctx, const struct conn *conn)
{
	struct run *r = ctx;

	r->joined = 0;
	note(&r->notes, "%d!%s ", name_of(conn), protos[conn->proto]);
}

static const struct conn_sink sink = {
	.open = on_open,
	.bytes = on_bytes,
	.gap = on_gap,
	.close = on_close,
};

static void begin_with(struct run *r, const struct conns_opts *more)
{
	struct conns_opts opts = *more;

	memset(r, 0, sizeof(*r));
	opts.stats = r->stats;
	opts.readers[CONN_HTTP1] = opts.readers[CONN_UNSEEN] = (struct conn_reader){ &sink, r };
	opts.readers[CONN_WEBSOCKET] = (struct conn_reader){ &sink, r };
	opts.readers[CONN_HTTP2].ctx = r;
	opts.ignore = on_ignore;
	opts.ignore_ctx = r;
	r->now = 1000 * MS;
	assert_int_equal(conns_new(&r->conns, &opts), 0);
}

static void begin(struct run *r)
{
	begin_with(r, &(struct conns_opts){ 0 });
}

static void finish(struct run *r, const char *want)
{
	const struct conns_totals *t = conns_totals(r->conns);

	conns_stop(r->conns, ++r->now);
	assert_int_equal(t->open, 0);
	for (int dir = 0; dir < 2; dir++)
		assert_int_equal(t->captured[dir] + t->lost[dir] + t->ignored[dir] + t->before[dir],
				 t->passed[dir] + t->unsettled[dir]);
	conns_free(r->conns);
	if (r->notes.len)
		r->notes.text[r->notes.len - 1] = '\0';
	assert_string_equal(r->notes.text, want);
}

static struct es_head head(struct run *r, uint16_t type)
{
	return (struct es_head){ .type = type, .flags = r->flags, .time = ++r->now, .tgid = 7 };
}

static struct es_stream stream(uint64_t object)
{
	return (struct es_stream){ .proc_start = 77, .object = object, .birth = 1 };
}

static void record(struct run *r, uint64_t object, enum conn_dir dir, uint64_t offset,
		   uint64_t missing, struct sv s)
{
	struct es_data rec = {
		.head = head(r, s.len ? ES_REC_DATA : ES_REC_GAP),
		.stream = stream(object),
		.offset = offset,
		.missing = missing,
		.len = (__u32)s.len,
		.dir = dir,
		.source = ES_SRC_TLS,
	};
	char *copy = malloc(s.len ? s.len : 1);

	if (s.len)
		memcpy(copy, s.p, s.len);
	conns_data(r->conns, &rec, (struct sv){ copy, s.len });
	free(copy);
}

/* In order, as the kernel sends them. */
static void data(struct run *r, uint64_t object, enum conn_dir dir, const char *text)
{
	uint64_t *offset = &r->offset[object][dir];

	record(r, object, dir, *offset, 0, sv_of(text));
	*offset += strlen(text);
}

static void lose(struct run *r, uint64_t object, enum conn_dir dir, uint64_t count)
{
	r->offset[object][dir] += count;
	r->lost[object][dir] += count;
	record(r, object, dir, r->offset[object][dir], count, SV_NONE);
}

static struct es_close close_rec(struct run *r, uint64_t object, uint16_t type)
{
	struct es_close rec = { .head = head(r, type), .stream = stream(object) };

	for (int dir = 0; dir < 2; dir++) {
		rec.passed[dir] = r->offset[object][dir];
		rec.lost[dir] = r->lost[object][dir];
	}
	return rec;
}

static void send_close(struct run *r, uint64_t object, uint16_t type)
{
	struct es_close rec = close_rec(r, object, type);

	conns_close(r->conns, &rec);
}

#define W CONN_WRITE
#define R CONN_READ

/* What a stream speaks. */

static void test_roles_and_protocols(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	data(&r, 1, R, "HTTP/1.1 200\n");
	data(&r, 2, R, "GET / HTTP/1.1\n");
	data(&r, 3, R, "HTTP/1.1 408\n");
	data(&r, 4, W, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	data(&r, 4, W, "more");
	data(&r, 5, W, "\x16\x03\x01\x02\x02\x01");
	data(&r, 6, W, "{\"x\":1}");
	data(&r, 6, R, "answer");
	for (uint64_t i = 1; i <= 6; i++)
		send_close(&r, i, ES_REC_CLOSE);
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].events, 2);
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].bytes, 24 + 4 + 6);
	assert_int_equal(r.stats[ES_U_PROTO_UNKNOWN].events, 1);
	assert_int_equal(r.stats[ES_U_PROTO_UNKNOWN].bytes, 7 + 6);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1r:HTTP/1.1 200\n 2(s 2r:GET / HTTP/1.1\n "
		   "3(c 3r:HTTP/1.1 408\n 4!http2 5!tls 6!unknown "
		   "1)freed 2)freed 3)freed");
}

static void test_first_bytes_cut_anywhere(void **state)
{
	static const char req[] = "DELETE / HTTP/1.1\n";
	struct run r;

	(void)state;
	for (size_t cut = 1; cut < sizeof(req) - 1; cut++) {
		begin(&r);
		record(&r, 1, W, 0, 0, (struct sv){ req, cut });
		record(&r, 1, W, cut, 0, sv_skip(sv_of(req), cut));
		finish(&r, "1(c 1w:DELETE / HTTP/1.1\n 1)stopped");
	}
	begin(&r);
	for (size_t i = 0; i < sizeof(req) - 1; i++)
		record(&r, 1, W, i, 0, (struct sv){ req + i, 1 });
	finish(&r, "1(c 1w:DELETE / HTTP/1.1\n 1)stopped");
}

/* The other direction decides; what was held of both is not lost. */
static void test_held_bytes_of_both_directions(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "POS");
	data(&r, 1, R, "HTT");
	data(&r, 1, R, "P/1.1 200\n");
	assert_int_equal(r.bytes_time, r.now);
	data(&r, 1, W, "T / HTTP/1.1\n");
	finish(&r, "1(c 1w:POS 1r:HTTP/1.1 200\n 1w:T / HTTP/1.1\n 1)stopped");
}

static void test_ends_undecided(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GE");
	send_close(&r, 1, ES_REC_CLOSE);
	send_close(&r, 2, ES_REC_CLOSE);
	assert_int_equal(r.stats[ES_U_PROTO_UNKNOWN].events, 1);
	assert_int_equal(r.stats[ES_U_PROTO_UNKNOWN].bytes, 2);
	finish(&r, "");
}

static void test_upgraded(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	r.upgrade = true;
	data(&r, 1, R, "HTTP/1.1 101\n");
	data(&r, 1, R, "frames");
	lose(&r, 1, W, 5);
	send_close(&r, 1, ES_REC_CLOSE);
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].events, 1);
	assert_int_equal(r.stats[ES_U_PROTO_UNSUPPORTED].bytes, 6);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1r:HTTP/1.1 101\n 1!upgraded 1)freed");
}

static void test_joined_late(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	r.flags = ES_F_LATE;
	data(&r, 1, R, "rest of a body");
	data(&r, 1, W, "GET / HTTP/1.1\n");
	r.flags = 0;
	/* Seen first in the middle. */
	r.offset[2][W] = 1000;
	data(&r, 2, W, "rest of a body");
	data(&r, 2, W, "PO");
	data(&r, 2, W, "ST / HTTP/1.1\n");
	data(&r, 2, R, "HTTP");
	send_close(&r, 1, ES_REC_CLOSE);
	send_close(&r, 2, ES_REC_CLOSE);
	assert_int_equal(r.stats[ES_U_JOINED].bytes, 28);
	assert_int_equal(r.stats[ES_U_RESYNC].events, 0);
	assert_int_equal(conns_totals(r.conns)->before[W], 1000);
	assert_int_equal(conns_totals(r.conns)->mismatched, 0);
	finish(&r, "1(cl 1w:GET / HTTP/1.1\n 2(cl 2w:POST / HTTP/1.1\n 2r:HTTP 1)freed 2)freed");
}

#define FRAME_PING "\0\0\x08\x06\0\0\0\0\0pingpong"
#define FRAME_DATA               \
	"\0\0\x03\0\0\0\0\0\x05" \
	"abc"
#define FRAME_REQUEST  "\0\0\x01\x01\x05\0\0\0\x07\x82"
#define FRAME_RESPONSE "\0\0\x01\x01\x04\0\0\0\x05\x88"

/* HTTP/2 that ran already is known by its frames, and who is the client by a head. */
static void test_http2_joined_late(void **state)
{
	static const struct {
		enum conn_dir dir;
		struct sv bytes;
		const char *want;
	} cases[] = {
		{ R, { FRAME_DATA FRAME_RESPONSE, 22 }, "1(cl" },
		{ W, { FRAME_REQUEST, 10 }, "1(cl" },
		{ R, { FRAME_REQUEST, 10 }, "1(sl" },
		{ W, { FRAME_PING FRAME_RESPONSE, 27 }, "1(sl" },
		/* Nothing tells: whoever is watched is a client. */
		{ R, { FRAME_PING, 17 }, "1(cl" },
		{ W, { FRAME_DATA, 12 }, "1(cl" },
	};
	const struct conns_opts opts = { .readers = { [CONN_HTTP2] = { &sink, NULL } } };
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_with(&r, &opts);
		r.flags = ES_F_LATE;
		data(&r, 1, cases[i].dir, "the rest of something");
		record(&r, 1, cases[i].dir, 21, 0, cases[i].bytes);
		assert_int_equal(r.stats[ES_U_JOINED].bytes, 21);
		assert_true(sv_starts(sv_of(r.notes.text), sv_of(cases[i].want)));
		conns_stop(r.conns, ++r.now);
		assert_int_equal(r.closed.proto, CONN_HTTP2);
		conns_free(r.conns);
	}
	/* One frame of two is not enough. */
	begin_with(&r, &opts);
	r.flags = ES_F_LATE;
	record(&r, 1, R, 0, 0, sv_cut(SV(FRAME_DATA), 11));
	data(&r, 1, R, "GET\0\0\1");
	finish(&r, "");
	/* From its start on it is whole, late or not. */
	begin_with(&r, &opts);
	r.flags = ES_F_LATE;
	data(&r, 1, W, "PRI * HTTP/2.0\r\n");
	finish(&r, "1(c 1w:PRI * HTTP/2.0\r\n 1)stopped");
}

/* A start that was held and came to nothing does not hide the one behind it. */
static void test_joined_late_with_a_false_start(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	r.flags = ES_F_LATE;
	data(&r, 1, W, "GET");
	data(&r, 1, W, "POST / HTTP/1.1\n");
	data(&r, 2, W, "x");
	data(&r, 2, W, "PRI * HTTP/2.0\r\n");
	finish(&r, "1(cl 1w:POST / HTTP/1.1\n 2!http2 1)stopped");
}

/* WebSocket: by one message of JSON, or by two records of which each is a frame. */
/* Any method will do at a connection's start, and none in its middle: it may be half of one. */
static void test_method_not_known(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "BREW / HTTP/1.1\n");
	data(&r, 2, W, "BRE");
	data(&r, 2, W, "W / HTTP/1.1\n");
	finish(&r, "1(c 1w:BREW / HTTP/1.1\n 2(c 2w:BREW / HTTP/1.1\n 1)stopped 2)stopped");
	begin(&r);
	r.flags = ES_F_LATE;
	data(&r, 1, W, "OST / HTTP/1.1\n");
	data(&r, 1, W, "POST / HTTP/1.1\n");
	finish(&r, "1(cl 1w:POST / HTTP/1.1\n 1)stopped");
}

static void test_joined_late_websocket(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	r.flags = ES_F_LATE;
	data(&r, 1, R, "\x81\x0f{\"type\":\"done\"}");
	data(&r, 1, W, "GET / HTTP/1.1\n");
	data(&r, 2, R, "\xc1\x10one 678901234567");
	data(&r, 2, R, "no frame");
	data(&r, 2, R, "\xc1\x10two 678901234567");
	data(&r, 2, R, "\xc1\x10six 678901234567");
	data(&r, 3, R,
	     "\x81\x8a"
	     "AAAA"
	     ":aaaaaaaa<"
	     "\x89\x80"
	     "AAAA");
	assert_int_equal(r.stats[ES_U_JOINED].bytes, 18 + 8 + 18);
	finish(&r, "1(cl 1r:\x81\x0f{\"type\":\"done\"} 1w:GET / HTTP/1.1\n "
		   "2(cl 2r:\xc1\x10six 678901234567 3(sl 3r:\x81\x8a"
		   "AAAA:aaaaaaaa<\x89\x80"
		   "AAAA "
		   "1)stopped 2)stopped 3)stopped");
}

static void test_joined_late_for_nothing(void **state)
{
	static char junk[65536];
	struct run r;
	uint64_t sent = 0;

	(void)state;
	begin(&r);
	r.flags = ES_F_LATE;
	memset(junk, 'x', sizeof(junk));
	while (sent <= CONN_UNKNOWN_AFTER) {
		record(&r, 1, R, sent, 0, (struct sv){ junk, sizeof(junk) });
		sent += sizeof(junk);
	}
	assert_int_equal(r.stats[ES_U_PROTO_UNKNOWN].bytes, sent);
	finish(&r, "1!unknown");
}

/* Loss. */

static void test_gaps(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	lose(&r, 1, W, 3);
	record(&r, 1, W, 22, 4, SV("x"));
	r.offset[1][W] = 23;
	r.lost[1][W] += 4;
	send_close(&r, 1, ES_REC_CLOSE);
	assert_int_equal(r.stats[ES_U_STREAM_GAP].events, 2);
	assert_int_equal(r.stats[ES_U_STREAM_GAP].bytes, 7);
	assert_int_equal(conns_totals(r.conns)->lost[W], 7);
	assert_int_equal(conns_totals(r.conns)->mismatched, 0);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1w~3 1w~4 1w:x 1)freed");
}

static void test_start_is_lost(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GE");
	lose(&r, 1, W, 100);
	data(&r, 1, W, "tail");
	data(&r, 1, R, "HTTP/1.1 200\n");
	lose(&r, 2, W, 10);
	lose(&r, 2, R, 20);
	data(&r, 2, R, "tail");
	lose(&r, 3, R, 30);
	for (uint64_t i = 1; i <= 3; i++)
		send_close(&r, i, ES_REC_CLOSE);
	assert_int_equal(r.stats[ES_U_RESYNC].bytes, 2 + 4 + 4);
	finish(&r, "1(c 1w~100 1r:HTTP/1.1 200\n 1)freed 2(c? 2w~10 2r~20 2)freed "
		   "3(s? 3r~30 3)freed");
}

static void test_tail_is_lost(void **state)
{
	struct es_close rec;
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	rec = close_rec(&r, 1, ES_REC_CLOSE);
	rec.passed[W] += 5;
	rec.lost[W] = rec.tail[W] = 5;
	rec.passed[R] = 300;
	rec.lost[R] = 100;
	rec.ignored[R] = 200;
	conns_close(r.conns, &rec);
	/* Nothing but its close is known of this one. */
	rec = close_rec(&r, 2, ES_REC_CLOSE);
	rec.passed[W] = rec.lost[W] = 9;
	conns_close(r.conns, &rec);
	assert_int_equal(r.stats[ES_U_STREAM_TAIL].events, 3);
	assert_int_equal(r.stats[ES_U_STREAM_TAIL].bytes, 5 + 100 + 9);
	assert_int_equal(conns_totals(r.conns)->ignored[R], 200);
	assert_int_equal(conns_totals(r.conns)->mismatched, 0);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1w~5 1r~100 1)freed 2(c? 2w~9 2)freed");
}

static void test_contradicting_close(void **state)
{
	struct es_close rec;
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	rec = close_rec(&r, 1, ES_REC_CLOSE);
	rec.passed[W] = 3;
	conns_close(r.conns, &rec);
	data(&r, 2, W, "GET / HTTP/1.1\n");
	rec = close_rec(&r, 2, ES_REC_CLOSE);
	rec.lost[W] = 3;
	conns_close(r.conns, &rec);
	assert_int_equal(conns_totals(r.conns)->mismatched, 2);
	assert_int_equal(r.stats[ES_U_BAD_RECORD].events, 2);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1)freed 2(c 2w:GET / HTTP/1.1\n 2)freed");
}

static void test_bad_records(void **state)
{
	struct es_data rec = { .stream = stream(1), .dir = 2 };
	struct run r;

	(void)state;
	begin(&r);
	conns_data(r.conns, &rec, SV_NONE);
	rec.dir = 0;
	conns_data(r.conns, &rec, SV("x"));
	rec.missing = 1;
	conns_data(r.conns, &rec, SV_NONE);
	rec = (struct es_data){ .stream = stream(1), .offset = UINT64_MAX, .len = 1 };
	conns_data(r.conns, &rec, SV("x"));
	assert_int_equal(r.stats[ES_U_BAD_RECORD].events, 4);
	assert_int_equal(conns_totals(r.conns)->opened, 0);
	finish(&r, "");
}

/* Order. */

static void test_hole_fills(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	record(&r, 1, W, 21, 1, SV("d"));
	record(&r, 1, W, 18, 0, SV("cc"));
	record(&r, 1, W, 16, 0, SV("bb"));
	record(&r, 1, W, 15, 0, SV("a"));
	assert_int_equal(r.stats[ES_U_STREAM_GAP].bytes, 1);
	record(&r, 1, W, 22, 0, SV("e"));
	finish(&r, "1(c 1w:GET / HTTP/1.1\nabbcc 1w~1 1w:de 1)stopped");
}

static void test_hole_is_given_up(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	record(&r, 1, W, 17, 0, SV("b"));
	record(&r, 1, W, 20, 0, SV("c"));
	conns_tick(r.conns, r.now + CONN_HOLE_NS / 2);
	record(&r, 1, R, 0, 0, SV("HTTP"));
	r.now += CONN_HOLE_NS;
	conns_tick(r.conns, r.now);
	/* Too late. */
	record(&r, 1, W, 15, 0, SV("aa"));
	record(&r, 1, W, 20, 0, SV("cd"));
	assert_int_equal(r.stats[ES_U_STREAM_GAP].bytes, 2 + 2);
	/* What came behind the hole, the other way too, stays behind it. */
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1w~2 1w:b 1w~2 1w:c 1r:HTTP 1w:d 1)stopped");
}

/* Time passes with the records of any stream. */
static void test_hole_is_given_up_in_traffic(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	record(&r, 1, W, 16, 0, SV("b"));
	r.now += CONN_HOLE_NS;
	data(&r, 2, W, "GET / HTTP/1.1\n");
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1w~1 1w:b 2(c 2w:GET / HTTP/1.1\n "
		   "1)stopped 2)stopped");
}

/* Both directions wait for each other's holes in the order in which all came. */
static void test_holes_both_ways(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	data(&r, 1, R, "HTTP/1.1 200\n");
	record(&r, 1, R, 14, 0, SV("B"));
	record(&r, 1, W, 15, 0, SV("c"));
	record(&r, 1, W, 17, 0, SV("e"));
	record(&r, 1, R, 15, 0, SV("C"));
	record(&r, 1, W, 16, 0, SV("d"));
	record(&r, 1, R, 13, 0, SV("A"));
	record(&r, 1, W, 18, 0, SV("f"));
	assert_int_equal(r.stats[ES_U_STREAM_GAP].events, 0);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1r:HTTP/1.1 200\nAB 1w:cde 1r:C 1w:f 1)stopped");
}

static void test_early_bytes_are_bounded(void **state)
{
	struct run r;

	(void)state;
	begin_with(&r, &(struct conns_opts){ .max_early = reasm_cost(4) });
	data(&r, 1, W, "GET / HTTP/1.1\n");
	record(&r, 1, W, 16, 0, SV("bbb"));
	record(&r, 1, W, 20, 0, SV("cc"));
	assert_int_equal(r.stats[ES_U_REASM_FULL].events, 1);
	record(&r, 1, W, 23, 0, SV("dddd"));
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1w~1 1w:bbb 1w~1 1w:cc 1w~1 1w:dddd 1)stopped");
}

static void test_early_bytes_are_freed(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	record(&r, 1, W, 16, 0, SV("bbb"));
	conns_free(r.conns);
	conns_free(NULL);
}

/* Ends. */

static void test_process_ends(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	for (uint64_t i = 1; i <= 4; i++)
		data(&r, i, W, "GET / HTTP/1.1\n");
	send_close(&r, 1, ES_FACT_SETTLE);
	conns_proc_exit(r.conns, 8, 77, ++r.now);
	conns_proc_exit(r.conns, 7, 78, ++r.now);
	note(&r.notes, "exit ");
	conns_proc_exit(r.conns, 7, 77, ++r.now);
	note(&r.notes, "settle ");
	r.lost[2][W] += 5;
	r.offset[2][W] += 5;
	send_close(&r, 2, ES_FACT_SETTLE);
	note(&r.notes, "tick ");
	r.now += CONN_SETTLE_NS;
	conns_tick(r.conns, r.now);
	/* Final offsets that come late find the stream that they belong to. */
	r.lost[3][W] += 6;
	r.offset[3][W] += 6;
	send_close(&r, 3, ES_FACT_SETTLE);
	assert_int_equal(conns_totals(r.conns)->settled, 3);
	assert_int_equal(conns_totals(r.conns)->mismatched, 0);
	assert_int_equal(conns_totals(r.conns)->unsettled[W], 0);
	r.now += CONN_FORGET_NS;
	conns_tick(r.conns, r.now);
	assert_int_equal(conns_totals(r.conns)->unsettled[W], 15);
	r.joined = 0;
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 2(c 2w:GET / HTTP/1.1\n 3(c 3w:GET / HTTP/1.1\n "
		   "4(c 4w:GET / HTTP/1.1\n exit 1)exit settle 2w~5 2)exit tick 3)exit 4)exit");
}

static void test_settled_but_not_closed(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	data(&r, 2, W, "GET / HTTP/1.1\n");
	send_close(&r, 1, ES_FACT_SETTLE);
	r.now += CONN_SETTLE_NS;
	conns_tick(r.conns, r.now);
	/* At a stop the final offsets come first, and are final. */
	send_close(&r, 2, ES_FACT_SETTLE);
	data(&r, 2, W, "more");
	assert_int_equal(r.stats[ES_U_BAD_RECORD].bytes, 4);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 2(c 2w:GET / HTTP/1.1\n 1)gone 2)stopped");
}

static void test_exec(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	conns_proc_exec(r.conns, 7, 77, ++r.now);
	r.now += CONN_SETTLE_NS;
	conns_tick(r.conns, r.now);
	/* The new program has an object at the same address. */
	data(&r, 1, W, "GET / HTTP/1.1\n");
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1)exec 1(cl 1w:GET / HTTP/1.1\n 1)stopped");
}

static void test_stop_after_exit(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	data(&r, 2, W, "GET / HTTP/1.1\n");
	conns_proc_exit(r.conns, 7, 77, ++r.now);
	data(&r, 3, W, "GET / HTTP/1.1\n");
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 2(c 2w:GET / HTTP/1.1\n 3(c 3w:GET / HTTP/1.1\n "
		   "1)exit 2)exit 3)stopped");
}

static void test_address_used_again(void **state)
{
	struct es_data rec = { .stream = { .proc_start = 77, .object = 1, .birth = 2 },
			       .len = 5,
			       .dir = W };
	struct run r;

	(void)state;
	begin(&r);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	rec.head = head(&r, ES_REC_DATA);
	conns_data(r.conns, &rec, SV("GET /"));
	r.now += CONN_SETTLE_NS;
	conns_tick(r.conns, r.now);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1(c 1w:GET / 1)gone 1)stopped");
}

static void test_table_is_bounded(void **state)
{
	struct run r;

	(void)state;
	begin_with(&r, &(struct conns_opts){ .max_streams = 2 });
	data(&r, 1, W, "GET / HTTP/1.1\n");
	data(&r, 2, W, "GET / HTTP/1.1\n");
	data(&r, 1, W, "1");
	data(&r, 3, W, "GET / HTTP/1.1\n");
	assert_int_equal(r.stats[ES_U_STREAMS_FULL].events, 1);
	conns_proc_exit(r.conns, 7, 77, ++r.now);
	data(&r, 4, W, "GET / HTTP/1.1\n");
	r.now += CONN_SETTLE_NS;
	conns_tick(r.conns, r.now);
	data(&r, 5, W, "GET / HTTP/1.1\n");
	assert_int_equal(r.stats[ES_U_STREAMS_FULL].events, 2);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 2(c 2w:GET / HTTP/1.1\n 1w:1 2)evicted "
		   "3(c 3w:GET / HTTP/1.1\n 1)exit 4(c 4w:GET / HTTP/1.1\n 3)exit "
		   "5(c 5w:GET / HTTP/1.1\n 4)stopped 5)stopped");
}

static void test_peer_and_socket(void **state)
{
	struct es_peer rec = { .stream = stream(1), .family = 10, .remote_port = 443 };
	struct es_close end;
	struct run r;

	(void)state;
	begin(&r);
	rec.head = head(&r, ES_REC_PEER);
	rec.remote[15] = 1;
	conns_peer(r.conns, &rec);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	end = close_rec(&r, 1, ES_REC_CLOSE);
	end.socket = ES_SOCKET_ENDED;
	conns_close(r.conns, &end);
	assert_int_equal(r.closed.peer_family, 10);
	assert_int_equal(r.closed.peer_port, 443);
	assert_memory_equal(r.closed.peer_addr, rec.remote, sizeof(rec.remote));
	assert_int_equal(r.closed.socket, ES_SOCKET_ENDED);
	assert_true(r.closed.tls);
	assert_int_equal(r.closed.t_open, rec.head.time);
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1)freed");
}

/* A socket for both versions of IP that talks over the older one. */
static void test_peer_mapped(void **state)
{
	static const uint8_t want[16] = { 127, 0, 0, 1 };
	struct es_peer rec = { .stream = stream(1),
			       .family = 10,
			       .remote = { [10] = 0xff, 0xff, 127, 0, 0, 1 } };
	struct es_close end;
	struct run r;

	(void)state;
	begin(&r);
	rec.head = head(&r, ES_REC_PEER);
	conns_peer(r.conns, &rec);
	data(&r, 1, W, "GET / HTTP/1.1\n");
	end = close_rec(&r, 1, ES_REC_CLOSE);
	conns_close(r.conns, &end);
	assert_int_equal(r.closed.peer_family, 2);
	assert_memory_equal(r.closed.peer_addr, want, sizeof(want));
	finish(&r, "1(c 1w:GET / HTTP/1.1\n 1)freed");
}

/* Many streams, some ending, so that the table grows, and moves entries back. */
static void test_many_streams(void **state)
{
	enum { COUNT = 5000 };
	static uint64_t sent[COUNT];
	uint64_t rnd = 1, total = 0;
	struct run r;

	(void)state;
	begin(&r);
	memset(sent, 0, sizeof(sent));
	for (int i = 0; i < 100000; i++) {
		struct es_close rec;
		uint64_t n;

		rnd = rnd * 6364136223846793005u + 1442695040888963407u;
		n = (rnd >> 33) % COUNT;
		if ((rnd >> 20) % 8) {
			record(&r, 0x7f0000000000 + n * 16, W, sent[n]++, 0, SV("x"));
			total++;
			continue;
		}
		rec = (struct es_close){ .head = head(&r, ES_REC_CLOSE),
					 .stream = stream(0x7f0000000000 + n * 16),
					 .passed = { sent[n] } };
		conns_close(r.conns, &rec);
		sent[n] = 0;
		r.notes.len = 0;
	}
	assert_int_equal(conns_totals(r.conns)->mismatched, 0);
	assert_int_equal(conns_totals(r.conns)->captured[W], total);
	assert_int_equal(conns_totals(r.conns)->lost[W], 0);
	assert_int_equal(r.stats[ES_U_BAD_RECORD].events, 0);
	conns_stop(r.conns, r.now);
	conns_free(r.conns);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles_and_protocols),
		cmocka_unit_test(test_first_bytes_cut_anywhere),
		cmocka_unit_test(test_held_bytes_of_both_directions),
		cmocka_unit_test(test_ends_undecided),
		cmocka_unit_test(test_upgraded),
		cmocka_unit_test(test_joined_late),
		cmocka_unit_test(test_http2_joined_late),
		cmocka_unit_test(test_joined_late_with_a_false_start),
		cmocka_unit_test(test_method_not_known),
		cmocka_unit_test(test_joined_late_websocket),
		cmocka_unit_test(test_joined_late_for_nothing),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_start_is_lost),
		cmocka_unit_test(test_tail_is_lost),
		cmocka_unit_test(test_contradicting_close),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_hole_fills),
		cmocka_unit_test(test_hole_is_given_up),
		cmocka_unit_test(test_hole_is_given_up_in_traffic),
		cmocka_unit_test(test_holes_both_ways),
		cmocka_unit_test(test_early_bytes_are_bounded),
		cmocka_unit_test(test_early_bytes_are_freed),
		cmocka_unit_test(test_process_ends),
		cmocka_unit_test(test_settled_but_not_closed),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_stop_after_exit),
		cmocka_unit_test(test_address_used_again),
		cmocka_unit_test(test_table_is_bounded),
		cmocka_unit_test(test_peer_and_socket),
		cmocka_unit_test(test_peer_mapped),
		cmocka_unit_test(test_many_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
