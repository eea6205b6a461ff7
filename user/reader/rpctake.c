// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include <xxhash.h>

#include "dialect/carry.h"
#include "reader/rpcread.h"

uint64_t rpc_hash(struct sv s)
{
	/* 0 stands for "none". */
	return s.len ? XXH3_64bits(s.p, s.len) | 1 : 0;
}

/* ---- requests that both ends tell ---- */

/* with_method: else all that is known of it is its id. */
static uint64_t what_is_asked(const struct rpc_place *w, const struct rpcmsg *m, bool with_method)
{
	struct sv id = rpcmsg_text(m, RPC_ID);
	struct sv method = with_method ? rpcmsg_text(m, RPC_METHOD) : SV("");
	uint64_t hash = XXH3_64bits_withSeed(id.p ? id.p : "", id.len, w->where);

	return XXH3_64bits_withSeed(method.p ? method.p : "", method.len, hash) | 1;
}

static struct rpc_sent *seen(struct rpc_sent ring[RPC_SENT_MAX], uint64_t what, uint64_t time)
{
	for (size_t i = 0; i < RPC_SENT_MAX; i++) {
		if (ring[i].what == what && ring[i].time + RPC_SENT_NS >= time)
			return &ring[i];
	}
	return NULL;
}

/*
 * True when the other end has told this request. That is the sender's, but where bytes of it came
 * late. Each is asked for once.
 */
static bool told_by_other(struct rpc_reader *r, const struct rpc_place *w, const struct rpcmsg *m)
{
	uint64_t what = what_is_asked(w, m, true);
	struct rpc_sent *other = w->where ? seen(r->sent[!w->sent], what, w->t_begin) : NULL;

	if (other)
		other->what = 0;
	else if (w->where)
		r->sent[w->sent][r->sent_next[w->sent]++ % RPC_SENT_MAX] =
			(struct rpc_sent){ what, w->t_begin };
	return other != NULL;
}

static void note_asked(struct rpc_reader *r, const struct rpc_place *w, const struct rpcmsg *m)
{
	if (w->where && m->has_id)
		r->asked[w->sent][r->asked_next[w->sent]++ % RPC_SENT_MAX] =
			(struct rpc_sent){ what_is_asked(w, m, false), w->t_begin };
}

/* ---- agents' cards ---- */

static uint64_t authority_of(struct sv url)
{
	size_t at = sv_find(url, ':');
	struct sv rest = url.len ? sv_skip(url, at) : SV("");

	if (!sv_starts(rest, SV("://")))
		return 0;
	rest = sv_skip(rest, 3);
	return rpc_hash(sv_cut(rest, sv_find(rest, '/')));
}

void rpc_take_card(struct rpc_reader *r, uint64_t where, const struct rpcmsg *m)
{
	struct rpc_card *card = NULL;

	if (!rpcmsg_text(m, RPC_CARD_NAME).len || !where)
		return;
	for (size_t i = 0; i < RPC_CARDS_MAX && !card; i++) {
		if (r->cards[i].where[0] == where)
			card = &r->cards[i];
	}
	if (!card)
		card = &r->cards[r->card_next++ % RPC_CARDS_MAX];
	*card = (struct rpc_card){ .where = { where, authority_of(rpcmsg_text(m, RPC_CARD_URL)) } };
	talk_name(card->name, rpcmsg_text(m, RPC_CARD_NAME));
	talk_name(card->version, rpcmsg_text(m, RPC_CARD_VERSION));
	talk_name(card->description, rpcmsg_text(m, RPC_CARD_DESCRIPTION));
	r->stats.cards++;
}

static void name_agent(const struct rpc_reader *r, struct call *c, uint64_t where)
{
	for (size_t i = 0; i < RPC_CARDS_MAX && where; i++) {
		const struct rpc_card *card = &r->cards[i];

		if (card->where[0] != where && card->where[1] != where)
			continue;
		c->agent.name = carry_string(c, sv_of(card->name));
		c->agent.version = carry_string(c, sv_of(card->version));
		c->agent.description = carry_string(c, sv_of(card->description));
		return;
	}
}

/* ---- requests ---- */

static struct call *call_begin(struct rpc_reader *r, struct rpc_place *w)
{
	struct call *c = call_new(r->opt.want_content ? CALL_ARENA_CONTENT_MAX : CALL_ARENA_MAX);

