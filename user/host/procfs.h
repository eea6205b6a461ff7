/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_HOST_PROCFS_H
#define EARSHOT_HOST_PROCFS_H

/* procfs - what /proc tells of one process (proc(5)). Attacher only: it reads other processes. */
#include "base/buf.h"

#define PROC_TEXT_MAX 8192

/* All of a /proc/PID file, at most PROC_TEXT_MAX bytes. 0 or -errno. */
int proc_read(int pid, const char *file, struct buf *ret);

/* Path of the executable. 0 or -errno. */
int proc_exe(int pid, char *ret, size_t len);

/* Effective user. 0 or -errno. */
int proc_uid(int pid, uint32_t *ret);

/* The path in the unified (or first) hierarchy. 0 or -errno. */
int proc_cgroup(int pid, struct buf *ret);

/*
 * Values of two variables of the process's start environment and nothing else of it.
 * Not set: empty. 0 or -errno.
 */
int proc_environ2(int pid, const char *name1, struct buf *value1, const char *name2,
		  struct buf *value2);

/* An executable mapping of a file. */
struct proc_map {
	uint64_t start, end, offset;
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	struct sv path; /* "" for none; " (deleted)" cut off */
};

/* Calls fn for each executable mapping of a file until it returns non-zero. 0, that, or -errno. */
int proc_each_map(int pid, int (*fn)(void *ctx, const struct proc_map *m), void *ctx);

/* Opens the very file that is mapped there: map_files, else exe, else by path. fd or -errno. */
int proc_open_map(int pid, const struct proc_map *m);

#endif /* EARSHOT_HOST_PROCFS_H */
