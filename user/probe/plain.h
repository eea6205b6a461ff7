/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_PLAIN_H
#define EARSHOT_PROBE_PLAIN_H

/*
 * plain - switches the reading of plain sockets and of standard input and output on and off, by
 * what somebody needs. Sockets have tracepoints of their own, which cost only calls on sockets;
 * where the kernel has none (loader_points()), and for pipes, every system call of every process
 * on the host costs some nanoseconds more.
 */
#include "probe/loader.h"

enum plain_need {
	PLAIN_SOCKETS = 1 << 0,
	PLAIN_PIPES = 1 << 1,  /* bytes of pipes */
	PLAIN_CLOSES = 1 << 2, /* the end of sockets that are not the network's */
};

struct plain {
	int fds[PLAIN_PROG_COUNT]; /* each holds one tracepoint; -1: off */
};

void plain_init(struct plain *p);

/*
 * Switches on what these needs (enum plain_need) take and is not on yet: under a millisecond.
 * Returns 0 or a negative errno; all is off then.
 */
int plain_on(struct plain *p, const struct loader *l, unsigned int needs);

/* Switches off what they do not take. */
void plain_off(struct plain *p, const struct loader *l, unsigned int needs);

#endif /* EARSHOT_PROBE_PLAIN_H */
