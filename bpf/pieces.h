/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_PIECES_H
#define EARSHOT_BPF_PIECES_H

/* pieces - where in the process's memory the bytes of a call lie, one piece after another. */
#include "frame.h"
#include "sysio.h"

/* One piece of a vector. */
static __always_inline void vector_at(struct sysio *io, __u32 piece)
{
	io->next = piece;
	io->vec[0] = io->vec[1] = 0;
	bpf_probe_read_user(io->vec, sizeof(io->vec), (void *)(io->buf + 16ull * piece));
	io->seg = io->vec[0];
	io->seg_left = io->vec[1];
}

/* Pieces that are looked at for the first bytes. */
#define HEAD_PIECES 8

/*
 * The call's first bytes, as many as there are and fit, into io->head: not more, since what lies
 * behind them may be another's, or no memory. Empty first pieces are passed over.
 */
static __noinline int plain_head(struct thread *th)
{
	__u64 got = 0, left, len, word;
	struct sysio *io;

	if (!th)
		return 0;
	io = &th->io;
	io->head = 0;
	left = th->one.total < 8 ? th->one.total : 8;
	for (__u32 i = 0; i < HEAD_PIECES; i++) {
		if (io->kind == IO_VECTOR && i) {
			if (i >= io->count)
				break;
			if (io->seg_left)
				bpf_probe_read_user(io->vec, sizeof(io->vec),
						    (void *)(io->buf + 16ull * i));
			else
				vector_at(io, i);
		} else {
			io->vec[0] = io->seg;
			io->vec[1] = io->seg_left;
		}
		len = io->vec[1] < left ? io->vec[1] : left;
		word = 0;
		asm volatile("" : "+r"(len)); /* or the compiler checks one and passes another */
		if (len <= 8)
			bpf_probe_read_user(&word, len, (void *)io->vec[0]);
		if (got < 8)
			io->head |= word << 8 * got;
		got += len;
		left -= len;
		if (!left || io->kind != IO_VECTOR)
			break;
	}
	return 0;
}

#endif /* EARSHOT_BPF_PIECES_H */
