// SPDX-License-Identifier: Apache-2.0
/* However a multipart body is cut: the same counts. The first line is its Content-Type. */
#include "proto/multipart.h"

#include "../cut.h"

struct run {
	struct multipart m;
	unsigned int pieces;
	uint8_t gap_every;
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	multipart_feed(&r->m, piece);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		multipart_gap(&r->m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run a = { 0 }, b = { 0 };
	struct sv in, boundary;
	size_t line;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	line = sv_find(in, '\n');
	boundary = multipart_boundary(sv_cut(in, line));
	in = sv_skip(in, line < in.len ? line + 1 : line);
	if (multipart_init(&a.m, boundary))
		return 0;
	multipart_init(&b.m, boundary);
	b.gap_every = data[1] & 0x80 ? data[1] & 0x7f : 0;
	cut_feed(0, in, feed, &a);
	cut_feed(data[0], in, feed, &b);
	CHECK(a.m.bytes <= in.len && b.m.bytes <= in.len);
	CHECK(b.m.parts <= in.len && (!b.m.closed || in.len > 4));
	if (!b.gap_every)
		CHECK(a.m.parts == b.m.parts && a.m.bytes == b.m.bytes && a.m.closed == b.m.closed);
	return 0;
}
