/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_LINE_H
#define EARSHOT_APP_LINE_H

/*
 * line - the worker that reads: merges ring, facts and ticks into the pipeline, and tells the
 * attacher what happened to processes. Opens nothing of another process.
 */
#include "app/pipeline.h"
#include "base/chan.h"
#include "probe/ring.h"

struct line {
	struct pipeline *pipeline;
	struct ring *ring;
	struct chan *facts;    /* from the attacher */
	struct chan *attacher; /* to it; may be NULL until it runs */
	int epoll;
	uint64_t last_record, stalled_since;
	bool stall_counted;
	bool more; /* the last step left records behind */
};

/* Takes nothing over. Returns 0 or a negative errno. */
int line_init(struct line *l, struct pipeline *p, struct ring *ring, struct chan *facts);
void line_done(struct line *l);

/* One more descriptor to be woken by. */
int line_watch(struct line *l, int fd);

/* Waits for work, at most until the next tick, and does it. */
void line_step(struct line *l);

/* Reads all that was there when it was called, then the facts. */
void line_drain(struct line *l);

/* For struct pipeline_options: tells the attacher to rule a stream out. ctx: struct line. */
/* As pipeline_options.detach. */
void line_detach(void *ctx, uint32_t tgid, uint32_t library);
void line_ignore(void *ctx, uint32_t tgid, uint64_t object, uint64_t birth);

#endif /* EARSHOT_APP_LINE_H */
