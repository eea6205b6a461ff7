/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_UNIT_PROTO_EVENTS_H
#define EARSHOT_TESTS_UNIT_PROTO_EVENTS_H

/*
 * events - writes events down: "[type|data]", pieces joined; in front of ']' '+' for truncated,
 * '?' for unread, '!' for an exception. Bytes missing are a '~'. Long data is told by its length.
 */
#include "cuts.h"
#include "proto/event.h"

#define EVENTS_SHOWN 200

struct events {
	struct notes notes;
	uint64_t size; /* of the last event, as it says */
	uint64_t data; /* bytes of it that were handed on */
	size_t pieces;
	bool open;
};

static inline void events_reset(struct events *e)
{
	notes_reset(&e->notes);
	e->size = e->data = e->pieces = 0;
	e->open = false;
}

static inline void events_note(void *ctx, const struct event *ev)
{
	struct events *e = ctx;

	/* The rules of pieces. */
	if (e->open != ev->cont)
		abort();
	if (!ev->cont) {
		note(&e->notes, "[%.*s|", SV_ARG(ev->type));
		e->data = e->pieces = 0;
	}
	if (ev->gap)
		note(&e->notes, "~");
	if (e->data + ev->data.len <= EVENTS_SHOWN)
		note(&e->notes, "%.*s", SV_ARG(ev->data));
	e->data += ev->data.len;
	e->pieces++;
	e->open = ev->more;
	if (ev->more)
		return;
	e->size = ev->size;
	if (e->data > EVENTS_SHOWN)
		note(&e->notes, "...%zu", (size_t)e->data);
	note(&e->notes, "%s%s%s]", ev->truncated ? "+" : "", ev->unread ? "?" : "",
	     ev->exception ? "!" : "");
}

#endif /* EARSHOT_TESTS_UNIT_PROTO_EVENTS_H */
