/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_AEAD_H
#define EARSHOT_BPF_AEAD_H

/*
 * aead - records of TLS stacks that have no read and write to probe (rustls, s2n): what their
 * crypto library seals and opens. The additional data tells a TLS record from other uses
 * before anything is reserved: it holds the record's length, which comes in another argument.
 */
#include "aead_maps.h"
#include "emit.h"
#include "filter.h"
#include "maps.h"
#include "stats.h"

#define AEAD_TAG 16
/* ad_len: RFC 8446 section 5.2, RFC 5246 section 6.2.3.3. */
#define AEAD_AD_13    5
#define AEAD_AD_12    AEAD_AD_MAX
#define AEAD_EXPLICIT 8 /* of a nonce: RFC 5288 section 3 */
#define AEAD_HEAD     5 /* of a record on the wire */

/* Only what could not be told in the ring at once. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct aead_key);
	__type(value, struct aead_lost);
} es_aead_lost SEC(".maps") __weak;

/* Not 0: es_aead_lost has, or had, entries: worth a look-up. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} es_aead_some_lost SEC(".maps") __weak;

/* Is it a TLS record with c->len bytes of plaintext, of which extra lie elsewhere? */
static __always_inline bool aead_is_tls(struct aead_call *c, __u32 extra)
{
	__u8 *ad = c->ad;

	if (c->len + extra > ES_AEAD_MAX)
		return false;
	if (c->ad_len == AEAD_AD_13)
		return ad[0] == 23 && ad[1] == 3 && ad[2] == 3 &&
		       ((__u32)ad[3] << 8 | ad[4]) == c->len + extra + AEAD_TAG;
	return ad[8] >= 20 && ad[8] <= 23 && ad[9] == 3 && ad[10] == 3 &&
	       ((__u32)ad[11] << 8 | ad[12]) == c->len && !extra;
}

/*
 * TLS 1.3: the nonce is the key's own value xor a count in its low half, so the upper 8 bytes
 * stay and differ from key to key. TLS 1.2: the sender may choose them, but not the first 4.
 */
static __always_inline __u64 aead_key_of(struct aead_call *c, __u64 object)
{
	__u64 key;

	if (c->ad_len == AEAD_AD_13) {
		__builtin_memcpy(&key, c->nonce, 8);
		return key;
	}
	key = (__u64) * (__u32 *)c->nonce << 32;
	return key ^ object;
}

/*
 * Reads nonce and additional data of a call whose len and ad_len are set; 1 when it is a TLS
 * record. object: what the key lies in.
 */
static __noinline int aead_take(struct aead_call *c, __u64 object, __u64 nonce, __u64 ad,
				__u32 extra)
{
	long err;

	if (!c)
		return 0;
	if (c->ad_len == AEAD_AD_13)
		err = bpf_probe_read_user(c->ad, AEAD_AD_13, (void *)ad);
	else
		err = bpf_probe_read_user(c->ad, AEAD_AD_12, (void *)ad);
	if (err || bpf_probe_read_user(c->nonce, AEAD_NONCE, (void *)nonce)) {
		stat_add(ES_K_READ_FAULT, c->len);
		return 0;
	}
	if (!aead_is_tls(c, extra)) {
		stat_add(ES_K_AEAD_NOT_TLS, c->len);
		return 0;
	}
	c->inner = c->ad_len == AEAD_AD_13 && !extra;
	c->type = c->ad_len == AEAD_AD_12 ? c->ad[8] : 0;
	c->key = aead_key_of(c, object);
	return 1;
}

static __always_inline void aead_fill(struct es_aead *r, struct aead_call *c, __u32 len)
{
	__u64 id = bpf_get_current_pid_tgid();

	r->head.type = ES_REC_AEAD;
	r->head.flags = c->flags;
	r->head.size = sizeof(*r) + len;
	r->head.time = c->time;
	r->head.tgid = id >> 32;
	r->head.tid = (__u32)id;
	r->proc_start = c->proc_start;
	r->key = c->key;
	r->lost_bytes = c->lost_bytes;
	r->lost_records = c->lost_records;
	r->record_len = c->len;
	r->len = len;
	r->library = c->library;
	__builtin_memcpy(r->nonce, c->nonce, sizeof(r->nonce));
	__builtin_memcpy(r->ad, c->ad, sizeof(r->ad));
	r->ad_len = c->ad_len;
	r->dir = c->dir;
	r->type = c->type;
	r->inner = c->inner;
	r->pad[0] = r->pad[1] = r->pad[2] = 0;
}

