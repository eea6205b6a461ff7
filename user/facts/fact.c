// SPDX-License-Identifier: Apache-2.0
#include "facts/fact.h"

#include <errno.h>

int fact_begin(struct buf *b, uint16_t type, uint64_t time, uint32_t tgid, uint64_t proc_start)
{
	struct es_fact f = { .head = { .type = type, .time = time, .tgid = tgid, .tid = tgid },
			     .proc_start = proc_start };

	buf_reset(b);
	return buf_add(b, (struct sv){ (const char *)&f, sizeof(f) });
}

int fact_add(struct buf *b, uint16_t id, struct sv value)
{
	static const char zeros[8];
	struct es_field field = { .id = id };
	int err;

	if (value.len == 0)
		return 0;
	value = sv_cut(value, FACT_VALUE_MAX);
	field.len = (uint32_t)value.len;
	err = buf_add(b, (struct sv){ (const char *)&field, sizeof(field) });
	if (!err)
		err = buf_add(b, value);
	if (!err)
		err = buf_add(b, (struct sv){ zeros, (8 - value.len % 8) % 8 });
	return err;
}

int fact_add_u32(struct buf *b, uint16_t id, uint32_t value)
{
	return fact_add(b, id, (struct sv){ (const char *)&value, sizeof(value) });
}

int fact_add_u64(struct buf *b, uint16_t id, uint64_t value)
{
	return fact_add(b, id, (struct sv){ (const char *)&value, sizeof(value) });
}

int fact_end(struct buf *b)
{
	uint32_t size = (uint32_t)b->len;

	if (b->failed || b->len < sizeof(struct es_fact))
		return -ENOMEM;
	memcpy(b->p + offsetof(struct es_head, size), &size, sizeof(size));
	return 0;
}

int fact_next(const struct es_fact *f, size_t *at, uint16_t *ret_id, struct sv *ret_value)
{
	const char *base = (const char *)f + sizeof(*f);
	struct es_field field;
	size_t room, padded;

	if (f->head.size < sizeof(*f))
		return -EBADMSG;
	room = f->head.size - sizeof(*f);
	if (*at == room)
		return 0;
	if (*at > room || room - *at < sizeof(field))
		return -EBADMSG;
	memcpy(&field, base + *at, sizeof(field));
	padded = ((size_t)field.len + 7) & ~(size_t)7;
	if (padded > room - *at - sizeof(field))
		return -EBADMSG;
	*ret_id = field.id;
	*ret_value = (struct sv){ base + *at + sizeof(field), field.len };
	*at += sizeof(field) + padded;
	return 1;
}
