/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_ATTACH_H
#define EARSHOT_PROBE_ATTACH_H

/* attach - one verdict's points, in one process. */
#include "probe/loader.h"

#define ATTACH_FDS_MAX (TLS_POINTS_MAX * 2 + TLS_RETURNS_MAX)

/* The descriptors that hold the probes in place; closing one takes up to 90 ms. */
struct attachment {
	int *fds; /* owned */
	size_t count;
};

/*
 * Puts v's points into process pid. file_fd: the file v was made of. The process may not
 * have mapped it yet: probes then fire from its first call. Returns 0 or a negative errno,
 * with nothing left behind but descriptors in *ret (to be closed when nothing waits).
 */
int attach_verdict(const struct loader *l, bool multi, int pid, int file_fd,
		   const struct tls_verdict *v, struct attachment *ret);

/*
 * Compares the code around each point in the process's memory with the file's. addr: where
 * the mapping of file offset map_offset, map_len bytes, lies. Returns 0, -ESTALE when they
 * differ (a breakpoint at the point itself is allowed), or why it could not be read.
 */
int attach_verify(int pid, int file_fd, const struct tls_verdict *v, uint64_t addr,
		  uint64_t map_offset, uint64_t map_len);

#endif /* EARSHOT_PROBE_ATTACH_H */
