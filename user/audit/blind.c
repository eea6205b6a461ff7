// SPDX-License-Identifier: Apache-2.0
#include "audit/blind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <uthash.h>

/* Streams remembered: those that explained something long ago go first. */
#define BLIND_PLAIN_MAX 16384

struct conn_key {
	uint64_t object, birth;
	uint32_t tgid, pad;
};

/* A connection that is followed until it is judged; then its blind spot gets its bytes. */
struct wire {
	struct conn_key key;
	struct blind_conn conn;
	char host[256];
	uint64_t deadline; /* 0: has sent no more than a handshake */
	uint64_t bytes[2];
	bool before, quic;
	struct blind *spot; /* judged blind; NULL: not yet, or not */
	UT_hash_handle hh;
};

/* A stream whose plaintext was seen. */
struct plain {
	struct conn_key key;
	struct blind_plain seen;
	bool used; /* explains a connection */
	UT_hash_handle hh;
};

struct blinds {
	struct blinds_opts opts;
	struct wire *wires;
	struct plain *plains;
	struct blind spots[BLIND_KEPT_MAX];
	size_t spot_count;
	struct {
		uint32_t tgid;
		uint64_t start;
	} uring[64];
	size_t uring_count;
	uint64_t others;
	uint64_t missed;
};

#define SOCKET_BIT (1ull << 63) /* as ES_OBJECT_SOCKET */

const char *blind_why_name(enum blind_why why)
{
	static const char *const names[BLIND_WHY_COUNT] = {
		[BLIND_STACK_UNKNOWN] = "stack unknown",
		[BLIND_ENDED] = "ended before its probes were in place",
		[BLIND_LATE] = "its probes came too late",
		[BLIND_NO_FILE] = "code not mapped from a file",
		[BLIND_REFUSED] = "found but refused",
		[BLIND_ATTACH] = "attach failed",
		[BLIND_SILENT] = "attached but silent",
		[BLIND_QUIC] = "QUIC",
		[BLIND_BEFORE] = "started before us",
	};

	return names[why];
}

void blind_peer(const struct blind *b, char *ret, size_t len)
{
	char text[INET6_ADDRSTRLEN] = "";

	ret[0] = '\0';
	if (inet_ntop(b->conn.family == 10 ? AF_INET6 : AF_INET, b->conn.addr, text, sizeof(text)))
		snprintf(ret, len, b->conn.family == 10 ? "[%s]:%u" : "%s:%u", text, b->conn.port);
}

int blinds_new(struct blinds **ret, const struct blinds_opts *opts)
{
	struct blinds *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->opts = *opts;
	*ret = b;
	return 0;
}

void blinds_free(struct blinds *b)
{
	struct wire *w, *next;
	struct plain *p, *after;

	if (!b)
		return;
	HASH_ITER (hh, b->wires, w, next) {
		HASH_DEL(b->wires, w);
		free(w);
	}
	HASH_ITER (hh, b->plains, p, after) {
		HASH_DEL(b->plains, p);
		free(p);
	}
	free(b);
}

static struct wire *wire_get(struct blinds *b, const struct blind_conn *c)
{
	struct conn_key key = { .object = c->object, .birth = c->birth, .tgid = c->tgid };
	struct wire *w;

	HASH_FIND(hh, b->wires, &key, sizeof(key), w);
	if (w)
		return w;
	if (HASH_COUNT(b->wires) < BLIND_OPEN_MAX)
		w = calloc(1, sizeof(*w));
	if (!w) {
		b->missed++;
		return NULL;
	}
	w->key = key;
	w->conn = *c;
	HASH_ADD(hh, b->wires, key, sizeof(key), w);
	return w;
}

void blinds_hello(struct blinds *b, const struct blind_conn *c, struct sv host)
{
	struct wire *w = wire_get(b, c);

	if (w)
		snprintf(w->host, sizeof(w->host), "%.*s", SV_ARG(host));
}

