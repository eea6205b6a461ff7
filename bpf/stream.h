/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_STREAM_H
#define EARSHOT_BPF_STREAM_H

/* stream - the per-object entry: made at first use, ended by the object's free. */
#include "emit.h"
#include "filter.h"
#include "maps.h"
#include "peer.h"
#include "stats.h"

static __always_inline bool is_late(__u32 tgid)
{
	struct proc_val *proc = bpf_map_lookup_elem(&es_procs, &tgid);

	return proc && (proc->flags & PROC_LATE);
}

static __always_inline struct stream_val *stream_make(struct stream_key *key, __u64 proc_start)
{
	struct stream_val *s, *zero;
	__u32 first = 0;

	zero = bpf_map_lookup_elem(&es_zero_stream, &first);
	if (!zero)
		return 0;
	bpf_map_update_elem(&es_streams, key, zero, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&es_streams, key);
	if (s && !s->birth) {
		s->birth = bpf_ktime_get_ns();
		s->proc_start = proc_start;
		if (is_late(key->tgid))
			s->flags |= STREAM_LATE;
	}
	return s;
}

static __always_inline struct stream_val *stream_get(struct stream_key *key, __u64 proc_start)
{
	struct stream_val *s = bpf_map_lookup_elem(&es_streams, key);

	if (s && (s->flags & STREAM_CLOSED)) {
		/* The old generation's end could not be told: what it had left is lost here. */
		stat_add(ES_K_PROC_RECORD, s->tail[0] + s->tail[1]);
		bpf_map_delete_elem(&es_streams, key);
		s = 0;
	}
	return s ? s : stream_make(key, proc_start);
}

static __always_inline __u32 verdict_of(struct stream_key *key, struct stream_val *s)
{
	struct control_val *c;
	struct verdict_val *v;
	__u32 first = 0;

	if (!es_use_verdicts || !(s->flags & STREAM_SENT))
		return ES_VERDICT_STREAM;
	c = bpf_map_lookup_elem(&es_control, &first);
	if (!c || !c->verdicts)
		return ES_VERDICT_STREAM;
	v = bpf_map_lookup_elem(&es_verdicts, key);
	return v && v->birth == s->birth ? v->verdict : ES_VERDICT_STREAM;
}

/* 1 when told. */
static __always_inline int emit_close(struct stream_key *key, struct stream_val *s)
{
	__u32 socket = s->end ? s->end : socket_state(s);
	__u64 id = bpf_get_current_pid_tgid();
	struct es_close *c;

	/* An inode number is not used again: its end can wait for the settlement. */
	if ((key->object & (ES_OBJECT_SOCKET | ES_OBJECT_PIPE)) && !room_for_news(sizeof(*c)))
		return 0;
	c = bpf_ringbuf_reserve(&es_ring, sizeof(*c), 0);
	if (!c)
		return 0;
	__builtin_memset(c, 0, sizeof(*c));
	c->head.type = ES_REC_CLOSE;
	c->head.size = sizeof(*c);
	c->head.time = bpf_ktime_get_ns();
	c->head.tgid = id >> 32;
	c->head.tid = (__u32)id;
	c->stream.proc_start = s->proc_start;
	c->stream.object = key->object;
	c->stream.birth = s->birth;
	c->socket = socket;
#pragma unroll
	for (int d = 0; d < 2; d++) {
		c->passed[d] = s->passed[d];
		c->lost[d] = s->lost[d];
		c->ignored[d] = s->ignored[d];
		c->tail[d] = s->tail[d];
	}
	bpf_ringbuf_submit(c, BPF_RB_NO_WAKEUP);
	return 1;
}

static __always_inline void unbind_object(struct stream_val *s, struct stream_key *key)
{
	struct bound_key bound = { .inode = s->inode, .tgid = key->tgid };

	if (es_use_plain && s->inode && !(key->object & (ES_OBJECT_SOCKET | ES_OBJECT_PIPE)))
		bpf_map_delete_elem(&es_bound, &bound);
}

/* The object is gone. */
static __always_inline void stream_end(struct stream_key *key)
{
	struct stream_val *s = bpf_map_lookup_elem(&es_streams, key);

	if (!s)
		return;
	unbind_object(s, key);
	if (!emit_close(key, s)) {
		/* Kept: settled by user space, or counted when the address is used again. */
		s->flags |= STREAM_CLOSED;
		return;
	}
	if (es_use_verdicts)
		bpf_map_delete_elem(&es_verdicts, key);
	bpf_map_delete_elem(&es_streams, key);
}

/*
 * The call used a socket. An object that is met with another one than before has been freed
 * and used again (not every free is seen): a new generation begins.
 */
static __always_inline struct stream_val *stream_bind(struct stream_key *key, struct stream_val *s,
						      struct frame *f)
{
	if (s->inode && s->inode != f->inode) {
		stream_end(key);
		s = stream_get(key, f->proc_start);
		if (!s)
			return 0;
	}
	if (!(s->flags & STREAM_HAS_FD)) {
		s->fd = f->fd;
		s->flags |= STREAM_HAS_FD;
	}
	return s;
}

/* The same for what a watched process frees or closes. */
static __always_inline int object_freed(__u64 object)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);
	struct stream_key key;

	if (!proc)
		return 0;
	key.object = object;
	key.tgid = id >> 32;
	key.execs = proc->execs;
	stream_end(&key);
	return 0;
}

#endif /* EARSHOT_BPF_STREAM_H */
