/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_PLAIN_H
#define EARSHOT_BPF_PLAIN_H

/* plain - from a system call to records: what its descriptor is, whether to take its bytes. */
#include "aead_note.h"
#include "call.h"
#include "deliver.h"
#include "ending.h"
#include "maps.h"
#include "peer.h"
#include "pieces.h"
#include "sealed.h"
#include "sniff.h"
#include "stream.h"
#include "sysio.h"
#include "wire.h"

#define SOCK_KIND_STREAM 1
#define SOCK_KIND_DGRAM	 2
#define SOCK_CLOSED	 7 /* TCP_CLOSE */

/*
 * What is more than a handshake: encrypted data behind a flight of the handshake, but for an
 * alert (at most 31 bytes); or so much at once that data came with the flight.
 */
#define TLS_MORE_THAN_ALERT	40
#define TLS_MORE_THAN_HANDSHAKE 300

/* Is the call's descriptor one of the process's standard input and output? Sets io->stream. */
static __always_inline bool is_stdio(struct sysio *io, __u32 tgid)
{
	struct stdio_key key = { .object = io->object, .tgid = tgid };
	struct stdio_val *v = bpf_map_lookup_elem(&es_stdio, &key);

	if (!v || (v->dir != ES_STDIO_BOTH && v->dir != io->dir))
		return false;
	io->stream = v->stream;
	io->source = ES_SRC_STDIO;
	return true;
}

/* Which socket a TLS call in flight on this thread uses. */
static __always_inline void note_nested(struct thread *th, __u64 inode)
{
	struct frame *f;

	if (!th->depth || th->depth > ES_FRAMES)
		return;
	f = frame_at(th, th->depth - 1);
	if (!f->inode) {
		f->inode = inode;
		f->fd = th->io.fd;
	} else if (f->inode != inode) {
		f->inode = ES_INODE_MANY;
	}
}

/*
 * Sockets of some kinds only. Sets io->lasting: its end will be seen, so that what is known of
 * it can be kept. Without tracepoints of sockets every close is seen.
 */
static __always_inline bool worth_a_look(struct sysio *io)
{
	struct sock *sk = (void *)io->sock;
	__u16 family = 0, type = 0;
	bool inet;

	HOP(family, &sk->__sk_common, skc_family);
	HOP(type, sk, sk_type);
	inet = family == ES_AF_INET || family == ES_AF_INET6;
	io->lasting = !es_use_points || (inet && type == SOCK_KIND_STREAM);
	if (es_use_points && io->kind == IO_MESSAGES)
		/* Told one by one, and not which: the first stands for a datagram. */
		io->kind = type == SOCK_KIND_DGRAM ? IO_MESSAGE : IO_UNSEEN;
	/* What a TLS call sends is no plain text; nothing is kept that would say so. */
	if (family == ES_AF_UNIX)
		return type == SOCK_KIND_STREAM && (io->lasting || !io->nested);
	return inet &&
	       (type == SOCK_KIND_STREAM || (type == SOCK_KIND_DGRAM && io->dir == ES_DIR_WRITE));
}

/* A pipe that is another process's standard input: this one is at the other end. */
static __always_inline void pipe_used(__u64 object, __u32 tgid)
{
	__u32 *user = bpf_map_lookup_elem(&es_pipes, &object);

	if (user && !*user)
		*user = tgid;
}

/* Nothing more to do with what is known of this stream? */
static __always_inline bool settled(struct sysio *io, struct stream_key *key)
{
	struct stream_val *s = bpf_map_lookup_elem(&es_streams, key);

	if (!s || !(s->flags & STREAM_SKIP))
		return false;
	return !(s->flags & STREAM_TLS) || io->dir != ES_DIR_WRITE ||
	       ((s->flags & STREAM_TLS_DATA) && !io->sealed);
}

