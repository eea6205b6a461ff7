// SPDX-License-Identifier: Apache-2.0
#include "exchange/body.h"

#include <errno.h>
#include <stdlib.h>

#include "exchange/kind.h"
#include "proto/eventstream.h"
#include "proto/grpc.h"
#include "proto/jsonlines.h"
#include "proto/multipart.h"
#include "proto/sse.h"

struct body {
	const struct body_limits *limits;
	const struct body_sink *sink;
	void *ctx;
	int err;
	enum ex_kind kind;
	bool doubtful; /* its first bytes decide on its kind, and have not */
	uint64_t bytes;
	size_t stage_count;
	struct inflate *stages[BODY_CODINGS_MAX]; /* [0] is fed first */
	char *start;				  /* doubtful: KIND_SNIFF_MAX, or NULL */
	size_t start_len;
	struct event_out out;
	union {
		struct sse sse;
		struct jsonlines lines;
		struct eventstream stream;
		struct grpc grpc;
		struct multipart parts;
	};
};

struct ex_event body_event(const struct event *ev)
{
	return (struct ex_event){
		.type = ev->type,
		.data = ev->data,
		.size = ev->size,
		.cont = ev->cont,
		.more = ev->more,
		.gap = ev->gap,
		.truncated = ev->truncated,
		.unread = ev->unread,
		.exception = ev->exception,
	};
}

static void on_event(void *ctx, const struct event *ev)
{
	struct ex_event named = body_event(ev);
	struct body *b = ctx;

	if (b->kind == EX_JSON_LINES)
		named.type = SV("message");
	b->sink->event(b->ctx, &named);
}

/* Kinds. */

static uint64_t event_limit(const struct body *b)
{
	uint64_t limit = b->limits->event;

	if (b->kind == EX_EVENT_STREAM && limit > EVENTSTREAM_PAYLOAD_MAX)
		limit = EVENTSTREAM_PAYLOAD_MAX;
	return limit;
}

/* The kind is settled: what reads it is set up. */
static void kind_begin(struct body *b, enum ex_kind kind)
{
	b->kind = kind;
	b->doubtful = false;
	event_out_init(&b->out, event_limit(b), on_event, b);
	switch (kind) {
	case EX_SSE:
		sse_init(&b->sse, &b->out);
		break;
	case EX_JSON_LINES:
		jsonlines_init(&b->lines, &b->out);
		break;
	case EX_EVENT_STREAM:
		eventstream_init(&b->stream, &b->out);
		break;
	case EX_GRPC:
		grpc_init(&b->grpc);
		break;
	default:
		break;
	}
	if (kind != EX_PLAIN)
		b->sink->kind(b->ctx, kind);
}

static void frame(struct body *b, struct sv bytes)
{
	switch (b->kind) {
	case EX_SSE:
		sse_feed(&b->sse, bytes);
		break;
	case EX_JSON_LINES:
		jsonlines_feed(&b->lines, bytes);
		break;
	case EX_EVENT_STREAM:
		eventstream_feed(&b->stream, bytes);
		break;
	case EX_GRPC:
		grpc_feed(&b->grpc, bytes);
		break;
	case EX_MULTIPART:
		multipart_feed(&b->parts, bytes);
		break;
	default:
		if (bytes.len)
			b->sink->bytes(b->ctx, bytes);
		break;
	}
}

/* The kind is known, or has to be: what was kept goes out, and what follows it. */
static void settle(struct body *b, enum ex_kind kind, struct sv rest)
{
	char *start = b->start;
	size_t len = b->start_len;

	b->start = NULL;
	b->start_len = 0;
	kind_begin(b, kind);
	if (len)
		frame(b, (struct sv){ start, len });
	free(start);
	if (rest.len)
		frame(b, rest);
}

/* In doubt: looks at the first bytes, and keeps them while they do not tell. */
static void sniff(struct body *b, struct sv bytes)
{
	enum ex_kind declared = b->kind, kind;
	struct sv more;

	if (!b->start_len && kind_sniff(declared, sv_cut(bytes, KIND_SNIFF_MAX), false, &kind)) {
		settle(b, kind, bytes);
		return;
	}
	if (!b->start)
		b->start = malloc(KIND_SNIFF_MAX);
	if (!b->start) {
		settle(b, declared, bytes);
		return;
	}
	more = sv_cut(bytes, KIND_SNIFF_MAX - b->start_len);
	memcpy(b->start + b->start_len, more.p, more.len);
	b->start_len += more.len;
	if (kind_sniff(declared, (struct sv){ b->start, b->start_len }, false, &kind))
		settle(b, kind, sv_skip(bytes, more.len));
}

/* No more bytes will come to tell. */
static void sniff_end(struct body *b)
{
	enum ex_kind kind = b->kind;

	if (b->start_len)
		kind_sniff(b->kind, (struct sv){ b->start, b->start_len }, true, &kind);
	settle(b, kind, SV_NONE);
}

static int out(void *ctx, struct sv bytes)
{
	struct body *b = ctx;

	b->bytes += bytes.len;
	if (b->doubtful)
		sniff(b, bytes);
	else
		frame(b, bytes);
	return 0;
}

static int between(void *ctx, struct sv bytes)
{
	struct body *b = ctx;

	return inflate_feed(b->stages[1], bytes);
}

/* Codings. */

