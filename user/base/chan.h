/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_CHAN_H
#define EARSHOT_BASE_CHAN_H

/*
 * chan - messages from one worker to another: flat bytes, copied in and out, bounded, in
 * order. The receiver waits on a descriptor. Workers share nothing else.
 */
#include "base/sv.h"

struct chan;

/* max_bytes: what may wait at most. Returns 0 or a negative errno. */
int chan_new(struct chan **ret, size_t max_bytes);
void chan_free(struct chan *c);

/* Never blocks. Returns 0, -ENOSPC (full), -ENOMEM. */
int chan_send(struct chan *c, struct sv message);

/* As chan_send(), but waits for room. */
int chan_send_wait(struct chan *c, struct sv message);

typedef void chan_fn(void *ctx, struct sv message);

/* Hands out what is there, oldest first; each message is 8-byte aligned, valid inside fn. */
void chan_receive(struct chan *c, chan_fn *fn, void *ctx);

/* Readable when messages wait. */
int chan_fd(const struct chan *c);

#endif /* EARSHOT_BASE_CHAN_H */
