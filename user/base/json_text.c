// SPDX-License-Identifier: Apache-2.0
#include "base/json_reader.h"

#include <errno.h>

#include "base/hex.h"
#include "base/scan.h"
#include "base/utf8.h"

#define REPLACEMENT SV("\xef\xbf\xbd")

typedef void put_fn(struct json_reader *r, struct sv s);

/* Hands out a piece of the string. */
static void piece(struct json_reader *r, struct sv s, bool last)
{
	struct json_event ev = {
		.kind = JSON_STRING,
		.first = r->first,
		.last = last,
		.index = json_index(r),
		.text = s,
	};

	r->first = false;
	json_emit(r, r->node, false, &ev);
}

static void scratch_flush(struct json_reader *r)
{
	if (!r->scratch_len)
		return;
	piece(r, (struct sv){ r->scratch, r->scratch_len }, false);
	r->scratch_len = 0;
}

static void put_string(struct json_reader *r, struct sv s)
{
	if (s.len > JSON_SCRATCH - r->scratch_len)
		scratch_flush(r);
	if (s.len >= JSON_SCRATCH) {
		piece(r, s, false);
		return;
	}
	memcpy(r->scratch + r->scratch_len, s.p, s.len);
	r->scratch_len += s.len;
}

static void put_raw(struct json_reader *r, struct sv s)
{
	for (size_t i = 0; i < r->raws && s.len; i++) {
		struct json_raw *raw = &r->raw[i];
		struct json_event ev = {
			.kind = JSON_RAW_TEXT,
			.first = raw->first,
			.index = raw->index,
			.text = s,
		};

		raw->first = false;
		json_emit(r, raw->node, true, &ev);
	}
}

static bool is_valid(struct sv s)
{
	return scan_high(s.p, s.p + s.len) == s.p + s.len || utf8_valid_len(s) == s.len;
}

/*
 * True when the n bytes at p (1 to 3, n > 0) are the start of a longer UTF-8 character
 * (RFC 3629 section 4).
 */
static bool char_begins(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;

	if (p[0] < 0xc2 || p[0] > 0xf4 || n >= (p[0] < 0xe0 ? 2u : p[0] < 0xf0 ? 3u : 4u))
		return false;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	return (n < 2 || (p[1] >= lo && p[1] <= hi)) && (n < 3 || (p[2] & 0xc0) == 0x80);
}

/* Takes bytes for the character that the piece before cut; returns where it ends. */
static const char *cut_resume(struct json_reader *r, struct json_cut *cut, const char *p,
			      const char *end, put_fn *put)
{
	while (cut->len && p < end) {
		struct sv whole = { cut->bytes, cut->len + 1u };

		cut->bytes[cut->len] = *p;
		if (utf8_valid_len(whole) == whole.len) {
			put(r, whole);
			cut->len = 0;
			p++;
		} else if (char_begins(whole.p, whole.len)) {
			cut->len++;
			p++;
		} else {
			put(r, REPLACEMENT);
			cut->len = 0;
		}
	}
	return p;
}

/* Hands [p, end) on to put, repaired; each longest start of a broken character is one mark. */
static void put_repaired(struct json_reader *r, struct json_cut *cut, const char *p,
			 const char *end, put_fn *put)
{
	struct sv s;

	p = cut_resume(r, cut, p, end, put);
	for (s = (struct sv){ p, (size_t)(end - p) }; s.len;) {
		size_t n = utf8_valid_len(s);

		if (n)
			put(r, sv_cut(s, n));
		s = sv_skip(s, n);
		for (n = 0; n < s.len && n < 3 && char_begins(s.p, n + 1); n++)
			;
		if (n == s.len) {
			memcpy(cut->bytes, s.p, n);
			cut->len = (uint8_t)n;
			return;
		}
		put(r, REPLACEMENT);
		s = sv_skip(s, n ? n : 1);
	}
}

/* Something that is not its rest follows: an open character or surrogate is broken. */
static void break_open(struct json_reader *r)
{
	if (r->str_cut.len || r->high)
		put_string(r, REPLACEMENT);
	r->str_cut.len = 0;
	r->high = 0;
}

static void put_decoded(struct json_reader *r, const char *p, size_t len)
{
	if (r->mode == JSON_MODE_KEY)
		json_buf_add(r, p, p + len, JSON_KEY_MAX);
	else if (r->mode == JSON_MODE_VALUE)
		put_string(r, (struct sv){ p, len });
}

