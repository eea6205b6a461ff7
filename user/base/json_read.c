// SPDX-License-Identifier: Apache-2.0
#include "base/json_read.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "base/scan.h"

static const struct sv literals[] = { { "null", 4 }, { "true", 4 }, { "false", 5 } };

enum { LIT_NULL, LIT_TRUE, LIT_FALSE };

/* A number's automaton (RFC 8259 section 6): row is the state, column the kind of byte. */
enum { N_STOP, N_START, N_MINUS, N_ZERO, N_INT, N_DOT, N_FRAC, N_E, N_SIGN, N_EXP };
enum { C_OTHER, C_ZERO, C_DIGIT, C_DOT, C_E, C_PLUS, C_MINUS, C_COUNT };

static const uint8_t number_class[256] = {
	['0'] = C_ZERO,	 ['1'] = C_DIGIT, ['2'] = C_DIGIT, ['3'] = C_DIGIT, ['4'] = C_DIGIT,
	['5'] = C_DIGIT, ['6'] = C_DIGIT, ['7'] = C_DIGIT, ['8'] = C_DIGIT, ['9'] = C_DIGIT,
	['.'] = C_DOT,	 ['e'] = C_E,	  ['E'] = C_E,	   ['+'] = C_PLUS,  ['-'] = C_MINUS,
};

static const uint8_t number_next[][C_COUNT] = {
	[N_START] = { [C_MINUS] = N_MINUS, [C_ZERO] = N_ZERO, [C_DIGIT] = N_INT },
	[N_MINUS] = { [C_ZERO] = N_ZERO, [C_DIGIT] = N_INT },
	[N_ZERO] = { [C_DOT] = N_DOT, [C_E] = N_E },
	[N_INT] = { [C_ZERO] = N_INT, [C_DIGIT] = N_INT, [C_DOT] = N_DOT, [C_E] = N_E },
	[N_DOT] = { [C_ZERO] = N_FRAC, [C_DIGIT] = N_FRAC },
	[N_FRAC] = { [C_ZERO] = N_FRAC, [C_DIGIT] = N_FRAC, [C_E] = N_E },
	[N_E] = { [C_ZERO] = N_EXP, [C_DIGIT] = N_EXP, [C_PLUS] = N_SIGN, [C_MINUS] = N_SIGN },
	[N_SIGN] = { [C_ZERO] = N_EXP, [C_DIGIT] = N_EXP },
	[N_EXP] = { [C_ZERO] = N_EXP, [C_DIGIT] = N_EXP },
};

static bool number_whole(uint8_t state)
{
	return state == N_ZERO || state == N_INT || state == N_FRAC || state == N_EXP;
}

void json_emit(struct json_reader *r, uint16_t node, bool raw, struct json_event *ev)
{
	const struct json_node *n = &r->schema->nodes[node];
	const struct json_rule *rule = r->schema->rules + n->rule_first;

	ev->after_gap = r->after_gap;
	for (const struct json_rule *end = rule + n->rule_count; rule < end && !r->err; rule++) {
		bool in_force = r->groups >> rule->group & 1;

		if (!in_force || !!(rule->flags & JSON_RAW) != raw)
			continue;
		ev->id = rule->id;
		r->err = r->fn(r->ctx, ev);
	}
}

const char *json_fail(struct json_reader *r, const char *p)
{
	if (r->err)
		return p;
	if (r->after_gap) {
		json_seek_begin(r);
		return p;
	}
	r->err = -EBADMSG;
	r->error_at = r->fed + (uint64_t)(p - r->in);
	return p;
}

void json_buf_add(struct json_reader *r, const char *p, const char *end, size_t max)
{
	size_t n = (size_t)(end - p);

	if (n > max - r->buf_len) {
		n = max - r->buf_len;
		r->buf_cut = true;
	}
	memcpy(r->buf + r->buf_len, p, n);
	r->buf_len += n;
}

static void set_node(struct json_reader *r, uint16_t node)
{
	if (node != JSON_NODE_NONE && !(r->schema->nodes[node].groups & r->groups))
		node = JSON_NODE_NONE;
	r->node = node;
}

static void set_elem(struct json_reader *r, const struct json_frame *f)
{
	set_node(r, f->node == JSON_NODE_NONE ? f->node : r->schema->nodes[f->node].elem);
}

/* The value ended before p; r->depth is that of its container again. */
void json_value_done(struct json_reader *r, const char *p)
{
	if (r->raws && r->raw[r->raws - 1].depth == r->depth)
		json_raw_end(r, p);
	r->state = r->depth ? JSON_ST_AFTER : JSON_ST_DONE;
}

static void emit_kind(struct json_reader *r, uint16_t node, enum json_kind kind)
{
	struct json_event ev = {
		.kind = kind, .first = true, .last = true, .index = json_index(r)
	};

	json_emit(r, node, false, &ev);
}

