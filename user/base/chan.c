// SPDX-License-Identifier: Apache-2.0
#include "base/chan.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct node {
	struct node *next;
	size_t len;
	_Alignas(8) char data[];
};

struct chan {
	pthread_mutex_t lock;
	pthread_cond_t room;
	struct node *first, **last;
	size_t bytes, max;
	int event;
};

int chan_new(struct chan **ret, size_t max_bytes)
{
	struct chan *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->event < 0) {
		int err = -errno;

		free(c);
		return err;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->room, NULL);
	c->last = &c->first;
	c->max = max_bytes;
	*ret = c;
	return 0;
}

void chan_free(struct chan *c)
{
	if (!c)
		return;
	while (c->first) {
		struct node *n = c->first;

		c->first = n->next;
		free(n);
	}
	close(c->event);
	pthread_cond_destroy(&c->room);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A lone message larger than the bound still goes through. */
static bool has_room(const struct chan *c, size_t len)
{
	return c->bytes == 0 || (len <= c->max && c->bytes <= c->max - len);
}

static int send_message(struct chan *c, struct sv m, bool wait)
{
	struct node *n = malloc(sizeof(*n) + m.len);
	const uint64_t one = 1;

	if (!n)
		return -ENOMEM;
	n->next = NULL;
	n->len = m.len;
	if (m.len)
		memcpy(n->data, m.p, m.len);
	pthread_mutex_lock(&c->lock);
	while (wait && !has_room(c, m.len))
		pthread_cond_wait(&c->room, &c->lock);
	if (!has_room(c, m.len)) {
		pthread_mutex_unlock(&c->lock);
		free(n);
		return -ENOSPC;
	}
	*c->last = n;
	c->last = &n->next;
	c->bytes += m.len;
	pthread_mutex_unlock(&c->lock);
	/* A full counter means the receiver has been told often enough. */
	if (write(c->event, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

int chan_send(struct chan *c, struct sv message)
{
	return send_message(c, message, false);
}

int chan_send_wait(struct chan *c, struct sv message)
{
	return send_message(c, message, true);
}

void chan_receive(struct chan *c, chan_fn *fn, void *ctx)
{
	struct node *n;
	uint64_t told;

	if (read(c->event, &told, sizeof(told)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&c->lock);
	n = c->first;
	c->first = NULL;
	c->last = &c->first;
	c->bytes = 0;
	pthread_cond_broadcast(&c->room);
	pthread_mutex_unlock(&c->lock);
	while (n) {
		struct node *next = n->next;

		fn(ctx, (struct sv){ n->data, n->len });
		free(n);
		n = next;
	}
}

int chan_fd(const struct chan *c)
{
	return c->event;
}
