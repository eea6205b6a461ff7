// SPDX-License-Identifier: Apache-2.0
#include "proto/ws_seek.h"

#include <errno.h>
#include <stdlib.h>

#define FIN    0x80
#define RSV1   0x40
#define RSV23  0x30
#define MASKED 0x80

#define OP_CONTINUE 0
#define OP_TEXT	    1
#define OP_BINARY   2
#define OP_CLOSE    8
#define OP_PONG	    10

/* Bits of evidence. */
#define BITS_HEAD  5
#define BITS_PART  3  /* a head without FIN: a byte of ASCII text can be one */
#define BITS_LONG  32 /* a length in the long form */
#define BITS_TEXT  6  /* begins as text does */
#define BITS_JSON  6  /* at each end */
#define BITS_START 4  /* the first frame: where a feed starts */
#define BITS_EXACT 6  /* ends where a feed ends */

/* So many bytes are looked at to tell a text. */
#define TEXT_START 8

/* Enough when no more bytes come, and the last frame ends with them. */
#define BITS_LIKELY 14

/* A frame or feed shorter than this says nothing by where it ends. */
#define EDGE_MIN 16

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

static bool is_control(uint8_t opcode)
{
	return opcode >= OP_CLOSE;
}

/* The length behind the first two bytes; false when it is not of the shortest form. */
static bool long_length(const uint8_t *p, size_t bytes, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | p[i];
	*ret = n;
	return bytes == 2 ? n > 125 : n > 0xffff && !(n >> 63);
}

static bool legal_first(uint8_t b, enum ws_packed packed)
{
	uint8_t opcode = b & 0x0f;

	if (b & RSV23 || (opcode > OP_BINARY && opcode < OP_CLOSE) || opcode > OP_PONG)
		return false;
	if (b & RSV1 && (packed == WS_NEVER_PACKED || (opcode != OP_TEXT && opcode != OP_BINARY)))
		return false;
	return b & FIN || !is_control(opcode);
}

int ws_head(struct sv in, enum ws_from from, enum ws_packed packed, struct ws_frame *ret)
{
	const uint8_t *p = (const uint8_t *)in.p;
	size_t bytes = 0, need = 2;
	uint64_t len;

	if (!in.len)
		return 0;
	if (!legal_first(p[0], packed))
		return -1;
	if (in.len < 2)
		return 0;
	if (!(p[1] & MASKED) != (from == WS_FROM_SERVER))
		return -1;
	len = p[1] & 0x7f;
	if (is_control(p[0] & 0x0f) && (len > 125 || ((p[0] & 0x0f) == OP_CLOSE && len == 1)))
		return -1;
	if (len > 125)
		bytes = len == 126 ? 2 : 8;
	if (in.len < need + bytes)
		return 0;
	if (bytes && !long_length(p + 2, bytes, &len))
		return -1;
	need += bytes;
	*ret = (struct ws_frame){
		.opcode = p[0] & 0x0f, .fin = p[0] & FIN, .packed = p[0] & RSV1, .len = len
	};
	if (from == WS_FROM_CLIENT) {
		if (in.len < need + 4)
			return 0;
		memcpy(ret->mask, p + need, 4);
		need += 4;
	}
	ret->head_len = (uint8_t)need;
	return (int)need;
}

bool ws_follows(const struct ws_frame *frame, bool *inside)
{
	if (is_control(frame->opcode))
		return true;
	if (*inside != (frame->opcode == OP_CONTINUE))
		return false;
	*inside = !frame->fin;
	return true;
}

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

/* Evidence. */

static bool is_edge(const struct ws_seek *s, size_t at)
{
	if (at == s->len)
		return true;
	for (size_t i = 0; i < s->edge_count; i++) {
		if (s->edges[i] == at)
			return true;
	}
	return false;
}

/* A payload's byte, unmasked. */
static char byte_of(const struct ws_seek *s, const struct ws_frame *f, size_t payload, uint64_t i)
{
	return (char)(s->buf[payload + i] ^ (s->from == WS_FROM_CLIENT ? f->mask[i & 3] : 0));
}

