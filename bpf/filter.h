/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_FILTER_H
#define EARSHOT_BPF_FILTER_H

/* filter - the process gate: the first look-up of every program. */
#include "maps.h"

static __always_inline struct proc_val *gate(__u64 pid_tgid)
{
	__u32 tgid = pid_tgid >> 32;

	return bpf_map_lookup_elem(&es_procs, &tgid);
}

#endif /* EARSHOT_BPF_FILTER_H */
