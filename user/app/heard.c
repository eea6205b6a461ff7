// SPDX-License-Identifier: Apache-2.0
#include "app/heard.h"

#include <errno.h>
#include <stdlib.h>

#include <uthash.h>

struct proc {
	uint32_t tgid;
	struct heard_sum sum;
	UT_hash_handle hh;
};

struct key {
	uint64_t object, birth;
	uint32_t tgid, pad;
};

/* A plain stream of HTTP whose end was not told yet. */
struct open {
	struct key key;
	UT_hash_handle hh;
};

struct heard {
	struct proc *procs;
	struct open *open;
};

int heard_new(struct heard **ret)
{
	struct heard *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	*ret = h;
	return 0;
}

void heard_free(struct heard *h)
{
	struct proc *p, *next;
	struct open *o, *after;

	if (!h)
		return;
	HASH_ITER (hh, h->procs, p, next) {
		HASH_DEL(h->procs, p);
		free(p);
	}
	HASH_ITER (hh, h->open, o, after) {
		HASH_DEL(h->open, o);
		free(o);
	}
	free(h);
}

static struct proc *find(const struct heard *h, uint32_t tgid)
{
	struct proc *p;

	HASH_FIND(hh, h->procs, &tgid, sizeof(tgid), p);
	return p;
}

static struct proc *get(struct heard *h, uint32_t tgid)
{
	struct proc *p = find(h, tgid);

	if (!p && HASH_COUNT(h->procs) < HEARD_MAX)
		p = calloc(1, sizeof(*p));
	if (p && !p->tgid) {
		p->tgid = tgid;
		HASH_ADD(hh, h->procs, tgid, sizeof(p->tgid), p);
	}
	return p;
}

static struct open *find_open(const struct heard *h, const struct key *key)
{
	struct open *o;

	HASH_FIND(hh, h->open, key, sizeof(*key), o);
	return o;
}

void heard_stream(struct heard *h, const struct conn *conn)
{
	const struct key key = { conn->object, conn->birth, conn->tgid, 0 };
	bool http = conn->proto == CONN_HTTP1 || conn->proto == CONN_HTTP2 ||
		    conn->proto == CONN_WEBSOCKET;
	struct proc *p;
	struct open *o;

	if (conn->source != ES_SRC_SOCKET || !http || find_open(h, &key))
		return;
	p = get(h, conn->tgid);
	o = p && HASH_COUNT(h->open) < HEARD_MAX ? calloc(1, sizeof(*o)) : NULL;
	if (!o)
		return;
	o->key = key;
	HASH_ADD(hh, h->open, key, sizeof(o->key), o);
	p->sum.connections++;
}

void heard_close(struct heard *h, const struct es_close *c)
{
	const struct key key = { c->stream.object, c->stream.birth, c->head.tgid, 0 };
	struct open *o = find_open(h, &key);
	struct proc *p = find(h, c->head.tgid);

	if (!o || !p)
		return;
	p->sum.bytes[0] += c->passed[0];
	p->sum.bytes[1] += c->passed[1];
	HASH_DEL(h->open, o);
	free(o);
}

void heard_call(struct heard *h, const struct call *call)
{
	struct proc *p = get(h, call->owner_tgid ? call->owner_tgid : call->id.tgid);

	if (!p)
		return;
	p->sum.models += call->op != CALL_MCP && call->op != CALL_HTTP;
	p->sum.mcp += call->op == CALL_MCP;
	p->sum.http += call->op == CALL_HTTP;
}

struct heard_sum heard_of(const struct heard *h, uint32_t tgid)
{
	const struct proc *p = find(h, tgid);

	return p ? p->sum : (struct heard_sum){ 0 };
}
