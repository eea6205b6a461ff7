// SPDX-License-Identifier: Apache-2.0
/* However a stream of JSON-RPC is cut: the same messages. A gap joins nothing, breaks nothing. */
#include "proto/jsonrpc.h"

#include "../cut.h"

struct run {
	struct jsonrpc j;
	uint64_t trace, bytes;
	unsigned int pieces;
	uint8_t gap_every;
	bool inside;
};

static void on_begin(void *ctx, uint64_t time)
{
	struct run *r = ctx;

	(void)time;
	CHECK(!r->inside);
	r->inside = true;
	trace_int(&r->trace, 1);
}

static void on_piece(void *ctx, struct sv bytes)
{
	struct run *r = ctx;

	CHECK(r->inside);
	r->bytes += bytes.len;
	trace_add(&r->trace, bytes.p, bytes.len);
}

static void on_end(void *ctx, bool whole, uint64_t time)
{
	struct run *r = ctx;

	(void)time;
	CHECK(r->inside);
	r->inside = false;
	trace_int(&r->trace, 2 + whole);
}

static void on_junk(void *ctx, uint64_t count)
{
	struct run *r = ctx;

	CHECK(!r->inside);
	r->bytes += count;
}

static const struct jsonrpc_ops ops = { on_begin, on_piece, on_end, on_junk };

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	jsonrpc_feed(&r->j, piece, 1);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		jsonrpc_gap(&r->j, r->pieces * 7u, 1);
}

static uint64_t run(uint8_t how, uint8_t gap_every, struct sv in)
{
	struct run r = { .gap_every = gap_every };

	jsonrpc_init(&r.j, &ops, &r);
	cut_feed(how, in, feed, &r);
	jsonrpc_close(&r.j, 2);
	CHECK(!r.inside && r.bytes <= in.len);
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
