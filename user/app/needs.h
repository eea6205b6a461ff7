/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_NEEDS_H
#define EARSHOT_APP_NEEDS_H

/*
 * needs - which watched processes need the tracepoints of all system calls: children whose
 * standard input or output is a pipe, and those that talk HTTP over unix sockets.
 */
#include "probe/plain.h"

struct needs {
	struct need *procs;
	size_t pipes, closes;
};

/*
 * A process runs a program, on pipes or not; it uses a unix socket; it is gone. tgid as in
 * records. What finds no memory is treated as needed by somebody until the end.
 */
void needs_exec(struct needs *n, uint32_t tgid, bool pipes);
void needs_closes(struct needs *n, uint32_t tgid);
void needs_exit(struct needs *n, uint32_t tgid);
void needs_free(struct needs *n);

/* enum plain_need, without PLAIN_SOCKETS. */
unsigned int needs_now(const struct needs *n);

#endif /* EARSHOT_APP_NEEDS_H */
