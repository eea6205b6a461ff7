// SPDX-License-Identifier: Apache-2.0
#include "stream/aead.h"

#include <errno.h>
#include <stdlib.h>

#include "stream/aeadkeys.h"

/* TLS content types and handshake messages: RFC 8446 sections 5.1, 4. */
enum { TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, TYPE_DATA = 23 };
enum { MSG_TICKET = 4, MSG_ENCRYPTED_EXTENSIONS = 8, MSG_FINISHED = 20, MSG_KEY_UPDATE = 24 };
enum { ALERT_CLOSE_NOTIFY = 0 };

#define AD_12 13
int aead_new(struct aead **ret, const struct aead_opts *opts)
{
	struct aead *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->opts = *opts;
	if (!a->opts.max_keys)
		a->opts.max_keys = AEAD_KEYS_MAX;
	for (size_t i = 0; i < AEAD_BUCKETS; i++)
		list_init(&a->buckets[i]);
	for (size_t i = 0; i < PROC_BUCKETS; i++)
		list_init(&a->links[i]);
	list_init(&a->recent);
	*ret = a;
	return 0;
}

/* ---- the end ---- */

void aead_key_forget(struct aead *a, struct key *k)
{
	if (k->link) {
		struct link *l = k->link;

		if (l->app[k->dir] == k)
			l->app[k->dir] = NULL;
		if (l->handshake[k->dir] == k)
			l->handshake[k->dir] = NULL;
	}
	if (k->waits)
		a->waiting--;
	k->link = NULL;
	aead_release(a, k);
	list_del(&k->bucket);
	list_del(&k->recent);
	list_del(&k->of_link);
	a->keys--;
	free(k);
}

void aead_link_end(struct aead *a, struct link *l, uint16_t type, uint64_t time)
{
	struct es_close c = {
		.head = { .type = type, .size = sizeof(c), .time = time, .tgid = l->tgid },
		.stream = { l->proc_start, l->object, l->birth },
	};

	for (int d = SENT; d <= RECEIVED; d++) {
		c.passed[d] = l->passed[d];
		c.lost[d] = l->lost[d];
	}
	if (l->closed[RECEIVED])
		c.socket = ES_SOCKET_ENDED;
	else if (l->closed[SENT])
		c.socket = ES_SOCKET_OPEN;
	if (l->told)
		a->opts.out(a->opts.out_ctx, &c.head);
	while (!list_empty(&l->keys))
		aead_key_forget(a, list_entry(l->keys.next, struct key, of_link));
	list_del(&l->in);
	free(l);
}

static bool of_proc(uint32_t tgid, uint64_t start, uint32_t of_tgid, uint64_t of_start)
{
	return tgid == of_tgid && start == of_start;
}

/* A key without a connection; of one process, or (tgid 0) of any. NULL: there is none. */
static struct key *stray(struct aead *a, uint32_t tgid, uint64_t proc_start)
{
	for (struct list *l = a->recent.next; l != &a->recent; l = l->next) {
		struct key *k = list_entry(l, struct key, recent);

		if (!k->link && (!tgid || of_proc(k->tgid, k->proc_start, tgid, proc_start)))
			return k;
	}
	return NULL;
}

/* What still waits is decided first: its bytes are not to be lost. */
static void settle_keys(struct aead *a, uint32_t tgid, uint64_t proc_start, uint64_t time)
{
	struct key *k;

	while ((k = stray(a, tgid, proc_start))) {
		if (!list_empty(&k->held))
			aead_place_last(a, k, time);
		if (!k->link)
			aead_key_forget(a, k);
	}
}

void aead_proc_gone(struct aead *a, uint32_t tgid, uint64_t proc_start, uint64_t time)
{
	struct list *bucket = &a->links[tgid % PROC_BUCKETS];

	settle_keys(a, tgid, proc_start, time);
	for (struct list *i = bucket->next; i != bucket; i = i->next) {
		struct link *l = list_entry(i, struct link, in);

		if (of_proc(l->tgid, l->proc_start, tgid, proc_start) && !l->gone)
			l->gone = time;
	}
}