/* The call's stream, of which io->object and io->sock are known; false: it is of no use. */
static __noinline int plain_look(struct thread *th, struct stream_key *key)
{
	struct sysio *io;

	if (!th || !key)
		return 0;
	io = &th->io;
	if (io->sock && io->fd != FD_NONE) {
		__u64 inode = io->object & ~ES_OBJECT_SOCKET;

		note_nested(th, inode);
		if (io->kind != IO_UNSEEN)
			aead_note(io, inode);
	}
	io->stream = io->object;
	io->source = ES_SRC_SOCKET;
	io->lasting = true;
	key->tgid = bpf_get_current_pid_tgid() >> 32;
	if (!is_stdio(io, key->tgid)) {
		if (!io->sock) {
			pipe_used(io->object, key->tgid);
			return 0;
		}
		if (!worth_a_look(io))
			return 0;
	}
	key->object = io->stream;
	key->execs = io->execs;
	return !settled(io, key);
}

/* The first piece of the call's memory, into io->seg and io->seg_left; f->total may change. */
static __noinline int plain_first(struct thread *th)
{
	struct sysio *io;
	struct frame *f;

	if (!th)
		return 0;
	io = &th->io;
	f = &th->one;
	io->next = 0;
	io->seg = io->buf;
	io->seg_left = f->total;
	if (io->kind == IO_BUFFER || io->kind == IO_UNSEEN)
		return 0;
	if (io->kind == IO_MESSAGES) {
		/* The length of the first message stands behind its head. */
		__u64 messages = f->total;
		__u32 len = 0;

		bpf_probe_read_user(&len, sizeof(len), (void *)(io->buf + 56));
		f->total = len;
		if (messages > 1)
			stat_add(ES_K_MESSAGES, 0);
	}
	if (io->kind == IO_MESSAGE || io->kind == IO_MESSAGES) {
		bpf_probe_read_user(io->vec, sizeof(io->vec), (void *)(io->buf + 16));
		io->buf = io->vec[0];
		io->count = io->vec[1];
	}
	io->kind = IO_VECTOR;
	vector_at(io, 0);
	return 0;
}

/*
 * Without bpf_loop() every turn costs the verifier. With it: as many as the most pieces of a call
 * (UIO_MAXIOV) and the chunks of the most that is taken need.
 */
#define VECTOR_STEPS	  96
#define VECTOR_STEPS_LOOP (2 * 1024 + ES_CHUNKS)

/* One chunk of the current piece, or on to the next piece. */
static __noinline int vector_step(struct stream_val *s, struct thread *th)
{
	struct sysio *io;
	struct frame *f;
	__u64 len;

	if (!s || !th)
		return 0;
	io = &th->io;
	f = &th->one;
	if (!io->seg_left) {
		if (++io->next < io->count)
			vector_at(io, io->next);
		return 0;
	}
	len = io->seg_left < io->left ? io->seg_left : io->left;
	if (len > ES_CHUNK_MAX)
		len = ES_CHUNK_MAX;
	f->buf = io->seg;
	f->want = len;
	if (len == ES_CHUNK_MAX) {
		f->outcome = EMIT_NO_ROOM;
		emit_whole_chunk(s, f, 0);
		account(s, f, ES_CHUNK_MAX);
	} else {
		emit_rest(s, f);
	}
	io->seg += len;
	io->seg_left -= len;
	io->left -= len;
	return 0;
}

struct vector_loop {
	struct stream_val *s;
	struct thread *th;
};

static long vector_turn(__u32 i, struct vector_loop *l)
{
	if (!l->s || !l->th || !l->th->io.left || l->th->io.next >= l->th->io.count)
		return 1;
	vector_step(l->s, l->th);
	return 0;
}

static __always_inline void vector_all(struct stream_val *s, struct thread *th)
{
	if (es_use_loop) {
		struct vector_loop l = { s, th };

		bpf_loop(VECTOR_STEPS_LOOP, vector_turn, &l, 0);
		return;
	}
	for (int i = 0; i < VECTOR_STEPS; i++) {
		if (!th->io.left || th->io.next >= th->io.count)
			break;
		vector_step(s, th);
	}
}

