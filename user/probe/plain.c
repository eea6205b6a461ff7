// SPDX-License-Identifier: Apache-2.0
#include "probe/plain.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "probe/tracepoint.h"

/* System calls, by the program for their entry. */
static const struct {
	enum plain_prog prog;
	const char *name;
} calls[] = {
	{ PLAIN_READ, "read" },		  { PLAIN_RECVFROM, "recvfrom" },
	{ PLAIN_WRITE, "write" },	  { PLAIN_WRITE, "sendto" },
	{ PLAIN_READV, "readv" },	  { PLAIN_WRITEV, "writev" },
	{ PLAIN_RECVMSG, "recvmsg" },	  { PLAIN_SENDMSG, "sendmsg" },
	{ PLAIN_RECVMMSG, "recvmmsg" },	  { PLAIN_SENDMMSG, "sendmmsg" },
	{ PLAIN_SENDFILE, "sendfile64" }, { PLAIN_SPLICE, "splice" },
};

static int add(struct plain *p, int fd)
{
	if (fd < 0)
		return fd;
	if (p->count == PLAIN_POINTS_MAX) {
		close(fd);
		return -E2BIG;
	}
	p->fds[p->count++] = fd;
	return 0;
}

static int call_on(struct plain *p, const struct loader *l, int events, const char *side,
		   const char *name, enum plain_prog prog)
{
	char path[64];

	snprintf(path, sizeof(path), "syscalls/sys_%s_%s", side, name);
	return add(p, tracepoint_run(events, path, loader_plain_fd(l, prog)));
}

static int all_on(struct plain *p, const struct loader *l, int events)
{
	int err = 0;

	/* Exits first: an entry without its exit would be taken for a later call's. */
	for (size_t i = 0; i < ARRAY_SIZE(calls) && !err; i++)
		err = call_on(p, l, events, "exit", calls[i].name, PLAIN_EXIT);
	for (size_t i = 0; i < ARRAY_SIZE(calls) && !err; i++)
		err = call_on(p, l, events, "enter", calls[i].name, calls[i].prog);
	if (!err)
		err = call_on(p, l, events, "enter", "close", PLAIN_CLOSE);
	if (!err)
		err = call_on(p, l, events, "enter", "dup3", PLAIN_DUP);
	/* Not on every machine (arm64 has dup3 alone). */
	if (!err)
		add(p, tracepoint_run(events, "syscalls/sys_enter_dup2",
				      loader_plain_fd(l, PLAIN_DUP)));
	/* Not in every kernel: then there is nothing to be told of. */
	if (!err)
		add(p, tracepoint_run(events, "io_uring/io_uring_create",
				      loader_plain_fd(l, PLAIN_URING)));
	return err;
}

int plain_on(struct plain *p, const struct loader *l)
{
	int events = tracepoint_events(), err;

	*p = (struct plain){ .count = 0 };
	if (events < 0)
		return events;
	err = all_on(p, l, events);
	close(events);
	if (err)
		plain_off(p);
	return err;
}

void plain_off(struct plain *p)
{
	for (size_t i = 0; i < p->count; i++)
		close(p->fds[i]);
	p->count = 0;
}
