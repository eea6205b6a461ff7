/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_AEAD_H
#define EARSHOT_STREAM_AEAD_H

/*
 * aead - streams out of TLS records that were read at a crypto library (ES_REC_AEAD). Such a
 * record names a key, not a connection: a TLS 1.3 connection has four of them, and more after a
 * key update. What is handed on is application data, in order, by connection:
 *
 * - Order and loss come from the record's sequence number, which the nonce (or, in TLS 1.2, the
 *   additional data) holds, so that a gap is proven whatever happened on the way here.
 * - Which keys make one connection is told by the handshake: its Finished messages follow each
 *   other, and the application's keys follow them; where several could be meant, by the socket.
 *   What neither tells stays apart and is marked (ES_F_ONE_SIDED): wrong would be worse.
 */
#include <linux/types.h>

#include "base/stats.h"
#include "base/sv.h"
#include "earshot/abi.h"

/* How long the bytes of a key wait for what tells its connection. */
#define AEAD_HOLD_NS  200000000ull
#define AEAD_HOLD_MAX (128u << 10) /* ... and how many of one key */
/* A connection of which one end was closed is over when nothing came for this long. */
#define AEAD_LINGER_NS 2000000000ull
/* The connections of a process that is gone wait so long for that. */
#define AEAD_TAIL_NS 100000000ull
/* Keys in use. The one silent longest makes room. */
#define AEAD_KEYS_MAX 16384

/*
 * What comes out: whole records, as conn.h takes them (ES_REC_DATA with ES_SRC_AEAD, ES_REC_GAP,
 * ES_REC_PEER, ES_REC_CLOSE, ES_FACT_SETTLE). A view, valid inside the call.
 */
typedef void aead_out_fn(void *ctx, const struct es_head *rec);

struct aead_opts {
	size_t max_keys;	 /* 0: AEAD_KEYS_MAX */
	struct stat_pair *stats; /* ES_STAT_COUNT pairs; borrowed */
	aead_out_fn *out;
	void *out_ctx;
};

struct aead;

/* Returns 0 or -ENOMEM. */
int aead_new(struct aead **ret, const struct aead_opts *opts);
/* Ends nothing: aead_stop() does. */
void aead_free(struct aead *a);

/* ES_REC_AEAD with its payload (rec->len bytes). */
void aead_record(struct aead *a, const struct es_aead *rec, struct sv payload);
/* ES_REC_AEAD_PEER. */
void aead_peer(struct aead *a, const struct es_peer *rec);
/* ES_FACT_AEAD_TAIL. */
void aead_tail(struct aead *a, const struct es_close *rec);
/* The process ended or runs another program. What it lost at its ends may still be told. */
void aead_proc_gone(struct aead *a, uint32_t tgid, uint64_t proc_start, uint64_t time);
void aead_tick(struct aead *a, uint64_t now);
/* Earshot ends. */
void aead_stop(struct aead *a, uint64_t now);

#endif /* EARSHOT_STREAM_AEAD_H */
