/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_LIBNOTES_H
#define EARSHOT_APP_LIBNOTES_H

/* libnotes - what the summary says of the TLS libraries that were found: a line for each kind. */
#include "app/outputs.h"

void note_libraries(struct outputs_end *end);

#endif /* EARSHOT_APP_LIBNOTES_H */
