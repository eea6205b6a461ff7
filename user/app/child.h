/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_CHILD_H
#define EARSHOT_APP_CHILD_H

/*
 * child - the command under watch. It shares our process group, so that the terminal treats
 * both alike: its own signals reach it directly, and when it stops, we stop with it.
 */
#include "app/privs.h"

struct child {
	pid_t pid;
	int go;	     /* write end: lets it run its program; -1 afterwards */
	int signals; /* signalfd */
	bool ended;
	int status; /* as from waitpid(2), once ended */
};

/* Blocks the signals we pass on, and forks. The child waits. Returns 0 or a negative errno. */
int child_start(struct child *c, char **argv, const struct privs *privs);

/* Lets it run. */
void child_go(struct child *c);

/* Works off what came on c->signals: passes signals on, notes stops and the end. */
void child_poll(struct child *c);

/* What we exit with: its exit status, or 128 and the signal that ended it. */
int child_exit_code(const struct child *c);

#endif /* EARSHOT_APP_CHILD_H */
