// SPDX-License-Identifier: Apache-2.0
#include "probe/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

struct ring {
	int epoll;
	size_t size, page;
	volatile uint64_t *consumer; /* ours to write */
	const volatile uint64_t *producer;
	const char *data; /* mapped twice in a row: no record wraps */
};

int ring_open(struct ring **ret, int map_fd, size_t size)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct ring *r = calloc(1, sizeof(*r));
	char *p;
	int err;

	if (!r)
		return -ENOMEM;
	r->size = size;
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (p != MAP_FAILED)
		r->consumer = (volatile uint64_t *)(void *)p;
	p = mmap(NULL, r->page + 2 * size, PROT_READ, MAP_SHARED, map_fd, (off_t)r->page);
	if (p != MAP_FAILED) {
		r->producer = (const volatile uint64_t *)(const void *)p;
		r->data = p + r->page;
	}
	if (r->epoll < 0 || !r->consumer || !r->producer ||
	    epoll_ctl(r->epoll, EPOLL_CTL_ADD, map_fd, &ev)) {
		err = -errno;
		ring_close(r);
		return err;
	}
	*ret = r;
	return 0;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->consumer)
		munmap((void *)(uintptr_t)r->consumer, r->page);
	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, r->page + 2 * r->size);
	if (r->epoll >= 0)
		close(r->epoll);
	free(r);
}

int ring_fd(const struct ring *r)
{
	return r->epoll;
}

uint64_t ring_waiting(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) - *r->consumer;
}

int ring_read(struct ring *r, size_t budget, record_fn *fn, void *ctx, uint64_t *ret_bad)
{
	uint64_t at = *r->consumer, end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	int done = 0;

	while (at < end && (size_t)done < budget) {
		const char *p = r->data + (at & (r->size - 1));
		uint32_t head =
			__atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_ACQUIRE);
		uint32_t len = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		const struct es_head *rec = (const void *)(p + BPF_RINGBUF_HDR_SZ);
		int err = 0;

		if (head & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			if (len >= sizeof(*rec) && rec->size >= sizeof(*rec) && rec->size <= len)
				err = fn(ctx, rec);
			else
				(*ret_bad)++;
		}
		at += ((uint64_t)len + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
		__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
		done++;
		if (err)
			return err;
	}
	return done;
}