/* f->total bytes lie in pieces. */
static __noinline int deliver_vector(struct stream_val *s, struct thread *th)
{
	struct frame *f;

	if (!s || !th)
		return 0;
	f = &th->one;
	if (f->want == ES_VERDICT_IGNORE) {
		stream_skip(s, f->dir, f->total, true);
		stat_add(ES_K_IGNORED, f->total);
		return 0;
	}
	__builtin_memset(f->missed, 0, sizeof(f->missed));
	th->io.left = f->total;
	vector_all(s, th);
	if (th->io.left) {
		stream_skip(s, f->dir, th->io.left, false);
		stat_add(ES_K_VECTOR_LONG, th->io.left);
	}
	count_missed(f);
	if (s->tail[f->dir & 1])
		emit_gap(s, f);
	return 0;
}

/* Bytes that were moved without being anywhere: their number keeps the offsets right. */
static __always_inline void unseen(struct stream_val *s, struct frame *f)
{
	stream_skip(s, f->dir, f->total, false);
	stat_add(ES_K_NOT_COPIED, f->total);
	emit_gap(s, f);
}

/* Records of one write that are looked at: a handshake's last may come before the data. */
#define SEALED_RECORDS 4

static __always_inline void bind_sealed(struct thread *th, struct stream_key *key, __u64 object)
{
	struct stream_val *s;

	key->object = object;
	s = bpf_map_lookup_elem(&es_streams, key);
	if (!s || (s->flags & STREAM_HAS_FD))
		return;
	s->fd = th->io.fd;
	s->flags |= STREAM_HAS_FD;
	emit_peer(s, object, th->one.time);
}

/* This write may carry what a TLS object without a socket has sealed. */
static __noinline int match_sealed(struct thread *th)
{
	struct stream_key key;
	struct proc_val *proc;
	__u64 at, object = 0;
	__u8 *r;

	if (!th)
		return 0;
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.execs = th->io.execs;
	proc = bpf_map_lookup_elem(&es_procs, &key.tgid);
	if (!proc)
		return 0;
	at = th->io.seg;
	r = th->io.record;
	for (int i = 0; i < SEALED_RECORDS && !object; i++) {
		if (bpf_probe_read_user(r, TLS_HEAD, (void *)at) || r[1] != 3)
			break;
		if (r[0] == TLS_DATA &&
		    !bpf_probe_read_user(th->io.vec, 16, (void *)(at + TLS_HEAD)))
			object = sealed_take(proc, th->io.vec);
		at += TLS_HEAD + ((__u32)r[3] << 8 | r[4]);
	}
	if (object)
		bind_sealed(th, &key, object);
	return 0;
}

static __always_inline void skip_sealed(struct stream_val *s, struct thread *th)
{
	struct frame *f = &th->one;
	__u8 type = th->io.head;

	if ((s->flags & (STREAM_TLS | STREAM_TLS_DATA)) == STREAM_TLS && f->dir == ES_DIR_WRITE &&
	    s->passed[ES_DIR_WRITE]) {
		bool data = type == TLS_DATA && (s->flags & STREAM_TLS_SENT) &&
			    f->total > TLS_MORE_THAN_ALERT;

		if (data || (type != 0x16 && f->total > TLS_MORE_THAN_HANDSHAKE)) {
			s->flags |= STREAM_TLS_DATA;
			wire_emit(s, th, ES_WIRE_DATA);
		}
		s->flags |= STREAM_TLS_SENT;
	}
	if (th->io.sealed && f->dir == ES_DIR_WRITE)
		match_sealed(th);
	stream_skip(s, f->dir, f->total, true);
}

/* The stream is taken: what of it was moved unseen before that was known, is lost. */
static __always_inline void unseen_before(struct stream_val *s, struct thread *th)
{
	struct frame *f = &th->one;

	if (!(s->ignored[0] | s->ignored[1]))
		return;
	stat_add(ES_K_NOT_COPIED, s->ignored[0] + s->ignored[1]);
	for (__u32 dir = 0; dir < 2; dir++) {
		s->lost[dir] += s->ignored[dir];
		s->ignored[dir] = 0;
		f->dir = dir;
		if (s->tail[dir])
			emit_gap(s, f);
	}
	f->dir = th->io.dir;
}

