/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_CHILDIO_H
#define EARSHOT_BPF_CHILDIO_H

/*
 * childio - which pipes or sockets are the standard input and output of a watched process's
 * child. Noted at its exec, before it can read or write; bytes are taken at this end only, so
 * that each message is there once.
 */
#include "fd.h"
#include "maps.h"

static __noinline int stdio_forget(struct proc_val *proc, __u32 tgid)
{
	struct stdio_key key = { .tgid = tgid };

	if (!proc)
		return 0;
	for (int i = 0; i < 2; i++) {
		key.object = proc->stdio[i];
		if (key.object) {
			bpf_map_delete_elem(&es_stdio, &key);
			bpf_map_delete_elem(&es_pipes, &key.object);
		}
		proc->stdio[i] = 0;
	}
	return 0;
}

/* The current task runs a new program. Returns ES_F_PIPES, or 0. */
static __noinline int stdio_note(struct proc_val *proc, __u32 tgid)
{
	struct stdio_key key = { .tgid = tgid };
	struct stdio_val val = { 0 };
	__u64 in, out;
	__u32 nobody = 0;

	if (!proc)
		return 0;
	stdio_forget(proc, tgid);
	if (!(proc->flags & PROC_CHILD))
		return 0;
	in = fd_object(bpf_get_current_task(), 0);
	out = fd_object(bpf_get_current_task(), 1);
	if (!in || !out)
		return 0;
	proc->stdio[0] = key.object = in;
	val.stream = in;
	val.dir = in == out ? ES_STDIO_BOTH : ES_DIR_READ;
	if (bpf_map_update_elem(&es_stdio, &key, &val, BPF_ANY))
		return 0;
	if (in & ES_OBJECT_PIPE)
		bpf_map_update_elem(&es_pipes, &in, &nobody, BPF_NOEXIST);
	if (in != out) {
		proc->stdio[1] = key.object = out;
		val.dir = ES_DIR_WRITE;
		bpf_map_update_elem(&es_stdio, &key, &val, BPF_ANY);
	}
	return ((in | out) & ES_OBJECT_PIPE) ? ES_F_PIPES : 0;
}

#endif /* EARSHOT_BPF_CHILDIO_H */
