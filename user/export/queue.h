/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXPORT_QUEUE_H
#define EARSHOT_EXPORT_QUEUE_H

/*
 * queue - messages from the line to one sender thread: bounded in number and in bytes,
 * flat, owned by whoever holds them. The only thing the two share.
 */
#include "base/buf.h"

/* One encoded request. */
struct message {
	struct message *next;
	struct buf body;
	uint32_t spans;
};

struct queue;

/* Bounds: at most count messages and bytes of bodies (a lone larger one is taken). */
int queue_new(struct queue **ret, size_t count, size_t bytes);
void queue_free(struct queue *q);

/*
 * Takes m over. Returns 0; -ENOSPC when it is full and wait is false (m stays the
 * caller's); -EPIPE after queue_close().
 */
int queue_put(struct queue *q, struct message *m, bool wait);

/* Blocks. NULL: closed and empty. */
struct message *queue_get(struct queue *q);

/* Nothing more goes in; what is in still comes out. */
void queue_close(struct queue *q);

struct message *message_new(void);
void message_free(struct message *m);

#endif /* EARSHOT_EXPORT_QUEUE_H */
