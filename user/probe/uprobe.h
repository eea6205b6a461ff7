/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_UPROBE_H
#define EARSHOT_PROBE_UPROBE_H

/* uprobe - the system calls that put probes into user code (perf_event_open(2), bpf(2)). */
#include "base/sv.h"

/* Not in the headers of Linux 6.1; numbers are ABI (include/uapi/linux/bpf.h, 6.6). */
#define ATTACH_UPROBE_MULTI 48

/* The uprobe PMU's perf type, or a negative errno. */
int uprobe_perf_type(void);

/* perf_event_open for one uprobe in one process. path: "/proc/self/fd/N". fd or -errno. */
int uprobe_perf_open(int pid, const char *path, uint64_t offset, bool is_return);

/* A uprobe_multi link: prog at count offsets of the file at path, in process pid. fd or -errno. */
int uprobe_multi_open(int prog_fd, int pid, const char *path, const uint64_t *offsets,
		      const uint64_t *cookies, uint32_t count, bool is_return);

/*
 * Runs prog at the uprobe event, with a cookie where the kernel has them (5.15: a link, whose
 * descriptor is returned), else without (0). Negative errno on failure.
 */
int uprobe_perf_run(int event_fd, int prog_fd, uint64_t cookie);

#endif /* EARSHOT_PROBE_UPROBE_H */
