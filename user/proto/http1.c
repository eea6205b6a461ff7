// SPDX-License-Identifier: Apache-2.0
#include "proto/http1.h"

#include <stdlib.h>

#include "base/hex.h"
#include "proto/http1_head.h"
#include "proto/http1_in.h"

/* The largest chunk size that is taken has this many hex digits. */
#define CHUNK_DIGITS_MAX 15

void http1_init(struct http1 *p, enum http1_kind kind, const struct http1_ops *ops, void *ctx)
{
	*p = (struct http1){ .ops = ops, .ctx = ctx, .kind = (uint8_t)kind, .error = "" };
}

void http1_done(struct http1 *p)
{
	http1_buf_drop(p);
}

bool http1_is_open(const struct http1 *p)
{
	return p->open;
}

bool http1_is_lost(const struct http1 *p)
{
	return p->state >= SEEK;
}

const char *http1_error(const struct http1 *p)
{
	return p->error;
}

void http1_message_start(struct http1 *p, uint64_t stamp)
{
	p->open = true;
	p->in_chunked = false;
	p->ops->start(p->ctx, stamp);
}

void http1_message_end(struct http1 *p, enum http1_end how)
{
	p->open = false;
	p->in_chunked = false;
	p->ops->end(p->ctx, how);
}

void http1_message_whole(struct http1 *p)
{
	p->state = IDLE;
	http1_message_end(p, HTTP1_WHOLE);
}

static void seek(struct http1 *p)
{
	p->state = SEEK;
	p->line_state = LINE_START;
	http1_buf_drop(p);
}

static void broken(struct http1 *p, const char *why)
{
	p->error = why;
	seek(p);
	if (p->open)
		http1_message_end(p, HTTP1_BROKEN);
}

static void body_begin(struct http1 *p, const struct http1_head *h, enum http1_framing framing)
{
	switch (framing) {
	case HTTP1_LENGTH:
		p->left = h->length;
		p->state = BODY;
		if (!p->left)
			http1_message_whole(p);
		break;
	case HTTP1_CHUNKED:
		http1_chunk_begin(p);
		break;
	case HTTP1_UNTIL_CLOSE:
		p->state = BODY_CLOSE;
		break;
	case HTTP1_NO_BODY:
		http1_message_whole(p);
		break;
	case HTTP1_TUNNEL:
		p->state = TUNNEL;
		http1_message_end(p, HTTP1_WHOLE);
		break;
	}
}

/* The head is whole; folded ones must be in buf. */
static void head_whole(struct http1 *p, struct sv s)
{
	struct http_field fields[HTTP_FIELDS_MAX];
	enum http1_framing framing;
	struct http1_head head;
	const char *error = http1_head_parse(&head, (enum http1_kind)p->kind, s, fields);
	enum http1_verdict verdict;

	if (error) {
		broken(p, error);
		return;
	}
	verdict = p->ops->head(p->ctx, &head);
	framing = verdict == HTTP1_AS_TUNNEL	  ? HTTP1_TUNNEL
		  : verdict == HTTP1_WITHOUT_BODY ? HTTP1_NO_BODY
						  : head.framing;
	body_begin(p, &head, framing);
	if (verdict == HTTP1_MAYBE_WITHOUT_BODY && (p->state == BODY || p->state == CHUNK_SIZE)) {
		p->maybe_state = p->state;
		p->state = MAYBE_BODY;
	}
}

/* What no message of this kind starts with; so that 64 KiB of it are not collected first. */
static bool is_no_start(const struct http1 *p, char c)
{
	if (p->kind == HTTP1_RESPONSES)
		return c != 'H';
	return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7f;
}

static struct sv step(struct http1 *p, struct sv in);

static struct sv on_idle(struct http1 *p, struct sv in)
{
	size_t len;

	/* Line ends may stand before a message (RFC 9112 section 2.2). */
	while (in.len && (in.p[0] == '\r' || in.p[0] == '\n'))
		in = sv_skip(in, 1);
	if (!in.len)
		return in;
	http1_message_start(p, p->stamp);
	if (is_no_start(p, in.p[0])) {
		broken(p, "no HTTP/1 message");
		return in;
	}
	len = http1_head_len(in, 0);
	if (len && len <= HTTP1_HEAD_MAX && !http1_head_folds(sv_cut(in, len))) {
		head_whole(p, sv_cut(in, len));
		return sv_skip(in, len);
	}
	p->state = HEAD;
	return in;
}