/* cp is no surrogate. */
static void put_char(struct json_reader *r, uint32_t cp)
{
	char out[4];
	size_t n;

	if (cp < 0x80) {
		out[0] = (char)cp;
		n = 1;
	} else if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		n = 2;
	} else if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		n = 3;
	} else {
		out[0] = (char)(0xf0 | cp >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		out[i] = (char)(0x80 | (cp >> (6 * (n - 1 - i)) & 0x3f));
	put_decoded(r, out, n);
}

/* Takes text without escapes. */
static void run(struct json_reader *r, const char *p, const char *end)
{
	if (p == end)
		return;
	if (r->high) {
		r->high = 0;
		put_char(r, 0xfffd);
	}
	if (r->mode == JSON_MODE_KEY)
		json_buf_add(r, p, end, JSON_KEY_MAX);
	else if (!r->str_cut.len && scan_high(p, end) == end)
		put_string(r, (struct sv){ p, (size_t)(end - p) });
	else
		put_repaired(r, &r->str_cut, p, end, put_string);
}

/* A \u escape is whole. */
static void put_unit(struct json_reader *r, uint16_t unit)
{
	uint16_t high = r->high;

	r->high = 0;
	if (high && unit >= 0xdc00 && unit < 0xe000) {
		put_char(r, 0x10000u + ((high & 0x3ffu) << 10) + (unit & 0x3ffu));
		return;
	}
	if (high)
		put_char(r, 0xfffd);
	if (unit >= 0xd800 && unit < 0xdc00)
		r->high = unit;
	else
		put_char(r, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
}

static const char unescaped[256] = {
	['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
	['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

/* Inside an escape. */
static const char *escape(struct json_reader *r, const char *p, const char *end)
{
	for (; r->esc && p < end; p++) {
		int digit = hex_value(*p);
		char c = unescaped[(unsigned char)*p];

		if (r->esc > 1) {
			if (digit < 0)
				return json_fail(r, p);
			r->hex = (uint16_t)(r->hex << 4 | digit);
			r->esc = r->esc == 5 ? 0 : (uint8_t)(r->esc + 1);
			if (!r->esc)
				put_unit(r, r->hex);
		} else if (*p == 'u') {
			r->esc = 2;
			r->hex = 0;
		} else if (c) {
			r->esc = 0;
			if (r->high)
				put_unit(r, (unsigned char)c);
			else
				put_decoded(r, &c, 1);
		} else {
			return json_fail(r, p);
		}
	}
	return p;
}

/* p is behind the closing quote, text what stands before it and was not taken yet. */
static const char *string_end(struct json_reader *r, struct sv text, const char *p, const char *end)
{
	bool fresh = !r->scratch_len && !r->str_cut.len && !r->high;

	if (r->mode == JSON_MODE_SKIP) {
		json_value_done(r, p);
		return p;
	}
	if (r->mode == JSON_MODE_VALUE && fresh && is_valid(text)) {
		piece(r, text, true);
		json_value_done(r, p);
		return p;
	}
	run(r, text.p, text.p + text.len);
	if (r->mode == JSON_MODE_KEY) {
		if (r->high)
			put_char(r, 0xfffd);
		r->high = 0;
		return json_key_done(r, (struct sv){ r->buf, r->buf_len }, p, end);
	}
	break_open(r);
	piece(r, (struct sv){ r->scratch, r->scratch_len }, true);
	r->scratch_len = 0;
	json_value_done(r, p);
	return p;
}

const char *json_string(struct json_reader *r, const char *p, const char *end)
{
	while (p < end && !r->err) {
		const char *q;

		if (r->esc) {
			p = escape(r, p, end);
			if (r->state != JSON_ST_STRING)
				return p;
			continue;
		}
		q = scan_string(p, end);
		if (q < end && *q == '"')
			return string_end(r, (struct sv){ p, (size_t)(q - p) }, q + 1, end);
		if (r->mode != JSON_MODE_SKIP)
			run(r, p, q);
		if (q == end) {
			p = end;
			break;
		}
		if (*q != '\\')
			return json_fail(r, q);
		/* A character cannot go on behind a backslash; a surrogate can. */
		if (r->str_cut.len)
			break_open(r);
		r->esc = 1;
		p = q + 1;
		/* Most escapes are of two bytes, and whole. */
		if (p < end && !r->high && unescaped[(unsigned char)*p]) {
			r->esc = 0;
			put_decoded(r, &unescaped[(unsigned char)*p++], 1);
		}
	}
	if (r->mode == JSON_MODE_VALUE)
		scratch_flush(r);
	return p;
}

void json_raw_flush(struct json_reader *r, const char *p)
{
	put_repaired(r, &r->raw_cut, r->raw_from, p, put_raw);
	r->raw_from = p;
}

void json_raw_begin(struct json_reader *r, const char *p)
{
	if (r->raws == JSON_RAW_NEST)
		return;
	if (r->raws)
		json_raw_flush(r, p);
	r->raw_from = p;
	r->raw[r->raws++] = (struct json_raw){
		.index = json_index(r),
		.node = r->node,
		.depth = r->depth,
		.first = true,
	};
}

void json_raw_end(struct json_reader *r, const char *p)
{
	struct json_raw *raw = &r->raw[r->raws - 1];
	struct json_event ev = {
		.kind = JSON_RAW_TEXT,
		.last = true,
		.truncated = !p,
		.index = raw->index,
		.text = SV(""),
	};

	if (p && r->raws == 1 && !r->raw_cut.len) {
		struct sv s = { r->raw_from, (size_t)(p - r->raw_from) };

		/* Most raw values lie whole in one feed: one piece. */
		if (is_valid(s))
			ev.text = s;
		else
			json_raw_flush(r, p);
	} else if (p) {
		json_raw_flush(r, p);
	}
	r->raw_from = p;
	ev.first = raw->first;
	r->raws--;
	json_emit(r, raw->node, true, &ev);
}
