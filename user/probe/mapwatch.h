/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_MAPWATCH_H
#define EARSHOT_PROBE_MAPWATCH_H

/*
 * mapwatch - tells every executable mapping that a process and its descendants make, without
 * touching bystanders: one software event per CPU that counts nothing and is inherited
 * (perf_event_open(2): dummy, mmap2, inherit). To be opened before the process has threads.
 */
#include "base/sv.h"

struct mapwatch;

/* pid: the root of the tree, which must exist. Returns 0 or a negative errno. */
int mapwatch_new(struct mapwatch **ret, int pid);
/*
 * One more thread that runs already; its later threads and children are inherited. 0 or
 * -errno.
 */
int mapwatch_add(struct mapwatch *w, int tid);
void mapwatch_free(struct mapwatch *w);

/* To wait on. */
int mapwatch_fd(const struct mapwatch *w);

struct map_event {
	uint32_t pid; /* process, in our own pid namespace */
	uint64_t addr, len, offset;
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	struct sv path; /* valid inside the call */
};

typedef void map_event_fn(void *ctx, const struct map_event *ev);

/* Hands out what is there. *ret_lost: events the kernel had no room for, added up. */
void mapwatch_read(struct mapwatch *w, map_event_fn *fn, void *ctx, uint64_t *ret_lost);

#endif /* EARSHOT_PROBE_MAPWATCH_H */
