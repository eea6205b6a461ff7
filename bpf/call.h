/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_CALL_H
#define EARSHOT_BPF_CALL_H

/* call - which bytes the system call in flight moves, read from its number and registers. */
#include "maps.h"
#include "syscall.h"
#include "sysio.h"

/* Flags of socket calls (include/linux/socket.h) that take nothing off the stream, or nowhere. */
#define ES_MSG_OOB	1
#define ES_MSG_PEEK	2
#define ES_MSG_TRUNC	0x20
#define ES_MSG_ERRQUEUE 0x2000
#define ES_MSG_ASIDE	(ES_MSG_OOB | ES_MSG_PEEK | ES_MSG_ERRQUEUE)

#define FD_NONE (~0u)

static __always_inline int call_set(struct sysio *io, __u64 fd, __u64 buf, __u64 count, __u8 kind,
				    __u8 dir)
{
	io->fd = fd;
	io->buf = buf;
	io->count = count;
	io->kind = kind;
	io->dir = dir;
	return 0;
}

static __always_inline int call_received(struct sysio *io, __u64 fd, __u64 buf, __u64 count,
					 __u8 kind, __u64 flags)
{
	if (flags & ES_MSG_ASIDE)
		return 0;
	return call_set(io, fd, buf, count, flags & ES_MSG_TRUNC ? IO_UNSEEN : kind, ES_DIR_READ);
}

/* Fills in what is known without the call's result. io->kind is IO_NONE for all other calls. */
static __noinline int call_read(struct sysio *io, struct pt_regs *regs)
{
	__u64 a, b, c, d;

	if (!io)
		return 0;
	call_set(io, FD_NONE, 0, 0, IO_NONE, 0);
	if (SYS_COMPAT(regs))
		return 0;
	a = SYS_ARG1(regs);
	b = SYS_ARG2(regs);
	c = SYS_ARG3(regs);
	d = SYS_ARG4(regs);
	switch (SYS_NR(regs)) {
	case SYS_READ:
		return call_set(io, a, b, c, IO_BUFFER, ES_DIR_READ);
	case SYS_RECVFROM: /* (fd, buf, len, flags, ...) */
		return call_received(io, a, b, c, IO_BUFFER, d);
	case SYS_WRITE:
	case SYS_SENDTO:
		return call_set(io, a, b, c, IO_BUFFER, ES_DIR_WRITE);
	case SYS_READV:
	case SYS_PREADV2: /* of what has no offset: the same */
		return call_set(io, a, b, c, IO_VECTOR, ES_DIR_READ);
	case SYS_WRITEV:
	case SYS_PWRITEV2:
		return call_set(io, a, b, c, IO_VECTOR, ES_DIR_WRITE);
	case SYS_RECVMSG: /* (fd, message, flags) */
		return call_received(io, a, b, 0, IO_MESSAGE, c);
	case SYS_SENDMSG:
		return call_set(io, a, b, 0, IO_MESSAGE, ES_DIR_WRITE);
	case SYS_RECVMMSG: /* (fd, messages, count, flags, ...) */
		return call_received(io, a, b, 0, IO_MESSAGES, d);
	case SYS_SENDMMSG:
		return call_set(io, a, b, 0, IO_MESSAGES, ES_DIR_WRITE);
	case SYS_SENDFILE: /* (out, in, ...): bytes that no buffer of the process ever holds */
		return call_set(io, a, 0, 0, IO_UNSEEN, ES_DIR_WRITE);
	case SYS_SPLICE: /* (in, offset, out, ...): one is a pipe; the other may be a socket */
		return call_set(io, c, 0, 0, IO_UNSEEN, ES_DIR_WRITE);
	default:
		return 0;
	}
}

#endif /* EARSHOT_BPF_CALL_H */
