// SPDX-License-Identifier: Apache-2.0
/* However coded data is cut: same verdict, same output, and never more than the bounds. */
#include "base/inflate.h"

#include <errno.h>

#include "../cut.h"

#define LIMIT  (128u << 10)
#define RATIO  2000u
#define WINDOW (256u << 10)

struct run {
	struct inflate *z;
	uint64_t trace;
	uint64_t out;
};

static int take(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	CHECK(piece.len > 0);
	r->out += piece.len;
	CHECK(r->out <= LIMIT);
	trace_add(&r->trace, piece.p, piece.len);
	return 0;
}

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	inflate_feed(r->z, piece);
}

static int run(struct run *r, enum inflate_coding coding, uint8_t how, struct sv in)
{
	struct inflate_limits limits = { LIMIT, RATIO, WINDOW };
	uint64_t peak;
	int end;

	*r = (struct run){ 0 };
	if (inflate_new(&r->z, coding, &limits, take, r))
		abort();
	cut_feed(how, in, feed, r);
	end = inflate_end(r->z);
	inflate_held(r->z, &peak);
	CHECK(peak <= inflate_most(coding, WINDOW));
	if (!end || end != -EAGAIN)
		CHECK(inflate_held(r->z, NULL) == 0);
	inflate_free(r->z);
	return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum inflate_coding coding;
	struct run a, b;
	struct sv in;
	int whole, cut;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	coding = (enum inflate_coding)(data[1] % INFLATE_UNKNOWN);
	whole = run(&a, coding, 0, in);
	cut = run(&b, coding, data[0], in);
	/* Where a bound on the ratio is met depends on how much went in. */
	if (whole != -E2BIG && cut != -E2BIG && whole != -EFBIG && cut != -EFBIG)
		/* zstd sees some faults of a frame only when it comes in pieces. */
		CHECK(whole == cut || coding == INFLATE_ZSTD);
	if (!whole && !cut)
		CHECK(a.trace == b.trace && a.out == b.out);
	return 0;
}
