// SPDX-License-Identifier: Apache-2.0
#include "stream/reasm.h"

#include <errno.h>
#include <stdlib.h>

size_t reasm_cost(size_t len)
{
	return sizeof(struct reasm_piece) + len;
}

int reasm_add(struct reasm *r, const struct reasm_piece *like, struct sv bytes)
{
	struct reasm_piece *piece = malloc(reasm_cost(bytes.len));

	if (!piece)
		return -ENOMEM;
	*piece = *like;
	piece->next = NULL;
	piece->len = bytes.len;
	if (bytes.len)
		memcpy(piece->bytes, bytes.p, bytes.len);
	if (r->head)
		r->last->next = piece;
	else
		r->head = piece;
	r->last = piece;
	return 0;
}

static struct reasm_piece *take_out(struct reasm *r, struct reasm_piece *before,
				    struct reasm_piece *piece)
{
	if (before)
		before->next = piece->next;
	else
		r->head = piece->next;
	if (r->last == piece)
		r->last = before;
	return piece;
}

struct reasm_piece *reasm_take(struct reasm *r, const uint64_t next[2])
{
	struct reasm_piece *before = NULL;

	for (struct reasm_piece *p = r->head; p; before = p, p = p->next) {
		if (p->dir == r->head->dir && p->start <= next[p->dir])
			return take_out(r, before, p);
	}
	return NULL;
}

struct reasm_piece *reasm_take_nearest(struct reasm *r)
{
	struct reasm_piece *best = r->head, *best_before = NULL, *before = NULL;

	for (struct reasm_piece *p = r->head; p; before = p, p = p->next) {
		if (p->dir != r->head->dir || p->start >= best->start)
			continue;
		best = p;
		best_before = before;
	}
	return best ? take_out(r, best_before, best) : NULL;
}
