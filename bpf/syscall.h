/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_SYSCALL_H
#define EARSHOT_BPF_SYSCALL_H

/*
 * syscall - numbers and registers of system calls, by architecture (Linux
 * arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
 */
#if defined(__TARGET_ARCH_x86)

enum {
	SYS_READ = 0,
	SYS_WRITE = 1,
	SYS_CLOSE = 3,
	SYS_READV = 19,
	SYS_WRITEV = 20,
	SYS_DUP2 = 33,
	SYS_SENDFILE = 40,
	SYS_SENDTO = 44,
	SYS_RECVFROM = 45,
	SYS_SENDMSG = 46,
	SYS_RECVMSG = 47,
	SYS_SPLICE = 275,
	SYS_DUP3 = 292,
	SYS_RECVMMSG = 299,
	SYS_SENDMMSG = 307,
	SYS_PREADV2 = 327,
	SYS_PWRITEV2 = 328,
};

#define SYS_NR(r)   ((long)(r)->orig_ax)
#define SYS_SP(r)   ((r)->sp)
#define SYS_ARG1(r) ((r)->di)
#define SYS_ARG2(r) ((r)->si)
#define SYS_ARG3(r) ((r)->dx)
#define SYS_ARG4(r) ((r)->r10)
/* A 32-bit program: other numbers, other registers. */
#define SYS_COMPAT(r) ((r)->cs == 0x23)
/* Still in the call: -ENOSYS stands where its result will stand. */
#define SYS_IN_CALL(r) ((long)(r)->ax == -38)

#elif defined(__TARGET_ARCH_arm64)

enum {
	SYS_DUP3 = 24,
	SYS_CLOSE = 57,
	SYS_READ = 63,
	SYS_WRITE = 64,
	SYS_READV = 65,
	SYS_WRITEV = 66,
	SYS_SENDFILE = 71,
	SYS_SPLICE = 76,
	SYS_SENDTO = 206,
	SYS_RECVFROM = 207,
	SYS_SENDMSG = 211,
	SYS_RECVMSG = 212,
	SYS_RECVMMSG = 243,
	SYS_SENDMMSG = 269,
	SYS_PREADV2 = 286,
	SYS_PWRITEV2 = 287,
	SYS_DUP2 = -1, /* there is none */
};

#define SYS_NR(r)     ((long)(r)->syscallno)
#define SYS_SP(r)     ((r)->user_regs.sp)
#define SYS_ARG1(r)   ((r)->orig_x0) /* x0 itself is the result at the end */
#define SYS_ARG2(r)   ((r)->user_regs.regs[1])
#define SYS_ARG3(r)   ((r)->user_regs.regs[2])
#define SYS_ARG4(r)   ((r)->user_regs.regs[3])
#define SYS_COMPAT(r) ((r)->user_regs.pstate & 0x10)
/* Still in the call: x0 is what it was, or -ENOSYS as elsewhere. */
#define SYS_IN_CALL(r) \
	((r)->user_regs.regs[0] == (r)->orig_x0 || (long)(r)->user_regs.regs[0] == -38)

#endif

#endif /* EARSHOT_BPF_SYSCALL_H */
