/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_DELIVER_H
#define EARSHOT_BPF_DELIVER_H

/* deliver - what all programs that took a call's bytes do with them: a thread's entry, records. */
#include "emit.h"
#include "filter.h"
#include "maps.h"
#include "stats.h"
#include "stream.h"

static __always_inline struct thread *thread_get(__u64 id)
{
	struct thread *th = bpf_map_lookup_elem(&es_threads, &id), *zero;
	__u32 first = 0;

	if (th)
		return th;
	zero = bpf_map_lookup_elem(&es_zero_thread, &first);
	if (!zero)
		return 0;
	bpf_map_update_elem(&es_threads, &id, zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&es_threads, &id);
}

/* f->total bytes went through; f->want comes in as the verdict. One call for all paths. */
static __noinline int deliver(struct stream_val *s, struct frame *f)
{
	__u64 verdict, want, left;

	if (!s || !f)
		return 0;
	verdict = f->want;
	want = f->total > ES_CALL_MAX ? ES_CALL_MAX : f->total;
	if (verdict == ES_VERDICT_HEADERS && want > ES_HEADERS_BYTES)
		want = ES_HEADERS_BYTES;
	if (verdict == ES_VERDICT_IGNORE)
		want = 0;
	f->want = want;
	if (want)
		emit_call(s, f);
	left = f->total - f->want;
	if (!left)
		return 0;
	stream_skip(s, f->dir, left, verdict != ES_VERDICT_STREAM);
	stat_add(verdict == ES_VERDICT_STREAM ? ES_K_CALL_TOO_LONG : ES_K_IGNORED, left);
	return 0;
}

#endif /* EARSHOT_BPF_DELIVER_H */
