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

/* What was said at attach (state.h); 0 where the kernel has no cookies. */
static __always_inline __u64 es_cookie(void *ctx)
{
	return es_use_cookies ? bpf_get_attach_cookie(ctx) : 0;
}

static __always_inline __u32 cookie_arg(__u64 cookie)
{
	return cookie >> ES_COOKIE_ARG;
}

static __always_inline __u32 cookie_point(__u64 cookie)
{
	return cookie >> ES_COOKIE_POINT & 0xff;
}

#endif /* EARSHOT_BPF_FILTER_H */
