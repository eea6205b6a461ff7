// SPDX-License-Identifier: Apache-2.0
#include "base/h2frame.h"

static uint32_t read32(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

struct h2frame h2frame_read(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (struct h2frame){
		.length = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2],
		.type = b[3],
		.flags = b[4],
		.stream = read32(b + 5) & 0x7fffffff, /* the highest bit is reserved */
	};
}

enum on { ANY, CONNECTION, STREAM };

/* By type (section 6). */
static const struct rule {
	bool known;
	uint8_t flags; /* that have a meaning; senders leave the others unset */
	uint8_t on;
	uint8_t least; /* payload */
	uint8_t exact; /* payload; 0: any */
	uint8_t step;  /* its length is a multiple; 0: any */
} rules[] = {
	[H2_DATA] = { true, H2_END_STREAM | H2_PADDED, STREAM, 0, 0, 0 },
	[H2_HEADERS] = { true, H2_END_STREAM | H2_END_HEADERS | H2_PADDED | H2_PRIO, STREAM, 0, 0,
			 0 },
	[H2_PRIORITY] = { true, 0, STREAM, 5, 5, 0 },
	[H2_RST_STREAM] = { true, 0, STREAM, 4, 4, 0 },
	[H2_SETTINGS] = { true, H2_ACK, CONNECTION, 0, 0, 6 },
	[H2_PUSH_PROMISE] = { true, H2_END_HEADERS | H2_PADDED, STREAM, 4, 0, 0 },
	[H2_PING] = { true, H2_ACK, CONNECTION, 8, 8, 0 },
	[H2_GOAWAY] = { true, 0, CONNECTION, 8, 0, 0 },
	[H2_WINDOW_UPDATE] = { true, 0, ANY, 4, 4, 0 },
	[H2_CONTINUATION] = { true, H2_END_HEADERS, STREAM, 0, 0, 0 },
	[H2_ALTSVC] = { true, 0, ANY, 2, 0, 0 },
	[H2_ORIGIN] = { true, 0, CONNECTION, 0, 0, 0 },
	[H2_PRIORITY_UPDATE] = { true, 0, CONNECTION, 4, 0, 0 },
};

const char *h2frame_error(const struct h2frame *f)
{
	const struct rule *r = f->type < ARRAY_SIZE(rules) ? &rules[f->type] : NULL;

	/* Types that are not known are passed over (section 4.1). */
	if (!r || !r->known)
		return NULL;
	if (f->length < r->least || (r->exact && f->length != r->exact) ||
	    (r->step && f->length % r->step))
		return "frame of a wrong length";
	if (f->type == H2_SETTINGS && f->flags & H2_ACK && f->length)
		return "frame of a wrong length";
	if ((r->on == STREAM && !f->stream) || (r->on == CONNECTION && f->stream))
		return "frame on a wrong stream";
	return NULL;
}

/* Nobody has sent more requests than this on one connection, and few have sent frames as odd. */
#define STREAM_LIKELY	(1u << 24)
#define SETTINGS_LIKELY 96
#define ERROR_LIKELY	0x0d /* section 7 */

static bool stream_likely(const struct h2frame *f)
{
	if (f->stream > STREAM_LIKELY)
		return false;
	/* Clients' streams are odd; those of servers, which push, nobody uses. */
	return f->stream == 0 || f->stream % 2 || f->type == H2_PRIORITY;
}

static bool length_likely(const struct h2frame *f)
{
	if (f->type == H2_SETTINGS)
		return f->length <= SETTINGS_LIKELY;
	return f->length <= H2FRAME_LEN && (f->type != H2_HEADERS || f->length);
}

/* At a place that may be any: stricter than what has to be let pass at a known one. */
static bool head_likely(const char *p)
{
	const struct h2frame f = h2frame_read(p);

	if (f.type >= ARRAY_SIZE(rules) || !rules[f.type].known || h2frame_error(&f))
		return false;
	return !((unsigned char)p[5] & 0x80) && !(f.flags & ~rules[f.type].flags) &&
	       stream_likely(&f) && length_likely(&f);
}

/* What stands behind the header of a small frame. */
static enum h2frame_match payload_match(const struct h2frame *f, struct sv payload)
{
	const unsigned char *b = (const unsigned char *)payload.p;

