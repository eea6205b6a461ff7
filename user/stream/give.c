// SPDX-License-Identifier: Apache-2.0
#include "base/h2frame.h"
#include "base/wsframe.h"
#include "stream/conns.h"

static enum es_stat ruled_out_cause(enum conn_proto proto)
{
	return proto == CONN_UNKNOWN ? ES_U_PROTO_UNKNOWN : ES_U_PROTO_UNSUPPORTED;
}

static uint64_t held_bytes(const struct stream *s)
{
	return (uint64_t)s->side[0].held_len + s->side[1].held_len;
}

/* From now on bytes are counted only; extra ones are counted already now. */
static void rule_out(struct conns *c, struct stream *s, enum conn_proto proto, uint64_t extra)
{
	s->conn.proto = proto;
	conns_lose(c, ruled_out_cause(proto), held_bytes(s) + s->passed_over + extra);
	s->side[0].held_len = s->side[1].held_len = 0;
	conns_say_decided(c, s);
	if (c->opts.ignore)
		c->opts.ignore(c->opts.ignore_ctx, &s->conn);
}

/* Its bytes go to a reader. */
static bool is_read(const struct conns *c, const struct stream *s)
{
	return c->opts.readers[s->conn.proto].sink && s->conn.proto != CONN_UNSEEN;
}

static void sink_gap(struct stream *s, enum conn_dir dir, uint64_t count, uint64_t time)
{
	if (s->reader.sink)
		s->reader.sink->gap(s->reader.ctx, &s->conn, dir, count, time);
}

static void sink_bytes(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
		       uint64_t time)
{
	if (!s->reader.sink->bytes(s->reader.ctx, &s->conn, dir, bytes, time))
		rule_out(c, s, s->conn.proto == CONN_HTTP1 ? CONN_UPGRADED : CONN_UNKNOWN, 0);
}

static void sink_open(struct conns *c, struct stream *s, enum conn_proto proto,
		      enum conn_dir request_dir)
{
	s->conn.proto = proto;
	s->conn.request_dir = request_dir;
	s->reader = c->opts.readers[proto];
	conns_say_decided(c, s);
	if (s->reader.sink)
		s->reader.sink->open(s->reader.ctx, &s->conn);
}

/* Hands on what was seen of one direction while it was not known what it is. */
static void release(struct conns *c, struct stream *s, enum conn_dir dir, uint64_t time)
{
	struct side *side = &s->side[dir];
	struct sv held = { side->held, side->held_len };

	if (side->pre_gap)
		sink_gap(s, dir, side->pre_gap, time);
	side->held_len = 0;
	if (held.len && is_read(c, s))
		sink_bytes(c, s, dir, held, side->held_time);
}

static bool is_gapped(const struct stream *s)
{
	return s->side[0].pre_gap || s->side[1].pre_gap;
}

static void decide(struct conns *c, struct stream *s, enum conn_proto proto,
		   enum conn_dir request_dir, uint64_t time)
{
	if (s->passed_over)
		conns_lose(c, is_gapped(s) ? ES_U_RESYNC : ES_U_JOINED, s->passed_over);
	s->passed_over = 0;
	sink_open(c, s, proto, request_dir);
	release(c, s, request_dir, time);
	release(c, s, (enum conn_dir) !request_dir, time);
}

/*
 * The start of this direction was not seen: any record may hold the start of a message. Of a
 * stream made of TLS records nobody knows whether its first one was.
 */
static bool is_torn(const struct stream *s, enum conn_dir dir)
{
	return s->conn.late || s->side[dir].pre_gap || s->conn.source == ES_SRC_AEAD;
}

static void pass_over(struct conns *c, struct stream *s, uint64_t count)
{
	s->passed_over += count;
	if (s->passed_over > CONN_UNKNOWN_AFTER)
		rule_out(c, s, CONN_UNKNOWN, 0);
}

static void hold(struct stream *s, enum conn_dir dir, struct sv bytes, uint64_t time)
{
	struct side *side = &s->side[dir];

	if (!side->held_len)
		side->held_time = time;
	memcpy(side->held + side->held_len, bytes.p, bytes.len);
	side->held_len = (uint8_t)(side->held_len + bytes.len);
}

