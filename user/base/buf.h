/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_BUF_H
#define EARSHOT_BASE_BUF_H

/* buf - growing byte string on the heap with a hard limit. */
#include "base/sv.h"

struct buf {
	char *p; /* owned; always NUL behind len when not NULL */
	size_t len;
	size_t cap;
	size_t limit; /* 0: none */
	bool failed;  /* an append was refused (limit or memory): contents are partial */
};

void buf_init(struct buf *b, size_t limit);
void buf_done(struct buf *b);

/* Keeps the memory. */
void buf_reset(struct buf *b);

/* All return 0 or -ENOMEM; after a failure buf.failed stays set until reset. */
int buf_add(struct buf *b, struct sv s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for at least n more bytes at b->p + b->len; the caller adds to len what it wrote. */
int buf_reserve(struct buf *b, size_t n);

static inline struct sv buf_sv(const struct buf *b)
{
	return (struct sv){ b->p, b->len };
}

#endif /* EARSHOT_BASE_BUF_H */
