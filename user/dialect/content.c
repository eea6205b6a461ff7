// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

#include "base/json_members.h"
#include "base/json_write.h"

/* What the other fields of a call may still need when content has filled the arena. */
#define CONTENT_RESERVE CALL_ARENA_MAX

bool content_room(struct parse *p, size_t n)
{
	const struct arena *a = &p->call->arena;

	if (n < a->limit && a->used < a->limit - n && a->limit - n - a->used > CONTENT_RESERVE)
		return true;
	p->call->content.partial = true;
	return false;
}

static void *content_alloc(struct parse *p, size_t size)
{
	return content_room(p, size) ? arena_alloc(&p->call->arena, size) : NULL;
}

struct call_part *part_new(struct parse *p, struct call_part **head, enum part_type type)
{
	struct call_part *part = content_alloc(p, sizeof(*part));

	if (!part)
		return NULL;
	part->type = type;
	while (*head)
		head = &(*head)->next;
	*head = part;
	return part;
}

/* Texts of one answer may grow by turns, so each keeps room of its own and doubles it. */
void part_append(struct parse *p, struct call_part *part, struct sv s)
{
	size_t need = part->text.len + s.len + 1;
	char *to = (char *)part->text.p;

	if (part->cut)
		return;
	if (need > part->room) {
		size_t room = need > 2 * part->room ? need : 2 * part->room;

		to = content_alloc(p, room);
		if (!to) {
			part->cut = true;
			return;
		}
		if (part->text.len)
			memcpy(to, part->text.p, part->text.len);
		part->room = room;
	}
	if (s.len)
		memcpy(to + part->text.len, s.p, s.len);
	to[need - 1] = '\0';
	part->text = (struct sv){ to, need - 1 };
}

/* What parts are called on the wire, by all dialects. */
static const struct {
	const char *wire;
	enum part_type type;
	const char *modality;
} kinds[] = {
	{ "text", PART_TEXT, NULL },
	{ "input_text", PART_TEXT, NULL },
	{ "output_text", PART_TEXT, NULL },
	{ "summary_text", PART_TEXT, NULL },
	{ "refusal", PART_TEXT, NULL },
	{ "thinking", PART_REASONING, NULL },
	{ "redacted_thinking", PART_REASONING, NULL },
	{ "reasoning", PART_REASONING, NULL },
	{ "tool_use", PART_TOOL_CALL, NULL },
	{ "function_call", PART_TOOL_CALL, NULL },
	{ "custom_tool_call", PART_TOOL_CALL, NULL },
	{ "tool_result", PART_TOOL_RESULT, NULL },
	{ "function_call_output", PART_TOOL_RESULT, NULL },
	{ "custom_tool_call_output", PART_TOOL_RESULT, NULL },
	{ "server_tool_use", PART_SERVER_TOOL_CALL, NULL },
	{ "mcp_tool_use", PART_SERVER_TOOL_CALL, NULL },
	{ "image", PART_URI, "image" },
	{ "image_url", PART_URI, "image" },
	{ "input_image", PART_URI, "image" },
	{ "input_audio", PART_BLOB, "audio" },
	{ "audio", PART_BLOB, "audio" },
	{ "document", PART_URI, "document" },
	{ "file", PART_URI, "document" },
	{ "input_file", PART_URI, "document" },
	{ "container_upload", PART_FILE, "document" },
	{ "compaction", PART_COMPACTION, NULL },
};

static struct sv modality_of(struct sv mime)
{
	static const char *const known[] = { "image", "audio", "video" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (sv_starts(mime, sv_of(known[i])))
			return sv_of(known[i]);
	return mime.len ? SV("document") : SV_NONE;
}

/* Bytes, an address or an id: what stands there tells. */
static void settle_media(struct call_part *part)
{
	struct sv data = SV("data:"), mime;
	size_t comma;

	if (!part->modality.len)
		part->modality = modality_of(part->mime);
	if (!part->text.len && part->id.len) {
		part->type = PART_FILE;
		part->text = part->id;
		return;
	}
	if (!sv_starts(part->text, data)) {
		/* Anthropic's base64 sources name a media type, addresses do not. */
		if (part->mime.len && part->wire_type.len)
			part->type = PART_BLOB;
		return;
	}
	comma = sv_find(part->text, ',');
	if (comma == part->text.len)
		return;
	mime = sv_skip(sv_cut(part->text, comma), data.len);
	part->mime = sv_cut(mime, sv_find(mime, ';'));
	part->text = sv_skip(part->text, comma + 1);
	part->type = PART_BLOB;
}

static void settle_kind(struct call_part *part)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!sv_eq(part->wire_type, sv_of(kinds[i].wire)))
			continue;
		part->type = kinds[i].type;
		part->modality = sv_of(kinds[i].modality);
		return;
	}
	if (sv_ends(part->wire_type, SV("_tool_result")))
		part->type = PART_SERVER_TOOL_RESULT;
}

