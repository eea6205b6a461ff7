// SPDX-License-Identifier: Apache-2.0
#include "proto/http2.h"

#include <stdlib.h>

#include "proto/http2_head.h"
#include "proto/http2_in.h"

#define PREFACE_LEN 24
#define GOAWAY_LEN  8
#define RST_LEN	    4

void http2_init(struct http2 *p, enum http2_sender sender, bool late, const struct http2_ops *ops,
		void *ctx, struct http2_scratch *scratch)
{
	*p = (struct http2){
		.ops = ops,
		.ctx = ctx,
		.scratch = scratch,
		.sender = (uint8_t)sender,
		.state = late			  ? SEEK
			 : sender == HTTP2_CLIENT ? PREFACE
						  : FRAME,
		.unsure = late,
	};
	hpack_init(&p->hpack, late);
}

void http2_done(struct http2 *p)
{
	http2_buf_drop(p);
	hpack_done(&p->hpack);
}

bool http2_is_lost(const struct http2 *p)
{
	return p->state == SEEK;
}

size_t http2_memory(const struct http2 *p)
{
	return p->buf_cap + hpack_memory(&p->hpack);
}

static uint32_t read32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The next need bytes in one piece, taken off in; NULL: they are not all there, in is used up. */
static const char *gather(struct http2 *p, struct sv *in, size_t need)
{
	struct sv part = sv_cut(*in, need - p->small_len);
	const char *at = in->p;

	*in = sv_skip(*in, part.len);
	if (!p->small_len && part.len == need)
		return at;
	memcpy(p->small + p->small_len, part.p, part.len);
	p->small_len = (uint8_t)(p->small_len + part.len);
	if (p->small_len < need)
		return NULL;
	p->small_len = 0;
	return p->small;
}

/* Header blocks. */

static void block_begin(struct http2 *p, uint32_t promised)
{
	p->in_block = true;
	p->block_torn = false;
	p->block_ends = p->f.type == H2_HEADERS && p->f.flags & H2_END_STREAM;
	p->block_start = p->start;
	p->promised = promised;
	http2_buf_drop(p);
}

/* The block is here, whole or as far as it will come. */
static void block_end(struct http2 *p, struct sv block)
{
	struct http_head head;
	const char *error;

	p->in_block = false;
	if (p->doubtful && !p->ops->intact(p->ctx, p->f.stream))
		hpack_lost(&p->hpack);
	p->doubtful = false;
	error = http2_head_read(&head, p->scratch, &p->hpack, block, p->block_torn);
	if (error)
		p->ops->broken(p->ctx, error);
	if (p->promised)
		p->ops->pushed(p->ctx, p->promised);
	else
		p->ops->head(p->ctx, p->f.stream, p->block_start, &head);
	if (p->block_ends)
		p->ops->end(p->ctx, p->f.stream);
	p->block_torn = false;
	http2_buf_drop(p);
}

/* Its rest is lost; what stands before may be read. */
static void block_give_up(struct http2 *p)
{
	p->block_torn = true;
	block_end(p, (struct sv){ p->buf, p->buf_len });
}

/* The place. */

static void seek(struct http2 *p)
{
	if (p->in_block)
		block_give_up(p);
	p->doubtful = true;
	p->state = SEEK;
	p->small_len = 0;
	p->seek_need = 0;
	p->unsure = true;
	http2_buf_drop(p);
}

static void broken(struct http2 *p, const char *why)
{
	p->ops->broken(p->ctx, why);
	seek(p);
	hpack_lost(&p->hpack);
}

/*
 * What was taken for something is not that; the true place may be as near as its next byte. It is
 * at the start of was, or, its first bytes having come before, in small; in is what follows it.
 */
static struct sv look_again(struct http2 *p, size_t in_small, struct sv was, struct sv in)
{
	http2_skipped(p, 1);
	if (!in_small)
		return sv_skip(was, 1);
	if (!http2_buf_add(p, (struct sv){ p->small + 1, in_small - 1 }, HTTP2_SEEK_MAX))
		http2_skipped(p, in_small - 1);
	return in;
}

