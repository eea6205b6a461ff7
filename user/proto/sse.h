/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_SSE_H
#define EARSHOT_PROTO_SSE_H

/*
 * sse - incremental parser for Server-Sent Events (WHATWG HTML, section 9.2).
 *
 * It is fed body bytes cut anywhere and hands on each complete event: its type ("message" when
 * the stream names none) and its data lines, joined by '\n'. No input can make it fail. An event
 * that lies whole in one feed is handed out from the fed bytes, not copied. A long event comes in
 * pieces (event.h); a field "event" that stands behind its first piece comes too late for it.
 */
#include "proto/event.h"

#define SSE_TYPE_MAX 64 /* longer event types are cut, and the event is truncated */

/* The fields are private: embed it, do not read it. */
struct sse {
	struct event_out *out;
	uint8_t state;
	uint8_t field;
	uint8_t name_len;
	uint8_t type_len;
	uint8_t bom;	/* bytes of a byte order mark seen */
	bool skip_lf;	/* the last byte was CR: an LF now is part of it */
	bool between;	/* the last line was blank: an event starts here */
	bool at_start;	/* nothing came yet: a byte order mark may stand here */
	bool line_seen; /* this line has a byte */
	bool type_cut;
	bool resync;  /* after a gap: drop all up to the next blank line */
	char name[8]; /* of the field; longer ones are none that are known */
	char type[SSE_TYPE_MAX];
};

/* Borrows out. */
void sse_init(struct sse *p, struct event_out *out);
void sse_feed(struct sse *p, struct sv in);

/*
 * Says that bytes were lost between the last feed and the next one. Costs the event in progress
 * and at most the one after it; never joins two halves.
 */
void sse_gap(struct sse *p);

/* The stream ends: an event without its end is dropped, as the standard has it. */
void sse_close(struct sse *p);

#endif /* EARSHOT_PROTO_SSE_H */
