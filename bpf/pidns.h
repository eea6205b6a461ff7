/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_PIDNS_H
#define EARSHOT_BPF_PIDNS_H

/* pidns - process ids as earshot's own pid namespace counts. */
#include "maps.h"

#define PIDNS_DEPTH 8

/* The pid of task as earshot's own pid namespace counts; 0 when it is not in there. */
static __always_inline __u32 own_ns_pid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);

	for (__u32 i = 0; i < PIDNS_DEPTH && i <= level; i++) {
		struct upid *at = (void *)pid + bpf_core_field_offset(pid->numbers) +
				  i * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(at, ns, ns.inum) == es_pidns_ino)
			return BPF_CORE_READ(at, nr);
	}
	return 0;
}

#endif /* EARSHOT_BPF_PIDNS_H */