	if (f->type == H2_PING || (f->type == H2_SETTINGS && f->flags & H2_ACK))
		return H2FRAME_YES;
	if (f->type != H2_WINDOW_UPDATE && f->type != H2_RST_STREAM)
		return H2FRAME_MAYBE;
	if (payload.len < 4)
		return H2FRAME_MAYBE;
	if (f->type == H2_RST_STREAM)
		return read32(b) <= ERROR_LIKELY ? H2FRAME_YES : H2FRAME_NO;
	return read32(b) && !(b[0] & 0x80) ? H2FRAME_YES : H2FRAME_NO;
}

/* A header behind a first one: what there is of it. */
static bool next_likely(struct sv s)
{
	return s.len < H2FRAME_HEAD || head_likely(s.p);
}

enum h2frame_match h2frame_match(struct sv s, size_t *ret_need)
{
	enum h2frame_match m;
	struct h2frame f;
	size_t end;

	if (s.len < H2FRAME_HEAD) {
		*ret_need = H2FRAME_HEAD;
		return H2FRAME_MAYBE;
	}
	if (!head_likely(s.p))
		return H2FRAME_NO;
	f = h2frame_read(s.p);
	end = H2FRAME_HEAD + (size_t)f.length;
	m = payload_match(&f, sv_skip(s, H2FRAME_HEAD));
	if (m != H2FRAME_MAYBE)
		return m;
	/* A few zeros may look like an empty frame; there is no end to compare. */
	if (s.len == end && f.length)
		return H2FRAME_YES;
	if (s.len > end && !next_likely(sv_skip(s, end)))
		return H2FRAME_NO;
	if (s.len >= end + H2FRAME_HEAD)
		return H2FRAME_YES;
	*ret_need = s.len < end ? end : end + H2FRAME_HEAD;
	return H2FRAME_MAYBE;
}

struct h2frame_place h2frame_find(struct sv s)
{
	struct h2frame_place none = { .at = s.len, .need = SIZE_MAX };
	size_t need;

	for (size_t i = 0; i < s.len; i++) {
		enum h2frame_match m = h2frame_match(sv_skip(s, i), &need);

		if (m == H2FRAME_YES)
			return (struct h2frame_place){ .found = true, .at = i };
		if (m == H2FRAME_NO)
			continue;
		none.at = i < none.at ? i : none.at;
		none.need = i + need < none.need ? i + need : none.need;
	}
	return none;
}

/*
 * A header block begins with a pseudo-header field, after a change of the table's size (RFC 7541
 * section 6): of the static table 1 to 7 are a request's, 8 to 14 are :status.
 */
static int block_sender(struct sv block)
{
	unsigned int index, lead;

	while (block.len && ((unsigned char)block.p[0] & 0xe0) == 0x20) {
		size_t n = 1;

		/* A size of 31 and more goes on in the next bytes. */
		if (((unsigned char)block.p[0] & 0x1f) == 0x1f) {
			while (n < block.len && (unsigned char)block.p[n] & 0x80)
				n++;
			n += n < block.len;
		}
		block = sv_skip(block, n);
	}
	if (!block.len)
		return 0;
	lead = (unsigned char)block.p[0];
	index = lead & 0x80 ? lead & 0x7f : lead & 0x40 ? lead & 0x3f : lead & 0x0f;
	return index >= 1 && index <= 7 ? 1 : index >= 8 && index <= 14 ? -1 : 0;
}

static int frame_sender(const struct h2frame *f, struct sv payload)
{
	size_t prefix = (f->flags & H2_PADDED ? 1 : 0) + (f->flags & H2_PRIO ? 5 : 0);

	if (f->type == H2_PUSH_PROMISE || f->type == H2_ALTSVC || f->type == H2_ORIGIN)
		return -1;
	if (f->type == H2_PRIORITY_UPDATE)
		return 1;
	if (f->type != H2_HEADERS || payload.len <= prefix)
		return 0;
	return block_sender(sv_skip(payload, prefix));
}

int h2frame_sender(struct sv s)
{
	int told = 0;

	while (!told && s.len >= H2FRAME_HEAD) {
		struct h2frame f = h2frame_read(s.p);

		s = sv_skip(s, H2FRAME_HEAD);
		told = frame_sender(&f, sv_cut(s, f.length));
		s = sv_skip(s, f.length < s.len ? f.length : s.len);
	}
	return told;
}
