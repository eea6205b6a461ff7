/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_AEADKEYS_H
#define EARSHOT_STREAM_AEADKEYS_H

/*
 * aeadkeys - what the files behind aead.h share: aead.c takes records apart, aeadpair.c says
 * which keys make one connection, aeadseq.c counts, aeadgive.c hands bytes on.
 */
#include "earshot/stats.h"
#include "stream/aead.h"
#include "stream/aeadseq.h"
#include "stream/table.h"

enum { SENT = ES_DIR_WRITE, RECEIVED = ES_DIR_READ };

/* Application data that waits for its connection. */
struct held {
	struct list in; /* of its key */
	uint64_t time, missing;
	uint32_t tid, library, len;
	bool inexact;
	char bytes[];
};

enum key_phase {
	KEY_NEW,	 /* nothing tells yet */
	KEY_HANDSHAKE,	 /* TLS 1.3: of the handshake's second part */
	KEY_APPLICATION, /* TLS 1.2 keys are both: first Finished, then data */
};

/* One key of one direction. */
struct key {
	struct list bucket, recent, of_link;
	uint64_t key, proc_start, opened, last;
	uint32_t tgid, tid, salt; /* salt: the part of its nonces that no sender chooses */
	uint8_t dir, phase;
	bool v12, finished, updates, waits;
	bool retired; /* another one has taken its place */
	bool late;    /* may be of a connection that began before us */
	struct aead_seq seq;
	/* Handshake messages: the head of the one that is read, what is left of it. */
	uint8_t head[4];
	uint8_t head_len;
	uint32_t left;
	struct list held;
	uint64_t held_bytes, deadline;
	struct link *link;
	struct es_peer peer; /* inode 0: not known */
};

/* One connection. */
struct link {
	struct list in, keys; /* of its process's bucket; its keys */
	uint64_t object, birth, proc_start, last;
	uint64_t passed[2], lost[2], told_at[2];
	uint64_t gone; /* when its process had ended; 0: it has not */
	uint32_t tgid;
	struct key *handshake[2], *app[2]; /* the newest of each */
	uint32_t tid[2];		   /* that finished the handshake, by direction */
	bool finished[2], had[2];	   /* Finished was seen; had a key for data */
	bool closed[2];
	bool v12, late, one_sided, guessed, told, peer_told;
	struct es_peer peer;
};

#define AEAD_BUCKETS 1024
/* Sockets that were told of right before the first record of their key. */
#define AEAD_EARLY_PEERS 64

struct aead {
	struct aead_opts opts;
	struct list buckets[AEAD_BUCKETS]; /* keys */
	struct list links[PROC_BUCKETS];
	struct list recent; /* keys, longest silent first */
	size_t keys, waiting;
	struct es_peer early[AEAD_EARLY_PEERS];
	size_t early_next;
	uint64_t held;						  /* bytes */
	uint64_t out[(sizeof(struct es_data) + ES_AEAD_MAX) / 8]; /* the record handed on */
};

static inline void aead_lose(struct aead *a, enum es_stat cause, uint64_t events, uint64_t bytes)
{
	a->opts.stats[cause].events += events;
	a->opts.stats[cause].bytes += bytes;
}

/* aeadpair.c: finds the key's connection, or lets it wait; tells of it where it is known. */
void aead_place(struct aead *a, struct key *k, uint64_t time);
/* Decides what waits, now that more is known (or, last: that no more will be). */
void aead_place_waiting(struct aead *a, uint32_t tgid, uint64_t proc_start);
void aead_place_last(struct aead *a, struct key *k, uint64_t time);
void aead_socket(struct aead *a, struct key *k, const struct es_peer *rec);
struct link *aead_link_new(struct aead *a, struct key *k, uint64_t time);
void aead_link_join(struct aead *a, struct link *l, struct key *k);
/* Frees keys that are not used any more. */
void aead_link_tidy(struct aead *a, struct link *l);

/* aeadgive.c. A piece of application data, bytes missing before it, or both. */
struct piece {
	uint64_t time, missing;
	uint32_t tid, library;
	bool inexact;
	struct sv bytes;
};

void aead_give(struct aead *a, struct key *k, const struct piece *p);
void aead_deliver(struct aead *a, struct link *l, uint8_t dir, const struct piece *p);
void aead_release(struct aead *a, struct key *k);
void aead_tell_peer(struct aead *a, struct link *l);

/* aead.c */
void aead_key_forget(struct aead *a, struct key *k);
void aead_link_end(struct aead *a, struct link *l, uint16_t type, uint64_t time);

#endif /* EARSHOT_STREAM_AEADKEYS_H */
