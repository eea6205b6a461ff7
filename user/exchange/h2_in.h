/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_H2_IN_H
#define EARSHOT_EXCHANGE_H2_IN_H

/*
 * h2_in - what the files behind h2.h share: h2.c makes exchanges of the frames that come,
 * h2_gap.c says what lost bytes mean for them.
 */
#include "earshot/stats.h"
#include "exchange/h2.h"
#include "exchange/round.h"
#include "proto/http2.h"

/* Streams that ended lately: what still comes on them is no new call. */
#define H2_GONE_MAX 32

struct h2_stream {
	uint32_t id;
	bool head[2];	/* enum ex_side: it came, or was given up */
	bool unsure[2]; /* its end may be among bytes that are lost */
	bool blind;	/* speaks something that is not read */
	uint64_t heard; /* time of its last frame */
	struct round *round;
};

struct h2;

struct h2_half {
	struct h2 *h2;
	struct http2 http;
	uint64_t pending; /* lost bytes that belong to no call yet */
	bool gapped;	  /* frames are lost */
	bool torn;	  /* ... and a header block may be among them: it cannot be disproved */
};

/* One connection. */
struct h2 {
	struct pairs *pairs;
	struct conn *conn;
	struct h2_half half[2]; /* enum conn_dir */
	struct h2_stream *streams;
	struct round *first;	   /* that of the request which came before the upgrade */
	uint32_t count, cap, last; /* last: index of the one found last */
	uint32_t gone[H2_GONE_MAX];
	uint32_t gone_next;
	uint32_t newest; /* highest stream number of a request */
	uint32_t asked;	 /* ... whose head came */
	uint64_t number;
	uint64_t now;
	uint8_t why; /* enum conn_end, once closing */
	bool closing;
	bool missed; /* bytes were lost while a request may have begun */
	bool hosts;  /* requests name several */
	char *host;  /* the one that they name; NULL: none yet */
};

struct h2_stream *h2_find(struct h2 *h, uint32_t id);
/* One whose request was not seen. NULL: there is no room. */
struct h2_stream *h2_add_headless(struct h2 *h, uint32_t id);

/* Requests that stood in lost bytes, told by the numbers that were left out up to id. */
void h2_add_missed(struct h2 *h, uint32_t id);
/* At the end, where bytes were lost and nothing else came: they held at least one call. */
void h2_add_unseen(struct h2 *h);

/* Of struct http2_ops; ctx: the struct h2_half. */
void h2_on_gap(void *ctx, uint64_t count);
bool h2_on_intact(void *ctx, uint32_t stream);
void h2_on_skipped(void *ctx, uint64_t count);
void h2_on_broken(void *ctx, const char *why);

static inline enum ex_side h2_side_of(const struct h2_half *half)
{
	const struct h2 *h = half->h2;

	return half == &h->half[h->conn->request_dir] ? EX_REQUEST : EX_RESPONSE;
}

static inline struct h2_half *h2_half_of(struct h2 *h, enum ex_side side)
{
	return &h->half[side == EX_REQUEST ? h->conn->request_dir : !h->conn->request_dir];
}

static inline void h2_lose(const struct h2 *h, enum es_stat cause, uint64_t bytes)
{
	stat_add(h->pairs->opts.stats, cause, bytes);
}

#endif /* EARSHOT_EXCHANGE_H2_IN_H */
