// SPDX-License-Identifier: Apache-2.0
/*
 * One end for each start; as long as the place is not lost, the same messages however they
 * are cut. Gaps, a late join and a tunnel break nothing.
 */
#include "proto/http1.h"

#include "../cut.h"

struct run {
	struct http1 http;
	uint64_t trace;
	uint64_t body;
	uint64_t fed;
	uint64_t skipped;
	unsigned int pieces;
	uint8_t gap_every;
	bool open;
};

static void on_start(void *ctx, uint64_t stamp)
{
	struct run *r = ctx;

	(void)stamp;
	CHECK(!r->open);
	r->open = true;
	trace_int(&r->trace, 1);
}

static enum http1_verdict on_head(void *ctx, const struct http1_head *h)
{
	struct run *r = ctx;

	CHECK(r->open && h->http.field_count <= HTTP_FIELDS_MAX);
	trace_int(&r->trace, h->http.status * 16 + h->framing);
	trace_int(&r->trace, h->length);
	trace_add(&r->trace, h->http.method.p, h->http.method.len);
	trace_add(&r->trace, h->http.target.p, h->http.target.len);
	for (size_t i = 0; i < h->http.field_count; i++) {
		trace_add(&r->trace, h->http.fields[i].name.p, h->http.fields[i].name.len);
		trace_add(&r->trace, h->http.fields[i].value.p, h->http.fields[i].value.len);
	}
	return h->http.status == 299   ? HTTP1_AS_TUNNEL
	       : h->http.status == 298 ? HTTP1_WITHOUT_BODY
				       : HTTP1_AS_FRAMED;
}

static void on_body(void *ctx, struct sv bytes)
{
	struct run *r = ctx;

	CHECK(r->open && bytes.len > 0);
	r->body += bytes.len;
	trace_add(&r->trace, bytes.p, bytes.len);
}

static void on_gap(void *ctx, uint64_t lost, bool exact)
{
	struct run *r = ctx;

	CHECK(lost > 0 && (r->open || !exact));
}

static void on_end(void *ctx, enum http1_end how)
{
	struct run *r = ctx;

	CHECK(r->open);
	r->open = false;
	trace_int(&r->trace, 16 + how);
}

static void on_skipped(void *ctx, uint64_t count)
{
	struct run *r = ctx;

	CHECK(count > 0);
	r->skipped += count;
}

static const struct http1_ops ops = {
	on_start, on_head, on_body, on_gap, on_end, on_skipped,
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;
	size_t taken = http1_feed(&r->http, piece, 0);

	CHECK(taken <= piece.len);
	CHECK(http1_is_open(&r->http) == r->open);
	r->fed += taken;
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		http1_gap(&r->http, 1 + r->pieces % 200);
}

static void run(struct run *r, uint8_t mode, uint8_t how, uint8_t gap_every, struct sv in)
{
	*r = (struct run){ .gap_every = gap_every };
	http1_init(&r->http, mode & 1 ? HTTP1_RESPONSES : HTTP1_REQUESTS, &ops, r);
	if (mode & 2)
		http1_join(&r->http);
	cut_feed(how, in, feed, r);
	http1_close(&r->http);
	http1_done(&r->http);
	CHECK(!r->open);
	CHECK(r->body + r->skipped <= r->fed);
}

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
	/* In search of a message it counts where the pieces begin. */
	if (!a.skipped && !b.skipped)
		CHECK(a.trace == b.trace && a.body == b.body && a.fed == b.fed);
	return 0;
}
