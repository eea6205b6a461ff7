// SPDX-License-Identifier: Apache-2.0
#include "exchange/body.h"

#include <errno.h>
#include <stdlib.h>

struct body {
	const struct body_limits *limits;
	const struct body_sink *sink;
	void *ctx;
	int err;
	bool is_sse;
	uint64_t bytes;
	size_t stage_count;
	struct inflate *stages[BODY_CODINGS_MAX]; /* [0] is fed first */
	struct sse sse;
	char *grown;		 /* the event buffer, once it is larger */
	char small[SSE_BUF_MIN]; /* it, before */
};

static int on_event(void *ctx, const struct sse_event *ev)
{
	struct body *b = ctx;

	b->sink->event(b->ctx, &(struct ex_event){
				       .type = ev->type,
				       .data = ev->data,
				       .truncated = ev->truncated,
			       });
	return 0;
}

static char *grow(void *ctx, size_t want, size_t *ret_cap)
{
	struct body *b = ctx;
	size_t cap = 4096;
	char *buf;

	while (cap < want)
		cap *= 2;
	buf = realloc(b->grown, cap);
	if (!buf)
		return NULL;
	if (!b->grown)
		memcpy(buf, b->small, sizeof(b->small));
	b->grown = buf;
	*ret_cap = cap;
	return buf;
}

static int out(void *ctx, struct sv bytes)
{
	struct body *b = ctx;

	b->bytes += bytes.len;
	if (b->is_sse)
		return sse_feed(&b->sse, bytes);
	b->sink->bytes(b->ctx, bytes);
	return 0;
}

static int between(void *ctx, struct sv bytes)
{
	struct body *b = ctx;

	return inflate_feed(b->stages[1], bytes);
}

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

int body_new(struct body **ret, const struct sv codings[2], bool sse,
	     const struct body_limits *limits, const struct body_sink *sink, void *ctx)
{
	enum inflate_coding order[BODY_CODINGS_MAX];
	size_t count = 0;
	struct body *b;
	int err = read_codings(order, &count, codings[0]);

	if (!err)
		err = read_codings(order, &count, codings[1]);
	if (err)
		return err;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->limits = limits;
	b->sink = sink;
	b->ctx = ctx;
	b->is_sse = sse;
	if (sse) {
		sse_init(&b->sse, b->small, sizeof(b->small), on_event, b);
		sse_set_grow(&b->sse, limits->event, grow);
	}
	while (b->stage_count < count && !err) {
		size_t i = b->stage_count;

		err = inflate_new(&b->stages[i], order[i], limits->bytes, limits->ratio,
				  i + 1 < count ? between : out, b);
		if (!err)
			b->stage_count++;
	}
	if (err) {
		body_free(b);
		return err;
	}
	*ret = b;
	return 0;
}

void body_free(struct body *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->stage_count; i++)
		inflate_free(b->stages[i]);
	free(b->grown);
	free(b);
}

int body_feed(struct body *b, struct sv in)
{
	if (!b->err)
		b->err = b->stage_count ? inflate_feed(b->stages[0], in) : out(b, in);
	return b->err;
}

void body_gap(struct body *b)
{
	if (b->is_sse)
		sse_gap(&b->sse);
	if (b->stage_count && !b->err)
		b->err = -ENODATA;
}

int body_end(struct body *b)
{
	for (size_t i = 0; i < b->stage_count && !b->err; i++)
		b->err = inflate_end(b->stages[i]);
	return b->err;
}

uint64_t body_bytes(const struct body *b)
{
	return b->bytes;
}
