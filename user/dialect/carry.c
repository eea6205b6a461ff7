// SPDX-License-Identifier: Apache-2.0
#include "dialect/carry.h"

#include "base/hostname.h"
#include "base/utf8.h"
#include "model/context.h"

struct sv carry_string(struct call *c, struct sv s)
{
	struct sv cut = utf8_cut(s, CALL_STRING_MAX);

	if (!s.len)
		return SV_NONE;
	if (cut.len < s.len)
		c->arena.full = true;
	return arena_copy(&c->arena, cut);
}

static void carry_server(struct call *c, const struct exchange *ex)
{
	struct sv host;
	uint16_t port;

	hostname_split(ex->msg[EX_REQUEST].header[EX_H_HOST], &host, &port);
	c->server_address = carry_string(c, host);
	if (host.len)
		c->server_port = port ? port : ex->tls ? 443 : 80;
	c->peer_family = ex->peer_family;
	c->peer_port = ex->peer_port;
	memcpy(c->peer_addr, ex->peer_addr, sizeof(c->peer_addr));
}

void carry_exchange(struct call *c, const struct exchange *ex)
{
	const struct sv *field = ex->msg[EX_REQUEST].header;

	c->id = (struct call_id){ ex->tgid, ex->proc_start, ex->object, ex->birth, ex->number };
	c->role = ex->role == EX_SERVER ? CALL_SERVER : CALL_CLIENT;
	c->status = ex->status;
	c->http.major = ex->http_major;
	c->http.minor = ex->http_minor;
	c->http.tls = ex->tls;
	c->user_agent = carry_string(c, field[EX_H_USER_AGENT]);
	carry_server(c, ex);
	context_trace(&c->trace, field[EX_H_TRACEPARENT], field[EX_H_TRACESTATE], &c->arena);
	context_baggage(c, field[EX_H_BAGGAGE]);
}

uint32_t carry_loss(const struct ex_message *m)
{
	return (m->gapped || m->lost ? CALL_LOSS(GAP) : 0) |
	       (m->decode_failed ? CALL_LOSS(DECODE) : 0) |
	       (m->truncated ? CALL_LOSS(EXPANSION) : 0) |
	       (m->fields_unknown ? CALL_LOSS(FIELDS) : 0);
}

void carry_times(struct call *c, const struct exchange *ex, uint64_t time)
{
	const struct ex_message *req = &ex->msg[EX_REQUEST], *resp = &ex->msg[EX_RESPONSE];

	c->t_start = req->t_first ? req->t_first : resp->t_first ? resp->t_first : time;
	c->t_end = resp->t_end && resp->complete ? resp->t_end : time;
	if (c->t_end < c->t_start)
		c->t_end = c->t_start;
}

void carry_outcome(struct call *c, enum ex_outcome outcome)
{
	static const struct {
		enum ex_outcome from;
		enum call_outcome to;
		const char *error;
	} ends[] = {
		{ EX_CUT, CALL_CUT, "connection_reset" },
		{ EX_CANCELLED, CALL_CANCELLED, "cancelled" },
		{ EX_NO_RESPONSE, CALL_NO_RESPONSE, "no_response" },
		{ EX_PROC_EXIT, CALL_PROC_EXIT, "process_exit" },
		{ EX_BROKEN, CALL_UNKNOWN, "" },
		{ EX_STOPPED, CALL_UNKNOWN, "" },
		{ EX_OPEN, CALL_UNKNOWN, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends[i].from != outcome)
			continue;
		c->outcome = ends[i].to;
		c->error_type = sv_of(ends[i].error);
	}
}

void carry_close(struct call *c, const struct exchange *ex)
{
	if (!ex->close.seen)
		return;
	c->closed.code = (struct opt_int){ ex->close.code, ex->close.code != 0 };
	if (!ex->close.unsure)
		c->closed.by = ex->close.first == EX_REQUEST ? "client" : "server";
}