/* A text that is not packed: what its first bytes and its last one say; -1: it is none. */
static int text_bits(const struct ws_seek *s, const struct ws_frame *f, size_t payload)
{
	size_t there = f->len < s->len - payload ? (size_t)f->len : s->len - payload;
	int bits = there ? BITS_TEXT : 0;
	char c;

	if (f->opcode != OP_TEXT || f->packed || !there)
		return 0;
	for (size_t i = 0; i < there && i < TEXT_START; i++) {
		c = byte_of(s, f, payload, i);
		if ((unsigned char)c < ' ' && c != '\t' && c != '\r' && c != '\n')
			return -1;
	}
	c = byte_of(s, f, payload, 0);
	if (c != '{' && c != '[')
		return there < TEXT_START ? 0 : bits;
	bits += BITS_JSON;
	if (!f->fin || there < f->len)
		return bits;
	c = byte_of(s, f, payload, f->len - 1);
	return bits + (c == '}' || c == ']' ? BITS_JSON : 0);
}

static int edge_bits(const struct ws_seek *s, const struct ws_frame *f, size_t at, bool first)
{
	uint64_t len = f->head_len + f->len;
	int bits = 0;

	if (first && is_edge(s, at) && s->len - at >= EDGE_MIN)
		bits += BITS_START;
	if (len >= EDGE_MIN && len <= s->len - at && is_edge(s, at + (size_t)len))
		bits += BITS_EXACT;
	return bits;
}

/*
 * What speaks for a frame at this place: bits, or -1 when it is none. *ret_end: true when its
 * frames end where the kept bytes do.
 */
static int weigh(const struct ws_seek *s, size_t at, bool *ret_end)
{
	bool known = false, inside = false;
	size_t first = at;
	int bits = 0;

	*ret_end = false;
	while (at < s->len && bits < WS_SEEK_ENOUGH) {
		struct ws_frame f;
		int text, n = ws_head((struct sv){ s->buf + at, s->len - at }, s->from, s->packed,
				      &f);

		if (n < 0)
			return -1;
		if (!n)
			return bits;
		if (!known && !is_control(f.opcode)) {
			known = true;
			inside = f.opcode == OP_CONTINUE;
		}
		/* Nothing, and more to come: nobody sends that, but zeros look like it. */
		if (!ws_follows(&f, &inside) || (!f.fin && !f.len))
			return -1;
		text = text_bits(s, &f, at + f.head_len);
		if (text < 0)
			return -1;
		bits += (f.fin ? BITS_HEAD : BITS_PART) + (f.len > 0xffff ? BITS_LONG : 0) + text;
		bits += edge_bits(s, &f, at, at == first);
		if (f.len > s->len - at - f.head_len)
			return bits;
		at += f.head_len + (size_t)f.len;
	}
	*ret_end = at == s->len;
	return bits;
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

		if (bits >= WS_SEEK_ENOUGH) {
			take(s, s->places[i], ret_from, ret_skipped);
			return true;
		}
		if (bits >= 0)
			s->places[kept++] = s->places[i];
	}
	s->place_count = kept;
	for (; s->scanned < s->len; s->scanned++) {
		int bits = weigh(s, s->scanned, &end);

		if (bits >= WS_SEEK_ENOUGH) {
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

bool ws_seek_end(struct ws_seek *s, struct sv *ret_from, uint64_t *ret_skipped)
{
	*ret_skipped = 0;
	for (size_t i = 0; i < s->place_count; i++) {
		bool end;

		if (weigh(s, s->places[i], &end) < BITS_LIKELY || !end)
			continue;
		take(s, s->places[i], ret_from, ret_skipped);
		return true;
	}
	*ret_skipped = s->len - s->start;
	s->start = s->len = s->scanned = s->place_count = s->edge_count = 0;
	return false;
}

bool ws_plausible(struct sv bytes, enum ws_from from)
{
	struct ws_seek s = { .from = from,
			     .packed = WS_MAYBE_PACKED,
			     .buf = (char *)bytes.p,
			     .len = bytes.len,
			     .edge_count = 1 };
	bool end;
	int bits = weigh(&s, 0, &end);

	return bits >= WS_SEEK_ENOUGH || (end && bits >= BITS_LIKELY);
}