/* Adds a coding; those applied later must be undone first. */
static int add_coding(enum inflate_coding *codings, size_t *count, struct sv name)
{
	enum inflate_coding coding = inflate_coding_of(name);

	if (coding == INFLATE_IDENTITY || sv_eq_nocase(name, SV("chunked")))
		return 0;
	if (coding == INFLATE_UNKNOWN || *count == BODY_CODINGS_MAX)
		return -ENOTSUP;
	memmove(codings + 1, codings, *count * sizeof(*codings));
	codings[0] = coding;
	++*count;
	return 0;
}

static int read_codings(enum inflate_coding *codings, size_t *count, struct sv list)
{
	int err = 0;

	while (list.len && !err) {
		size_t n = sv_find(list, ',');

		err = add_coding(codings, count, sv_trim(sv_cut(list, n)));
		list = sv_skip(list, n < list.len ? n + 1 : n);
	}
	return err;
}

static int add_stages(struct body *b, const enum inflate_coding *order, size_t count)
{
	int err = 0;

	while (b->stage_count < count && !err) {
		size_t i = b->stage_count;
		struct inflate_limits limits = {
			.bytes = b->limits->bytes,
			.ratio = b->limits->ratio,
			.window = b->limits->window,
		};

		err = inflate_new(&b->stages[i], order[i], &limits, i + 1 < count ? between : out,
				  b);
		if (!err)
			b->stage_count++;
	}
	return err;
}

bool body_needed(const struct body_head *head)
{
	bool coded = head->codings[0].len ||
		     (head->codings[1].len && !sv_eq_nocase(head->codings[1], SV("chunked")));

	return coded || kind_declared(head->content_type) != EX_PLAIN ||
	       (head->answer && kind_doubtful(head->content_type));
}

/* What the head says of its kind. */
static void declare(struct body *b, const struct body_head *head)
{
	enum ex_kind kind = kind_declared(head->content_type);

	if (kind == EX_MULTIPART &&
	    multipart_init(&b->parts, multipart_boundary(head->content_type)))
		kind = EX_PLAIN;
	b->kind = kind;
	b->doubtful = head->answer && kind_doubtful(head->content_type);
	if (!b->doubtful)
		kind_begin(b, kind);
}

int body_new(struct body **ret, const struct body_head *head, const struct body_limits *limits,
	     const struct body_sink *sink, void *ctx)
{
	enum inflate_coding order[BODY_CODINGS_MAX];
	size_t count = 0;
	struct body *b;
	int err = read_codings(order, &count, head->codings[0]);

	if (!err)
		err = read_codings(order, &count, head->codings[1]);
	if (err)
		return err;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->limits = limits;
	b->sink = sink;
	b->ctx = ctx;
	err = add_stages(b, order, count);
	if (err) {
		body_free(b);
		return err;
	}
	declare(b, head);
	*ret = b;
	return 0;
}

void body_free(struct body *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->stage_count; i++)
		inflate_free(b->stages[i]);
	event_out_done(&b->out);
	free(b->start);
	free(b);
}

int body_feed(struct body *b, struct sv in)
{
	if (!b->err)
		b->err = b->stage_count ? inflate_feed(b->stages[0], in) : out(b, in);
	return b->err;
}

static void frame_gap(struct body *b, uint64_t count, bool exact)
{
	/* More than any message is long: the place is lost. */
	if (!exact)
		count = UINT64_MAX;
	switch (b->kind) {
	case EX_SSE:
		sse_gap(&b->sse);
		break;
	case EX_JSON_LINES:
		jsonlines_gap(&b->lines);
		break;
	case EX_EVENT_STREAM:
		eventstream_gap(&b->stream, count);
		break;
	case EX_GRPC:
		grpc_gap(&b->grpc, count);
		break;
	case EX_MULTIPART:
		multipart_gap(&b->parts);
		break;
	default:
		break;
	}
}

void body_gap(struct body *b, uint64_t count, bool exact)
{
	bool coded = b->stage_count > 0;

	if (b->doubtful)
		sniff_end(b);
	if (!coded || !b->err)
		frame_gap(b, count, exact && !coded);
	if (coded && !b->err)
		b->err = -ENODATA;
}

int body_end(struct body *b, bool whole)
{
	if (b->doubtful)
		sniff_end(b);
	for (size_t i = 0; whole && i < b->stage_count && !b->err; i++)
		b->err = inflate_end(b->stages[i]);
	if (b->kind == EX_SSE)
		sse_close(&b->sse);
	else if (b->kind == EX_JSON_LINES)
		jsonlines_close(&b->lines, whole && !b->err);
	else if (b->kind == EX_EVENT_STREAM)
		eventstream_close(&b->stream);
	return b->err;
}

struct body_tally body_tally(const struct body *b)
{
	struct body_tally t = {
		.bytes = b->bytes,
		.events = b->out.events,
		.broken = b->out.broken,
		.skipped = b->out.skipped,
	};

	if (b->doubtful)
		return t;
	if (b->kind == EX_GRPC) {
		t.events = b->grpc.messages;
		t.broken = b->grpc.broken;
	} else if (b->kind == EX_MULTIPART) {
		t.events = b->parts.parts;
	}
	return t;
}

size_t body_memory(const struct body *b, size_t *ret_decoders)
{
	size_t decoders = 0;

	for (size_t i = 0; i < b->stage_count; i++)
		decoders += (size_t)inflate_held(b->stages[i], NULL);
	*ret_decoders = decoders;
	return sizeof(*b) + (b->start ? KIND_SNIFF_MAX : 0) + b->out.cap + decoders;
}
