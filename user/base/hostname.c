// SPDX-License-Identifier: Apache-2.0
#include "base/hostname.h"

void hostname_split(struct sv field, struct sv *host, uint16_t *port)
{
	size_t start = 0, colon;
	uint32_t n = 0;

	field = sv_trim(field);
	if (field.len && field.p[0] == '[')
		start = sv_find(field, ']');
	colon = start + sv_find(sv_skip(field, start), ':');
	*host = sv_cut(field, colon);
	*port = 0;
	if (start && start < field.len)
		*host = (struct sv){ field.p + 1, start - 1 };
	for (size_t i = colon + 1; i < field.len; i++) {
		if (field.p[i] < '0' || field.p[i] > '9' || n > UINT16_MAX)
			return;
		n = n * 10 + (uint32_t)(field.p[i] - '0');
	}
	if (n <= UINT16_MAX)
		*port = (uint16_t)n;
}

bool hostname_fits(struct sv host, struct sv pattern)
{
	size_t star = sv_find(pattern, '*');
	struct sv head = sv_cut(pattern, star), tail;

	if (star == pattern.len)
		return sv_eq_nocase(host, pattern);
	tail = sv_skip(pattern, star + 1);
	return host.len >= head.len + tail.len && sv_eq_nocase(sv_cut(host, head.len), head) &&
	       sv_eq_nocase(sv_skip(host, host.len - tail.len), tail);
}
