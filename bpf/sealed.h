/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_SEALED_H
#define EARSHOT_BPF_SEALED_H

/*
 * sealed - which socket a TLS object uses that never touches one (a memory BIO): the first
 * bytes of a record it sealed are met again in what the process sends. 16 bytes of ciphertext
 * are no coincidence. Only for objects without a socket; ends with the first match.
 */
#include "maps.h"

#define TLS_HEAD 5 /* type, version, length */
#define TLS_DATA 0x17

static __always_inline void sealed_note(struct proc_val *proc, struct thread *th, __u64 object,
					__u64 at)
{
	struct sealed_val *v;
	__u8 *r = th->io.record;

	if (bpf_probe_read_user(r, TLS_HEAD, (void *)at) || r[0] != TLS_DATA || r[1] != 3)
		return;
	v = &proc->sealed[proc->sealed_next++ & (SEALED_MAX - 1)];
	if (bpf_probe_read_user(v->body, sizeof(v->body), (void *)(at + TLS_HEAD)))
		return;
	v->object = object;
	proc->flags |= PROC_SEALED;
}

/* The object that sealed this body; 0: none. Its entry is used up. */
static __always_inline __u64 sealed_take(struct proc_val *proc, const __u64 *body)
{
	__u64 object = 0, left = 0;

	for (__u32 i = 0; i < SEALED_MAX; i++) {
		struct sealed_val *v = &proc->sealed[i];

		if (v->object && v->body[0] == body[0] && v->body[1] == body[1]) {
			object = v->object;
			v->object = 0;
		}
		left |= v->object;
	}
	if (!left)
		proc->flags &= ~PROC_SEALED;
	return object;
}

#endif /* EARSHOT_BPF_SEALED_H */
