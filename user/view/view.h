/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_VIEW_VIEW_H
#define EARSHOT_VIEW_VIEW_H

/*
 * view - what people read on a terminal: one line per call as it ends, and at the end a
 * tree of processes and calls with a summary. Bytes from the wire are escaped; colours
 * only where the caller says the output is a terminal.
 */
#include "base/buf.h"
#include "earshot/stats.h"
#include "model/call.h"
#include "model/process.h"

/* Calls kept for the tree; later ones are only counted. */
#define VIEW_CALLS_MAX	   2000
#define VIEW_PROCESSES_MAX 500

struct view;

/* Returns 0 or -ENOMEM. */
int view_new(struct view **ret, bool colour);
void view_free(struct view *v);

/* Takes note of a call. p may be NULL. Copies what it keeps. */
void view_add(struct view *v, const struct call *call, const struct process *p,
	      const struct machine *m);

/* Appends the live line of one call, with its newline. Returns 0 or -ENOMEM. */
int view_line(struct buf *out, const struct call *call, const struct process *p,
	      const struct machine *m, bool colour);

struct view_loss {
	uint64_t events;
	uint64_t bytes;
};

/* What the summary says besides the calls. All borrowed. */
struct view_facts {
	const struct view_loss *loss; /* ES_STAT_COUNT of them, by enum es_stat */
	const char *const *blind;     /* one line each: what talks and is not read, and why */
	size_t blind_count;
	const char *const *notes; /* one line each: exporters' results and the like */
	size_t note_count;
	uint64_t sampled_out; /* HTTP exchanges that a rule left out */
};

/* Appends the tree and the summary. Returns 0 or -ENOMEM. */
int view_summary(struct buf *out, const struct view *v, const struct view_facts *f);

/* Appends s with control characters, escapes and broken UTF-8 made visible. */
int view_escape(struct buf *out, struct sv s);

#endif /* EARSHOT_VIEW_VIEW_H */
