/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HTTP1_IN_H
#define EARSHOT_PROTO_HTTP1_IN_H

/*
 * http1_in - what the files behind http1.h share: http1.c reads messages and says what gaps leave
 * of them, http1_seek.c looks for the next one, http1_head.c reads a head.
 */
#include "proto/http1.h"

enum http1_state {
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
enum http1_line_state {
	LINE_START,
	LINE_CR, /* one CR came */
	LINE_TEXT,
};

/* Adds to buf; false when s does not fit, or there is no memory. */
bool http1_buf_add(struct http1 *p, struct sv s);
void http1_buf_drop(struct http1 *p);

void http1_message_start(struct http1 *p, uint64_t stamp);
void http1_message_end(struct http1 *p, enum http1_end how);
/* The message ended where it says. */
void http1_message_whole(struct http1 *p);

/* Bytes that were passed over; none are not told of. */
void http1_skipped(struct http1 *p, size_t count);

/* SEEK and its like: takes some of in, or finds where to go on. Returns the rest. */
struct sv http1_seek(struct http1 *p, struct sv in);

static inline void http1_chunk_begin(struct http1 *p)
{
	p->state = CHUNK_SIZE;
	p->line = 0;
	p->left = 0;
}

static inline void http1_data_end_begin(struct http1 *p, enum http1_state state)
{
	p->state = (uint8_t)state;
	p->line_state = LINE_START;
}

/* Counts bytes of this body, or chunk, off in. */
static inline struct sv http1_take_left(struct http1 *p, struct sv *in)
{
	struct sv part = sv_cut(*in, p->left < in->len ? (size_t)p->left : in->len);

	p->left -= part.len;
	*in = sv_skip(*in, part.len);
	return part;
}

/* -1: other; 0: more to come; 1: the line ended right there. */
static inline int http1_line_end(struct http1 *p, char c)
{
	if (c == '\n')
		return 1;
	if (c != '\r' || p->line_state == LINE_CR)
		return -1;
	p->line_state = LINE_CR;
	return 0;
}

#endif /* EARSHOT_PROTO_HTTP1_IN_H */