/* What the first bytes of a direction are, those that were held included. */
static enum detect look(struct stream *s, enum conn_dir dir, struct sv bytes)
{
	struct side *side = &s->side[dir];
	char first[DETECT_MAX];
	struct sv more = sv_cut(bytes, sizeof(first) - side->held_len);
	enum detect d;

	if (side->held_len) {
		memcpy(first, side->held, side->held_len);
		memcpy(first + side->held_len, more.p, more.len);
		bytes = (struct sv){ first, side->held_len + more.len };
	}
	d = detect(bytes);
	/* A method that is not known may be the end of one, where the start was not seen. */
	return d == DETECT_HTTP1_LINE && is_torn(s, dir) ? DETECT_UNKNOWN : d;
}

static void decided_bytes(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
			  uint64_t time)
{
	if (is_read(c, s))
		sink_bytes(c, s, dir, bytes, time);
	else
		stat_more(c->opts.stats, ruled_out_cause(s->conn.proto), bytes.len);
}

/* What a direction tells of the whole stream. */
struct telling {
	enum conn_proto proto; /* CONN_UNDECIDED: nothing */
	bool requests;	       /* this direction carries them */
	bool from_start;       /* the bytes are the first of a connection, or of a request */
};

static struct telling tell(enum detect d)
{
	static const struct telling tellings[] = {
		[DETECT_MORE] = { CONN_UNDECIDED, false, false },
		[DETECT_HTTP1_REQUEST] = { CONN_HTTP1, true, true },
		[DETECT_HTTP1_LINE] = { CONN_HTTP1, true, true },
		[DETECT_HTTP1_RESPONSE] = { CONN_HTTP1, false, false },
		[DETECT_HTTP2_CLIENT] = { CONN_HTTP2, true, true },
		[DETECT_HTTP2_SERVER] = { CONN_HTTP2, false, false },
		[DETECT_TLS] = { CONN_TLS, false, false },
		[DETECT_UNKNOWN] = { CONN_UNKNOWN, false, false },
	};

	return tellings[d];
}

/* A few bytes that look like another protocol are no proof in the middle. */
static bool is_proof(struct telling t)
{
	return t.proto == CONN_HTTP1 || (t.proto == CONN_HTTP2 && t.requests);
}

/*
 * In the middle HTTP/2 is told by its frames, one behind the other. Which of the two directions
 * this is, a head tells; where there is none, the process is taken for the client.
 */
static bool tell_frames(struct sv bytes, enum conn_dir dir, struct telling *ret)
{
	size_t need;
	int sender;

	if (h2frame_match(bytes, &need) != H2FRAME_YES)
		return false;
	sender = h2frame_sender(bytes);
	ret->proto = CONN_HTTP2;
	ret->requests = sender ? sender > 0 : dir == CONN_WRITE;
	ret->from_start = false;
	return true;
}

/*
 * ... and WebSocket by its frames, whose mask tells the client. Messages come in records of their
 * own: two such records settle it where one does not, and the first is passed over.
 */
static bool tell_messages(struct stream *s, struct sv bytes, enum conn_dir dir, struct telling *ret)
{
	uint8_t *had = &s->side[dir].ws_bits;
	int bits = wsframe_bits(bytes, WS_FROM_CLIENT);

	ret->requests = bits >= 0;
	if (bits < 0)
		bits = wsframe_bits(bytes, WS_FROM_SERVER);
	bits += bits < 0 ? 0 : *had;
	*had = (uint8_t)(bits < 0 ? 0 : bits < UINT8_MAX ? bits : UINT8_MAX);
	if (bits < WSFRAME_ENOUGH)
		return false;
	ret->proto = CONN_WEBSOCKET;
	ret->from_start = false;
	return true;
}

/* Nothing before these bytes was missed that would matter. */
static bool is_first(const struct stream *s, enum conn_dir dir)
{
	return !s->passed_over && !s->side[0].before && !s->side[1].before && !s->side[!dir].seen &&
	       !s->side[dir].pre_gap;
}

static void drop_held(struct stream *s, enum conn_dir dir)
{
	s->passed_over += s->side[dir].held_len;
	s->side[dir].held_len = 0;
}

