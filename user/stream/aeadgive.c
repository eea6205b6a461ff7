// SPDX-License-Identifier: Apache-2.0
/* aeadgive - application data, handed on or kept until it is known whose it is. */
#include <stdlib.h>

#include "stream/aeadkeys.h"

/* Application data that waits, of all keys together. */
#define HELD_MAX (8u << 20)

void aead_deliver(struct aead *a, struct link *l, uint8_t dir, const struct piece *p)
{
	struct es_data *d = (struct es_data *)(void *)a->out;

	*d = (struct es_data){
		.head = { .type = p->bytes.len ? ES_REC_DATA : ES_REC_GAP,
			  .size = (uint32_t)(sizeof(*d) + p->bytes.len),
			  .time = p->time,
			  .tgid = l->tgid,
			  .tid = p->tid },
		.stream = { l->proc_start, l->object, l->birth },
		.missing = p->missing,
		.call_len = (uint32_t)p->bytes.len,
		.len = (uint32_t)p->bytes.len,
		.dir = dir,
		.source = ES_SRC_AEAD,
		.library = p->library,
	};

	l->passed[dir] += p->missing;
	l->lost[dir] += p->missing;
	d->offset = l->passed[dir];
	l->passed[dir] += p->bytes.len;
	if (!l->told)
		d->head.flags |= ES_F_FIRST;
	if (l->late)
		d->head.flags |= ES_F_LATE;
	if (l->one_sided)
		d->head.flags |= ES_F_ONE_SIDED;
	if (p->inexact)
		d->head.flags |= ES_F_INEXACT;
	l->told = true;
	l->told_at[dir] = p->time;
	if (p->bytes.len)
		memcpy(d + 1, p->bytes.p, p->bytes.len);
	a->opts.out(a->opts.out_ctx, &d->head);
	if (!l->peer_told)
		aead_tell_peer(a, l);
}

void aead_tell_peer(struct aead *a, struct link *l)
{
	struct es_peer p = l->peer;

	if (!l->told || !l->peer.inode)
		return;
	l->peer_told = true;
	p.head.type = ES_REC_PEER;
	p.stream = (struct es_stream){ l->proc_start, l->object, l->birth };
	a->opts.out(a->opts.out_ctx, &p.head);
}

/* Keeps a piece until it is known whose it is; a key that has too much of it is decided now. */
static void hold(struct aead *a, struct key *k, const struct piece *p)
{
	struct held *h = NULL;

	if (k->held_bytes + p->bytes.len <= AEAD_HOLD_MAX && a->held + p->bytes.len <= HELD_MAX)
		h = malloc(sizeof(*h) + p->bytes.len);
	if (!h) {
		aead_place_last(a, k, p->time);
		if (k->link)
			aead_deliver(a, k->link, k->dir, p);
		else
			aead_lose(a, ES_U_AEAD_FULL, 1, p->bytes.len);
		return;
	}
	*h = (struct held){ .time = p->time,
			    .missing = p->missing,
			    .tid = p->tid,
			    .library = p->library,
			    .len = (uint32_t)p->bytes.len,
			    .inexact = p->inexact };
	if (p->bytes.len)
		memcpy(h->bytes, p->bytes.p, p->bytes.len);
	list_append(&k->held, &h->in);
	k->held_bytes += p->bytes.len;
	a->held += p->bytes.len;
}

/*
 * Of a connection that began before us, an answer may have waited while the next request was
 * handed on: given now, it would be taken for that one's. It counts as gone by before.
 */
static bool passed_by(struct aead *a, const struct key *k, const struct held *h)
{
	struct link *l = k->link;

	if (!k->late || !l->late || l->told_at[k->dir] || l->told_at[!k->dir] <= h->time)
		return false;
	l->passed[k->dir] += h->missing + h->len;
	aead_lose(a, ES_U_RESYNC, 1, h->len);
	return true;
}

void aead_release(struct aead *a, struct key *k)
{
	while (!list_empty(&k->held)) {
		struct held *h = list_entry(k->held.next, struct held, in);
		const struct piece p = { h->time,    h->missing, h->tid,
					 h->library, h->inexact, { h->bytes, h->len } };

		list_del(&h->in);
		a->held -= h->len;
		if (!k->link)
			aead_lose(a, ES_U_AEAD_FULL, 1, h->len);
		else if (!passed_by(a, k, h))
			aead_deliver(a, k->link, k->dir, &p);
		free(h);
	}
	k->held_bytes = 0;
}

void aead_give(struct aead *a, struct key *k, const struct piece *p)
{
	if (!p->bytes.len && !p->missing)
		return;
	if (k->link)
		aead_deliver(a, k->link, k->dir, p);
	else
		hold(a, k, p);
}
