/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_STATSFILE_H
#define EARSHOT_APP_STATSFILE_H

/* statsfile - --stats-file: one JSON object with the counters and the books of every stream. */
#include "app/outputs.h"

/* Returns 0 or a negative errno. */
int statsfile_write(const char *path, const struct outputs_end *end, uint64_t calls);

#endif /* EARSHOT_APP_STATSFILE_H */