static const char *push(struct json_reader *r, const char *p, bool array)
{
	struct json_frame *f = &r->frames[r->depth];

	if (r->depth == JSON_DEPTH_MAX)
		return json_fail(r, p);
	if (r->want)
		emit_kind(r, r->node, array ? JSON_ARRAY : JSON_OBJECT);
	*f = (struct json_frame){ .index = array ? 0 : json_index(r),
				  .node = r->node,
				  .array = array };
	r->depth++;
	if (array)
		set_elem(r, f);
	r->state = array ? JSON_ST_FIRST_ELEM : JSON_ST_FIRST_KEY;
	return p + 1;
}

static const char *pop(struct json_reader *r, const char *p)
{
	const struct json_frame *f = &r->frames[--r->depth];

	if (f->node != JSON_NODE_NONE && !f->found &&
	    (r->schema->nodes[f->node].groups_plain & r->groups))
		emit_kind(r, f->node, f->array ? JSON_ARRAY_END : JSON_OBJECT_END);
	json_value_done(r, p + 1);
	return p + 1;
}

static void number_done(struct json_reader *r, struct sv text, const char *p)
{
	struct json_event ev = {
		.kind = JSON_NUMBER,
		.first = true,
		.last = true,
		.truncated = r->buf_cut || text.len > JSON_NUMBER_MAX,
		.index = json_index(r),
		.text = sv_cut(text, JSON_NUMBER_MAX),
	};

	if (r->want)
		json_emit(r, r->node, false, &ev);
	json_value_done(r, p);
}

static const char *number(struct json_reader *r, const char *p, const char *end)
{
	const char *from = p;
	uint8_t next;

	while (p < end &&
	       (next = number_next[r->number][number_class[(unsigned char)*p]]) != N_STOP) {
		r->number = next;
		p++;
	}
	if (p < end && !number_whole(r->number))
		return json_fail(r, p);
	if (p < end && !r->buf_len) {
		number_done(r, (struct sv){ from, (size_t)(p - from) }, p);
		return p;
	}
	json_buf_add(r, from, p, JSON_NUMBER_MAX);
	if (p < end)
		number_done(r, (struct sv){ r->buf, r->buf_len }, p);
	return p;
}

static const char *literal(struct json_reader *r, const char *p, const char *end)
{
	struct sv lit = literals[r->literal];
	struct json_event ev = {
		.kind = r->literal == LIT_NULL ? JSON_NULL : JSON_BOOL,
		.first = true,
		.last = true,
		.boolean = r->literal == LIT_TRUE,
		.index = json_index(r),
	};

	for (; p < end && r->seen < lit.len; p++, r->seen++) {
		if (*p != lit.p[r->seen])
			return json_fail(r, p);
	}
	if (r->seen < lit.len)
		return p;
	if (r->want)
		json_emit(r, r->node, false, &ev);
	json_value_done(r, p);
	return p;
}

static const char *begin_string(struct json_reader *r, const char *p, const char *end,
				enum json_mode mode)
{
	r->state = JSON_ST_STRING;
	r->mode = (uint8_t)mode;
	r->first = true;
	r->high = 0;
	return json_string(r, p + 1, end);
}

static const char *begin_number(struct json_reader *r, const char *p, const char *end)
{
	r->state = JSON_ST_NUMBER;
	r->number = N_START;
	r->buf_len = 0;
	r->buf_cut = false;
	return number(r, p, end);
}

static const char *begin_literal(struct json_reader *r, const char *p, const char *end, int which)
{
	r->state = JSON_ST_LITERAL;
	r->literal = (uint8_t)which;
	r->seen = 0;
	return literal(r, p, end);
}

static const char *value(struct json_reader *r, const char *p, const char *end)
{
	r->want = false;
	if (r->node != JSON_NODE_NONE) {
		const struct json_node *n = &r->schema->nodes[r->node];

		r->want = n->groups_plain & r->groups;
		if (n->groups_raw & r->groups)
			json_raw_begin(r, p);
	}
	switch (*p) {
	case '"':
		return begin_string(r, p, end, r->want ? JSON_MODE_VALUE : JSON_MODE_SKIP);
	case '{':
		return push(r, p, false);
	case '[':
		return push(r, p, true);
	case 'n':
		return begin_literal(r, p, end, LIT_NULL);
	case 't':
		return begin_literal(r, p, end, LIT_TRUE);
	case 'f':
		return begin_literal(r, p, end, LIT_FALSE);
	default:
		return begin_number(r, p, end);
	}
}

static const char *colon(struct json_reader *r, const char *p)
{
	if (*p != ':')
		return json_fail(r, p);
	r->state = JSON_ST_VALUE;
	return p + 1;
}

