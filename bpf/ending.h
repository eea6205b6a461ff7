/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_ENDING_H
#define EARSHOT_BPF_ENDING_H

/* ending - sockets that their process closes: the end of their streams, and who had hung up. */
#include "maps.h"
#include "peer.h"
#include "stream.h"

#define ES_IPPROTO_TCP 6

/*
 * Bytes of a TCP socket that were read by nothing that shows it (splice()): the kernel's own
 * count of what was read has gone on by more than the total of this read. An end that is read
 * counts one. Where others have a hand in the socket (sockmaps), that count is not the process's.
 */
static __noinline int read_unseen(struct stream_val *s, __u64 sock, __u64 total)
{
	struct tcp_sock *sk = (void *)sock;
	void *others = 0;
	__u16 protocol = 0;
	__u32 seq = 0, gap;

	if (!s || HOP(protocol, (struct sock *)sk, sk_protocol) || protocol != ES_IPPROTO_TCP ||
	    HOP(others, (struct sock *)sk, sk_user_data) || others || HOP(seq, sk, copied_seq))
		return 0;
	gap = seq - s->read_seq - total;
	if ((s->flags & STREAM_READ_SEQ) && gap > 1 && gap < 1u << 30) {
		stream_skip(s, ES_DIR_READ, gap, false);
		stat_add(ES_K_NOT_COPIED, gap);
	}
	s->read_seq = seq;
	s->flags |= STREAM_READ_SEQ;
	return 0;
}

/* What a socket that is not read has moved, the kernel counted for us. */
static __always_inline void count_sealed(struct stream_val *s, struct tcp_sock *sk)
{
	__u16 family = 0;

	HOP(family, (struct sock_common *)sk, skc_family);
	if (family != ES_AF_INET && family != ES_AF_INET6)
		return;
	HOP(s->passed[ES_DIR_WRITE], sk, bytes_sent);
	HOP(s->passed[ES_DIR_READ], sk, bytes_received);
	s->ignored[0] = s->passed[0];
	s->ignored[1] = s->passed[1];
}

/*
 * A program may close its socket before it frees what used it: who had hung up is seen now.
 * state: of the socket.
 */
static __noinline int note_end(__u64 inode, __u32 tgid, __u32 execs, int state)
{
	struct bound_key bound = { .inode = inode, .tgid = tgid };
	__u64 *object = bpf_map_lookup_elem(&es_bound, &bound);
	struct stream_key key = { .tgid = tgid, .execs = execs };
	struct stream_val *s;

	if (!object)
		return 0;
	key.object = *object;
	s = bpf_map_lookup_elem(&es_streams, &key);
	if (s && s->inode == inode)
		s->end = end_of(s, state);
	bpf_map_delete_elem(&es_bound, &bound);
	return 0;
}

static __always_inline void unbind_socket(__u64 sock, __u32 tgid)
{
	struct bound_key key = { .inode = sock, .tgid = tgid };

	if (es_use_points)
		bpf_map_delete_elem(&es_bound, &key);
}

/* The socket is closed by the process, or can move nothing any more. */
static __noinline int plain_end(__u64 sock, __u64 inode, __u32 execs, int state)
{
	struct stream_key key;
	struct stream_val *s;

	key.object = ES_OBJECT_SOCKET | inode;
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.execs = execs;
	note_end(inode, key.tgid, execs, state);
	unbind_socket(sock, key.tgid);
	s = bpf_map_lookup_elem(&es_streams, &key);
	if (!s)
		return 0;
	if (s->flags & STREAM_TLS)
		count_sealed(s, (void *)sock);
	if (s->flags & STREAM_READ_SEQ)
		read_unseen(s, sock, 0);
	s->end = end_of(s, state);
	stream_end(&key);
	return 0;
}

static __noinline int plain_close(__u32 execs, __u32 fd)
{
	struct fd_info info;
	struct sock *sk;
	__u16 family = 0;
	__u8 state = 0;

	if (fd_look(&info, fd) || !info.sock)
		return 0;
	sk = (void *)info.sock;
	HOP(family, &sk->__sk_common, skc_family);
	/* The others' end is seen where it comes to pass. */
	if (es_use_points && family != ES_AF_UNIX)
		return 0;
	HOP(state, &sk->__sk_common, skc_state);
	return plain_end(info.sock, info.inode, execs, state);
}

#endif /* EARSHOT_BPF_ENDING_H */
