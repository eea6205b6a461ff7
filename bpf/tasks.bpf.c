// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * tasks - processes that run already, as the kernel knows them: ids in the root pid namespace
 * and in ours, start, parent, standard input and output. An iterator: runs when it is read, and
 * never else.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "fd.h"
#include "maps.h"
#include "pidns.h"

SEC("iter/task")
int es_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_info info = {};

	if (!task || task->pid != task->tgid)
		return 0;
	info.tgid = task->tgid;
	info.ns_tgid = own_ns_pid(task);
	info.start = task->start_boottime;
	info.parent_tgid = BPF_CORE_READ(task, real_parent, tgid);
	info.stdio[0] = fd_object((__u64)task, 0);
	info.stdio[1] = fd_object((__u64)task, 1);
	bpf_seq_write(ctx->meta->seq, &info, sizeof(info));
	return 0;
}
