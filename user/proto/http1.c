// SPDX-License-Identifier: Apache-2.0
#include "proto/http1.h"

#include <stdlib.h>

#include "base/hex.h"
#include "proto/http1_head.h"

enum state {
	IDLE,		/* between messages */
	HEAD,		/* its start is in buf */
	MAYBE_BODY,	/* a body, or the next response; in buf what may be a status line */
	BODY,		/* left bytes */
	BODY_CLOSE,	/* until the stream ends */
	CHUNK_SIZE,	/* line: digits so far */
	CHUNK_EXT,	/* to the end of the line */
	CHUNK_DATA,	/* left bytes */
	CHUNK_DATA_END, /* the line end behind them */
	TRAILER,
	TUNNEL,
	SEEK, /* the place is lost; buf: a line that may be a start */
	/* A line that looked like a chunk's size was found; more has to fit before it counts. */
	SEEK_DATA, /* left bytes of that chunk */
	SEEK_DATA_END,
	SEEK_SIZE, /* the next chunk's size */
};

/* Where in a line: TRAILER, *_DATA_END. */
enum line_state {
	LINE_START,
	LINE_CR, /* one CR came */
	LINE_TEXT,
};

/* The largest chunk size that is taken has this many hex digits. */
#define CHUNK_DIGITS_MAX 15

void http1_init(struct http1 *p, enum http1_kind kind, const struct http1_ops *ops, void *ctx)
{
	*p = (struct http1){ .ops = ops, .ctx = ctx, .kind = (uint8_t)kind, .error = "" };
}

static void buf_drop(struct http1 *p)
{
	free(p->buf);
	p->buf = NULL;
	p->buf_len = p->buf_cap = 0;
}

