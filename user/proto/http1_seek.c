// SPDX-License-Identifier: Apache-2.0
/* http1_seek - the next message, or chunk, where it is not known where that begins. */
#include <stdlib.h>

#include "base/hex.h"
#include "proto/http1_head.h"
#include "proto/http1_in.h"

void http1_buf_drop(struct http1 *p)
{
	free(p->buf);
	p->buf = NULL;
	p->buf_len = p->buf_cap = 0;
}

bool http1_buf_add(struct http1 *p, struct sv s)
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

void http1_skipped(struct http1 *p, size_t count)
{
	if (count)
		p->ops->skipped(p->ctx, count);
}

/* Goes on with a message, of whose start line joined says that it is in buf. */
static void found(struct http1 *p, bool joined)
{
	if (p->open)
		http1_message_end(p, HTTP1_LOST);
	if (joined) {
		http1_message_start(p, p->start_stamp);
		p->state = HEAD;
		return;
	}
	http1_skipped(p, p->buf_len);
	http1_buf_drop(p);
	p->state = IDLE;
}

static void try_chunk(struct http1 *p, struct sv line)
{
	if (!p->in_chunked || !http1_chunk_line(line, &p->left))
		return;
	/* Behind the last chunk, of size 0, comes the end of the body. */
	p->line = !p->left;
	http1_data_end_begin(p, p->left ? SEEK_DATA : SEEK_DATA_END);
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
		joined = http1_buf_add(p, line);
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
		http1_skipped(p, p->buf_len + line.len);
		http1_buf_drop(p);
		return in;
	}
	if (!whole &&
	    (http1_may_start(kind, text) || (p->in_chunked && http1_may_be_chunk(text))) &&
	    (joined || http1_buf_add(p, line)))
		return in;
	if (whole)
		try_chunk(p, text);
	http1_skipped(p, text.len);
	http1_buf_drop(p);
	return in;
}

static struct sv on_seek_data(struct http1 *p, struct sv in)
{
	http1_skipped(p, http1_take_left(p, &in).len);
	if (!p->left)
		http1_data_end_begin(p, SEEK_DATA_END);
	return in;
}

static struct sv on_seek_data_end(struct http1 *p, struct sv in)
{
	int got = http1_line_end(p, in.p[0]);

	if (got < 0) {
		p->state = SEEK;
		return in;
	}
	http1_skipped(p, 1);
	if (got && p->line)
		http1_message_whole(p);
	else if (got)
		p->state = SEEK_SIZE;
	return sv_skip(in, 1);
}

static struct sv on_seek_size(struct http1 *p, struct sv in)
{
	p->state = SEEK;
	if (hex_value(in.p[0]) >= 0) {
		p->in_chunked = false;
		http1_chunk_begin(p);
	}
	return in;
}

struct sv http1_seek(struct http1 *p, struct sv in)
{
	switch ((enum http1_state)p->state) {
	case SEEK:
		return on_seek(p, in);
	case SEEK_DATA:
		return on_seek_data(p, in);
	case SEEK_DATA_END:
		return on_seek_data_end(p, in);
	default:
		return on_seek_size(p, in);
	}
}