static struct sv on_head(struct http1 *p, struct sv in)
{
	/* The end may begin in what is there already: up to "\n\r" of it. */
	size_t before = p->buf_len, from = before > 2 ? before - 2 : 0, len;
	struct sv part = sv_cut(in, HTTP1_HEAD_MAX - before);

	if (!part.len || !http1_buf_add(p, part)) {
		broken(p, "head too long");
		return in;
	}
	len = http1_head_len((struct sv){ p->buf, p->buf_len }, from);
	if (!len)
		return sv_skip(in, part.len);
	head_whole(p, (struct sv){ p->buf, len });
	http1_buf_drop(p);
	return sv_skip(in, len - before);
}

/* What was taken for the start of a message is a body's. */
static void body_after_all(struct http1 *p)
{
	char *buf = p->buf;
	struct sv held = { buf, p->buf_len };

	p->buf = NULL;
	p->buf_len = p->buf_cap = 0;
	p->state = p->maybe_state;
	while (held.len)
		held = step(p, held);
	free(buf);
}

/* The response to HEAD says how long a body would be, and the next response follows it at once. */
static struct sv on_maybe_body(struct http1 *p, struct sv in)
{
	size_t n = sv_find(in, '\n');
	struct sv line = sv_cut(in, n < in.len ? n + 1 : n);

	if (!http1_buf_add(p, line)) {
		body_after_all(p);
		return in;
	}
	if (n == in.len && http1_may_start(HTTP1_RESPONSES, (struct sv){ p->buf, p->buf_len }))
		return sv_skip(in, n);
	if (!http1_starts(HTTP1_RESPONSES, (struct sv){ p->buf, p->buf_len })) {
		body_after_all(p);
		return sv_skip(in, line.len);
	}
	http1_message_whole(p);
	http1_message_start(p, p->start_stamp);
	p->state = HEAD;
	return sv_skip(in, line.len);
}

static struct sv on_body(struct http1 *p, struct sv in)
{
	p->ops->body(p->ctx, http1_take_left(p, &in));
	if (!p->left)
		http1_message_whole(p);
	return in;
}

static struct sv on_chunk_data(struct http1 *p, struct sv in)
{
	p->ops->body(p->ctx, http1_take_left(p, &in));
	if (!p->left)
		http1_data_end_begin(p, CHUNK_DATA_END);
	return in;
}

static struct sv on_chunk_data_end(struct http1 *p, struct sv in)
{
	int got = http1_line_end(p, in.p[0]);

	if (got < 0) {
		broken(p, "chunk longer than its size");
		return in;
	}
	if (got)
		http1_chunk_begin(p);
	return sv_skip(in, 1);
}

static struct sv on_chunk_size(struct http1 *p, struct sv in)
{
	int digit;

	for (; in.len && (digit = hex_value(in.p[0])) >= 0; in = sv_skip(in, 1)) {
		if (p->line++ == CHUNK_DIGITS_MAX) {
			broken(p, "chunk size too large");
			return in;
		}
		p->left = p->left << 4 | (unsigned int)digit;
	}
	if (!in.len)
		return in;
	if (!p->line || !strchr("\r\n; \t", in.p[0]) || !in.p[0])
		broken(p, "bad chunk size");
	else
		p->state = CHUNK_EXT;
	return in;
}

static struct sv on_chunk_ext(struct http1 *p, struct sv in)
{
	size_t n = sv_find(in, '\n');

	if (n > HTTP1_CHUNK_LINE_MAX - p->line) {
		broken(p, "chunk extension too long");
		return in;
	}
	p->line += (uint32_t)n;
	if (n == in.len)
		return sv_skip(in, n);
	p->line = 0;
	p->line_state = LINE_START;
	p->state = p->left ? CHUNK_DATA : TRAILER;
	return sv_skip(in, n + 1);
}

