/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_ATTACH_H
#define EARSHOT_PROBE_ATTACH_H

/* attach - the points of one TLS stack, in one process. */
#include "probe/loader.h"

#define ATTACH_FDS_MAX ((TLS_POINTS_MAX * 2 + TLS_RETURNS_MAX) * 2)

/* The descriptors that hold the probes in place; closing one takes up to 90 ms. */
struct attachment {
	int *fds; /* owned */
	size_t count;
};

struct attach_to {
	bool multi; /* uprobe_multi links */
	int pid;
	int file_fd;	  /* the file that s was made of */
	uint32_t library; /* comes back in es_data.library */
};

/*
 * Puts s's points into a process. It may not have mapped the file yet: probes then fire from
 * its first call. Returns 0 or a negative errno, with nothing left behind but descriptors in
 * *ret (to be closed when nothing waits).
 */
int attach_stack(const struct loader *l, const struct attach_to *to, const struct tls_stack *s,
		 struct attachment *ret);

/*
 * Compares the code around each point in the process's memory with the file's. addr: where
 * the mapping of file offset map_offset, map_len bytes, lies. Returns 0, -ESTALE when they
 * differ (a breakpoint at the point itself is allowed), or why it could not be read.
 */
int attach_verify(int pid, int file_fd, const struct tls_stack *s, uint64_t addr,
		  uint64_t map_offset, uint64_t map_len);

#endif /* EARSHOT_PROBE_ATTACH_H */
