// SPDX-License-Identifier: Apache-2.0
/*
 * However a body is cut: the same kind, bytes and events, and never more memory than its bounds.
 * The first byte says how it is cut, the second what its head says.
 */
#include "exchange/body.h"

#include <errno.h>

#include "../events.h"

#define LIMIT (1u << 20)

enum flag {
	/* The lowest four bits: the type. */
	CODED = 0x30, /* by one of the codings, or two */
	ZSTD = 0x20,
	REQUEST = 0x40, /* its type is believed */
	GAPS = 0x80,
};

static const char *const types[16] = {
	"application/json",
	"text/event-stream",
	"application/x-ndjson",
	"application/vnd.amazon.eventstream",
	"application/grpc",
	"multipart/form-data; boundary=b",
	"text/plain; charset=utf-8",
	NULL,
	"image/png",
};

static const char *const codings[4] = { "", "gzip", "zstd", "br, deflate" };

struct run {
	struct body *body;
	struct events events;
	uint64_t bytes_trace, bytes;
	enum ex_kind kind;
	unsigned int pieces;
	uint8_t gap_every;
	bool failed;
};

static void on_kind(void *ctx, enum ex_kind kind)
{
	struct run *r = ctx;

	CHECK(r->kind == EX_PLAIN && !r->bytes && kind != EX_PLAIN);
	r->kind = kind;
}

static void on_bytes(void *ctx, struct sv bytes)
{
	struct run *r = ctx;

	CHECK(r->kind == EX_PLAIN && bytes.len);
	r->bytes += bytes.len;
	CHECK(r->bytes <= LIMIT);
	trace_add(&r->bytes_trace, bytes.p, bytes.len);
}

static void on_event(void *ctx, const struct ex_event *ev)
{
	struct event plain = { .type = ev->type,
			       .data = ev->data,
			       .size = ev->size,
			       .cont = ev->cont,
			       .more = ev->more,
			       .gap = ev->gap,
			       .truncated = ev->truncated,
			       .exception = ev->exception,
			       .unread = ev->unread };
	struct run *r = ctx;

	CHECK(r->kind == EX_SSE || r->kind == EX_JSON_LINES || r->kind == EX_EVENT_STREAM);
	events_add(&r->events, &plain);
}

static const struct body_sink sink = { on_kind, on_bytes, on_event };
static const struct body_limits limits = {
	.bytes = LIMIT, .ratio = 1000, .event = LIMIT, .window = 1 << 20
};

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	r->failed |= body_feed(r->body, piece) != 0;
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		body_gap(r->body, r->pieces * 3u, r->pieces & 1);
}

static int run(struct run *r, uint8_t how, uint8_t flags, struct sv in)
{
	struct body_head head = {
		.content_type = sv_of(types[flags & 15]),
		.codings = { sv_of(codings[flags >> 4 & 3]), SV("chunked") },
		.answer = !(flags & REQUEST),
	};
	struct body_tally t;
	int err;

	*r = (struct run){ .events = { .limit = LIMIT, .gaps = flags & GAPS },
			   .gap_every = flags & GAPS ? 3 : 0 };
	CHECK(body_new(&r->body, &head, &limits, &sink, r) == 0);
	cut_feed(how, in, feed, r);
	err = body_end(r->body, true);
	CHECK(!r->events.open);
	t = body_tally(r->body);
	CHECK(t.bytes <= LIMIT && t.skipped <= t.bytes);
	body_free(r->body);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run a, b;
	struct sv in;
	int whole, cut;

	if (size < 2)
		return 0;
	in = (struct sv){ (const char *)data + 2, size - 2 };
	if (data[1] & GAPS) {
		run(&a, data[0], data[1], in);
		return 0;
	}
	whole = run(&a, 0, data[1], in);
	cut = run(&b, data[0], data[1], in);
	/* Where a bound on the ratio is met depends on how much went in. */
	if (whole == -E2BIG || cut == -E2BIG || whole == -EFBIG || cut == -EFBIG)
		return 0;
	/* zstd looks closer at a frame that lies whole before it. */
	if (whole != cut && (data[1] & CODED) == ZSTD)
		return 0;
	CHECK(whole == cut);
	if (whole && whole != -EAGAIN)
		return 0;
	CHECK(a.kind == b.kind && a.bytes == b.bytes && a.bytes_trace == b.bytes_trace);
	CHECK(a.events.trace == b.events.trace);
	return 0;
}
