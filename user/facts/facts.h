/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_FACTS_FACTS_H
#define EARSHOT_FACTS_FACTS_H

/*
 * facts - the line's memory of the machine and its watched processes. Fed by records only;
 * opens nothing. Strings lie in the table until facts_free(), so that what was made of them
 * stays valid; processes long gone are dropped by number.
 */
#include <linux/types.h>

#include "base/stats.h"
#include "earshot/abi.h"
#include "earshot/stats.h"
#include "model/process.h"

/* Processes remembered; the ones that ended first go first. */
#define FACTS_PROCESSES_MAX 16384
/* Libraries and blind spots remembered for the summary. */
#define FACTS_LIBS_MAX 1024

struct lib_fact {
	uint32_t tgid;
	uint32_t ns_tgid;
	uint32_t id;
	uint32_t state;	   /* enum es_lib_state */
	uint64_t since;	   /* its probes were in place, CLOCK_MONOTONIC ns; 0: not told */
	uint64_t bytes[2]; /* that its probes gave, by enum es_dir */
	uint64_t records;
	uint32_t proven;   /* streams of it that are of a known protocol */
	uint32_t doubtful; /* ... of none */
	struct sv path, build_id, stack, found, how, error;
};

/* Some point of it is single-stepped. */
static inline bool lib_is_slow(const struct lib_fact *lib)
{
	return memmem(lib->how.p, lib->how.len, "slow", 4) != NULL;
}

struct facts;

/* Returns 0 or -ENOMEM. */
int facts_new(struct facts **ret);
void facts_free(struct facts *f);

/* ES_REC_FORK, EXEC, EXIT and all ES_FACT_*. Others are ignored. 0, -EBADMSG, -ENOMEM. */
int facts_record(struct facts *f, const struct es_head *rec);

const struct machine *facts_machine(const struct facts *f);

/* NULL when nothing is known of it. */
const struct process *facts_process(const struct facts *f, uint32_t tgid, uint64_t start);
/* The one with this id that began last. Looks at all of them. */
const struct process *facts_newest(const struct facts *f, uint32_t tgid);
/* ... with this id as our own pid namespace counts. */
const struct process *facts_newest_pid(const struct facts *f, uint32_t ns_tgid);

/* Latest kernel counters. */
const struct stat_pair *facts_loss(const struct facts *f);

/* Payload that came from a library; id 0 is none. */
void facts_data(struct facts *f, uint32_t id, unsigned int dir, uint64_t bytes);

/* A library by its number; NULL. May be written to: proven and doubtful are the caller's. */
struct lib_fact *facts_lib_by_id(struct facts *f, uint32_t id);

/* Libraries found, in order; index from 0. NULL behind the last. */
const struct lib_fact *facts_lib(const struct facts *f, size_t index);

#endif /* EARSHOT_FACTS_FACTS_H */
