/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_STATS_H
#define EARSHOT_BPF_STATS_H

/* stats - loss counters. Atomic adds whose result is not used: fetch forms need Linux 5.12. */
#include "maps.h"

static __noinline int stat_add_n(__u32 cause, __u32 events, __u64 bytes)
{
	struct stat_val *v = bpf_map_lookup_elem(&es_stats, &cause);

	if (!v)
		return 0;
	__sync_fetch_and_add(&v->events, events);
	__sync_fetch_and_add(&v->bytes, bytes);
	return 0;
}

static __always_inline void stat_add(__u32 cause, __u64 bytes)
{
	stat_add_n(cause, 1, bytes);
}

#endif /* EARSHOT_BPF_STATS_H */
