// SPDX-License-Identifier: Apache-2.0
#include "proto/http2_head.h"

#include <errno.h>

struct reading {
	struct http_head *head;
	struct http2_scratch *scratch;
	size_t used; /* of scratch->bytes */
};

/* What the inflater gives dies with the next field. A larger head than there is room is cut. */
static bool keep(struct reading *r, struct sv s, struct sv *ret)
{
	char *to = r->scratch->bytes + r->used;

	if (s.len > sizeof(r->scratch->bytes) - r->used) {
		r->head->fields_dropped = true;
		return false;
	}
	if (s.len)
		memcpy(to, s.p, s.len);
	r->used += s.len;
	*ret = (struct sv){ to, s.len };
	return true;
}

/* 0: it is none. */
static unsigned int status_of(struct sv s)
{
	unsigned int n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = n * 10 + (unsigned int)(s.p[i] - '0');
	}
	return s.len == 3 && n >= 100 ? n : 0;
}

static void pseudo_field(struct reading *r, struct sv name, struct sv value)
{
	struct http_head *h = r->head;
	struct sv *to = sv_eq(name, SV(":method"))	? &h->method
			: sv_eq(name, SV(":path"))	? &h->target
			: sv_eq(name, SV(":scheme"))	? &h->scheme
			: sv_eq(name, SV(":authority")) ? &h->authority
			: sv_eq(name, SV(":protocol"))	? &h->protocol
							: NULL;

	if (sv_eq(name, SV(":status")))
		h->status = status_of(value);
	else if (to && !to->p)
		keep(r, value, to);
}

static void on_field(void *ctx, struct sv name, struct sv value)
{
	struct reading *r = ctx;
	struct http_head *h = r->head;
	struct http_field *f = &r->scratch->fields[h->field_count];

	if (!name.p) {
		h->fields_unknown = true;
	} else if (name.p[0] == ':') {
		pseudo_field(r, name, value);
	} else if (h->field_count == HTTP_FIELDS_MAX) {
		h->fields_dropped = true;
	} else if (keep(r, name, &f->name) && keep(r, value, &f->value)) {
		h->field_count++;
	}
}

const char *http2_head_read(struct http_head *ret, struct http2_scratch *scratch, struct hpack *h,
			    struct sv block, bool torn)
{
	struct reading r = { .head = ret, .scratch = scratch };
	int err;

	*ret = (struct http_head){ .major = 2, .fields = scratch->fields };
	err = hpack_block(h, block, on_field, &r);
	if (torn) {
		hpack_lost(h);
		err = 0;
	}
	ret->fields_unknown |= torn || err;
	return !err ? NULL : err == -ENOMEM ? "no memory for a header block" : "bad header block";
}
