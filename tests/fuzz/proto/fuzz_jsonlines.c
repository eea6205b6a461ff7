// SPDX-License-Identifier: Apache-2.0
/* However lines are cut: the same events. A gap joins nothing and breaks nothing. */
#include "proto/jsonlines.h"

#include "../events.h"

#define LIMIT 1000

struct run {
	struct jsonlines lines;
	unsigned int pieces;
	uint8_t gap_every;
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	jsonlines_feed(&r->lines, piece);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		jsonlines_gap(&r->lines);
}

static uint64_t run(uint8_t how, uint8_t gap_every, bool whole, struct sv in)
{
	struct run r = { .gap_every = gap_every };
	struct events events = { .limit = LIMIT };
	struct event_out out;

	event_out_init(&out, LIMIT, events_add, &events);
	jsonlines_init(&r.lines, &out);
	cut_feed(how, in, feed, &r);
	jsonlines_close(&r.lines, whole);
	CHECK(!events.open && out.skipped <= in.len);
	event_out_done(&out);
	return events.trace;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in;
	bool whole;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	whole = data[1] & 1;
	if (data[1] & 0x80)
		run(data[0], (data[1] & 0x7f) >> 1, whole, in);
	else
		CHECK(run(0, 0, whole, in) == run(data[0], 0, whole, in));
	return 0;
}
