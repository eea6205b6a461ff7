// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include <xxhash.h>

#include "dialect/carry.h"
#include "dialect/route.h"
#include "dialect/rpcread.h"

uint64_t rpc_hash(struct sv s)
{
	/* 0 stands for "none". */
	return s.len ? XXH3_64bits(s.p, s.len) | 1 : 0;
}

/* ---- requests that both ends tell ---- */

static uint64_t what_is_asked(const struct rpc_place *w, const struct rpcmsg *m)
{
	static const enum rpc_text parts[] = { RPC_METHOD, RPC_ID,    RPC_NAME,
					       RPC_URI,	   RPC_TOKEN, RPC_TRACEPARENT };
	uint64_t hash = w->where;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct sv s = rpcmsg_text(m, parts[i]);

		hash = XXH3_64bits_withSeed(s.p ? s.p : "", s.len, hash + i);
	}
	return hash | 1;
}

/* True when the sender's end has told this request. Each is asked for once. */
static bool told_by_sender(struct rpc_reader *r, const struct rpc_place *w, const struct rpcmsg *m)
{
	uint64_t what = w->where ? what_is_asked(w, m) : 0;

	if (!what)
		return false;
	if (w->sent) {
		r->sent[r->sent_next++ % RPC_SENT_MAX] = (struct rpc_sent){ what, w->t_begin };
		return false;
	}
	for (size_t i = 0; i < RPC_SENT_MAX; i++) {
		if (r->sent[i].what != what || r->sent[i].time + RPC_SENT_NS < w->t_begin)
			continue;
		r->sent[i].what = 0;
		return true;
	}
	return false;
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
	if (!a.shadow && told_by_sender(r, w, m)) {
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

	if (told_by_sender(r, w, m)) {
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

static void take_answer(struct rpc_reader *r, struct rpc_place *w, const struct rpcmsg *m)
{
	uint64_t id = m->has_id ? rpc_hash(rpcmsg_text(m, RPC_ID)) : 0;
	struct talk *in;
	struct asked *a = asked_for(w, id, &in);

	if (!a) {
		r->stats.unmatched++;
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
