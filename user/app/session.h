/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_SESSION_H
#define EARSHOT_APP_SESSION_H

/*
 * session - one watch over live processes, whoever they are: kernel checked, programs loaded,
 * workers started, and at the end everything settled and told.
 */
#include "app/attacher.h"
#include "app/line.h"
#include "app/options.h"
#include "base/buf.h"
#include "earshot/msg.h"

struct session {
	const struct options *options;
	uint64_t start; /* CLOCK_MONOTONIC ns */
	struct features features;
	struct loader_options load;
	struct pipeline *pipeline;
	struct loader *loader;
	struct ring *ring;
	struct chan *facts;
	struct mapwatch *maps; /* NULL: libraries are then found by looking, once a second */
	struct attacher *attacher;
	struct line line;
	int *fds; /* of probes: slow to close */
	size_t fd_count;
};

/* Says "earshot: what: why" and returns EXIT_FAIL. why may be NULL. */
int session_complain(const char *what, const char *why);

/* Each returns an exit status, and has complained when it is not EXIT_OK. */
int session_load(struct session *s, const struct options *o);
int session_open_pipeline(struct session *s);
/* maps is set, or NULL. */
int session_start_workers(struct session *s);

/* A message to the attacher; waits for room. */
void session_tell(struct session *s, const struct es_msg *m, size_t len);

/* Everything read, settled and sent; what is to be printed goes to out. As pipeline_finish(). */
int session_finish(struct session *s, struct buf *out);

/* What session_finish() gave, to standard error; frees it. */
void session_print(struct buf *out);

/*
 * Ends the program. Taking a probe away takes up to 90 ms, one after the other, and nobody
 * shall wait for it: a child holds the descriptors and lets go of them when it ends.
 */
void session_leave(int status) __attribute__((noreturn));

#endif /* EARSHOT_APP_SESSION_H */