void http1_done(struct http1 *p)
{
	buf_drop(p);
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

/* Returns false when s does not fit, or there is no memory for it. */
static bool buf_add(struct http1 *p, struct sv s)
{
	size_t need = p->buf_len + s.len, cap = p->buf_cap ? p->buf_cap : 1024;
	char *buf = p->buf;

	if (need > HTTP1_HEAD_MAX)
		return false;
	if (!p->buf_len)
		p->start_stamp = p->stamp;
	while (cap < need)
		cap *= 2;
	if (cap > p->buf_cap) {
		buf = realloc(p->buf, cap);
		if (!buf)
			return false;
		p->buf = buf;
		p->buf_cap = (uint32_t)cap;
	}
	memcpy(buf + p->buf_len, s.p, s.len);
	p->buf_len = (uint32_t)need;
	return true;
}

static void message_start(struct http1 *p, uint64_t stamp)
{
	p->open = true;
	p->in_chunked = false;
	p->ops->start(p->ctx, stamp);
}

static void message_end(struct http1 *p, enum http1_end how)
{
	p->open = false;
	p->in_chunked = false;
	p->ops->end(p->ctx, how);
}

/* The message ended where it says. */
static void message_whole(struct http1 *p)
{
	p->state = IDLE;
	message_end(p, HTTP1_WHOLE);
}

static void seek(struct http1 *p)
{
	p->state = SEEK;
	p->line_state = LINE_START;
	buf_drop(p);
}

static void broken(struct http1 *p, const char *why)
{
	p->error = why;
	seek(p);
	if (p->open)
		message_end(p, HTTP1_BROKEN);
}

static void chunk_size_begin(struct http1 *p)
{
	p->state = CHUNK_SIZE;
	p->line = 0;
	p->left = 0;
}

static void body_begin(struct http1 *p, const struct http1_head *h, enum http1_framing framing)
{
	switch (framing) {
	case HTTP1_LENGTH:
		p->left = h->length;
		p->state = BODY;
		if (!p->left)
			message_whole(p);
		break;
	case HTTP1_CHUNKED:
		chunk_size_begin(p);
		break;
	case HTTP1_UNTIL_CLOSE:
		p->state = BODY_CLOSE;
		break;
	case HTTP1_NO_BODY:
		message_whole(p);
		break;
	case HTTP1_TUNNEL:
		p->state = TUNNEL;
		message_end(p, HTTP1_WHOLE);
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
	message_start(p, p->stamp);
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

	if (!part.len || !buf_add(p, part)) {
		broken(p, "head too long");
		return in;
	}
	len = http1_head_len((struct sv){ p->buf, p->buf_len }, from);
	if (!len)
		return sv_skip(in, part.len);
	head_whole(p, (struct sv){ p->buf, len });
	buf_drop(p);
	return sv_skip(in, len - before);
}

/* Counts bytes of this body, or chunk, off in. */
static struct sv take_left(struct http1 *p, struct sv *in)
{
	struct sv part = sv_cut(*in, p->left < in->len ? (size_t)p->left : in->len);

	p->left -= part.len;
	*in = sv_skip(*in, part.len);
	return part;
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

	if (!buf_add(p, line)) {
		body_after_all(p);
		return in;
	}
	if (n == in.len && http1_may_start(HTTP1_RESPONSES, (struct sv){ p->buf, p->buf_len }))
		return sv_skip(in, n);
	if (!http1_starts(HTTP1_RESPONSES, (struct sv){ p->buf, p->buf_len })) {
		body_after_all(p);
		return sv_skip(in, line.len);
	}
	message_whole(p);
	message_start(p, p->start_stamp);
	p->state = HEAD;
	return sv_skip(in, line.len);
}

static struct sv on_body(struct http1 *p, struct sv in)
{
	p->ops->body(p->ctx, take_left(p, &in));
	if (!p->left)
		message_whole(p);
	return in;
}

static void data_end_begin(struct http1 *p, enum state state)
{
	p->state = (uint8_t)state;
	p->line_state = LINE_START;
}

static struct sv on_chunk_data(struct http1 *p, struct sv in)
{
	p->ops->body(p->ctx, take_left(p, &in));
	if (!p->left)
		data_end_begin(p, CHUNK_DATA_END);
	return in;
}

/* -1: other; 0: more to come; 1: the line ended right there. */
static int line_end(struct http1 *p, char c)
{
	if (c == '\n')
		return 1;
	if (c != '\r' || p->line_state == LINE_CR)
		return -1;
	p->line_state = LINE_CR;
	return 0;
}

static struct sv on_chunk_data_end(struct http1 *p, struct sv in)
{
	int got = line_end(p, in.p[0]);

	if (got < 0) {
		broken(p, "chunk longer than its size");
		return in;
	}
	if (got)
		chunk_size_begin(p);
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
		message_whole(p);
	p->line_state = LINE_START;
	return sv_skip(in, n + 1);
}

static void skipped(struct http1 *p, size_t count)
{
	if (count)
		p->ops->skipped(p->ctx, count);
}

/* Goes on with a message, of whose start line joined says that it is in buf. */
static void found(struct http1 *p, bool joined)
{
	if (p->open)
		message_end(p, HTTP1_LOST);
	if (joined) {
		message_start(p, p->start_stamp);
		p->state = HEAD;
		return;
	}
	skipped(p, p->buf_len);
	buf_drop(p);
	p->state = IDLE;
}

static void try_chunk(struct http1 *p, struct sv line)
{
	if (!p->in_chunked || !http1_chunk_line(line, &p->left))
		return;
	/* Behind the last chunk, of size 0, comes the end of the body. */
	p->line = !p->left;
	data_end_begin(p, p->left ? SEEK_DATA : SEEK_DATA_END);
}

/*
 * A message, or chunk, is looked for at the start of a line, and of a feed, where a call of
 * the sender's may have begun. A line that is cut and still may be one is kept in buf.
 */
static struct sv on_seek(struct http1 *p, struct sv in)
{
	enum http1_kind kind = (enum http1_kind)p->kind;
	size_t n = sv_find(in, '\n');
	bool whole = n < in.len, joined = false;
	struct sv line = sv_cut(in, whole ? n + 1 : n), text = line;

	in = sv_skip(in, line.len);
	if (p->buf_len) {
		joined = buf_add(p, line);
		text = (struct sv){ p->buf, p->buf_len };
	}
	if (joined && whole && http1_starts(kind, text)) {
		found(p, true);
		return in;
	}
	if (whole && http1_starts(kind, line)) {
		p->buf_len -= joined ? (uint32_t)line.len : 0;
		found(p, false);
		return (struct sv){ line.p, line.len + in.len };
	}
	if (p->buf_len && !joined) {
		skipped(p, p->buf_len + line.len);
		buf_drop(p);
		return in;
	}
	if (!whole &&
	    (http1_may_start(kind, text) || (p->in_chunked && http1_may_be_chunk(text))) &&
	    (joined || buf_add(p, line)))
		return in;
	if (whole)
		try_chunk(p, text);
	skipped(p, text.len);
	buf_drop(p);
	return in;
}

static struct sv on_seek_data(struct http1 *p, struct sv in)
{
	skipped(p, take_left(p, &in).len);
	if (!p->left)
		data_end_begin(p, SEEK_DATA_END);
	return in;
}

static struct sv on_seek_data_end(struct http1 *p, struct sv in)
{
	int got = line_end(p, in.p[0]);

	if (got < 0) {
		p->state = SEEK;
		return in;
	}
	skipped(p, 1);
	if (got && p->line)
		message_whole(p);
	else if (got)
		p->state = SEEK_SIZE;
	return sv_skip(in, 1);
}

static struct sv on_seek_size(struct http1 *p, struct sv in)
{
	p->state = SEEK;
	if (hex_value(in.p[0]) >= 0) {
		p->in_chunked = false;
		chunk_size_begin(p);
	}
	return in;
}

static struct sv step(struct http1 *p, struct sv in)
{
	switch ((enum state)p->state) {
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
		return on_seek(p, in);
	case SEEK_DATA:
		return on_seek_data(p, in);
	case SEEK_DATA_END:
		return on_seek_data_end(p, in);
	case SEEK_SIZE:
		return on_seek_size(p, in);
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
	message_whole(p);
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
		skipped(p, p->buf_len);
	exact = counted && (p->state == BODY_CLOSE || (p->state == CHUNK_DATA && count <= p->left));
	p->ops->gap(p->ctx, count, exact);
	if (p->state == BODY_CLOSE)
		return;
	if (exact) {
		p->left -= count;
		if (!p->left)
			data_end_begin(p, CHUNK_DATA_END);
		return;
	}
	if (p->state >= CHUNK_SIZE && p->state <= TRAILER)
		p->in_chunked = true;
	seek(p);
	if (p->open && !p->in_chunked)
		message_end(p, HTTP1_LOST);
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
		skipped(p, p->buf_len);
	if (p->state == MAYBE_BODY)
		body_after_all(p);
	buf_drop(p);
	if (p->open)
		message_end(p, p->state == BODY_CLOSE ? HTTP1_CLOSED : HTTP1_CUT);
	p->state = IDLE;
}
