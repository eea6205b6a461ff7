// SPDX-License-Identifier: Apache-2.0
/* Connections that are HTTP/2 from the first byte that is seen of them. */
#include "earshot/stats.h"
#include "exchange/h2.h"
#include "exchange/round.h"

static void on_open(void *ctx, struct conn *conn)
{
	const bool found[2] = { conn->late, conn->late };

	conn->user = h2_open(ctx, conn, found);
}

static bool on_bytes(void *ctx, struct conn *conn, enum conn_dir dir, struct sv bytes,
		     uint64_t time)
{
	struct pairs *pairs = ctx;

	if (conn->user)
		h2_bytes(conn->user, dir, bytes, time);
	else
		stat_add(pairs->opts.stats, ES_U_CALLS_FULL, bytes.len);
	return conn->user;
}

static void on_gap(void *ctx, struct conn *conn, enum conn_dir dir, uint64_t count, uint64_t time)
{
	(void)ctx;
	if (conn->user)
		h2_gap(conn->user, dir, count, time);
}

static void on_close(void *ctx, struct conn *conn, enum conn_end why, uint64_t time)
{
	(void)ctx;
	if (conn->user)
		h2_close(conn->user, why, time);
	conn->user = NULL;
}

const struct conn_sink h2_sink = {
	.open = on_open,
	.bytes = on_bytes,
	.gap = on_gap,
	.close = on_close,
};
