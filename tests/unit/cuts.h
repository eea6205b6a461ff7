/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_UNIT_CUTS_H
#define EARSHOT_TESTS_UNIT_CUTS_H

/*
 * cuts - feeds an input to a parser whole, at every cut, and byte by byte, each piece on a heap
 * copy of its exact size that is freed after the call, so that ASan sees any stray read or any
 * pointer kept too long; and notes, where callbacks write down what they were told.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sv.h"

typedef void cut_feed_fn(void *parser, struct sv piece);

static inline void cut_piece(cut_feed_fn *fn, void *parser, struct sv s)
{
	char *copy = malloc(s.len ? s.len : 1);

	if (!copy)
		abort();
	if (s.len)
		memcpy(copy, s.p, s.len);
	fn(parser, (struct sv){ copy, s.len });
	free(copy);
}

/* Plans 0 to len cut there (0: whole, with an empty piece before it); len + 1: byte by byte. */
static inline size_t cut_plans(struct sv in)
{
	return in.len + 2;
}

static inline void cut_feed(cut_feed_fn *fn, void *parser, struct sv in, size_t plan)
{
	if (plan <= in.len) {
		cut_piece(fn, parser, sv_cut(in, plan));
		cut_piece(fn, parser, sv_skip(in, plan));
		return;
	}
	for (size_t i = 0; i < in.len; i++)
		cut_piece(fn, parser, (struct sv){ in.p + i, 1 });
}

struct notes {
	char text[16384];
	size_t len;
};

static inline void notes_reset(struct notes *n)
{
	n->len = 0;
	n->text[0] = '\0';
}

__attribute__((format(printf, 2, 3))) static inline void note(struct notes *n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(n->text + n->len, sizeof(n->text) - n->len, fmt, ap);
	va_end(ap);
	if (len < 0 || n->len + (size_t)len >= sizeof(n->text))
		abort();
	n->len += (size_t)len;
}

#endif /* EARSHOT_TESTS_UNIT_CUTS_H */
