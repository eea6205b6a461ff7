/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_ATTACHER_H
#define EARSHOT_APP_ATTACHER_H

/*
 * attacher - the worker that needs rights and may block: looks at watched processes, finds
 * their TLS libraries, attaches and detaches. Gets messages (msg.h), answers with records.
 */
#include "base/chan.h"
#include "probe/loader.h"
#include "probe/mapwatch.h"

struct attacher_options {
	struct loader *loader; /* borrowed */
	struct mapwatch *maps; /* borrowed; NULL: libraries are found at exec and by sweeps */
	enum return_side side;
	bool multi;
	bool plain;	  /* plain sockets and standard input and output are read */
	struct chan *out; /* records for the line; borrowed */
};

struct attacher;

/* Starts the thread. Returns 0 or a negative errno. */
int attacher_start(struct attacher **ret, const struct attacher_options *opt);

/* Messages for it. */
struct chan *attacher_in(struct attacher *a);

/* Readable once the COMMAND message was worked off. */
int attacher_ready_fd(const struct attacher *a);

/* Readable once there was a watched process and none is left. */
int attacher_gone_fd(const struct attacher *a);

/* What the summary says of the attacher's work. */
struct attacher_report {
	size_t attached;	 /* processes */
	size_t running;		 /* processes that were watched to the end and go on */
	size_t failed;		 /* libraries that could not be probed */
	uint64_t first_attach;	 /* CLOCK_MONOTONIC ns; 0: none */
	uint64_t exec_to_attach; /* median of known programs, ns; 0: before their exec */
	uint64_t exec_to_attach_max;
	int plain_error; /* why plain traffic is not read; 0 */
};

/*
 * Asks it to settle and end, waits for that, and frees it. fds: descriptors whose close is
 * slow, to be left to somebody who has the time; the caller frees the array.
 */
void attacher_stop(struct attacher *a, struct attacher_report *ret, int **ret_fds,
		   size_t *ret_count);

#endif /* EARSHOT_APP_ATTACHER_H */
