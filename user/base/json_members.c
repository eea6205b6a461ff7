// SPDX-License-Identifier: Apache-2.0
#include "base/json_members.h"

#include <errno.h>

#include "base/json_read.h"
#include "base/json_write.h"

static struct sv skip_blanks(struct sv s)
{
	while (s.len && strchr(" \t\r\n", s.p[0]) && s.p[0])
		s = sv_skip(s, 1);
	return s;
}

/* Bytes of the string that s begins with, its quotes included. s is valid JSON. */
static size_t string_len(struct sv s)
{
	size_t n = 1;

	while (n < s.len && s.p[n] != '"')
		n += s.p[n] == '\\' ? 2 : 1;
	return n < s.len ? n + 1 : s.len;
}

/* Bytes of the value that s begins with. s is valid JSON. */
static size_t value_len(struct sv s)
{
	size_t n = 0, depth = 0;

	do {
		char c = s.p[n];

		if (c == '"') {
			n += string_len(sv_skip(s, n));
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']') {
			if (!depth)
				return n;
			depth--;
		}
		if (c == ',' && !depth)
			return n;
		n++;
	} while (n < s.len && (depth || !strchr(",}] \t\r\n", s.p[n])));
	return n;
}

int json_members(struct sv text, json_member_fn *fn, void *ctx)
{
	int err = json_valid(text) ? 0 : -EBADMSG;

	text = skip_blanks(text);
	if (err || !text.len || text.p[0] != '{')
		return -EBADMSG;
	text = skip_blanks(sv_skip(text, 1));
	while (!err && text.p[0] != '}') {
		struct sv key = sv_cut(text, string_len(text)), value;

		text = skip_blanks(sv_skip(text, key.len));
		text = skip_blanks(sv_skip(text, 1));
		value = sv_cut(text, value_len(text));
		text = skip_blanks(sv_skip(text, value.len));
		if (text.p[0] == ',')
			text = skip_blanks(sv_skip(text, 1));
		err = fn(ctx, key, value);
	}
	return err;
}

struct unquote {
	struct arena *a;
	struct sv text;
	bool is_string;
};

static int on_piece(void *ctx, const struct json_event *ev)
{
	struct unquote *u = ctx;

	u->is_string = ev->kind == JSON_STRING;
	return u->is_string ? arena_append(u->a, &u->text, ev->text) : -EBADMSG;
}

int json_unquote(struct sv *ret, struct sv quoted, struct arena *a)
{
	static const struct json_rule rule = { "", 0, 0, 0 };
	struct unquote u = { .a = a, .text = arena_copy(a, SV("")) };
	struct json_schema *schema = NULL;
	struct json_reader *reader = NULL;
	int err = u.text.p ? json_schema_new(&schema, &rule, 1) : -ENOMEM;

	if (!err)
		err = json_reader_new(&reader, schema, 1, on_piece, &u);
	if (!err)
		err = json_feed(reader, quoted);
	if (!err)
		err = json_end(reader) || !u.is_string ? -EBADMSG : 0;
	if (!err)
		*ret = u.text;
	json_reader_free(reader);
	json_schema_free(schema);
	return err;
}