const char *json_key_done(struct json_reader *r, struct sv key, const char *p, const char *end)
{
	uint16_t node = r->frames[r->depth - 1].node;

	if (node != JSON_NODE_NONE)
		node = r->buf_cut ? JSON_NODE_NONE : json_schema_member(r->schema, node, key);
	set_node(r, node);
	r->state = JSON_ST_COLON;
	return p < end && *p == ':' ? colon(r, p) : p;
}

static const char *key(struct json_reader *r, const char *p, const char *end)
{
	const char *q;

	if (*p != '"')
		return json_fail(r, p);
	r->buf_len = 0;
	r->buf_cut = false;
	q = scan_string(p + 1, end);
	if (q < end && *q == '"') {
		struct sv text = { p + 1, (size_t)(q - p - 1) };

		return json_key_done(r, text, q + 1, end);
	}
	return begin_string(r, p, end, JSON_MODE_KEY);
}

static const char *after(struct json_reader *r, const char *p)
{
	struct json_frame *f = &r->frames[r->depth - 1];

	if (*p == ',' && f->array) {
		f->index++;
		set_elem(r, f);
		r->state = JSON_ST_VALUE;
		return p + 1;
	}
	if (*p == ',') {
		r->state = JSON_ST_KEY;
		return p + 1;
	}
	return *p == (f->array ? ']' : '}') ? pop(r, p) : json_fail(r, p);
}

/* A byte order mark may be ignored (RFC 8259 section 8.1). */
static const char *start(struct json_reader *r, const char *p)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (*p == mark[r->seen]) {
		if (++r->seen == 3)
			r->state = JSON_ST_VALUE;
		return p + 1;
	}
	if (r->seen)
		return json_fail(r, p);
	r->state = JSON_ST_VALUE;
	return p;
}

static const char *step(struct json_reader *r, const char *p, const char *end)
{
	switch ((enum json_state)r->state) {
	case JSON_ST_FIRST_ELEM:
		if (*p == ']')
			return pop(r, p);
		return value(r, p, end);
	case JSON_ST_VALUE:
		return value(r, p, end);
	case JSON_ST_FIRST_KEY:
		if (*p == '}')
			return pop(r, p);
		return key(r, p, end);
	case JSON_ST_KEY:
		return key(r, p, end);
	case JSON_ST_COLON:
		return colon(r, p);
	case JSON_ST_AFTER:
		return after(r, p);
	case JSON_ST_SEEK_COLON:
		return json_seek_colon(r, p);
	case JSON_ST_START:
		return start(r, p);
	case JSON_ST_STRING:
		return json_string(r, p, end);
	case JSON_ST_NUMBER:
		return number(r, p, end);
	case JSON_ST_LITERAL:
		return literal(r, p, end);
	case JSON_ST_SEEK:
		return json_seek(r, p, end);
	case JSON_ST_DONE:
		break;
	}
	return json_fail(r, p);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

int json_feed(struct json_reader *r, struct sv in)
{
	const char *p = in.p, *end = in.p + in.len;
	char scratch[JSON_SCRATCH];

	r->in = in.p;
	r->raw_from = in.p;
	r->scratch = scratch;
	while (p < end && !r->err) {
		if (r->state <= JSON_ST_BLANKS && is_blank(*p))
			p++;
		else
			p = step(r, p, end);
	}
	if (r->raws && !r->err && in.len)
		json_raw_flush(r, end);
	r->scratch = NULL;
	r->fed += in.len;
	return r->err;
}

int json_end(struct json_reader *r)
{
	if (!r->err && r->state == JSON_ST_NUMBER && !r->depth && number_whole(r->number)) {
		r->raw_from = r->buf;
		number_done(r, (struct sv){ r->buf, r->buf_len }, r->buf);
	}
	if (r->err)
		return r->err;
	return r->state == JSON_ST_DONE && !r->after_gap ? 0 : -EAGAIN;
}

uint64_t json_error_at(const struct json_reader *r)
{
	return r->error_at;
}

int json_reader_new(struct json_reader **ret, const struct json_schema *schema, uint32_t groups,
		    json_event_fn *fn, void *ctx)
{
	struct json_reader *r = malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->schema = schema;
	r->groups = groups;
	r->fn = fn;
	r->ctx = ctx;
	json_reader_reset(r);
	*ret = r;
	return 0;
}

void json_reader_free(struct json_reader *r)
{
	free(r);
}

void json_reader_reset(struct json_reader *r)
{
	r->err = 0;
	r->state = JSON_ST_START;
	r->seen = 0;
	r->esc = 0;
	r->raws = 0;
	r->after_gap = false;
	r->first = false;
	r->depth = 0;
	r->high = 0;
	r->str_cut.len = 0;
	r->raw_cut.len = 0;
	r->scratch_len = 0;
	r->fed = 0;
	r->error_at = 0;
	r->buf_len = 0;
	r->buf_cut = false;
	set_node(r, JSON_NODE_ROOT);
}
