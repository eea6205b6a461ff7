// SPDX-License-Identifier: Apache-2.0
#include "base/json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "base/utf8.h"

static void sep(struct json_writer *w)
{
	if (w->comma)
		buf_addc(w->out, ',');
	w->comma = true;
}

static void open(struct json_writer *w, char c)
{
	sep(w);
	buf_addc(w->out, c);
	w->comma = false;
}

static void close(struct json_writer *w, char c)
{
	buf_addc(w->out, c);
	w->comma = true;
}

void json_write_object(struct json_writer *w)
{
	open(w, '{');
}

void json_write_object_end(struct json_writer *w)
{
	close(w, '}');
}

void json_write_array(struct json_writer *w)
{
	open(w, '[');
}

void json_write_array_end(struct json_writer *w)
{
	close(w, ']');
}

/*
 * What a byte needs: 0 nothing, 'u' a \u00xx escape, 8 a look at the whole character, else
 * the letter behind the backslash.
 */
static const unsigned char escape[256] = {
	[0x00 ... 0x07] = 'u', ['\b'] = 'b',  ['\t'] = 't', ['\n'] = 'n',
	[0x0b] = 'u',	       ['\f'] = 'f',  ['\r'] = 'r', [0x0e ... 0x1f] = 'u',
	['"'] = '"',	       ['\\'] = '\\', [0x7f] = 'u', [0x80 ... 0xff] = 8,
};

static size_t plain_len(struct sv s)
{
	size_t n = 0;

	while (n < s.len && escape[(unsigned char)s.p[n]] == 0)
		n++;
	return n;
}

/*
 * U+0085, U+2028 and U+2029 end a line for many readers of text, though not for JSON: one
 * value a line stays one line only when they are escaped.
 */
static bool is_line_end(struct sv c, char out[8], size_t *out_len)
{
	const char *as = sv_eq(c, SV("\xc2\x85"))	? "\\u0085"
			 : sv_eq(c, SV("\xe2\x80\xa8")) ? "\\u2028"
			 : sv_eq(c, SV("\xe2\x80\xa9")) ? "\\u2029"
							: NULL;

	if (!as)
		return false;
	*out_len = 6;
	memcpy(out, as, *out_len);
	return true;
}

/* The character or escape at the start of s, as bytes of JSON; returns bytes of s used. */
static size_t special(struct sv s, char out[8], size_t *out_len)
{
	unsigned char c = (unsigned char)s.p[0];
	unsigned char how = escape[c];
	size_t n = 1;

	if (how == 8) {
		while (n < s.len && n < 4 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n++;
		n = utf8_valid_len((struct sv){ s.p, n });
		if (is_line_end((struct sv){ s.p, n }, out, out_len))
			return n;
		*out_len = n ? n : 3;
		memcpy(out, n ? s.p : "\xef\xbf\xbd", *out_len);
		return n ? n : 1;
	}
	if (how == 'u') {
		*out_len = (size_t)snprintf(out, 8, "\\u%04x", c);
	} else {
		out[0] = '\\';
		out[1] = (char)how;
		*out_len = 2;
	}
	return n;
}

void json_write_string(struct json_writer *w, struct sv s)
{
	sep(w);
	buf_addc(w->out, '"');
	while (s.len) {
		size_t n = plain_len(s), len;
		char out[8];

		if (n) {
			buf_add(w->out, (struct sv){ s.p, n });
			s = sv_skip(s, n);
			continue;
		}
		s = sv_skip(s, special(s, out, &len));
		buf_add(w->out, (struct sv){ out, len });
	}
	buf_addc(w->out, '"');
}

size_t json_string_len(struct sv s)
{
	size_t sum = 0;

	while (s.len) {
		size_t n = plain_len(s), len;
		char out[8];

		if (n == 0)
			n = special(s, out, &len);
		else
			len = n;
		sum += len;
		s = sv_skip(s, n);
	}
	return sum;
}

void json_write_key(struct json_writer *w, struct sv key)
{
	json_write_string(w, key);
	buf_addc(w->out, ':');
	w->comma = false;
}

void json_write_pair(struct json_writer *w, struct sv key, struct sv s)
{
	json_write_key(w, key);
	json_write_string(w, s);
}

void json_write_text(struct json_writer *w, struct sv text)
{
	sep(w);
	buf_add(w->out, text);
}

void json_write_bool(struct json_writer *w, bool b)
{
	json_write_text(w, b ? SV("true") : SV("false"));
}

void json_write_int(struct json_writer *w, int64_t v)
{
	sep(w);
	buf_addf(w->out, "%lld", (long long)v);
}

void json_write_double(struct json_writer *w, double v)
{
	char text[32];

	if (!isfinite(v)) {
		json_write_text(w, SV("null"));
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	json_write_text(w, sv_of(text));
}

static int ignore_event(void *ctx, const struct json_event *ev)
{
	(void)ctx;
	(void)ev;
	return 0;
}

bool json_valid(struct sv text)
{
	struct json_schema *schema = NULL;
	struct json_reader *r = NULL;
	bool ok;

	ok = json_schema_new(&schema, NULL, 0) == 0 &&
	     json_reader_new(&r, schema, 0, ignore_event, NULL) == 0 && json_feed(r, text) == 0 &&
	     json_end(r) == 0;
	json_reader_free(r);
	json_schema_free(schema);
	return ok;
}
