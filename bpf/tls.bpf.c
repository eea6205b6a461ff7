// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * tls - every library whose calls look like (object, buffer, length). One thin program per
 * call shape, one return program for all: direction and shape stand in the frame.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "deliver.h"
#include "filter.h"
#include "maps.h"
#include "peer.h"
#include "sealed.h"
#include "stats.h"
#include "stream.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int enter(struct pt_regs *ctx, __u8 dir, __u8 how, __u64 lenp)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);
	struct thread *th;
	struct frame *f;

	if (!proc)
		return 0;
	th = thread_get(id);
	if (!th) {
		stat_add(ES_K_THREADS_FULL, 0);
		return 0;
	}
	f = frame_push(th, PT_REGS_SP(ctx));
	if (th->stale)
		stat_add(ES_K_FRAME_STALE, 0);
	if (!f) {
		stat_add(ES_K_FRAMES_FULL, 0);
		return 0;
	}
	f->sp = PT_REGS_SP(ctx);
	f->object = PT_REGS_PARM1(ctx);
	f->buf = PT_REGS_PARM2(ctx);
	f->lenp = lenp;
	f->proc_start = proc->start;
	f->execs = proc->execs;
	f->library = (__u32)es_cookie(ctx);
	f->source = ES_SRC_TLS;
	f->inode = 0;
	f->dir = dir;
	f->how = how;
	f->reported = 0;
	/* A request starts when its first write does; an answer's byte is there at the return. */
	f->time = dir == ES_DIR_WRITE ? bpf_ktime_get_ns() : 0;
	return 0;
}

SEC("uprobe")
int es_read(struct pt_regs *ctx)
{
	return enter(ctx, ES_DIR_READ, ES_LEN_RETURN, 0);
}

SEC("uprobe")
int es_write(struct pt_regs *ctx)
{
	return enter(ctx, ES_DIR_WRITE, ES_LEN_RETURN, 0);
}

SEC("uprobe")
int es_read_ex(struct pt_regs *ctx)
{
	return enter(ctx, ES_DIR_READ, ES_LEN_POINTER, PT_REGS_PARM4(ctx));
}

SEC("uprobe")
int es_write_ex(struct pt_regs *ctx)
{
	return enter(ctx, ES_DIR_WRITE, ES_LEN_POINTER, PT_REGS_PARM4(ctx));
}

/* ssize_t results: what does not fit an int is no length a library moves at once. */
SEC("uprobe")
int es_read_sz(struct pt_regs *ctx)
{
	return enter(ctx, ES_DIR_READ, ES_LEN_SSIZE, 0);
}

SEC("uprobe")
int es_write_sz(struct pt_regs *ctx)
{
	return enter(ctx, ES_DIR_WRITE, ES_LEN_SSIZE, 0);
}

/* SSL_write_ex2, and the internal write of OpenSSL 3.3 and later: flags come before the pointer. */
SEC("uprobe")
int es_write_ex2(struct pt_regs *ctx)
{
	return enter(ctx, ES_DIR_WRITE, ES_LEN_POINTER, PT_REGS_PARM5(ctx));
}

/* Bytes moved, 0 for none. SSL lengths are int: widening -1 would make it huge. */
static __always_inline __u64 moved(struct pt_regs *ctx, struct frame *f)
{
	int rc = (int)PT_REGS_RC(ctx);
	__u64 n = 0;

	if (f->how == ES_LEN_RETURN)
		return rc > 0 ? rc : 0;
	if (f->how == ES_LEN_SSIZE) {
		__s64 size = PT_REGS_RC(ctx);

		return size > 0 ? size : 0;
	}
	if (rc != 1)
		return 0;
	if (bpf_probe_read_user(&n, sizeof(n), (void *)f->lenp)) {
		stat_add(ES_K_READ_FAULT, 0);
		return 0;
	}
	return n;
}

