// SPDX-License-Identifier: Apache-2.0
#include "probe/attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "earshot/state.h"
#include "probe/uprobe.h"

struct attaching {
	bool multi;
	int pid;
	uint32_t library;
	char path[32]; /* the very descriptor, so that no other file can slip in */
	struct attachment *out;
};

static int keep(struct attaching *a, int fd)
{
	if (fd < 0)
		return fd;
	if (a->out->count == ATTACH_FDS_MAX) {
		close(fd);
		return -E2BIG;
	}
	a->out->fds[a->out->count++] = fd;
	return 0;
}

static int attach_one(struct attaching *a, int prog, uint64_t offset, uint64_t cookie,
		      bool is_return)
{
	int fd = uprobe_perf_open(a->pid, a->path, offset, is_return);
	int err = keep(a, fd), link;

	if (err)
		return err;
	link = uprobe_perf_run(fd, prog, cookie);
	return link > 0 ? keep(a, link) : link;
}

struct places {
	uint64_t offsets[ATTACH_FDS_MAX], cookies[ATTACH_FDS_MAX];
	size_t count;
};

static void add_place(struct places *p, uint64_t offset, uint64_t cookie)
{
	p->offsets[p->count] = offset;
	p->cookies[p->count++] = cookie;
}

static int attach_places(struct attaching *a, int prog, const struct places *p, bool is_return)
{
	int err = 0;

	if (p->count == 0)
		return 0;
	if (a->multi)
		return keep(a, uprobe_multi_open(prog, a->pid, a->path, p->offsets, p->cookies,
						 (uint32_t)p->count, is_return));
	for (size_t i = 0; i < p->count && !err; i++)
		err = attach_one(a, prog, p->offsets[i], p->cookies[i], is_return);
	return err;
}

/* Returns first: an entry without its return would leave a frame behind. */
static int attach_returns(struct attaching *a, const struct loader *l, const struct tls_stack *s)
{
	struct places p = { .count = 0 };
	int err;

	for (size_t i = 0; i < s->point_count; i++)
		if (s->points[i].returns && s->points[i].prog != TLS_AEAD_DONE)
			add_place(&p, s->points[i].offset, a->library);
	err = attach_places(a, loader_return_fd(l), &p, true);
	p.count = 0;
	for (size_t i = 0; i < s->return_count; i++)
		add_place(&p, s->returns[i], a->library);
	return err ? err : attach_places(a, loader_return_fd(l), &p, false);
}

/* How a program that serves several kinds of points knows this one. */
static uint64_t point_of(enum tls_prog prog)
{
	return prog == TLS_GO_WRITE_JBE ? ES_GO_WRITE_JBE : prog == TLS_GO_READ ? ES_GO_READ : 0;
}

static int attach_prog(struct attaching *a, const struct loader *l, const struct tls_stack *s,
		       enum tls_prog prog)
{
	struct places p = { .count = 0 };
	bool returns = false;

	for (size_t i = 0; i < s->point_count; i++) {
		if (s->points[i].prog != prog)
			continue;
		add_place(&p, s->points[i].offset,
			  (uint64_t)s->points[i].arg << ES_COOKIE_ARG |
				  (uint64_t)point_of(prog) << ES_COOKIE_POINT | a->library);
		/* A program of the return side itself; all others have es_return for it. */
		returns = prog == TLS_AEAD_DONE && s->points[i].returns;
	}
	return attach_places(a, loader_prog_fd(l, prog), &p, returns);
}

int attach_stack(const struct loader *l, const struct attach_to *to, const struct tls_stack *s,
		 struct attachment *ret)
{
	struct attaching a = {
		.multi = to->multi, .pid = to->pid, .library = to->library, .out = ret
	};
	int err;

	*ret = (struct attachment){ .fds = calloc(ATTACH_FDS_MAX, sizeof(int)) };
	if (!ret->fds)
		return -ENOMEM;
	snprintf(a.path, sizeof(a.path), "/proc/self/fd/%d", to->file_fd);
	err = attach_returns(&a, l, s);
	for (int p = 0; p < TLS_PROG_COUNT && !err; p++)
		err = attach_prog(&a, l, s, (enum tls_prog)p);
	return err;
}

static int verify_point(int pid, int file_fd, uint64_t offset, uint64_t mem)
{
	uint8_t want[RESOLVE_CHECK_LEN], have[RESOLVE_CHECK_LEN];
	struct iovec local = { have, sizeof(have) },
		     remote = { (void *)(uintptr_t)mem, sizeof(have) };

	if (pread(file_fd, want, sizeof(want), (off_t)offset) != (ssize_t)sizeof(want))
		return -EIO;
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)sizeof(have))
		return errno ? -errno : -EIO;
#if defined(__x86_64__)
	if (have[0] == 0xcc) /* a breakpoint stands there already */
		have[0] = want[0];
#else
	memcpy(have, want, 4); /* the breakpoint takes the whole instruction */
#endif
	return memcmp(want, have, sizeof(want)) ? -ESTALE : 0;
}

int attach_verify(int pid, int file_fd, const struct tls_stack *s, uint64_t addr,
		  uint64_t map_offset, uint64_t map_len)
{
	int err = 0;

	for (size_t i = 0; i < s->point_count && !err; i++) {
		uint64_t off = s->points[i].offset;

		if (off >= map_offset && off + RESOLVE_CHECK_LEN <= map_offset + map_len)
			err = verify_point(pid, file_fd, off, addr + (off - map_offset));
	}
	return err;
}