void blinds_sealed(struct blinds *b, const struct blind_conn *c, bool before)
{
	struct wire *w = wire_get(b, c);

	if (!w || w->deadline)
		return;
	w->before = before;
	w->deadline = c->time + BLIND_GRACE_NS;
}

void blinds_quic(struct blinds *b, const struct blind_conn *c)
{
	struct wire *w = wire_get(b, c);

	if (!w || w->deadline)
		return;
	w->quic = true;
	w->deadline = c->time + BLIND_GRACE_NS;
}

void blinds_uring(struct blinds *b, uint32_t tgid, uint64_t proc_start)
{
	if (b->uring_count == ARRAY_SIZE(b->uring))
		return;
	b->uring[b->uring_count].tgid = tgid;
	b->uring[b->uring_count++].start = proc_start;
}

void blinds_plain(struct blinds *b, const struct blind_plain *seen)
{
	struct conn_key key = { .object = seen->object, .birth = seen->birth, .tgid = seen->tgid };
	struct plain *p;

	HASH_FIND(hh, b->plains, &key, sizeof(key), p);
	if (!p && HASH_COUNT(b->plains) < BLIND_PLAIN_MAX) {
		p = calloc(1, sizeof(*p));
		if (p) {
			p->key = key;
			HASH_ADD(hh, b->plains, key, sizeof(key), p);
		}
	}
	if (p)
		p->seen = *seen;
	else
		b->missed++;
}

void blinds_bytes(struct blinds *b, uint32_t tgid, uint64_t object, uint64_t birth,
		  const uint64_t passed[2])
{
	struct conn_key key = { .object = object, .birth = birth, .tgid = tgid };
	struct wire *w;

	HASH_FIND(hh, b->wires, &key, sizeof(key), w);
	if (!w)
		return;
	memcpy(w->bytes, passed, sizeof(w->bytes));
	if (w->spot)
		memcpy(w->spot->bytes, passed, sizeof(w->bytes));
	if (w->spot || !w->deadline) {
		/* Judged, or closed without having said anything. */
		HASH_DEL(b->wires, w);
		free(w);
	}
}

/* The stream that explains the connection: same socket, else the next without a socket. */
static struct plain *explained_by(struct blinds *b, const struct wire *w)
{
	struct plain *p, *next, *best = NULL;

	HASH_ITER (hh, b->plains, p, next) {
		if (p->key.tgid != w->key.tgid || p->seen.proc_start != w->conn.proc_start)
			continue;
		if (p->seen.inode && (p->seen.inode | SOCKET_BIT) == w->key.object)
			return p;
		if (p->seen.inode || p->used || (p->seen.time < w->conn.time && !w->before))
			continue;
		if (!best || p->seen.time < best->seen.time)
			best = p;
	}
	return best;
}

static void detail(struct blind *spot, const struct lib_fact *lib)
{
	snprintf(spot->detail, sizeof(spot->detail), "%.*s in %.*s%s%.*s", SV_ARG(lib->stack),
		 SV_ARG(lib->path), lib->error.len ? ": " : "", SV_ARG(lib->error));
}

/* What a library of the process says of the connection; BLIND_STACK_UNKNOWN: nothing. */
static enum blind_why why_of(const struct lib_fact *lib, const struct wire *w)
{
	static const enum blind_why of_state[] = {
		[ES_LIB_READ] = BLIND_SILENT,	   [ES_LIB_REFUSED] = BLIND_REFUSED,
		[ES_LIB_FAILED] = BLIND_ATTACH,	   [ES_LIB_NO_FILE] = BLIND_NO_FILE,
		[ES_LIB_DETACHED] = BLIND_REFUSED,
	};

	if (lib->tgid != w->key.tgid || lib->state >= ARRAY_SIZE(of_state))
		return BLIND_STACK_UNKNOWN;
	if (lib->state == ES_LIB_READ && lib->since > w->deadline - BLIND_GRACE_NS)
		return BLIND_LATE;
	if (lib->state == ES_LIB_READ && (lib->bytes[0] || lib->bytes[1]))
		return BLIND_STACK_UNKNOWN;
	return of_state[lib->state];
}

