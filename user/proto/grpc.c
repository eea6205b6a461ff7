// SPDX-License-Identifier: Apache-2.0
#include "proto/grpc.h"

#define FLAG_COMPRESSED 0x01
#define FLAG_TRAILERS	0x80 /* gRPC-Web */

void grpc_init(struct grpc *g)
{
	*g = (struct grpc){ 0 };
}

static void head_done(struct grpc *g)
{
	uint64_t len = (uint64_t)g->head[1] << 24 | (uint64_t)g->head[2] << 16 |
		       (uint64_t)g->head[3] << 8 | g->head[4];

	g->head_len = 0;
	if (g->head[0] & ~(FLAG_COMPRESSED | FLAG_TRAILERS)) {
		g->lost = g->broken = true;
		return;
	}
	g->left = len;
	if (g->head[0] & FLAG_TRAILERS)
		return;
	g->messages++;
	g->compressed += g->head[0] & FLAG_COMPRESSED;
	if (len > g->largest)
		g->largest = len;
}

static void pass(struct grpc *g, uint64_t n)
{
	g->left -= n;
	if (!(g->head[0] & FLAG_TRAILERS))
		g->bytes += n;
}

void grpc_feed(struct grpc *g, struct sv in)
{
	while (in.len && !g->lost) {
		if (g->left) {
			struct sv part = sv_cut(in, g->left < in.len ? (size_t)g->left : in.len);

			pass(g, part.len);
			in = sv_skip(in, part.len);
			continue;
		}
		g->head[g->head_len++] = (uint8_t)in.p[0];
		in = sv_skip(in, 1);
		if (g->head_len == sizeof(g->head))
			head_done(g);
	}
}

void grpc_gap(struct grpc *g, uint64_t count)
{
	if (!count || g->lost)
		return;
	if (g->left && count <= g->left)
		pass(g, count);
	else
		g->lost = true;
}

bool grpc_whole(const struct grpc *g)
{
	return !g->lost && !g->left && !g->head_len;
}
