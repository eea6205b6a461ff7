// SPDX-License-Identifier: Apache-2.0
#include "probe/plain.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

void plain_init(struct plain *p)
{
	for (int i = 0; i < PLAIN_PROG_COUNT; i++)
		p->fds[i] = -1;
}

static bool takes(const struct loader *l, unsigned int needs, enum plain_prog prog)
{
	bool points = loader_points(l);

	/* A kernel may be without io_uring. */
	if (!needs || loader_plain_fd(l, prog) < 0)
		return false;
	switch (prog) {
	case PLAIN_SENT:
	case PLAIN_RECEIVED:
	case PLAIN_STATE:
	case PLAIN_GONE:
		return points;
	case PLAIN_EXIT:
		return !points || (needs & PLAIN_PIPES);
	case PLAIN_ENTER:
		return !points || (needs & PLAIN_CLOSES);
	default:
		return true;
	}
}

int plain_on(struct plain *p, const struct loader *l, unsigned int needs)
{
	for (int i = 0; i < PLAIN_PROG_COUNT; i++) {
		int fd;

		if (p->fds[i] >= 0 || !takes(l, needs, (enum plain_prog)i))
			continue;
		fd = bpf_raw_tracepoint_open(NULL, loader_plain_fd(l, (enum plain_prog)i));
		if (fd < 0) {
			plain_off(p, l, 0);
			return fd;
		}
		p->fds[i] = fd;
	}
	return 0;
}

void plain_off(struct plain *p, const struct loader *l, unsigned int needs)
{
	for (int i = 0; i < PLAIN_PROG_COUNT; i++) {
		if (p->fds[i] < 0 || takes(l, needs, (enum plain_prog)i))
			continue;
		close(p->fds[i]);
		p->fds[i] = -1;
	}
}
