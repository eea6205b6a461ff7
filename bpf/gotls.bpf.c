// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * gotls - crypto/tls and its forks, by Go's register ABI (Go's src/cmd/compile/abi-internal.md).
 * Stacks move and goroutines change threads, so nothing here has a return side: a write is
 * taken at its entry, a read where Read copies the plaintext to its caller.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "deliver.h"
#include "filter.h"
#include "maps.h"
#include "peer.h"
#include "stats.h"
#include "stream.h"

#if defined(__TARGET_ARCH_x86)
#define GO_ARG1(ctx) ((ctx)->ax)
#define GO_ARG2(ctx) ((ctx)->bx)
#define GO_ARG3(ctx) ((ctx)->cx)
#define GO_SP(ctx)   ((ctx)->sp)
#elif defined(__TARGET_ARCH_arm64)
#define GO_ARG1(ctx) PT_REGS_PARM1(ctx)
#define GO_ARG2(ctx) PT_REGS_PARM2(ctx)
#define GO_ARG3(ctx) PT_REGS_PARM3(ctx)
#define GO_SP(ctx)   PT_REGS_SP(ctx)
#endif

/*
 * tls.Conn begins with its net.Conn; a *net.TCPConn is a pointer to netFD. Places of the same
 * kind in Go 1.17 to 1.26: Sysfd, family and sotype of netFD.
 */
#define NETFD_SYSFD  0x10
#define NETFD_FAMILY 0x38
#define NETFD_SOTYPE 0x3c
#define GO_STREAM    1 /* SOCK_STREAM */

#define USER(to, from) bpf_probe_read_user(&(to), sizeof(to), (void *)(from))

/*
 * Which socket it is, once. The pointers are followed only where they make sense all the way:
 * family and type as the descriptor's own socket has them.
 */
static __noinline int find_socket(struct stream_val *s, __u64 conn)
{
	__u64 at = 0;
	__u32 kind[2] = { 0, 0 };
	struct fd_info info;
	struct sock *sk;
	__u16 family = 0;

	if (!s)
		return 0;
	s->flags |= STREAM_PEER_SENT;
	if (USER(at, conn + 8) || USER(at, at) || USER(kind, at + NETFD_FAMILY) ||
	    kind[1] != GO_STREAM || USER(s->fd, at + NETFD_SYSFD))
		return 0;
	if (fd_look(&info, s->fd) || !info.sock)
		return 0;
	sk = (void *)info.sock;
	if (HOP(family, &sk->__sk_common, skc_family) || family != kind[0])
		return 0;
	s->flags |= STREAM_HAS_FD;
	return 0;
}

/* The bytes are the second and third argument everywhere. */
static __noinline int take(struct pt_regs *ctx, __u64 conn, __u8 dir, __u32 library)
{
	__u64 len = GO_ARG3(ctx);
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);
	struct stream_key key;
	struct stream_val *s;
	struct thread *th;
	struct frame *f;

	if (!proc || !conn || !len || len > ~0u)
		return 0;
	th = thread_get(id);
	if (!th) {
		stat_add(ES_K_THREADS_FULL, len);
		return 0;
	}
	key.object = conn;
	key.tgid = id >> 32;
	key.execs = proc->execs;
	s = stream_get(&key, proc->start);
	if (!s) {
		stat_add(ES_K_STREAMS_FULL, len);
		return 0;
	}
	f = &th->one;
	f->object = conn;
	f->buf = GO_ARG2(ctx);
	f->dir = dir;
	f->source = ES_SRC_GO;
	f->library = library;
	f->time = bpf_ktime_get_ns();
	if (!(s->flags & STREAM_PEER_SENT)) {
		find_socket(s, conn);
		if (s->flags & STREAM_HAS_FD)
			emit_peer(s, conn, f->time);
	}
	f->total = len;
	f->want = verdict_of(&key, s);
	deliver(s, f);
	return 0;
}

#if defined(__TARGET_ARCH_x86)
#define CARRY_OR_ZERO ((1u << 0) | (1u << 6)) /* CF, ZF */
#endif

/* At the jbe of the stack check: when it jumps, the stack grows and the call begins again. */
static __always_inline bool grows_stack(struct pt_regs *ctx)
{
#if defined(__TARGET_ARCH_x86)
	return ctx->flags & CARRY_OR_ZERO;
#else
	return false;
#endif
}

/*
 * One program, so that what takes the bytes is verified once; the cookie says where it is:
 * behind the stack check of (*Conn).Write, at the check's jump, or at the call of
 * memmove(to, from, n) in (*Conn).Read, whose receiver was spilled to a slot of the stack.
 */
SEC("uprobe")
int es_go(struct pt_regs *ctx)
{
	__u64 cookie = es_cookie(ctx), conn = 0;
	__u32 at = cookie_point(cookie);

	if (at == ES_GO_READ) {
		if (USER(conn, GO_SP(ctx) + cookie_arg(cookie))) {
			stat_add(ES_K_READ_FAULT, GO_ARG3(ctx));
			return 0;
		}
		return take(ctx, conn, ES_DIR_READ, (__u32)cookie);
	}
	if (at == ES_GO_WRITE_JBE && grows_stack(ctx))
		return 0;
	return take(ctx, GO_ARG1(ctx), ES_DIR_WRITE, (__u32)cookie);
}

/* (*Conn).Close: the end of this object's stream. */
SEC("uprobe")
int es_go_close(struct pt_regs *ctx)
{
	return object_freed(GO_ARG1(ctx));
}
