// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * socket - plain bytes on sockets and on a child's standard input and output, and what a
 * socket shows of itself when it is not read: the two tracepoints of all system calls, which
 * fire for every process of the host. They are on only while somebody is watched; the number of
 * the call and then the gate come first.
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
#include "syscall.h"

static __noinline int enter(__u32 fd, __u64 buf, __u64 count, __u8 kind, __u8 dir)
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

/* What is hooked, told from the number alone: all that other processes pay for. */
static __always_inline bool hooked(long nr)
{
	switch (nr) {
	case SYS_READ:
	case SYS_WRITE:
	case SYS_CLOSE:
	case SYS_READV:
	case SYS_WRITEV:
	case SYS_SENDFILE:
	case SYS_SENDTO:
	case SYS_RECVFROM:
	case SYS_SENDMSG:
	case SYS_RECVMSG:
	case SYS_SPLICE:
	case SYS_DUP2:
	case SYS_DUP3:
	case SYS_RECVMMSG:
	case SYS_SENDMMSG:
	case SYS_IO_URING_SETUP:
		return true;
	default:
		return false;
	}
}

static __noinline int closing(__u32 fd)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);

	return proc ? plain_close(id, proc->execs, fd) : 0;
}

/* From now on bytes may move that no system call shows. */
static __noinline int uring(void)
{
	struct proc_val *proc = gate(bpf_get_current_pid_tgid());

	if (proc)
		wire_uring(proc->start);
	return 0;
}

static __always_inline int watched_enter(struct pt_regs *regs, long nr)
{
	__u64 a = SYS_ARG1(regs), b = SYS_ARG2(regs), c = SYS_ARG3(regs), d = SYS_ARG4(regs);

	switch (nr) {
	case SYS_READ:
		return enter(a, b, c, IO_BUFFER, ES_DIR_READ);
	case SYS_RECVFROM: /* (fd, buf, len, flags, ...) */
		return (d & ES_MSG_PEEK) ? 0 : enter(a, b, c, IO_BUFFER, ES_DIR_READ);
	case SYS_WRITE:
	case SYS_SENDTO:
		return enter(a, b, c, IO_BUFFER, ES_DIR_WRITE);
	case SYS_READV:
		return enter(a, b, c, IO_VECTOR, ES_DIR_READ);
	case SYS_WRITEV:
		return enter(a, b, c, IO_VECTOR, ES_DIR_WRITE);
	case SYS_RECVMSG: /* (fd, message, flags) */
		return (c & ES_MSG_PEEK) ? 0 : enter(a, b, 0, IO_MESSAGE, ES_DIR_READ);
	case SYS_SENDMSG:
		return enter(a, b, 0, IO_MESSAGE, ES_DIR_WRITE);
	case SYS_RECVMMSG: /* (fd, messages, count, flags, ...) */
		return (d & ES_MSG_PEEK) ? 0 : enter(a, b, 0, IO_MESSAGES, ES_DIR_READ);
	case SYS_SENDMMSG:
		return enter(a, b, 0, IO_MESSAGES, ES_DIR_WRITE);
	case SYS_SENDFILE: /* (out, in, ...): bytes that no buffer of the process ever holds */
		return enter(a, 0, 0, IO_UNSEEN, ES_DIR_WRITE);
	case SYS_SPLICE: /* (in, offset, out, ...): one is a pipe; the other may be a socket */
		return enter(c, 0, 0, IO_UNSEEN, ES_DIR_WRITE);
	case SYS_CLOSE:
		return closing(a);
	case SYS_DUP2: /* (old, new): what new was before is closed */
	case SYS_DUP3:
		return closing(b);
	case SYS_IO_URING_SETUP:
		return uring();
	default:
		return 0;
	}
}

SEC("tp_btf/sys_enter")
int BPF_PROG(es_sys_enter, struct pt_regs *regs, long nr)
{
	if (!hooked(nr) || SYS_COMPAT(regs))
		return 0;
	return watched_enter(regs, nr);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(es_sys_exit, struct pt_regs *regs, long ret)
{
	struct thread *th;
	__u64 id;

	if (!hooked(SYS_NR(regs)))
		return 0;
	/* The gate again: only threads that came through it at an entry are listed. */
	id = bpf_get_current_pid_tgid();
	th = bpf_map_lookup_elem(&es_threads, &id);
	if (!th || th->io.kind == IO_NONE)
		return 0;
	if (ret <= 0) {
		if (ret == 0 && th->io.dir == ES_DIR_READ && th->io.kind != IO_UNSEEN)
			plain_read_end(th);
		th->io.kind = IO_NONE;
		return 0;
	}
	th->one.total = ret;
	return plain_done(th);
}
