/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_EMIT_H
#define EARSHOT_BPF_EMIT_H

/*
 * emit - records into the ring. Sizes come in tiers, because a reservation must be constant;
 * the payload is copied once, straight from the target, to a constant offset. Between
 * reserve and submit stands only the copy: a thread preempted there stops the reader.
 */
#include "maps.h"
#include "room.h"
#include "stats.h"

/* frame.outcome */
enum {
	EMIT_NO_ROOM,
	EMIT_FAULT,
	EMIT_DONE,
};

/*
 * Wakes the reader when this record carries what waits across the threshold. Slower growth
 * is read on the reader's timer. A wake-up for each record would cost more than the probe.
 */
static __always_inline __u64 data_wake(__u64 waiting, __u64 size)
{
	return waiting < es_wake_bytes && waiting + size >= es_wake_bytes ? BPF_RB_FORCE_WAKEUP
									  : BPF_RB_NO_WAKEUP;
}

static __always_inline void fill_stream(struct es_stream *to, struct stream_val *s, struct frame *f)
{
	to->proc_start = s->proc_start;
	to->object = f->object;
	to->birth = s->birth;
}

static __always_inline void fill_data(struct es_data *d, struct stream_val *s, struct frame *f,
				      __u32 len, __u32 chunk)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 dir = f->dir & 1;

	d->head.type = ES_REC_DATA;
	d->head.flags = ((s->flags & STREAM_SENT) ? 0 : ES_F_FIRST) |
			((s->flags & STREAM_LATE) ? ES_F_LATE : 0);
	d->head.size = sizeof(*d) + len;
	d->head.time = f->time;
	d->head.tgid = id >> 32;
	d->head.tid = (__u32)id;
	fill_stream(&d->stream, s, f);
	d->offset = s->passed[dir];
	d->missing = s->tail[dir];
	d->call_len = f->total > 0xffffffff ? 0xffffffff : f->total;
	d->len = len;
	d->dir = dir;
	d->source = f->source;
	d->library = f->library;
	d->pad = 0;
	d->chunk = chunk > 255 ? 255 : chunk;
}

/*
 * Reserve, fill, copy, submit, for one constant payload size. The outcome goes into the
 * frame, not into a register: all paths then meet again for the verifier.
 */
#define EMIT_TIER(TIER)                                                                            \
	static __always_inline void emit_##TIER(struct stream_val *s, struct frame *f, __u64 done, \
						__u32 len, __u32 chunk, __u64 waiting)             \
	{                                                                                          \
		struct es_data *d = bpf_ringbuf_reserve(&es_ring, sizeof(*d) + (TIER), 0);         \
                                                                                                   \
		if (!d)                                                                            \
			return;                                                                    \
		fill_data(d, s, f, len, chunk);                                                    \
		if (len > (TIER)) /* for the verifier; the caller chose the tier by len */         \
			len = (TIER);                                                              \
		if (bpf_probe_read_user((char *)d + sizeof(*d), len, (void *)(f->buf + done))) {   \
			bpf_ringbuf_discard(d, BPF_RB_NO_WAKEUP);                                  \
			f->outcome = EMIT_FAULT;                                                   \
			return;                                                                    \
		}                                                                                  \
		bpf_ringbuf_submit(d, data_wake(waiting, sizeof(*d) + (TIER) + 8));                \
		f->outcome = EMIT_DONE;                                                            \
	}

EMIT_TIER(256)
EMIT_TIER(1024)
EMIT_TIER(4096)
EMIT_TIER(16384)

/* Room for a data record of this payload? waiting: bytes the reader has not taken yet. */
static __always_inline bool data_room(__u64 waiting, __u32 len)
{
	return waiting + sizeof(struct es_data) + 8 + len <= DATA_LIMIT;
}

static __always_inline void emit_whole_chunk(struct stream_val *s, struct frame *f, __u32 chunk)
{
	__u64 waiting = bpf_ringbuf_query(&es_ring, BPF_RB_AVAIL_DATA);

	if (data_room(waiting, ES_CHUNK_MAX))
		emit_16384(s, f, (__u64)chunk * ES_CHUNK_MAX, ES_CHUNK_MAX, chunk, waiting);
}

static __always_inline void emit_chunk(struct stream_val *s, struct frame *f, __u64 done, __u32 len,
				       __u32 chunk)
{
	__u64 waiting = bpf_ringbuf_query(&es_ring, BPF_RB_AVAIL_DATA);

	if (!data_room(waiting, len))
		return;
	if (len <= 256)
		emit_256(s, f, done, len, chunk, waiting);
	else if (len <= 1024)
		emit_1024(s, f, done, len, chunk, waiting);
	else if (len <= 4096)
		emit_4096(s, f, done, len, chunk, waiting);
	else
		emit_16384(s, f, done, len, chunk, waiting);
}

