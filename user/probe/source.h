/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_SOURCE_H
#define EARSHOT_PROBE_SOURCE_H

/* source - what the ring and a recording have in common: they hand out records. */
#include <linux/types.h>

#include "base/sv.h"
#include "earshot/abi.h"

/*
 * One record, whole: head->size bytes at head, 8-byte aligned, valid inside the call.
 * Returns 0 to go on, or a negative errno to stop.
 */
typedef int record_fn(void *ctx, const struct es_head *head);

/* Records are padded to this in files; in the ring the kernel does the same. */
#define RECORD_ALIGN 8u

/* Largest record there can be: a chunk with its head, or a fact. */
#define RECORD_MAX (sizeof(struct es_data) + 65536u)

#endif /* EARSHOT_PROBE_SOURCE_H */
