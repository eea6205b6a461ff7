// SPDX-License-Identifier: Apache-2.0
#include "reader/talk.h"

#include <errno.h>
#include <stdlib.h>

#include <xxhash.h>

#include "base/utf8.h"
#include "dialect/carry.h"

void talk_name(char *to, struct sv name)
{
	struct sv cut = utf8_cut(name, TALK_NAME_MAX - 1);

	if (!cut.len)
		return;
	memcpy(to, cut.p, cut.len);
	to[cut.len] = '\0';
}

/* ---- sessions ---- */

static size_t bucket_of(const struct talk_key *k)
{
	uint64_t mixed[4] = { k->tgid | (uint64_t)k->server << 32, k->proc_start, k->where,
			      k->name };

	return XXH3_64bits(mixed, sizeof(mixed)) % TALKS_MAX;
}

static bool same_key(const struct talk_key *a, const struct talk_key *b)
{
	return a->tgid == b->tgid && a->server == b->server && a->proc_start == b->proc_start &&
	       a->where == b->where && a->name == b->name;
}

static void age_out(struct talks *all, struct talk *t)
{
	*(t->older ? &t->older->newer : &all->oldest) = t->newer;
	*(t->newer ? &t->newer->older : &all->newest) = t->older;
	t->older = t->newer = NULL;
}

static void age_in(struct talks *all, struct talk *t)
{
	t->older = all->newest;
	*(all->newest ? &all->newest->newer : &all->oldest) = t;
	all->newest = t;
}

static void forget(struct talks *all, struct talk *t)
{
	struct talk **at = &all->buckets[bucket_of(&t->key)];

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	age_out(all, t);
	all->count--;
	free(t);
}

/* The one that nobody is in and that was silent longest. */
static void forget_oldest(struct talks *all)
{
	for (struct talk *t = all->oldest; t; t = t->newer) {
		if (t->users)
			continue;
		talk_end(all, t, CALL_UNKNOWN, "", 0);
		forget(all, t);
		return;
	}
}

struct talk *talk_join(struct talks *all, const struct talk_key *key, struct sv name)
{
	struct talk **head = &all->buckets[bucket_of(key)], *t = *head;

	while (t && !same_key(&t->key, key))
		t = t->next;
	if (t) {
		age_out(all, t);
	} else {
		if (all->count >= TALKS_MAX)
			forget_oldest(all);
		t = calloc(1, sizeof(*t));
		if (!t)
			return NULL;
		t->key = *key;
		talk_name(t->session, name);
		t->next = *head;
		*head = t;
		all->count++;
	}
	age_in(all, t);
	t->users++;
	return t;
}

void talk_leave(struct talks *all, struct talk *t)
{
	(void)all;
	t->users--;
}

void talks_stop(struct talks *all, enum call_outcome how, uint64_t time)
{
	while (all->oldest) {
		for (struct asked *a = all->oldest->asked; a; a = a->next)
			a->call->loss |= CALL_LOSS(STOPPED);
		talk_end(all, all->oldest, how, "", time);
		forget(all, all->oldest);
	}
}

/* ---- requests ---- */

static struct asked *take_first(struct talk *t)
{
	struct asked *a = t->asked;

	t->asked = a->next;
	t->asked_count--;
	return a;
}

static void append(struct talk *t, struct asked *a)
{
	struct asked **at = &t->asked;

	while (*at)
		at = &(*at)->next;
	a->next = NULL;
	*at = a;
	t->asked_count++;
}

int talk_ask(struct talks *all, struct talk *t, const struct asked *a, uint64_t time)
{
	struct asked *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *a;
	if (t->asked_count >= TALK_ASKED_MAX) {
		struct asked *old = take_first(t);

		old->call->outcome = CALL_UNKNOWN;
		talk_tell(all, t, old, time);
	}
	append(t, copy);
	return 0;
}

struct asked *talk_find(struct talk *t, uint64_t id, bool from_client)
{
	struct asked *a = t->asked;

	while (a && (a->from_client != from_client || a->id != id))
		a = a->next;
	return a;
}

struct asked *talk_answered(struct talk *t, uint64_t id, bool from_client)
{
	struct asked *a = talk_find(t, id, from_client);

	if (a)
		talk_remove(t, a);
	return a;
}

void talk_remove(struct talk *t, struct asked *a)
{
	struct asked **at = &t->asked;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	t->asked_count--;
}

struct asked *talk_of(const struct talk *t, const void *owner)
{
	struct asked *a = t->asked;

	while (a && a->owner != owner)
		a = a->next;
	return a;
}

struct asked *talk_progress(struct talk *t, uint64_t token, bool from_client)
{
	struct asked *a = t->asked;

	while (a && (a->from_client != from_client || !a->token || a->token != token))
		a = a->next;
	return a;
}

static void learn(struct call *c, struct sv *to, const char *known)
{
	if (!to->len && known[0])
		*to = carry_string(c, sv_of(known));
}

void talk_fill(const struct talk *t, struct call *c)
{
	if (c->op != CALL_MCP)
		return;
	learn(c, &c->mcp.session_id, t->session);
	learn(c, &c->mcp.protocol_version, t->protocol);
	learn(c, &c->mcp.server_name, t->server_name);
	learn(c, &c->mcp.client_name, t->client_name);
}

void talk_tell(struct talks *all, struct talk *t, struct asked *a, uint64_t time)
{
	struct call *c = a->call;

	talk_fill(t, c);
	if (!c->t_end)
		c->t_end = a->t_end ? a->t_end : time;
	if (c->t_end < c->t_start)
		c->t_end = c->t_start;
	if (c->arena.full)
		c->loss |= CALL_LOSS(MEMORY);
	if (a->shadow)
		call_free(c);
	else
		all->fn(all->ctx, c);
	free(a);
}

void talk_give_up(struct talks *all, struct talk *t, struct asked *a, enum call_outcome how,
		  const char *error, uint64_t time)
{
	struct call *c = a->call;

	talk_remove(t, a);
	if (!a->answered) {
		c->outcome = how;
		if (error)
			c->error_type = sv_of(error);
	}
	/* The answer may have been in what was lost. */
	if (t->gap[!a->from_client] && !a->answered) {
		c->loss |= CALL_LOSS(GAP);
		c->outcome = CALL_UNKNOWN;
		c->error_type = SV_NONE;
	}
	talk_tell(all, t, a, time);
}

void talk_end(struct talks *all, struct talk *t, enum call_outcome how, const char *error,
	      uint64_t time)
{
	while (t->asked)
		talk_give_up(all, t, t->asked, how, error, time);
}

void talk_move(struct talk *from, struct talk *to)
{
	while (from->asked)
		append(to, take_first(from));
}
