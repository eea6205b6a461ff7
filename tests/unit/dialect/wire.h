/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_UNIT_DIALECT_WIRE_H
#define EARSHOT_TESTS_UNIT_DIALECT_WIRE_H

/*
 * wire - reads the cases of tests/wire and plays them: the bytes of a connection through the
 * exchange layer into the dialects, or the messages of a socket.
 */
#include "driver.h"
#include "earshot/stats.h"
#include "exchange/pair.h"

struct wire_case {
	struct sv end; /* freed: a connection; session, whole, late: a socket */
	struct sv name, request, answer, bare, full;
};

struct play_wire;
/* The call is freed behind it. */
typedef void wire_call_fn(struct play_wire *w, const struct call *c);

struct play_wire {
	struct driver dr;
	struct pairs *pairs;
	struct stat_pair stats[ES_STAT_COUNT];
	struct notes notes;
	size_t at; /* the cut that is tried */
	wire_call_fn *fn;
	void *ctx; /* its own */
};

static inline void wire_on_call(void *ctx, struct call *c)
{
	struct play_wire *w = ctx;

	w->dr.calls++;
	w->fn(w, c);
	call_free(c);
}

/*
 * The layer below holds the start of a body back until it knows its kind: what it gives comes
 * to the dialects cut once more.
 */
struct shred {
	struct play_wire *w;
	struct exchange *ex;
	enum ex_side side;
	uint64_t time;
};

static inline void shred_piece(void *ctx, struct sv piece)
{
	const struct shred *s = ctx;

	if (s->side == EX_REQUEST)
		dialect_exchange_ops.req_body(s->w->dr.d, s->ex, piece);
	else
		dialect_exchange_ops.resp_body(s->w->dr.d, s->ex, piece, s->time);
}

static inline void shred_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	struct shred s = { ctx, ex, EX_REQUEST, 0 };

	cut_feed(shred_piece, &s, bytes,
		 s.w->at == SIZE_MAX ? bytes.len + 1 : s.w->at % (bytes.len + 1));
}

static inline void shred_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	struct shred s = { ctx, ex, EX_RESPONSE, time };

	cut_feed(shred_piece, &s, bytes,
		 s.w->at == SIZE_MAX ? bytes.len + 1 : s.w->at % (bytes.len + 1));
}

static inline void pass_begin(void *ctx, struct exchange *ex)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.begin(w->dr.d, ex);
}

static inline void pass_req_end(void *ctx, struct exchange *ex)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.req_end(w->dr.d, ex);
}

static inline void pass_resp_head(void *ctx, struct exchange *ex)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.resp_head(w->dr.d, ex);
}

static inline void pass_event(void *ctx, struct exchange *ex, enum ex_side side,
			      const struct ex_event *ev, uint64_t time)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.event(w->dr.d, ex, side, ev, time);
}

static inline void pass_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.gap(w->dr.d, ex, side);
}

static inline void pass_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.end(w->dr.d, ex, time);
}

static const struct exchange_ops shred_ops = {
	.begin = pass_begin,
	.req_body = shred_req_body,
	.req_end = pass_req_end,
	.resp_head = pass_resp_head,
	.resp_body = shred_resp_body,
	.event = pass_event,
	.gap = pass_gap,
	.end = pass_end,
};

static inline void wire_init(struct play_wire *w, bool content, wire_call_fn *fn)
{
	const struct dialect_options opt = { .want_content = content };
	const struct pairs_opts pair = { .stats = w->stats, .ops = &shred_ops, .ctx = w };

	memset(w, 0, sizeof(*w));
	w->fn = fn;
	assert_int_equal(dialect_new(&w->dr.d, &opt, wire_on_call, w), 0);
	assert_int_equal(pairs_new(&w->pairs, &pair), 0);
}

static inline void wire_done(struct play_wire *w)
{
	pairs_free(w->pairs);
	dialect_free(w->dr.d);
}

struct way {
	struct play_wire *w;
	struct conn *conn;
	enum conn_dir dir;
};

static inline void feed(void *ctx, struct sv piece)
{
	const struct way *way = ctx;

	if (piece.len)
		pairs_sink.bytes(way->w->pairs, way->conn, way->dir, piece, 2 * SEC);
}

static inline struct sv take(struct sv *rest)
{
	const unsigned char *b = (const unsigned char *)rest->p;
	struct sv field;
	size_t len;

	assert_true(rest->len >= 4);
	len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
	*rest = sv_skip(*rest, 4);
	assert_true(rest->len >= len);
	field = sv_cut(*rest, len);
	*rest = sv_skip(*rest, len);
	return field;
}

/* The start of a message that comes in pieces: real ones are much longer. */
#define FRAME_START 200

