// SPDX-License-Identifier: Apache-2.0
#include "model/context.h"

#include <errno.h>

#include "base/hex.h"
#include "base/kvlist.h"

/* Lower-case digits only; false also when all bytes are zero and that is no value. */
static bool read_hex(uint8_t *to, struct sv digits, bool zero_allowed)
{
	uint8_t any = 0;

	for (size_t i = 0; i < digits.len; i += 2) {
		int hi = hex_value(digits.p[i]), lo = hex_value(digits.p[i + 1]);

		if (hi < 0 || lo < 0 || (digits.p[i] >= 'A' && digits.p[i] <= 'F') ||
		    (digits.p[i + 1] >= 'A' && digits.p[i + 1] <= 'F'))
			return false;
		to[i / 2] = (uint8_t)(hi << 4 | lo);
		any |= to[i / 2];
	}
	return zero_allowed || any;
}

#define TRACEPARENT_LEN 55

int context_trace(struct call_trace *ret, struct sv parent, struct sv state, struct arena *a)
{
	struct call_trace t = { .set = true };
	uint8_t version;

	parent = sv_trim(parent);
	if (parent.len < TRACEPARENT_LEN || parent.p[2] != '-' || parent.p[35] != '-' ||
	    parent.p[52] != '-')
		return -EINVAL;
	if (!read_hex(&version, sv_cut(parent, 2), true) || version == 0xff)
		return -EINVAL;
	/* A later version may have more, behind another dash. */
	if (parent.len > TRACEPARENT_LEN && (!version || parent.p[TRACEPARENT_LEN] != '-'))
		return -EINVAL;
	if (!read_hex(t.trace_id, sv_cut(sv_skip(parent, 3), 32), false) ||
	    !read_hex(t.span_id, sv_cut(sv_skip(parent, 36), 16), false) ||
	    !read_hex(&t.flags, sv_cut(sv_skip(parent, 53), 2), true))
		return -EINVAL;
	state = sv_trim(state);
	if (state.len && state.len <= CONTEXT_STATE_MAX) {
		t.state = arena_copy(a, state);
		if (!t.state.p)
			return -ENOMEM;
	}
	*ret = t;
	return 0;
}

static void take(struct call *c, struct sv *to, struct sv value)
{
	struct sv text;

	if (!to->len && value.len && value.len <= CALL_STRING_MAX &&
	    percent_decode(&text, value, &c->arena) == 0)
		*to = text;
}

void context_baggage(struct call *c, struct sv baggage)
{
	struct sv key, value;

	if (baggage.len > CONTEXT_BAGGAGE_MAX)
		return;
	while (kvlist_next(&baggage, &key, &value) == 1) {
		/* Properties of a member stand behind a semicolon. */
		value = sv_trim(sv_cut(value, sv_find(value, ';')));
		if (sv_eq(key, SV("session.id")))
			take(c, &c->session_id, value);
		else if (sv_eq(key, SV("user.id")))
			take(c, &c->user_id, value);
	}
}