/*
 * A read of 0 is the end of the stream (SSL_read), or may be (SSL_read_ex, which says 0 also
 * for nothing yet): who hung up then is not for us to say.
 */
static __always_inline void note_read_end(struct stream_key *key, struct frame *f, int rc)
{
	struct stream_val *s;

	if (f->dir != ES_DIR_READ || rc != 0)
		return;
	s = bpf_map_lookup_elem(&es_streams, key);
	if (s)
		s->flags |= STREAM_READ_END;
}

SEC("uprobe")
int es_return(struct pt_regs *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), n;
	struct stream_key key;
	struct stream_val *s;
	struct thread *th;
	struct frame *f;

	/* The gate again: only threads that came through it at an entry are listed. */
	th = bpf_map_lookup_elem(&es_threads, &id);
	if (!th)
		return 0;
	f = frame_take(th, PT_REGS_SP(ctx) - es_return_sp);
	if (!f) {
		stat_add(ES_K_NO_FRAME, 0);
		return 0;
	}
	if (f->reported)
		return 0;
	n = moved(ctx, f);
	key.object = f->object;
	key.tgid = id >> 32;
	key.execs = f->execs;
	if (!n) {
		note_read_end(&key, f, (int)PT_REGS_RC(ctx));
		return 0;
	}
	s = stream_get(&key, f->proc_start);
	if (!s) {
		stat_add(ES_K_STREAMS_FULL, n);
		return 0;
	}
	if (f->inode && f->inode != ES_INODE_MANY) {
		s = stream_bind(&key, s, f);
		if (!s) {
			stat_add(ES_K_STREAMS_FULL, n);
			return 0;
		}
	}
	if (f->dir == ES_DIR_READ)
		s->flags &= ~STREAM_READ_END;
	if (!f->time)
		f->time = bpf_ktime_get_ns();
	if ((s->flags & (STREAM_HAS_FD | STREAM_PEER_SENT)) == STREAM_HAS_FD)
		emit_peer(s, f->object, f->time);
	f->total = n;
	f->want = verdict_of(&key, s);
	deliver(s, f);
	return 0;
}

/*
 * (bio, sealed bytes, len) within a write: a library that does not use the socket itself
 * leaves the record somewhere, and whoever sends it names the socket (plain.h).
 */
SEC("uprobe")
int es_sealed(struct pt_regs *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct thread *th = bpf_map_lookup_elem(&es_threads, &id);
	struct proc_val *proc;
	struct stream_key key;
	struct stream_val *s;
	struct frame *f;

	if (!th || !th->depth || th->depth > ES_FRAMES || !es_use_plain)
		return 0;
	f = frame_at(th, th->depth - 1);
	if (f->dir != ES_DIR_WRITE)
		return 0;
	key.object = f->object;
	key.tgid = id >> 32;
	key.execs = f->execs;
	s = bpf_map_lookup_elem(&es_streams, &key);
	if (s && (s->flags & STREAM_HAS_FD))
		return 0;
	proc = gate(id);
	if (proc)
		sealed_note(proc, th, f->object, PT_REGS_PARM2(ctx));
	return 0;
}

/* (object, fd): which socket it is. Enrichment only; capture never depends on it. */
SEC("uprobe")
int es_set_fd(struct pt_regs *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);
	struct stream_key key;
	struct stream_val *s;

	if (!proc || (int)PT_REGS_PARM2(ctx) < 0)
		return 0;
	key.object = PT_REGS_PARM1(ctx);
	key.tgid = id >> 32;
	key.execs = proc->execs;
	s = stream_get(&key, proc->start);
	if (!s) {
		stat_add(ES_K_STREAMS_FULL, 0);
		return 0;
	}
	s->fd = (__u32)PT_REGS_PARM2(ctx);
	s->flags |= STREAM_HAS_FD;
	return 0;
}

SEC("uprobe")
int es_free(struct pt_regs *ctx)
{
	return object_freed(PT_REGS_PARM1(ctx));
}
