// SPDX-License-Identifier: Apache-2.0
#include "app/attacher.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/factsend.h"
#include "app/needs.h"
#include "app/watched.h"
#include "base/clock.h"
#include "earshot/msg.h"
#include "probe/plain.h"

#define MESSAGES_MAX (4u << 20)
#define SWEEP_NS     NS_PER_SEC	      /* counters, clock, and libraries that no event told */
#define IDLE_NS	     (2 * NS_PER_SEC) /* no process came or went: time to close probes */
#define PIPES_NS     (5 * NS_PER_MS)  /* a program does not read its standard input sooner */

struct attacher {
	struct attacher_options opt;
	pthread_t thread;
	struct chan *in;
	int ready, gone, epoll;
	bool stop;
	struct filecache *files;
	struct watched *watched;
	struct plain plain;
	struct needs needs;
	int plain_error;
	uint64_t last_busy, last_sweep, wall_offset, maps_lost, pipes_late;
	struct stat_pair sent[ES_STAT_COUNT];
	struct attacher_report report;
	int *fds;
	size_t fd_count;
};

static void send_loss(struct attacher *a)
{
	struct stat_pair now[ES_STAT_COUNT];

	if (loader_stats(a->opt.loader, now))
		return;
	now[ES_U_MAP_EVENT_LOST].events = a->maps_lost;
	now[ES_U_ATTACH_FAILED].events = watched_stats(a->watched)->failed;
	now[ES_U_PIPES_LATE].events = a->pipes_late;
	if (memcmp(now, a->sent, sizeof(now)) == 0)
		return;
	memcpy(a->sent, now, sizeof(now));
	fact_send_loss(a->opt.out, now);
}

/* Costs every process of the host: on only while somebody needs it. */
static void plain_follow(struct attacher *a)
{
	if (a->opt.plain && !a->plain_error)
		a->plain_error =
			plain_on(&a->plain, a->opt.loader, PLAIN_SOCKETS | needs_now(&a->needs));
}

static void plain_unfollow(struct attacher *a)
{
	unsigned int needs = watched_count(a->watched) ? PLAIN_SOCKETS | needs_now(&a->needs) : 0;

	plain_off(&a->plain, a->opt.loader, needs);
}

/* Before all else: from its first read on nothing of it may be missed. */
static void plain_exec(struct attacher *a, const struct es_proc *r)
{
	bool pipes = (r->head.flags & ES_F_PIPES) != 0, on = a->plain.fds[PLAIN_EXIT] >= 0;

	needs_exec(&a->needs, r->head.tgid, pipes);
	if (!pipes || !a->opt.plain || on)
		return;
	plain_follow(a);
	a->pipes_late += clock_mono() > r->head.time + PIPES_NS;
}

static void say_gone(struct attacher *a)
{
	const uint64_t one = 1;

	if (watched_count(a->watched) == 0 && write(a->gone, &one, sizeof(one)) < 0)
		a->stop = true;
}

static void on_map(void *ctx, const struct map_event *ev)
{
	struct attacher *a = ctx;

	watched_map(a->watched, ev);
}

static void read_maps(struct attacher *a)
{
	uint64_t lost = 0;

	if (!a->opt.maps)
		return;
	mapwatch_read(a->opt.maps, on_map, a, &lost);
	a->maps_lost += lost;
	if (lost)
		watched_rescan(a->watched);
}

static void on_proc(struct attacher *a, const struct es_proc *r)
{
	switch (r->head.type) {
	case ES_REC_FORK:
		watched_fork(a->watched, r);
		break;
	case ES_REC_EXEC:
		plain_exec(a, r);
		/* The old address space is gone, and its streams with it. */
		loader_settle_exec(a->opt.loader, r, fact_send_settle, a->opt.out);
		watched_exec(a->watched, r);
		break;
	case ES_REC_EXIT:
		needs_exit(&a->needs, r->head.tgid);
		read_maps(a); /* what it mapped last, before it is forgotten */
		watched_exit(a->watched, r);
		say_gone(a);
		break;
	default:
		break;
	}
}

static void on_message(void *ctx, struct sv message)
{
	struct attacher *a = ctx;
	const struct es_msg *m = (const void *)message.p;
	const uint64_t one = 1;

	if (message.len < ES_MSG_SHORT)
		return;
	switch (m->type) {
	case ES_MSG_PROC:
		a->last_busy = clock_mono();
		on_proc(a, &m->proc);
		break;
	case ES_MSG_VERDICT:
		loader_verdict(a->opt.loader, m->tgid, m->object, m->birth, m->ignore != 0);
		break;
	case ES_MSG_COMMAND:
		a->last_busy = clock_mono();
		plain_follow(a);
		watched_command(a->watched, (int)m->pid, m->path);
		if (write(a->ready, &one, sizeof(one)) != (ssize_t)sizeof(one))
			a->stop = true;
		break;
	case ES_MSG_ADOPT:
		a->last_busy = clock_mono();
		needs_exec(&a->needs, m->proc.head.tgid, m->proc.head.flags & ES_F_PIPES);
		plain_follow(a);
		watched_adopt(a->watched, &m->proc);
		break;
	case ES_MSG_DETACH:
		watched_detach(a->watched, m->tgid, m->library);
		break;
	case ES_MSG_CLOSES:
		needs_closes(&a->needs, m->tgid);
		plain_follow(a);
		break;
	case ES_MSG_STOP:
		a->stop = true;
		break;
	default:
		break;
	}
}