/* Frames. */

static void frame_done(struct http2 *p)
{
	const struct h2frame *f = &p->f;

	p->state = FRAME;
	if (f->type == H2_DATA && f->flags & H2_END_STREAM)
		p->ops->end(p->ctx, f->stream);
	else if (p->in_block && f->flags & H2_END_HEADERS)
		block_end(p, (struct sv){ p->buf, p->buf_len });
}

/* The rest of this frame is not looked at. */
static void skip(struct http2 *p, uint32_t count)
{
	p->left = count;
	p->pad = 0;
	p->state = SKIP;
	if (!count)
		frame_done(p);
}

/* Data, or a header block's part, is over. */
static void skip_padding(struct http2 *p)
{
	skip(p, p->pad);
}

static uint32_t prefix_len(const struct h2frame *f)
{
	uint32_t padded = f->flags & H2_PADDED ? 1 : 0;

	switch (f->type) {
	case H2_DATA:
		return padded;
	case H2_HEADERS:
		return padded + (f->flags & H2_PRIO ? 5 : 0);
	case H2_PUSH_PROMISE:
		return padded + 4;
	default:
		return 0;
	}
}

/* prefix: NULL when there is none. */
static void prefix_done(struct http2 *p, const char *prefix)
{
	const struct h2frame *f = &p->f;
	uint32_t rest = f->length - prefix_len(f);
	bool padded = f->flags & H2_PADDED && f->type != H2_CONTINUATION;

	p->pad = padded && prefix ? (unsigned char)prefix[0] : 0;
	if (p->pad > rest) {
		/* An error of the connection (section 6.1), but where it goes on is known. */
		p->ops->broken(p->ctx, "padding longer than its frame");
		p->pad = rest;
	}
	p->left = rest - p->pad;
	if (f->type == H2_PUSH_PROMISE && prefix)
		p->promised = read32(prefix + padded) & 0x7fffffff;
	p->state = f->type == H2_DATA ? DATA : FRAGMENT;
	if (!p->left)
		skip_padding(p);
}

/* A block's first part, or its next. */
static void block_frame(struct http2 *p)
{
	bool goes_on = p->f.type == H2_CONTINUATION;

	if (goes_on && p->in_block)
		return;
	block_begin(p, 0);
	/* Of a CONTINUATION the start is lost. */
	p->block_torn = goes_on;
}

static const char *frame_fault(const struct http2 *p, const struct h2frame *f)
{
	const char *error = h2frame_error(f);

	if (error)
		return error;
	if (p->in_block && (f->type != H2_CONTINUATION || f->stream != p->f.stream))
		return "header block without its end";
	if (f->type == H2_CONTINUATION && !p->in_block && !p->unsure)
		return "CONTINUATION of nothing";
	return prefix_len(f) > f->length ? "frame of a wrong length" : NULL;
}

/* Returns NULL, or what is wrong with it: nothing has changed then. */
static const char *frame_begin(struct http2 *p, struct h2frame f)
{
	const char *error = frame_fault(p, &f);

	if (error)
		return error;
	p->f = f;
	switch (f.type) {
	case H2_HEADERS:
	case H2_PUSH_PROMISE:
	case H2_CONTINUATION:
		block_frame(p);
		/* fallthrough */
	case H2_DATA:
		p->state = PREFIX;
		if (!prefix_len(&f))
			prefix_done(p, NULL);
		break;
	case H2_RST_STREAM:
	case H2_GOAWAY:
		p->state = CONTROL;
		p->left = f.length;
		break;
	default:
		skip(p, f.length);
	}
	return NULL;
}

static size_t control_len(const struct http2 *p)
{
	return p->f.type == H2_GOAWAY ? GOAWAY_LEN : RST_LEN;
}

static struct sv on_control(struct http2 *p, struct sv in)
{
	size_t need = control_len(p);
	const char *at = gather(p, &in, need);

