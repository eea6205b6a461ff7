// SPDX-License-Identifier: Apache-2.0
#include "stream/table.h"

#include <errno.h>
#include <stdlib.h>

#define TABLE_MIN 64

static size_t hash(uint32_t tgid, uint64_t object)
{
	/* Addresses are multiples of 16 and near each other: a product spreads in its middle. */
	uint64_t h = (object ^ (uint64_t)tgid << 32) * 0x9e3779b97f4a7c15ull;

	return (size_t)(h >> 29);
}

static size_t slot_of(const struct table *t, const struct conn *c)
{
	return hash(c->tgid, c->object) & t->mask;
}

static bool is_object(const struct conn *c, const struct stream_key *key)
{
	return c->object == key->id.object && c->tgid == key->tgid &&
	       c->proc_start == key->id.proc_start;
}

int table_init(struct table *t)
{
	*t = (struct table){ .mask = TABLE_MIN - 1 };
	t->slots = calloc(TABLE_MIN, sizeof(*t->slots));
	if (!t->slots)
		return -ENOMEM;
	for (size_t i = 0; i < PROC_BUCKETS; i++)
		list_init(&t->procs[i]);
	return 0;
}

void table_done(struct table *t)
{
	free(t->slots);
	t->slots = NULL;
}

struct stream *table_find(struct table *t, const struct stream_key *key)
{
	struct stream *s = t->last;

	if (s && is_object(&s->conn, key) && s->conn.birth == key->id.birth)
		return s;
	for (size_t i = hash(key->tgid, key->id.object) & t->mask; (s = t->slots[i]);
	     i = (i + 1) & t->mask) {
		if (is_object(&s->conn, key) && s->conn.birth == key->id.birth) {
			t->last = s;
			return s;
		}
	}
	return NULL;
}

struct stream *table_find_sibling(struct table *t, const struct stream_key *key)
{
	struct stream *s;

	for (size_t i = hash(key->tgid, key->id.object) & t->mask; (s = t->slots[i]);
	     i = (i + 1) & t->mask) {
		if (is_object(&s->conn, key) && s->conn.birth != key->id.birth &&
		    s->phase == PHASE_OPEN)
			return s;
	}
	return NULL;
}

static void place(struct table *t, struct stream *s)
{
	size_t i = slot_of(t, &s->conn);

	while (t->slots[i])
		i = (i + 1) & t->mask;
	t->slots[i] = s;
}

static int grow(struct table *t)
{
	struct stream **old = t->slots;
	size_t old_cap = t->mask + 1;
	struct stream **slots = calloc(old_cap * 2, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	t->slots = slots;
	t->mask = old_cap * 2 - 1;
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i])
			place(t, old[i]);
	}
	free(old);
	return 0;
}

int table_add(struct table *t, struct stream *s)
{
	/* At most half full: a search that fails stops soon. */
	if (t->count >= (t->mask + 1) / 2) {
		int err = grow(t);

		if (err)
			return err;
	}
	place(t, s);
	t->count++;
	list_append(table_proc(t, s->conn.tgid), &s->proc);
	return 0;
}

void table_remove(struct table *t, struct stream *s)
{
	size_t i = slot_of(t, &s->conn), hole;

	while (t->slots[i] != s)
		i = (i + 1) & t->mask;
	hole = i;
	t->slots[hole] = NULL;
	/* Move back what could not stand nearer to its place because of the one removed. */
	for (i = (i + 1) & t->mask; t->slots[i]; i = (i + 1) & t->mask) {
		size_t want = slot_of(t, &t->slots[i]->conn);

		if (((i - want) & t->mask) >= ((i - hole) & t->mask)) {
			t->slots[hole] = t->slots[i];
			t->slots[i] = NULL;
			hole = i;
		}
	}
	t->count--;
	list_del(&s->proc);
	if (t->last == s)
		t->last = NULL;
}

struct list *table_proc(struct table *t, uint32_t tgid)
{
	return &t->procs[tgid % PROC_BUCKETS];
}
