// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * socket - plain bytes on sockets and on a child's standard input and output, and what a
 * socket shows of itself when it is not read.
 *
 * Sockets have tracepoints of their own, which cost other calls nothing (Linux 6.3). Pipes, and
 * all of it on older kernels, need the tracepoints of all system calls, which every process of
 * the host pays for: they are on only while somebody needs them, and the number of the call and
 * then the gate come first. A call is looked at once, when it is over; bytes are taken of
 * streams only whose first bytes are HTTP or JSON-RPC.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "call.h"
#include "deliver.h"
#include "ending.h"
#include "filter.h"
#include "maps.h"
#include "plain.h"
#include "stats.h"
#include "syscall.h"

#define PF_IO_WORKER   0x10 /* a thread of io_uring: no system call of its own */
#define SHUTDOWN_BOTH  3
#define SOCK_IS_STREAM 1

static __always_inline struct thread *caller(__u64 id, struct proc_val *proc)
{
	struct thread *th = thread_get(id);
	struct sysio *io;

	if (!th) {
		stat_add(ES_K_THREADS_FULL, 0);
		return 0;
	}
	io = &th->io;
	io->proc_start = proc->start;
	io->execs = proc->execs;
	io->sealed = !!(proc->flags & PROC_SEALED);
	return th;
}

/* ---- sockets ---- */

/* The inode of a socket that has a descriptor; 0: it is the kernel's own. */
static __noinline __u64 socket_inode(struct sock *sk)
{
	struct socket *socket = 0;
	struct inode *inode = 0;
	struct file *file = 0;
	__u64 number = 0;

	if (HOP(socket, sk, sk_socket) || !socket || HOP(file, socket, file) || !file ||
	    HOP(inode, file, f_inode) || !inode)
		return 0;
	HOP(number, inode, i_ino);
	return number;
}

/* Bytes that no buffer of the calling process holds: io_uring, or a call we do not know. */
static __always_inline void moved_unseen(struct sysio *io, __u8 dir)
{
	io->kind = IO_UNSEEN;
	io->dir = dir;
	io->fd = FD_NONE;
}

/* Has all been read that came? A shutdown leaves what is there; a close throws it away first. */
static __noinline bool drained(struct sock *sk)
{
	__u32 unread = 0;

	HOP(unread, sk, sk_receive_queue.qlen);
	return !unread;
}

/* A connection that is closed at both ends: a reset, once the process knows of it. */
static __always_inline void look_for_end(struct sock *sk, __u64 inode, __u32 execs)
{
	__u16 family = 0, type = 0;
	__u8 state = 0;

	HOP(state, &sk->__sk_common, skc_state);
	HOP(family, &sk->__sk_common, skc_family);
	HOP(type, sk, sk_type);
	if (state == SOCK_CLOSED && type == SOCK_IS_STREAM && family != ES_AF_UNIX && drained(sk))
		plain_end((__u64)sk, inode, execs, state);
}