	if (!at)
		return in;
	if (p->f.type == H2_GOAWAY)
		p->ops->goaway(p->ctx, read32(at) & 0x7fffffff, read32(at + 4));
	else
		p->ops->reset(p->ctx, p->f.stream, read32(at));
	skip(p, p->left - (uint32_t)need);
	return in;
}

static struct sv on_preface(struct http2 *p, struct sv in)
{
	struct sv was = in;
	bool held = p->small_len;
	const char *at = gather(p, &in, PREFACE_LEN);

	if (!at)
		return in;
	if (memcmp(at, H2FRAME_PREFACE.p, PREFACE_LEN) == 0) {
		p->state = FRAME;
		return in;
	}
	broken(p, "no HTTP/2 preface");
	return look_again(p, held ? PREFACE_LEN : 0, was, in);
}

static struct sv on_frame(struct http2 *p, struct sv in)
{
	struct sv was = in;
	bool held = p->small_len;
	const char *at, *error;

	if (!held)
		p->start = p->stamp;
	at = gather(p, &in, H2FRAME_HEAD);
	if (!at)
		return in;
	error = frame_begin(p, h2frame_read(at));
	if (!error)
		return in;
	broken(p, error);
	return look_again(p, held ? H2FRAME_HEAD : 0, was, in);
}

static struct sv on_prefix(struct http2 *p, struct sv in)
{
	const char *at = gather(p, &in, prefix_len(&p->f));

	if (at)
		prefix_done(p, at);
	return in;
}

static struct sv take_left(struct http2 *p, struct sv *in)
{
	struct sv part = sv_cut(*in, p->left);

	p->left -= (uint32_t)part.len;
	*in = sv_skip(*in, part.len);
	return part;
}

static struct sv on_data(struct http2 *p, struct sv in)
{
	p->ops->data(p->ctx, p->f.stream, take_left(p, &in));
	if (!p->left)
		skip_padding(p);
	return in;
}

/* As much of a block as is read; its rest, if there is one, is as good as lost. */
static void block_add(struct http2 *p, struct sv part)
{
	struct sv fits = sv_cut(part, HTTP2_BLOCK_MAX - p->buf_len);

	if (p->block_torn)
		return;
	p->block_torn = !http2_buf_add(p, fits, HTTP2_BLOCK_MAX) || fits.len < part.len;
}

static struct sv on_fragment(struct http2 *p, struct sv in)
{
	struct sv part = take_left(p, &in);
	bool last = !p->left && p->f.flags & H2_END_HEADERS;

	if (last && !p->buf_len && !p->block_torn && part.len <= HTTP2_BLOCK_MAX) {
		block_end(p, part); /* not copied */
	} else {
		block_add(p, part);
		if (last)
			block_end(p, (struct sv){ p->buf, p->buf_len });
	}
	if (!p->left)
		skip_padding(p);
	return in;
}

static struct sv on_skip(struct http2 *p, struct sv in)
{
	take_left(p, &in);
	if (!p->left)
		frame_done(p);
	return in;
}

static struct sv step(struct http2 *p, struct sv in)
{
	switch ((enum http2_state)p->state) {
	case PREFACE:
		return on_preface(p, in);
	case FRAME:
		return on_frame(p, in);
	case PREFIX:
		return on_prefix(p, in);
	case DATA:
		return on_data(p, in);
	case FRAGMENT:
		return on_fragment(p, in);
	case CONTROL:
		return on_control(p, in);
	case SKIP:
		return on_skip(p, in);
	case SEEK:
		return http2_seek(p, in);
	}
	return sv_skip(in, in.len);
}

/*
 * What was kept in a search is read as frames, now that they are found. Should it lead to another
 * search, that one takes all the rest, less than it was before.
 */
