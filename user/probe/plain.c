// SPDX-License-Identifier: Apache-2.0
#include "probe/plain.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

int plain_on(struct plain *p, const struct loader *l)
{
	*p = (struct plain){ .count = 0 };
	for (int i = 0; i < PLAIN_PROG_COUNT; i++) {
		int fd = bpf_raw_tracepoint_open(NULL, loader_plain_fd(l, (enum plain_prog)i));

		if (fd < 0) {
			plain_off(p);
			return fd;
		}
		p->fds[p->count++] = fd;
	}
	return 0;
}

void plain_off(struct plain *p)
{
	while (p->count)
		close(p->fds[--p->count]);
}