static void undecided_http(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
			   uint64_t time)
{
	struct telling t = tell(look(s, dir, bytes));
	bool torn = is_torn(s, dir);

	if (torn && s->side[dir].held_len && t.proto != CONN_UNDECIDED && !is_proof(t)) {
		/* What was held was no start after all; this may be one. */
		drop_held(s, dir);
		t = tell(look(s, dir, bytes));
	}
	if (torn && !is_proof(t) &&
	    (tell_frames(bytes, dir, &t) || tell_messages(s, bytes, dir, &t)))
		drop_held(s, dir);
	else if (torn && t.proto != CONN_UNDECIDED && !is_proof(t))
		t.proto = CONN_UNKNOWN;
	if (t.proto == CONN_UNDECIDED) {
		hold(s, dir, bytes, time);
	} else if (c->opts.readers[t.proto].sink) {
		if (t.from_start && is_first(s, dir))
			s->conn.late = false;
		decide(c, s, t.proto, t.requests == (dir == CONN_WRITE) ? CONN_WRITE : CONN_READ,
		       time);
		decided_bytes(c, s, dir, bytes, time);
	} else if (torn && t.proto != CONN_HTTP2) {
		pass_over(c, s, bytes.len);
	} else {
		rule_out(c, s, t.proto, bytes.len);
	}
}

/*
 * Standard input and output: JSON-RPC, as far as first bytes can tell; its reader knows more.
 * The child is the server.
 */
static bool is_jsonrpc(const struct conns *c, const struct stream *s, struct sv bytes)
{
	return s->conn.source == ES_SRC_STDIO && c->opts.readers[CONN_JSONRPC].sink && bytes.len &&
	       (bytes.p[0] == '{' || bytes.p[0] == '[' || bytes.p[0] == 'C');
}

static void undecided_bytes(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
			    uint64_t time)
{
	if (is_jsonrpc(c, s, bytes)) {
		decide(c, s, CONN_JSONRPC, CONN_READ, time);
		decided_bytes(c, s, dir, bytes, time);
		return;
	}
	undecided_http(c, s, dir, bytes, time);
}

void conns_give(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
		uint64_t time)
{
	s->side[dir].captured += bytes.len;
	c->totals.captured[dir] += bytes.len;
	if (s->conn.proto == CONN_UNDECIDED)
		undecided_bytes(c, s, dir, bytes, time);
	else
		decided_bytes(c, s, dir, bytes, time);
}

void conns_give_gap(struct conns *c, struct stream *s, enum conn_dir dir, uint64_t count,
		    uint64_t time, enum es_stat cause)
{
	struct side *side = &s->side[dir];

	side->lost += count;
	c->totals.lost[dir] += count;
	conns_lose(c, cause, count);
	if (s->phase == PHASE_ENDED)
		return;
	if (is_read(c, s)) {
		sink_gap(s, dir, count, time);
	} else if (s->conn.proto == CONN_UNDECIDED) {
		/* The next bytes do not continue those that were held. */
		uint8_t held = side->held_len;

		side->pre_gap += count;
		side->held_len = 0;
		pass_over(c, s, held);
	}
}

/* Ends before anything told what it speaks. */
static void end_undecided(struct conns *c, struct stream *s)
{
	uint64_t seen = s->passed_over + held_bytes(s);

	if (is_gapped(s)) {
		if (seen)
			conns_lose(c, ES_U_RESYNC, seen);
		s->side[0].held_len = s->side[1].held_len = 0;
		/* Who speaks first is taken for the client. */
		sink_open(c, s, CONN_UNSEEN, (enum conn_dir)s->first_dir);
		release(c, s, CONN_WRITE, s->end_time);
		release(c, s, CONN_READ, s->end_time);
	} else if (seen) {
		s->conn.proto = CONN_UNKNOWN;
		conns_lose(c, ES_U_PROTO_UNKNOWN, seen);
	}
}

void conns_give_end(struct conns *c, struct stream *s)
{
	if (s->conn.proto == CONN_UNDECIDED)
		end_undecided(c, s);
	if (s->reader.sink)
		s->reader.sink->close(s->reader.ctx, &s->conn, (enum conn_end)s->why, s->end_time);
}