/* Not delivered, for whatever reason: the offset advances all the same. */
static __always_inline void stream_skip(struct stream_val *s, __u32 dir, __u64 len, bool ignored)
{
	if (ignored)
		s->ignored[dir & 1] += len;
	else
		s->lost[dir & 1] += len;
	s->tail[dir & 1] += len;
	s->passed[dir & 1] += len;
}

/* What became of one chunk, f->outcome, goes into the stream's books. */
static __always_inline void account(struct stream_val *s, struct frame *f, __u32 len)
{
	__u32 dir = f->dir & 1;

	if (f->outcome == EMIT_DONE) {
		s->flags |= STREAM_SENT;
		s->passed[dir] += len;
		s->tail[dir] = 0;
		return;
	}
	stream_skip(s, dir, len, false);
	f->missed[f->outcome & 1].events++;
	f->missed[f->outcome & 1].bytes += len;
}

/* Counters of a call are added up in its frame, so that the loop has no look-ups. */
static __always_inline void count_missed(struct frame *f)
{
	if (f->missed[EMIT_NO_ROOM].events)
		stat_add_n(ES_K_RING_FULL, f->missed[EMIT_NO_ROOM].events,
			   f->missed[EMIT_NO_ROOM].bytes);
	if (f->missed[EMIT_FAULT].events)
		stat_add_n(ES_K_READ_FAULT, f->missed[EMIT_FAULT].events,
			   f->missed[EMIT_FAULT].bytes);
}

struct chunk_loop {
	struct stream_val *s;
	struct frame *f;
};

static long whole_step(__u32 i, struct chunk_loop *l)
{
	if (!l->s || !l->f)
		return 1;
	l->f->outcome = EMIT_NO_ROOM;
	emit_whole_chunk(l->s, l->f, i);
	account(l->s, l->f, ES_CHUNK_MAX);
	return 0;
}

/*
 * The whole chunks of a call; its own function, so that it is verified once. What it needs
 * comes out of the frame, not in registers, so that all callers look alike to the verifier.
 */
static __noinline int emit_whole(struct stream_val *s, struct frame *f)
{
	__u32 chunks;

	if (!s || !f)
		return 0;
	chunks = f->want / ES_CHUNK_MAX;
	if (es_use_loop) {
		struct chunk_loop l = { s, f };

		bpf_loop(chunks < ES_CHUNKS ? chunks : ES_CHUNKS, whole_step, &l, 0);
		return 0;
	}
	for (__u32 i = 0; i < ES_CHUNKS; i++) {
		if (i >= chunks)
			break;
		f->outcome = EMIT_NO_ROOM;
		emit_whole_chunk(s, f, i);
		account(s, f, ES_CHUNK_MAX);
	}
	return 0;
}

/* What is left behind the whole chunks, in the smallest tier that holds it. */
static __noinline int emit_rest(struct stream_val *s, struct frame *f)
{
	__u32 len, chunk;

	if (!s || !f)
		return 0;
	len = f->want & (ES_CHUNK_MAX - 1);
	if (!len)
		return 0;
	chunk = f->want / ES_CHUNK_MAX;
	f->outcome = EMIT_NO_ROOM;
	emit_chunk(s, f, (__u64)chunk * ES_CHUNK_MAX, len, chunk);
	account(s, f, len);
	return 0;
}

/*
 * Says what this call lost, so that nobody has to wait for the stream's next record to know.
 * When there is no room for that either, the next record, or the end, tells.
 */
static __noinline int emit_gap(struct stream_val *s, struct frame *f)
{
	struct es_data *d;

	if (!s || !f)
		return 0;
	if (!room_for_news(sizeof(*d)))
		return 0;
	d = bpf_ringbuf_reserve(&es_ring, sizeof(*d), 0);
	if (!d)
		return 0;
	fill_data(d, s, f, 0, 0);
	d->head.type = ES_REC_GAP;
	bpf_ringbuf_submit(d, BPF_RB_NO_WAKEUP);
	s->flags |= STREAM_SENT;
	s->tail[f->dir & 1] = 0;
	return 0;
}

/*
 * f->want of the f->total bytes of one call. The library serialises a direction of a stream,
 * so plain loads and stores keep the offsets.
 */
static __always_inline void emit_call(struct stream_val *s, struct frame *f)
{
	__builtin_memset(f->missed, 0, sizeof(f->missed));
	if (f->want >= ES_CHUNK_MAX)
		emit_whole(s, f);
	emit_rest(s, f);
	if (!f->missed[EMIT_NO_ROOM].events && !f->missed[EMIT_FAULT].events)
		return;
	count_missed(f);
	if (s->tail[f->dir & 1])
		emit_gap(s, f);
}

#endif /* EARSHOT_BPF_EMIT_H */