/* What is known of the process and its TLS libraries tells why. */
static void reason(struct blinds *b, const struct wire *w, struct blind *spot)
{
	/* The likeliest last: what was found and could not be read. */
	static const uint8_t rank[BLIND_WHY_COUNT] = {
		[BLIND_SILENT] = 1,  [BLIND_ENDED] = 2,	  [BLIND_LATE] = 3,
		[BLIND_NO_FILE] = 4, [BLIND_REFUSED] = 5, [BLIND_ATTACH] = 6,
	};
	const struct process *p = facts_process(b->opts.facts, w->key.tgid, w->conn.proc_start);
	const struct lib_fact *lib;

	spot->why = p && p->gone_early ? BLIND_ENDED : BLIND_STACK_UNKNOWN;
	for (size_t i = 0; (lib = facts_lib(b->opts.facts, i)); i++) {
		enum blind_why why = why_of(lib, w);

		if (rank[why] <= rank[spot->why])
			continue;
		spot->why = why;
		detail(spot, lib);
	}
	if (w->quic || w->before) {
		spot->why = w->quic ? BLIND_QUIC : BLIND_BEFORE;
		spot->detail[0] = '\0';
	}
}

static bool uses_uring(const struct blinds *b, const struct wire *w)
{
	for (size_t i = 0; i < b->uring_count; i++)
		if (b->uring[i].tgid == w->key.tgid && b->uring[i].start == w->conn.proc_start)
			return true;
	return false;
}

/* Returns true when nothing more can be learned of it. */
static bool judge(struct blinds *b, struct wire *w)
{
	struct plain *p = w->quic ? NULL : explained_by(b, w);
	struct blind *spot;

	if (p) {
		p->used = true;
		return true;
	}
	/* Of an older connection nobody knows the host: it may be any. */
	if (!w->before && !b->opts.wanted(b->opts.ctx, sv_of(w->host))) {
		b->others++;
		return true;
	}
	if (b->spot_count == BLIND_KEPT_MAX) {
		b->missed++;
		return true;
	}
	spot = &b->spots[b->spot_count++];
	*spot = (struct blind){ .conn = w->conn, .uring = uses_uring(b, w) };
	memcpy(spot->host, w->host, sizeof(spot->host));
	memcpy(spot->bytes, w->bytes, sizeof(spot->bytes));
	reason(b, w, spot);
	w->spot = spot;
	return w->bytes[0] || w->bytes[1]; /* closed already */
}

static void judge_until(struct blinds *b, uint64_t now)
{
	struct wire *w, *next;

	HASH_ITER (hh, b->wires, w, next) {
		if (!w->deadline || w->spot || w->deadline > now)
			continue;
		if (judge(b, w)) {
			HASH_DEL(b->wires, w);
			free(w);
		}
	}
}

/* What has explained a connection that is judged explains no other. */
static void forget_used(struct blinds *b)
{
	struct plain *p, *next;

	HASH_ITER (hh, b->plains, p, next) {
		if (!p->used)
			continue;
		HASH_DEL(b->plains, p);
		free(p);
	}
}

void blinds_tick(struct blinds *b, uint64_t now)
{
	judge_until(b, now);
	if (HASH_COUNT(b->plains) > BLIND_PLAIN_MAX / 2)
		forget_used(b);
}

void blinds_stop(struct blinds *b)
{
	judge_until(b, UINT64_MAX);
}

const struct blind *blinds_at(const struct blinds *b, size_t index)
{
	return index < b->spot_count ? &b->spots[index] : NULL;
}

uint64_t blinds_others(const struct blinds *b)
{
	return b->others;
}

uint64_t blinds_missed(const struct blinds *b)
{
	return b->missed;
}
