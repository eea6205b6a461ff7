/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_VIEW_TEXT_H
#define EARSHOT_VIEW_TEXT_H

/* text - what lines and the tree are made of (internal to view). */
#include "view/view.h"

enum colour {
	PLAIN,
	DIM,
	BOLD,
	RED,
	YELLOW,
};

struct text {
	struct buf *out;
	bool colour;
};

void text_on(struct text *t, enum colour c);
void text_off(struct text *t, enum colour c);
void text_put(struct text *t, enum colour c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Escaped, and cut to max bytes before that. */
void text_wire(struct text *t, enum colour c, struct sv s, size_t max);

/* 1234567 as "1,234,567". */
void text_number(struct text *t, enum colour c, int64_t v);

/* "python3[42]" */
void text_process(struct text *t, const struct process *p, uint32_t tgid);

/* "12:00:00 ", local time of the call's start. */
void text_clock(struct text *t, const struct call *call, const struct machine *m);

/* "chat openai/gpt-5 ..." to the line's end, which the caller puts. */
void text_call(struct text *t, const struct call *call);

#endif /* EARSHOT_VIEW_TEXT_H */
