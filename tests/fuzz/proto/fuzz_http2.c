// SPDX-License-Identifier: Apache-2.0
/*
 * As long as no place is lost, the same is told however the bytes are cut; gaps, joins and any
 * bytes break nothing, every byte of data was fed, and memory stays bounded.
 */
#include "proto/http2.h"

#include "../cut.h"

struct run {
	struct http2 http;
	uint64_t trace;
	uint64_t data;
	uint64_t fed;
	uint64_t skipped;
	uint64_t lost, gaps; /* bytes that http2_gap() told of, by what became of them */
	uint64_t missing;
	uint32_t stream; /* of the newest data */
	unsigned int pieces, broken;
	uint8_t gap_every;
};

static struct http2_scratch scratch;

static void told(struct run *r, char what, uint64_t stream)
{
	r->stream = 0;
	trace_int(&r->trace, (uint64_t)what << 32 | stream);
}

static void trace_sv(struct run *r, struct sv s)
{
	trace_int(&r->trace, s.len);
	trace_add(&r->trace, s.p, s.len);
}

static void on_head(void *ctx, uint32_t stream, uint64_t stamp, const struct http_head *h)
{
	struct run *r = ctx;

	(void)stamp;
	CHECK(h->field_count <= HTTP_FIELDS_MAX && h->major == 2);
	told(r, 'h', stream);
	trace_int(&r->trace, h->status * 2 + h->fields_unknown);
	trace_sv(r, h->method);
	trace_sv(r, h->target);
	trace_sv(r, h->authority);
	for (size_t i = 0; i < h->field_count; i++) {
		CHECK(h->fields[i].name.len > 0);
		trace_sv(r, h->fields[i].name);
		trace_sv(r, h->fields[i].value);
	}
}

static void on_data(void *ctx, uint32_t stream, struct sv bytes)
{
	struct run *r = ctx;

	CHECK(bytes.len > 0 && stream > 0);
	if (r->stream != stream)
		told(r, 'd', stream);
	r->stream = stream;
	r->data += bytes.len;
	trace_add(&r->trace, bytes.p, bytes.len);
}

static void on_lost(void *ctx, uint32_t stream, uint64_t count)
{
	struct run *r = ctx;

	CHECK(count > 0 && stream > 0);
	r->lost += count;
}

static void on_end(void *ctx, uint32_t stream)
{
	told(ctx, 'e', stream);
}

static void on_reset(void *ctx, uint32_t stream, uint32_t code)
{
	told(ctx, 'r', stream);
	trace_int(&((struct run *)ctx)->trace, code);
}

static void on_goaway(void *ctx, uint32_t last, uint32_t code)
{
	told(ctx, 'g', last);
	trace_int(&((struct run *)ctx)->trace, code);
}

static void on_pushed(void *ctx, uint32_t promised)
{
	told(ctx, 'p', promised);
}

static void on_gap(void *ctx, uint64_t count)
{
	struct run *r = ctx;

	CHECK(count > 0);
	r->gaps += count;
}

static bool on_intact(void *ctx, uint32_t stream)
{
	(void)ctx;
	CHECK(stream > 0);
	return stream % 4 == 1;
}

static void on_skipped(void *ctx, uint64_t count)
{
	struct run *r = ctx;

	CHECK(count > 0);
	r->skipped += count;
}

static void on_broken(void *ctx, const char *why)
{
	struct run *r = ctx;

	CHECK(why[0]);
	r->broken++;
}

static const struct http2_ops ops = {
	.head = on_head,
	.data = on_data,
	.lost = on_lost,
	.end = on_end,
	.reset = on_reset,
	.goaway = on_goaway,
	.pushed = on_pushed,
	.gap = on_gap,
	.intact = on_intact,
	.skipped = on_skipped,
	.broken = on_broken,
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;
	uint64_t count = 1 + r->pieces % 37 * (r->pieces % 5);

	http2_feed(&r->http, piece, 0);
	r->fed += piece.len;
	CHECK(http2_memory(&r->http) <= HTTP2_BLOCK_MAX + HPACK_MEM_MAX);
	if (!r->gap_every || ++r->pieces % r->gap_every)
		return;
	http2_gap(&r->http, count);
	r->missing += count;
}

static void run(struct run *r, uint8_t mode, uint8_t how, uint8_t gap_every, struct sv in)
{
	*r = (struct run){ .gap_every = gap_every };
	http2_init(&r->http, mode & 1 ? HTTP2_SERVER : HTTP2_CLIENT, mode & 2, &ops, r, &scratch);
	cut_feed(how, in, feed, r);
	http2_close(&r->http);
	http2_done(&r->http);
	CHECK(r->data + r->skipped <= r->fed && r->gaps <= r->missing);
}

/* byte 0: how it is cut; byte 1: direction, late or not, gaps. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run a, b;
	struct sv in;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	if (data[1] & 0x80) {
		run(&a, data[1], data[0], data[1] >> 2 & 0x1f, in);
		return 0;
	}
	run(&a, data[1], 0, 0, in);
	run(&b, data[1], data[0], 0, in);
	/* In a search it counts where the pieces end. */
	if (!a.skipped && !b.skipped)
		CHECK(a.trace == b.trace && a.data == b.data && a.broken == b.broken);
	return 0;
}