/* Decides what becomes of the stream. */
static __noinline int plain_sniff(struct stream_val *s, struct thread *th)
{
	struct sysio *io;
	enum sniff what;

	if (!s || !th)
		return 0;
	io = &th->io;
	if (io->kind == IO_UNSEEN)
		return 0;
	if (io->source == ES_SRC_STDIO) {
		what = sniff_stdio(io->head);
		/*
		 * What a child says of itself first decides nothing: a request may yet come. Where
		 * we came late, the first piece may lie within a message.
		 */
		if (what == SNIFF_TAKE || (io->dir == ES_DIR_READ && !(s->flags & STREAM_LATE)))
			s->flags |= STREAM_SNIFFED | (what == SNIFF_TAKE ? 0 : STREAM_SKIP);
		return what == SNIFF_TAKE;
	}
	s->flags |= STREAM_SNIFFED;
	if (wire_quic(s, th))
		return 0;
	what = sniff_socket(io->head, th->one.total);
	if (what == SNIFF_TAKE) {
		unseen_before(s, th);
		return 1;
	}
	s->flags |= STREAM_SKIP;
	if (what != SNIFF_SKIP)
		s->flags |= STREAM_TLS;
	if (what == SNIFF_HELLO && io->dir == ES_DIR_WRITE)
		wire_emit(s, th, ES_WIRE_HELLO);
	if (what == SNIFF_SEALED && io->dir == ES_DIR_WRITE) {
		s->flags |= STREAM_TLS_DATA;
		wire_emit(s, th, ES_WIRE_JOINED);
	}
	return 0;
}

static __always_inline void fill_frame(struct thread *th)
{
	struct frame *f = &th->one;

	f->object = th->io.stream;
	f->dir = th->io.dir;
	f->source = th->io.source;
	f->library = 0;
	f->time = bpf_ktime_get_ns();
}

/* Who made a pair of sockets, is at the other end of it. */
static __always_inline __u32 socket_peer(__u64 sock)
{
	struct pid *pid = 0;
	__u32 nr = 0;

	if (!sock || HOP(pid, (struct sock *)sock, sk_peer_pid) || !pid)
		return 0;
	bpf_probe_read_kernel(&nr, sizeof(nr), (void *)pid + bpf_core_field_offset(pid->numbers));
	return nr;
}

/* Tells whom a child talks with over its standard input and output, once that is known. */
static __noinline int stdio_peer(struct stream_val *s, struct thread *th)
{
	__u64 object, id = bpf_get_current_pid_tgid();
	struct es_peer *p;
	__u32 *user, tgid;

	if (!s || !th)
		return 0;
	object = th->io.stream;
	user = bpf_map_lookup_elem(&es_pipes, &object);
	tgid = user ? *user : socket_peer(th->io.sock);
	if (!tgid)
		return 0;
	p = bpf_ringbuf_reserve(&es_ring, sizeof(*p), 0);
	if (!p)
		return 0;
	__builtin_memset(p, 0, sizeof(*p));
	p->head.type = ES_REC_PEER;
	p->head.size = sizeof(*p);
	p->head.time = th->one.time;
	p->head.tgid = id >> 32;
	p->head.tid = (__u32)id;
	p->stream.proc_start = s->proc_start;
	p->stream.object = object;
	p->stream.birth = s->birth;
	p->peer_tgid = tgid;
	bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
	s->flags |= STREAM_PEER_SENT;
	return 0;
}

static __always_inline void take(struct stream_val *s, struct stream_key *key, struct thread *th)
{
	struct frame *f = &th->one;

	if (!(s->flags & STREAM_PEER_SENT)) {
		if (th->io.source == ES_SRC_SOCKET)
			emit_peer(s, f->object, f->time);
		else
			stdio_peer(s, th);
	}
	f->want = verdict_of(key, s);
	if (th->io.kind == IO_UNSEEN) {
		unseen(s, f);
		return;
	}
	if (th->io.kind == IO_VECTOR) {
		deliver_vector(s, th);
		return;
	}
	f->buf = th->io.buf;
	deliver(s, f);
}

