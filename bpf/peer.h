/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_PEER_H
#define EARSHOT_BPF_PEER_H

/* peer - the addresses of the socket behind a stream, read once from the task's own files. */
#include "maps.h"

#define ES_AF_INET  2
#define ES_AF_INET6 10

/* One pointer, hop by hop: chains of BPF_CORE_READ would take a stack slot each. */
#define HOP(to, from, member)                    \
	bpf_probe_read_kernel(&(to), sizeof(to), \
			      (void *)(from) + bpf_core_field_offset((from)->member))

/* Address of the struct sock behind a descriptor of the current task; 0 when it is no socket. */
static __noinline __u64 sock_of_fd(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct files_struct *files = 0;
	void *at = 0;
	__u32 n = 0;

	if (HOP(files, task, files) || HOP(at, files, fdt) || !at)
		return 0;
	if (HOP(n, (struct fdtable *)at, max_fds) || fd >= n)
		return 0;
	if (HOP(at, (struct fdtable *)at, fd))
		return 0;
	if (bpf_probe_read_kernel(&at, sizeof(at), (struct file **)at + fd) || !at)
		return 0;
	if (HOP(files, (struct file *)at, f_inode))
		return 0;
	n = 0;
	if (bpf_probe_read_kernel(&n, sizeof(__u16),
				  (void *)files + bpf_core_field_offset(struct inode, i_mode)) ||
	    (n & 0170000) != 0140000)
		return 0;
	if (HOP(at, (struct file *)at, private_data) || !at || HOP(at, (struct socket *)at, sk))
		return 0;
	return (__u64)at;
}

static __noinline int emit_peer(struct stream_val *s, __u64 object, __u64 time)
{
	struct es_peer *p;
	struct sock *sk;
	__u64 id = bpf_get_current_pid_tgid();

	if (!s)
		return 0;
	s->flags |= STREAM_PEER_SENT;
	sk = (void *)sock_of_fd(s->fd);
	if (!sk)
		return 0;
	s->sock = (__u64)sk;
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
	p->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	p->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	p->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (p->family == ES_AF_INET) {
		BPF_CORE_READ_INTO((__u32 *)p->remote, sk, __sk_common.skc_daddr);
		BPF_CORE_READ_INTO((__u32 *)p->local, sk, __sk_common.skc_rcv_saddr);
	} else if (p->family == ES_AF_INET6) {
		BPF_CORE_READ_INTO(&p->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&p->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	}
	bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
	return 0;
}

#define ES_TCP_ESTABLISHED 1

/* Whether the far end had gone when the process freed the object. enum es_socket. */
static __noinline __u32 socket_state(struct stream_val *s)
{
	struct sock *sk;
	__u8 state = 0;

	if (!s || !s->sock)
		return ES_SOCKET_UNKNOWN;
	if (s->flags & STREAM_READ_END)
		return ES_SOCKET_ENDED;
	sk = (void *)sock_of_fd(s->fd);
	if ((__u64)sk != s->sock)
		return ES_SOCKET_UNKNOWN;
	if (HOP(state, &sk->__sk_common, skc_state))
		return ES_SOCKET_UNKNOWN;
	return state == ES_TCP_ESTABLISHED ? ES_SOCKET_OPEN : ES_SOCKET_ENDED;
}

#endif /* EARSHOT_BPF_PEER_H */