/* Ends the connections of processes that are gone: of one, or (tgid 0) of those gone by then. */
static void end_gone(struct aead *a, uint32_t tgid, uint64_t then, uint64_t now)
{
	for (size_t b = 0; b < PROC_BUCKETS; b++) {
		struct list *next;

		for (struct list *i = a->links[b].next; i != &a->links[b]; i = next) {
			struct link *l = list_entry(i, struct link, in);

			next = i->next;
			if (l->gone && (tgid ? l->tgid == tgid : l->gone <= then))
				aead_link_end(a, l, ES_FACT_SETTLE, now);
		}
	}
}

void aead_stop(struct aead *a, uint64_t now)
{
	settle_keys(a, 0, 0, now);
	for (size_t i = 0; i < PROC_BUCKETS; i++)
		while (!list_empty(&a->links[i]))
			aead_link_end(a, list_entry(a->links[i].next, struct link, in),
				      ES_FACT_SETTLE, now);
}

void aead_free(struct aead *a)
{
	if (!a)
		return;
	while (!list_empty(&a->recent))
		aead_key_forget(a, list_entry(a->recent.next, struct key, recent));
	for (size_t i = 0; i < PROC_BUCKETS; i++) {
		while (!list_empty(&a->links[i])) {
			struct link *l = list_entry(a->links[i].next, struct link, in);

			list_del(&l->in);
			free(l);
		}
	}
	free(a);
}

/* ---- keys ---- */

static struct list *bucket_of(struct aead *a, uint32_t tgid, uint64_t key)
{
	uint64_t h = (key ^ (uint64_t)tgid << 32) * 0x9e3779b97f4a7c15ull;

	return &a->buckets[h >> 54 & (AEAD_BUCKETS - 1)];
}

static struct key *key_find(struct aead *a, uint32_t tgid, uint64_t proc_start, uint64_t key,
			    uint8_t dir)
{
	struct list *bucket = bucket_of(a, tgid, key);

	for (struct list *l = bucket->next; l != bucket; l = l->next) {
		struct key *k = list_entry(l, struct key, bucket);

		if (k->key == key && k->dir == dir &&
		    of_proc(k->tgid, k->proc_start, tgid, proc_start))
			return k;
	}
	return NULL;
}

/* Makes room: the connection of the key silent longest is over, or counts as such. */
static void evict(struct aead *a, uint64_t time)
{
	struct key *k = list_entry(a->recent.next, struct key, recent);

	aead_lose(a, ES_U_AEAD_FULL, 1, 0);
	if (!k->link && !list_empty(&k->held))
		aead_place_last(a, k, time);
	if (k->link)
		aead_link_end(a, k->link, ES_FACT_SETTLE, time);
	else
		aead_key_forget(a, k);
}

static bool is_of(const struct es_peer *p, const struct key *k)
{
	return p->stream.object == k->key && p->dir == k->dir &&
	       of_proc(p->head.tgid, p->stream.proc_start, k->tgid, k->proc_start);
}

static void find_early_peer(const struct aead *a, struct key *k)
{
	for (size_t i = 0; i < AEAD_EARLY_PEERS; i++)
		if (is_of(&a->early[i], k))
			k->peer = a->early[i];
}

static struct key *key_of(struct aead *a, const struct es_aead *rec)
{
	struct key *k = key_find(a, rec->head.tgid, rec->proc_start, rec->key, rec->dir);

	if (!k) {
		if (a->keys >= a->opts.max_keys)
			evict(a, rec->head.time);
		k = calloc(1, sizeof(*k));
		if (!k)
			return NULL;
		k->key = rec->key;
		k->tgid = rec->head.tgid;
		k->proc_start = rec->proc_start;
		k->dir = rec->dir;
		k->v12 = rec->ad_len == AD_12;
		memcpy(&k->salt, rec->nonce, sizeof(k->salt));
		k->opened = rec->head.time;
		k->late = rec->head.flags & ES_F_LATE;
		list_init(&k->recent);
		list_init(&k->of_link);
		list_init(&k->held);
		list_append(bucket_of(a, k->tgid, k->key), &k->bucket);
		find_early_peer(a, k);
		a->keys++;
	}
	list_del(&k->recent);
	list_append(&a->recent, &k->recent);
	k->last = rec->head.time;
	k->tid = rec->head.tid;
	return k;
}

