// SPDX-License-Identifier: Apache-2.0
#include "stream/detect.h"

/* The longest method in the IANA registry, UPDATEREDIRECTREF, has 17 letters. */
#define METHOD_MAX 20

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

static bool is_method_char(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* What a request target starts with (RFC 9112 section 3.2); of CONNECT it is an authority. */
static bool is_target_start(struct sv method, char c)
{
	if (sv_eq(method, SV("CONNECT")))
		return c > ' ' && c < 0x7f;
	return c == '/' || c == '*' || c == 'h' || c == 'H';
}

static enum detect detect_request(struct sv first)
{
	size_t n = 0;

	while (n < first.len && n <= METHOD_MAX && is_method_char(first.p[n]))
		n++;
	if (n > METHOD_MAX)
		return DETECT_UNKNOWN;
	if (n == first.len)
		return DETECT_MORE;
	if (n < 3 || first.p[n] != ' ')
		return DETECT_UNKNOWN;
	if (n + 1 == first.len)
		return DETECT_MORE;
	return is_target_start(sv_cut(first, n), first.p[n + 1]) ? DETECT_HTTP1_REQUEST
								 : DETECT_UNKNOWN;
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
	d = detect_request(first);
	if (d == DETECT_UNKNOWN && more)
		d = DETECT_MORE;
	return d == DETECT_MORE && len >= DETECT_MAX ? DETECT_UNKNOWN : d;
}