void part_settle(struct parse *p, struct call_part *part)
{
	if (part->type == PART_GENERIC && part->wire_type.len)
		settle_kind(part);
	else if (part->type == PART_GENERIC && part->text.len && !part->json)
		part->type = PART_TEXT;
	switch (part->type) {
	case PART_URI:
	case PART_BLOB:
	case PART_FILE:
		settle_media(part);
		break;
	case PART_TOOL_CALL:
	case PART_SERVER_TOOL_CALL:
		/* OpenAI writes arguments as a string that holds JSON. */
		if (!part->json && !part->cut && part->text.len)
			part->json = json_valid(part->text);
		break;
	default:
		break;
	}
	if (part->cut)
		p->call->content.partial = true;
}

/* The open part's scope. Fields in between fill it. */
void field_input_part(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind == JSON_OBJECT && p->part_end)
		p->part = part_new(p, p->part_end,
				   f->arg == STYLE_TOOL_CALL ? PART_TOOL_CALL : PART_GENERIC);
	if (ev->kind == JSON_OBJECT_END && p->part) {
		part_settle(p, p->part);
		p->part = NULL;
	}
}

void field_part_kind(struct parse *p, const struct field *f, const struct json_event *ev)
{
	bool begins = ev->kind == JSON_OBJECT || (ev->kind == JSON_STRING && ev->first);

	/* A text may belong to anything. */
	if (p->part && begins && (f->arg != PART_TEXT || p->part->type == PART_GENERIC))
		p->part->type = (enum part_type)f->arg;
}

/* A string that is a part by itself: "content": "hello". */
static void text_part(struct parse *p, struct call_part **head, enum part_type type,
		      const struct json_event *ev)
{
	if (ev->kind != JSON_STRING)
		return;
	if (ev->first)
		p->part = part_new(p, head, type);
	if (p->part) {
		part_append(p, p->part, ev->text);
		p->part->cut |= ev->truncated;
	}
	if (ev->last && p->part) {
		part_settle(p, p->part);
		p->part = NULL;
	}
}

void field_input_text(struct parse *p, const struct field *f, const struct json_event *ev)
{
	bool empty = ev->first && ev->last && !ev->text.len;

	if (p->part_end && !empty)
		text_part(p, p->part_end, (enum part_type)f->arg, ev);
}

void field_system_text(struct parse *p, const struct field *f, const struct json_event *ev)
{
	text_part(p, &p->call->content.system, (enum part_type)f->arg, ev);
}

void field_system_part(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->part = part_new(p, &p->call->content.system, PART_GENERIC);
	if (ev->kind == JSON_OBJECT_END && p->part) {
		part_settle(p, p->part);
		p->part = NULL;
	}
}

static struct call_message *message_new(struct parse *p)
{
	struct call_message *m = content_alloc(p, sizeof(*m));

	if (!m)
		return NULL;
	if (!p->message_end)
		p->message_end = &p->call->content.input;
	*p->message_end = m;
	p->message_end = &m->next;
	return m;
}

static struct sv content_copy(struct parse *p, struct sv s)
{
	return s.len && content_room(p, s.len + 1) ? arena_copy(&p->call->arena, s) : SV_NONE;
}

/* A tool's message holds one result: its texts are that. */
static void settle_result(struct parse *p, struct call_message *m)
{
	struct call_part *first = m->parts;

	m->role = SV("tool");
	if (!first)
		first = part_new(p, &m->parts, PART_TOOL_RESULT);
	if (!first)
		return;
	first->type = PART_TOOL_RESULT;
	first->id = content_copy(p, stage_get(&p->input_stage, ST_CALL_ID));
	for (struct call_part *part = first->next; part; part = part->next)
		part_append(p, first, part->text);
	first->next = NULL;
}

/* Roles that are spelled otherwise. */
static const struct {
	const char *wire, *role;
} roles[] = {
	{ "developer", "system" },  { "SYSTEM", "system" }, { "USER", "user" },
	{ "CHATBOT", "assistant" }, { "TOOL", "tool" },	    { "model", "assistant" },
};

static void settle_chat(struct parse *p, struct call_message *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (sv_eq(m->role, sv_of(roles[i].wire)))
			m->role = sv_of(roles[i].role);
	if (sv_eq(m->role, SV("tool")) || sv_eq(m->role, SV("function")))
		settle_result(p, m);
}

/* An item that is no message becomes the message that the convention has for it. */
static void settle_item(struct parse *p, struct call_message *m)
{
	struct sv type = stage_get(&p->input_stage, ST_TYPE);
	struct call_part *part;

	if (!type.len || sv_eq(type, SV("message"))) {
		settle_chat(p, m);
		return;
	}
	m->role = SV("assistant");
	part = m->parts ? m->parts : part_new(p, &m->parts, PART_GENERIC);
	if (!part)
		return;
	part->id = content_copy(p, stage_get(&p->input_stage, ST_CALL_ID));
	part->name = content_copy(p, stage_get(&p->input_stage, ST_NAME));
	type = content_copy(p, type);
	for (; part; part = part->next) {
		part->type = PART_GENERIC;
		part->wire_type = type;
		part_settle(p, part);
	}
	if (m->parts->type == PART_TOOL_RESULT)
		settle_result(p, m);
}

