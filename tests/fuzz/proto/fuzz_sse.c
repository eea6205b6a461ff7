// SPDX-License-Identifier: Apache-2.0
/* However an event stream is cut: the same events. A gap joins nothing and breaks nothing. */
#include "proto/sse.h"

#include "../events.h"

#define LIMIT 1000

struct run {
	struct sse sse;
	unsigned int pieces;
	uint8_t gap_every;
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	sse_feed(&r->sse, piece);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		sse_gap(&r->sse);
}

static uint64_t run(uint8_t how, uint8_t gap_every, struct sv in)
{
	struct run r = { .gap_every = gap_every };
	struct events events = { .limit = LIMIT };
	struct event_out out;

	event_out_init(&out, LIMIT, events_add, &events);
	sse_init(&r.sse, &out);
	cut_feed(how, in, feed, &r);
	sse_close(&r.sse);
	CHECK(!events.open);
	event_out_done(&out);
	return events.trace;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	if (data[1] & 0x80)
		run(data[0], data[1] & 0x7f, in);
	else
		CHECK(run(0, 0, in) == run(data[0], 0, in));
	return 0;
}
