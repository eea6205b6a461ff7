/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_WSFRAME_H
#define EARSHOT_BASE_WSFRAME_H

/*
 * wsframe - heads of WebSocket frames (RFC 6455 section 5.2), and what speaks for one in bytes
 * that begin anywhere.
 *
 * Nothing marks a frame. What fits by chance is told from a frame by evidence, counted in bits:
 * a head with legal bits, a known opcode, the right mask bit and a length of the shortest form
 * (one pair of random bytes in 40 fits, in ASCII text far fewer); frames that follow each other
 * as fragments must; a length in the long form, whose upper bytes are zero; a text that begins
 * and ends as JSON; a start where a feed starts and an end where one ends, as senders write
 * frames.
 */
#include "base/sv.h"

enum ws_from {
	WS_FROM_CLIENT, /* its frames are masked (RFC 6455 section 5.1) */
	WS_FROM_SERVER,
};

/* May messages be packed (RSV1, RFC 7692 section 6)? */
enum ws_packed {
	WS_NEVER_PACKED,
	WS_MAYBE_PACKED,
};

enum ws_opcode {
	WS_CONTINUE = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8, /* control frames from here on */
	WS_PING = 9,
	WS_PONG = 10,
};

/* No head is longer. */
#define WSFRAME_HEAD_MAX 14

struct wsframe {
	uint8_t opcode; /* enum ws_opcode */
	bool fin;
	bool packed; /* RSV1 */
	uint8_t head_len;
	uint8_t mask[4];
	uint64_t len;
};

/*
 * Reads a head. Returns its length; 0: more bytes are needed; -1: it is none. Whether the frame
 * fits to the one before it is not looked at.
 */
int wsframe_read(struct sv in, enum ws_from from, enum ws_packed packed, struct wsframe *ret);

/* Does the frame fit behind others? inside: a message is not over. Moves it on. */
bool wsframe_follows(const struct wsframe *frame, bool *inside);

/* One place in sixteen million that are none has so many bits of evidence. */
#define WSFRAME_ENOUGH 24
/* Enough when no more bytes come, and the last frame ends with them. */
#define WSFRAME_LIKELY 14

/* Bytes, and where in them feeds began, in order; the last one ends with them. */
struct wsframe_bytes {
	struct sv bytes;
	enum ws_from from;
	enum ws_packed packed;
	const size_t *edges;
	size_t edge_count;
};

/*
 * What speaks for a frame at this place: bits, or -1 when it is none. *ret_end: its frames end
 * where the bytes do. It looks at as many frames as it takes for WSFRAME_ENOUGH.
 */
int wsframe_weigh(const struct wsframe_bytes *b, size_t at, bool *ret_end);

/*
 * Are these, the bytes of one feed, frames from the first byte on? Bits of evidence; -1: they are
 * not, or go on behind the feed and prove nothing.
 */
int wsframe_bits(struct sv bytes, enum ws_from from);

#endif /* EARSHOT_BASE_WSFRAME_H */
