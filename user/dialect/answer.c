// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

struct candidate *answer_candidate(struct parse *p, uint32_t index)
{
	struct candidate **at = &p->candidates, *c;

	while (*at && (*at)->index < index)
		at = &(*at)->next;
	if (*at && (*at)->index == index)
		return *at;
	if (p->candidate_count == CALL_CANDIDATES_MAX) {
		p->call->arena.full = true;
		return NULL;
	}
	c = arena_alloc(&p->call->arena, sizeof(*c));
	if (!c)
		return NULL;
	c->index = index;
	c->next = *at;
	*at = c;
	p->candidate_count++;
	return c;
}

struct candidate *answer_only(struct parse *p)
{
	p->answered = true;
	return answer_candidate(p, 0);
}

void answer_finish(struct parse *p, struct candidate *c, struct sv reason)
{
	if (!c || !reason.len || sv_eq(c->finish, reason))
		return;
	c->finish = SV_NONE;
	string_piece(p, &c->finish, reason, CALL_STRING_MAX);
}

void answer_stop(struct parse *p)
{
	if (staged(p, ST_FINISH).len)
		answer_finish(p, answer_only(p), staged(p, ST_FINISH));
}

struct slot *answer_slot(struct parse *p, struct candidate *c, uint32_t a, uint32_t b)
{
	struct slot **at, *s;

	if (!c)
		return NULL;
	for (at = &c->slots; *at; at = &(*at)->next) {
		if ((*at)->a == a && (*at)->b == b)
			return *at;
	}
	if (c->slot_count == CALL_SLOTS_MAX) {
		p->call->arena.full = true;
		return NULL;
	}
	s = arena_alloc(&p->call->arena, sizeof(*s));
	if (!s)
		return NULL;
	s->a = a;
	s->b = b;
	*at = s;
	c->slot_count++;
	return s;
}

struct slot *answer_next(struct parse *p, struct candidate *c, uint32_t kind, bool go_on)
{
	struct slot *last = c ? c->slots : NULL;

	while (last && last->next)
		last = last->next;
	if (go_on && last && last->a == kind)
		return last;
	return answer_slot(p, c, kind, last ? last->b + 1 : 0);
}

/* Both texts are of the same kind: one part. */
static void join_text(struct parse *p, struct slot *to, const struct slot *from)
{
	if (to->part && from->part)
		part_append(p, to->part, from->part->text);
}

void answer_join(struct parse *p, struct candidate *to, struct candidate *from)
{
	struct call_part **at;

	if (!to)
		return;
	if (from->message && !to->message) {
		to->message = from->message;
		from->message = NULL;
		to->message->parts = NULL;
	}
	for (struct slot *s = from->slots; s; s = s->next) {
		struct slot *into = answer_next(p, to, s->a, !s->tool && !s->done);

		if (!into)
			break;
		into->tool = s->tool;
		into->done = s->done;
		if (into->part) {
			join_text(p, into, s);
			continue;
		}
		into->part = s->part;
		if (!s->part || !to->message)
			continue;
		for (at = &to->message->parts; *at; at = &(*at)->next)
			;
		s->part->next = NULL;
		*at = s->part;
	}
	from->slots = NULL;
	from->slot_count = 0;
	from->message = NULL;
}

struct call_part *answer_part(struct parse *p, struct candidate *c, struct slot *s,
			      enum part_type type)
{
	if (!c || !s || !p->d->opt.want_content || s->part)
		return s ? s->part : NULL;
	if (!c->message) {
		c->message = arena_alloc(&p->call->arena, sizeof(*c->message));
		if (!c->message)
			return NULL;
		c->message->role = SV("assistant");
	}
	s->part = part_new(p, &c->message->parts, type);
	return s->part;
}

void answer_text(struct parse *p, struct candidate *c, struct slot *s, enum part_type type,
		 struct sv text)
{
	struct call_part *part = text.len ? answer_part(p, c, s, type) : NULL;

	if (part)
		part_append(p, part, text);
}

static struct call_tool *tool_new(struct parse *p)
{
	struct call *c = p->call;
	struct call_tool **at = &c->tools;

	if (c->tool_count == CALL_TOOLS_MAX) {
		c->arena.full = true;
		return NULL;
	}
	while (*at)
		at = &(*at)->next;
	*at = arena_alloc(&c->arena, sizeof(**at));
	if (*at)
		c->tool_count++;
	return *at;
}

void answer_tool(struct parse *p, struct candidate *c, struct slot *s, enum part_type type,
		 struct sv id, struct sv name)
{
	struct call_part *part;

	if (!c || !s)
		return;
	if (!s->tool)
		s->tool = tool_new(p);
	if (!s->tool)
		return;
	s->tool->server_side = type == PART_SERVER_TOOL_CALL;
	if (!s->tool->id.len)
		string_piece(p, &s->tool->id, id, CALL_STRING_MAX);
	if (!s->tool->name.len)
		string_piece(p, &s->tool->name, name, CALL_STRING_MAX);
	part = answer_part(p, c, s, type);
	if (part) {
		part->id = s->tool->id;
		part->name = s->tool->name;
	}
}

/* Of a tool call whose start was lost, neither name nor id is known: it is none to tell of. */
static void drop_nameless(struct call *c)
{
	struct call_tool **at = &c->tools;

	while (*at) {
		if ((*at)->id.len || (*at)->name.len) {
			at = &(*at)->next;
			continue;
		}
		*at = (*at)->next;
		c->tool_count--;
	}
}

#define TOOL_TEXTS (1u << ST_ID | 1u << ST_NAME | 1u << ST_ARGS)

void field_answer_tool(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct candidate *c;
	struct slot *s;

	if (ev->kind == JSON_OBJECT)
		stage_drop(&p->stage, TOOL_TEXTS);
	if (ev->kind != JSON_OBJECT_END)
		return;
	c = answer_only(p);
	s = answer_next(p, c, (uint32_t)f->arg, false);
	answer_tool(p, c, s, PART_TOOL_CALL, staged(p, ST_ID), staged(p, ST_NAME));
	answer_text(p, c, s, PART_TOOL_CALL, staged(p, ST_ARGS));
	stage_drop(&p->stage, TOOL_TEXTS);
}

void answer_settle(struct parse *p)
{
	struct call_message **end = &p->call->content.output;

	drop_nameless(p->call);

	for (struct candidate *c = p->candidates; c; c = c->next) {
		if (!c->message)
			continue;
		for (struct call_part *part = c->message->parts; part; part = part->next)
			part_settle(p, part);
		c->message->finish = c->finish;
		*end = c->message;
		end = &c->message->next;
	}
}