static __always_inline int moved(struct sock *sk, long ret, __u8 dir)
{
	__u64 id = bpf_get_current_pid_tgid(), inode;
	struct proc_val *proc = gate(id);
	struct task_struct *task;
	struct pt_regs *regs;
	struct thread *th;

	if (!proc)
		return 0;
	inode = socket_inode(sk);
	if (!inode)
		return 0;
	th = caller(id, proc);
	if (!th)
		return 0;
	task = bpf_get_current_task_btf();
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	call_read(&th->io, regs);
	/* What io_uring does for a thread, it may do when a call of another kind has ended. */
	if (th->io.kind == IO_NONE || th->io.dir != dir || !SYS_IN_CALL(regs) ||
	    (task->flags & PF_IO_WORKER))
		moved_unseen(&th->io, dir);
	/* A frame that was left by a jump has a smaller stack pointer than what comes then. */
	th->io.nested = th->depth && th->depth <= ES_FRAMES &&
			SYS_SP(regs) < frame_at(th, th->depth - 1)->sp;
	th->io.sock = (__u64)sk;
	th->io.object = ES_OBJECT_SOCKET | inode;
	plain_call(th, ret);
	if (ret <= 0 && dir == ES_DIR_READ)
		look_for_end(sk, inode, proc->execs);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(es_sock_sent, struct sock *sk, int ret)
{
	return moved(sk, ret, ES_DIR_WRITE);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(es_sock_received, struct sock *sk, int ret, int flags)
{
	return (flags & ES_MSG_ASIDE) ? 0 : moved(sk, ret, ES_DIR_READ);
}

/*
 * Changes of state that the network makes come with any task as the current one; those of a
 * close, or of a shutdown of both directions, come with the process that makes them.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(es_sock_state, struct sock *sk, int from)
{
	struct proc_val *proc = gate(bpf_get_current_pid_tgid());
	__u8 shutdown = 0;
	__u64 inode;

	if (!proc)
		return 0;
	HOP(shutdown, sk, sk_shutdown);
	inode = shutdown == SHUTDOWN_BOTH && drained(sk) ? socket_inode(sk) : 0;
	return inode ? plain_end((__u64)sk, inode, proc->execs, from) : 0;
}

/* What the network has ended before its process closes it changes no state any more. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(es_sock_gone, struct sock *sk)
{
	__u64 id = bpf_get_current_pid_tgid(), *object;
	struct proc_val *proc = gate(id);
	struct bound_key key = { .inode = (__u64)sk, .tgid = id >> 32 };

	object = proc ? bpf_map_lookup_elem(&es_bound, &key) : 0;
	return object ? plain_end((__u64)sk, *object & ~ES_OBJECT_SOCKET, proc->execs, SOCK_CLOSED)
		      : 0;
}

/* From now on bytes may move that no system call shows. */
SEC("tp_btf/io_uring_create")
int es_uring(void *ctx)
{
	struct proc_val *proc = gate(bpf_get_current_pid_tgid());

	if (proc)
		wire_uring(proc->start);
	return 0;
}

/* ---- all system calls ---- */

/* What is hooked, told from the number alone: all that other processes pay for. */
static __always_inline bool hooked(long nr)
{
	switch (nr) {
	case SYS_READ:
	case SYS_WRITE:
	case SYS_READV:
	case SYS_WRITEV:
	case SYS_PREADV2:
	case SYS_PWRITEV2:
	case SYS_SPLICE:
	case SYS_SENDFILE:
		return true;
	case SYS_SENDTO:
	case SYS_RECVFROM:
	case SYS_SENDMSG:
	case SYS_RECVMSG:
	case SYS_RECVMMSG:
	case SYS_SENDMMSG:
		return !es_use_points;
	default:
		return false;
	}
}

/* Sockets only where they have no tracepoints of their own. */
static __always_inline bool call_object(struct sysio *io)
{
	struct fd_info info;

	if (fd_look(&info, io->fd))
		return false;
	io->sock = info.sock;
	if (info.sock)
		io->object = ES_OBJECT_SOCKET | info.inode;
	else
		io->object = ES_OBJECT_PIPE | info.inode;
	return info.sock ? !es_use_points : (info.mode & MODE_TYPE) == MODE_FIFO;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(es_sys_exit, struct pt_regs *regs, long ret)
{
	struct proc_val *proc;
	struct thread *th;
	__u64 id;

	if (!hooked(SYS_NR(regs)))
		return 0;
	id = bpf_get_current_pid_tgid();
	proc = gate(id);
	if (!proc)
		return 0;
	th = caller(id, proc);
	if (!th)
		return 0;
	call_read(&th->io, regs);
	if (th->io.kind != IO_NONE && call_object(&th->io))
		plain_call(th, ret);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(es_sys_enter, struct pt_regs *regs, long nr)
{
	struct proc_val *proc;
	__u32 fd;

	if (nr == SYS_CLOSE)
		fd = SYS_ARG1(regs);
	else if ((nr == SYS_DUP2 || nr == SYS_DUP3) && SYS_ARG1(regs) != SYS_ARG2(regs))
		fd = SYS_ARG2(regs); /* (old, new): what new was before is closed */
	else
		return 0;
	if (SYS_COMPAT(regs))
		return 0;
	proc = gate(bpf_get_current_pid_tgid());
	return proc ? plain_close(proc->execs, fd) : 0;
}
