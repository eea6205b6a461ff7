// SPDX-License-Identifier: Apache-2.0
#include "probe/tracepoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mount.h>
#include <linux/perf_event.h>

/* Where it usually is, should fsopen() not be allowed or not be there (before Linux 5.2). */
static const char *const mounted[] = { "/sys/kernel/tracing/events",
				       "/sys/kernel/debug/tracing/events" };

static int open_detached(void)
{
	long fs = syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC), mnt;
	int fd;

	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		int err = -errno;

		close((int)fs);
		return err;
	}
	mnt = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	close((int)fs);
	if (mnt < 0)
		return -errno;
	fd = openat((int)mnt, "events", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close((int)mnt);
	return fd < 0 ? -errno : fd;
}

int tracepoint_events(void)
{
	int err = open_detached(), fd = err;

	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(mounted); i++)
		fd = open(mounted[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err : fd;
}

static int read_id(int events_fd, const char *name, uint64_t *ret)
{
	char path[128], text[24] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/id", name);
	fd = openat(events_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	*ret = strtoull(text, NULL, 10);
	return 0;
}

int tracepoint_run(int events_fd, const char *name, int prog_fd)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = PERF_TYPE_TRACEPOINT };
	uint64_t id = 0;
	int err = read_id(events_fd, name, &id);
	long fd;

	if (err)
		return err;
	attr.config = id;
	/* A program at a tracepoint runs on all CPUs, whichever the event was opened for. */
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl((int)fd, PERF_EVENT_IOC_SET_BPF, prog_fd)) {
		err = -errno;
		close((int)fd);
		return err;
	}
	return (int)fd;
}
