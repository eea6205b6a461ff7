// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * socket - plain bytes on sockets and on a child's standard input and output, and what a
 * socket shows of itself when it is not read: system call tracepoints, which fire for every
 * process of the host. They are enabled only while somebody is watched; the gate comes first.
 *
 * The entry says what the call is about, the exit takes what it moved. Bytes are taken of
 * streams only whose first bytes are HTTP or JSON-RPC.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "deliver.h"
#include "filter.h"
#include "maps.h"
#include "peer.h"
#include "plain.h"
#include "stats.h"
#include "stream.h"

/* As /sys/kernel/tracing/events/syscalls/.../format has it on all kernels. */
struct sys_enter {
	__u64 common;
	__s64 nr;
	__u64 args[6];
};

struct sys_exit {
	__u64 common;
	__s64 nr;
	__s64 ret;
};

static __always_inline int enter(__u32 fd, __u64 buf, __u64 count, __u8 kind, __u8 dir)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);
	struct thread *th;
	struct sysio *io;

	if (!proc)
		return 0;
	th = thread_get(id);
	if (!th) {
		stat_add(ES_K_THREADS_FULL, 0);
		return 0;
	}
	io = &th->io;
	io->proc_start = proc->start;
	io->execs = proc->execs;
	io->sealed = !!(proc->flags & PROC_SEALED);
	io->fd = fd;
	io->buf = buf;
	io->count = count;
	io->kind = kind;
	io->dir = dir;
	return plain_look(th);
}

/* read, recvfrom: (fd, buf, len[, flags]) */
SEC("tracepoint")
int es_sys_read(struct sys_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1], ctx->args[2], IO_BUFFER, ES_DIR_READ);
}

SEC("tracepoint")
int es_sys_recvfrom(struct sys_enter *ctx)
{
	if (ctx->args[3] & ES_MSG_PEEK)
		return 0;
	return enter(ctx->args[0], ctx->args[1], ctx->args[2], IO_BUFFER, ES_DIR_READ);
}

/* write, sendto */
SEC("tracepoint")
int es_sys_write(struct sys_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1], ctx->args[2], IO_BUFFER, ES_DIR_WRITE);
}

/* readv(fd, iov, count) */
SEC("tracepoint")
int es_sys_readv(struct sys_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1], ctx->args[2], IO_VECTOR, ES_DIR_READ);
}

SEC("tracepoint")
int es_sys_writev(struct sys_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1], ctx->args[2], IO_VECTOR, ES_DIR_WRITE);
}

/* recvmsg(fd, msg, flags) */
SEC("tracepoint")
int es_sys_recvmsg(struct sys_enter *ctx)
{
	if (ctx->args[2] & ES_MSG_PEEK)
		return 0;
	return enter(ctx->args[0], ctx->args[1], 0, IO_MESSAGE, ES_DIR_READ);
}

SEC("tracepoint")
int es_sys_sendmsg(struct sys_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1], 0, IO_MESSAGE, ES_DIR_WRITE);
}

/* recvmmsg(fd, messages, count, flags, timeout) */
SEC("tracepoint")
int es_sys_recvmmsg(struct sys_enter *ctx)
{
	if (ctx->args[3] & ES_MSG_PEEK)
		return 0;
	return enter(ctx->args[0], ctx->args[1], 0, IO_MESSAGES, ES_DIR_READ);
}

SEC("tracepoint")
int es_sys_sendmmsg(struct sys_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1], 0, IO_MESSAGES, ES_DIR_WRITE);
}

/* sendfile(out, in, ...): bytes that no buffer of the process ever holds. */
SEC("tracepoint")
int es_sys_sendfile(struct sys_enter *ctx)
{
	return enter(ctx->args[0], 0, 0, IO_UNSEEN, ES_DIR_WRITE);
}

/* splice(in, offset, out, ...): one of the two is a pipe; the other may be a socket. */
SEC("tracepoint")
int es_sys_splice(struct sys_enter *ctx)
{
	return enter(ctx->args[2], 0, 0, IO_UNSEEN, ES_DIR_WRITE);
}

SEC("tracepoint")
int es_sys_close(struct sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);

	return proc ? plain_close(id, proc->execs, ctx->args[0]) : 0;
}

/* dup2(old, new), dup3: what new was before is closed. */
SEC("tracepoint")
int es_sys_dup(struct sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);

	return proc ? plain_close(id, proc->execs, ctx->args[1]) : 0;
}

SEC("tracepoint")
int es_sys_exit(struct sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct thread *th = bpf_map_lookup_elem(&es_threads, &id);

	/* The gate again: only threads that came through it at an entry are listed. */
	if (!th || th->io.kind == IO_NONE)
		return 0;
	if (ctx->ret <= 0) {
		if (ctx->ret == 0 && th->io.dir == ES_DIR_READ && th->io.kind != IO_UNSEEN)
			plain_read_end(th);
		th->io.kind = IO_NONE;
		return 0;
	}
	th->one.total = ctx->ret;
	return plain_done(th);
}

/* io_uring_create: from now on bytes may move that no system call shows. */
SEC("tracepoint")
int es_uring(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);

	if (proc)
		wire_uring(proc->start);
	return 0;
}
