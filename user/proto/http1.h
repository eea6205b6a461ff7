/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HTTP1_H
#define EARSHOT_PROTO_HTTP1_H

/*
 * http1 - incremental parser for one direction of an HTTP/1 connection (RFC 9112), read by a
 * bystander: fed bytes cut anywhere, it calls back with heads, bodies (chunked coding removed,
 * no copy made) and ends. Bytes may be missing; the parser then says what it lost and finds
 * its place again, and never joins what stood on the two sides of a gap.
 *
 * For every start() there is exactly one end().
 */
#include "proto/http_head.h"

/* Longer heads are broken: real servers refuse from 8 KiB (nginx) to 64 KiB (http.client). */
#define HTTP1_HEAD_MAX (64u << 10)
/* A longer chunk-size line (extensions included) is broken. */
#define HTTP1_CHUNK_LINE_MAX 4096
/* After a gap: a chunk is believed when it is not larger and another one follows it. */
#define HTTP1_SEEK_CHUNK_MAX (256u << 10)

enum http1_kind {
	HTTP1_REQUESTS,
	HTTP1_RESPONSES,
};

/* How the end of a body is told (RFC 9112 section 6.3). */
enum http1_framing {
	HTTP1_NO_BODY,
	HTTP1_LENGTH,
	HTTP1_CHUNKED,
	HTTP1_UNTIL_CLOSE,
	HTTP1_TUNNEL, /* what follows is not HTTP/1 any more */
};

/* Of a 1xx, end() follows at once. */
struct http1_head {
	struct http_head http;
	enum http1_framing framing; /* as the head alone tells it */
	uint64_t length;	    /* HTTP1_LENGTH */
};

/* What only the other direction knows: the answer of the head() callback. */
enum http1_verdict {
	HTTP1_AS_FRAMED,
	HTTP1_WITHOUT_BODY,	  /* response to HEAD */
	HTTP1_AS_TUNNEL,	  /* 2xx to CONNECT */
	HTTP1_MAYBE_WITHOUT_BODY, /* the request is not known: what follows tells */
};

enum http1_end {
	HTTP1_WHOLE,  /* all of it was seen, but for gaps told before */
	HTTP1_CLOSED, /* HTTP1_UNTIL_CLOSE, and the stream ended */
	HTTP1_CUT,    /* the stream ended in the middle */
	HTTP1_LOST,   /* a gap took its end, or its head */
	HTTP1_BROKEN, /* breaks the protocol: http1_error() */
};

struct http1_ops {
	/* stamp: given with the feed that held the message's first byte. */
	void (*start)(void *ctx, uint64_t stamp);
	enum http1_verdict (*head)(void *ctx, const struct http1_head *head);
	void (*body)(void *ctx, struct sv bytes);
	/*
	 * Inside a message: lost bytes are missing here, exact: of its body, and it goes on right
	 * behind them. Outside: between two messages.
	 */
	void (*gap)(void *ctx, uint64_t lost, bool exact);
	void (*end)(void *ctx, enum http1_end how);
	/* Bytes that were passed over in search of the next message or chunk. */
	void (*skipped)(void *ctx, uint64_t count);
};

/* The fields are private: embed it, do not read it. */
struct http1 {
	const struct http1_ops *ops;
	void *ctx;
	const char *error;
	char *buf; /* what came of a head or start line; NULL: nothing */
	uint32_t buf_len;
	uint32_t buf_cap;
	uint32_t line; /* bytes of this chunk-size line or trailer section */
	uint8_t kind;
	uint8_t state;
	uint8_t line_state;
	uint8_t maybe_state;  /* MAYBE_BODY: what it is if it is a body */
	bool open;	      /* start() was called, end() not yet */
	bool in_chunked;      /* the place was lost inside a chunked body */
	uint64_t left;	      /* bytes of this body, or chunk, still to come */
	uint64_t stamp;	      /* of this feed */
	uint64_t start_stamp; /* of the feed with buf's first byte */
};

void http1_init(struct http1 *p, enum http1_kind kind, const struct http1_ops *ops, void *ctx);
/* Calls nothing back: http1_close() does. */
void http1_done(struct http1 *p);

/* The stream is joined somewhere: look for a message instead of expecting one. */
void http1_join(struct http1 *p);

/*
 * stamp is the caller's, handed back by start(). Returns the number of bytes taken: less than
 * in.len only when the stream has become a tunnel; nothing more is taken then.
 */
size_t http1_feed(struct http1 *p, struct sv in, uint64_t stamp);

/* count bytes are missing between the last feed and the next. */
void http1_gap(struct http1 *p, uint64_t count);
/* At least count bytes are: what lengths there are say nothing of where it goes on. */
void http1_gap_or_more(struct http1 *p, uint64_t count);

/* From end(): what follows this message is not HTTP/1 any more, and is not taken. */
void http1_tunnel(struct http1 *p);

/* The direction ended. */
void http1_close(struct http1 *p);

/* Inside a message, from its first byte to its end. */
bool http1_is_open(const struct http1 *p);

/* The place was lost: a message, or the next chunk of this one, is being looked for. */
bool http1_is_lost(const struct http1 *p);

/* Static text: why the newest HTTP1_BROKEN. "" when none. */
const char *http1_error(const struct http1 *p);

#endif /* EARSHOT_PROTO_HTTP1_H */
