// SPDX-License-Identifier: Apache-2.0
#include "exchange/h2c.h"

#include "base/h2frame.h"

/* One of the protocols that an Upgrade field lists (RFC 9110 section 7.8). */
static bool lists_h2c(struct sv list)
{
	for (;;) {
		size_t n = sv_find(list, ',');

		if (sv_eq_nocase(sv_trim(sv_cut(list, n)), SV("h2c")))
			return true;
		if (n == list.len)
			return false;
		list = sv_skip(list, n + 1);
	}
}

bool h2c_named(const struct http_head *head)
{
	if (head->status && head->status != 101)
		return false;
	for (size_t i = 0; i < head->field_count; i++) {
		if (sv_eq_nocase(head->fields[i].name, SV("upgrade")) &&
		    lists_h2c(head->fields[i].value))
			return true;
	}
	return false;
}

bool h2c_is_preface(struct sv bytes)
{
	return sv_starts(bytes, H2FRAME_PREFACE);
}

bool h2c_begins(enum ex_side side, struct sv bytes)
{
	size_t need;

	if (side == EX_REQUEST && h2c_is_preface(bytes))
		return true;
	return h2frame_match(bytes, &need) == H2FRAME_YES;
}
