/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_OUTPUTS_H
#define EARSHOT_APP_OUTPUTS_H

/*
 * outputs - what becomes of a finished call: one policy view per content level, one span, to
 * every destination; and what people read while it runs and at the end.
 */
#include "app/accounts.h"
#include "app/options.h"
#include "app/servers.h"
#include "audit/blind.h"
#include "base/stats.h"
#include "dialect/dialect.h"
#include "facts/facts.h"
#include "reader/rpc.h"
#include "reader/web.h"
#include "stream/conn.h"
#include "view/view.h"

struct outputs;

#define OUTPUTS_NOTES_MAX 64

/* One more number for --stats-file. */
struct figure {
	const char *name;
	uint64_t value;
};

/* What the end of the line knows. Notes are filled in on the way. */
struct outputs_end {
	const struct facts *facts;
	const struct blinds *blinds;
	const struct servers *servers;
	uint64_t plain_streams;		 /* of HTTP on sockets */
	const struct accounts *accounts; /* may be NULL */
	const struct conns_totals *totals;
	const struct dialect_stats *dialect;
	const struct rpc_stats *rpc;
	const struct web_stats *web;
	struct stat_pair *stats;      /* the daemon's own counters: exporters' results are added */
	const struct view_loss *loss; /* summed up, by enum es_stat */
	unsigned int deadline_ms;
	const struct figure *figures;
	size_t figure_count;
	char *notes[OUTPUTS_NOTES_MAX];
	size_t note_count;
	int error; /* first failure of a destination */
};

/* Opens the destinations. error: at least 512 bytes, for people. */
int outputs_new(struct outputs **ret, const struct options *options, bool replay, char *error);
void outputs_free(struct outputs *o);

/* call stays the caller's. p may be NULL. now: the line's clock. */
void outputs_call(struct outputs *o, const struct call *call, const struct process *p,
		  const struct machine *m, uint64_t now);
void outputs_tick(struct outputs *o, uint64_t now);

void __attribute__((format(printf, 2, 3)))
outputs_note(struct outputs_end *end, const char *fmt, ...);

/* Sends what waits and closes the exporters; their losses go into end->stats. */
void outputs_flush(struct outputs *o, struct outputs_end *end);

/* Writes --stats-file and appends the tree and the summary to out (unless --quiet). */
int outputs_finish(struct outputs *o, struct outputs_end *end, struct buf *out);

#endif /* EARSHOT_APP_OUTPUTS_H */