static void sweep(struct attacher *a, uint64_t now)
{
	if (now - a->last_sweep < SWEEP_NS)
		return;
	a->last_sweep = now;
	if (now - a->last_busy >= IDLE_NS)
		plain_unfollow(a);
	send_loss(a);
	fact_send_clock(a->opt.out, &a->wall_offset);
	if (!a->opt.maps)
		watched_rescan(a->watched);
}

/* One at a time, and only while nobody waits to be attached. */
static void close_idle(struct attacher *a, uint64_t now)
{
	int fd;

	if (now - a->last_busy < IDLE_NS)
		return;
	fd = watched_take_idle(a->watched);
	if (fd >= 0)
		close(fd);
}

static int wait_ms(struct attacher *a, uint64_t now)
{
	uint64_t due = watched_due(a->watched, now);

	if (!due)
		return 100;
	return due <= now ? 0 : (int)((due - now) / NS_PER_MS) + 1;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void report(struct attacher *a)
{
	const struct watch_stats *s = watched_stats(a->watched);
	size_t n = s->samples < WATCH_SAMPLES ? s->samples : WATCH_SAMPLES;
	uint64_t sorted[WATCH_SAMPLES];

	a->report = (struct attacher_report){ .attached = s->attached,
					      .running = watched_running(a->watched),
					      .failed = s->failed,
					      .first_attach = s->first_attach,
					      .plain_error = a->plain_error };
	if (!n)
		return;
	memcpy(sorted, s->exec_to_attach, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), by_value);
	a->report.exec_to_attach = sorted[n / 2];
	a->report.exec_to_attach_max = sorted[n - 1];
}

/* Their close takes its time too. */
static void leave_plain(struct attacher *a)
{
	int *more = realloc(a->fds, (a->fd_count + PLAIN_PROG_COUNT) * sizeof(int));

	if (!more) {
		plain_off(&a->plain, a->opt.loader, 0);
		return;
	}
	a->fds = more;
	for (int i = 0; i < PLAIN_PROG_COUNT; i++)
		if (a->plain.fds[i] >= 0)
			a->fds[a->fd_count++] = a->plain.fds[i];
	plain_init(&a->plain);
}

static void finish(struct attacher *a)
{
	loader_settle(a->opt.loader, 0, 0, clock_mono(), fact_send_settle, a->opt.out);
	send_loss(a);
	report(a);
	watched_take_all(a->watched, &a->fds, &a->fd_count);
	leave_plain(a);
}

/* It works little, and what it is late for is not seen: ahead of others, if we may. */
#define ATTACHER_NICE -10

static void *run(void *arg)
{
	struct attacher *a = arg;

	setpriority(PRIO_PROCESS, (id_t)gettid(), ATTACHER_NICE);
	fact_send_boot(a->opt.out);
	a->wall_offset = clock_ns(CLOCK_REALTIME) - clock_mono();
	while (!a->stop) {
		struct epoll_event ev[4];
		uint64_t now = clock_mono();

		epoll_wait(a->epoll, ev, 4, wait_ms(a, now));
		/* Messages first: an event of a new process means nothing before its fork. */
		chan_receive(a->in, on_message, a);
		read_maps(a);
		if (filecache_answers(a->files))
			watched_rescan(a->watched);
		now = clock_mono();
		sweep(a, now);
		close_idle(a, now);
	}
	finish(a);
	return NULL;
}

static int watch_fd(struct attacher *a, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static void destroy(struct attacher *a)
{
	chan_free(a->in);
	watched_free(a->watched);
	needs_free(&a->needs);
	filecache_free(a->files);
	if (a->ready >= 0)
		close(a->ready);
	if (a->gone >= 0)
		close(a->gone);
	if (a->epoll >= 0)
		close(a->epoll);
	free(a);
}

static int prepare(struct attacher *a)
{
	struct watched_opts w = { a->opt.loader, a->opt.multi, a->opt.out };
	int err = chan_new(&a->in, MESSAGES_MAX);

	if (!err)
		err = filecache_new(&a->files, a->opt.side);
	if (!err)
		err = watched_new(&a->watched, &w, a->files);
	a->ready = eventfd(0, EFD_CLOEXEC);
	a->gone = eventfd(0, EFD_CLOEXEC);
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!err && (a->ready < 0 || a->gone < 0 || a->epoll < 0))
		err = -errno;
	if (!err)
		err = watch_fd(a, chan_fd(a->in));
	if (!err)
		err = watch_fd(a, filecache_fd(a->files));
	if (!err && a->opt.maps)
		err = watch_fd(a, mapwatch_fd(a->opt.maps));
	return err;
}

int attacher_start(struct attacher **ret, const struct attacher_options *opt)
{
	struct attacher *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -ENOMEM;
	a->opt = *opt;
	a->ready = a->gone = a->epoll = -1;
	plain_init(&a->plain);
	err = prepare(a);
	if (!err)
		err = -pthread_create(&a->thread, NULL, run, a);
	if (err) {
		destroy(a);
		return err;
	}
	*ret = a;
	return 0;
}

struct chan *attacher_in(struct attacher *a)
{
	return a->in;
}

int attacher_ready_fd(const struct attacher *a)
{
	return a->ready;
}

int attacher_gone_fd(const struct attacher *a)
{
	return a->gone;
}

void attacher_stop(struct attacher *a, struct attacher_report *ret, int **ret_fds,
		   size_t *ret_count)
{
	const struct es_msg stop = { .type = ES_MSG_STOP };

	chan_send_wait(a->in, (struct sv){ (const char *)&stop, ES_MSG_SHORT });
	pthread_join(a->thread, NULL);
	*ret = a->report;
	*ret_fds = a->fds;
	*ret_count = a->fd_count;
	destroy(a);
}
