/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_SV_H
#define EARSHOT_BASE_SV_H

/*
 * sv - bytes seen but not owned. Passed by value, never NUL-terminated; whoever
 * hands one out says how long the bytes live.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct sv {
	const char *p;
	size_t len;
};

#define SV(lit) ((struct sv){ "" lit, sizeof(lit) - 1 })
#define SV_NONE ((struct sv){ NULL, 0 })
/* For printf("%.*s", SV_ARG(s)). */
#define SV_ARG(s)     (int)(s).len, (s).p
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline struct sv sv_of(const char *cstr)
{
	return (struct sv){ cstr, cstr ? strlen(cstr) : 0 };
}

static inline bool sv_eq(struct sv a, struct sv b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* ASCII case is ignored. */
static inline bool sv_eq_nocase(struct sv a, struct sv b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.p, b.p, a.len) == 0);
}

static inline bool sv_starts(struct sv s, struct sv prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

static inline bool sv_ends(struct sv s, struct sv suffix)
{
	return s.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(s.p + s.len - suffix.len, suffix.p, suffix.len) == 0);
}

/* Drops the first n bytes; n must not be more than s.len. */
static inline struct sv sv_skip(struct sv s, size_t n)
{
	return (struct sv){ s.p + n, s.len - n };
}

static inline struct sv sv_cut(struct sv s, size_t max)
{
	return (struct sv){ s.p, s.len < max ? s.len : max };
}

/* Spaces and tabs at both ends. */
static inline struct sv sv_trim(struct sv s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = sv_skip(s, 1);
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Index of the first c, or s.len when there is none. */
static inline size_t sv_find(struct sv s, char c)
{
	const char *hit = s.len ? memchr(s.p, c, s.len) : NULL;

	return hit ? (size_t)(hit - s.p) : s.len;
}

/* What stands behind the last c; all of s when there is none. */
static inline struct sv sv_behind_last(struct sv s, char c)
{
	const char *hit = s.len ? memrchr(s.p, c, s.len) : NULL;

	return hit ? sv_skip(s, (size_t)(hit - s.p) + 1) : s;
}

#endif /* EARSHOT_BASE_SV_H */