/* One message of a socket, in two pieces, or in as many as it has bytes behind its start. */
static inline void play_frame(struct play_wire *w, struct exchange *ex, enum ex_side side,
			      struct sv text, bool torn)
{
	size_t step = FRAME_START, done = 0;

	if (w->at != SIZE_MAX && text.len > FRAME_START)
		step += w->at % (text.len - FRAME_START);
	if (!torn || !w->at || text.len <= step)
		step = text.len;
	do {
		struct sv piece = sv_cut(sv_skip(text, done), step);
		struct sv copy = { malloc(piece.len + 1), piece.len };
		struct ex_event ev = { .type = SV("text"), .data = copy, .cont = done != 0 };

		memcpy((char *)copy.p, piece.p, piece.len);
		done += piece.len;
		step = w->at == SIZE_MAX ? 1 : text.len - done;
		ev.more = done < text.len;
		dialect_exchange_ops.event(w->dr.d, ex, side, &ev, 2 * SEC);
		free((char *)copy.p);
	} while (done < text.len);
}

/* A session: the answer names host and target, the request is its messages. */
static inline void play_session(struct play_wire *w, const struct wire_case *c)
{
	struct exchange ex = { .tgid = 7, .tls = true, .method = SV("GET"), .status = 101 };
	struct sv host = sv_cut(c->answer, sv_find(c->answer, ' ')), rest = c->request;
	bool late = sv_eq(c->end, SV("late")), torn = !sv_eq(c->end, SV("whole"));

	arena_init(&ex.arena, 1 << 20);
	ex.msg[EX_REQUEST].head_seen = ex.msg[EX_RESPONSE].head_seen = !late;
	ex.target = late ? SV_NONE : sv_skip(c->answer, host.len + 1);
	ex.msg[EX_REQUEST].header[EX_H_HOST] = late ? SV_NONE : host;
	ex.msg[EX_REQUEST].header[EX_H_UPGRADE] = SV("websocket");
	dialect_exchange_ops.begin(w->dr.d, &ex);
	ex.msg[EX_REQUEST].kind = ex.msg[EX_RESPONSE].kind = EX_WEBSOCKET;
	dialect_exchange_ops.req_end(w->dr.d, &ex);
	dialect_exchange_ops.resp_head(w->dr.d, &ex);
	while (rest.len) {
		enum ex_side side = rest.p[0] == '>' ? EX_REQUEST : EX_RESPONSE;

		rest = sv_skip(rest, 1);
		play_frame(w, &ex, side, take(&rest), torn);
	}
	ex.outcome = EX_DONE;
	dialect_exchange_ops.end(w->dr.d, &ex, 9 * SEC);
	arena_done(&ex.arena);
}

/* at: 0 whole; up to the longer one's length a cut there in both; behind it byte by byte. */
static inline void wire_play(struct play_wire *w, const struct wire_case *c, size_t at)
{
	struct conn conn = { .tgid = 7,
			     .proto = CONN_HTTP1,
			     .request_dir = CONN_WRITE,
			     .tls = true,
			     .late = !c->request.len };
	struct way way = { w, &conn, CONN_WRITE };
	bool bytes = at == SIZE_MAX;

	w->at = at;
	notes_reset(&w->notes);
	if (!sv_eq(c->end, SV("freed"))) {
		play_session(w, c);
		return;
	}
	pairs_sink.open(w->pairs, &conn);
	cut_feed(feed, &way, c->request, bytes ? c->request.len + 1 : at % (c->request.len + 1));
	way.dir = CONN_READ;
	cut_feed(feed, &way, c->answer, bytes ? c->answer.len + 1 : at % (c->answer.len + 1));
	pairs_sink.close(w->pairs, &conn, CONN_FREED, 9 * SEC);
}

static inline struct sv wire_read(void)
{
	const char *path = getenv("WIRE_CASES");
	FILE *f = fopen(path ? path : ".output/wire/cases", "rb");
	char *text = NULL;
	size_t len = 0, room = 1 << 20;

	if (!f)
		fail_msg("no cases: make .output/wire/cases");
	do {
		text = realloc(text, room *= 2);
		assert_non_null(text);
		len += fread(text + len, 1, room - len, f);
	} while (len == room);
	fclose(f);
	return (struct sv){ text, len };
}

static inline struct wire_case wire_next(struct sv *rest)
{
	struct wire_case c;

	c.end = take(rest);
	c.name = take(rest);
	c.request = take(rest);
	c.answer = take(rest);
	c.bare = take(rest);
	c.full = take(rest);
	return c;
}

#endif /* EARSHOT_TESTS_UNIT_DIALECT_WIRE_H */
