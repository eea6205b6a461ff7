/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_FUZZ_EVENTS_H
#define EARSHOT_TESTS_FUZZ_EVENTS_H

/* events - a digest of events in which pieces are joined; checks what event.h promises. */
#include "cut.h"
#include "proto/event.h"

struct events {
	uint64_t trace;
	uint64_t len;	/* of the open event's data */
	uint64_t limit; /* of one event's data */
	bool open;
	bool gaps; /* the input has such: else no event may speak of one */
};

static inline void events_add(void *ctx, const struct event *ev)
{
	struct events *e = ctx;

	CHECK(ev->cont == e->open && (!ev->gap || e->gaps));
	CHECK(ev->more || ev->truncated || ev->cont || ev->data.len <= e->limit);
	if (!ev->cont) {
		CHECK(ev->more == false || ev->data.len);
		e->len = 0;
		trace_add(&e->trace, ev->type.p, ev->type.len);
		trace_int(&e->trace, ev->exception);
	}
	e->len += ev->data.len;
	CHECK(e->len <= e->limit);
	trace_add(&e->trace, ev->data.p, ev->data.len);
	e->open = ev->more;
	if (ev->more)
		return;
	trace_int(&e->trace, ev->size);
	trace_int(&e->trace, e->len);
	trace_int(&e->trace, ev->truncated * 2u + ev->unread);
}

#endif /* EARSHOT_TESTS_FUZZ_EVENTS_H */
