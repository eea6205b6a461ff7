// SPDX-License-Identifier: Apache-2.0
/* h2_gap - what lost bytes may have held, and what of it is known. */
#include "exchange/h2_in.h"

void h2_add_missed(struct h2 *h, uint32_t id)
{
	uint32_t from = h->newest + 2;

	if (h->missed && h->newest && id > from) {
		/* They may have been answered in what was lost the other way. */
		h2_half_of(h, EX_RESPONSE)->torn |= h2_half_of(h, EX_RESPONSE)->gapped;
		for (; from < id && id - from <= 2 * H2_MISSED_MAX; from += 2)
			h2_add_headless(h, from);
	}
	h->missed = false;
}

/* A stream that may have lost some of them: how many is known when it is the only one. */
void h2_on_gap(void *ctx, uint64_t count)
{
	struct h2_half *half = ctx;
	struct h2 *h = half->h2;
	enum ex_side side = h2_side_of(half);
	uint32_t open = 0;

	half->gapped = true;
	h->missed |= side == EX_REQUEST;
	/* What was open when it was joined is not known. */
	half->torn |= h->conn->late;
	for (uint32_t i = 0; i < h->count; i++)
		open += !h->streams[i].round->ended[side];
	for (uint32_t i = 0; i < h->count; i++) {
		struct h2_stream *s = &h->streams[i];

		if (s->round->ended[side])
			continue;
		s->unsure[side] = true;
		half->torn |= side == EX_RESPONSE && !s->head[side];
		round_gap(s->round, side, open == 1 ? count : 0, false);
	}
	if (!open)
		half->pending += count;
}

/*
 * A header block is the head of a message or its trailers, and these end it. So none was lost when
 * each stream that could have had one has been heard of since, no answer was due, and no request
 * is missing in the row of their numbers, which only ever grow (RFC 9113 section 5.1.1). Pushes,
 * which no server of an API makes, count as none.
 */
bool h2_on_intact(void *ctx, uint32_t stream)
{
	struct h2_half *half = ctx;
	struct h2 *h = half->h2;
	enum ex_side side = h2_side_of(half);
	bool torn = half->torn;

	half->torn = false;
	if (torn || (side == EX_RESPONSE && h->missed))
		return false;
	if (side == EX_REQUEST && !h2_find(h, stream) && stream != h->asked + 2)
		return false;
	for (uint32_t i = 0; i < h->count; i++) {
		if (h->streams[i].unsure[side] && h->streams[i].id != stream)
			return false;
	}
	return true;
}

void h2_on_skipped(void *ctx, uint64_t count)
{
	struct h2_half *half = ctx;
	struct h2 *h = half->h2;

	h2_lose(h, h->conn->late && !half->gapped ? ES_U_JOINED : ES_U_RESYNC, count);
}

void h2_on_broken(void *ctx, const char *why)
{
	struct h2_half *half = ctx;

	(void)why;
	half->gapped = true;
	h2_lose(half->h2, ES_U_PROTO_ERROR, 0);
}

void h2_add_unseen(struct h2 *h)
{
	uint64_t *lost = &h2_half_of(h, EX_RESPONSE)->pending;
	struct h2_stream *s;

	if (h->number || (!h2_half_of(h, EX_REQUEST)->pending && !*lost))
		return;
	s = h2_add_headless(h, 1);
	if (s && *lost)
		round_gap(s->round, EX_RESPONSE, *lost, false);
}
