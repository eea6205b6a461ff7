// SPDX-License-Identifier: Apache-2.0
/* However an event stream is cut: the same events. A gap joins nothing and breaks nothing. */
#include "proto/sse.h"

#include "../cut.h"

#define LIMIT 1000

struct run {
	struct sse sse;
	uint64_t trace;
	char *buf;
	unsigned int pieces;
	uint8_t gap_every;
};

static int on_event(void *ctx, const struct sse_event *ev)
{
	struct run *r = ctx;

	CHECK(ev->type.len <= SSE_TYPE_MAX && ev->data.len <= LIMIT);
	trace_int(&r->trace, ev->type.len);
	trace_add(&r->trace, ev->type.p, ev->type.len);
	trace_int(&r->trace, ev->data.len * 2 + ev->truncated);
	trace_add(&r->trace, ev->data.p, ev->data.len);
	return 0;
}

static char *grow(void *ctx, size_t want, size_t *ret_cap)
{
	struct run *r = ctx;

	r->buf = realloc(r->buf, want);
	*ret_cap = want;
	return r->buf;
}

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	CHECK(sse_feed(&r->sse, piece) == 0);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		sse_gap(&r->sse);
}

static uint64_t run(uint8_t how, uint8_t gap_every, struct sv in)
{
	struct run r = { .gap_every = gap_every, .buf = malloc(SSE_BUF_MIN) };

	CHECK(sse_init(&r.sse, r.buf, SSE_BUF_MIN, on_event, &r) == 0);
	sse_set_grow(&r.sse, LIMIT, grow);
	cut_feed(how, in, feed, &r);
	free(r.buf);
	return r.trace;
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
