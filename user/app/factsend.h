/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_FACTSEND_H
#define EARSHOT_APP_FACTSEND_H

/* factsend - the attacher's answers: facts, gathered and sent to the line as records. */
#include <linux/types.h>

#include "app/filecache.h"
#include "base/chan.h"
#include "base/stats.h"
#include "earshot/abi.h"
#include "earshot/stats.h"

/* Each returns 0 or a negative errno; nothing is sent then. */
int fact_send_boot(struct chan *out);
int fact_send_proc(struct chan *out, uint32_t tgid, uint64_t start, int pid);
/* It ended before all it mapped was looked at. */
int fact_send_gone_early(struct chan *out, uint32_t tgid, uint64_t start);

/* One TLS stack of a file, in one process. */
struct lib_said {
	uint32_t tgid;
	uint64_t start;
	int pid;
	uint32_t library;
	uint64_t since; /* its probes were in place; 0: not */
	const struct file *file;
	const struct tls_stack *stack;
	uint32_t state;	   /* enum es_lib_state */
	const char *error; /* why it is not read; NULL when it is */
};

int fact_send_lib(struct chan *out, const struct lib_said *l);
int fact_send_loss(struct chan *out, const struct stat_pair stats[ES_STAT_COUNT]);
/* For loader_settle(); ctx: the channel. */
int fact_send_settle(void *ctx, const struct es_close *rec);
/* When the wall clock moved more than 1 ms against *last; *last is then set. */
int fact_send_clock(struct chan *out, uint64_t *last);

#endif /* EARSHOT_APP_FACTSEND_H */
