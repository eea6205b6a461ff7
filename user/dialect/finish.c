// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

#include <errno.h>
#include <stdio.h>

#include "dialect/carry.h"

void field_error(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->error_seen = true;
	if (ev->kind != JSON_STRING || !ev->text.len)
		return;
	p->error_seen = true;
	if (p->d->opt.want_content)
		string_piece(p, &p->call->content.error_message, ev->text, CALL_STRING_MAX);
}

void parse_error(struct parse *p, struct sv type)
{
	p->error_seen = true;
	if (!p->call->error_type.len)
		string_raw(p, &p->call->error_type, type);
}

static struct sv number_text(char *text, size_t size, int64_t v)
{
	snprintf(text, size, "%lld", (long long)v);
	return sv_of(text);
}

/* A code says more than a type, unless it is only a number. */
void take_error(struct parse *p)
{
	const struct opt_int *code = &p->stage.num[SI_ERROR_CODE];
	struct sv type = staged(p, ST_ERROR_CODE);
	char text[24];

	if (!p->error_seen)
		return;
	if (!type.len)
		type = staged(p, ST_ERROR_TYPE);
	if (!type.len && code->set)
		type = number_text(text, sizeof(text), code->v);
	parse_error(p, type);
}

void parse_request_end(struct parse *p)
{
	int err;

	if (!p->request.reader)
		return;
	err = json_end(p->request.reader);
	p->request_bad |= err == -EBADMSG || (err == -EAGAIN && p->ex->msg[EX_REQUEST].complete &&
					      !p->ex->msg[EX_REQUEST].gapped);
	doc_close(&p->request);
	input_settle(p);
}

static void end_answer(struct parse *p)
{
	int err;

	if (!p->answer.reader)
		return;
	err = json_end(p->answer.reader);
	p->whole |= err == 0;
	p->answer_bad |= err == -EBADMSG || (err == -EAGAIN && p->ex->msg[EX_RESPONSE].complete &&
					     !p->ex->msg[EX_RESPONSE].gapped);
	doc_close(&p->answer);
}

/* Realtime answers what it hears; elsewhere an answer without its request is proof of a loss. */
static bool must_have_asked(const struct parse *p)
{
	const struct ex_message *req = &p->ex->msg[EX_REQUEST];

	return !p->asked &&
	       (req->gapped || (p->mother->api == &api_live_responses && req->head_seen));
}

/* What is known to be missing. Also says whether the answer's end may be. */
static void take_loss(struct parse *p)
{
	const struct exchange *ex = p->ex;
	const struct ex_message *req = &ex->msg[EX_REQUEST], *resp = &ex->msg[EX_RESPONSE];
	struct call *c = p->call;
	/* Error pages of proxies are no JSON; that is no loss. */
	bool bad = p->request_bad || (p->answer_bad && ex->status < 400);

	if (p->mother) {
		/* What the session lost at other times is not this turn's. */
		c->loss = p->turn_gapped || must_have_asked(p) ? CALL_LOSS(GAP) : 0;
	} else {
		c->lost_bytes = req->lost + resp->lost;
		c->loss = carry_loss(req) | carry_loss(resp);
	}
	if (!req->head_seen && !(p->mother && p->asked))
		c->loss |= CALL_LOSS(JOINED_LATE);
	if (bad && !c->loss) {
		c->loss |= CALL_LOSS(JSON);
		p->d->stats.json_errors++;
	}
	if (p->event_cut)
		c->loss |= CALL_LOSS(EVENT);
	if (ex->outcome == EX_BROKEN)
		c->loss |= CALL_LOSS(PROTOCOL);
	if ((ex->outcome == EX_STOPPED || ex->outcome == EX_OPEN) && !p->whole)
		c->loss |= CALL_LOSS(STOPPED);
	if (c->arena.full) {
		c->loss |= CALL_LOSS(MEMORY);
		p->d->stats.arena_full++;
	}
}

/* AWS names the error in a field: "namespace#Name:address". */
static void take_error_header(struct parse *p)
{
	struct sv field = p->ex->msg[EX_RESPONSE].header[EX_H_AMZN_ERROR_TYPE];

	if (field.len)
		parse_error(p, sv_behind_last(sv_cut(field, sv_find(field, ':')), '#'));
}

