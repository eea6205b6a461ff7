// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <errno.h>
#include <stdlib.h>

#define ARENA_BLOCK_MIN 4096
#define ARENA_ALIGN	16

struct arena_block {
	struct arena_block *next;
	size_t cap;
	size_t used;
	char *last; /* start of the newest allocation, for growing in place */
	_Alignas(ARENA_ALIGN) char data[];
};

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

void arena_done(struct arena *a)
{
	while (a->head) {
		struct arena_block *b = a->head;

		a->head = b->next;
		free(b);
	}
	a->used = 0;
}

static size_t align_up(size_t n)
{
	return (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

static char *arena_raw(struct arena *a, size_t size)
{
	struct arena_block *b = a->head;
	size_t need, cap;

	if (size > a->limit || a->used > a->limit - size) {
		a->full = true;
		return NULL;
	}
	need = align_up(size ? size : 1);
	if (!b || b->cap - b->used < need) {
		/* Blocks grow with what is used, so that many small appends stay linear. */
		cap = a->used > ARENA_BLOCK_MIN ? a->used : ARENA_BLOCK_MIN;
		if (cap < need)
			cap = need;
		b = malloc(sizeof(*b) + cap);
		if (!b) {
			a->full = true;
			return NULL;
		}
		*b = (struct arena_block){ .next = a->head, .cap = cap };
		a->head = b;
	}
	b->last = b->data + b->used;
	b->used += need;
	a->used += size;
	return b->last;
}

void *arena_alloc(struct arena *a, size_t size)
{
	char *p = arena_raw(a, size);

	if (p)
		memset(p, 0, size);
	return p;
}

struct sv arena_copy(struct arena *a, struct sv s)
{
	char *p = arena_raw(a, s.len + 1);

	if (!p)
		return SV_NONE;
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct sv){ p, s.len };
}

/* Room in place: *to ends where its block's newest allocation ends and the block has space. */
static bool grow_in_place(struct arena *a, const struct sv *to, struct sv s)
{
	struct arena_block *b = a->head;
	size_t need, start;

	if (!b || !to->p || b->last != to->p)
		return false;
	start = (size_t)(b->last - b->data);
	need = align_up(to->len + s.len + 1);
	if (b->cap - start < need || s.len > a->limit - a->used)
		return false;
	memcpy(b->last + to->len, s.p, s.len);
	b->last[to->len + s.len] = '\0';
	b->used = start + need;
	a->used += s.len;
	return true;
}

int arena_append(struct arena *a, struct sv *to, struct sv s)
{
	size_t room;
	char *p;

	if (s.len == 0 && to->p)
		return 0;
	if (grow_in_place(a, to, s)) {
		to->len += s.len;
		return 0;
	}
	room = to->len + s.len;
	if (room > a->limit) {
		a->full = true;
		return -ENOMEM;
	}
	/* A string that had to move once will grow again: leave it a block of its own size. */
	p = arena_raw(a, room + 1);
	if (!p)
		return -ENOMEM;
	if (to->len)
		memcpy(p, to->p, to->len);
	if (s.len)
		memcpy(p + to->len, s.p, s.len);
	p[room] = '\0';
	*to = (struct sv){ p, room };
	return 0;
}
