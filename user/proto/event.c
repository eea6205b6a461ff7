// SPDX-License-Identifier: Apache-2.0
#include "proto/event.h"

#include <stdlib.h>

/* What the buffer starts with: most messages that are cut by a record's end are short. */
#define EVENT_BUF_MIN 1024

void event_out_init(struct event_out *o, uint64_t limit, event_fn *fn, void *ctx)
{
	*o = (struct event_out){ .fn = fn, .ctx = ctx, .limit = limit };
}

void event_out_done(struct event_out *o)
{
	free(o->buf);
	o->buf = NULL;
	o->len = o->cap = 0;
}

static void give(struct event_out *o, struct sv data)
{
	o->ev.data = data;
	o->fn(o->ctx, &o->ev);
	o->ev.cont = true;
	o->ev.gap = false;
}

void event_begin(struct event_out *o, struct sv type, bool exception)
{
	o->ev = (struct event){ .type = type, .exception = exception };
	o->len = 0;
	o->left = o->limit;
	o->open = true;
	o->cut = false;
	o->events++;
}

/* What fits into this event. */
static struct sv within(struct event_out *o, struct sv bytes)
{
	if (bytes.len > o->left) {
		bytes.len = (size_t)o->left;
		o->cut = true;
		o->ev.truncated = true;
	}
	o->left -= bytes.len;
	return bytes;
}

/* Room for n bytes more; false when they are too many to be kept, or memory ended. */
static bool reserve(struct event_out *o, size_t n)
{
	size_t cap = o->cap ? o->cap : EVENT_BUF_MIN;
	char *buf;

	if (n > EVENT_WHOLE_MAX - o->len)
		return false;
	while (cap < o->len + n)
		cap *= 2;
	if (cap == o->cap)
		return true;
	buf = realloc(o->buf, cap);
	if (!buf)
		return false;
	o->buf = buf;
	o->cap = cap;
	return true;
}

/* What is kept goes out, and the event goes on. */
static void flush(struct event_out *o)
{
	struct sv kept = { o->buf, o->len };

	if (!o->len)
		return;
	o->len = 0;
	o->ev.more = true;
	give(o, kept);
	o->ev.more = false;
}

/* Keeps bytes; false: they must be handed on. */
static bool keep(struct event_out *o, struct sv bytes)
{
	/* Once in pieces, always in pieces: there is nothing to be whole any more. */
	if (o->ev.cont || o->ev.gap || !reserve(o, bytes.len))
		return false;
	memcpy(o->buf + o->len, bytes.p, bytes.len);
	o->len += bytes.len;
	return true;
}

void event_add(struct event_out *o, struct sv bytes)
{
	bytes = within(o, bytes);
	if (!bytes.len || keep(o, bytes))
		return;
	flush(o);
	o->ev.more = true;
	give(o, bytes);
	o->ev.more = false;
}

void event_skip(struct event_out *o)
{
	flush(o);
	o->ev.gap = true;
	o->ev.truncated = true;
}

void event_end(struct event_out *o, struct sv bytes)
{
	bytes = within(o, bytes);
	if (o->len && bytes.len && !keep(o, bytes))
		flush(o);
	else if (o->len)
		bytes = (struct sv){ o->buf, o->len };
	o->len = 0;
	o->open = false;
	give(o, bytes);
}

void event_drop(struct event_out *o)
{
	if (!o->open)
		return;
	o->len = 0;
	o->open = false;
	if (!o->ev.cont) {
		o->events--;
		return;
	}
	o->ev.truncated = true;
	give(o, SV_NONE);
}

void event_retype(struct event_out *o, struct sv type)
{
	if (!o->ev.cont)
		o->ev.type = type;
}

void event_truncated(struct event_out *o)
{
	o->ev.truncated = true;
}

void event_unread(struct event_out *o)
{
	o->ev.unread = true;
}

void event_size(struct event_out *o, uint64_t bytes)
{
	o->ev.size += bytes;
}
