/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_MODEL_PROCESS_H
#define EARSHOT_MODEL_PROCESS_H

/*
 * process - what is known of one watched process and of the machine it runs on. facts/
 * fills and owns both; everything to the right only reads. A string that is not known is
 * SV_NONE.
 */
#include "base/sv.h"

struct process {
	/* Identity on one boot. */
	uint32_t tgid;	/* as the kernel counts, in the root pid namespace */
	uint64_t start; /* CLOCK_BOOTTIME ns */

	uint32_t ns_tgid;     /* as earshot's own pid namespace counts; 0: not in it */
	uint32_t parent_tgid; /* 0: not known */
	uint64_t parent_start;
	uint64_t first_seen; /* CLOCK_MONOTONIC ns */
	uint64_t exit_time;  /* CLOCK_MONOTONIC ns; 0: still runs */
	uint32_t exit_code;  /* as in wait(2), once exit_time is set */

	bool gone_early; /* ended before all it mapped was looked at */

	uint32_t uid;
	bool uid_known;
	struct sv owner; /* user name */
	struct sv exe;	 /* path of the executable */
	struct sv comm;
	struct sv argv; /* NUL-separated; content: never leaves unasked */
	struct sv cgroup;
	struct sv env_service;	/* its OTEL_SERVICE_NAME */
	struct sv env_resource; /* its OTEL_RESOURCE_ATTRIBUTES, as written */
};

/* The pid to show people: as our own namespace counts, where it does. p may be NULL. */
static inline uint32_t process_pid(const struct process *p, uint32_t tgid)
{
	return p && p->ns_tgid ? p->ns_tgid : tgid;
}

struct machine {
	struct sv boot_id; /* text of /proc/sys/kernel/random/boot_id */
	struct sv machine_id;
	struct sv host_name;
	struct sv host_arch;  /* amd64, arm64: the convention's words */
	struct sv os_release; /* uname -r */
	uint64_t wall_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
};

#endif /* EARSHOT_MODEL_PROCESS_H */
