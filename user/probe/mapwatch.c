// SPDX-License-Identifier: Apache-2.0
#include "probe/mapwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#define WATCH_PAGES 64 /* data pages per CPU: some 2,000 mappings between two reads */
#define EVENT_MAX   (sizeof(struct mmap2_event) + 4096 + 64)

/* PERF_RECORD_MMAP2 as perf_event_open(2) lays it out; the path follows. */
struct mmap2_event {
	struct perf_event_header head;
	uint32_t pid, tid;
	uint64_t addr, len, pgoff;
	uint32_t maj, min;
	uint64_t ino, ino_generation;
	uint32_t prot, flags;
};

struct lost_event {
	struct perf_event_header head;
	uint64_t id, lost;
};

struct cpu_ring {
	int fd, cpu;
	struct perf_event_mmap_page *page;
};

struct mapwatch {
	int epoll;
	size_t page_size, cpu_count;
	struct cpu_ring *cpus;
	int *more; /* events of further threads, which write to the same rings */
	size_t more_count;
	char event[EVENT_MAX];
};

static int open_event(int pid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.inherit = 1,
		.mmap = 1,
		.mmap2 = 1,
		.watermark = 1, /* wake at the first byte; wakeup_events counts samples only */
		.wakeup_watermark = 1,
		.exclude_kernel = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int open_cpu(struct mapwatch *w, struct cpu_ring *c, int pid, int cpu)
{
	struct epoll_event ev = { .events = EPOLLIN };
	size_t len = (WATCH_PAGES + 1) * w->page_size;
	void *p;

	c->cpu = cpu;
	c->fd = open_event(pid, cpu);
	if (c->fd < 0)
		return c->fd;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	c->page = p;
	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, c->fd, &ev) ? -errno : 0;
}

int mapwatch_new(struct mapwatch **ret, int pid)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct mapwatch *w = calloc(1, sizeof(*w));
	size_t opened = 0;
	int err = 0;

	if (!w || cpus < 1) {
		free(w);
		return -ENOMEM;
	}
	w->page_size = (size_t)sysconf(_SC_PAGESIZE);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->cpus = calloc((size_t)cpus, sizeof(*w->cpus));
	if (w->epoll < 0 || !w->cpus)
		err = -ENOMEM;
	for (int cpu = 0; !err && cpu < cpus; cpu++) {
		struct cpu_ring *c = &w->cpus[w->cpu_count];

		err = open_cpu(w, c, pid, cpu);
		if (c->fd >= 0)
			w->cpu_count++;
		if (err == -ENODEV) /* this CPU is offline */
			err = 0;
		else if (!err)
			opened++;
	}
	if (err || !opened) {
		mapwatch_free(w);
		return err ? err : -ENODEV;
	}
	*ret = w;
	return 0;
}

int mapwatch_add(struct mapwatch *w, int tid)
{
	int *more = realloc(w->more, (w->more_count + w->cpu_count) * sizeof(int));

	if (!more)
		return -ENOMEM;
	w->more = more;
	for (size_t i = 0; i < w->cpu_count; i++) {
		int fd = open_event(tid, w->cpus[i].cpu);

		if (fd < 0)
			return fd;
		w->more[w->more_count++] = fd;
		if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, w->cpus[i].fd))
			return -errno;
	}
	return 0;
}

void mapwatch_free(struct mapwatch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->more_count; i++)
		close(w->more[i]);
	free(w->more);
	for (size_t i = 0; i < w->cpu_count; i++) {
		if (w->cpus[i].page)
			munmap(w->cpus[i].page, (WATCH_PAGES + 1) * w->page_size);
		close(w->cpus[i].fd);
	}
	if (w->epoll >= 0)
		close(w->epoll);
	free(w->cpus);
	free(w);
}

int mapwatch_fd(const struct mapwatch *w)
{
	return w->epoll;
}

static void copy_out(const struct mapwatch *w, const struct cpu_ring *c, uint64_t at, void *to,
		     size_t len)
{
	size_t size = WATCH_PAGES * w->page_size, from = (size_t)(at % size);
	const char *data = (const char *)c->page + w->page_size;
	size_t first = len < size - from ? len : size - from;

	memcpy(to, data + from, first);
	memcpy((char *)to + first, data, len - first);
}

static void hand_out(const char *event, size_t len, map_event_fn *fn, void *ctx, uint64_t *ret_lost)
{
	struct perf_event_header head;
	struct mmap2_event m;
	struct lost_event l;

	memcpy(&head, event, sizeof(head));
	if (head.type == PERF_RECORD_LOST && len >= sizeof(l)) {
		memcpy(&l, event, sizeof(l));
		*ret_lost += l.lost;
	}
	if (head.type != PERF_RECORD_MMAP2 || len <= sizeof(m))
		return;
	memcpy(&m, event, sizeof(m));
	fn(ctx, &(struct map_event){
			.pid = m.pid,
			.addr = m.addr,
			.len = m.len,
			.offset = m.pgoff,
			.dev_major = m.maj,
			.dev_minor = m.min,
			.inode = m.ino,
			.path = { event + sizeof(m), strnlen(event + sizeof(m), len - sizeof(m)) },
		});
}

static void read_cpu(struct mapwatch *w, struct cpu_ring *c, map_event_fn *fn, void *ctx,
		     uint64_t *ret_lost)
{
	uint64_t head = __atomic_load_n(&c->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t at = c->page->data_tail;

	while (at < head) {
		struct perf_event_header h;

		copy_out(w, c, at, &h, sizeof(h));
		if (h.size < sizeof(h))
			break;
		if (h.size <= sizeof(w->event)) {
			copy_out(w, c, at, w->event, h.size);
			hand_out(w->event, h.size, fn, ctx, ret_lost);
		}
		at += h.size;
	}
	__atomic_store_n(&c->page->data_tail, head, __ATOMIC_RELEASE);
}

void mapwatch_read(struct mapwatch *w, map_event_fn *fn, void *ctx, uint64_t *ret_lost)
{
	for (size_t i = 0; i < w->cpu_count; i++)
		if (w->cpus[i].page)
			read_cpu(w, &w->cpus[i], fn, ctx, ret_lost);
}