/* Of a socket whose end is not seen, only what is taken, or told, is kept. */
static __always_inline bool worth_keeping(struct thread *th, struct stream_key *key)
{
	struct sock *sk = (void *)th->io.sock;
	__u16 type = 0;

	if (th->io.lasting || bpf_map_lookup_elem(&es_streams, key))
		return true;
	HOP(type, sk, sk_type);
	if (type == SOCK_KIND_DGRAM)
		return is_quic(th->io.head);
	return sniff_socket(th->io.head, th->one.total) == SNIFF_TAKE;
}

/* A call has moved th->one.total bytes (or messages). */
static __noinline int plain_done(struct thread *th, struct stream_key *key)
{
	bool read, taken;
	struct stream_val *s;

	if (!th || !key)
		return 0;
	plain_first(th);
	th->io.head = 0;
	if (th->io.kind != IO_UNSEEN)
		plain_head(th);
	if (!worth_keeping(th, key))
		return 0;
	s = stream_get(key, th->io.proc_start);
	if (!s) {
		stat_add(ES_K_STREAMS_FULL, th->one.total);
		return 0;
	}
	if (es_use_points && th->io.lasting && th->io.source == ES_SRC_SOCKET &&
	    !(s->passed[0] | s->passed[1]))
		bind_object(th->io.sock, key->tgid, key->object);
	fill_frame(th);
	if (th->io.fd != FD_NONE || !(s->flags & STREAM_HAS_FD)) {
		s->fd = th->io.fd;
		s->flags |= STREAM_HAS_FD;
	}
	read = th->io.dir == ES_DIR_READ;
	if (read)
		s->flags &= ~STREAM_READ_END;
	taken = (s->flags & STREAM_SNIFFED) ? !(s->flags & STREAM_SKIP) : plain_sniff(s, th);
	if (taken && th->io.sock && (read || !(s->flags & STREAM_READ_SEQ)))
		read_unseen(s, th->io.sock, read ? th->one.total : 0);
	if (taken)
		take(s, key, th);
	else
		skip_sealed(s, th);
	return 0;
}

/* Nothing more will come. */
static __always_inline void plain_read_end(struct thread *th, struct stream_key *key)
{
	struct stream_val *s = bpf_map_lookup_elem(&es_streams, key);

	if (s)
		s->flags |= STREAM_READ_END;
}

/* Messages of one call are told together; of a stream, only how many bytes that were is kept. */
#define MESSAGES_MAX 64

static __noinline int messages_sum(struct thread *th, long messages)
{
	struct sock *sk;
	__u64 sum = 0;
	__u16 type = 0;
	__u32 len;

	if (!th)
		return 0;
	sk = (void *)th->io.sock;
	HOP(type, sk, sk_type);
	if (type != SOCK_KIND_STREAM)
		return 0;
	for (int i = 0; i < MESSAGES_MAX && i < messages; i++) {
		len = 0;
		bpf_probe_read_user(&len, sizeof(len), (void *)(th->io.buf + 64 * i + 56));
		sum += len;
	}
	th->io.kind = IO_UNSEEN;
	th->one.total = sum;
	return 0;
}

/*
 * A call is over and has returned ret; io says which, whose, and on what. The buffers of a write
 * are still there.
 */
static __noinline int plain_call(struct thread *th, long ret)
{
	struct stream_key key;

	if (!th || !plain_look(th, &key))
		return 0;
	if (ret > 0) {
		th->one.total = ret;
		if (th->io.kind == IO_MESSAGES)
			messages_sum(th, ret);
		return plain_done(th, &key);
	}
	if (ret == 0 && th->io.dir == ES_DIR_READ && th->io.kind != IO_UNSEEN)
		plain_read_end(th, &key);
	return 0;
}

#endif /* EARSHOT_BPF_PLAIN_H */
