/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HTTP2_H
#define EARSHOT_PROTO_HTTP2_H

/*
 * http2 - incremental parser for one direction of an HTTP/2 connection (RFC 9113), read by a
 * bystander: fed bytes cut anywhere, it calls back with heads, data (as views, without padding),
 * ends and resets of streams. Which stream is whose call its caller knows.
 *
 * Bytes may be missing. A gap inside a frame is skipped by the frame's own length; behind one that
 * reaches further, and on a connection that ran already, frames are looked for (h2frame.h). What
 * is lost of header blocks makes later fields unknown, never wrong (hpack.h); that nothing of them
 * was lost its caller may be able to prove.
 *
 * Flow control, PRIORITY, PING and the like are passed over.
 */
#include "base/h2frame.h"
#include "proto/hpack.h"
#include "proto/http_head.h"

/* Longer header blocks are read up to here. The usual bound is 16 KiB; nghttp2's is 64 KiB. */
#define HTTP2_BLOCK_MAX (64u << 10)
/* What is looked through for frames: a frame of the default's length, and the next header. */
#define HTTP2_SEEK_MAX (H2FRAME_HEAD + H2FRAME_LEN + H2FRAME_HEAD)

enum http2_sender {
	HTTP2_CLIENT,
	HTTP2_SERVER,
};

/* Room for one decoded head; one serves all connections that are read by one thread. */
struct http2_scratch {
	struct http_field fields[HTTP_FIELDS_MAX];
	char bytes[HTTP2_BLOCK_MAX];
};

/* An error code that was lost. */
#define HTTP2_CODE_UNKNOWN UINT32_MAX

struct http2_ops {
	/* Also of 1xx, and of trailers. stamp: given with the feed that held its first byte. */
	void (*head)(void *ctx, uint32_t stream, uint64_t stamp, const struct http_head *head);
	void (*data)(void *ctx, uint32_t stream, struct sv bytes);
	/* count bytes of this stream's data are missing here. */
	void (*lost)(void *ctx, uint32_t stream, uint64_t count);
	/* The sender has sent all of it. */
	void (*end)(void *ctx, uint32_t stream);
	void (*reset)(void *ctx, uint32_t stream, uint32_t code);
	/* Streams of the other side's above last were not looked at (section 6.8). */
	void (*goaway)(void *ctx, uint32_t last, uint32_t code);
	/* A server pushes: what comes on this stream nobody asked for. */
	void (*pushed)(void *ctx, uint32_t promised);
	/* count bytes are missing here that may have held frames of any stream. */
	void (*gap)(void *ctx, uint64_t count);
	/*
	 * Frames were lost, and a header block of this stream came. True when none of those frames
	 * can have been part of a header block: then the table is still known.
	 */
	bool (*intact)(void *ctx, uint32_t stream);
	/* Bytes that were passed over in search of a frame. */
	void (*skipped)(void *ctx, uint64_t count);
	/* The protocol was broken, as static text tells; the next frame is looked for. */
	void (*broken)(void *ctx, const char *why);
};

/* The fields are private: embed it, do not read it. */
struct http2 {
	const struct http2_ops *ops;
	void *ctx;
	struct http2_scratch *scratch;
	struct hpack hpack;
	char *buf; /* a header block that is not whole; SEEK: bytes that may be frames */
	uint32_t buf_len;
	uint32_t buf_cap;
	uint8_t sender;
	uint8_t state;
	uint8_t small_len;
	bool in_block;	    /* CONTINUATION has to follow */
	bool doubtful;	    /* lost frames may have changed the table */
	bool block_torn;    /* its rest cannot be read */
	bool block_ends;    /* it ends the stream */
	bool unsure;	    /* frames were lost: a CONTINUATION may come without its HEADERS */
	char small[24];	    /* a frame's header, or the start of its payload */
	struct h2frame f;   /* the frame being read */
	uint32_t left;	    /* of its payload, padding not counted */
	uint32_t pad;	    /* its padding */
	uint32_t seek_need; /* fewer bytes in buf tell nothing new */
	char *again_buf;    /* a former buf; again, in it, is to be read as frames */
	struct sv again;
	size_t again_old;  /* so many of its bytes came before this feed */
	uint32_t promised; /* of the block of a PUSH_PROMISE; else 0 */
	uint64_t stamp;	   /* of this feed */
	uint64_t start;	   /* of the feed with this frame's first byte; SEEK: with buf's */
	uint64_t block_start;
};

/* late: the direction was running already. Borrows ops and scratch until http2_done(). */
void http2_init(struct http2 *p, enum http2_sender sender, bool late, const struct http2_ops *ops,
		void *ctx, struct http2_scratch *scratch);
/* Calls nothing back: http2_close() does. */
void http2_done(struct http2 *p);

/* stamp is the caller's, handed back with heads. */
void http2_feed(struct http2 *p, struct sv in, uint64_t stamp);

/* count bytes are missing between the last feed and the next. */
void http2_gap(struct http2 *p, uint64_t count);
/* At least count bytes are: lengths of frames say nothing of where it goes on. */
void http2_gap_or_more(struct http2 *p, uint64_t count);

/* The direction ended: what can still be told is told. */
void http2_close(struct http2 *p);

/* The place was lost: a frame is being looked for. */
bool http2_is_lost(const struct http2 *p);

/* Memory that it holds beside itself. */
size_t http2_memory(const struct http2 *p);

#endif /* EARSHOT_PROTO_HTTP2_H */
