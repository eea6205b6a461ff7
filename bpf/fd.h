/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_FD_H
#define EARSHOT_BPF_FD_H

/* fd - what is behind a descriptor of a task. */
#include "hop.h"
#include "maps.h"

/* What a descriptor is. */
struct fd_info {
	__u64 sock;  /* struct sock; 0: no socket */
	__u64 inode; /* its number */
	__u32 mode;
	__u32 pad;
};

#define MODE_TYPE 0170000
#define MODE_SOCK 0140000
#define MODE_FIFO 0010000

/* Follows a descriptor of a task. 0, or 1 when there is no such. */
static __noinline int fd_look_of(struct fd_info *info, __u64 task, __u32 fd)
{
	struct files_struct *files = 0;
	void *at = (void *)task;
	__u32 n = 0;

	if (!info)
		return 1;
	info->sock = info->inode = info->mode = 0;
	if (HOP(files, (struct task_struct *)at, files) || !files || HOP(at, files, fdt) || !at)
		return 1;
	if (HOP(n, (struct fdtable *)at, max_fds) || fd >= n)
		return 1;
	if (HOP(at, (struct fdtable *)at, fd))
		return 1;
	if (bpf_probe_read_kernel(&at, sizeof(at), (struct file **)at + fd) || !at)
		return 1;
	if (HOP(files, (struct file *)at, f_inode))
		return 1;
	bpf_probe_read_kernel(&info->mode, sizeof(__u16),
			      (void *)files + bpf_core_field_offset(struct inode, i_mode));
	bpf_probe_read_kernel(&info->inode, sizeof(__u64),
			      (void *)files + bpf_core_field_offset(struct inode, i_ino));
	if ((info->mode & MODE_TYPE) != MODE_SOCK)
		return 0;
	if (HOP(at, (struct file *)at, private_data) || !at)
		return 1;
	return HOP(info->sock, (struct socket *)at, sk) ? 1 : 0;
}

/* The same of the current one. */
static __always_inline int fd_look(struct fd_info *info, __u32 fd)
{
	return fd_look_of(info, bpf_get_current_task(), fd);
}

/* The object that streams of a task's descriptor have; 0: neither socket nor pipe. */
static __always_inline __u64 fd_object(__u64 task, __u32 fd)
{
	struct fd_info info;

	if (fd_look_of(&info, task, fd))
		return 0;
	if (info.sock)
		return ES_OBJECT_SOCKET | info.inode;
	return (info.mode & MODE_TYPE) == MODE_FIFO ? ES_OBJECT_PIPE | info.inode : 0;
}

#endif /* EARSHOT_BPF_FD_H */
