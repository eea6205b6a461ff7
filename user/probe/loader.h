/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_LOADER_H
#define EARSHOT_PROBE_LOADER_H

/* loader - the BPF programs in the kernel: set up, loaded, and their maps read. */
#include <linux/types.h>

#include "base/stats.h"
#include "earshot/abi.h"
#include "earshot/stats.h"
#include "probe/features.h"

struct loader_options {
	size_t ring_size; /* a power of two, at least a page */
	enum return_side side;
	bool multi;    /* programs for uprobe_multi links */
	bool cookies;  /* attach cookies are there */
	bool loop;     /* bpf_loop() is there */
	bool plain;    /* plain sockets, standard input and output */
	bool points;   /* sockets have tracepoints of their own */
	bool verdicts; /* user space may rule streams out */
};

struct loader;

#define LOADER_ERROR_MAX 256

/*
 * Loads and attaches the process tracepoints. Returns 0 or a negative errno; error
 * (LOADER_ERROR_MAX bytes): the verifier's last words where there are any, for people.
 */
int loader_new(struct loader **ret, const struct loader_options *opt, char *error);
void loader_free(struct loader *l);

int loader_ring_fd(const struct loader *l);
int loader_prog_fd(const struct loader *l, enum tls_prog prog);
int loader_return_fd(const struct loader *l);

/* Programs at tracepoints of sockets, and at those of all system calls. */
enum plain_prog {
	PLAIN_SENT,
	PLAIN_RECEIVED,
	PLAIN_STATE,
	PLAIN_GONE,
	PLAIN_URING,
	PLAIN_EXIT,
	PLAIN_ENTER,
	PLAIN_PROG_COUNT,
};

/* Negative unless loader_options.plain, or where the kernel has no such tracepoint. */
int loader_plain_fd(const struct loader *l, enum plain_prog prog);
/* loader_options.points */
bool loader_points(const struct loader *l);

/* The next child that this process forks comes through the gate. */
int loader_arm(struct loader *l);

/* All processes that run now. Needs no /proc. 0, what fn returned to stop, or -errno. */
struct task_info;
int loader_tasks(struct loader *l, int (*fn)(void *ctx, const struct task_info *t), void *ctx);

/* A process that runs already comes through the gate. child: of a watched one. */
int loader_watch(struct loader *l, const struct task_info *t, bool child);

/* Counters of the kernel side, cumulative; K_ rows of stats.h. */
int loader_stats(struct loader *l, struct stat_pair stats[ES_STAT_COUNT]);

/*
 * Final offsets of all streams of the process that started then (tgid 0: of all), handed out
 * as ES_FACT_SETTLE and taken off the table. tail and the like are as the kernel left them.
 */
int loader_settle(struct loader *l, uint32_t tgid, uint64_t start, uint64_t time,
		  int (*fn)(void *ctx, const struct es_close *rec), void *ctx);

/*
 * The same for a process that runs another program since r (ES_REC_EXEC): only what the old one
 * left, however late this is called.
 */
int loader_settle_exec(struct loader *l, const struct es_proc *r,
		       int (*fn)(void *ctx, const struct es_close *rec), void *ctx);

/* Rules a stream out, or in. Returns 0 or a negative errno. */
int loader_verdict(struct loader *l, uint32_t tgid, uint64_t object, uint64_t birth, bool ignore);

#endif /* EARSHOT_PROBE_LOADER_H */
