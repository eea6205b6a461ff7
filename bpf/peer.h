/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_PEER_H
#define EARSHOT_BPF_PEER_H

/* peer - the addresses of the socket behind a stream, read once. */
#include "fd.h"
#include "maps.h"
#include "room.h"

/*
 * So that the close of the socket finds the object; what does not fit is only not told. inode:
 * or the struct sock.
 */
static __always_inline void bind_object(__u64 inode, __u32 tgid, __u64 object)
{
	struct bound_key key = { .inode = inode, .tgid = tgid };

	bpf_map_update_elem(&es_bound, &key, &object, BPF_ANY);
}

static __noinline int emit_peer(struct stream_val *s, __u64 object, __u64 time)
{
	struct es_peer *p;
	struct fd_info info;
	__u64 id = bpf_get_current_pid_tgid();

	if (!s || !room_for_news(sizeof(*p)))
		return 0;
	s->flags |= STREAM_PEER_SENT;
	if (fd_look(&info, s->fd) || !info.sock)
		return 0;
	s->sock = info.sock;
	s->inode = info.inode;
	if (es_use_plain && !(object & (ES_OBJECT_SOCKET | ES_OBJECT_PIPE)))
		bind_object(info.inode, id >> 32, object);
	p = bpf_ringbuf_reserve(&es_ring, sizeof(*p), 0);
	if (!p)
		return 0;
	__builtin_memset(p, 0, sizeof(*p));
	p->head.type = ES_REC_PEER;
	p->head.size = sizeof(*p);
	p->head.time = time;
	p->head.tgid = id >> 32;
	p->head.tid = (__u32)id;
	p->stream.proc_start = s->proc_start;
	p->stream.object = object;
	p->stream.birth = s->birth;
	p->fd = s->fd;
	p->inode = s->inode;
	PEER_ADDRESSES(p, (struct sock *)s->sock);
	bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
	return 0;
}

/* States of a socket whose far end is open: as it is, and when the near end has closed. */
#define ES_TCP_FAR_OPEN (1u << 1 /* ESTABLISHED */ | 1u << 4 /* FIN_WAIT1 */ | 1u << 5)

/* Whether the far end of a socket in this state had gone. enum es_socket. */
static __always_inline __u32 end_of(struct stream_val *s, int state)
{
	if (!s->sock)
		return ES_SOCKET_UNKNOWN;
	if (s->flags & STREAM_READ_END)
		return ES_SOCKET_ENDED;
	return ES_TCP_FAR_OPEN >> (state & 31) & 1 ? ES_SOCKET_OPEN : ES_SOCKET_ENDED;
}

/* The same when the process frees the object. */
static __noinline __u32 socket_state(struct stream_val *s)
{
	struct fd_info info;
	struct sock *sk;
	__u8 state = 0;

	if (!s || !s->sock)
		return ES_SOCKET_UNKNOWN;
	if (s->flags & STREAM_READ_END)
		return ES_SOCKET_ENDED;
	if (fd_look(&info, s->fd) || info.sock != s->sock)
		return ES_SOCKET_UNKNOWN;
	sk = (void *)info.sock;
	if (HOP(state, &sk->__sk_common, skc_state))
		return ES_SOCKET_UNKNOWN;
	return end_of(s, state);
}

#endif /* EARSHOT_BPF_PEER_H */
