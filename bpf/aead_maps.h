/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_AEAD_MAPS_H
#define EARSHOT_BPF_AEAD_MAPS_H

/* aead_maps - what is known of a thread whose calls of a crypto library are read. */
#include "maps.h"

#define AEAD_NONCE	12
#define AEAD_AD_MAX	13
#define AEAD_STACK_ARGS 7
#define AEAD_READS	4

/* A call whose plaintext is, or will be, at buf. */
struct aead_call {
	__u64 sp; /* of the entry; 0: none in flight */
	__u64 buf;
	__u64 key;
	__u64 proc_start;
	__u64 time;
	__u64 lost_bytes;
	__u32 lost_records;
	__u32 len;
	__u32 library;
	__u8 nonce[AEAD_NONCE];
	__u8 ad[AEAD_AD_MAX];
	__u8 ad_len;
	__u8 dir;
	__u8 type;
	__u8 inner;
	__u8 status; /* the result says whether it was opened */
	__u8 outcome;
	__u8 pad;
	__u16 flags; /* ES_F_LATE */
};

/* A sealed record that no socket is known for: where it starts, its head included; 0: none. */
struct aead_sent {
	__u64 at, key, proc_start;
	__u64 before;	   /* as at, with an explicit nonce in front (TLS 1.2, GCM) */
	__u64 sock, inode; /* of the socket */
	__u32 fd, dir;
};

struct aead_read {
	__u64 base, len;
	struct aead_sent to;
};

struct aead_thread {
	__u64 stack[AEAD_STACK_ARGS]; /* arguments of the newest call that came on the stack */
	struct aead_call seal, open;
	/* To find the socket by where the records lie; see aead_bind.h. */
	struct aead_sent first, last; /* since the thread's newest write */
	__u32 read_next, pad;
	struct aead_read reads[AEAD_READS];
};

/* Key: pid_tgid. An entry lives as long as its thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct aead_thread);
} es_aead_threads SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aead_thread);
} es_zero_aead SEC(".maps") __weak;

static __always_inline struct aead_thread *aead_thread_get(__u64 id)
{
	struct aead_thread *t = bpf_map_lookup_elem(&es_aead_threads, &id), *zero;
	__u32 first = 0;

	if (t)
		return t;
	zero = bpf_map_lookup_elem(&es_zero_aead, &first);
	if (!zero)
		return 0;
	bpf_map_update_elem(&es_aead_threads, &id, zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&es_aead_threads, &id);
}

#endif /* EARSHOT_BPF_AEAD_MAPS_H */
