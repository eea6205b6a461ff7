// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * process - who is behind the gate: copied on fork, told on exec, removed on exit. These
 * tracepoints fire host-wide; the gate comes first, so that a bystander pays one look-up
 * per fork, exec and exit.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "aead_maps.h"
#include "maps.h"
#include "pidns.h"
#include "stats.h"
#include "childio.h"

static __always_inline void emit_proc(__u16 type, __u32 tgid, struct proc_val *proc,
				      struct task_struct *task, __u32 parent, __u64 parent_start,
				      __u16 flags)
{
	struct es_proc *r = bpf_ringbuf_reserve(&es_ring, sizeof(*r), 0);

	if (!r) {
		stat_add(ES_K_PROC_RECORD, 0);
		return;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->head.type = type;
	r->head.flags = flags;
	r->head.size = sizeof(*r);
	r->head.time = bpf_ktime_get_ns();
	r->head.tgid = tgid;
	r->head.tid = BPF_CORE_READ(task, pid);
	r->proc_start = proc->start;
	r->parent_start = parent_start;
	r->parent_tgid = parent;
	r->ns_tgid = proc->ns_tgid;
	r->exit_code = type == ES_REC_EXIT ? BPF_CORE_READ(task, exit_code) : 0;
	r->exec_count = proc->execs;
	BPF_CORE_READ_STR_INTO(&r->comm, task, comm);
	/* Attaching to it is a race with its first call: wake the reader now. */
	bpf_ringbuf_submit(r, BPF_RB_FORCE_WAKEUP);
}

/* Is the caller earshot itself, about to start the command it watches? */
static __always_inline bool armed_parent(void)
{
	struct bpf_pidns_info ns = {};
	struct control_val *c;
	__u32 first = 0;

	c = bpf_map_lookup_elem(&es_control, &first);
	if (!c || !c->parent_tgid)
		return false;
	if (bpf_get_ns_current_pid_tgid(es_pidns_dev, es_pidns_ino, &ns, sizeof(ns)))
		return false;
	if (ns.tgid != c->parent_tgid)
		return false;
	c->parent_tgid = 0;
	return true;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(es_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 ptgid = parent->tgid, tgid = child->tgid;
	struct proc_val *pp, val = {};
	__u16 flags = 0;

	if (ptgid == tgid)
		return 0;
	pp = bpf_map_lookup_elem(&es_procs, &ptgid);
	if (!pp && !armed_parent())
		return 0;
	val.start = child->start_boottime;
	val.execs = pp ? pp->execs : 0;
	val.ns_tgid = own_ns_pid(child);
	val.flags = pp ? PROC_CHILD : 0;
	if (bpf_map_update_elem(&es_procs, &tgid, &val, BPF_ANY)) {
		stat_add(ES_K_PROCS_FULL, 0);
		return 0;
	}
	if (parent->mm == child->mm)
		flags |= ES_F_SHARED_MM;
	emit_proc(ES_REC_FORK, tgid, &val, child, ptgid, pp ? pp->start : 0, flags);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(es_exec, struct task_struct *task, int old_pid)
{
	__u32 tgid = task->tgid;
	struct proc_val *proc = bpf_map_lookup_elem(&es_procs, &tgid);
	__u16 flags = 0;
	__u64 id;

	if (!proc)
		return 0;
	/* Calls in flight ended with the old program; a thread takes over its leader's id. */
	id = (__u64)tgid << 32 | (__u32)task->pid;
	bpf_map_delete_elem(&es_threads, &id);
	bpf_map_delete_elem(&es_aead_threads, &id);
	id = (__u64)tgid << 32 | (__u32)old_pid;
	bpf_map_delete_elem(&es_threads, &id);
	bpf_map_delete_elem(&es_aead_threads, &id);
	proc->execs++;
	proc->flags &= ~PROC_LATE;
	if (es_use_plain)
		flags = stdio_note(proc, tgid);
	emit_proc(ES_REC_EXEC, tgid, proc, task, 0, 0, flags);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(es_exit, struct task_struct *task)
{
	__u32 tgid = task->tgid;
	struct proc_val *proc = bpf_map_lookup_elem(&es_procs, &tgid);
	__u64 id;

	if (!proc)
		return 0;
	id = (__u64)tgid << 32 | (__u32)task->pid;
	bpf_map_delete_elem(&es_threads, &id);
	bpf_map_delete_elem(&es_aead_threads, &id);
	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0;
	if (es_use_plain)
		stdio_forget(proc, tgid);
	emit_proc(ES_REC_EXIT, tgid, proc, task, 0, 0, 0);
	bpf_map_delete_elem(&es_procs, &tgid);
	return 0;
}