	if (!c) {
		r->stats.no_memory++;
		return NULL;
	}
	c->role = w->sent ? CALL_CLIENT : CALL_SERVER;
	c->t_start = w->t_begin;
	c->loss = w->loss;
	w->fill(w->ctx, c, (*w->n)++);
	return c;
}

/* A session's answer may come on any of its exchanges. */
static struct talk *waits_in(const struct rpc_place *w)
{
	return w->session ? w->session : w->own;
}

static void learn(const struct rpc_place *w, const struct rpcmsg *m)
{
	struct talk *both[] = { w->own, w->session };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		if (!both[i])
			continue;
		both[i]->is_mcp = true;
		talk_name(both[i]->protocol, rpcmsg_text(m, RPC_PROTOCOL));
		talk_name(both[i]->server_name, rpcmsg_text(m, RPC_SERVER));
		talk_name(both[i]->client_name, rpcmsg_text(m, RPC_CLIENT));
	}
}

static void wait_for(struct rpc_reader *r, struct rpc_place *w, struct asked *a)
{
	if (talk_ask(&r->talks, waits_in(w), a, w->t_end)) {
		r->stats.no_memory++;
		call_free(a->call);
	}
}

static void take_request(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m,
			 enum rpc_meaning meaning)
{
	struct asked a = {
		.id = m->has_id ? rpc_hash(rpcmsg_text(m, RPC_ID)) : 0,
		.token = rpc_hash(rpcmsg_text(m, RPC_TOKEN)),
		.from_client = w->from_client,
		/* What the server asks is answered on another exchange. */
		.owner = w->from_client ? w->owner : NULL,
		.call = call_begin(r, w),
	};

	if (!a.call)
		return;
	if (meaning == RPC_MCP) {
		learn(w, m);
		mcp_ask(a.call, m);
	} else if (meaning == RPC_A2A_SEND && w->sent) {
		a2a_ask(a.call, m);
		name_agent(r, a.call, w->where);
		a.streams = w->streams;
	} else {
		a.shadow = true;
		r->stats.foreign += meaning == RPC_FOREIGN;
	}
	if (!a.shadow)
		note_asked(r, w, m);
	if (!a.shadow && told_by_other(r, w, m)) {
		a.shadow = true;
		r->stats.both_ends++;
	}
	wait_for(r, w, &a);
}

void rpc_take_a2a(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m)
{
	struct asked a = {
		.from_client = true, .streams = true, .owner = w->owner, .call = call_begin(r, w)
	};

	w->ours = true;
	if (!a.call)
		return;
	a2a_ask(a.call, m);
	name_agent(r, a.call, w->where);
	wait_for(r, w, &a);
}

/* ---- notifications ---- */

static void take_cancelled(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m)
{
	uint64_t id = rpc_hash(rpcmsg_text(m, RPC_CANCELLED_ID));
	struct talk *in = w->own;
	struct asked *a = talk_answered(in, id, w->from_client);

	if (!a && w->session) {
		in = w->session;
		a = talk_answered(in, id, w->from_client);
	}
	if (!a)
		return;
	a->call->outcome = CALL_CANCELLED;
	a->call->error_type = SV("cancelled");
	a->call->t_end = w->t_end;
	talk_tell(&r->talks, in, a, w->t_end);
}

static void take_progress(struct rpc_place *w, const struct rpcmsg *m)
{
	uint64_t token = rpc_hash(rpcmsg_text(m, RPC_TOKEN));
	struct asked *a = talk_progress(w->own, token, !w->from_client);

	if (!a && w->session)
		a = talk_progress(w->session, token, !w->from_client);
	if (a)
		a->call->mcp.progress++;
}

/* A notification that stands for itself. */
static void take_notification(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m)
{
	struct asked *a;

	if (told_by_other(r, w, m)) {
		r->stats.both_ends++;
		return;
	}
	a = calloc(1, sizeof(*a));
	if (a)
		a->call = call_begin(r, w);
	if (!a || !a->call) {
		free(a);
		return;
	}
	learn(w, m);
	mcp_ask(a->call, m);
	a->call->t_end = w->t_end;
	talk_tell(&r->talks, w->session ? w->session : w->own, a, w->t_end);
}

/* ---- answers ---- */

static struct asked *asked_for(struct rpc_place *w, uint64_t id, struct talk **ret_in)
{
	struct talk *in[] = { w->own, w->session };

	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		struct asked *a = in[i] ? talk_find(in[i], id, !w->from_client) : NULL;

