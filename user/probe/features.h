/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_FEATURES_H
#define EARSHOT_PROBE_FEATURES_H

/*
 * features - what this kernel allows, found by trying, never by version. Each is probed once
 * and remembered in the caller's struct.
 */
#include "base/sv.h"
#include "resolve/resolve.h"

enum feature {
	FEATURE_BTF, /* type information of the running kernel */
	FEATURE_BPF, /* bpf() lets us load a program */
	FEATURE_RINGBUF,
	FEATURE_UPROBE,	      /* uprobe events through perf_event_open */
	FEATURE_UPROBE_MULTI, /* many points in one link, with a right pid filter */
	FEATURE_COOKIES,      /* a number given at attach reaches the program */
	FEATURE_LOOP,	      /* bpf_loop(): programs are verified faster */
	FEATURE_URETPROBE,    /* a return probe leaves a seccomp-filtered target alive */
	FEATURE_MAP_EVENTS,   /* executable mappings of a process tree are told */
	FEATURE_MAP_FILES,    /* /proc/PID/map_files can be opened */
	FEATURE_SOCKETS,      /* sockets tell what they send and receive */
	FEATURE_COUNT,
};

enum feature_state {
	FEATURE_UNTRIED,
	FEATURE_YES,
	FEATURE_NO,
};

struct feature_result {
	enum feature_state state;
	int error;	 /* negative errno when NO, 0 when it is simply not there */
	char detail[96]; /* for people; "" for none */
};

/*
 * Closing a probe takes up to 90 ms and stops others meanwhile: descriptors of the self-test
 * are kept here, to be closed when nothing waits for it.
 */
struct features {
	struct feature_result result[FEATURE_COUNT];
	int kept[8];
	size_t kept_count;
};

struct feature_info {
	const char *name;
	const char *about; /* what it is for, and since when the kernel has it */
	bool required;
	const char *remedy;
};

const struct feature_info *feature_info(enum feature f);

/* Tries it, at most once. */
bool feature_has(struct features *fs, enum feature f);

void features_done(struct features *fs);

#endif /* EARSHOT_PROBE_FEATURES_H */
