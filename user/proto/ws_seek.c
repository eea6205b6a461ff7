// SPDX-License-Identifier: Apache-2.0
#include "proto/ws_seek.h"

#include <errno.h>
#include <stdlib.h>

/* Ends of feeds that are remembered. */
#define EDGES 32

struct ws_seek {
	enum ws_from from;
	enum ws_packed packed;
	char *buf;
	size_t start; /* kept: [start, len) */
	size_t len;
	size_t cap;
	size_t scanned; /* places before it were looked at */
	size_t place_count;
	size_t places[WS_SEEK_PLACES]; /* in order */
	size_t edge_count;
	size_t edges[EDGES]; /* where feeds began, in order; the newest ends at len */
};

int ws_seek_new(struct ws_seek **ret, enum ws_from from, enum ws_packed packed)
{
	struct ws_seek *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->from = from;
	s->packed = packed;
	*ret = s;
	return 0;
}

void ws_seek_free(struct ws_seek *s)
{
	if (!s)
		return;
	free(s->buf);
	free(s);
}

static int weigh(const struct ws_seek *s, size_t at, bool *ret_end)
{
	const struct wsframe_bytes b = {
		.bytes = { s->buf, s->len },
		.from = s->from,
		.packed = s->packed,
		.edges = s->edges,
		.edge_count = s->edge_count,
	};

	return wsframe_weigh(&b, at, ret_end);
}

/* Keeping. */

static void drop_before(struct ws_seek *s, size_t at)
{
	size_t gone = 0, edge = 0;

	while (gone < s->place_count && s->places[gone] < at)
		gone++;
	s->place_count -= gone;
	memmove(s->places, s->places + gone, s->place_count * sizeof(s->places[0]));
	while (edge < s->edge_count && s->edges[edge] < at)
		edge++;
	s->edge_count -= edge;
	memmove(s->edges, s->edges + edge, s->edge_count * sizeof(s->edges[0]));
	s->start = at;
	if (s->scanned < at)
		s->scanned = at;
}

/* Moves what is kept to the front. */
static void compact(struct ws_seek *s)
{
	size_t by = s->start;

	memmove(s->buf, s->buf + by, s->len - by);
	for (size_t i = 0; i < s->place_count; i++)
		s->places[i] -= by;
	for (size_t i = 0; i < s->edge_count; i++)
		s->edges[i] -= by;
	s->start = 0;
	s->len -= by;
	s->scanned -= by;
}

static int reserve(struct ws_seek *s, size_t n)
{
	size_t cap = s->cap ? s->cap : 4096;
	char *buf;

	while (cap < s->len + n)
		cap *= 2;
	if (cap > WS_SEEK_MAX)
		cap = WS_SEEK_MAX;
	if (cap == s->cap)
		return 0;
	buf = realloc(s->buf, cap);
	if (!buf)
		return -ENOMEM;
	s->buf = buf;
	s->cap = cap;
	return 0;
}

/* Keeps in, at the cost of the oldest bytes. Returns how many were given up. */
static uint64_t keep(struct ws_seek *s, struct sv in)
{
	uint64_t gone = 0;

	if (!in.len)
		return 0;
	if (s->len - s->start + in.len > WS_SEEK_MAX) {
		gone = s->len - s->start + in.len - WS_SEEK_MAX;
		drop_before(s, s->start + (size_t)gone);
	}
	if (s->start && s->len + in.len > WS_SEEK_MAX)
		compact(s);
	if (reserve(s, in.len)) {
		gone += s->len - s->start + in.len;
		s->start = s->len = s->scanned = s->place_count = s->edge_count = 0;
		return gone;
	}
	if (s->edge_count == EDGES) {
		s->edge_count--;
		memmove(s->edges, s->edges + 1, s->edge_count * sizeof(s->edges[0]));
	}
	s->edges[s->edge_count++] = s->len;
	memcpy(s->buf + s->len, in.p, in.len);
	s->len += in.len;
	return gone;
}

static void add_place(struct ws_seek *s, size_t at)
{
	/* Too many to be true: the oldest goes. */
	if (s->place_count == WS_SEEK_PLACES) {
		s->place_count--;
		memmove(s->places, s->places + 1, s->place_count * sizeof(s->places[0]));
	}
	s->places[s->place_count++] = at;
}

/* Found: hands out what is kept from there on, and forgets the search. */
static void take(struct ws_seek *s, size_t at, struct sv *ret_from, uint64_t *ret_skipped)
{
	*ret_skipped += at - s->start;
	*ret_from = (struct sv){ s->buf + at, s->len - at };
	/* Kept, should they break off. */
	s->place_count = 0;
	s->start = s->scanned = s->len;
}

void ws_seek_back(struct ws_seek *s, size_t count)
{
	s->start = s->scanned = s->len - count;
	s->place_count = 0;
}

bool ws_seek_feed(struct ws_seek *s, struct sv in, struct sv *ret_from, uint64_t *ret_skipped)
{
	size_t kept = 0;
	bool end;

	*ret_skipped = keep(s, in);
	for (size_t i = 0; i < s->place_count; i++) {
		int bits = weigh(s, s->places[i], &end);

		if (bits >= WSFRAME_ENOUGH) {
			take(s, s->places[i], ret_from, ret_skipped);
			return true;
		}
		if (bits >= 0)
			s->places[kept++] = s->places[i];
	}
	s->place_count = kept;
	for (; s->scanned < s->len; s->scanned++) {
		int bits = weigh(s, s->scanned, &end);

		if (bits >= WSFRAME_ENOUGH) {
			take(s, s->scanned, ret_from, ret_skipped);
			return true;
		}
		if (bits >= 0)
			add_place(s, s->scanned);
	}
	/* Nothing before the first place will ever be wanted. */
	kept = s->place_count ? s->places[0] : s->len;
	*ret_skipped += kept - s->start;
	drop_before(s, kept);
	return false;
}

bool ws_seek_pause(struct ws_seek *s, struct sv *ret_from, uint64_t *ret_skipped)
{
	*ret_skipped = 0;
	for (size_t i = 0; i < s->place_count; i++) {
		bool end;

		if (weigh(s, s->places[i], &end) < WSFRAME_LIKELY || !end)
			continue;
		take(s, s->places[i], ret_from, ret_skipped);
		return true;
	}
	return false;
}

bool ws_seek_end(struct ws_seek *s, struct sv *ret_from, uint64_t *ret_skipped)
{
	if (ws_seek_pause(s, ret_from, ret_skipped))
		return true;
	*ret_skipped = s->len - s->start;
	s->start = s->len = s->scanned = s->place_count = s->edge_count = 0;
	return false;
}