/* ---- what records say ---- */

static void finished(struct aead *a, struct key *k)
{
	struct link *l = k->link;

	if (!l)
		return;
	l->finished[k->dir] = true;
	l->tid[k->dir] = k->tid;
	aead_place_waiting(a, k->tgid, k->proc_start);
}

static void message(struct aead *a, struct key *k, uint8_t type, uint64_t time)
{
	if (type == MSG_FINISHED)
		k->finished = true;
	if (k->phase == KEY_NEW) {
		bool after = type == MSG_TICKET || type == MSG_KEY_UPDATE;

		k->phase = k->v12 || after ? KEY_APPLICATION : KEY_HANDSHAKE;
		if (type == MSG_ENCRYPTED_EXTENSIONS)
			aead_link_join(a, aead_link_new(a, k, time), k);
		else
			aead_place(a, k, time);
	}
	if (type == MSG_FINISHED)
		finished(a, k);
	if (type == MSG_KEY_UPDATE)
		k->updates = true;
}

/* Messages may share a record, and may go on in the next. */
static void handshake(struct aead *a, struct key *k, struct sv bytes, uint64_t time)
{
	while (bytes.len) {
		uint32_t n = k->left < bytes.len ? k->left : (uint32_t)bytes.len;

		k->left -= n;
		bytes = sv_skip(bytes, n);
		while (!k->left && bytes.len && k->head_len < 4) {
			k->head[k->head_len++] = (uint8_t)bytes.p[0];
			bytes = sv_skip(bytes, 1);
		}
		if (!k->left && k->head_len == 4) {
			k->left =
				(uint32_t)k->head[1] << 16 | (uint32_t)k->head[2] << 8 | k->head[3];
			k->head_len = 0;
			message(a, k, k->head[0], time);
		}
	}
}

static void alert(struct aead *a, struct key *k, struct sv bytes, uint64_t time)
{
	struct link *l = k->link;

	if (bytes.len < 2 || !l)
		return;
	/* Any alert but a warning of TLS 1.2 ends its direction (RFC 8446 section 6). */
	if (bytes.p[1] != ALERT_CLOSE_NOTIFY && k->v12 && bytes.p[0] == 1)
		return;
	l->closed[k->dir] = true;
	if (l->closed[!k->dir])
		aead_link_end(a, l, ES_REC_CLOSE, time);
}

/* The content type, and the plaintext without it and without padding. */
static uint8_t content(const struct es_aead *rec, struct sv *bytes)
{
	if (!rec->inner)
		return rec->type;
	while (bytes->len && !bytes->p[bytes->len - 1])
		bytes->len--;
	if (!bytes->len)
		return 0;
	bytes->len--;
	return (uint8_t)bytes->p[bytes->len];
}

/* Records missing before this one, in bytes as far as they are known. */
static void count_missing(struct aead *a, const struct es_aead *rec, int64_t gap, struct piece *p)
{
	uint64_t unknown =
		(uint64_t)gap > rec->lost_records ? (uint64_t)gap - rec->lost_records : 0;

	p->missing = rec->lost_bytes;
	if (!unknown)
		return;
	/* Each of them held at least one byte, if it held data. */
	p->missing += unknown;
	p->inexact = true;
	aead_lose(a, ES_U_AEAD_GAP, unknown, 0);
}

static uint64_t number_of(const struct es_aead *rec)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | rec->ad[i];
	return n;
}

static int64_t next_record(struct key *k, const struct es_aead *rec)
{
	uint32_t nonce = (uint32_t)rec->nonce[8] << 24 | (uint32_t)rec->nonce[9] << 16 |
			 (uint32_t)rec->nonce[10] << 8 | rec->nonce[11];
	uint64_t number = number_of(rec);

	return aead_seq_next(&k->seq, nonce, k->v12 ? &number : NULL, rec->lost_records);
}

static bool is_sound(const struct es_aead *rec, struct sv payload)
{
	return rec->dir <= ES_DIR_READ && (rec->ad_len == 5 || rec->ad_len == AD_12) &&
	       payload.len == rec->len && (!rec->len || rec->len == rec->record_len) &&
	       rec->record_len <= ES_AEAD_MAX;
}