#define AEAD_TIER(TIER)                                                                 \
	static __noinline int aead_emit_##TIER(struct aead_call *c)                     \
	{                                                                               \
		struct es_aead *r;                                                      \
		__u64 waiting;                                                          \
		__u32 len;                                                              \
                                                                                        \
		if (!c)                                                                 \
			return 0;                                                       \
		waiting = bpf_ringbuf_query(&es_ring, BPF_RB_AVAIL_DATA);               \
		len = c->len;                                                           \
		if (len > (TIER) || waiting + sizeof(*r) + 8 + (TIER) > DATA_LIMIT)     \
			return 0;                                                       \
		r = bpf_ringbuf_reserve(&es_ring, sizeof(*r) + (TIER), 0);              \
		if (!r)                                                                 \
			return 0;                                                       \
		aead_fill(r, c, len);                                                   \
		if (bpf_probe_read_user((char *)r + sizeof(*r), len, (void *)c->buf)) { \
			bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);                       \
			c->outcome = EMIT_FAULT;                                        \
			return 0;                                                       \
		}                                                                       \
		bpf_ringbuf_submit(r, data_wake(waiting, sizeof(*r) + (TIER) + 8));     \
		c->outcome = EMIT_DONE;                                                 \
		return 0;                                                               \
	}

AEAD_TIER(256)
AEAD_TIER(1024)
AEAD_TIER(4096)
AEAD_TIER(16640)

/* What was lost before comes with the next record that is told. */
static __noinline int aead_lost_before(struct aead_call *c)
{
	struct aead_key key;
	struct aead_lost *l;
	__u32 first = 0;
	__u64 *some;

	if (!c)
		return 0;
	c->lost_bytes = c->lost_records = 0;
	some = bpf_map_lookup_elem(&es_aead_some_lost, &first);
	if (!some || !*some)
		return 0;
	key.key = c->key;
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.dir = c->dir;
	l = bpf_map_lookup_elem(&es_aead_lost, &key);
	if (!l)
		return 0;
	c->lost_bytes = l->bytes;
	c->lost_records = l->records;
	return 1;
}

static __always_inline void aead_lost_told(struct aead_call *c)
{
	struct aead_key key;

	if (!c->lost_records)
		return;
	key.key = c->key;
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.dir = c->dir;
	bpf_map_delete_elem(&es_aead_lost, &key);
}

/* No room even to tell: kept with the key for its next record, or its end. */
static __always_inline void aead_keep_lost(struct aead_call *c, __u64 bytes)
{
	struct aead_lost zero = {}, *l;
	struct aead_key key;
	__u32 first = 0;
	__u64 *some;

	key.key = c->key;
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.dir = c->dir;
	bpf_map_update_elem(&es_aead_lost, &key, &zero, BPF_NOEXIST);
	l = bpf_map_lookup_elem(&es_aead_lost, &key);
	some = bpf_map_lookup_elem(&es_aead_some_lost, &first);
	if (!l || !some) {
		stat_add(ES_K_STREAMS_FULL, bytes);
		return;
	}
	/* The stack serialises the records of a key. */
	l->proc_start = c->proc_start;
	l->bytes += bytes;
	l->records++;
	*some = 1;
}

/* A record that could not be taken: who, which, how long, and what it held, but not the bytes. */
static __noinline int aead_emit_bare(struct aead_call *c)
{
	struct es_aead *r = 0;
	__u32 bytes;

	if (!c)
		return 0;
	stat_add(c->outcome == EMIT_FAULT ? ES_K_READ_FAULT : ES_K_RING_FULL, c->len);
	/* Without padding, as nearly always, its last byte is the type. */
	if (c->inner && c->len)
		bpf_probe_read_user(&c->type, 1, (void *)(c->buf + c->len - 1));
	bytes = c->type == 23 && c->len ? c->len - c->inner : 0;
	if (bpf_ringbuf_query(&es_ring, BPF_RB_AVAIL_DATA) + sizeof(*r) + 8 <= GAP_LIMIT)
		r = bpf_ringbuf_reserve(&es_ring, sizeof(*r), 0);
	if (!r) {
		aead_keep_lost(c, bytes);
		return 0;
	}
	aead_fill(r, c, 0);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	aead_lost_told(c);
	return 0;
}

static __noinline int aead_emit(struct aead_call *c)
{
	__u32 len;

	if (!c)
		return 0;
	c->time = bpf_ktime_get_ns();
	c->outcome = EMIT_NO_ROOM;
	aead_lost_before(c);
	len = c->len;
	if (len <= 256)
		aead_emit_256(c);
	else if (len <= 1024)
		aead_emit_1024(c);
	else if (len <= 4096)
		aead_emit_4096(c);
	else
		aead_emit_16640(c);
	if (c->outcome == EMIT_DONE)
		aead_lost_told(c);
	else
		aead_emit_bare(c);
	return 0;
}

#endif /* EARSHOT_BPF_AEAD_H */
