/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_WS_H
#define EARSHOT_PROTO_WS_H

/*
 * ws - one direction of a WebSocket (RFC 6455), read by a bystander: frames are joined to
 * messages, unmasked, and inflated (permessage-deflate, RFC 7692). Sans-I/O.
 *
 * Each message is an event (event.h) of type "text" or "binary"; "" when its first frame was not
 * seen. A message that refers to a lost window of its compression is unread from the first byte on
 * that is not known; a binary one, where a zero may be a zero, from its start on.
 *
 * It may be joined in the middle, and bytes may be missing. Inside a frame they are passed over
 * exactly. Behind that, and after a join, the place is found again by frames that follow each
 * other as they should (wsframe.h), and until then bytes are kept, WS_SEEK_MAX at most.
 */
#include "base/inflate_msg.h"
#include "base/wsframe.h"
#include "proto/event.h"

/* Close codes that are no number on the wire (RFC 6455 section 7.1.5). */
#define WS_CLOSE_NONE 1005

/* What a handshake agreed on for one direction. */
struct ws_deflate {
	bool on;
	bool unknown;	     /* no handshake was seen: RSV1 of a message tells */
	bool no_takeover;    /* no message refers to another */
	uint8_t window_bits; /* 8 to 15 */
};

/*
 * Reads Sec-WebSocket-Extensions of the server's answer, which is what counts (RFC 7692 section
 * 7.1). ret: by enum ws_from. False when it names an extension that is not known: frames cannot be
 * read then.
 */
bool ws_extensions(struct sv value, struct ws_deflate ret[2]);

struct ws_limits {
	uint64_t message; /* longest message, inflated; longer ones are cut and say so */
	uint32_t ratio;	  /* most expansion of a message from 1 MiB on; 0: any */
};

struct ws_counts {
	uint64_t frames;
	uint64_t control; /* of these: ping, pong, close */
	uint64_t unread;  /* messages, in part or whole: the window is lost */
	uint64_t bounded; /* messages cut by a limit */
};

struct ws_seek;

/* The fields are private but for counts, closed, close_code and out's counters. */
struct ws {
	struct ws_counts counts;
	bool closed; /* a close frame came: nothing may follow it */
	uint16_t close_code;
	struct event_out out;
	/* Private. */
	enum ws_from from;
	struct ws_deflate deflate;
	struct ws_limits limits;
	struct inflate_msg *z;
	struct ws_seek *seek; /* the place is lost; see ws_seek.h */
	uint8_t state;
	uint8_t head_len;
	uint8_t head[WSFRAME_HEAD_MAX];
	uint8_t opcode; /* of this frame */
	uint8_t mask_at;
	bool fin;
	bool inside;   /* a message is not over */
	bool doubtful; /* ... or may not be: its frames are not all seen */
	bool packed;   /* it is compressed */
	bool torn;     /* bytes of it are missing */
	bool dead;     /* no more of it is handed on */
	bool window_lost;
	uint8_t mask[4];
	uint8_t control_len;
	char control[2]; /* the close code */
	uint64_t left;	 /* bytes of this frame's payload still to come */
	uint64_t wire;	 /* payload bytes of this message so far */
	uint64_t given;	 /* bytes of it after inflation */
};

/*
 * fn gets the messages. deflate as ws_extensions() has it. Calls for no memory until a message
 * needs it; when there is none, messages come in pieces, or unread.
 */
void ws_init(struct ws *w, enum ws_from from, const struct ws_deflate *deflate,
	     const struct ws_limits *limits, event_fn *fn, void *ctx);
/* The stream is joined somewhere. */
void ws_join(struct ws *w);
void ws_feed(struct ws *w, struct sv in);
/* The other side answers: what was fed is likely to end with a frame. Helps where one is sought. */
void ws_pause(struct ws *w);
/* count bytes are missing; 0: nobody knows how many. */
void ws_gap(struct ws *w, uint64_t count);
/* The stream ends: a message that is open ends truncated. */
void ws_close(struct ws *w);
void ws_done(struct ws *w);

#endif /* EARSHOT_PROTO_WS_H */
