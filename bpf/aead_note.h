/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_AEAD_NOTE_H
#define EARSHOT_BPF_AEAD_NOTE_H

/* aead_note - where socket calls read to and write from, for aead_bind.h. */
#include "aead_bind.h"
#include "sysio.h"

static __always_inline void aead_note_read(struct aead_thread *t, struct sysio *io, __u64 inode)
{
	struct aead_read *r = &t->reads[t->read_next & (AEAD_READS - 1)];

	r->base = io->buf;
	r->len = io->count;
	if (io->kind != IO_BUFFER) {
		__u64 iov = io->buf;

		if (io->kind != IO_VECTOR &&
		    bpf_probe_read_user(&iov, sizeof(iov), (void *)(io->buf + 16)))
			return;
		/* base and len stand as in struct iovec. */
		if (bpf_probe_read_user(&r->base, 16, (void *)iov))
			return;
	}
	r->to.fd = io->fd;
	r->to.sock = io->sock;
	r->to.inode = inode;
	t->read_next++;
}

#define AEAD_PIECES 4

static __always_inline void aead_note_piece(struct aead_thread *t, struct sysio *io, __u64 inode,
					    __u64 base)
{
	struct aead_sent *to = &t->first;

	if (base != to->at && base != to->before)
		to = &t->last;
	if (!base || (base != to->at && base != to->before))
		return;
	to->fd = io->fd;
	to->sock = io->sock;
	to->inode = inode;
	aead_emit_peer(to);
}

static __always_inline void aead_note_write(struct aead_thread *t, struct sysio *io, __u64 inode)
{
	__u64 iov = io->buf, base;

	if (!t->last.at)
		return;
	if (io->kind == IO_BUFFER) {
		aead_note_piece(t, io, inode, io->buf);
	} else {
		if (io->kind != IO_VECTOR &&
		    bpf_probe_read_user(&iov, sizeof(iov), (void *)(io->buf + 16)))
			return;
		for (int i = 0; i < AEAD_PIECES; i++) {
			if (io->kind == IO_VECTOR && i >= io->count)
				break;
			if (bpf_probe_read_user(&base, sizeof(base), (void *)(iov + 16 * i)))
				break;
			aead_note_piece(t, io, inode, base);
		}
	}
	t->first.at = t->last.at = 0;
}

/*
 * At the entry of a call that reads from a socket or writes to one; io says which and where.
 * What a read will bring is not known yet, but where it will lie.
 */
static __noinline int aead_note(struct sysio *io, __u64 inode)
{
	__u64 id = bpf_get_current_pid_tgid(), *active;
	struct aead_thread *t;
	__u32 first = 0;

	if (!io)
		return 0;
	active = bpf_map_lookup_elem(&es_aead_active, &first);
	if (!active || !*active)
		return 0;
	t = aead_thread_get(id);
	if (!t)
		return 0;
	if (io->dir == ES_DIR_READ)
		aead_note_read(t, io, inode);
	else
		aead_note_write(t, io, inode);
	return 0;
}

#endif /* EARSHOT_BPF_AEAD_NOTE_H */