/* Trailer fields are passed over: none of them is of use here. */
static struct sv on_trailer(struct http1 *p, struct sv in)
{
	size_t n = sv_find(in, '\n');
	bool cr = n == 1 && in.p[0] == '\r';

	if (n > HTTP1_HEAD_MAX - p->line) {
		broken(p, "trailers too long");
		return in;
	}
	p->line += (uint32_t)n;
	if (n)
		p->line_state = p->line_state == LINE_START && cr ? LINE_CR : LINE_TEXT;
	if (n == in.len)
		return sv_skip(in, n);
	if (p->line_state != LINE_TEXT)
		http1_message_whole(p);
	p->line_state = LINE_START;
	return sv_skip(in, n + 1);
}

static struct sv step(struct http1 *p, struct sv in)
{
	switch ((enum http1_state)p->state) {
	case IDLE:
		return on_idle(p, in);
	case HEAD:
		return on_head(p, in);
	case MAYBE_BODY:
		return on_maybe_body(p, in);
	case BODY:
		return on_body(p, in);
	case BODY_CLOSE:
		p->ops->body(p->ctx, in);
		break;
	case CHUNK_SIZE:
		return on_chunk_size(p, in);
	case CHUNK_EXT:
		return on_chunk_ext(p, in);
	case CHUNK_DATA:
		return on_chunk_data(p, in);
	case CHUNK_DATA_END:
		return on_chunk_data_end(p, in);
	case TRAILER:
		return on_trailer(p, in);
	case SEEK:
	case SEEK_DATA:
	case SEEK_DATA_END:
	case SEEK_SIZE:
		return http1_seek(p, in);
	case TUNNEL:
		break;
	}
	return sv_skip(in, in.len);
}

size_t http1_feed(struct http1 *p, struct sv in, uint64_t stamp)
{
	size_t len = in.len;

	p->stamp = stamp;
	while (in.len && p->state != TUNNEL)
		in = step(p, in);
	return len - in.len;
}

void http1_join(struct http1 *p)
{
	seek(p);
}

void http1_tunnel(struct http1 *p)
{
	p->state = TUNNEL;
}

static void gap_in_body(struct http1 *p, uint64_t count)
{
	uint64_t inside = count < p->left ? count : p->left;

	p->left -= inside;
	p->ops->gap(p->ctx, inside, true);
	if (p->left)
		return;
	http1_message_whole(p);
	if (count > inside) {
		p->ops->gap(p->ctx, count - inside, false);
		seek(p);
	}
}

static void gap(struct http1 *p, uint64_t count, bool counted)
{
	bool exact;

	if (!count || p->state == TUNNEL)
		return;
	if (p->state == MAYBE_BODY)
		body_after_all(p);
	if (p->state == BODY && counted) {
		gap_in_body(p, count);
		return;
	}
	if (p->state == SEEK)
		http1_skipped(p, p->buf_len);
	exact = counted && (p->state == BODY_CLOSE || (p->state == CHUNK_DATA && count <= p->left));
	p->ops->gap(p->ctx, count, exact);
	if (p->state == BODY_CLOSE)
		return;
	if (exact) {
		p->left -= count;
		if (!p->left)
			http1_data_end_begin(p, CHUNK_DATA_END);
		return;
	}
	if (p->state >= CHUNK_SIZE && p->state <= TRAILER)
		p->in_chunked = true;
	seek(p);
	if (p->open && !p->in_chunked)
		http1_message_end(p, HTTP1_LOST);
}

void http1_gap(struct http1 *p, uint64_t count)
{
	gap(p, count, true);
}

void http1_gap_or_more(struct http1 *p, uint64_t count)
{
	gap(p, count, false);
}

void http1_close(struct http1 *p)
{
	if (p->state == SEEK)
		http1_skipped(p, p->buf_len);
	if (p->state == MAYBE_BODY)
		body_after_all(p);
	http1_buf_drop(p);
	if (p->open)
		http1_message_end(p, p->state == BODY_CLOSE ? HTTP1_CLOSED : HTTP1_CUT);
	p->state = IDLE;
}
