/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_CONNS_H
#define EARSHOT_STREAM_CONNS_H

/*
 * conns - what the files behind conn.h share: conn.c puts records in order and begins and ends
 * streams, give.c finds out what they speak and hands them on.
 */
#include "earshot/stats.h"
#include "stream/table.h"

struct conns {
	struct conns_opts opts;
	struct conns_totals totals;
	struct table table;
	size_t early;	    /* bytes kept for holes */
	struct list recent; /* longest silent first */
	struct list ending; /* first to end first */
	struct list ended;  /* first to be forgotten first */
	struct list holes;  /* first to be given up first */
};

static inline void conns_lose(struct conns *c, enum es_stat cause, uint64_t bytes)
{
	stat_add(c->opts.stats, cause, bytes);
}

static inline void conns_say_decided(struct conns *c, const struct stream *s)
{
	if (c->opts.decided)
		c->opts.decided(c->opts.decided_ctx, &s->conn);
}

/* The next bytes of a direction; the next bytes of it that are lost. */
void conns_give(struct conns *c, struct stream *s, enum conn_dir dir, struct sv bytes,
		uint64_t time);
void conns_give_gap(struct conns *c, struct stream *s, enum conn_dir dir, uint64_t count,
		    uint64_t time, enum es_stat cause);
/* The end of the stream, as s->why and s->end_time tell it. */
void conns_give_end(struct conns *c, struct stream *s);

#endif /* EARSHOT_STREAM_CONNS_H */
