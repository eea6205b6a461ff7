// SPDX-License-Identifier: Apache-2.0
#include "base/kvlist.h"

#include <errno.h>

#include "base/hex.h"

int kvlist_next(struct sv *rest, struct sv *key, struct sv *value)
{
	while (rest->len) {
		struct sv member = sv_cut(*rest, sv_find(*rest, ','));
		size_t eq;

		*rest = sv_skip(*rest, member.len < rest->len ? member.len + 1 : member.len);
		member = sv_trim(member);
		if (member.len == 0)
			continue;
		eq = sv_find(member, '=');
		if (eq == member.len || sv_trim(sv_cut(member, eq)).len == 0)
			return -EINVAL;
		*key = sv_trim(sv_cut(member, eq));
		*value = sv_trim(sv_skip(member, eq + 1));
		return 1;
	}
	return 0;
}

int percent_decode(struct sv *ret, struct sv in, struct arena *a)
{
	struct sv copy = arena_copy(a, in);
	size_t used = 0;
	char *p;

	if (!copy.p)
		return -ENOMEM;
	p = (char *)copy.p;
	for (size_t i = 0; i < in.len; i++) {
		int c = (unsigned char)in.p[i];

		if (c == '%') {
			int hi = in.len - i > 2 ? hex_value(in.p[i + 1]) : -1;
			int lo = in.len - i > 2 ? hex_value(in.p[i + 2]) : -1;

			if (hi < 0 || lo < 0 || hi + lo == 0)
				return -EINVAL;
			c = hi << 4 | lo;
			i += 2;
		}
		p[used++] = (char)c;
	}
	p[used] = '\0';
	*ret = (struct sv){ p, used };
	return 0;
}