static void take_outcome(struct parse *p)
{
	struct call *c = p->call;
	char text[24];

	if (p->error_seen || c->status >= 400) {
		c->outcome = CALL_ERROR;
		if (c->status >= 400 && !c->error_type.len)
			take_error_header(p);
		if (!c->error_type.len)
			parse_error(p, c->status >= 400 ? number_text(text, sizeof(text), c->status)
							: SV("_OTHER"));
		return;
	}
	/* What we lost ourselves may have held the end: then nobody knows of a failure. */
	if (p->whole || c->loss & CALL_LOSS(GAP) || p->ex->msg[EX_RESPONSE].gapped ||
	    p->ex->msg[EX_RESPONSE].lost)
		return;
	/* A session that ended in order cut what was open. */
	carry_outcome(c, p->mother && p->ex->outcome == EX_DONE ? EX_CUT : p->ex->outcome);
	if (p->mother)
		carry_close(c, p->ex);
}

/*
 * One per candidate, in order. "error" stands for a reason that did not come; where it may
 * only not have been seen, the list is as long as what was.
 */
static void take_finish_reasons(struct parse *p)
{
	struct call *c = p->call;
	bool unseen = c->loss != 0 || c->outcome == CALL_UNKNOWN || p->no_reason;

	if (c->op == CALL_EMBEDDINGS || c->op == CALL_RETRIEVAL)
		return;
	for (struct candidate *k = p->candidates; k; k = k->next) {
		struct sv reason = k->finish;

		/* A response that runs on in the background ends elsewhere. */
		if (!reason.len && (unseen || (p->whole && p->status.len && c->outcome == CALL_OK)))
			continue;
		if (call_list_add(&c->arena, &c->resp.finish_reasons,
				  reason.len ? reason : SV("error")))
			c->loss |= CALL_LOSS(MEMORY);
	}
}

/*
 * From a request to the first event, both of which were seen. Where the handshake was not, the
 * first request may have been found only when its answer came.
 */
static bool turn_is_timed(const struct parse *p)
{
	const struct exchange *ex = p->ex;

	if (!p->turn &&
	    (ex->joined_late || !ex->msg[EX_REQUEST].head_seen || !ex->msg[EX_RESPONSE].head_seen))
		return false;
	return p->asked && !p->first_lost && p->t_first_event >= p->t_begin;
}

static void take_times(struct parse *p, uint64_t time)
{
	const struct ex_message *resp = &p->ex->msg[EX_RESPONSE];

	if (p->mother) {
		p->call->t_start = p->t_begin;
		p->call->t_end = time > p->t_begin ? time : p->t_begin;
		if (turn_is_timed(p))
			p->call->t_first_chunk = p->t_first_event;
		return;
	}
	/* A connection that idles on after a whole answer does not make the call longer. */
	carry_times(p->call, p->ex, resp->t_end && p->whole ? resp->t_end : time);
	/* From a request to the first event, both of which were seen: else it would be wrong. */
	if (p->ex->msg[EX_REQUEST].head_seen && !p->first_lost)
		p->call->t_first_chunk = p->t_first_event;
}

static void take_identity(struct parse *p)
{
	const struct exchange *ex = p->ex;
	struct call *c = p->call;
	int64_t n;

	carry_exchange(c, ex);
	if (p->mother) {
		c->id.number += (uint64_t)p->turn << 32;
		c->status = 0; /* that of the handshake says nothing of a turn */
	}
	c->op = p->op_known ? p->op : p->api->op;
	c->api = p->api->api;
	c->dialect = p->api->name;
	c->provider = p->provider ? p->provider : p->api->provider;
	if (number_int(ex->msg[EX_REQUEST].header[EX_H_STAINLESS_RETRY_COUNT], &n) && n > 0)
		c->req.resend_count = (struct opt_int){ n, true };
}

/* A response made earlier: its tokens were paid for then. */
static void take_fetched(struct parse *p)
{
	p->call->resp.status = p->status;
	p->call->usage = (struct call_usage){ 0 };
}

/* Other services have such paths too: a model call names its model or answers like one. */
static bool is_model_call(const struct parse *p)
{
	const struct ex_message *req = &p->ex->msg[EX_REQUEST];

	if (p->by_shape)
		return p->shape_seen;
	if (!p->maybe || p->answered)
		return true;
	if (p->proof)
		return false;
	return (p->call->req.model.len && !p->model_by_path) || req->gapped || req->decode_failed;
}

bool parse_finish(struct parse *p, uint64_t time)
{
	struct call *c = p->call;

	parse_request_end(p);
	end_answer(p);
	if (!p->api || p->api->live || (p->ex->outcome == EX_UPGRADED && !p->mother))
		return false;
	if (p->model_doubtful)
		c->req.model = SV_NONE;
	if (p->api->finish)
		p->api->finish(p);
	if (p->api->op == CALL_FETCH_RESPONSE)
		take_fetched(p);
	if (p->no_call || !is_model_call(p))
		return false;
	take_identity(p);
	take_times(p, time);
	answer_settle(p);
	take_loss(p);
	take_outcome(p);
	take_finish_reasons(p);
	return true;
}
