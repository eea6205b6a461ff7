// SPDX-License-Identifier: Apache-2.0
#include "stream/reasm.h"

#include <errno.h>
#include <stdlib.h>

int reasm_add(struct reasm *r, uint64_t start, uint64_t offset, uint64_t time, struct sv bytes)
{
	struct reasm_piece *piece = malloc(sizeof(*piece) + bytes.len), **at = &r->head;

	if (!piece)
		return -ENOMEM;
	while (*at && (*at)->start <= start)
		at = &(*at)->next;
	piece->next = *at;
	piece->start = start;
	piece->offset = offset;
	piece->time = time;
	piece->len = bytes.len;
	if (bytes.len)
		memcpy(piece->bytes, bytes.p, bytes.len);
	*at = piece;
	return 0;
}

struct reasm_piece *reasm_take(struct reasm *r, uint64_t next)
{
	struct reasm_piece *piece = r->head;

	if (!piece || piece->start > next)
		return NULL;
	r->head = piece->next;
	return piece;
}
