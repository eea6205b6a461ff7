/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_COMMANDS_H
#define EARSHOT_APP_COMMANDS_H

/* commands - one function per command word; each returns the exit status. */
#include "app/options.h"

#define EXIT_OK	   0
#define EXIT_FAIL  1
#define EXIT_USAGE 2
#define EXIT_PERM  77 /* not permitted here */

int command_run(const struct options *o);
int command_watch(const struct options *o);
int command_explain(const struct options *o);
int command_replay(const struct options *o);
int command_doctor(const struct options *o);

/* Usage on stdout: of one command, or of all (0). */
void usage(unsigned int command);

#endif /* EARSHOT_APP_COMMANDS_H */
