// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <errno.h>

/* Value plus one; 0: no character of base64. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 1;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 27;
	if (c >= '0' && c <= '9')
		return c - '0' + 53;
	return c == '+' ? 63 : c == '/' ? 64 : 0;
}

ssize_t base64_decode(char *out, struct sv in)
{
	uint32_t bits = 0;
	int have = 0;
	ssize_t n = 0;

	while (in.len && in.p[in.len - 1] == '=')
		in.len--;
	for (size_t i = 0; i < in.len; i++) {
		int v = value_of(in.p[i]);

		if (!v)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)(v - 1);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have);
		}
	}
	return n;
}
