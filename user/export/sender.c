// SPDX-License-Identifier: Apache-2.0
#include "export/sender.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

static void on_control(void *ctx, struct sv message)
{
	struct sender *s = ctx;

	if (message.len != sizeof(s->deadline))
		return;
	memcpy(&s->deadline, message.p, sizeof(s->deadline));
	s->stopping = true;
}

uint64_t sender_left(const struct sender *s)
{
	uint64_t now = clock_mono();

	if (!s->stopping)
		return UINT64_MAX;
	return s->deadline > now ? s->deadline - now : 0;
}

bool sender_alive(struct sender *s)
{
	chan_receive(s->control, on_control, s);
	return sender_left(s) > 0;
}

static int poll_ms(uint64_t ns)
{
	uint64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);

	return ms > 60000 ? 60000 : (int)ms;
}

int sender_wait(struct sender *s, int fd, short events, uint64_t ns)
{
	uint64_t end = clock_mono() + ns;

	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = chan_fd(s->control), .events = POLLIN },
			{ .fd = fd, .events = events },
		};
		uint64_t now, left;

		if (!sender_alive(s))
			return -ETIMEDOUT;
		now = clock_mono();
		if (now >= end)
			return 0;
		left = sender_left(s);
		if (poll(fds, 2, poll_ms(end - now < left ? end - now : left)) < 0 &&
		    errno != EINTR)
			return -ETIMEDOUT;
		if (fds[1].revents)
			return 1;
	}
}

void sender_trouble(struct sender *s, const char *fmt, ...)
{
	char *text = s->result.last_error;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(s->result.last_error), fmt, ap);
	va_end(ap);
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			*text = '?';
	}
}

/* Cumulative, so that one that finds no room is made up for by the next. */
static void tell(struct sender *s)
{
	chan_send(s->results, (struct sv){ (const char *)&s->result, sizeof(s->result) });
}

static void on_request(void *ctx, struct sv message)
{
	struct sender *s = ctx;
	struct sender_request head;

	memcpy(&head, message.p, sizeof(head));
	if (sender_alive(s))
		s->dest->send(s->state, s, sv_skip(message, sizeof(head)), head.spans);
	else
		s->result.failed += head.spans;
	tell(s);
}

void *sender_run(void *arg)
{
	struct sender *s = arg;

	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = chan_fd(s->control), .events = POLLIN },
			{ .fd = chan_fd(s->data), .events = POLLIN },
		};
		/* Looked at first: what was put in before the end was asked for still goes. */
		bool last = !sender_alive(s) || s->stopping;

		chan_receive(s->data, on_request, s);
		if (last)
			return NULL;
		/* Sending may have read that the end is asked for: nothing would wake us then. */
		if (!s->stopping)
			poll(fds, 2, -1);
	}
}
