// SPDX-License-Identifier: Apache-2.0
#include "app/judge.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "resolve/cache.h"

struct question {
	struct question *next;
	int fd;
	void *tag;
	struct tls_verdict *verdict; /* the answer */
};

struct queue {
	struct question *first, **last;
};

struct judge {
	enum return_side side;
	struct cache *kept; /* verdicts of earlier runs; NULL: none are kept */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct queue asked, answered;
	int ready; /* eventfd */
	bool stop, busy;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_put(struct queue *q, struct question *x)
{
	x->next = NULL;
	*q->last = x;
	q->last = &x->next;
}

static struct question *queue_take(struct queue *q)
{
	struct question *x = q->first;

	if (x)
		q->first = x->next;
	if (!q->first)
		q->last = &q->first;
	return x;
}

/* Verdicts are no secret and no harm: without a folder they are found again. */
static void open_kept(struct judge *j)
{
	const char *home = geteuid() ? getenv("XDG_CACHE_HOME") : "/var/cache";
	const char *below = "";
	char folder[4096];

	if (!home) {
		home = getenv("HOME");
		below = "/.cache";
	}
	if (home && home[0] == '/' &&
	    (size_t)snprintf(folder, sizeof(folder), "%s%s/earshot", home, below) < sizeof(folder))
		(void)cache_open(&j->kept, folder);
}

static struct tls_verdict *verdict_on(const struct judge *j, int fd)
{
	struct tls_verdict *v = calloc(1, sizeof(*v));

	if (v && (cache_resolve(j->kept, fd, j->side, v, NULL) || !v->count)) {
		free(v);
		return NULL;
	}
	return v;
}

static void *work(void *arg)
{
	struct judge *j = arg;
	const uint64_t one = 1;
	struct question *x;

	pthread_mutex_lock(&j->lock);
	while (!j->stop) {
		x = queue_take(&j->asked);
		if (!x) {
			pthread_cond_wait(&j->more, &j->lock);
			continue;
		}
		j->busy = true;
		pthread_mutex_unlock(&j->lock);
		x->verdict = verdict_on(j, x->fd);
		pthread_mutex_lock(&j->lock);
		j->busy = false;
		queue_put(&j->answered, x);
		if (write(j->ready, &one, sizeof(one)) < 0)
			j->stop = true;
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

int judge_new(struct judge **ret, enum return_side side)
{
	struct judge *j = calloc(1, sizeof(*j));
	int err;

	if (!j)
		return -ENOMEM;
	j->side = side;
	queue_init(&j->asked);
	queue_init(&j->answered);
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->more, NULL);
	j->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = j->ready < 0 ? -errno : -pthread_create(&j->thread, NULL, work, j);
	if (err) {
		if (j->ready >= 0)
			close(j->ready);
		free(j);
		return err;
	}
	open_kept(j);
	*ret = j;
	return 0;
}

static void drop_all(struct queue *q)
{
	struct question *x;

	while ((x = queue_take(q))) {
		free(x->verdict);
		free(x);
	}
}

void judge_free(struct judge *j)
{
	bool busy;

	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	busy = j->busy;
	pthread_cond_signal(&j->more);
	pthread_mutex_unlock(&j->lock);
	if (busy) {
		/* Nobody waits for the answer, and the program ends: what is left goes with it. */
		pthread_detach(j->thread);
		return;
	}
	pthread_join(j->thread, NULL);
	drop_all(&j->asked);
	drop_all(&j->answered);
	pthread_cond_destroy(&j->more);
	pthread_mutex_destroy(&j->lock);
	close(j->ready);
	cache_close(j->kept);
	free(j);
}

struct tls_verdict *judge_now(struct judge *j, int fd, struct sv path)
{
	return resolve_worth(path) ? verdict_on(j, fd) : NULL;
}

int judge_ask(struct judge *j, int fd, void *tag)
{
	struct question *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->fd = fd;
	x->tag = tag;
	pthread_mutex_lock(&j->lock);
	queue_put(&j->asked, x);
	pthread_cond_signal(&j->more);
	pthread_mutex_unlock(&j->lock);
	return 0;
}

int judge_fd(const struct judge *j)
{
	return j->ready;
}

bool judge_answer(struct judge *j, void **ret_tag, struct tls_verdict **ret)
{
	struct question *x;
	uint64_t count;

	pthread_mutex_lock(&j->lock);
	x = queue_take(&j->answered);
	if (!x && read(j->ready, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_unlock(&j->lock);
	if (!x)
		return false;
	*ret_tag = x->tag;
	*ret = x->verdict;
	free(x);
	return true;
}
