// SPDX-License-Identifier: Apache-2.0
/* However gRPC messages are cut: the same counts. A gap never counts more than there was. */
#include "proto/grpc.h"

#include "../cut.h"

struct run {
	struct grpc g;
	uint64_t missing;
	unsigned int pieces;
	uint8_t gap_every;
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	grpc_feed(&r->g, piece);
	if (r->gap_every && ++r->pieces % r->gap_every == 0) {
		grpc_gap(&r->g, r->pieces * 3u);
		r->missing += r->pieces * 3u;
	}
}

static struct grpc run(uint8_t how, uint8_t gap_every, struct sv in)
{
	struct run r = { .gap_every = gap_every };

	grpc_init(&r.g);
	cut_feed(how, in, feed, &r);
	CHECK(r.g.bytes <= in.len + r.missing && r.g.messages * 5 <= in.len + r.missing);
	CHECK(r.g.compressed <= r.g.messages);
	return r.g;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct grpc a, b;
	struct sv in;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	if (data[1] & 0x80) {
		run(data[0], data[1] & 0x7f, in);
		return 0;
	}
	a = run(0, 0, in);
	b = run(data[0], 0, in);
	CHECK(a.messages == b.messages && a.bytes == b.bytes && a.largest == b.largest);
	CHECK(a.compressed == b.compressed && a.lost == b.lost && grpc_whole(&a) == grpc_whole(&b));
	return 0;
}
