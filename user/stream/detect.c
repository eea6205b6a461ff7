// SPDX-License-Identifier: Apache-2.0
#include "stream/detect.h"

/*
 * A stream is taken for HTTP by these: RFC 9110, PATCH, QUERY and WebDAV. Any token may be a
 * method, but then a word of another protocol would do, or two halves of a body: of others the
 * whole first line is asked for.
 */
static const struct sv methods[] = {
	{ "GET ", 4 },	  { "HEAD ", 5 },    { "POST ", 5 },	 { "PUT ", 4 },
	{ "DELETE ", 7 }, { "CONNECT ", 8 }, { "OPTIONS ", 8 },	 { "TRACE ", 6 },
	{ "PATCH ", 6 },  { "QUERY ", 6 },   { "PROPFIND ", 9 }, { "PROPPATCH ", 10 },
	{ "MKCOL ", 6 },  { "COPY ", 5 },    { "MOVE ", 5 },	 { "LOCK ", 5 },
	{ "UNLOCK ", 7 }, { "SEARCH ", 7 },  { "REPORT ", 7 },	 { "ACL ", 4 },
};

/* A pattern of bytes, some of them any. */
struct pattern {
	enum detect is;
	size_t len;
	const char *bytes;
	const char *mask; /* 'x': this byte counts; ' ': any */
};

static const struct pattern patterns[] = {
	{ DETECT_HTTP2_CLIENT, 16, "PRI * HTTP/2.0\r\n", "xxxxxxxxxxxxxxxx" },
	{ DETECT_HTTP1_RESPONSE, 7, "HTTP/1.", "xxxxxxx" },
	/* handshake, version 3.x, length, ClientHello or ServerHello */
	{ DETECT_TLS, 6, "\x16\x03\0\0\0\x01", "xx   x" },
	{ DETECT_TLS, 6, "\x16\x03\0\0\0\x02", "xx   x" },
	/* length below 256, SETTINGS, no flags, stream 0 */
	{ DETECT_HTTP2_SERVER, 9, "\0\0\0\x04\0\0\0\0\0", "xx xxxxxx" },
};

/* True when first fits the pattern as far as both go. */
static bool fits(const struct pattern *p, struct sv first)
{
	for (size_t i = 0; i < p->len && i < first.len; i++) {
		if (p->mask[i] == 'x' && p->bytes[i] != first.p[i])
			return false;
	}
	return true;
}

/* What a request target starts with (RFC 9112 section 3.2); of CONNECT it is an authority. */
static bool is_target_start(struct sv method, char c)
{
	if (sv_eq(method, SV("CONNECT ")))
		return c > ' ' && c < 0x7f;
	return c == '/' || c == '*' || c == 'h' || c == 'H';
}

/* Of methods that nobody registered. */
#define METHOD_MIN 3
#define METHOD_MAX 20

static size_t method_len(struct sv s)
{
	size_t n = 0;

	while (n < s.len && n <= METHOD_MAX && ((s.p[n] >= 'A' && s.p[n] <= 'Z') || s.p[n] == '-'))
		n++;
	return n;
}

/* "/a HTTP/1.1": a target without blanks or controls, and the version. */
static bool is_target_and_version(struct sv line)
{
	size_t blank = sv_find(line, ' ');
	struct sv version = sv_skip(line, blank);

	for (size_t i = 0; i < blank; i++) {
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
			return false;
	}
	return version.len == 9 && sv_starts(version, SV(" HTTP/1.")) && version.p[8] >= '0' &&
	       version.p[8] <= '9';
}

/* By its whole first line (RFC 9112 section 3). */
static enum detect detect_line(struct sv first)
{
	size_t n = method_len(first), end;
	struct sv line = sv_skip(first, n + 1);

	if (n == first.len)
		return n <= METHOD_MAX ? DETECT_MORE : DETECT_UNKNOWN;
	if (n < METHOD_MIN || n > METHOD_MAX || first.p[n] != ' ')
		return DETECT_UNKNOWN;
	if (!line.len)
		return DETECT_MORE;
	end = sv_find(line, '\n');
	if (!is_target_start(SV_NONE, line.p[0]))
		return DETECT_UNKNOWN;
	if (end == line.len)
		return DETECT_MORE;
	if (end && line.p[end - 1] == '\r')
		end--;
	return is_target_and_version(sv_cut(line, end)) ? DETECT_HTTP1_LINE : DETECT_UNKNOWN;
}

static enum detect detect_request(struct sv first)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		struct sv m = methods[i];

		if (first.len <= m.len && sv_starts(m, first))
			return DETECT_MORE;
		if (sv_starts(first, m) && first.len > m.len)
			return is_target_start(m, first.p[m.len]) ? DETECT_HTTP1_REQUEST
								  : DETECT_UNKNOWN;
	}
	return detect_line(first);
}

enum detect detect(struct sv first)
{
	size_t len = first.len;
	bool more = false;
	enum detect d;

	/* Line ends may stand before a request (RFC 9112 section 2.2). */
	while (first.len && (first.p[0] == '\r' || first.p[0] == '\n'))
		first = sv_skip(first, 1);
	if (!first.len)
		return len < DETECT_MAX ? DETECT_MORE : DETECT_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		if (!fits(&patterns[i], first))
			continue;
		if (first.len >= patterns[i].len)
			return patterns[i].is;
		more = true;
	}
	/* "PRI * HTTP/2.0" is also the start of a request. */
	d = more ? DETECT_MORE : detect_request(first);
	return d == DETECT_MORE && len >= DETECT_MAX ? DETECT_UNKNOWN : d;
}
