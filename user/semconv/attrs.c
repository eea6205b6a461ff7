// SPDX-License-Identifier: Apache-2.0
#include "semconv/attrs.h"

void attrs_add(struct attrs *as, struct arena *a, const struct attr *at)
{
	if (as->count == as->cap) {
		size_t cap = as->cap ? as->cap * 2 : 32;
		struct attr *v = arena_alloc(a, cap * sizeof(*v));

		if (!v) {
			as->dropped++;
			return;
		}
		if (as->count)
			memcpy(v, as->v, as->count * sizeof(*v));
		as->v = v;
		as->cap = cap;
	}
	as->v[as->count++] = *at;
}

void attrs_string(struct attrs *as, struct arena *a, const char *key, struct sv s)
{
	if (s.len)
		attrs_add(as, a,
			  &(struct attr){ .key = sv_of(key), .type = ATTR_STRING, .string = s });
}

void attrs_bool(struct attrs *as, struct arena *a, const char *key, bool b)
{
	attrs_add(as, a, &(struct attr){ .key = sv_of(key), .type = ATTR_BOOL, .boolean = b });
}

void attrs_int(struct attrs *as, struct arena *a, const char *key, int64_t v)
{
	attrs_add(as, a, &(struct attr){ .key = sv_of(key), .type = ATTR_INT, .integer = v });
}

void attrs_double(struct attrs *as, struct arena *a, const char *key, double v)
{
	attrs_add(as, a, &(struct attr){ .key = sv_of(key), .type = ATTR_DOUBLE, .real = v });
}

void attrs_strings(struct attrs *as, struct arena *a, const char *key, const struct sv *v,
		   size_t count)
{
	struct attr at = { .key = sv_of(key), .type = ATTR_STRINGS };

	if (!count)
		return;
	at.strings.v = v;
	at.strings.count = count;
	attrs_add(as, a, &at);
}

const struct attr *attrs_get(const struct attrs *as, struct sv key)
{
	for (size_t i = 0; i < as->count; i++) {
		if (sv_eq(as->v[i].key, key))
			return &as->v[i];
	}
	return NULL;
}
