// SPDX-License-Identifier: Apache-2.0
/* Sec-WebSocket-Extensions (RFC 6455 section 9.1, RFC 7692 section 7.1). */
#include "proto/ws.h"

/* The first word of list up to sep, trimmed; moves list behind it. */
static struct sv next(struct sv *list, char sep)
{
	size_t n = sv_find(*list, sep);
	struct sv word = sv_trim(sv_cut(*list, n));

	*list = sv_skip(*list, n < list->len ? n + 1 : n);
	return word;
}

/* "name", "name=value", "name=\"value\"". */
static struct sv param(struct sv one, struct sv *ret_value)
{
	size_t eq = sv_find(one, '=');
	struct sv value = eq < one.len ? sv_trim(sv_skip(one, eq + 1)) : SV_NONE;

	if (value.len >= 2 && value.p[0] == '"' && value.p[value.len - 1] == '"')
		value = (struct sv){ value.p + 1, value.len - 2 };
	*ret_value = value;
	return sv_trim(sv_cut(one, eq));
}

/* 0: no number that a window has. */
static uint8_t bits_of(struct sv value)
{
	unsigned int n = 0;

	if (!value.len || value.len > 2)
		return 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return 0;
		n = n * 10 + (unsigned int)(value.p[i] - '0');
	}
	return n >= 8 && n <= 15 ? (uint8_t)n : 0;
}

static bool read_params(struct sv list, struct ws_deflate ret[2])
{
	while (list.len) {
		struct sv value, name = param(next(&list, ';'), &value);
		uint8_t bits = bits_of(value);

		if (sv_eq_nocase(name, SV("server_no_context_takeover")))
			ret[WS_FROM_SERVER].no_takeover = true;
		else if (sv_eq_nocase(name, SV("client_no_context_takeover")))
			ret[WS_FROM_CLIENT].no_takeover = true;
		else if (sv_eq_nocase(name, SV("server_max_window_bits")) && bits)
			ret[WS_FROM_SERVER].window_bits = bits;
		else if (sv_eq_nocase(name, SV("client_max_window_bits")) && bits)
			ret[WS_FROM_CLIENT].window_bits = bits;
		else if (name.len)
			return false;
	}
	return true;
}

bool ws_extensions(struct sv value, struct ws_deflate ret[2])
{
	struct ws_deflate got[2] = { { .window_bits = 15 }, { .window_bits = 15 } };
	bool fine = true;

	while (value.len && fine) {
		struct sv one = next(&value, ',');
		struct sv name = next(&one, ';');

		if (!name.len)
			continue;
		fine = sv_eq_nocase(name, SV("permessage-deflate")) && !got[0].on &&
		       read_params(one, got);
		got[0].on = got[1].on = fine;
	}
	ret[0] = got[0];
	ret[1] = got[1];
	return fine;
}
