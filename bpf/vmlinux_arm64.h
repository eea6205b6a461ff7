/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
/* Made by tools/gen-vmlinux; do not edit. */
#ifndef EARSHOT_BPF_VMLINUX_ARM64_H
#define EARSHOT_BPF_VMLINUX_ARM64_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false = 0, true = 1 };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
};

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
};

struct bpf_pidns_info {
	__u32 pid;
	__u32 tgid;
};

struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};

struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0;
	__s32 syscallno;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct mm_struct;
struct linux_binprm;

typedef struct {
	int counter;
} atomic_t;

struct upid {
	__s32 nr;
	struct pid_namespace *ns;
};

struct ns_common {
	__u32 inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct pid {
	__u32 level;
	struct upid numbers[1];
};

struct signal_struct {
	atomic_t live;
};

struct task_struct {
	__u32 flags;
	__s32 pid;
	__s32 tgid;
	__u64 start_boottime;
	__s32 exit_code;
	char comm[16];
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct pid *thread_pid;
	struct files_struct *files;
	struct task_struct *real_parent;
};

struct bpf_iter_meta {
	void *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__u16 skc_family;
	__u8 skc_state;
	__be16 skc_dport;
	__u16 skc_num;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sk_buff_head {
	__u32 qlen;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	__u16 sk_type;
	__u16 sk_protocol;
	__u8 sk_shutdown;
	struct socket *sk_socket;
	void *sk_user_data;
	struct pid *sk_peer_pid;
};

struct tcp_sock {
	__u32 copied_seq;
	__u64 bytes_sent;
	__u64 bytes_received;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct inode {
	__u16 i_mode;
	__u64 i_ino;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	__u32 max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

#pragma clang attribute pop

#endif /* EARSHOT_BPF_VMLINUX_ARM64_H */
