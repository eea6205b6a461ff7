// SPDX-License-Identifier: Apache-2.0
#include "app/line.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "earshot/msg.h"
#include "earshot/stats.h"

#define BUDGET	  8192 /* records before signals and facts get their turn */
#define TICK_NS	  (100 * NS_PER_MS)
#define ACTIVE_MS 10 /* how soon a lone small record is read */
#define IDLE_MS	  100
#define STALL_NS  (10 * NS_PER_MS)

int line_init(struct line *l, struct pipeline *p, struct ring *ring, struct chan *facts)
{
	int err;

	*l = (struct line){ .pipeline = p, .ring = ring, .facts = facts };
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		return -errno;
	err = line_watch(l, ring_fd(ring));
	if (!err)
		err = line_watch(l, chan_fd(facts));
	if (err)
		line_done(l);
	l->last_record = clock_mono();
	return err;
}

void line_done(struct line *l)
{
	if (l->epoll >= 0)
		close(l->epoll);
	l->epoll = -1;
}

int line_watch(struct line *l, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data = { .fd = fd } };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static void tell(struct line *l, const struct es_msg *m)
{
	if (!l->attacher)
		return; /* at the end nobody is there to be told */
	if (chan_send(l->attacher, (struct sv){ (const char *)m, ES_MSG_SHORT }))
		pipeline_count(l->pipeline, ES_U_FACT_LOST, 1, 0);
}

void line_ignore(void *ctx, uint32_t tgid, uint64_t object, uint64_t birth)
{
	const struct es_msg m = {
		.type = ES_MSG_VERDICT, .tgid = tgid, .ignore = 1, .object = object, .birth = birth
	};

	tell(ctx, &m);
}

void line_detach(void *ctx, uint32_t tgid, uint32_t library)
{
	const struct es_msg m = { .type = ES_MSG_DETACH, .tgid = tgid, .library = library };

	tell(ctx, &m);
}

/* The end of a unix socket is told by no tracepoint of its own. */
static void look_at_peer(struct line *l, const struct es_head *rec)
{
	const struct es_peer *p = (const void *)rec;
	const struct es_msg m = { .type = ES_MSG_CLOSES, .tgid = rec->tgid };

	if (rec->size >= sizeof(*p) && p->family == AF_UNIX)
		tell(l, &m);
}

static int on_ring(void *ctx, const struct es_head *rec)
{
	struct line *l = ctx;

	if (rec->type == ES_REC_FORK || rec->type == ES_REC_EXEC || rec->type == ES_REC_EXIT) {
		struct es_msg m = { .type = ES_MSG_PROC };

		if (rec->size >= sizeof(m.proc)) {
			memcpy(&m.proc, rec, sizeof(m.proc));
			tell(l, &m);
		}
	} else if (rec->type == ES_REC_PEER) {
		look_at_peer(l, rec);
	}
	pipeline_record(l->pipeline, rec);
	return 0;
}

static void on_fact(void *ctx, struct sv message)
{
	struct line *l = ctx;
	const struct es_head *rec = (const void *)message.p;

	if (message.len < sizeof(*rec) || rec->size != message.len)
		pipeline_count(l->pipeline, ES_U_BAD_RECORD, 1, 0);
	else
		pipeline_record(l->pipeline, rec);
}

/* A thread stopped between reserve and submit holds up everybody behind it. */
static void watch_stall(struct line *l, int read, uint64_t now)
{
	if (read || !ring_waiting(l->ring)) {
		l->stalled_since = 0;
		l->stall_counted = false;
		return;
	}
	if (!l->stalled_since)
		l->stalled_since = now;
	if (!l->stall_counted && now - l->stalled_since > STALL_NS) {
		l->stall_counted = true;
		pipeline_count(l->pipeline, ES_U_STALL, 1, 0);
	}
}

static int read_ring(struct line *l)
{
	uint64_t bad = 0;
	int n = ring_read(l->ring, BUDGET, on_ring, l, &bad);

	if (bad)
		pipeline_count(l->pipeline, ES_U_BAD_RECORD, bad, 0);
	return n;
}

void line_step(struct line *l)
{
	bool active = clock_mono() - l->last_record < TICK_NS;
	struct epoll_event ev[4];
	uint64_t now;
	int n;

	epoll_wait(l->epoll, ev, 4, l->more ? 0 : active ? ACTIVE_MS : IDLE_MS);
	n = read_ring(l);
	chan_receive(l->facts, on_fact, l);
	now = clock_mono();
	watch_stall(l, n, now);
	l->more = n == BUDGET;
	if (n)
		l->last_record = now;
	if (now > pipeline_now(l->pipeline) + TICK_NS) {
		const struct es_head tick = { .type = ES_REC_TICK,
					      .size = sizeof(tick),
					      .time = now };

		pipeline_record(l->pipeline, &tick);
	}
}

void line_drain(struct line *l)
{
	uint64_t give_up = clock_mono() + STALL_NS;
	int n;

	do {
		n = read_ring(l);
	} while (n > 0 || (ring_waiting(l->ring) && clock_mono() < give_up));
	chan_receive(l->facts, on_fact, l);
}
