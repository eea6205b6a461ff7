// SPDX-License-Identifier: Apache-2.0
/* http2_seek - the next frame, where it is not known where that begins. */
#include <stdlib.h>

#include "proto/http2_in.h"

void http2_buf_drop(struct http2 *p)
{
	free(p->buf);
	p->buf = NULL;
	p->buf_len = p->buf_cap = 0;
}

bool http2_buf_add(struct http2 *p, struct sv s, size_t max)
{
	size_t need = p->buf_len + s.len, cap = p->buf_cap ? p->buf_cap : 512;
	char *buf = p->buf;

	if (need > max)
		return false;
	while (cap < need)
		cap *= 2;
	if (cap > p->buf_cap) {
		buf = realloc(p->buf, cap);
		if (!buf)
			return false;
		p->buf = buf;
		p->buf_cap = (uint32_t)cap;
	}
	if (s.len)
		memcpy(buf + p->buf_len, s.p, s.len);
	p->buf_len = (uint32_t)need;
	return true;
}

void http2_skipped(struct http2 *p, size_t count)
{
	if (count)
		p->ops->skipped(p->ctx, count);
}

/* Keeps what may still become a frame. */
static void seek_keep(struct http2 *p, struct sv s, size_t need)
{
	p->seek_need = (uint32_t)need;
	if (!http2_buf_add(p, s, HTTP2_SEEK_MAX))
		http2_skipped(p, s.len);
}

/* Nothing is left of a search. */
static struct sv seek_in_place(struct http2 *p, struct sv in)
{
	struct h2frame_place place = h2frame_find(in);

	http2_skipped(p, place.at);
	in = sv_skip(in, place.at);
	if (place.found) {
		p->state = FRAME;
		return in;
	}
	p->start = p->stamp;
	if (in.len)
		seek_keep(p, in, place.need - place.at);
	return sv_skip(in, in.len);
}

struct sv http2_seek(struct http2 *p, struct sv in)
{
	size_t before = p->buf_len;
	struct sv part = sv_cut(in, HTTP2_SEEK_MAX - before);
	char *buf;
	struct h2frame_place place;

	if (!before)
		return seek_in_place(p, in);
	if (!part.len || !http2_buf_add(p, part, HTTP2_SEEK_MAX)) {
		http2_skipped(p, before);
		http2_buf_drop(p);
		return in;
	}
	in = sv_skip(in, part.len);
	if (p->buf_len < p->seek_need)
		return in;
	place = h2frame_find((struct sv){ p->buf, p->buf_len });
	http2_skipped(p, place.at);
	buf = p->buf;
	part = (struct sv){ buf + place.at, p->buf_len - place.at };
	p->buf = NULL;
	p->buf_len = p->buf_cap = 0;
	if (place.found) {
		p->state = FRAME;
		p->again = part;
		p->again_old = place.at < before ? before - place.at : 0;
		p->again_buf = buf;
		return in;
	}
	if (part.len)
		seek_keep(p, part, place.need - place.at);
	free(buf);
	return in;
}
