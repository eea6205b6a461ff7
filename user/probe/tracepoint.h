/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_TRACEPOINT_H
#define EARSHOT_PROBE_TRACEPOINT_H

/*
 * tracepoint - switches programs on at kernel tracepoints by name. tracefs is opened detached
 * (fsopen(2)), so that nothing has to be mounted, and nothing is.
 */
#include "base/sv.h"

/* A directory descriptor for tracefs's events, or a negative errno. */
int tracepoint_events(void);

/*
 * Runs prog at "syscalls/sys_enter_read" and the like. Returns a descriptor that holds it, or
 * a negative errno: -ENOENT when this kernel has no such tracepoint.
 */
int tracepoint_run(int events_fd, const char *name, int prog_fd);

#endif /* EARSHOT_PROBE_TRACEPOINT_H */
