/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_JUDGE_H
#define EARSHOT_APP_JUDGE_H

/*
 * judge - verdicts on files, at once or by a thread of its own: a large program that is met for
 * the first time takes up to a second, and the attacher must not stop for that.
 */
#include "resolve/resolve.h"

struct judge;

/* Starts the thread. 0 or -errno. */
int judge_new(struct judge **ret, enum return_side side);
/* A file that is just being looked at is not waited for. */
void judge_free(struct judge *j);

/* The verdict, owned by the caller; NULL: no TLS in it, or it could not be read. */
struct tls_verdict *judge_now(struct judge *j, int fd, struct sv path);

/*
 * Asks the thread; fd must stay open until the answer. tag comes back with it. 0 or -ENOMEM.
 */
int judge_ask(struct judge *j, int fd, void *tag);

/* Readable when there are answers. */
int judge_fd(const struct judge *j);

/* One answer, as judge_now(). Returns false when there is none (more). */
bool judge_answer(struct judge *j, void **ret_tag, struct tls_verdict **ret);

#endif /* EARSHOT_APP_JUDGE_H */
