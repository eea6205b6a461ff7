// SPDX-License-Identifier: Apache-2.0
#include "semconv/attrs.h"

#include "base/json_write.h"
#include "base/utf8.h"

/*
 * Messages in the convention's schema (messages.schema.json), as JSON strings: what all
 * backends read on spans. The parts of one span share SPAN_CONTENT_MAX bytes; the answer
 * comes first, since it is small and most looked at.
 */

#define EARSHOT_CONTENT_TRUNCATED "earshot.content.truncated"

/* Behind it stands the variable's own name. */
#define GEN_AI_PROMPT_VARIABLE "gen_ai.prompt.variable."

/* The skeleton of one part, message or definition: keys, braces and short fields. */
#define SKELETON 256

struct content {
	struct buf buf;
	struct json_writer w;
	size_t left; /* bytes that may still be written on this span */
	bool truncated;
};

/* Room for one more part? Takes its skeleton out of what is left. */
static bool take(struct content *c, size_t n)
{
	if (c->left < n) {
		c->truncated = true;
		return false;
	}
	c->left -= n;
	return true;
}

/* The longest start of s whose JSON text fits in max bytes. */
static struct sv fitting(struct sv s, size_t max)
{
	size_t need = json_string_len(s);

	while (need > max) {
		size_t n = (size_t)((double)s.len * (double)max / (double)need);

		/* Escapes may be dense at the start: never stand still. */
		s = utf8_cut(s, n < s.len ? n : s.len - 1);
		need = json_string_len(s);
	}
	return s;
}

static void text(struct content *c, struct sv key, struct sv s)
{
	struct sv cut = fitting(s, c->left);

	if (cut.len < s.len)
		c->truncated = true;
	c->left -= json_string_len(cut);
	json_write_pair(&c->w, key, cut);
}

/* A value from the wire: as JSON where it is some, else as a string. */
static void value(struct content *c, struct sv key, const struct call_part *p)
{
	if (!p->json || p->cut || p->text.len > c->left || !utf8_clean(p->text)) {
		text(c, key, p->text);
		return;
	}
	c->left -= p->text.len;
	json_write_key(&c->w, key);
	json_write_text(&c->w, p->text);
}

static void optional(struct content *c, struct sv key, struct sv s)
{
	if (s.len && take(c, json_string_len(s)))
		json_write_pair(&c->w, key, s);
}

static void type(struct content *c, struct sv name)
{
	json_write_pair(&c->w, SV("type"), name);
}

static void server_tool(struct content *c, const struct call_part *p, struct sv body, struct sv key)
{
	struct sv kind = p->wire_type.len ? p->wire_type : SV("unknown");

	optional(c, SV("id"), p->id);
	json_write_key(&c->w, body);
	json_write_object(&c->w);
	json_write_pair(&c->w, SV("type"), kind);
	if (p->text.p)
		value(c, key, p);
	json_write_object_end(&c->w);
}

static void media(struct content *c, const struct call_part *p, struct sv kind, struct sv key)
{
	type(c, kind);
	optional(c, SV("mime_type"), p->mime);
	json_write_pair(&c->w, SV("modality"), p->modality.len ? p->modality : SV("document"));
	text(c, key, p->text);
}

static void part_fields(struct content *c, const struct call_part *p)
{
	switch (p->type) {
	case PART_TEXT:
		type(c, SV("text"));
		text(c, SV("content"), p->text);
		break;
	case PART_REASONING:
		type(c, SV("reasoning"));
		text(c, SV("content"), p->text);
		break;
	case PART_TOOL_CALL:
		type(c, SV("tool_call"));
		optional(c, SV("id"), p->id);
		json_write_pair(&c->w, SV("name"), p->name);
		if (p->text.p)
			value(c, SV("arguments"), p);
		break;
	case PART_TOOL_RESULT:
		type(c, SV("tool_call_response"));
		optional(c, SV("id"), p->id);
		value(c, SV("response"), p);
		break;
	case PART_SERVER_TOOL_CALL:
		type(c, SV("server_tool_call"));
		json_write_pair(&c->w, SV("name"), p->name.len ? p->name : p->wire_type);
		server_tool(c, p, SV("server_tool_call"), SV("arguments"));
		break;
	case PART_SERVER_TOOL_RESULT:
		type(c, SV("server_tool_call_response"));
		server_tool(c, p, SV("server_tool_call_response"), SV("result"));
		break;
	case PART_BLOB:
		media(c, p, SV("blob"), SV("content"));
		break;
	case PART_URI:
		media(c, p, SV("uri"), SV("uri"));
		break;
	case PART_FILE:
		media(c, p, SV("file"), SV("file_id"));
		break;
	case PART_COMPACTION:
		type(c, SV("compaction"));
		optional(c, SV("id"), p->id);
		if (p->text.p)
			text(c, SV("content"), p->text);
		break;
	case PART_GENERIC:
		type(c, p->wire_type.len ? p->wire_type : SV("unknown"));
		if (p->text.p)
			value(c, SV("content"), p);
		break;
	}
}

static size_t part_size(const struct call_part *p)
{
	return SKELETON + json_string_len(p->name) + json_string_len(p->wire_type);
}

