/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_DIALECT_H
#define EARSHOT_DIALECT_DIALECT_H

/*
 * dialect - what a provider means by an exchange. Consumes exchanges, finds out which API
 * they speak (route.h), reads requests and answers by that API's field tables, and hands
 * each finished model call to one sink.
 *
 *	dialect_new(&d, &opt, sink, ctx);
 *	exchange layer <- &dialect_exchange_ops, d
 *
 * Where the path says nothing, bodies are looked at: a request without an API is kept for its
 * first 4 KiB, and its answer must show the same API. A WebSocket gives a call for each turn.
 *
 * Memory: one reader per open request or unstreamed answer, one arena per model call
 * (bounded, see model/call.h), nothing per event. The tables of an API are compiled when its
 * first call comes.
 */
#include "exchange/exchange.h"
#include "model/call.h"

/* Who answers at a host, in addition to what is known. */
struct dialect_host {
	const char *host;     /* one '*' in it stands for any text */
	const char *path;     /* prefix; "": any */
	const char *provider; /* a value of gen_ai.provider.name */
};

struct dialect_options {
	bool want_content; /* else message text is skipped, not copied */
	/* Looked at first, in order. Borrowed: calls point to their provider. */
	const struct dialect_host *hosts;
	size_t host_count;
};

/* The call is the sink's from then on: call_free(). Its outcome and times are final. */
typedef void dialect_call_fn(void *ctx, struct call *call);

/* One count per exchange that ended. */
struct dialect_stats {
	uint64_t calls;	      /* handed to the sink */
	uint64_t incomplete;  /* of those, with any loss */
	uint64_t server_role; /* received, not sent, by the watched process: no span */
	uint64_t other_api;   /* a model API, but no inference (counting, batches, listings) */
	uint64_t unread_api;  /* of a model host, and no dialect reads it yet */
	uint64_t not_model;   /* other HTTP traffic */
	uint64_t no_memory;   /* model calls not followed: out of memory */
	uint64_t json_errors; /* bodies of model calls that are no JSON */
	uint64_t arena_full;  /* model calls with fields left out */
};

struct dialect;

/* Returns 0 or -ENOMEM. */
int dialect_new(struct dialect **ret, const struct dialect_options *opt, dialect_call_fn *fn,
		void *ctx);

/* Takes NULL. Every exchange must have ended before. */
void dialect_free(struct dialect *d);

const struct dialect_stats *dialect_stats(const struct dialect *d);

/* ctx is a struct dialect. */
extern const struct exchange_ops dialect_exchange_ops;

#endif /* EARSHOT_DIALECT_DIALECT_H */
