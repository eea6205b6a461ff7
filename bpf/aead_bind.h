/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_AEAD_BIND_H
#define EARSHOT_BPF_AEAD_BIND_H

/*
 * aead_bind - which socket a key's records go through, told by where they lie: a sealed record
 * is written from where it was sealed, an opened one lies where an earlier read of the thread
 * put it. A descriptor alone would prove nothing: one thread serves many.
 */
#include "aead_maps.h"
#include "hop.h"

/* Keys that were told lately. A cache: what falls out is told once more. */
#define AEAD_BOUND 1024
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AEAD_BOUND);
	__type(key, __u32);
	__type(value, __u64);
} es_aead_bound SEC(".maps") __weak;

/* Not 0: some watched process has such records, so that calls on sockets are worth a look. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} es_aead_active SEC(".maps") __weak;

static __always_inline void aead_activate(void)
{
	__u32 first = 0;
	__u64 *active = bpf_map_lookup_elem(&es_aead_active, &first);

	if (active)
		*active = 1;
}

/* A process may hold both ends of a connection: one key then stands for both directions. */
static __always_inline bool aead_bound(__u64 key, __u8 dir)
{
	__u32 at = (key + dir) & (AEAD_BOUND - 1);
	__u64 *have = bpf_map_lookup_elem(&es_aead_bound, &at);

	return have && *have == key + dir;
}

static __noinline int aead_emit_peer(struct aead_sent *to)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct es_peer *p;
	__u64 *have;
	__u32 at;

	if (!to)
		return 0;
	at = (to->key + to->dir) & (AEAD_BOUND - 1);
	have = bpf_map_lookup_elem(&es_aead_bound, &at);
	p = bpf_ringbuf_reserve(&es_ring, sizeof(*p), 0);
	if (!have || !p) {
		if (p)
			bpf_ringbuf_discard(p, BPF_RB_NO_WAKEUP);
		return 0;
	}
	__builtin_memset(p, 0, sizeof(*p));
	p->head.type = ES_REC_AEAD_PEER;
	p->head.size = sizeof(*p);
	p->head.time = bpf_ktime_get_ns();
	p->head.tgid = id >> 32;
	p->head.tid = (__u32)id;
	p->stream.proc_start = to->proc_start;
	p->stream.object = to->key;
	p->fd = to->fd;
	p->dir = to->dir;
	p->inode = to->inode;
	PEER_ADDRESSES(p, (struct sock *)to->sock);
	bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
	*have = to->key + to->dir;
	return 0;
}

#endif /* EARSHOT_BPF_AEAD_BIND_H */
