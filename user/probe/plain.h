/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_PLAIN_H
#define EARSHOT_PROBE_PLAIN_H

/*
 * plain - switches the reading of plain sockets and standard input and output on and off. While
 * it is on, every system call of every process on the host costs some nanoseconds more.
 */
#include "probe/loader.h"

struct plain {
	int fds[PLAIN_PROG_COUNT]; /* each holds one tracepoint */
	size_t count;
};

/* Returns 0 or a negative errno; nothing is on then. */
int plain_on(struct plain *p, const struct loader *l);
void plain_off(struct plain *p);

#endif /* EARSHOT_PROBE_PLAIN_H */
