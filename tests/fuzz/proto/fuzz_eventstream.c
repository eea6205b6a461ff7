// SPDX-License-Identifier: Apache-2.0
/* However an AWS event stream is cut: the same events. A gap joins nothing and breaks nothing. */
#include "proto/eventstream.h"

#include <zlib.h>

#include "../events.h"

#define LIMIT 1000

struct run {
	struct eventstream stream;
	unsigned int pieces;
	uint8_t gap_every;
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	eventstream_feed(&r->stream, piece);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		eventstream_gap(&r->stream, r->pieces * 7u);
}

static uint64_t run(uint8_t how, uint8_t gap_every, struct sv in)
{
	struct run r = { .gap_every = gap_every };
	struct events events = { .limit = LIMIT, .gaps = gap_every };
	struct event_out out;

	event_out_init(&out, LIMIT, events_add, &events);
	eventstream_init(&r.stream, &out);
	cut_feed(how, in, feed, &r);
	eventstream_close(&r.stream);
	CHECK(!events.open && out.skipped <= in.len);
	trace_int(&events.trace, out.skipped);
	trace_int(&events.trace, out.broken);
	event_out_done(&out);
	return events.trace;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* Nobody guesses a sum: makes those right that the lengths tell. */
static void mend(uint8_t *p, size_t len)
{
	while (len >= 16) {
		size_t total = get32(p);

		put32(p + 8, (uint32_t)crc32(0, p, 8));
		if (total < 16 || total > len)
			return;
		put32(p + total - 4, (uint32_t)crc32(0, p, (uInt)total - 4));
		p += total;
		len -= total;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	struct sv in;

	if (size < 2)
		return 0;
	copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (data[1] & 0x40)
		mend(copy + 2, size - 2);
	in = (struct sv){ (const char *)copy + 2, size - 2 };
	if (data[1] & 0x80)
		run(data[0], data[1] & 0x3f, in);
	else
		CHECK(run(0, 0, in) == run(data[0], 0, in));
	free(copy);
	return 0;
}