static void read_again(struct http2 *p)
{
	char *buf = p->again_buf;
	struct sv old = sv_cut(p->again, p->again_old), in = sv_skip(p->again, old.len);
	uint64_t stamp = p->stamp;

	p->again_buf = NULL;
	p->stamp = p->start;
	while (old.len)
		old = step(p, old);
	p->stamp = stamp;
	while (in.len)
		in = step(p, in);
	free(buf);
}

void http2_feed(struct http2 *p, struct sv in, uint64_t stamp)
{
	p->stamp = stamp;
	while (in.len) {
		in = step(p, in);
		while (p->again_buf)
			read_again(p);
	}
}

/* Gaps. */

/* Bytes of this frame's payload. Returns how many of count are beyond it. */
static uint64_t gap_in_payload(struct http2 *p, uint64_t count)
{
	uint32_t n = count < p->left ? (uint32_t)count : p->left;

	p->left -= n;
	if (p->state == DATA && n)
		p->ops->lost(p->ctx, p->f.stream, n);
	if (p->state == FRAGMENT)
		p->block_torn = true;
	if (p->left)
		return count - n;
	if (p->state == SKIP)
		frame_done(p);
	else
		skip_padding(p);
	return count - n;
}

/* The rest of a frame's header is lost, but it was told how long the frame is. */
static void gap_in_head(struct http2 *p)
{
	struct h2frame f = h2frame_read(p->small); /* its flags and stream are not known */
	bool typed = p->small_len > 3;

	if (p->in_block)
		block_give_up(p);
	if (!typed || f.type == H2_HEADERS || f.type == H2_PUSH_PROMISE ||
	    f.type == H2_CONTINUATION)
		p->doubtful = true;
	p->unsure = true;
	p->f = (struct h2frame){ .type = UINT8_MAX };
	p->pad = 0;
	p->left = f.length + H2FRAME_HEAD - p->small_len;
	p->small_len = 0;
	p->state = SKIP;
}

/* Of the prefix, or of what stands for all of the payload, bytes are lost. */
static void gap_in_start(struct http2 *p)
{
	uint32_t rest = p->f.length - p->small_len;
	bool prefix = p->state == PREFIX;

	p->small_len = 0;
	p->pad = 0;
	p->left = rest;
	if (prefix && p->f.type == H2_DATA) {
		/* Which of its bytes are padding is not known. */
		p->ops->lost(p->ctx, p->f.stream, rest);
		p->state = SKIP;
	} else if (prefix) {
		p->block_torn = true;
		p->state = FRAGMENT;
	} else {
		if (p->f.type == H2_RST_STREAM)
			p->ops->reset(p->ctx, p->f.stream, HTTP2_CODE_UNKNOWN);
		p->state = SKIP;
	}
}

static void gap_unknown(struct http2 *p, uint64_t count)
{
	http2_skipped(p, p->state == SEEK ? p->buf_len : 0);
	if (p->state == SEEK)
		http2_buf_drop(p);
	seek(p);
	p->ops->gap(p->ctx, count);
}

void http2_gap(struct http2 *p, uint64_t count)
{
	while (count) {
		enum http2_state state = (enum http2_state)p->state;

		if (state == PREFIX || state == CONTROL)
			gap_in_start(p);
		if (state == FRAME && p->small_len > 2) {
			gap_in_head(p);
			p->ops->gap(p->ctx, count < p->left ? count : p->left);
		} else if (state == PREFACE || state == FRAME || state == SEEK) {
			gap_unknown(p, count);
			return;
		}
		count = gap_in_payload(p, count);
	}
}

void http2_gap_or_more(struct http2 *p, uint64_t count)
{
	enum http2_state state = (enum http2_state)p->state;

	if (!count)
		return;
	if (state == DATA)
		p->ops->lost(p->ctx, p->f.stream, count < p->left ? count : p->left);
	if (state == CONTROL || state == PREFIX)
		gap_in_start(p);
	gap_unknown(p, count);
}

void http2_close(struct http2 *p)
{
	if (p->state == SEEK)
		http2_skipped(p, p->buf_len);
	if (p->in_block)
		block_give_up(p);
	http2_buf_drop(p);
}