/* Application data, or that some is missing. */
static void data(struct aead *a, struct key *k, const struct piece *p)
{
	if (k->phase == KEY_HANDSHAKE)
		return; /* none belongs there: early data is not sent by those who are read */
	if (k->phase == KEY_NEW) {
		k->phase = KEY_APPLICATION;
		aead_place(a, k, p->time);
	}
	aead_give(a, k, p);
}

void aead_record(struct aead *a, const struct es_aead *rec, struct sv payload)
{
	struct piece p = { .time = rec->head.time, .tid = rec->head.tid, .library = rec->library };
	struct key *k = is_sound(rec, payload) ? key_of(a, rec) : NULL;
	struct sv bytes = payload;
	bool bare = !rec->len && rec->record_len;
	int64_t gap;
	uint8_t type;

	if (!k) {
		aead_lose(a, ES_U_BAD_RECORD, 1, payload.len);
		return;
	}
	gap = next_record(k, rec);
	if (gap < 0) {
		aead_lose(a, ES_U_BAD_RECORD, 1, payload.len);
		return;
	}
	count_missing(a, rec, gap, &p);
	type = bare ? rec->type : content(rec, &bytes);
	if (bare && type == TYPE_DATA)
		p.missing += rec->record_len - rec->inner;
	if (k->link)
		k->link->last = p.time;
	if (gap || bare)
		k->left = k->head_len = 0; /* the next message begins with the next record */
	if (type == TYPE_DATA && !bare)
		p.bytes = bytes;
	/* Before there was data, what is missing was handshake. */
	if (type == TYPE_DATA || (p.missing && k->phase == KEY_APPLICATION))
		data(a, k, &p);
	if (type == TYPE_HANDSHAKE && !bare)
		handshake(a, k, bytes, p.time);
	else if (type == TYPE_ALERT && !bare)
		alert(a, k, bytes, p.time);
}

void aead_peer(struct aead *a, const struct es_peer *rec)
{
	struct key *k =
		key_find(a, rec->head.tgid, rec->stream.proc_start, rec->stream.object, rec->dir);

	if (!rec->inode)
		return;
	if (k)
		aead_socket(a, k, rec);
	else
		a->early[a->early_next++ % AEAD_EARLY_PEERS] = *rec;
}

void aead_tail(struct aead *a, const struct es_close *rec)
{
	uint8_t dir = rec->tail[RECEIVED] ? RECEIVED : SENT;
	const struct piece p = { .time = rec->head.time,
				 .tid = rec->head.tid,
				 .missing = rec->lost[dir] };
	struct key *k;

	if (!rec->stream.object) {
		end_gone(a, rec->head.tgid, rec->head.time, rec->head.time);
		return;
	}
	k = key_find(a, rec->head.tgid, rec->stream.proc_start, rec->stream.object, dir);
	if (k && k->link && p.missing)
		aead_deliver(a, k->link, dir, &p);
}

/* ---- time ---- */

/* One at a time: what is decided of one may end another. */
static struct key *overdue(struct aead *a, uint64_t now)
{
	for (struct list *l = a->recent.next; a->waiting && l != &a->recent; l = l->next) {
		struct key *k = list_entry(l, struct key, recent);

		if (k->waits && k->deadline <= now)
			return k;
	}
	return NULL;
}

static void tick_waiting(struct aead *a, uint64_t now)
{
	struct key *k;

	while ((k = overdue(a, now))) {
		aead_place_last(a, k, now);
		if (!k->link)
			aead_key_forget(a, k); /* no memory */
	}
}

void aead_tick(struct aead *a, uint64_t now)
{
	tick_waiting(a, now);
	end_gone(a, 0, now > AEAD_TAIL_NS ? now - AEAD_TAIL_NS : 0, now);
	for (size_t i = 0; i < PROC_BUCKETS; i++) {
		struct list *next;

		for (struct list *at = a->links[i].next; at != &a->links[i]; at = next) {
			struct link *l = list_entry(at, struct link, in);

			next = at->next;
			aead_link_tidy(a, l);
			if ((l->closed[SENT] || l->closed[RECEIVED]) &&
			    l->last + AEAD_LINGER_NS <= now)
				aead_link_end(a, l, ES_REC_CLOSE, now);
		}
	}
}
