/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_WS_SEEK_H
#define EARSHOT_PROTO_WS_SEEK_H

/*
 * ws_seek - finds where a frame begins in a direction of a WebSocket whose place is lost, by the
 * evidence that base/wsframe.h counts.
 */
#include "base/wsframe.h"

/* The longest frame with a 16-bit length, and its head and the next one's. */
#define WS_SEEK_MAX ((64u << 10) + 28)
/* Places that may be a frame's start and wait for more bytes. */
#define WS_SEEK_PLACES 64

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
/* The sender waits: takes what is likely and ends where the bytes do; else goes on searching. */
bool ws_seek_pause(struct ws_seek *s, struct sv *ret_from, uint64_t *ret_skipped);
/* No more bytes will come: takes what is likely rather than proven. */
bool ws_seek_end(struct ws_seek *s, struct sv *ret_from, uint64_t *ret_skipped);

#endif /* EARSHOT_PROTO_WS_SEEK_H */
