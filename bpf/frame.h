/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_FRAME_H
#define EARSHOT_BPF_FRAME_H

/*
 * frame - calls in flight on one thread: a small stack ordered by stack pointer, so that
 * nested calls, longjmp and missed returns pair right. Pure: also compiled by unit tests.
 *
 * The stack grows down: a call made by another has the smaller sp. What a new entry finds
 * with sp not above its own has been left without a return.
 */
#define ES_FRAMES 4

#define ES_INODE_MANY (~0ull)

/* How the call tells how many bytes it moved. */
enum es_len_how {
	ES_LEN_RETURN = 0,  /* int result > 0 */
	ES_LEN_POINTER = 1, /* int result 1, size_t at lenp */
	ES_LEN_SSIZE = 2,   /* ssize_t result > 0 */
};

/* What a thread's system call is about: scratch of one run of a program. */
struct sysio {
	__u64 object; /* of the descriptor: ES_OBJECT_* | inode number */
	__u64 stream; /* object of the stream: another one for standard output */
	__u64 sock;   /* struct sock of a socket; else 0 */
	__u64 buf;    /* buffer, or array of pieces, or message head */
	__u64 count;  /* pieces; bytes of a buffer */
	__u64 proc_start;
	__u64 seg;	/* vector: where the current piece is */
	__u64 seg_left; /* ... and how much of it is left */
	__u64 left;	/* ... and of the call */
	__u64 vec[2];	/* scratch: a struct iovec */
	__u64 head;	/* scratch: the first bytes */
	__u32 execs;
	__u32 fd;
	__u32 next; /* piece */
	__u8 kind;  /* enum sysio_kind */
	__u8 dir;
	__u8 source;
	__u8 sealed;  /* the process waits to learn which socket its TLS uses */
	__u8 lasting; /* the end of the socket will be seen */
	__u8 nested;  /* the call is made by a TLS call in flight */
	__u8 pad[6];
	__u8 record[24]; /* scratch: the start of a TLS record */
};

struct frame {
	__u64 sp;
	__u64 object;
	__u64 buf;
	__u64 lenp;
	__u64 time; /* of the entry */
	__u64 proc_start;
	__u32 execs;
	__u32 library;
	__u64 inode; /* of the socket that the call used; ES_INODE_MANY: of several */
	__u32 fd;
	__u32 fpad;
	/* from here on: used at the return only */
	__u64 total; /* bytes the call moved */
	__u64 want;  /* of those, bytes to take */
	struct {
		__u64 events;
		__u64 bytes;
	} missed[2]; /* by outcome */
	__u8 dir;
	__u8 how;      /* enum es_len_how */
	__u8 reported; /* a call inside this one reported the same bytes */
	__u8 outcome;  /* of the chunk just tried */
	__u8 source;   /* enum es_source */
	__u8 pad[3];
};

struct thread {
	__u32 depth;
	__u32 stale;   /* frames dropped by the last push or take */
	__u32 scratch; /* see frame_at() */
	__u32 pad;
	struct sysio io;
	struct frame one; /* of programs that have no return side */
	struct frame frames[ES_FRAMES];
};

/*
 * One pointer with an unknown index instead of one state per index: the programs behind it
 * are then verified once, not ES_FRAMES times.
 */
static __always_inline struct frame *frame_at(struct thread *th, __u32 index)
{
#ifdef __bpf__
	th->scratch = index;
	index = *(volatile __u32 *)&th->scratch;
#endif
	return &th->frames[index & (ES_FRAMES - 1)];
}

/* Room for a call whose stack pointer is sp; NULL when the stack is full. */
static __always_inline struct frame *frame_push(struct thread *th, __u64 sp)
{
	__u32 depth = th->depth, stale = 0;

	for (int i = 0; i < ES_FRAMES; i++) {
		if (depth == 0 || depth > ES_FRAMES || frame_at(th, depth - 1)->sp > sp)
			break;
		depth--;
		stale++;
	}
	th->stale = stale;
	th->depth = depth;
	if (depth >= ES_FRAMES)
		return 0;
	th->depth = depth + 1;
	return frame_at(th, depth);
}

/*
 * The frame of exactly this stack pointer, taken off with all above it; NULL when there is
 * none. It stays readable until the thread's next push.
 */
static __always_inline struct frame *frame_take(struct thread *th, __u64 sp)
{
	struct frame *hit = 0, *outer;
	__u32 depth = th->depth, stale = 0;

	for (int i = 0; i < ES_FRAMES; i++) {
		if (depth == 0 || depth > ES_FRAMES)
			break;
		hit = frame_at(th, depth - 1);
		if (hit->sp > sp)
			break;
		depth--;
		if (hit->sp == sp)
			break;
		stale++;
	}
	th->stale = stale;
	th->depth = depth;
	if (!hit || hit->sp != sp)
		return 0;
	/* An exported function made of another exported one: the outer call adds nothing. */
	if (depth > 0) {
		outer = frame_at(th, depth - 1);
		if (outer->object == hit->object && outer->dir == hit->dir)
			outer->reported = 1;
	}
	return hit;
}

#endif /* EARSHOT_BPF_FRAME_H */
