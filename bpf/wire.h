/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_WIRE_H
#define EARSHOT_BPF_WIRE_H

/* wire - what a socket shows of itself that is not read: ES_REC_WIRE. */
#include "emit.h"
#include "maps.h"
#include "peer.h"

static __always_inline void wire_fill(struct es_wire *w, __u16 kind, __u64 proc_start)
{
	__u64 id = bpf_get_current_pid_tgid();

	__builtin_memset(w, 0, sizeof(*w));
	w->head.type = ES_REC_WIRE;
	w->head.size = sizeof(*w);
	w->head.time = bpf_ktime_get_ns();
	w->head.tgid = id >> 32;
	w->head.tid = (__u32)id;
	w->stream.proc_start = proc_start;
	w->kind = kind;
}

/* The first piece of a ClientHello; a key share of today's makes one of 1,800 bytes. */
static __noinline int wire_hello(struct stream_val *s, struct thread *th)
{
	struct es_wire *w;
	__u64 len;

	if (!s || !th || !data_room(bpf_ringbuf_query(&es_ring, BPF_RB_AVAIL_DATA), ES_WIRE_MAX))
		return 0;
	w = bpf_ringbuf_reserve(&es_ring, sizeof(*w) + ES_WIRE_MAX, 0);
	if (!w)
		return 0;
	wire_fill(w, ES_WIRE_HELLO, s->proc_start);
	w->stream.object = th->io.stream;
	w->stream.birth = s->birth;
	w->fd = th->io.fd;
	PEER_ADDRESSES(w, (struct sock *)th->io.sock);
	len = th->io.seg_left < th->one.total ? th->io.seg_left : th->one.total;
	if (len > ES_WIRE_MAX)
		len = ES_WIRE_MAX;
	if (bpf_probe_read_user((char *)w + sizeof(*w), len, (void *)th->io.seg))
		len = 0;
	w->len = len;
	w->head.size += len;
	bpf_ringbuf_submit(w, BPF_RB_NO_WAKEUP);
	return 0;
}

static __noinline int wire_note(struct stream_val *s, struct thread *th, __u16 kind)
{
	struct es_wire *w;

	if (!s || !th || !room_for_news(sizeof(*w)))
		return 0;
	w = bpf_ringbuf_reserve(&es_ring, sizeof(*w), 0);
	if (!w)
		return 0;
	wire_fill(w, kind, s->proc_start);
	w->stream.object = th->io.stream;
	w->stream.birth = s->birth;
	w->fd = th->io.fd;
	PEER_ADDRESSES(w, (struct sock *)th->io.sock);
	bpf_ringbuf_submit(w, BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline void wire_emit(struct stream_val *s, struct thread *th, __u16 kind)
{
	if (kind == ES_WIRE_HELLO)
		wire_hello(s, th);
	else
		wire_note(s, th, kind);
}

/* The head of a long packet (RFC 9000 section 17.2) of versions 1 and 2. */
static __always_inline bool is_quic(__u64 head)
{
	__u32 version = __builtin_bswap32((__u32)(head >> 8));

	return (head & 0xc0) == 0xc0 && (version == 1 || version == 0x6b3343cf);
}

/* A datagram socket: only QUIC is of interest. */
static __noinline int wire_quic(struct stream_val *s, struct thread *th)
{
	struct sock *sk;
	__u16 type = 0;

	if (!s || !th)
		return 0;
	sk = (void *)th->io.sock;
	HOP(type, sk, sk_type);
	if (type != 2)
		return 0;
	s->flags |= STREAM_SKIP;
	if (is_quic(th->io.head))
		wire_note(s, th, ES_WIRE_QUIC);
	return 1;
}

static __always_inline void wire_uring(__u64 proc_start)
{
	struct es_wire *w = bpf_ringbuf_reserve(&es_ring, sizeof(*w), 0);

	if (!w)
		return;
	wire_fill(w, ES_WIRE_URING, proc_start);
	bpf_ringbuf_submit(w, BPF_RB_NO_WAKEUP);
}

#endif /* EARSHOT_BPF_WIRE_H */
