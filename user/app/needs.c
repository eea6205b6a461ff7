// SPDX-License-Identifier: Apache-2.0
#include "app/needs.h"

#include <stdlib.h>

#include <uthash.h>

struct need {
	uint32_t tgid; /* key */
	bool pipes, closes;
	UT_hash_handle hh;
};

static struct need *find(const struct needs *n, uint32_t tgid)
{
	struct need *p;

	HASH_FIND(hh, n->procs, &tgid, sizeof(tgid), p);
	return p;
}

static struct need *get(struct needs *n, uint32_t tgid)
{
	struct need *p = find(n, tgid);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->tgid = tgid;
	HASH_ADD(hh, n->procs, tgid, sizeof(p->tgid), p);
	return p;
}

static void drop(struct needs *n, struct need *p)
{
	n->pipes -= p->pipes;
	n->closes -= p->closes;
	HASH_DEL(n->procs, p);
	free(p);
}

void needs_exit(struct needs *n, uint32_t tgid)
{
	struct need *p = find(n, tgid);

	if (p)
		drop(n, p);
}

void needs_exec(struct needs *n, uint32_t tgid, bool pipes)
{
	struct need *p;

	needs_exit(n, tgid);
	if (!pipes)
		return;
	p = get(n, tgid);
	n->pipes++;
	if (p)
		p->pipes = true;
}

void needs_closes(struct needs *n, uint32_t tgid)
{
	struct need *p = get(n, tgid);

	if (p && p->closes)
		return;
	n->closes++;
	if (p)
		p->closes = true;
}

void needs_free(struct needs *n)
{
	struct need *p, *next;

	HASH_ITER (hh, n->procs, p, next)
		drop(n, p);
}

unsigned int needs_now(const struct needs *n)
{
	return (n->pipes ? PLAIN_PIPES : 0) | (n->closes ? PLAIN_CLOSES : 0);
}
