// SPDX-License-Identifier: Apache-2.0
/* aeadpair - which keys make one connection. */
#include <stdlib.h>

#include "stream/aeadkeys.h"

static bool same_proc(const struct link *l, uint32_t tgid, uint64_t proc_start)
{
	return l->tgid == tgid && l->proc_start == proc_start;
}

static struct list *bucket_of(struct aead *a, uint32_t tgid)
{
	return &a->links[tgid % PROC_BUCKETS];
}

static bool same_socket(const struct es_peer *x, const struct es_peer *y)
{
	return x->inode && x->inode == y->inode;
}

/* ---- connections ---- */

struct link *aead_link_new(struct aead *a, struct key *k, uint64_t time)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	/* Both ends of a connection may be in one process, with the same keys. */
	l->object = k->key ^ k->dir;
	l->birth = time;
	l->tgid = k->tgid;
	l->proc_start = k->proc_start;
	l->v12 = k->v12;
	list_init(&l->keys);
	list_append(bucket_of(a, k->tgid), &l->in);
	return l;
}

static void take_peer(struct aead *a, struct link *l, const struct es_peer *peer)
{
	if (l->peer.inode || !peer->inode)
		return;
	l->peer = *peer;
	aead_tell_peer(a, l);
}

void aead_link_join(struct aead *a, struct link *l, struct key *k)
{
	struct key **place, *old;

	if (!l)
		return;
	if (k->waits) {
		k->waits = false;
		a->waiting--;
	}
	place = k->phase == KEY_HANDSHAKE ? &l->handshake[k->dir] : &l->app[k->dir];
	old = *place;
	*place = k;
	k->link = l;
	l->last = k->last;
	list_append(&l->keys, &k->of_link);
	if (k->phase != KEY_HANDSHAKE)
		l->had[k->dir] = true;
	if (l->had[SENT] && l->had[RECEIVED])
		l->one_sided = false;
	if (k->finished)
		l->finished[k->dir] = true;
	if (!l->late)
		aead_seq_from_zero(&k->seq);
	if (old)
		old->retired = true;
	take_peer(a, l, &k->peer);
	aead_release(a, k);
}

/* Keys of the handshake have done their duty once both sides have finished. */
static bool is_spent(const struct link *l, const struct key *k)
{
	return k->retired || (k->phase == KEY_HANDSHAKE && l->finished[SENT] &&
			      l->finished[RECEIVED] && l->app[k->dir]);
}

void aead_link_tidy(struct aead *a, struct link *l)
{
	struct list *next;

	for (struct list *i = l->keys.next; i != &l->keys; i = next) {
		struct key *k = list_entry(i, struct key, of_link);

		next = i->next;
		if (is_spent(l, k))
			aead_key_forget(a, k);
	}
}

/* Makes one connection of two, of which at least one was not yet heard of outside. */
static bool merge(struct aead *a, struct link *into, struct link *from)
{
	if (from->told) {
		struct link *swap = into;

		into = from;
		from = swap;
	}
	if (from->told || into->v12 != from->v12)
		return false;
	for (int d = SENT; d <= RECEIVED; d++)
		if (from->had[d] && into->had[d])
			return false;
	for (int d = SENT; d <= RECEIVED; d++) {
		into->finished[d] |= from->finished[d];
		into->closed[d] |= from->closed[d];
		if (!into->tid[d])
			into->tid[d] = from->tid[d];
	}
	into->one_sided &= from->one_sided;
	into->one_sided &= !(into->app[SENT] || from->app[SENT]) ||
			   !(into->app[RECEIVED] || from->app[RECEIVED]);
	while (!list_empty(&from->keys)) {
		struct key *k = list_entry(from->keys.next, struct key, of_link);

		list_del(&k->of_link);
		aead_link_join(a, into, k);
	}
	list_del(&from->in);
	free(from);
	return true;
}

/* ---- who could it be ---- */

/*
 * The two directions of a connection have different secrets. One that is the same is the other
 * end's: both are in this process.
 */
static bool is_other_end(const struct link *l, const struct key *k)
{
	const struct key *app = l->app[!k->dir], *handshake = l->handshake[!k->dir];

	return (app && app->salt == k->salt) || (handshake && handshake->salt == k->salt);
}

/* Has this connection room for the key, at the point its handshake is at? */
static bool could_be(const struct link *l, const struct key *k)
{
	int d = k->dir;

	if (l->v12 != k->v12 || l->closed[d] || is_other_end(l, k))
		return false;
	if (k->phase == KEY_HANDSHAKE)
		return !l->handshake[d] && !l->finished[d] && l->handshake[!d] && l->finished[!d];
	if (k->v12)
		return !l->had[d] && l->had[!d] && l->finished[!d];
	if (l->had[d])
		return l->app[d] && l->app[d]->updates;
	return l->finished[d];
}

/* Of the same socket, nothing more is asked for. */
static bool has_room(const struct link *l, const struct key *k)
{
	return could_be(l, k) ||
	       (l->v12 == k->v12 && k->phase == KEY_APPLICATION && !l->had[k->dir]);
}

