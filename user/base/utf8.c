// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Length of the character at the start of s (s not empty), 0 when it is none. */
static size_t char_len(struct sv s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n, i;
	uint32_t cp;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (s.len < n)
		return 0;
	cp = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	/* Longer than need be, a surrogate, or past the last character. */
	if ((n == 3 && cp < 0x800) || (n == 4 && (cp < 0x10000 || cp > 0x10ffff)) ||
	    (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	return n;
}

/* Plain ASCII without NUL at the start of s, in whole words. */
static size_t ascii_words(struct sv s)
{
	const uint64_t ones = 0x0101010101010101u, highs = ones << 7;
	size_t n = 0;
	uint64_t w;

	for (; s.len - n >= sizeof(w); n += sizeof(w)) {
		memcpy(&w, s.p + n, sizeof(w));
		/* A byte with its high bit set, or zero (which borrows into its high bit). */
		if ((w | (w - ones)) & highs)
			break;
	}
	return n;
}

size_t utf8_valid_len(struct sv s)
{
	struct sv rest = s;

	while (rest.len) {
		size_t n = ascii_words(rest);

		if (n == 0)
			n = char_len(rest);
		if (n == 0)
			break;
		rest = sv_skip(rest, n);
	}
	return s.len - rest.len;
}

struct sv utf8_cut(struct sv s, size_t max)
{
	size_t back = 0;

	if (s.len <= max)
		return s;
	/* At most three bytes of a character can stand before the border. */
	while (back < 3 && back < max && (s.p[max - back] & 0xc0) == 0x80)
		back++;
	if ((s.p[max - back] & 0xc0) == 0x80)
		back = 0;
	return sv_cut(s, max - back);
}

bool utf8_clean(struct sv s)
{
	return utf8_valid_len(s) == s.len && (s.len == 0 || !memchr(s.p, '\0', s.len));
}

size_t utf8_repair(char *out, struct sv s)
{
	size_t used = 0;

	while (s.len) {
		size_t n = ascii_words(s);

		if (n == 0 && s.p[0] != '\0')
			n = char_len(s);
		if (n) {
			memcpy(out + used, s.p, n);
			used += n;
			s = sv_skip(s, n);
		} else {
			memcpy(out + used, REPLACEMENT, sizeof(REPLACEMENT) - 1);
			used += sizeof(REPLACEMENT) - 1;
			s = sv_skip(s, 1);
		}
	}
	return used;
}
