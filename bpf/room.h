/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_ROOM_H
#define EARSHOT_BPF_ROOM_H

/* room - how much of the ring each kind of record may use; what matters most always fits. */
#include "maps.h"

/* Data may not use the last sixteenth of the ring: process records must always find room. */
#define DATA_LIMIT (es_ring_size - es_ring_size / 16)

/*
 * Gap records, and what is only good to know (peers, sockets that are not read), may use half of
 * what data leaves; the rest is for processes and the ends of streams.
 */
#define GAP_LIMIT (es_ring_size - es_ring_size / 32)

static __always_inline bool room_for_news(__u32 size)
{
	return bpf_ringbuf_query(&es_ring, BPF_RB_AVAIL_DATA) + size + 8 <= GAP_LIMIT;
}

#endif /* EARSHOT_BPF_ROOM_H */