/*
 * Anthropic puts tool results into user messages. Each gets a message of its own, in front
 * of what else the user said.
 */
static void settle_blocks(struct parse *p, struct call_message *m)
{
	struct call_part *results = NULL, **results_end = &results;
	struct call_part *rest = NULL, **rest_end = &rest;
	struct call_message *to = m;
	struct sv role = m->role;

	for (struct call_part *part = m->parts, *next; part; part = next) {
		struct call_part ***end = part->type == PART_TOOL_RESULT ? &results_end : &rest_end;

		next = part->next;
		part->next = NULL;
		**end = part;
		*end = &part->next;
	}
	m->parts = results ? NULL : rest;
	while (results && to) {
		struct call_part *part = results;

		results = part->next;
		part->next = NULL;
		if (to->parts)
			to = message_new(p);
		if (!to)
			break;
		to->role = SV("tool");
		to->parts = part;
	}
	if (to && !sv_eq(role, to->role) && rest) {
		to = message_new(p);
		if (to) {
			to->role = role;
			to->parts = rest;
		}
	}
}

static void settle_turns(struct parse *p, struct call_message *m)
{
	m->role = sv_eq(m->role, SV("model")) ? SV("assistant") : SV("user");
	settle_blocks(p, m);
}

static void message_settle(struct parse *p, enum message_style style)
{
	struct call_message *m = p->message;

	p->message = NULL;
	p->part_end = NULL;
	switch (style) {
	case STYLE_CHAT:
		settle_chat(p, m);
		break;
	case STYLE_ITEMS:
		settle_item(p, m);
		break;
	case STYLE_BLOCKS:
		settle_blocks(p, m);
		break;
	case STYLE_TURNS:
		settle_turns(p, m);
		break;
	}
}

/* The open message's scope. Fields in between fill it. */
void field_input_message(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind == JSON_OBJECT) {
		stage_drop(&p->input_stage, 1u << ST_TYPE | 1u << ST_CALL_ID | 1u << ST_NAME);
		p->message = message_new(p);
		p->part_end = p->message ? &p->message->parts : NULL;
		p->message_style = (enum message_style)f->arg;
	}
	if (ev->kind == JSON_OBJECT_END && p->message)
		message_settle(p, (enum message_style)f->arg);
}

/* A prompt that is only a string is a message of the user. */
void field_input_string(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_STRING)
		return;
	if (ev->first) {
		p->message = message_new(p);
		if (p->message)
			p->message->role = SV("user");
	}
	if (p->message)
		text_part(p, &p->message->parts, PART_TEXT, ev);
	if (ev->last)
		p->message = NULL;
}

void field_tool_def(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT) {
		if (!p->tool_def_end)
			p->tool_def_end = &p->call->content.tools;
		p->tool_def = content_alloc(p, sizeof(*p->tool_def));
	}
	if (ev->kind != JSON_OBJECT_END || !p->tool_def)
		return;
	/* The convention wants an object here or nothing. */
	if (!sv_starts(p->tool_def->parameters, SV("{")))
		p->tool_def->parameters = SV_NONE;
	*p->tool_def_end = p->tool_def;
	p->tool_def_end = &p->tool_def->next;
	p->tool_def = NULL;
}

static int add_variable(void *ctx, struct sv name, struct sv value)
{
	struct parse *p = ctx;
	struct arena *a = &p->call->arena;
	struct call_variable **end = &p->call->content.variables;
	struct call_variable *v = content_alloc(p, sizeof(*v));
	bool text = value.len && value.p[0] == '"';

	if (!v || !content_room(p, name.len + value.len) || json_unquote(&v->name, name, a))
		return -1;
	if (!text)
		v->value = arena_copy(a, value);
	else if (json_unquote(&v->value, value, a))
		return -1;
	while (*end)
		end = &(*end)->next;
	*end = v;
	return 0;
}

void field_variables(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->first)
		stage_drop(&p->input_stage, 1u << ST_RAW);
	stage_add(p, &p->input_stage, ST_RAW, ev->text);
	if (!ev->last)
		return;
	if (ev->truncated || json_members(stage_get(&p->input_stage, ST_RAW), add_variable, p))
		p->call->content.partial = true;
	stage_drop(&p->input_stage, 1u << ST_RAW);
}

void input_settle(struct parse *p)
{
	if (p->part) {
		p->part->cut = true;
		part_settle(p, p->part);
		p->part = NULL;
	}
	if (p->message) {
		p->call->content.partial = true;
		message_settle(p, p->message_style);
	}
	/* A tool definition that was cut is left out. */
	if (p->tool_def)
		p->call->content.partial = true;
	p->tool_def = NULL;
}
