/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_SEMCONV_ATTRS_H
#define EARSHOT_SEMCONV_ATTRS_H

/*
 * attrs - building a list of attributes (internal to semconv). What does not fit in memory
 * is counted in attrs.dropped. Empty strings and lists are no attributes.
 */
#include "semconv/span.h"

void attrs_string(struct attrs *as, struct arena *a, const char *key, struct sv s);
void attrs_bool(struct attrs *as, struct arena *a, const char *key, bool b);
void attrs_int(struct attrs *as, struct arena *a, const char *key, int64_t v);
void attrs_double(struct attrs *as, struct arena *a, const char *key, double v);
void attrs_strings(struct attrs *as, struct arena *a, const char *key, const struct sv *v,
		   size_t count);

/* Any attribute, with a key that is not static text (borrowed). */
void attrs_add(struct attrs *as, struct arena *a, const struct attr *at);

/* NULL when there is none. */
const struct attr *attrs_get(const struct attrs *as, struct sv key);

/* rows.c: what is a member of struct call, as it stands. */
void rows_attrs(struct attrs *as, const struct call *c, struct arena *a);

/* net.c: where the call went or came from, and how. */
void net_attrs(struct attrs *as, const struct call *c, struct arena *a);
/* MCP and HTTP: what is no plain member. */
void mcp_attrs(struct attrs *as, const struct call *c, struct arena *a);
void http_attrs(struct attrs *as, const struct call *c, struct arena *a);
/* The method as the convention has it: a known one, or _OTHER. */
struct sv http_method(const struct call *c);

/* content.c: messages, instructions and tool definitions as JSON strings. */
void content_attrs(struct attrs *as, const struct call *call, struct arena *a);

#endif /* EARSHOT_SEMCONV_ATTRS_H */