		*ret_in = in[i];
		if (a)
			return a;
	}
	/* Of a request whose id was lost, the only one here. */
	*ret_in = waits_in(w);
	return (*ret_in)->asked_count == 1 ? talk_find(*ret_in, 0, !w->from_client) : NULL;
}

/*
 * The answer to a request that was lost, or passed before anybody looked. What it asked shows in
 * the result; of an error or an empty result nobody knows.
 */
static void take_orphan(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m)
{
	const struct talk *t = waits_in(w);
	struct asked *a;

	r->stats.unmatched++;
	if ((!t->is_mcp && !m->shape) || !m->has_id)
		return;
	/* The other end has the whole of it. */
	if (w->where && seen(r->asked[w->sent], what_is_asked(w, m, false), w->t_begin)) {
		w->ours = true;
		r->stats.both_ends++;
		return;
	}
	a = calloc(1, sizeof(*a));
	w->sent = !w->sent;
	if (a)
		a->call = call_begin(r, w);
	w->sent = !w->sent;
	if (!a || !a->call) {
		free(a);
		return;
	}
	w->ours = true;
	a->call->loss |= w->late ? CALL_LOSS(JOINED_LATE) : CALL_LOSS(GAP);
	mcp_orphan(a->call, m);
	mcp_answer(a->call, m);
	learn(w, m);
	a->call->t_end = w->t_end;
	talk_tell(&r->talks, waits_in(w), a, w->t_end);
}

static void take_answer(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m)
{
	uint64_t id = m->has_id ? rpc_hash(rpcmsg_text(m, RPC_ID)) : 0;
	struct talk *in;
	struct asked *a = asked_for(w, id, &in);

	if (!a) {
		take_orphan(r, w, m);
		return;
	}
	w->answered = !a->answered;
	w->ours |= a->call->op == CALL_MCP || a->call->op == CALL_INVOKE_AGENT;
	a->call->loss |= w->loss;
	if (a->call->op == CALL_INVOKE_AGENT)
		a2a_answer(a->call, m);
	else if (a->call->op == CALL_MCP)
		mcp_answer(a->call, m);
	if (a->call->op == CALL_MCP)
		learn(w, m);
	a->answered = true;
	if (a->streams)
		return;
	talk_answered(in, a->id, a->from_client);
	a->call->t_end = w->t_end;
	if (w->session)
		talk_fill(w->session, a->call);
	talk_tell(&r->talks, in, a, w->t_end);
}

void rpc_take_a2a_answer(struct rpc_place *w, const struct rpcmsg *m)
{
	struct asked *a = talk_of(waits_in(w), w->owner);

	if (!a)
		return;
	a->answered = true;
	a->call->loss |= w->loss;
	a2a_answer(a->call, m);
}

enum rpc_kind rpc_take(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m)
{
	struct sv method = rpcmsg_text(m, RPC_METHOD);
	enum rpc_meaning meaning;

	w->answered = false;
	/* Part of a message may have lost the member that says what it is. */
	if (!rpcmsg_text(m, RPC_VERSION).len && !m->broken)
		return RPC_BROKEN;
	if (!method.len) {
		if (m->has_result || m->has_error)
			take_answer(r, w, m);
		return m->broken       ? RPC_BROKEN
		       : m->has_error  ? RPC_ERROR
		       : m->has_result ? RPC_RESPONSE
				       : RPC_BROKEN;
	}
	meaning = rpc_meaning(m);
	if (meaning == RPC_MCP_ONLY)
		meaning = w->own->is_mcp || (w->session && w->session->is_mcp) ? RPC_MCP
									       : RPC_FOREIGN;
	/* Of A2A the client's end is told; at the server's, HTTP is. */
	w->ours |= meaning == RPC_MCP || (meaning != RPC_FOREIGN && w->sent);
	if (m->has_id || (m->broken && !sv_starts(method, SV("notifications/")))) {
		take_request(r, w, m, meaning);
		return m->broken ? RPC_BROKEN : RPC_REQUEST;
	}
	if (sv_eq(method, SV("notifications/cancelled")))
		take_cancelled(r, w, m);
	else if (sv_eq(method, SV("notifications/progress")))
		take_progress(w, m);
	else if (meaning == RPC_MCP)
		take_notification(r, w, m);
	return m->broken ? RPC_BROKEN : RPC_NOTIFICATION;
}
