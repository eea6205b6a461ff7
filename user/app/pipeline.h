/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_PIPELINE_H
#define EARSHOT_APP_PIPELINE_H

/*
 * pipeline - the line: records in, spans out. Builds the stages, sets their sinks, and knows
 * no other clock than the records'. The same for the ring and for a recording.
 */
#include <linux/types.h>

#include "app/options.h"
#include "earshot/abi.h"
#include "stream/conn.h"

struct blinds;
struct facts;
struct heard;
struct pipeline;
struct servers;
struct stat_pair;

/* The kernel may stop taking this stream. */
typedef void pipeline_ignore_fn(void *ctx, uint32_t tgid, uint64_t object, uint64_t birth);

struct pipeline_options {
	const struct options *options;
	bool replay;		    /* exporters wait instead of dropping; nothing is recorded */
	pipeline_ignore_fn *ignore; /* NULL: every stream is taken to its end */
	void *ignore_ctx;
	/* What a library's probes gave is no protocol. NULL: nobody to tell. */
	void (*detach)(void *ctx, uint32_t tgid, uint32_t library);
	void *detach_ctx;
};

#define PIPELINE_ERROR_MAX 512

/* Opens all destinations. Returns 0 or a negative errno, with error for people. */
int pipeline_new(struct pipeline **ret, const struct pipeline_options *opt, char *error);

/* One record, whole, from the merge of ring, facts and ticks. The recording is made here. */
void pipeline_record(struct pipeline *p, const struct es_head *rec);

/* The line's clock: the highest time seen. */
uint64_t pipeline_now(const struct pipeline *p);
/* Records that were none: in a recording, what was damaged on the way. */
uint64_t pipeline_bad_records(const struct pipeline *p);

/* Adds to a counter of the daemon's own. */
void pipeline_count(struct pipeline *p, unsigned int cause, uint64_t events, uint64_t bytes);

/* A line for the summary. */
void __attribute__((format(printf, 2, 3))) pipeline_note(struct pipeline *p, const char *fmt, ...);

/* What is known now; valid until the next record. */
const struct facts *pipeline_facts(const struct pipeline *p);
const struct blinds *pipeline_blinds(const struct pipeline *p);
const struct stat_pair *pipeline_stats(const struct pipeline *p);
const struct servers *pipeline_servers(const struct pipeline *p);
/* What each process gave; kept for explain only, else NULL. */
const struct heard *pipeline_heard(const struct pipeline *p);

/* A figure of the run for --stats-file. name: static text. */
#define PIPELINE_FIGURES_MAX 8
void pipeline_figure(struct pipeline *p, const char *name, uint64_t value);

/*
 * The end: open streams end, exporters flush (at most deadline_ms), the tree and the summary
 * are appended to out. Returns 0, or the first failure of a destination that was asked for.
 */
struct buf;
int pipeline_finish(struct pipeline *p, unsigned int deadline_ms, struct buf *out);

void pipeline_free(struct pipeline *p);

#endif /* EARSHOT_APP_PIPELINE_H */
