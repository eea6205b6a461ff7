// SPDX-License-Identifier: Apache-2.0
#include "base/json_reader.h"

/* Values that were being handed out end here, and say that something is missing. */
static void break_values(struct json_reader *r)
{
	struct json_event ev = {
		.kind = JSON_STRING,
		.first = r->first,
		.last = true,
		.truncated = true,
		.index = json_index(r),
		.text = { r->scratch, r->scratch_len },
	};

	if (r->state == JSON_ST_STRING && r->mode == JSON_MODE_VALUE)
		json_emit(r, r->node, false, &ev);
	while (r->raws)
		json_raw_end(r, NULL);
}

void json_seek_begin(struct json_reader *r)
{
	break_values(r);
	r->after_gap = true;
	r->state = JSON_ST_SEEK;
	r->esc = 0;
	r->high = 0;
	r->str_cut.len = 0;
	r->raw_cut.len = 0;
	r->scratch_len = 0;
	/* What stands before the first quote is no key. */
	r->buf_len = 0;
	r->buf_cut = true;
	r->seek_last = '\0';
	r->seek_escaped = false;
}

void json_gap(struct json_reader *r)
{
	if (!r->err)
		json_seek_begin(r);
}

static const struct json_anchor *anchor_of(const struct json_reader *r, struct sv key)
{
	const struct json_schema *s = r->schema;

	for (size_t i = 0; i < s->anchor_count; i++) {
		if ((s->anchors[i].groups & r->groups) && sv_eq(s->anchors[i].key, key))
			return &s->anchors[i];
	}
	return NULL;
}

/*
 * Between two quotes, of which nobody knows whether they open or close a string: text that
 * is an anchor's key, with a colon behind it, is that key. Inside a string it would stand
 * between escaped quotes, and so have a backslash at its end.
 */
const char *json_seek(struct json_reader *r, const char *p, const char *end)
{
	const struct json_anchor *anchor = NULL;
	const char *quote = memchr(p, '"', (size_t)(end - p));
	const char *to = quote ? quote : end;

	json_buf_add(r, p, to, JSON_KEY_MAX);
	if (to > p)
		r->seek_last = to[-1];
	if (!quote)
		return end;
	if (!r->buf_cut && !r->seek_escaped)
		anchor = anchor_of(r, (struct sv){ r->buf, r->buf_len });
	r->seek_escaped = r->seek_last == '\\';
	r->seek_last = '"';
	r->buf_len = 0;
	r->buf_cut = false;
	if (anchor) {
		r->node = anchor->node;
		r->state = JSON_ST_SEEK_COLON;
	}
	return quote + 1;
}

/* Makes up the containers around r->node, a member of an object. */
static void stand_at(struct json_reader *r)
{
	const struct json_node *nodes = r->schema->nodes;
	uint16_t depth = 0;

	for (uint16_t n = r->node; n != JSON_NODE_ROOT; n = nodes[n].parent)
		depth++;
	r->depth = depth;
	for (uint16_t n = r->node; n != JSON_NODE_ROOT; n = nodes[n].parent) {
		r->frames[--depth] = (struct json_frame){
			.node = nodes[n].parent,
			.array = nodes[n].is_elem,
			.found = true,
		};
	}
}

const char *json_seek_colon(struct json_reader *r, const char *p)
{
	if (*p != ':') {
		r->state = JSON_ST_SEEK;
		return p;
	}
	stand_at(r);
	r->state = JSON_ST_VALUE;
	return p + 1;
}
