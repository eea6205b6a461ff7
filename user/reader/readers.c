// SPDX-License-Identifier: Apache-2.0
#include "reader/readers.h"

/* Calls one operation of every reader. */
#define EACH(call)                                                      \
	do {                                                            \
		const struct readers *rs = ctx;                         \
                                                                        \
		for (size_t i = 0; i < EX_READERS; i++) {               \
			const struct exchange_ops *ops = rs->by[i].ops; \
			void *reader = rs->by[i].ctx;                   \
                                                                        \
			if (ops)                                        \
				call;                                   \
		}                                                       \
	} while (0)

static void on_begin(void *ctx, struct exchange *ex)
{
	EACH(ops->begin(reader, ex));
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	EACH(ops->req_body(reader, ex, bytes));
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	EACH(ops->req_end(reader, ex));
}

static void on_resp_head(void *ctx, struct exchange *ex)
{
	EACH(ops->resp_head(reader, ex));
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	EACH(ops->resp_body(reader, ex, bytes, time));
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	EACH(ops->event(reader, ex, side, ev, time));
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	EACH(ops->gap(reader, ex, side));
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	EACH(ops->end(reader, ex, time));
}

const struct exchange_ops readers_exchange_ops = {
	.begin = on_begin,
	.req_body = on_req_body,
	.req_end = on_req_end,
	.resp_head = on_resp_head,
	.resp_body = on_resp_body,
	.event = on_event,
	.gap = on_gap,
	.end = on_end,
};
