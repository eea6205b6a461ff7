// SPDX-License-Identifier: Apache-2.0
/*
 * However a WebSocket is cut: the same messages, as long as the place is not lost (where it is
 * found again may depend on how the bytes came). Gaps and joins break nothing.
 */
#include "proto/ws.h"

#include "../events.h"

#define LIMIT 100000

enum flag {
	CLIENT = 1,
	JOINED = 2,
	GAPS = 4,
	/* Above: how it is packed. */
};

struct run {
	struct ws ws;
	unsigned int pieces;
	uint8_t gap_every;
};

static const struct ws_deflate deflates[] = {
	{ .window_bits = 15 },
	{ .on = true, .window_bits = 15 },
	{ .on = true, .window_bits = 8, .no_takeover = true },
	{ .unknown = true, .window_bits = 15 },
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	ws_feed(&r->ws, piece);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		ws_gap(&r->ws, r->pieces % 16 * 7u);
}

static bool run(uint8_t how, uint8_t flags, struct sv in, uint64_t *ret_trace)
{
	struct events events = { .limit = LIMIT, .gaps = true };
	struct ws_limits limits = { LIMIT, 2000 };
	struct run r = { .gap_every = flags & GAPS ? 1 + (flags >> 5) : 0 };
	bool exact;

	ws_init(&r.ws, flags & CLIENT ? WS_FROM_CLIENT : WS_FROM_SERVER, &deflates[flags >> 3 & 3],
		&limits, events_add, &events);
	if (flags & JOINED)
		ws_join(&r.ws);
	cut_feed(how, in, feed, &r);
	ws_close(&r.ws);
	CHECK(!events.open && r.ws.out.skipped <= in.len);
	CHECK(r.ws.counts.control <= r.ws.counts.frames);
	CHECK(!r.ws.seek);
	exact = !r.ws.out.broken && !(flags & (JOINED | GAPS));
	trace_int(&events.trace, r.ws.counts.frames);
	trace_int(&events.trace, r.ws.close_code);
	ws_done(&r.ws);
	*ret_trace = events.trace;
	return exact;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_deflate got[2];
	uint64_t a, b;
	struct sv in;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	if (run(0, data[1], in, &a) && run(data[0], data[1], in, &b))
		CHECK(a == b);
	else
		run(data[0], data[1], in, &b);
	CHECK(wsframe_bits(in, WS_FROM_CLIENT) < 100);
	if (ws_extensions(in, got))
		CHECK(got[0].window_bits >= 8 && got[1].window_bits <= 15);
	return 0;
}
