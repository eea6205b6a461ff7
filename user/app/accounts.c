// SPDX-License-Identifier: Apache-2.0
#include "app/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <uthash.h>
#include <xxhash.h>

struct key {
	uint64_t object, birth, start;
	uint32_t tgid, pad;
};

struct account {
	struct key key;
	uint64_t records, captured[2], passed[2], lost[2], ignored[2];
	uint64_t next[2];	 /* offset expected */
	XXH3_state_t *digest[2]; /* of the bytes so far; NULL: none */
	uint32_t library;
	uint8_t source;
	bool settled, unordered;
	UT_hash_handle hh;
};

struct accounts {
	struct account *all;
	uint64_t unlisted;
};

int accounts_new(struct accounts **ret)
{
	struct accounts *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	*ret = a;
	return 0;
}

void accounts_free(struct accounts *a)
{
	struct account *x, *next;

	if (!a)
		return;
	HASH_ITER (hh, a->all, x, next) {
		HASH_DEL(a->all, x);
		XXH3_freeState(x->digest[0]);
		XXH3_freeState(x->digest[1]);
		free(x);
	}
	free(a);
}

static struct account *get(struct accounts *a, uint32_t tgid, const struct es_stream *s)
{
	struct key key = { s->object, s->birth, s->proc_start, tgid, 0 };
	struct account *x;

	HASH_FIND(hh, a->all, &key, sizeof(key), x);
	if (x)
		return x;
	x = HASH_COUNT(a->all) < ACCOUNTS_MAX ? calloc(1, sizeof(*x)) : NULL;
	if (!x) {
		a->unlisted++;
		return NULL;
	}
	x->key = key;
	HASH_ADD(hh, a->all, key, sizeof(key), x);
	return x;
}

static void digest(struct account *x, int dir, const struct es_data *d)
{
	if (!x->digest[dir]) {
		x->digest[dir] = XXH3_createState();
		if (!x->digest[dir])
			return;
		XXH3_64bits_reset(x->digest[dir]);
		x->next[dir] = d->offset;
	}
	x->unordered |= d->offset < x->next[dir];
	x->next[dir] = d->offset + d->len;
	XXH3_64bits_update(x->digest[dir], (const char *)d + sizeof(*d), d->len);
}

static void on_data(struct accounts *a, const struct es_data *d)
{
	struct account *x = get(a, d->head.tgid, &d->stream);

	if (!x)
		return;
	x->records++;
	x->captured[d->dir & 1] += d->len;
	x->source = d->source;
	x->library = d->library;
	if (d->len <= d->head.size - sizeof(*d))
		digest(x, d->dir & 1, d);
}

static void on_close(struct accounts *a, const struct es_close *c)
{
	struct account *x = get(a, c->head.tgid, &c->stream);

	if (!x)
		return;
	x->settled = true;
	for (int d = 0; d < 2; d++) {
		x->passed[d] = c->passed[d];
		x->lost[d] = c->lost[d];
		x->ignored[d] = c->ignored[d];
	}
}

void accounts_record(struct accounts *a, const struct es_head *rec)
{
	if (rec->type == ES_REC_DATA && rec->size >= sizeof(struct es_data))
		on_data(a, (const struct es_data *)(const void *)rec);
	else if ((rec->type == ES_REC_CLOSE || rec->type == ES_FACT_SETTLE) &&
		 rec->size >= offsetof(struct es_close, socket))
		on_close(a, (const struct es_close *)(const void *)rec);
}

static void write_pair(struct json_writer *w, struct sv key, const uint64_t v[2])
{
	json_write_key(w, key);
	json_write_array(w);
	json_write_int(w, (int64_t)v[0]);
	json_write_int(w, (int64_t)v[1]);
	json_write_array_end(w);
}

static void write_digest(struct json_writer *w, XXH3_state_t *const digest[2])
{
	json_write_key(w, SV("digest"));
	json_write_array(w);
	for (int d = 0; d < 2; d++) {
		char hex[24];
		int n = snprintf(hex, sizeof(hex), "%016llx",
				 digest[d] ? (unsigned long long)XXH3_64bits_digest(digest[d])
					   : (unsigned long long)XXH3_64bits("", 0));

		json_write_string(w, (struct sv){ hex, (size_t)n });
	}
	json_write_array_end(w);
}

static struct sv source_name(uint8_t source)
{
	static const struct sv names[] = { SV("unknown"), SV("tls"),	SV("go"),
					   SV("aead"),	  SV("socket"), SV("stdio") };

	return names[source < ARRAY_SIZE(names) ? source : 0];
}

static void write_account(const struct account *x, struct json_writer *w)
{
	char object[24];
	int n = snprintf(object, sizeof(object), "0x%llx", (unsigned long long)x->key.object);

	json_write_object(w);
	json_write_key(w, SV("tgid"));
	json_write_int(w, x->key.tgid);
	json_write_pair(w, SV("object"), (struct sv){ object, (size_t)n });
	json_write_key(w, SV("birth"));
	json_write_int(w, (int64_t)x->key.birth);
	json_write_key(w, SV("records"));
	json_write_int(w, (int64_t)x->records);
	json_write_key(w, SV("settled"));
	json_write_bool(w, x->settled);
	json_write_pair(w, SV("source"), source_name(x->source));
	json_write_key(w, SV("library"));
	json_write_int(w, x->library);
	if (x->unordered) {
		json_write_key(w, SV("unordered"));
		json_write_bool(w, true);
	}
	write_digest(w, x->digest);
	write_pair(w, SV("passed"), x->passed);
	write_pair(w, SV("captured"), x->captured);
	write_pair(w, SV("lost"), x->lost);
	write_pair(w, SV("ignored"), x->ignored);
	json_write_object_end(w);
}

void accounts_write(const struct accounts *a, struct json_writer *w)
{
	uint64_t sum[4][2] = { { 0 } };
	const struct account *x, *next;

	json_write_key(w, SV("streams"));
	json_write_array(w);
	HASH_ITER (hh, a->all, x, next) {
		for (int d = 0; d < 2; d++) {
			sum[0][d] += x->passed[d];
			sum[1][d] += x->captured[d];
			sum[2][d] += x->lost[d];
			sum[3][d] += x->ignored[d];
		}
		write_account(x, w);
	}
	json_write_array_end(w);
	json_write_key(w, SV("totals"));
	json_write_object(w);
	json_write_key(w, SV("streams"));
	json_write_int(w, (int64_t)HASH_COUNT(a->all));
	json_write_key(w, SV("unlisted"));
	json_write_int(w, (int64_t)a->unlisted);
	write_pair(w, SV("passed"), sum[0]);
	write_pair(w, SV("captured"), sum[1]);
	write_pair(w, SV("lost"), sum[2]);
	write_pair(w, SV("ignored"), sum[3]);
	json_write_object_end(w);
}
