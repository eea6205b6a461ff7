/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_SSE_H
#define EARSHOT_PROTO_SSE_H

/*
 * sse - incremental parser for Server-Sent Events (WHATWG HTML, section 9.2).
 *
 * It is fed body bytes cut anywhere and calls back once per complete event.
 * It never allocates and no input can make it fail: what does not fit in the
 * caller's buffer is cut off, and the event it belonged to says so. An event
 * that lies whole in one feed is handed out from the fed bytes, not copied.
 */
#include "base/sv.h"

#define SSE_TYPE_MAX 64	 /* longer event types are cut */
#define SSE_BUF_MIN  128 /* smallest buffer sse_init() takes */

/* One event. Its bytes die when the callback returns. */
struct sse_event {
	struct sv type; /* "message" when the stream names none */
	struct sv data; /* the data lines, joined by '\n' */
	bool truncated; /* some bytes of this event did not fit */
};

/* Returns 0 to go on, or a negative errno to stop the feed that called it. */
typedef int sse_event_fn(void *ctx, const struct sse_event *ev);

/*
 * Asked for a buffer of want bytes or more when an event does not fit. Returns it with what
 * stood in the old one, and its size in *ret_cap; or NULL: the event is cut. ctx is sse_init's.
 */
typedef char *sse_grow_fn(void *ctx, size_t want, size_t *ret_cap);

/* The fields are private: embed it, do not read it. */
struct sse {
	sse_event_fn *fn;
	sse_grow_fn *grow;
	void *ctx;
	char *buf; /* [0, data_len) data so far, then [.., +line_len) this line */
	size_t cap;
	size_t limit; /* events up to here are not cut: cap, or what grow() goes up to */
	size_t data_len;
	size_t line_len;
	size_t type_len;
	char type[SSE_TYPE_MAX];
	bool line_seen; /* this line has a byte, stored or not */
	bool skip_lf;	/* the last byte was CR: an LF now is part of it */
	bool between;	/* the last line was blank: an event starts here */
	bool at_start;	/* still in the first line, where a BOM may stand */
	bool truncated;
	bool resync; /* after a gap: drop all up to the next blank line */
};

/* Borrows buf until p is no longer fed. Returns -EINVAL if it is too small. */
int sse_init(struct sse *p, char *buf, size_t cap, sse_event_fn *fn, void *ctx);

/* From now on the buffer may grow, up to limit bytes. */
void sse_set_grow(struct sse *p, size_t limit, sse_grow_fn *grow);

/* Returns 0, or what fn returned to stop; p must then be set up again. */
int sse_feed(struct sse *p, struct sv in);

/*
 * Says that bytes were lost between the last feed and the next one. Costs the
 * event in progress and at most the one after it; never joins two halves.
 */
void sse_gap(struct sse *p);

#endif /* EARSHOT_PROTO_SSE_H */
