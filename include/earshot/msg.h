/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_MSG_H
#define EARSHOT_MSG_H

/*
 * msg - messages from the line to the attacher. Small and flat, so that the workers may
 * become processes. What goes the other way are records (abi.h). No includes: as abi.h.
 */
enum es_msg_type {
	ES_MSG_PROC = 1,    /* proc: a fork, exec or exit of a watched process */
	ES_MSG_VERDICT = 2, /* verdict: rule a stream out */
	ES_MSG_COMMAND = 3, /* command: attach before this child runs its program */
	ES_MSG_DETACH = 5,  /* tgid, library: what its probes gave is no protocol */
	ES_MSG_ADOPT = 6,   /* proc: a process that runs already */
	ES_MSG_CLOSES = 7,  /* tgid: it uses sockets whose end only a system call tells */
	ES_MSG_STOP = 4,    /* settle everything, then end */
};

struct es_msg {
	__u32 type;
	__u32 pid;  /* COMMAND: the child, in our own pid namespace */
	__u32 tgid; /* VERDICT, DETACH, CLOSES */
	union {
		__u32 ignore;  /* VERDICT */
		__u32 library; /* DETACH */
	};
	__u64 object;	     /* VERDICT */
	__u64 birth;	     /* VERDICT */
	struct es_proc proc; /* PROC */
	char path[4096];     /* COMMAND: the program; NUL-terminated */
};

/* Other types are sent without the path. */
#define ES_MSG_SHORT __builtin_offsetof(struct es_msg, path)

#endif /* EARSHOT_MSG_H */
