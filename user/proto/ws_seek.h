/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_WS_SEEK_H
#define EARSHOT_PROTO_WS_SEEK_H

/*
 * ws_seek - finds where a frame begins in a direction of a WebSocket whose place is lost.
 *
 * Nothing marks a frame. What fits by chance is told from a frame by evidence, counted in bits:
 * a head with legal bits, a known opcode, the right mask bit and a length of the shortest form
 * (one pair of random bytes in 40 fits, in ASCII text far fewer); frames that follow each other
 * as fragments must; a length in the long form, whose upper bytes are zero; a text that begins
 * and ends as JSON; a start where a feed starts and an end where one ends, as senders write
 * frames. WS_SEEK_ENOUGH bits settle it.
 */
#include "proto/ws.h"

/* The longest frame with a 16-bit length, and its head and the next one's. */
#define WS_SEEK_MAX ((64u << 10) + 28)
/* Places that may be a frame's start and wait for more bytes. */
#define WS_SEEK_PLACES 64
/* One place in sixteen million that are none. */
#define WS_SEEK_ENOUGH 24

struct ws_frame {
	uint8_t opcode;
	bool fin;
	bool packed; /* RSV1 */
	uint8_t head_len;
	uint8_t mask[4];
	uint64_t len;
};

/* What packed frames may be: see ws_head(). */
enum ws_packed {
	WS_NEVER_PACKED,
	WS_MAYBE_PACKED,
};

/*
 * Reads a head. Returns its length; 0: more bytes are needed; -1: it is none. Whether the frame
 * fits to the one before it is not looked at.
 */
int ws_head(struct sv in, enum ws_from from, enum ws_packed packed, struct ws_frame *ret);

/*
 * Does frame fit behind others? inside: a message is not over. Moves it on.
 */
bool ws_follows(const struct ws_frame *frame, bool *inside);

struct ws_seek;

int ws_seek_new(struct ws_seek **ret, enum ws_from from, enum ws_packed packed);
void ws_seek_free(struct ws_seek *s);

/*
 * Looks through one more feed. Returns true when a frame's start is found: what is kept from there
 * on is *ret_from, which lives until the next call; *ret_skipped: bytes before it, and bytes given
 * up on the way. Else *ret_skipped are those given up.
 */
bool ws_seek_feed(struct ws_seek *s, struct sv in, struct sv *ret_from, uint64_t *ret_skipped);
/* The last so many bytes of what was found are no frames after all: they are looked through. */
void ws_seek_back(struct ws_seek *s, size_t count);
/* No more bytes will come: takes what is likely rather than proven. */
bool ws_seek_end(struct ws_seek *s, struct sv *ret_from, uint64_t *ret_skipped);

/* Would this be the start of a stream's direction, joined anywhere? For stream/detect. */
bool ws_plausible(struct sv bytes, enum ws_from from);

#endif /* EARSHOT_PROTO_WS_SEEK_H */
