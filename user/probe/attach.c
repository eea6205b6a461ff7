// SPDX-License-Identifier: Apache-2.0
#include "probe/attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "probe/uprobe.h"

struct attaching {
	bool multi;
	int pid;
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

static int attach_one(struct attaching *a, int prog, uint64_t offset, bool is_return)
{
	int fd = uprobe_perf_open(a->pid, a->path, offset, is_return);
	int err = keep(a, fd);

	if (err)
		return err;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return 0;
}

static int attach_offsets(struct attaching *a, int prog, const uint64_t *offsets, size_t count,
			  bool is_return)
{
	int err = 0;

	if (count == 0)
		return 0;
	if (a->multi)
		return keep(a, uprobe_multi_open(prog, a->pid, a->path, offsets, (uint32_t)count,
						 is_return));
	for (size_t i = 0; i < count && !err; i++)
		err = attach_one(a, prog, offsets[i], is_return);
	return err;
}

/* Returns first: an entry without its return would leave a frame behind. */
static int attach_returns(struct attaching *a, const struct loader *l, const struct tls_verdict *v)
{
	uint64_t offsets[TLS_POINTS_MAX];
	size_t n = 0;
	int err;

	for (size_t i = 0; i < v->point_count; i++)
		if (v->points[i].returns)
			offsets[n++] = v->points[i].offset;
	err = attach_offsets(a, loader_return_fd(l), offsets, n, true);
	if (!err)
		err = attach_offsets(a, loader_return_fd(l), v->returns, v->return_count, false);
	return err;
}

static int attach_prog(struct attaching *a, const struct loader *l, const struct tls_verdict *v,
		       enum tls_prog prog)
{
	uint64_t offsets[TLS_POINTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < v->point_count; i++)
		if (v->points[i].prog == prog)
			offsets[n++] = v->points[i].offset;
	return attach_offsets(a, loader_prog_fd(l, prog), offsets, n, false);
}

int attach_verdict(const struct loader *l, bool multi, int pid, int file_fd,
		   const struct tls_verdict *v, struct attachment *ret)
{
	struct attaching a = { .multi = multi, .pid = pid, .out = ret };
	int err;

	*ret = (struct attachment){ .fds = calloc(ATTACH_FDS_MAX, sizeof(int)) };
	if (!ret->fds)
		return -ENOMEM;
	snprintf(a.path, sizeof(a.path), "/proc/self/fd/%d", file_fd);
	err = attach_returns(&a, l, v);
	for (int p = 0; p < TLS_PROG_COUNT && !err; p++)
		err = attach_prog(&a, l, v, (enum tls_prog)p);
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

int attach_verify(int pid, int file_fd, const struct tls_verdict *v, uint64_t addr,
		  uint64_t map_offset, uint64_t map_len)
{
	int err = 0;

	for (size_t i = 0; i < v->point_count && !err; i++) {
		uint64_t off = v->points[i].offset;

		if (off >= map_offset && off + RESOLVE_CHECK_LEN <= map_offset + map_len)
			err = verify_point(pid, file_fd, off, addr + (off - map_offset));
	}
	return err;
}
