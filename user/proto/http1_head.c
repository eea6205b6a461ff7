// SPDX-License-Identifier: Apache-2.0
#include "proto/http1_head.h"

#include "base/hex.h"

/* Content-Length is a count of bytes; more than this nobody sends. */
#define LENGTH_MAX (UINT64_MAX >> 1)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* tchar, RFC 9110 section 5.6.2. */
static const bool token_chars[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true,
	['#'] = true,	      ['$'] = true,	    ['%'] = true,	  ['&'] = true,
	['\''] = true,	      ['*'] = true,	    ['+'] = true,	  ['-'] = true,
	['.'] = true,	      ['^'] = true,	    ['_'] = true,	  ['`'] = true,
	['|'] = true,	      ['~'] = true,
};

static bool is_token(struct sv s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!token_chars[(unsigned char)s.p[i]])
			return false;
	}
	return s.len > 0;
}

/* Takes one line off s; without its end. */
static struct sv take_line(struct sv *s)
{
	size_t n = sv_find(*s, '\n');
	struct sv line = sv_cut(*s, n);

	*s = sv_skip(*s, n < s->len ? n + 1 : n);
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

size_t http1_head_len(struct sv s, size_t from)
{
	struct sv rest = sv_skip(s, from);

	for (;;) {
		size_t n = sv_find(rest, '\n');

		if (n == rest.len)
			return 0;
		rest = sv_skip(rest, n + 1);
		if (sv_starts(rest, SV("\n")))
			return (size_t)(rest.p - s.p) + 1;
		if (sv_starts(rest, SV("\r\n")))
			return (size_t)(rest.p - s.p) + 2;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool http1_head_folds(struct sv s)
{
	for (size_t n; (n = sv_find(s, '\n')) < s.len; s = sv_skip(s, n + 1)) {
		if (n + 1 < s.len && is_blank(s.p[n + 1]))
			return true;
	}
	return false;
}

/* Line ends before a blank become blanks, but for the first: there is no field to continue. */
static void unfold(struct sv s)
{
	char *p = (char *)(uintptr_t)s.p;
	size_t n = sv_find(s, '\n');

	for (n++; n + 1 < s.len; n++) {
		if (p[n] != '\n' || !is_blank(p[n + 1]))
			continue;
		p[n] = ' ';
		if (p[n - 1] == '\r')
			p[n - 1] = ' ';
	}
}

/* "HTTP/1.1" */
static bool version(struct http_head *h, struct sv s)
{
	if (s.len != 8 || !sv_starts(s, SV("HTTP/")) || !is_digit(s.p[5]) || s.p[6] != '.' ||
	    !is_digit(s.p[7]))
		return false;
	h->major = (uint8_t)(s.p[5] - '0');
	h->minor = (uint8_t)(s.p[7] - '0');
	return h->major == 1;
}

static const char *request_line(struct http_head *h, struct sv line)
{
	size_t method = sv_find(line, ' '), at = line.len;

	while (at && line.p[at - 1] != ' ')
		at--;
	h->method = sv_cut(line, method);
	if (!is_token(h->method))
		return "bad method";
	if (at <= method + 1)
		return "bad request line";
	h->target = sv_trim((struct sv){ line.p + method + 1, at - 1 - (method + 1) });
	if (!h->target.len)
		return "bad request line";
	return version(h, sv_skip(line, at)) ? NULL : "bad version";
}

static const char *status_line(struct http_head *h, struct sv line)
{
	if (line.len < 12 || line.p[8] != ' ' || !version(h, sv_cut(line, 8)))
		return "bad status line";
	for (size_t i = 9; i < 12; i++) {
		if (!is_digit(line.p[i]))
			return "bad status";
		h->status = h->status * 10 + (unsigned int)(line.p[i] - '0');
	}
	if (h->status < 100 || (line.len > 12 && line.p[12] != ' '))
		return "bad status";
	return NULL;
}

/* What the fields say about the body. */
struct framing {
	bool has_length;
	bool has_coding;
	bool chunked; /* is the last transfer coding */
	uint64_t length;
};

/* One member of a Content-Length list (RFC 9110 section 8.6). */
static const char *length_member(struct framing *f, struct sv s)
{
	uint64_t n = 0;

	if (!s.len)
		return "bad Content-Length";
	for (size_t i = 0; i < s.len; i++) {
		if (!is_digit(s.p[i]) || n > LENGTH_MAX / 10 - 1)
			return "bad Content-Length";
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (f->has_length && n != f->length)
		return "two different Content-Lengths";
	f->has_length = true;
	f->length = n;
	return NULL;
}

static const char *field_length(struct framing *f, struct sv value)
{
	const char *error = NULL;

	for (bool more = true; more && !error;) {
		size_t n = sv_find(value, ',');

		error = length_member(f, sv_trim(sv_cut(value, n)));
		more = n < value.len;
		value = sv_skip(value, more ? n + 1 : n);
	}
	return error;
}

static void field_coding(struct framing *f, struct sv value)
{
	size_t at = value.len;

	while (at && value.p[at - 1] != ',')
		at--;
	f->has_coding = true;
	f->chunked = sv_eq_nocase(sv_trim(sv_skip(value, at)), SV("chunked"));
}

static const char *request_framing(struct http1_head *h, const struct framing *f)
{
	if (f->has_coding && !f->chunked)
		return "request body without an end";
	h->framing = f->chunked ? HTTP1_CHUNKED : f->has_length ? HTTP1_LENGTH : HTTP1_NO_BODY;
	return NULL;
}

static void response_framing(struct http1_head *h, const struct framing *f)
{
	unsigned int status = h->http.status;

	if (status == 101)
		h->framing = HTTP1_TUNNEL;
	else if (status < 200 || status == 204 || status == 304)
		h->framing = HTTP1_NO_BODY;
	else if (f->has_coding)
		h->framing = f->chunked ? HTTP1_CHUNKED : HTTP1_UNTIL_CLOSE;
	else
		h->framing = f->has_length ? HTTP1_LENGTH : HTTP1_UNTIL_CLOSE;
}

/* One field line; what is no field is passed over, as its receiver may do. */
static const char *field_line(struct http_head *h, struct sv line, struct http_field *fields,
			      struct framing *f)
{
	size_t colon = sv_find(line, ':');
	struct http_field field = { .name = sv_trim(sv_cut(line, colon)) };
	const char *error = NULL;

	if (colon == line.len || is_blank(line.p[0]) || !is_token(field.name))
		return NULL;
	field.value = sv_trim(sv_skip(line, colon + 1));
	if (sv_eq_nocase(field.name, SV("content-length")))
		error = field_length(f, field.value);
	else if (sv_eq_nocase(field.name, SV("transfer-encoding")))
		field_coding(f, field.value);
	if (h->field_count < HTTP_FIELDS_MAX)
		fields[h->field_count++] = field;
	else
		h->fields_dropped = true;
	return error;
}

const char *http1_head_parse(struct http1_head *ret, enum http1_kind kind, struct sv s,
			     struct http_field *fields)
{
	struct http1_head h = { .http = { .fields = fields } };
	struct framing f = { 0 };
	const char *error;
	struct sv line;

	if (http1_head_folds(s))
		unfold(s);
	line = take_line(&s);
	error = kind == HTTP1_REQUESTS ? request_line(&h.http, line) : status_line(&h.http, line);
	while (!error && (line = take_line(&s)).len)
		error = field_line(&h.http, line, fields, &f);
	if (!error && kind == HTTP1_REQUESTS)
		error = request_framing(&h, &f);
	else
		response_framing(&h, &f);
	if (error)
		return error;
	/* The transfer coding wins; HTTP/1.0 has none (RFC 9112 section 6.1). */
	h.http.conflict = f.has_coding && (f.has_length || h.http.minor == 0);
	h.length = f.length;
	*ret = h;
	return NULL;
}

/*
 * Inside a body many a word is a token, so a lost place is found again at these only: what
 * clients of APIs send.
 */
static const struct sv methods[] = {
	{ "GET ", 4 },	 { "POST ", 5 },    { "PUT ", 4 },   { "DELETE ", 7 }, { "HEAD ", 5 },
	{ "PATCH ", 6 }, { "OPTIONS ", 8 }, { "QUERY ", 6 }, { "TRACE ", 6 },  { "CONNECT ", 8 },
};

/* a and b are the same as far as both go. */
static bool same_start(struct sv a, struct sv b)
{
	return sv_eq(sv_cut(a, b.len), sv_cut(b, a.len));
}

bool http1_may_start(enum http1_kind kind, struct sv part)
{
	if (kind == HTTP1_RESPONSES)
		return same_start(part, SV("HTTP/1."));
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (same_start(part, methods[i]))
			return true;
	}
	return false;
}

bool http1_starts(enum http1_kind kind, struct sv line)
{
	struct http_head h = { 0 };
	struct sv text = take_line(&line);

	if (!http1_may_start(kind, text))
		return false;
	return !(kind == HTTP1_REQUESTS ? request_line(&h, text) : status_line(&h, text));
}

bool http1_chunk_line(struct sv line, uint64_t *ret)
{
	uint64_t size = 0;
	size_t n = 0;

	for (; n < line.len && n < 8 && hex_value(line.p[n]) >= 0; n++)
		size = size << 4 | (unsigned int)hex_value(line.p[n]);
	if (!n || !sv_eq(sv_skip(line, n), SV("\r\n")) || size > HTTP1_SEEK_CHUNK_MAX)
		return false;
	*ret = size;
	return true;
}

bool http1_may_be_chunk(struct sv part)
{
	size_t n = 0;

	while (n < part.len && n < 8 && hex_value(part.p[n]) >= 0)
		n++;
	return n == part.len || (n && sv_eq(sv_skip(part, n), SV("\r")));
}
