/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_RUNNING_H
#define EARSHOT_APP_RUNNING_H

/* running - takes processes that run already under watch, without a moment in between. */
#include "app/session.h"

/*
 * pid, as our own namespace counts, and its descendants. The session is loaded; its pipeline
 * and workers are started here. Returns an exit status, having complained.
 */
int running_watch(struct session *s, int pid);

/*
 * The line works until signals, a signalfd, is readable, all processes are gone, or until
 * (CLOCK_MONOTONIC ns; 0: never).
 */
void running_wait(struct session *s, int signals, uint64_t until);

/* SIGINT, SIGTERM and SIGHUP as a signalfd, or a negative errno. */
int running_signals(void);

#endif /* EARSHOT_APP_RUNNING_H */
