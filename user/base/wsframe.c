// SPDX-License-Identifier: Apache-2.0
#include "base/wsframe.h"

#define FIN    0x80
#define RSV1   0x40
#define RSV23  0x30
#define MASKED 0x80

/* Bits of evidence. */
#define BITS_HEAD  5
#define BITS_PART  3  /* a head without FIN: a byte of ASCII text can be one */
#define BITS_LONG  32 /* a length in the long form, below 4 GiB: as many bits are zero */
#define BITS_TEXT  6  /* begins as text does */
#define BITS_JSON  6  /* at each end */
#define BITS_START 4  /* the first frame: where a feed starts */
#define BITS_EXACT 6  /* ends where a feed ends */

/* So many bytes are looked at to tell a text. */
#define TEXT_START 8

/* A frame or feed shorter than this says nothing by where it ends. */
#define EDGE_MIN 16

static bool is_control(uint8_t opcode)
{
	return opcode >= WS_CLOSE;
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

	if (b & RSV23 || (opcode > WS_BINARY && opcode < WS_CLOSE) || opcode > WS_PONG)
		return false;
	if (b & RSV1 && (packed == WS_NEVER_PACKED || (opcode != WS_TEXT && opcode != WS_BINARY)))
		return false;
	return b & FIN || !is_control(opcode);
}

int wsframe_read(struct sv in, enum ws_from from, enum ws_packed packed, struct wsframe *ret)
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
	if (is_control(p[0] & 0x0f) && (len > 125 || ((p[0] & 0x0f) == WS_CLOSE && len == 1)))
		return -1;
	if (len > 125)
		bytes = len == 126 ? 2 : 8;
	if (in.len < need + bytes)
		return 0;
	if (bytes && !long_length(p + 2, bytes, &len))
		return -1;
	need += bytes;
	*ret = (struct wsframe){
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

bool wsframe_follows(const struct wsframe *frame, bool *inside)
{
	if (is_control(frame->opcode))
		return true;
	if (*inside != (frame->opcode == WS_CONTINUE))
		return false;
	*inside = !frame->fin;
	return true;
}

/* Evidence. */

static bool is_edge(const struct wsframe_bytes *b, size_t at)
{
	if (at == b->bytes.len)
		return true;
	for (size_t i = 0; i < b->edge_count; i++) {
		if (b->edges[i] == at)
			return true;
	}
	return false;
}

/* A payload's byte, unmasked. */
static char byte_of(const struct wsframe_bytes *b, const struct wsframe *f, size_t payload,
		    uint64_t i)
{
	return (char)(b->bytes.p[payload + i] ^ (b->from == WS_FROM_CLIENT ? f->mask[i & 3] : 0));
}

/* A text that is not packed: what its first bytes and its last one say; -1: it is none. */
static int text_bits(const struct wsframe_bytes *b, const struct wsframe *f, size_t payload)
{
	size_t there = f->len < b->bytes.len - payload ? (size_t)f->len : b->bytes.len - payload;
	int bits = there ? BITS_TEXT : 0;
	char c;

	if (f->opcode != WS_TEXT || f->packed || !there)
		return 0;
	for (size_t i = 0; i < there && i < TEXT_START; i++) {
		c = byte_of(b, f, payload, i);
		if ((unsigned char)c < ' ' && c != '\t' && c != '\r' && c != '\n')
			return -1;
	}
	c = byte_of(b, f, payload, 0);
	if (c != '{' && c != '[')
		return there < TEXT_START ? 0 : bits;
	bits += BITS_JSON;
	if (!f->fin || there < f->len)
		return bits;
	c = byte_of(b, f, payload, f->len - 1);
	return bits + (c == '}' || c == ']' ? BITS_JSON : 0);
}

static int edge_bits(const struct wsframe_bytes *b, const struct wsframe *f, size_t at, bool first)
{
	uint64_t len = f->head_len + f->len;
	int bits = 0;

	if (first && is_edge(b, at) && b->bytes.len - at >= EDGE_MIN)
		bits += BITS_START;
	if (len >= EDGE_MIN && len <= b->bytes.len - at && is_edge(b, at + (size_t)len))
		bits += BITS_EXACT;
	return bits;
}

int wsframe_weigh(const struct wsframe_bytes *b, size_t at, bool *ret_end)
{
	bool known = false, inside = false;
	size_t first = at;
	int bits = 0;

	*ret_end = false;
	while (at < b->bytes.len && bits < WSFRAME_ENOUGH) {
		struct wsframe f;
		int text, n = wsframe_read((struct sv){ b->bytes.p + at, b->bytes.len - at },
					   b->from, b->packed, &f);

		if (n < 0)
			return -1;
		if (!n)
			return bits;
		if (!known && !is_control(f.opcode)) {
			known = true;
			inside = f.opcode == WS_CONTINUE;
		}
		/* Nothing, and more to come: nobody sends that, but zeros look like it. */
		if (!wsframe_follows(&f, &inside) || (!f.fin && !f.len) || f.len >> 32)
			return -1;
		text = text_bits(b, &f, at + f.head_len);
		if (text < 0)
			return -1;
		bits += (f.fin ? BITS_HEAD : BITS_PART) + (f.len > 0xffff ? BITS_LONG : 0) + text;
		bits += edge_bits(b, &f, at, at == first);
		if (f.len > b->bytes.len - at - f.head_len)
			return bits;
		at += f.head_len + (size_t)f.len;
	}
	*ret_end = at == b->bytes.len;
	return bits;
}

int wsframe_bits(struct sv bytes, enum ws_from from)
{
	const size_t start = 0;
	const struct wsframe_bytes b = { bytes, from, WS_MAYBE_PACKED, &start, 1 };
	bool end;
	int bits = wsframe_weigh(&b, 0, &end);

	return bits >= WSFRAME_ENOUGH || (end && bits >= WSFRAME_LIKELY) ? bits : -1;
}