static void parts(struct content *c, const struct call_part *p)
{
	json_write_array(&c->w);
	for (; p && take(c, part_size(p)); p = p->next) {
		c->truncated |= p->cut;
		json_write_object(&c->w);
		part_fields(c, p);
		json_write_object_end(&c->w);
	}
	json_write_array_end(&c->w);
}

/* Some backends drop a whole list for one answer without a finish reason. */
static struct sv finish_of(const struct call_message *m, const struct call *call)
{
	if (m->finish.len)
		return m->finish;
	return call->error_type.len ? SV("error") : SV("unknown");
}

static void messages(struct content *c, const struct call_message *m, const struct call *call,
		     bool output)
{
	json_write_array(&c->w);
	for (; m && take(c, SKELETON); m = m->next) {
		struct sv role = output ? SV("assistant") : SV("user");

		json_write_object(&c->w);
		json_write_pair(&c->w, SV("role"), m->role.len ? m->role : role);
		optional(c, SV("name"), m->name);
		json_write_key(&c->w, SV("parts"));
		parts(c, m->parts);
		if (output)
			json_write_pair(&c->w, SV("finish_reason"), finish_of(m, call));
		json_write_object_end(&c->w);
	}
	json_write_array_end(&c->w);
}

static void tools(struct content *c, const struct call_tool_def *t)
{
	json_write_array(&c->w);
	for (; t && take(c, SKELETON + json_string_len(t->type) + json_string_len(t->name));
	     t = t->next) {
		/* Tools that the provider runs often have a type and no name. */
		struct sv kind = t->type.len ? t->type : SV("function");

		json_write_object(&c->w);
		type(c, kind);
		json_write_pair(&c->w, SV("name"), t->name.len ? t->name : kind);
		if (t->description.len)
			text(c, SV("description"), t->description);
		if (t->parameters.len && utf8_clean(t->parameters) && take(c, t->parameters.len)) {
			json_write_key(&c->w, SV("parameters"));
			json_write_text(&c->w, t->parameters);
		}
		json_write_object_end(&c->w);
	}
	json_write_array_end(&c->w);
}

/* What was written becomes an attribute, unless memory ended in the middle of it. */
static void store(struct content *c, struct attrs *as, struct arena *a, const char *key)
{
	struct sv copy = c->buf.failed ? SV_NONE : arena_copy(a, buf_sv(&c->buf));

	if (copy.p)
		attrs_string(as, a, key, copy);
	else
		c->truncated = true;
	buf_reset(&c->buf);
	c->w = json_writer_on(&c->buf);
}

/* A value by itself. JSON that does not fit would be none: it is left out. */
static void value_attr(struct content *c, struct attrs *as, struct arena *a, const char *key,
		       struct sv s)
{
	if (!s.len)
		return;
	if (utf8_clean(s) && take(c, s.len))
		attrs_string(as, a, key, s);
	else
		c->truncated = true;
}

/* A template of attributes: the variable's name is the end of the key. */
static void variable_attrs(struct content *c, struct attrs *as, struct arena *a,
			   const struct call_variable *v)
{
	for (; v; v = v->next) {
		struct sv key = arena_copy(a, SV(GEN_AI_PROMPT_VARIABLE));

		if (!take(c, v->name.len + v->value.len) || !utf8_clean(v->name) ||
		    !utf8_clean(v->value) || !key.p || arena_append(a, &key, v->name)) {
			c->truncated = true;
			continue;
		}
		attrs_add(as, a,
			  &(struct attr){ .key = key, .type = ATTR_STRING, .string = v->value });
	}
}

void content_attrs(struct attrs *as, const struct call *call, struct arena *a)
{
	struct content c = { .left = SPAN_CONTENT_MAX, .truncated = call->content.partial };

	buf_init(&c.buf, 0);
	c.w = json_writer_on(&c.buf);
	if (call->content.output) {
		messages(&c, call->content.output, call, true);
		store(&c, as, a, SEMCONV_GEN_AI_OUTPUT_MESSAGES);
	}
	if (call->content.system) {
		parts(&c, call->content.system);
		store(&c, as, a, SEMCONV_GEN_AI_SYSTEM_INSTRUCTIONS);
	}
	if (call->content.tools) {
		tools(&c, call->content.tools);
		store(&c, as, a, SEMCONV_GEN_AI_TOOL_DEFINITIONS);
	}
	/* An empty list would say that there was none. */
	if (call->content.input && c.left < SKELETON) {
		c.truncated = true;
	} else if (call->content.input) {
		messages(&c, call->content.input, call, false);
		store(&c, as, a, SEMCONV_GEN_AI_INPUT_MESSAGES);
	}
	value_attr(&c, as, a, SEMCONV_GEN_AI_TOOL_CALL_ARGUMENTS, call->content.arguments);
	value_attr(&c, as, a, SEMCONV_GEN_AI_TOOL_CALL_RESULT, call->content.result);
	value_attr(&c, as, a, SEMCONV_GEN_AI_RETRIEVAL_QUERY_TEXT, call->content.query);
	value_attr(&c, as, a, SEMCONV_GEN_AI_RETRIEVAL_DOCUMENTS, call->content.documents);
	variable_attrs(&c, as, a, call->content.variables);
	if (c.truncated)
		attrs_bool(as, a, EARSHOT_CONTENT_TRUNCATED, true);
	buf_done(&c.buf);
}