struct choice {
	struct link *any;    /* one that could be meant */
	size_t count;	     /* how many could */
	struct link *thread; /* the one that only ever used the key's thread */
	size_t on_thread;
	bool mixed; /* some connection of the process changed threads */
};

static bool wanders(const struct link *l)
{
	return l->tid[SENT] && l->tid[RECEIVED] && l->tid[SENT] != l->tid[RECEIVED];
}

static void choose(struct aead *a, const struct key *k, struct choice *c)
{
	struct list *bucket = bucket_of(a, k->tgid);

	*c = (struct choice){ 0 };
	for (struct list *i = bucket->next; i != bucket; i = i->next) {
		struct link *l = list_entry(i, struct link, in);

		if (!same_proc(l, k->tgid, k->proc_start))
			continue;
		c->mixed |= wanders(l);
		/* Of a socket that is another one. */
		if (k->peer.inode && l->peer.inode && !same_socket(&k->peer, &l->peer))
			continue;
		if (same_socket(&k->peer, &l->peer) ? !has_room(l, k) : !could_be(l, k))
			continue;
		if (same_socket(&k->peer, &l->peer)) {
			c->any = l;
			c->count = 1;
			return;
		}
		c->any = l;
		c->count++;
		if (l->tid[SENT] == k->tid || l->tid[RECEIVED] == k->tid) {
			c->thread = l;
			c->on_thread++;
		}
	}
}

/* The connection is the key's own: nothing says which other key belongs to it. */
static void alone(struct aead *a, struct key *k, uint64_t time)
{
	struct link *l = aead_link_new(a, k, time);

	if (!l)
		return;
	if (k->phase == KEY_APPLICATION && !(k->v12 && k->finished)) {
		/* Its handshake was not seen, or is not known to be its. */
		l->late = l->one_sided = true;
		stat_add(a->opts.stats, ES_U_AEAD_ONE_SIDED, 0);
	}
	aead_link_join(a, l, k);
}

static void wait_for_more(struct aead *a, struct key *k, uint64_t time)
{
	if (k->waits)
		return;
	k->waits = true;
	k->deadline = time + AEAD_HOLD_NS;
	a->waiting++;
}

/*
 * In a process that ran before us, a key that nobody has seen may be an old one, whatever
 * handshake there is to match: there only the socket counts.
 */
static bool certain(const struct choice *c, const struct key *k)
{
	return c->count == 1 &&
	       (!k->late || k->phase == KEY_HANDSHAKE || same_socket(&k->peer, &c->any->peer));
}

void aead_place(struct aead *a, struct key *k, uint64_t time)
{
	struct choice c;

	if (k->link)
		return;
	choose(a, k, &c);
	if (certain(&c, k))
		aead_link_join(a, c.any, k);
	else if (c.count || (k->late && !k->peer.inode))
		wait_for_more(a, k, time);
	else
		alone(a, k, time);
}

void aead_place_last(struct aead *a, struct key *k, uint64_t time)
{
	struct choice c;

	if (k->link)
		return;
	choose(a, k, &c);
	if (certain(&c, k))
		aead_link_join(a, c.any, k);
	else if (c.on_thread == 1 && !c.mixed && !k->late)
		aead_link_join(a, c.thread, k); /* a thread for each connection */
	else
		alone(a, k, time);
}

void aead_place_waiting(struct aead *a, uint32_t tgid, uint64_t proc_start)
{
	struct list *i = a->recent.next;
	struct choice c;

	while (a->waiting && i != &a->recent) {
		struct key *k = list_entry(i, struct key, recent);

		i = i->next;
		if (!k->waits || k->tgid != tgid || k->proc_start != proc_start)
			continue;
		choose(a, k, &c);
		if (!certain(&c, k))
			continue;
		aead_link_join(a, c.any, k);
		i = a->recent.next; /* that may have ended others, and decided some */
	}
}

/* ---- sockets ---- */

static void merge_by_socket(struct aead *a, struct link *l)
{
	struct list *bucket = bucket_of(a, l->tgid);

	for (struct list *i = bucket->next; i != bucket; i = i->next) {
		struct link *other = list_entry(i, struct link, in);

		if (other == l || !same_proc(other, l->tgid, l->proc_start) ||
		    !same_socket(&l->peer, &other->peer))
			continue;
		if (merge(a, l, other))
			return;
	}
}

void aead_socket(struct aead *a, struct key *k, const struct es_peer *rec)
{
	uint32_t tgid = k->tgid;
	uint64_t start = k->proc_start;

	k->peer = *rec;
	if (k->link) {
		take_peer(a, k->link, rec);
		if (k->link->one_sided || !k->link->told)
			merge_by_socket(a, k->link);
	} else if (k->phase != KEY_NEW) {
		aead_place(a, k, rec->head.time);
	}
	aead_place_waiting(a, tgid, start);
}
