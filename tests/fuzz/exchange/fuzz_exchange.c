// SPDX-License-Identifier: Apache-2.0
/*
 * Records to exchanges: input is read as a list of small commands, each a record of one of a
 * few streams. One end per begin, no exchange left at the stop, and every byte accounted for.
 */
#include "earshot/stats.h"
#include "exchange/h2.h"
#include "exchange/wsock.h"
#include "stream/conn.h"

#include "../cut.h"

struct state {
	struct conns *conns;
	struct pairs *pairs;
	struct stat_pair stats[ES_STAT_COUNT];
	uint64_t offset[4][2];
	uint64_t lost[4][2];
	uint64_t time;
	size_t open;
};

static void on_begin(void *ctx, struct exchange *ex)
{
	struct state *s = ctx;

	CHECK(!ex->user[EX_READ_MODEL]);
	ex->user[EX_READ_MODEL] = s;
	s->open++;
}

static void on_bytes(void *ctx, struct exchange *ex, struct sv bytes)
{
	CHECK(ex->user[EX_READ_MODEL] == ctx && bytes.len > 0);
}

static void on_head(void *ctx, struct exchange *ex)
{
	CHECK(ex->user[EX_READ_MODEL] == ctx);
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	struct state *s = ctx;

	CHECK(time <= s->time);
	on_bytes(ctx, ex, bytes);
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	(void)time;
	CHECK(ex->user[EX_READ_MODEL] == ctx && ev->data.len <= PAIR_EVENT_MAX);
	CHECK(ex->msg[side].kind != EX_PLAIN);
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	CHECK(ex->user[EX_READ_MODEL] == ctx && ex->msg[side].gapped);
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct state *s = ctx;

	(void)time;
	CHECK(ex->user[EX_READ_MODEL] == s && ex->outcome != EX_OPEN);
	CHECK(ex->outcome != EX_DONE || ex->msg[EX_RESPONSE].complete);
	s->open--;
}

static const struct exchange_ops ops = {
	.begin = on_begin,
	.req_body = on_bytes,
	.req_end = on_head,
	.resp_head = on_head,
	.resp_body = on_resp_body,
	.event = on_event,
	.gap = on_gap,
	.end = on_end,
};

static uint8_t take_byte(struct sv *in)
{
	uint8_t b = in->len ? (uint8_t)in->p[0] : 0;

	*in = sv_skip(*in, in->len ? 1 : 0);
	return b;
}

static struct es_head head(struct state *s, uint16_t type, uint8_t flags)
{
	return (struct es_head){
		.type = type, .flags = flags & ES_F_LATE, .time = s->time, .tgid = 1
	};
}

static struct es_stream stream(unsigned int n)
{
	return (struct es_stream){ .proc_start = 1, .object = 16 * (n + 1), .birth = 1 };
}

/* Bytes of a stream, with some lost before them, and perhaps ahead of their time. */
static void send_data(struct state *s, unsigned int n, unsigned int dir, struct sv *in)
{
	uint8_t flags = take_byte(in), len = take_byte(in), lost = take_byte(in);
	struct sv bytes = sv_cut(*in, len);
	struct es_data rec = {
		.head = head(s, len ? ES_REC_DATA : ES_REC_GAP, flags),
		.stream = stream(n),
		.dir = (__u8)dir,
		.source = ES_SRC_TLS,
		.len = (__u32)bytes.len,
		.missing = flags & 0x10 ? lost : 0,
	};
	char *copy = malloc(bytes.len ? bytes.len : 1);

	*in = sv_skip(*in, bytes.len);
	memcpy(copy, bytes.p, bytes.len);
	s->offset[n][dir] += rec.missing;
	s->lost[n][dir] += rec.missing;
	rec.offset = s->offset[n][dir] + (flags & 0x20 ? lost : 0);
	/* A piece that is ahead leaves a hole, which the next one may fill. */
	if (!(flags & 0x20))
		s->offset[n][dir] += bytes.len;
	conns_data(s->conns, &rec, (struct sv){ copy, bytes.len });
	free(copy);
}

static void send_close(struct state *s, unsigned int n, uint8_t flags)
{
	struct es_close rec = { .head = head(s, flags & 1 ? ES_REC_CLOSE : ES_FACT_SETTLE, 0),
				.stream = stream(n) };

	for (unsigned int dir = 0; dir < 2; dir++) {
		rec.passed[dir] = s->offset[n][dir] + (flags & 2 ? flags : 0u);
		rec.lost[dir] = s->lost[n][dir] + (flags & 2 ? flags : 0u);
		rec.ignored[dir] = flags & 4 ? flags : 0;
		if (flags & 1)
			s->offset[n][dir] = s->lost[n][dir] = 0;
	}
	conns_close(s->conns, &rec);
}

static void step(struct state *s, struct sv *in)
{
	uint8_t what = take_byte(in);
	unsigned int n = what >> 4 & 3, dir = what >> 3 & 1;
	struct es_peer peer = { .head = head(s, ES_REC_PEER, 0), .stream = stream(n) };

	s->time += 1000000;
	switch (what & 7) {
	case 0:
		send_close(s, n, take_byte(in));
		break;
	case 1:
		s->time += take_byte(in) * 100000000ull;
		conns_tick(s->conns, s->time);
		break;
	case 2:
		conns_proc_exit(s->conns, 1, 1, s->time);
		break;
	case 3:
		conns_proc_exec(s->conns, 1, 1, s->time);
		break;
	case 4:
		conns_peer(s->conns, &peer);
		break;
	default:
		send_data(s, n, dir, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = { (const char *)data, size };
	struct state s = { .time = 1 };
	struct pairs_opts pairs = {
		.max_open = 40, .arena_limit = 4096, .stats = s.stats, .ops = &ops, .ctx = &s
	};
	struct conns_opts conns = { .max_streams = 3, .max_early = 200, .stats = s.stats };
	const struct conns_totals *t;

	if (pairs_new(&s.pairs, &pairs))
		abort();
	conns.readers[CONN_HTTP1] = conns.readers[CONN_UNSEEN] =
		(struct conn_reader){ &pairs_sink, s.pairs };
	conns.readers[CONN_HTTP2] = (struct conn_reader){ &h2_sink, s.pairs };
	conns.readers[CONN_WEBSOCKET] = (struct conn_reader){ &wsock_sink, s.pairs };
	if (conns_new(&s.conns, &conns))
		abort();
	while (in.len)
		step(&s, &in);
	conns_stop(s.conns, s.time);
	t = conns_totals(s.conns);
	CHECK(s.open == 0 && pairs_open(s.pairs) == 0 && t->open == 0);
	for (int dir = 0; dir < 2; dir++)
		CHECK(t->captured[dir] + t->lost[dir] + t->ignored[dir] + t->before[dir] ==
		      t->passed[dir] + t->unsettled[dir]);
	conns_free(s.conns);
	pairs_free(s.pairs);
	return 0;
}
