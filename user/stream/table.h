/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_TABLE_H
#define EARSHOT_STREAM_TABLE_H

/* table - the streams of conn.h, found by their key or by their process, and in lists. */
#include "stream/conn.h"
#include "stream/reasm.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Of an entry: afterwards it is in no list. */
static inline void list_del(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

static inline void list_append(struct list *to, struct list *l)
{
	l->prev = to->prev;
	l->next = to;
	to->prev->next = l;
	to->prev = l;
}

#define list_entry(l, type, member) ((type *)(void *)((char *)(l)-offsetof(type, member)))

enum phase {
	PHASE_OPEN,
	PHASE_ENDING, /* its end is known; its final offsets may come */
	PHASE_ENDED,  /* the consumer was told; kept so that late final offsets find it */
};

/* One direction of a stream. */
struct side {
	uint64_t next; /* offset of the next byte */
	uint64_t captured;
	uint64_t lost;
	uint64_t ignored;
	uint64_t before;  /* offset of the first byte that was seen, or told of */
	uint64_t late;	  /* of lost: bytes that came after they were given up */
	uint64_t pre_gap; /* lost while the protocol was undecided */
	uint64_t held_time;
	uint8_t held_len;
	uint8_t ws_bits; /* what the feeds before this one had of WebSocket frames */
	bool seen;
	char held[DETECT_MAX]; /* first bytes, while they do not suffice to decide */
};

struct stream {
	struct conn conn; /* first: the consumer's view */
	struct side side[2];
	struct list recent; /* PHASE_OPEN, ENDING: by last use; ENDED: by end */
	struct list proc;   /* of one bucket of processes */
	struct list timer;  /* ENDING */
	struct list hole;   /* has early pieces */
	struct reasm early;
	uint64_t passed_over; /* bytes seen while undecided that said nothing */
	uint64_t end_time;
	uint64_t deadline; /* ENDING, ENDED: of the phase */
	uint64_t hole_deadline;
	uint8_t phase;
	uint8_t why; /* enum conn_end */
	uint8_t first_dir;
	struct conn_reader reader; /* that knows it; its sink NULL: none */
	bool settled;
};

#define PROC_BUCKETS 256

struct table {
	struct stream **slots; /* open addressing; NULL: free */
	size_t mask;
	size_t count;
	struct stream *last; /* found last */
	struct list procs[PROC_BUCKETS];
};

struct stream_key {
	uint32_t tgid;
	struct es_stream id;
};

/* Returns 0 or -ENOMEM. */
int table_init(struct table *t);
/* The streams must have been removed. */
void table_done(struct table *t);

struct stream *table_find(struct table *t, const struct stream_key *key);
/* Another stream of the same object: an older or newer generation. */
struct stream *table_find_sibling(struct table *t, const struct stream_key *key);

/* s->conn holds its key, and is not in the table. Returns 0 or -ENOMEM. */
int table_add(struct table *t, struct stream *s);
void table_remove(struct table *t, struct stream *s);

struct list *table_proc(struct table *t, uint32_t tgid);

#endif /* EARSHOT_STREAM_TABLE_H */
