/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_READER_WEB_H
#define EARSHOT_READER_WEB_H

/*
 * web - HTTP that no other reader has claimed: one call each, with method, place, status,
 * sizes and times, and nothing of what was said. Rules say which, by host.
 */
#include "exchange/exchange.h"
#include "model/call.h"

/* A host pattern (one '*' stands for any text), and how many of its calls are told. */
struct web_rule {
	struct sv host;
	double rate; /* 0 to 1 */
};

struct web_options {
	const struct web_rule *rules; /* borrowed; the first that fits counts, none: all */
	size_t rule_count;
	void (*fn)(void *ctx, struct call *call); /* the call is its own */
	void *ctx;
};

struct web_stats {
	uint64_t calls;	      /* handed on */
	uint64_t sampled_out; /* by rule */
	uint64_t no_memory;
};

struct web;

/* Returns 0 or -ENOMEM. */
int web_new(struct web **ret, const struct web_options *opt);
void web_free(struct web *w);
const struct web_stats *web_stats(const struct web *w);

/* ctx: the struct web. Must come behind all other readers. */
extern const struct exchange_ops web_exchange_ops;

#endif /* EARSHOT_READER_WEB_H */
