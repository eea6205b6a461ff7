/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_HEARD_H
#define EARSHOT_APP_HEARD_H

/* heard - what each process gave besides its libraries' bytes, for explain. */
#include <linux/types.h>

#include "earshot/abi.h"
#include "model/call.h"
#include "stream/conn.h"

/* Processes, and open streams, that are told apart; more are left out. */
#define HEARD_MAX 16384

struct heard_sum {
	uint64_t connections;	    /* plain, that speak HTTP */
	uint64_t bytes[2];	    /* that passed them, by enum es_dir, once they have ended */
	uint64_t models, mcp, http; /* calls */
};

struct heard;

/* 0 or -ENOMEM. */
int heard_new(struct heard **ret);
void heard_free(struct heard *h);

/* What a stream speaks was decided; said of one stream again, it counts once. */
void heard_stream(struct heard *h, const struct conn *conn);
/* ES_REC_CLOSE, ES_FACT_SETTLE. */
void heard_close(struct heard *h, const struct es_close *c);
void heard_call(struct heard *h, const struct call *call);

/* Of a process; all zero when it gave nothing. */
struct heard_sum heard_of(const struct heard *h, uint32_t tgid);

#endif /* EARSHOT_APP_HEARD_H */
