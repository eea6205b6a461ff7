/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_CONN_H
#define EARSHOT_STREAM_CONN_H

/*
 * conn - all streams of all watched processes: puts their bytes in order, says what is
 * missing, finds out what they speak, and ends each of them exactly once.
 *
 * It is fed records (earshot/abi.h) and knows no clock but theirs. Every byte that a settled
 * stream passed is, exactly, one of: captured (handed on, or seen before the stream was ruled
 * out), lost, ignored (the kernel was told not to take it), before (passed before this table
 * knew the stream).
 */
#include <linux/types.h>

#include "base/stats.h"
#include "base/sv.h"
#include "earshot/abi.h"
#include "stream/detect.h"

/* A record further ahead waits this long for the hole before it to fill. */
#define CONN_HOLE_NS 100000000ull
/* A stream whose process is gone waits this long for its final offsets. */
#define CONN_SETTLE_NS 250000000ull
/* ... and is remembered this long, so that late final offsets are not taken for a new one. */
#define CONN_FORGET_NS 10000000000ull

/*
 * Bytes after which a stream that was joined in the middle, or has lost its start, counts as
 * unknown; one seen from its start is decided by DETECT_MAX bytes.
 */
#define CONN_UNKNOWN_AFTER (1u << 20)

enum conn_dir {
	CONN_WRITE = ES_DIR_WRITE, /* the watched process sent */
	CONN_READ = ES_DIR_READ,   /* the watched process received */
};

enum conn_proto {
	CONN_UNDECIDED,
	CONN_HTTP1,
	CONN_HTTP2,
	CONN_WEBSOCKET, /* from where it was joined on; upgraded ones stay what they were */
	CONN_TLS,	/* counted, not read */
	CONN_JSONRPC,	/* on standard input and output */
	CONN_UPGRADED,	/* was HTTP/1: counted from there on, not read */
	CONN_UNKNOWN,	/* counted, not read */
	CONN_UNSEEN,	/* ended undecided because the bytes that would tell were lost */
	CONN_PROTOS,
};

enum conn_end {
	CONN_FREED,   /* the process freed the object */
	CONN_EXIT,    /* the process ended */
	CONN_EXEC,    /* the process runs another program now */
	CONN_GONE,    /* ended unseen: settled without a close, or its address is in use again */
	CONN_EVICTED, /* the table was full and this stream was silent longest */
	CONN_STOPPED, /* earshot stops */
};

/* One stream, as its consumer sees it. Lives from open() to close(). */
struct conn {
	uint32_t tgid;
	uint64_t proc_start;
	uint64_t object;
	uint64_t birth;
	uint64_t t_open; /* of the first record, CLOCK_MONOTONIC ns */
	enum conn_proto proto;
	enum conn_dir request_dir; /* CONN_WRITE: the process is the client */
	bool late;		   /* was, or may have been, running when it was first seen */
	bool tls;
	uint32_t tid;	    /* the thread that passed the bytes which are being given */
	bool inexact;	    /* the gap that is being told of may be longer */
	uint8_t source;	    /* enum es_source */
	uint32_t library;   /* what was probed; 0: not known */
	uint64_t inode;	    /* of the socket; 0: not known */
	uint32_t peer_tgid; /* standard input and output: who is at the other end; 0: not known */
	/* The far end; family 0: not known (yet: it may come after open()). */
	uint16_t peer_family; /* AF_INET 2, AF_INET6 10 */
	uint16_t peer_port;
	uint8_t peer_addr[16];
	uint32_t socket; /* enum es_socket: at close(), who had hung up; else unknown */
	void *user;	 /* the consumer's */
};

/*
 * A consumer, of one or more protocols. Of an unseen stream it is given open, gap and close.
 * Bytes are views valid inside the call. time is of the record that held the bytes.
 */
struct conn_sink {
	void (*open)(void *ctx, struct conn *conn);
	/* Returns false when the rest of the stream is not worth taking (it was upgraded). */
	bool (*bytes)(void *ctx, struct conn *conn, enum conn_dir dir, struct sv bytes,
		      uint64_t time);
	/* count bytes are missing here, before the next bytes of this direction. */
	void (*gap)(void *ctx, struct conn *conn, enum conn_dir dir, uint64_t count, uint64_t time);
	void (*close)(void *ctx, struct conn *conn, enum conn_end why, uint64_t time);
};

/* sink NULL: nobody reads it, and its bytes are only counted. */
struct conn_reader {
	const struct conn_sink *sink; /* borrowed */
	void *ctx;
};

/* The kernel may stop taking this stream's bytes. Called once per stream ruled out. */
typedef void conn_ignore_fn(void *ctx, const struct conn *conn);

/* What a stream speaks was decided (conn->proto), or its socket became known after that. */
typedef void conn_decided_fn(void *ctx, const struct conn *conn);

struct conns_opts {
	size_t max_streams;	 /* 0: CONNS_STREAMS */
	size_t max_early;	 /* bytes kept for all holes together; 0: CONNS_EARLY */
	struct stat_pair *stats; /* ES_STAT_COUNT pairs; borrowed */
	/* Of CONN_HTTP1, HTTP2, JSONRPC and UNSEEN; no other is read. */
	struct conn_reader readers[CONN_PROTOS];
	conn_ignore_fn *ignore; /* may be NULL */
	void *ignore_ctx;
	conn_decided_fn *decided; /* may be NULL */
	void *decided_ctx;
};

#define CONNS_STREAMS 16384
#define CONNS_EARLY   (4u << 20)

/* Bytes, by direction. passed = captured + lost + ignored + before over settled streams. */
struct conns_totals {
	uint64_t opened;      /* streams */
	uint64_t open;	      /* of these, not ended */
	uint64_t settled;     /* of these, ended with final offsets */
	uint64_t mismatched;  /* of these, whose final offsets contradict their records */
	uint64_t captured[2]; /* of all streams */
	uint64_t lost[2];     /* of all streams, as far as known */
	uint64_t ignored[2];
	uint64_t before[2];
	uint64_t passed[2];    /* of settled streams */
	uint64_t unsettled[2]; /* captured + lost + ignored + before of ended, unsettled streams */
};

struct conns;

/* Returns 0 or -ENOMEM. */
int conns_new(struct conns **ret, const struct conns_opts *opts);
/* Closes nothing: conns_stop() does. */
void conns_free(struct conns *c);

/* ES_REC_DATA with its payload (rec->len bytes), ES_REC_GAP with none. */
void conns_data(struct conns *c, const struct es_data *rec, struct sv payload);
/* ES_REC_CLOSE, ES_FACT_SETTLE (by rec->head.type). */
void conns_close(struct conns *c, const struct es_close *rec);
void conns_peer(struct conns *c, const struct es_peer *rec);
/* The process ended, or runs another program: its streams end (final offsets may follow). */
void conns_proc_exit(struct conns *c, uint32_t tgid, uint64_t proc_start, uint64_t time);
void conns_proc_exec(struct conns *c, uint32_t tgid, uint64_t proc_start, uint64_t time);
/* Time passed: holes are given up, ended streams that are not settled end. */
void conns_tick(struct conns *c, uint64_t now);
/* Earshot ends: every open stream ends. Call after the last final offsets. */
void conns_stop(struct conns *c, uint64_t now);

const struct conns_totals *conns_totals(const struct conns *c);

#endif /* EARSHOT_STREAM_CONN_H */
