// SPDX-License-Identifier: Apache-2.0
#include "app/unseen.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hostname.h"
#include "dialect/route.h"
#include "proto/clienthello.h"

struct unseen {
	struct unseen_opts opts;
	struct blinds *blinds;
	uint64_t plain;
};

static bool wanted(void *ctx, struct sv host)
{
	const struct unseen *u = ctx;

	for (size_t i = 0; i < u->opts.host_count; i++) {
		if (hostname_fits(host, sv_of(u->opts.hosts[i].host)))
			return true;
	}
	return u->opts.all_hosts || (host.len && host_known(host));
}

int unseen_new(struct unseen **ret, const struct unseen_opts *opts)
{
	struct unseen *u = calloc(1, sizeof(*u));
	struct blinds_opts b = { .facts = opts->facts, .wanted = wanted, .ctx = u };
	int err;

	if (!u)
		return -ENOMEM;
	u->opts = *opts;
	err = blinds_new(&u->blinds, &b);
	if (err) {
		free(u);
		return err;
	}
	*ret = u;
	return 0;
}

void unseen_free(struct unseen *u)
{
	if (!u)
		return;
	blinds_free(u->blinds);
	free(u);
}

void unseen_wire(struct unseen *u, const struct es_wire *w, struct sv payload)
{
	struct blind_conn c = {
		.tgid = w->head.tgid,
		.proc_start = w->stream.proc_start,
		.object = w->stream.object,
		.birth = w->stream.birth,
		.time = w->head.time,
		.family = w->family,
		.port = w->remote_port,
	};
	struct clienthello hello;

	memcpy(c.addr, w->remote, sizeof(c.addr));
	switch (w->kind) {
	case ES_WIRE_HELLO:
		if (clienthello_parse(payload, &hello) == 0)
			blinds_hello(u->blinds, &c, hello.host);
		break;
	case ES_WIRE_DATA:
	case ES_WIRE_JOINED:
		blinds_sealed(u->blinds, &c, w->kind == ES_WIRE_JOINED);
		break;
	case ES_WIRE_QUIC:
		blinds_quic(u->blinds, &c);
		break;
	case ES_WIRE_URING:
		blinds_uring(u->blinds, c.tgid, c.proc_start);
		break;
	default:
		break;
	}
}

void unseen_close(struct unseen *u, const struct es_close *c)
{
	const uint64_t passed[2] = { c->passed[0], c->passed[1] };

	blinds_bytes(u->blinds, c->head.tgid, c->stream.object, c->stream.birth, passed);
}

/* Detached once: a finding that has given nothing but noise so far gives no plaintext. */
static void prove(struct unseen *u, const struct conn *conn)
{
	struct lib_fact *lib = facts_lib_by_id(u->opts.facts, conn->library);

	if (!lib)
		return;
	if (conn->proto != CONN_UNKNOWN) {
		lib->proven++;
		return;
	}
	lib->doubtful++;
	if (lib->doubtful == UNSEEN_DOUBTFUL_MAX && !lib->proven &&
	    sv_eq(lib->found, SV("search")) && u->opts.detach)
		u->opts.detach(u->opts.detach_ctx, conn->tgid, conn->library);
}

void unseen_decided(struct unseen *u, const struct conn *conn)
{
	const struct blind_plain seen = { .tgid = conn->tgid,
					  .proc_start = conn->proc_start,
					  .object = conn->object,
					  .birth = conn->birth,
					  .inode = conn->inode,
					  .time = conn->t_open };

	u->plain += conn->source == ES_SRC_SOCKET &&
		    (conn->proto == CONN_HTTP1 || conn->proto == CONN_HTTP2 ||
		     conn->proto == CONN_WEBSOCKET);
	if (conn->source == ES_SRC_SOCKET || conn->source == ES_SRC_STDIO)
		return;
	prove(u, conn);
	if (conn->proto != CONN_UNKNOWN && conn->proto != CONN_TLS)
		blinds_plain(u->blinds, &seen);
}

void unseen_tick(struct unseen *u, uint64_t now)
{
	blinds_tick(u->blinds, now);
}

void unseen_stop(struct unseen *u)
{
	blinds_stop(u->blinds);
}

uint64_t unseen_plain(const struct unseen *u)
{
	return u->plain;
}

const struct blinds *unseen_blinds(const struct unseen *u)
{
	return u->blinds;
}
