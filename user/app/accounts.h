/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_ACCOUNTS_H
#define EARSHOT_APP_ACCOUNTS_H

/*
 * accounts - the books of every stream, kept from the records alone, apart from the stages:
 * what was delivered is counted here, what passed comes from the kernel's final offsets.
 * Kept only when they are asked for (--stats-file).
 */
#include <linux/types.h>

#include "base/json_write.h"
#include "earshot/abi.h"

/* Streams beyond that are counted, not listed. */
#define ACCOUNTS_MAX (1u << 20)

struct accounts;

int accounts_new(struct accounts **ret);
void accounts_free(struct accounts *a);

/* DATA, CLOSE and SETTLE; others are ignored. */
void accounts_record(struct accounts *a, const struct es_head *rec);

/* Writes the value of "streams", then "totals", as members of the object that is open in w. */
void accounts_write(const struct accounts *a, struct json_writer *w);

#endif /* EARSHOT_APP_ACCOUNTS_H */
