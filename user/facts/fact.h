/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_FACTS_FACT_H
#define EARSHOT_FACTS_FACT_H

/* fact - the records that the attacher sends to the line, built and read (earshot/abi.h). */
#include <linux/types.h>

#include "base/buf.h"
#include "earshot/abi.h"

/* Longer values are cut: argv and environment belong to the watched process. */
#define FACT_VALUE_MAX 4096

/* Starts a fact of this type in b (emptied). proc_start and tgid 0 for a fact of the host. */
int fact_begin(struct buf *b, uint16_t type, uint64_t time, uint32_t tgid, uint64_t proc_start);
/* Adds a field; empty values are left out. */
int fact_add(struct buf *b, uint16_t id, struct sv value);
int fact_add_u32(struct buf *b, uint16_t id, uint32_t value);
int fact_add_u64(struct buf *b, uint16_t id, uint64_t value);
/* Writes the size into the head; the record then is all of b. 0 or -ENOMEM. */
int fact_end(struct buf *b);

/*
 * Walks the fields of a received fact: *at starts at 0. Returns 1 with the field, 0 at the
 * end, -EBADMSG when the record is broken.
 */
int fact_next(const struct es_fact *f, size_t *at, uint16_t *ret_id, struct sv *ret_value);

#endif /* EARSHOT_FACTS_FACT_H */
