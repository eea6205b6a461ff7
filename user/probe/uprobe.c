// SPDX-License-Identifier: Apache-2.0
#include "probe/uprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/perf_event.h>

#define BPF_PERF_EVENT_LINK 41u /* as BPF_PERF_EVENT */
#define UPROBE_MULTI_RETURN 1u	/* as ATTACH_UPROBE_MULTI */

int uprobe_perf_type(void)
{
	char text[16] = "";
	int fd = open("/sys/bus/event_source/devices/uprobe/type", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? atoi(text) : -EIO;
}

int uprobe_perf_open(int pid, const char *path, uint64_t offset, bool is_return)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .config = is_return };
	int type = uprobe_perf_type();
	long fd;

	if (type < 0)
		return type;
	attr.type = (uint32_t)type;
	attr.uprobe_path = (uint64_t)(uintptr_t)path;
	attr.probe_offset = offset;
	/* No inherit: with it, fork in the target fails with EFAULT. */
	fd = syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int uprobe_multi_open(int prog_fd, int pid, const char *path, const uint64_t *offsets,
		      const uint64_t *cookies, uint32_t count, bool is_return)
{
	/* The tail of union bpf_attr for BPF_LINK_CREATE as Linux 6.6 defined it. */
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint64_t path, offsets, ref_ctr_offsets, cookies;
		uint32_t cnt, multi_flags, pid, pad;
	} attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = ATTACH_UPROBE_MULTI,
		.path = (uint64_t)(uintptr_t)path,
		.offsets = (uint64_t)(uintptr_t)offsets,
		.cookies = (uint64_t)(uintptr_t)cookies,
		.cnt = count,
		.multi_flags = is_return ? UPROBE_MULTI_RETURN : 0,
		.pid = (uint32_t)pid,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : (int)fd;
}

int uprobe_perf_run(int event_fd, int prog_fd, uint64_t cookie)
{
	/* The tail of union bpf_attr for BPF_LINK_CREATE as Linux 5.15 defined it. */
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint64_t cookie, pad[4];
	} attr = { .prog_fd = (uint32_t)prog_fd,
		   .target_fd = (uint32_t)event_fd,
		   .attach_type = BPF_PERF_EVENT_LINK,
		   .cookie = cookie };
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	if (fd < 0 && ioctl(event_fd, PERF_EVENT_IOC_SET_BPF, prog_fd))
		return -errno;
	if (ioctl(event_fd, PERF_EVENT_IOC_ENABLE, 0)) {
		int err = -errno;

		if (fd >= 0)
			close((int)fd);
		return err;
	}
	return fd < 0 ? 0 : (int)fd;
}
