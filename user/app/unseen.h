/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_UNSEEN_H
#define EARSHOT_APP_UNSEEN_H

/*
 * unseen - keeps us honest: which encrypted connections nobody read (audit/blind.h), and
 * whether what a search found is what it seemed. A library found by what its code does is
 * trusted once one of its streams speaks a protocol; when the first ones speak none, its
 * probes are taken away.
 */
#include "audit/blind.h"
#include "dialect/dialect.h"
#include "earshot/abi.h"
#include "stream/conn.h"

/* This many streams of no known protocol, and none of one: the finding was wrong. */
#define UNSEEN_DOUBTFUL_MAX 8

struct unseen_opts {
	struct facts *facts;		  /* borrowed */
	bool all_hosts;			  /* blind spots to any host, not only those of models */
	const struct dialect_host *hosts; /* model providers of the user's own; borrowed */
	size_t host_count;
	void (*detach)(void *ctx, uint32_t tgid, uint32_t library); /* NULL: nobody to tell */
	void *detach_ctx;
};

struct unseen;

int unseen_new(struct unseen **ret, const struct unseen_opts *opts);
void unseen_free(struct unseen *u);

/* ES_REC_WIRE; sizes were checked. */
void unseen_wire(struct unseen *u, const struct es_wire *w, struct sv payload);
/* ES_REC_CLOSE, ES_FACT_SETTLE. */
void unseen_close(struct unseen *u, const struct es_close *c);
/* As conns_opts.decided. */
void unseen_decided(struct unseen *u, const struct conn *conn);
void unseen_tick(struct unseen *u, uint64_t now);
/* Nothing more comes. */
void unseen_stop(struct unseen *u);

/* Streams of HTTP on plain sockets. */
uint64_t unseen_plain(const struct unseen *u);

const struct blinds *unseen_blinds(const struct unseen *u);

#endif /* EARSHOT_APP_UNSEEN_H */
