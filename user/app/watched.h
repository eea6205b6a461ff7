/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_WATCHED_H
#define EARSHOT_APP_WATCHED_H

/*
 * watched - the attacher's processes: what each maps, what is attached to it. Attaching takes
 * milliseconds; a detach takes up to 90 ms and holds up attaches, so the descriptors of ended
 * processes are put aside for idle time.
 */
#include "app/filecache.h"
#include "base/chan.h"
#include "host/procfs.h"
#include "probe/attach.h"
#include "probe/mapwatch.h"

/* A forked child that runs another program at once is not worth attaching to before that. */
#define FORK_DELAY_NS 5000000ull

struct watched_opts {
	struct loader *loader;
	bool multi;
	struct chan *out; /* records */
};

#define WATCH_SAMPLES 64

struct watch_stats {
	size_t attached, failed;
	uint64_t first_attach;
	/* ns from an exec to its probes, 0 when they were there before; newest samples. */
	uint64_t exec_to_attach[WATCH_SAMPLES];
	size_t samples;
};

struct watched;

int watched_new(struct watched **ret, const struct watched_opts *opt, struct filecache *files);
void watched_free(struct watched *w);

/* Before the child runs path: what can be attached early is. */
void watched_command(struct watched *w, int pid, const char *path);
/* It runs already: what it maps is attached now. */
void watched_adopt(struct watched *w, const struct es_proc *r);
void watched_fork(struct watched *w, const struct es_proc *r);
void watched_exec(struct watched *w, const struct es_proc *r);
void watched_exit(struct watched *w, const struct es_proc *r);
void watched_map(struct watched *w, const struct map_event *ev);

/* Takes the probes of one library out of a process: what they gave was no plaintext. */
void watched_detach(struct watched *w, uint32_t tgid, uint32_t library);

/* Works off what is due. Returns the time of the next due work, 0 for none. */
uint64_t watched_due(struct watched *w, uint64_t now);
/* Looks at all mappings again: mapping events were lost. */
void watched_rescan(struct watched *w);

/* One descriptor of an ended process, to be closed; -1 for none. */
int watched_take_idle(struct watched *w);
/* All descriptors still held: the caller frees the array. */
void watched_take_all(struct watched *w, int **ret_fds, size_t *ret_count);

/* Processes that run, as far as their ends were told. */
size_t watched_count(const struct watched *w);
/* ... and that the kernel still knows. */
size_t watched_running(const struct watched *w);

const struct watch_stats *watched_stats(const struct watched *w);

#endif /* EARSHOT_APP_WATCHED_H */
