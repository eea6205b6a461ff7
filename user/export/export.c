// SPDX-License-Identifier: Apache-2.0
#include "export/export.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "export/sender.h"

/*
 * What may wait for a slow receiver, encoded. The bound in spans is the user's; this one
 * keeps large spans from taking the host's memory.
 */
#define QUEUE_BYTES_MAX (8u * 1024 * 1024)

struct exporter {
	struct sender sender;
	pthread_t thread;
	struct otlp_batch *batch;
	struct buf request;
	enum otlp_format format;
	size_t batch_max;
	size_t queue_max;
	uint64_t delay;	 /* ns */
	uint64_t oldest; /* when the batch got its first span */
	bool wait;
	uint64_t taken;
	uint64_t dropped;
	struct export_result result; /* the newest that the sender told */
};

static const struct destination *destination_of(const struct export_options *o)
{
	return o->file ? &destination_file : &destination_otlp;
}

/* Signals are the line's; a reader that went away is an error here, not a signal. */
static int start_thread(struct exporter *x)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&x->thread, NULL, sender_run, &x->sender);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

static void exporter_free(struct exporter *x)
{
	if (x->sender.state)
		x->sender.dest->close(x->sender.state);
	chan_free(x->sender.data);
	chan_free(x->sender.control);
	chan_free(x->sender.results);
	otlp_batch_free(x->batch);
	buf_done(&x->request);
	free(x);
}

static int open_channels(struct sender *s)
{
	int err = chan_new(&s->data, QUEUE_BYTES_MAX);

	if (!err)
		err = chan_new(&s->control, 1024);
	if (!err)
		err = chan_new(&s->results, 64 * sizeof(struct export_result));
	return err;
}

int exporter_new(struct exporter **ret, const struct export_options *o, const char *version,
		 char *error)
{
	struct exporter *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	error[0] = '\0';
	x->format = o->file ? OTLP_JSON : o->format;
	x->batch_max = o->batch_max ? o->batch_max : 1;
	x->queue_max = o->queue_max > x->batch_max ? o->queue_max : x->batch_max;
	x->delay = o->delay_ms * NS_PER_MS;
	x->wait = o->wait;
	x->sender.dest = destination_of(o);
	buf_init(&x->request, 0);
	err = otlp_batch_new(&x->batch, version);
	if (!err)
		err = open_channels(&x->sender);
	if (!err)
		err = x->sender.dest->open(&x->sender.state, o, version, error);
	if (!err)
		err = start_thread(x);
	if (err) {
		exporter_free(x);
		return err;
	}
	*ret = x;
	return 0;
}

const char *exporter_name(const struct exporter *x)
{
	return x->sender.dest->name;
}

static void on_result(void *ctx, struct sv message)
{
	struct exporter *x = ctx;

	memcpy(&x->result, message.p, sizeof(x->result));
}

/* Spans whose fate is not known yet. */
static uint64_t waiting(struct exporter *x)
{
	const struct export_result *r = &x->result;

	chan_receive(x->sender.results, on_result, x);
	return x->taken - x->dropped - r->sent - r->rejected - r->refused - r->failed;
}

static int put_request(struct exporter *x)
{
	struct sv request = buf_sv(&x->request);

	if (x->wait)
		return chan_send_wait(x->sender.data, request);
	return waiting(x) > x->queue_max ? -ENOSPC : chan_send(x->sender.data, request);
}

static void flush(struct exporter *x)
{
	size_t spans = otlp_batch_count(x->batch);
	const struct sender_request head = { spans };
	int err;

	if (!spans)
		return;
	buf_reset(&x->request);
	err = buf_add(&x->request, (struct sv){ (const char *)&head, sizeof(head) });
	if (!err)
		err = otlp_batch_encode(x->batch, x->format, &x->request);
	if (!err)
		err = put_request(x);
	if (err)
		x->dropped += spans;
	otlp_batch_reset(x->batch);
}

void exporter_add(struct exporter *x, const struct resource *r, const struct span *s, uint64_t now)
{
	int err = otlp_batch_add(x->batch, r, s);

	if (err == -ENOSPC) {
		flush(x);
		err = otlp_batch_add(x->batch, r, s);
	}
	x->taken++;
	if (err) {
		x->dropped++;
		return;
	}
	if (otlp_batch_count(x->batch) == 1)
		x->oldest = now;
	if (otlp_batch_count(x->batch) >= x->batch_max || !x->delay)
		flush(x);
}

void exporter_tick(struct exporter *x, uint64_t now)
{
	if (otlp_batch_count(x->batch) && now - x->oldest >= x->delay)
		flush(x);
}

void exporter_stats(struct exporter *x, struct export_stats *ret)
{
	uint64_t left = waiting(x);
	const struct export_result *r = &x->result;

	*ret = (struct export_stats){
		.taken = x->taken,
		.sent = r->sent,
		.rejected = r->rejected,
		.refused = r->refused,
		.failed = r->failed,
		.dropped = x->dropped,
		.waiting = left,
		.requests = r->requests,
		.retries = r->retries,
	};
	memcpy(ret->last_error, r->last_error, sizeof(ret->last_error));
}

void exporter_close(struct exporter *x, unsigned int deadline_ms, struct export_stats *ret)
{
	uint64_t deadline = clock_mono() + deadline_ms * NS_PER_MS;

	flush(x);
	chan_send_wait(x->sender.control, (struct sv){ (const char *)&deadline, sizeof(deadline) });
	pthread_join(x->thread, NULL);
	/* The thread is gone: its own count is the last word. */
	chan_receive(x->sender.results, on_result, x);
	x->result = x->sender.result;
	if (ret)
		exporter_stats(x, ret);
	exporter_free(x);
}
