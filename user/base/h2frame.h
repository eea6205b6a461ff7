/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_H2FRAME_H
#define EARSHOT_BASE_H2FRAME_H

/*
 * h2frame - frame headers of HTTP/2 (RFC 9113 section 4.1), and where in bytes that begin
 * anywhere one is likely to stand. No text and hardly any compressed data looks like one: eight
 * of its nine bytes are bound by rules.
 */
#include "base/sv.h"

#define H2FRAME_HEAD 9
/* Frames are no longer than this unless their receiver allows it (section 6.5.2). */
#define H2FRAME_LEN 16384
/* The client's first bytes (section 3.4). */
#define H2FRAME_PREFACE SV("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

/* Section 6; RFC 7838, RFC 8336, RFC 9218. */
enum h2frame_type {
	H2_DATA = 0,
	H2_HEADERS = 1,
	H2_PRIORITY = 2,
	H2_RST_STREAM = 3,
	H2_SETTINGS = 4,
	H2_PUSH_PROMISE = 5,
	H2_PING = 6,
	H2_GOAWAY = 7,
	H2_WINDOW_UPDATE = 8,
	H2_CONTINUATION = 9,
	H2_ALTSVC = 0xa,
	H2_ORIGIN = 0xc,
	H2_PRIORITY_UPDATE = 0x10,
};

enum {
	H2_END_STREAM = 1, /* DATA, HEADERS */
	H2_ACK = 1,	   /* SETTINGS, PING */
	H2_END_HEADERS = 4,
	H2_PADDED = 8,
	H2_PRIO = 0x20,
};

struct h2frame {
	uint32_t length;
	uint8_t type;
	uint8_t flags;
	uint32_t stream;
};

/* p holds H2FRAME_HEAD bytes. */
struct h2frame h2frame_read(const char *p);

/* What the protocol asks of a frame of this type; NULL, or what it breaks, as static text. */
const char *h2frame_error(const struct h2frame *f);

enum h2frame_match {
	H2FRAME_NO,
	H2FRAME_MAYBE, /* more bytes will tell */
	H2FRAME_YES,
};

/*
 * Whether frames follow each other from the start of s on: two headers in a row, or one whose
 * frame ends where s ends (an empty frame has no end to tell by), or one small frame that is all
 * rules. Frames longer than H2FRAME_LEN, which some receivers allow, are not looked for: what
 * follows them is found soon enough.
 * *ret_need, set with MAYBE: no shorter s will tell more.
 */
enum h2frame_match h2frame_match(struct sv s, size_t *ret_need);

struct h2frame_place {
	bool found;
	size_t at;   /* of the first match; else nothing before it is part of one */
	size_t need; /* no shorter s will tell more */
};

/* The first place in s where h2frame_match() says yes. */
struct h2frame_place h2frame_find(struct sv s);

/* Who sends these frames: 1 the client, -1 the server, 0 not told. s: a match. */
int h2frame_sender(struct sv s);

#endif /* EARSHOT_BASE_H2FRAME_H */
