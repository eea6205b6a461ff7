/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_RING_H
#define EARSHOT_PROBE_RING_H

/* ring - reader of a BPF ring buffer (Linux Documentation/bpf/ringbuf.rst). */
#include "probe/source.h"

struct ring;

/* map_fd is borrowed; size is the map's. Returns 0 or a negative errno. */
int ring_open(struct ring **ret, int map_fd, size_t size);
void ring_close(struct ring *r);

/* To wait on: readable when the kernel side asks for the reader. */
int ring_fd(const struct ring *r);

/*
 * Hands out what is there, at most budget records. Returns how many were handed out, or
 * what fn returned to stop. *ret_bad: records whose size makes no sense (skipped).
 */
int ring_read(struct ring *r, size_t budget, record_fn *fn, void *ctx, uint64_t *ret_bad);

/* Bytes waiting, also those of records not finished yet. */
uint64_t ring_waiting(const struct ring *r);

#endif /* EARSHOT_PROBE_RING_H */
