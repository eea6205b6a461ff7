/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXPORT_SENDER_H
#define EARSHOT_EXPORT_SENDER_H

/*
 * sender - the thread of one exporter, and what a destination is to it (internal to
 * export). Nothing here is touched by the line while the thread runs.
 */
#include "base/chan.h"
#include "export/export.h"

/* What became of spans, since start; sent to the line as a message each time it changes. */
struct export_result {
	uint64_t sent;
	uint64_t rejected;
	uint64_t refused;
	uint64_t failed;
	uint64_t requests;
	uint64_t retries;
	char last_error[EXPORT_ERROR_MAX];
};

struct sender {
	const struct destination *dest;
	void *state;	      /* the destination's own */
	struct chan *data;    /* line to sender: requests */
	struct chan *control; /* line to sender: the end */
	struct chan *results; /* sender to line */
	bool stopping;
	uint64_t deadline; /* CLOCK_MONOTONIC ns, once stopping */
	struct export_result result;
};

/* One encoded request; its bytes follow. */
struct sender_request {
	uint64_t spans;
};

/* One destination: a row of the table in export.c. */
struct destination {
	const char *name;
	/* On the line's side, before the thread starts. */
	int (*open)(void **state, const struct export_options *o, const char *version, char *error);
	/* On the thread: sends one request and counts what became of its spans. */
	void (*send)(void *state, struct sender *s, struct sv body, uint64_t spans);
	void (*close)(void *state);
};

extern const struct destination destination_file;
extern const struct destination destination_otlp;

/* The thread. arg: struct sender. */
void *sender_run(void *arg);

/*
 * Waits until fd (-1: none) has events or ns passed. Returns 1 for events, 0 when the time
 * is up, -ETIMEDOUT when all must end.
 */
int sender_wait(struct sender *s, int fd, short events, uint64_t ns);

/* Reads the control messages. False when the deadline has passed. */
bool sender_alive(struct sender *s);

/* Time until all must end; UINT64_MAX while nobody asked for that. */
uint64_t sender_left(const struct sender *s);

/* The newest trouble, for people: printable whatever is in it. */
void sender_trouble(struct sender *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif /* EARSHOT_EXPORT_SENDER_H */
