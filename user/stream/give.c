// SPDX-License-Identifier: Apache-2.0
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

static bool is_read(const struct stream *s)
{
	return s->conn.proto == CONN_HTTP1 || s->conn.proto == CONN_JSONRPC;
}

/* Who reads this protocol. */
static const struct conn_sink *sink_of(const struct conns *c, const struct stream *s, void **ctx)
{
	bool rpc = s->conn.proto == CONN_JSONRPC;

	*ctx = rpc ? c->opts.rpc_ctx : c->opts.sink_ctx;
	return rpc ? c->opts.rpc : c->opts.sink;
}

static void sink_gap(struct conns *c, struct stream *s, enum conn_dir dir, uint64_t count,
		     uint64_t time)
{
	void *ctx;
	const struct conn_sink *sink = sink_of(c, s, &ctx);

	sink->gap(ctx, &s->conn, dir, count, time);
}

static void sink_bytes(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
		       uint64_t time)
{
	void *ctx;
	const struct conn_sink *sink = sink_of(c, s, &ctx);

	if (!sink->bytes(ctx, &s->conn, dir, bytes, time))
		rule_out(c, s, s->conn.proto == CONN_HTTP1 ? CONN_UPGRADED : CONN_UNKNOWN, 0);
}

static void sink_open(struct conns *c, struct stream *s, enum conn_proto proto,
		      enum conn_dir request_dir)
{
	const struct conn_sink *sink;

	s->conn.proto = proto;
	s->conn.request_dir = request_dir;
	sink = sink_of(c, s, &s->sink_ctx);
	s->sink = sink;
	conns_say_decided(c, s);
	sink->open(s->sink_ctx, &s->conn);
}

/* Hands on what was seen of one direction while it was not known what it is. */
static void release(struct conns *c, struct stream *s, enum conn_dir dir, uint64_t time)
{
	struct side *side = &s->side[dir];
	struct sv held = { side->held, side->held_len };

	if (side->pre_gap)
		sink_gap(c, s, dir, side->pre_gap, time);
	side->held_len = 0;
	if (held.len && is_read(s))
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

/* The start of this direction was not seen: any record may hold the start of a message. */
static bool is_torn(const struct stream *s, enum conn_dir dir)
{
	return s->conn.late || s->side[dir].pre_gap;
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

	if (!side->held_len)
		return detect(bytes);
	memcpy(first, side->held, side->held_len);
	memcpy(first + side->held_len, more.p, more.len);
	return detect((struct sv){ first, side->held_len + more.len });
}

static enum conn_proto proto_of(enum detect d)
{
	return d == DETECT_TLS ? CONN_TLS : d == DETECT_UNKNOWN ? CONN_UNKNOWN : CONN_HTTP2;
}

static void decided_bytes(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
			  uint64_t time)
{
	if (is_read(s))
		sink_bytes(c, s, dir, bytes, time);
	else
		stat_more(c->opts.stats, ruled_out_cause(s->conn.proto), bytes.len);
}

static void undecided_http(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
			   uint64_t time)
{
	enum detect d = look(s, dir, bytes);
	bool torn = is_torn(s, dir);

	if (torn && s->side[dir].held_len && d != DETECT_MORE && d != DETECT_HTTP1_REQUEST &&
	    d != DETECT_HTTP1_RESPONSE) {
		/* What was held was no start after all; this may be one. */
		s->passed_over += s->side[dir].held_len;
		s->side[dir].held_len = 0;
		d = look(s, dir, bytes);
	}
	if (d == DETECT_MORE) {
		hold(s, dir, bytes, time);
	} else if (d == DETECT_HTTP1_REQUEST || d == DETECT_HTTP1_RESPONSE) {
		bool writes = (d == DETECT_HTTP1_REQUEST) == (dir == CONN_WRITE);

		/* A request from its first byte, and nothing before: this much is whole. */
		if (d == DETECT_HTTP1_REQUEST && !s->passed_over && !s->side[0].before &&
		    !s->side[1].before && !s->side[!dir].seen && !s->side[dir].pre_gap)
			s->conn.late = false;
		decide(c, s, CONN_HTTP1, writes ? CONN_WRITE : CONN_READ, time);
		decided_bytes(c, s, dir, bytes, time);
	} else if (torn && d != DETECT_HTTP2_CLIENT) {
		/* A few bytes that look like another protocol are no proof in the middle. */
		pass_over(c, s, bytes.len);
	} else {
		rule_out(c, s, proto_of(d), bytes.len);
	}
}

/*
 * Standard input and output: JSON-RPC, as far as first bytes can tell; its reader knows more.
 * The child is the server.
 */
static bool is_jsonrpc(const struct conns *c, const struct stream *s, struct sv bytes)
{
	return s->conn.source == ES_SRC_STDIO && c->opts.rpc && bytes.len &&
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
	if (is_read(s)) {
		sink_gap(c, s, dir, count, time);
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
	if (s->sink)
		s->sink->close(s->sink_ctx, &s->conn, (enum conn_end)s->why, s->end_time);
}
