// SPDX-License-Identifier: Apache-2.0
/*
 * TLS records to streams: input is read as a list of small commands, each a record of one of a
 * few keys. Every stream's offsets run on, its end comes once and says what was told before,
 * and no more comes out than went in.
 */
#include "earshot/stats.h"
#include "stream/aead.h"

#include "../cut.h"

#define STREAMS 512

struct told {
	uint64_t object, birth, passed[2], lost[2];
	uint32_t tgid;
	bool ended;
};

struct state {
	struct aead *aead;
	struct stat_pair stats[ES_STAT_COUNT];
	struct told told[STREAMS];
	size_t count;
	uint64_t time, in, out;
	uint64_t seq[16];
};

/* Only the newest of an object and birth is alive: an older one has ended. */
static struct told *told_of(struct state *s, uint32_t tgid, const struct es_stream *id)
{
	for (size_t i = s->count; i-- > 0;) {
		struct told *t = &s->told[i];

		if (t->object == id->object && t->birth == id->birth && t->tgid == tgid &&
		    !t->ended)
			return t;
	}
	if (s->count == STREAMS)
		return NULL;
	s->told[s->count] = (struct told){ .object = id->object, .birth = id->birth, .tgid = tgid };
	return &s->told[s->count++];
}

static void on_data(struct state *s, const struct es_data *d)
{
	struct told *t = told_of(s, d->head.tgid, &d->stream);

	CHECK(d->dir <= 1 && d->head.size == sizeof(*d) + d->len && d->head.time <= s->time);
	CHECK(d->len || d->missing);
	s->out += d->len;
	if (!t)
		return;
	/* What went by before a late stream was known may be passed over, at its start. */
	CHECK(d->offset == t->passed[d->dir] + d->missing ||
	      (d->head.flags & ES_F_LATE && !t->passed[d->dir] && d->offset > d->missing));
	t->passed[d->dir] = d->offset + d->len;
	t->lost[d->dir] += d->missing;
}

static void on_record(void *ctx, const struct es_head *rec)
{
	const struct es_close *c = (const void *)rec;
	struct state *s = ctx;
	struct told *t;

	if (rec->type == ES_REC_DATA || rec->type == ES_REC_GAP) {
		on_data(s, (const void *)rec);
		return;
	}
	if (rec->type == ES_REC_PEER)
		return;
	CHECK(rec->type == ES_REC_CLOSE || rec->type == ES_FACT_SETTLE);
	t = told_of(s, rec->tgid, &c->stream);
	if (!t)
		return;
	for (int d = 0; d < 2; d++)
		CHECK((c->passed[d] == t->passed[d] || !t->passed[d]) && c->lost[d] == t->lost[d]);
	t->ended = true;
}

/* which: key; how: content type and what goes wrong. */
static void record(struct state *s, uint8_t which, uint8_t how, struct sv bytes)
{
	static const uint8_t types[] = { 23, 22, 21, 0, 23, 22, 20, 24 };
	uint8_t type = types[how & 7], k = which & 15;
	bool v12 = k & 8, bare = how >> 3 & 1;
	char *payload = malloc(bytes.len + 1);
	struct es_aead r = { .head = { .type = ES_REC_AEAD,
				       .flags = how >> 7 ? ES_F_LATE : 0,
				       .time = s->time,
				       .tgid = 1 + (which >> 6 & 1),
				       .tid = 1 + (which >> 4 & 3) },
			     .proc_start = 9,
			     .record_len = (uint32_t)bytes.len + !v12,
			     .ad_len = v12 ? 13 : 5,
			     .dir = k & 1,
			     .type = v12 || bare ? type : 0,
			     .inner = !v12 };

	if (!payload)
		abort();
	s->seq[k] += 1u + ((how >> 4 & 7) == 7 ? which >> 4 : 0);
	if ((how >> 4 & 7) == 6) {
		r.lost_records = 1;
		r.lost_bytes = 10;
	}
	memset(r.nonce, 0x11 * (k + 1), 8);
	r.nonce[11] = (uint8_t)s->seq[k];
	r.nonce[10] = (uint8_t)(s->seq[k] >> 8);
	r.ad[7] = r.nonce[11];
	r.ad[6] = r.nonce[10];
	r.ad[8] = type;
	memcpy(&r.key, r.nonce, 8);
	if (bytes.len)
		memcpy(payload, bytes.p, bytes.len);
	payload[bytes.len] = (char)type;
	r.len = bare ? 0 : r.record_len;
	/* Of any type: padding may hide another one. */
	if (!bare)
		s->in += bytes.len;
	aead_record(s->aead, &r, (struct sv){ payload, r.len });
	free(payload);
}

static void peer(struct state *s, uint8_t which, uint8_t fd)
{
	uint8_t k = which & 15;
	struct es_peer p = { .head = { .type = ES_REC_AEAD_PEER,
				       .size = sizeof(p),
				       .time = s->time,
				       .tgid = 1 + (which >> 6 & 1) },
			     .stream = { .proc_start = 9 },
			     .fd = fd,
			     .family = 2,
			     .inode = fd,
			     .dir = k & 1 };

	memset(&p.stream.object, 0x11 * (k + 1), 8);
	aead_peer(s->aead, &p);
}

static void tail(struct state *s, uint8_t which, uint8_t how)
{
	uint8_t k = which & 15;
	struct es_close c = { .head = { .type = ES_FACT_AEAD_TAIL,
					.size = sizeof(c),
					.time = s->time,
					.tgid = which >> 6 & 3 },
			      .stream = { .proc_start = 9 } };

	if (how & 1)
		memset(&c.stream.object, 0x11 * (k + 1), 8);
	c.lost[k & 1] = how;
	c.tail[k & 1] = how >> 4;
	aead_tail(s->aead, &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct state *s = calloc(1, sizeof(*s));
	struct sv in = { (const char *)bytes, len };
	struct aead_opts opts = {
		.max_keys = 12, .stats = s ? s->stats : NULL, .out = on_record, .out_ctx = s
	};

	if (!s || aead_new(&s->aead, &opts))
		abort();
	s->time = 1000000000;
	while (in.len >= 4) {
		uint8_t what = (uint8_t)in.p[0], which = (uint8_t)in.p[1], how = (uint8_t)in.p[2];
		size_t n = (uint8_t)in.p[3];
		struct sv body = sv_cut(sv_skip(in, 4), n);

		in = sv_skip(in, 4 + body.len);
		s->time += 1000000;
		if (what < 160)
			record(s, which, how, body);
		else if (what < 200)
			peer(s, which, how & 7);
		else if (what < 230)
			aead_tick(s->aead, s->time += (uint64_t)how << 24);
		else if (what < 240)
			tail(s, which, how);
		else
			aead_proc_gone(s->aead, 1 + (which >> 6 & 1), 9, s->time);
	}
	aead_stop(s->aead, s->time);
	CHECK(s->out <= s->in);
	for (size_t i = 0; i < s->count; i++)
		CHECK(s->told[i].ended);
	aead_free(s->aead);
	free(s);
	return 0;
}
