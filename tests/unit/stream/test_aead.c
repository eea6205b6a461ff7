// SPDX-License-Identifier: Apache-2.0
#include "stream/aead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cuts.h"
#include "earshot/stats.h"
#include "stream/aeadseq.h"

#define MS 1000000ull

/* One key of a TLS connection, as RFC 8446 section 5.3 and RFC 5246, 7905 have it. */
struct side {
	uint8_t iv[12];
	uint64_t seq;
	uint64_t ctx;	    /* where the library keeps it */
	bool v12, explicit; /* explicit: the nonce's second part is the sender's choice (GCM) */
	uint8_t dir;
};

/*
 * What comes out, with a letter for each stream in order of appearance: "aw:text" bytes, joined,
 * "aw~3" a gap ("aw~>=3": of at least 3), "a!" one-sided from here on, "a)" closed by both,
 * "a]" settled, "a@34" its socket's descriptor.
 */
struct run {
	struct notes notes;
	struct stat_pair stats[ES_STAT_COUNT];
	struct aead *aead;
	uint64_t now;
	uint32_t tid;
	uint16_t flags;
	uint64_t objects[32], passed[32][2], lost[32][2];
	bool marked[32];
	size_t count;
	int joined; /* stream * 2 + direction of the newest bytes, or -1 */
	uint64_t told_bytes, skips;
	uint32_t told_records;
};

static size_t stream_of(struct run *r, const struct es_stream *s)
{
	assert_int_equal(s->proc_start, 77);
	for (size_t i = 0; i < r->count; i++)
		if (r->objects[i] == (s->object ^ s->birth))
			return i;
	assert_true(r->count < 32);
	r->objects[r->count] = s->object ^ s->birth;
	return r->count++;
}

static void on_data(struct run *r, const struct es_data *d)
{
	size_t i = stream_of(r, &d->stream);
	char name = (char)('a' + i), dir = d->dir ? 'r' : 'w';
	int id = (int)(i * 2 + d->dir);

	assert_int_equal(d->source, ES_SRC_AEAD);
	assert_int_equal(d->head.size, sizeof(*d) + d->len);
	assert_true((d->head.type == ES_REC_DATA) == (d->len > 0));
	if (r->skips) { /* gone by before the stream was known */
		r->passed[i][d->dir] += r->skips;
		r->skips = 0;
	}
	assert_int_equal(d->offset, r->passed[i][d->dir] + d->missing);
	assert_true(d->head.time <= r->now);
	if (d->head.flags & ES_F_ONE_SIDED && !r->marked[i]) {
		r->marked[i] = true;
		r->joined = -1;
		note(&r->notes, "%c! ", name);
	}
	r->passed[i][d->dir] = d->offset + d->len;
	r->lost[i][d->dir] += d->missing;
	if (d->missing) {
		r->joined = -1;
		note(&r->notes, "%c%c~%s%d ", name, dir, d->head.flags & ES_F_INEXACT ? ">=" : "",
		     (int)d->missing);
	}
	if (!d->len)
		return;
	if (r->joined == id)
		r->notes.len--;
	else
		note(&r->notes, "%c%c:", name, dir);
	note(&r->notes, "%.*s ", d->len > 100 ? 0 : (int)d->len, (const char *)(d + 1));
	r->joined = id;
}

static void on_record(void *ctx, const struct es_head *rec)
{
	const struct es_close *c = (const void *)rec;
	const struct es_peer *p = (const void *)rec;
	struct run *r = ctx;
	size_t i;

	if (rec->type == ES_REC_DATA || rec->type == ES_REC_GAP) {
		on_data(r, (const void *)rec);
		return;
	}
	r->joined = -1;
	if (rec->type == ES_REC_PEER) {
		note(&r->notes, "%c@%d ", (char)('a' + stream_of(r, &p->stream)), (int)p->fd);
		return;
	}
	i = stream_of(r, &c->stream);
	for (int d = 0; d < 2; d++) {
		assert_int_equal(c->passed[d], r->passed[i][d]);
		assert_int_equal(c->lost[d], r->lost[i][d]);
	}
	note(&r->notes, "%c%c ", (char)('a' + i), rec->type == ES_REC_CLOSE ? ')' : ']');
}

static void begin_keys(struct run *r, size_t max_keys)
{
	const struct aead_opts opts = {
		.max_keys = max_keys, .stats = r->stats, .out = on_record, .out_ctx = r
	};

	r->now = 1000 * MS;
	r->tid = 1;
	r->joined = -1;
	assert_int_equal(aead_new(&r->aead, &opts), 0);
}

static void begin(struct run *r)
{
	*r = (struct run){ 0 };
	begin_keys(r, 0);
}

static void check(struct run *r, const char *want)
{
	if (r->notes.len && r->notes.text[r->notes.len - 1] == ' ')
		r->notes.text[--r->notes.len] = '\0';
	assert_string_equal(r->notes.text, want);
	r->notes.len = 0;
	r->notes.text[0] = '\0';
	r->joined = -1;
}

static void end(struct run *r, const char *want)
{
	aead_stop(r->aead, r->now);
	check(r, want);
	aead_free(r->aead);
}

/* ---- an encoder of its own ---- */

static struct side side_new(uint8_t dir, uint8_t id)
{
	struct side s = { .dir = dir, .ctx = 0x7f0000001000ull + id * 64u };

	for (int i = 0; i < 12; i++)
		s.iv[i] = (uint8_t)(id * 37 + i * 11 + 5);
	return s;
}

static struct side side_12(uint8_t dir, uint8_t id, bool explicit)
{
	struct side s = side_new(dir, id);

	s.v12 = true;
	s.explicit = explicit;
	return s;
}

static void head_of(struct run *r, struct side *s, uint8_t type, size_t len, struct es_aead *h)
{
	uint16_t wire = (uint16_t)(s->v12 ? len : len + 17);

	*h = (struct es_aead){ .head = { .type = ES_REC_AEAD,
					 .flags = r->flags,
					 .time = r->now,
					 .tgid = 5,
					 .tid = r->tid },
			       .proc_start = 77,
			       .lost_bytes = r->told_bytes,
			       .lost_records = r->told_records,
			       .record_len = (uint32_t)(len + !s->v12),
			       .ad_len = s->v12 ? 13 : 5,
			       .dir = s->dir,
			       .type = s->v12 ? type : 0,
			       .inner = !s->v12 };
	r->told_bytes = r->told_records = 0;
	memcpy(h->nonce, s->iv, 12);
	for (int i = 0; i < 8; i++)
		h->nonce[11 - i] ^= (uint8_t)(s->seq >> (8 * i));
	if (s->explicit) /* OpenSSL counts from a random number */
		memset(h->nonce + 4, 0x40, 7), h->nonce[11] = (uint8_t)(s->seq + 3);
	memcpy(&h->key, h->nonce, 8);
	if (!s->v12) {
		memcpy(h->ad, (uint8_t[]){ 23, 3, 3, (uint8_t)(wire >> 8), (uint8_t)wire }, 5);
		return;
	}
	h->key = s->ctx ^ (h->key << 32);
	for (int i = 0; i < 8; i++)
		h->ad[7 - i] = (uint8_t)(s->seq >> (8 * i));
	memcpy(h->ad + 8, (uint8_t[]){ type, 3, 3, (uint8_t)(wire >> 8), (uint8_t)wire }, 5);
}

static void record(struct run *r, struct side *s, uint8_t type, const void *bytes, size_t len)
{
	struct es_aead h;
	uint8_t *copy;

	head_of(r, s, type, len, &h);
	h.len = h.record_len;
	h.head.size = (uint32_t)sizeof(h) + h.len;
	copy = malloc(h.len + 1);
	memcpy(copy, bytes, len);
	copy[len] = type;
	aead_record(r->aead, &h, (struct sv){ (char *)copy, h.len });
	free(copy);
	s->seq++;
	r->now += MS / 100;
}

/* Its payload could not be taken. */
static void bare(struct run *r, struct side *s, uint8_t type, size_t len)
{
	struct es_aead h;

	head_of(r, s, type, len, &h);
	h.type = type;
	h.head.size = sizeof(h);
	aead_record(r->aead, &h, (struct sv){ 0 });
	s->seq++;
}

static void data(struct run *r, struct side *s, const char *text)
{
	record(r, s, 23, text, strlen(text));
}

/* A handshake message with a body of n bytes. */
static void message(struct run *r, struct side *s, uint8_t type, uint8_t n)
{
	uint8_t m[260] = { type, 0, 0, n };

	record(r, s, 22, m, 4u + n);
}

static void notify(struct run *r, struct side *s)
{
	record(r, s, 21, (uint8_t[]){ 1, 0 }, 2);
}

/* A connection's four keys. */
struct connection {
	struct side hr, hw, r, w;
};

static struct connection connection_new(uint8_t id)
{
	id = (uint8_t)(id * 4);
	return (struct connection){ side_new(ES_DIR_READ, (uint8_t)(id + 1)),
				    side_new(ES_DIR_WRITE, (uint8_t)(id + 2)),
				    side_new(ES_DIR_READ, (uint8_t)(id + 3)),
				    side_new(ES_DIR_WRITE, (uint8_t)(id + 4)) };
}

static void server_flight(struct run *r, struct connection *c)
{
	message(r, &c->hr, 8, 18);
	message(r, &c->hr, 11, 200);
	message(r, &c->hr, 15, 76);
	message(r, &c->hr, 20, 48);
}

static void shake(struct run *r, struct connection *c)
{
	server_flight(r, c);
	message(r, &c->hw, 20, 48);
}

static void socket_of(struct run *r, struct side *s, uint32_t fd)
{
	struct es_aead h;
	struct es_peer p = { .head = { .type = ES_REC_AEAD_PEER,
				       .size = sizeof(p),
				       .time = r->now,
				       .tgid = 5,
				       .tid = r->tid },
			     .fd = fd,
			     .family = 2,
			     .inode = 1000 + fd };

	head_of(r, s, 23, 1, &h);
	p.stream = (struct es_stream){ 77, h.key, 0 };
	p.dir = s->dir;
	aead_peer(r->aead, &p);
}

/* The process is gone; key: what it lost behind its last record; NULL: nothing more. */
static void tail_of(struct run *r, struct side *key, uint64_t records, uint64_t bytes)
{
	struct es_close c = {
		.head = { .type = ES_FACT_AEAD_TAIL, .size = sizeof(c), .time = r->now, .tgid = 5 }
	};
	struct es_aead h;

	if (key) {
		head_of(r, key, 23, 1, &h);
		c.stream = (struct es_stream){ 77, h.key, 0 };
		c.lost[key->dir] = bytes;
		c.tail[key->dir] = records;
	}
	aead_tail(r->aead, &c);
}

/* ---- one connection ---- */

static void test_tls13(void **state)
{
	struct connection c = connection_new(0);
	struct run r;

	(void)state;
	begin(&r);
	shake(&r, &c);
	data(&r, &c.w, "GET /");
	data(&r, &c.w, " HTTP");
	message(&r, &c.r, 4, 200);
	data(&r, &c.r, "200");
	notify(&r, &c.w);
	check(&r, "aw:GET / HTTP ar:200");
	notify(&r, &c.r);
	check(&r, "a)");
	end(&r, "");
}

static void test_padding_and_empty(void **state)
{
	struct connection c = connection_new(0);
	struct run r;

	(void)state;
	begin(&r);
	shake(&r, &c);
	record(&r, &c.w, 0, "GET\x17\0\0\0", 7); /* the real type, then padding */
	data(&r, &c.w, "");
	record(&r, &c.w, 0, "\0\0\0", 3); /* nothing but padding: no type, dropped */
	data(&r, &c.w, "!");
	end(&r, "aw:GET! a]");
}

static void test_tls12(void **state)
{
	(void)state;
	for (int gcm = 0; gcm < 2; gcm++) {
		struct side w = side_12(ES_DIR_WRITE, 1, false);
		struct side in = side_12(ES_DIR_READ, 2, gcm);
		struct run r;

		begin(&r);
		message(&r, &w, 20, 12);
		message(&r, &in, 20, 12);
		data(&r, &w, "GET");
		data(&r, &in, "200");
		data(&r, &in, "!");
		notify(&r, &w);
		notify(&r, &in);
		end(&r, "aw:GET ar:200! a)");
	}
}

/* The server finishes first. */
static void test_tls12_resumed(void **state)
{
	struct side w = side_12(ES_DIR_WRITE, 1, false), in = side_12(ES_DIR_READ, 2, true);
	struct run r;

	(void)state;
	begin(&r);
	message(&r, &in, 20, 12);
	message(&r, &w, 20, 12);
	data(&r, &w, "GET");
	data(&r, &in, "200");
	end(&r, "aw:GET ar:200 a]");
}

/* A process that talks to itself: each key is there twice, once for each end. */
static void test_both_ends(void **state)
{
	struct side cw = side_12(ES_DIR_WRITE, 1, false), cr = side_12(ES_DIR_READ, 2, true);
	struct side sr = cw, sw = cr;
	struct run r;

	(void)state;
	begin(&r);
	sr.dir = ES_DIR_READ;
	sw.dir = ES_DIR_WRITE;
	sr.ctx += 4096;
	sw.ctx += 4096;
	message(&r, &cw, 20, 12);
	message(&r, &sr, 20, 12);
	message(&r, &sw, 20, 12);
	message(&r, &cr, 20, 12);
	data(&r, &cw, "GET");
	data(&r, &sr, "GET");
	data(&r, &sw, "200");
	data(&r, &cr, "200");
	end(&r, "aw:GET br:GET bw:200 ar:200 a] b]");
}

static void test_server_side(void **state)
{
	struct connection c = connection_new(0);
	struct run r;

	(void)state;
	begin(&r);
	c.hr.dir = ES_DIR_WRITE;
	c.hw.dir = ES_DIR_READ;
	shake(&r, &c);
	message(&r, &c.w, 4, 200);
	data(&r, &c.r, "GET");
	data(&r, &c.w, "200");
	end(&r, "ar:GET aw:200 a]");
}

/* Messages in one record, and one message in pieces. */
static void test_messages_cut(void **state)
{
	struct connection c = connection_new(0);
	uint8_t flight[4 + 18 + 4 + 30 + 4 + 48] = { 8, 0, 0, 18 };
	struct run r;

	(void)state;
	flight[22] = 11;
	flight[25] = 30;
	flight[56] = 20;
	flight[59] = 48;
	for (size_t cut = 1; cut < sizeof(flight); cut++) {
		begin(&r);
		c = connection_new(0);
		record(&r, &c.hr, 22, flight, cut);
		record(&r, &c.hr, 22, flight + cut, sizeof(flight) - cut);
		message(&r, &c.hw, 20, 48);
		data(&r, &c.w, "GET");
		data(&r, &c.r, "200");
		end(&r, "aw:GET ar:200 a]");
	}
}

static void test_key_update(void **state)
{
	struct connection c = connection_new(0);
	struct side w = side_new(ES_DIR_WRITE, 99);
	struct run r;

	(void)state;
	begin(&r);
	shake(&r, &c);
	data(&r, &c.w, "one");
	data(&r, &c.r, "1");
	message(&r, &c.w, 24, 1);
	data(&r, &w, "two");
	aead_tick(r.aead, r.now);
	data(&r, &w, "three");
	data(&r, &c.r, "2");
	end(&r, "aw:one ar:1 aw:twothree ar:2 a]");
}

/* ---- several ---- */

static void test_one_after_the_other(void **state)
{
	struct connection c[3] = { connection_new(0), connection_new(1), connection_new(2) };
	struct run r;

	(void)state;
	begin(&r);
	for (int i = 0; i < 3; i++) {
		shake(&r, &c[i]);
		data(&r, &c[i].w, "GET");
		data(&r, &c[i].r, "200");
	}
	for (int i = 0; i < 3; i++)
		data(&r, &c[2 - i].w, "again");
	end(&r, "aw:GET ar:200 bw:GET br:200 cw:GET cr:200 cw:again bw:again aw:again "
		"a] b] c]");
}

/* All handshakes first: the sockets say which is which. */
static void test_sockets(void **state)
{
	struct connection c[3] = { connection_new(0), connection_new(1), connection_new(2) };
	struct run r;

	(void)state;
	begin(&r);
	for (uint32_t i = 0; i < 3; i++) {
		socket_of(&r, &c[i].hr, 30 + i);
		shake(&r, &c[i]);
		socket_of(&r, &c[i].hw, 30 + i);
	}
	for (uint32_t i = 0; i < 3; i++) {
		data(&r, &c[2 - i].w, "GET");
		data(&r, &c[2 - i].w, "/");
		/* The last one is what is left. Of the others the write behind tells. */
		check(&r, i == 2 ? "cw:GET c@30 cw:/" : "");
		socket_of(&r, &c[2 - i].w, 32 - i);
		check(&r, i == 0 ? "aw:GET a@32 aw:/" : i == 1 ? "bw:GET b@31 bw:/" : "");
	}
	for (uint32_t i = 0; i < 3; i++) {
		socket_of(&r, &c[i].r, 30 + i);
		data(&r, &c[i].r, "200");
	}
	end(&r, "cr:200 br:200 ar:200 c] b] a]");
}

/* ... and where nothing says it, they stay apart, each marked. */
static void test_ambiguous(void **state)
{
	struct connection c[2] = { connection_new(0), connection_new(1) };
	struct run r;

	(void)state;
	begin(&r);
	shake(&r, &c[0]);
	shake(&r, &c[1]);
	data(&r, &c[1].w, "GET 1");
	data(&r, &c[0].w, "GET 0");
	check(&r, "");
	r.now += AEAD_HOLD_NS;
	aead_tick(r.aead, r.now);
	check(&r, "a! aw:GET 1 b! bw:GET 0");
	data(&r, &c[0].r, "200");
	r.now += AEAD_HOLD_NS;
	aead_tick(r.aead, r.now);
	check(&r, "c! cr:200");
	assert_int_equal(r.stats[ES_U_AEAD_ONE_SIDED].events, 3);
	end(&r, "a] b] c]");
}

/* Of two, one is told: the other is what is left. */
static void test_elimination(void **state)
{
	struct connection c[2] = { connection_new(0), connection_new(1) };
	struct run r;

	(void)state;
	begin(&r);
	for (uint32_t i = 0; i < 2; i++) {
		shake(&r, &c[i]);
		socket_of(&r, &c[i].hw, 30 + i);
	}
	data(&r, &c[1].w, "GET 1");
	data(&r, &c[0].w, "GET 0");
	socket_of(&r, &c[1].w, 31);
	check(&r, "aw:GET 1 a@31 bw:GET 0 b@30");
	end(&r, "b] a]");
}

static void test_threads(void **state)
{
	struct connection c[2] = { connection_new(0), connection_new(1) };
	struct run r;

	(void)state;
	/* A thread for each: that tells, when nothing else does. */
	begin(&r);
	for (uint32_t i = 0; i < 2; i++) {
		r.tid = 10 + i;
		shake(&r, &c[i]);
	}
	for (uint32_t i = 0; i < 2; i++) {
		r.tid = 11 - i;
		data(&r, &c[1 - i].w, i ? "GET 0" : "GET 1");
	}
	r.now += AEAD_HOLD_NS;
	aead_tick(r.aead, r.now);
	check(&r, "aw:GET 1 bw:GET 0");
	end(&r, "b] a]");

	/* But not where connections change threads. */
	begin(&r);
	c[0] = connection_new(0);
	c[1] = connection_new(1);
	r.tid = 10;
	server_flight(&r, &c[0]);
	r.tid = 11;
	message(&r, &c[0].hw, 20, 48);
	shake(&r, &c[1]);
	data(&r, &c[0].w, "GET");
	end(&r, "a! aw:GET a]");
}

/* ---- loss ---- */

static void test_loss(void **state)
{
	struct connection c = connection_new(0);
	struct run r;

	(void)state;
	begin(&r);
	shake(&r, &c);
	data(&r, &c.w, "one");
	bare(&r, &c.w, 23, 3000); /* told at once */
	data(&r, &c.w, "two");
	c.w.seq += 2; /* told with the next */
	r.told_records = 2;
	r.told_bytes = 777;
	data(&r, &c.w, "three");
	c.w.seq += 5; /* told by nobody */
	data(&r, &c.w, "four");
	c.w.seq += 3;
	r.told_records = 1;
	r.told_bytes = 100;
	data(&r, &c.w, "five");
	bare(&r, &c.w, 22, 50);
	data(&r, &c.w, "six");
	check(&r, "aw:one aw~3000 aw:two aw~777 aw:three aw~>=5 aw:four aw~>=102 aw:fivesix");
	assert_int_equal(r.stats[ES_U_AEAD_GAP].events, 7);
	c.w.seq -= 2; /* a number that was there already */
	data(&r, &c.w, "again");
	assert_int_equal(r.stats[ES_U_BAD_RECORD].events, 1);
	end(&r, "a]");
}

static void test_loss_12(void **state)
{
	struct side w = side_12(ES_DIR_WRITE, 1, false), in = side_12(ES_DIR_READ, 2, true);
	struct run r;

	(void)state;
	begin(&r);
	message(&r, &w, 20, 12);
	message(&r, &in, 20, 12);
	data(&r, &in, "one");
	in.seq += 4;
	data(&r, &in, "two");
	bare(&r, &in, 23, 10);
	data(&r, &in, "three");
	end(&r, "ar:one ar~>=4 ar:two ar~10 ar:three a]");
}

/* Joined in the middle: order and gaps from neighbours alone. */
static void test_late(void **state)
{
	struct side w = side_new(ES_DIR_WRITE, 1), in = side_new(ES_DIR_READ, 2);
	struct run r;

	(void)state;
	begin(&r);
	r.flags = ES_F_LATE;
	w.seq = 1000;
	in.seq = 77;
	data(&r, &w, "x");
	check(&r, "");
	socket_of(&r, &w, 30);
	check(&r, "a! aw:x a@30");
	socket_of(&r, &in, 30);
	data(&r, &in, "y");
	for (int i = 0; i < 3; i++)
		data(&r, &w, ".");
	in.seq += 1;
	data(&r, &in, "z");
	end(&r, "ar:y aw:... ar~>=1 ar:z a]");
}

/* An answer that waits for its socket until the next request was handed on is not that one's. */
static void test_late_answer(void **state)
{
	struct side w = side_new(ES_DIR_WRITE, 1), in = side_new(ES_DIR_READ, 2);
	struct run r;

	(void)state;
	begin(&r);
	r.flags = ES_F_LATE;
	w.seq = 1000;
	in.seq = 77;
	data(&r, &in, "old answer");
	data(&r, &w, "request");
	socket_of(&r, &w, 30);
	check(&r, "a! aw:request a@30");
	r.skips = 10;
	socket_of(&r, &in, 30);
	data(&r, &in, "answer");
	assert_int_equal(r.stats[ES_U_RESYNC].bytes, 10);
	end(&r, "ar:answer a]");
}

static int64_t feed(struct aead_seq *s, uint32_t iv, uint64_t seq)
{
	return aead_seq_next(s, iv ^ (uint32_t)seq, NULL, 0);
}

static void test_sequence(void **state)
{
	(void)state;
	for (uint64_t start = 0; start < 1200; start++) {
		for (uint64_t lose = 0; lose <= 8; lose++) {
			struct aead_seq s = { 0 };
			uint64_t n = start;

			for (int i = 0; i < 300; i++)
				assert_int_equal(feed(&s, 0x5ca1ab1e, n++), 0);
			assert_true(s.known >= 8);
			assert_int_equal(s.next, n & ((1ull << s.known) - 1));
			n += lose;
			/* Numbers are known well enough to count what is missing. */
			assert_int_equal(feed(&s, 0x5ca1ab1e, n++), lose);
			for (int i = 0; i < 20; i++)
				assert_int_equal(feed(&s, 0x5ca1ab1e, n++), 0);
		}
	}
	/* With nothing known, a loss of 1, 3 or 7 never passes for neighbours. */
	for (uint64_t start = 0; start < 5000; start++) {
		for (uint64_t lose = 1; lose <= 7; lose = lose * 2 + 1) {
			struct aead_seq s = { 0 };

			feed(&s, 0x12345678, start);
			assert_true(feed(&s, 0x12345678, start + 1 + lose) > 0);
		}
	}
}

static void test_from_zero(void **state)
{
	struct aead_seq s = { 0 };
	uint64_t n = 0;

	(void)state;
	for (; n < 5; n++)
		assert_int_equal(feed(&s, 0xffffffff, n), 0);
	aead_seq_from_zero(&s);
	assert_int_equal(s.next, 5);
	assert_int_equal(feed(&s, 0xffffffff, 5 + 123456), 123456);
	assert_int_equal(feed(&s, 0xffffffff, 7), -1);
	assert_int_equal(feed(&s, 0xffffffff, 5 + 123457), 0);
}

/* ---- bounds and ends ---- */

static void test_hold_bound(void **state)
{
	struct connection c[2] = { connection_new(0), connection_new(1) };
	static char big[16000];
	struct run r;

	(void)state;
	memset(big, 'x', sizeof(big));
	begin(&r);
	shake(&r, &c[0]);
	shake(&r, &c[1]);
	for (size_t held = 0; held + sizeof(big) <= AEAD_HOLD_MAX; held += sizeof(big))
		record(&r, &c[0].w, 23, big, sizeof(big));
	assert_int_equal(r.count, 0);
	record(&r, &c[0].w, 23, big, sizeof(big));
	assert_int_equal(r.count, 1);
	assert_int_equal(r.passed[0][0], (AEAD_HOLD_MAX / sizeof(big) + 1) * sizeof(big));
	r.notes.len = 0;
	end(&r, "a]");
}

static void test_ends(void **state)
{
	struct connection c[2] = { connection_new(0), connection_new(1) };
	struct run r;

	(void)state;
	begin(&r);
	for (int i = 0; i < 2; i++) {
		shake(&r, &c[i]);
		data(&r, &c[i].w, "GET");
		data(&r, &c[i].r, "200");
	}
	notify(&r, &c[0].w);
	r.now += AEAD_LINGER_NS + MS;
	data(&r, &c[1].r, "!");
	check(&r, "aw:GET ar:200 bw:GET br:200!");
	aead_tick(r.aead, r.now); /* hung up, and silent since */
	check(&r, "a)");
	aead_proc_gone(r.aead, 5, 78, r.now);
	tail_of(&r, NULL, 0, 0);
	check(&r, "");
	aead_proc_gone(r.aead, 5, 77, r.now);
	tail_of(&r, &c[1].w, 3, 1000);
	tail_of(&r, &c[0].w, 1, 10); /* its connection has ended */
	check(&r, "bw~1000");
	tail_of(&r, NULL, 0, 0);
	check(&r, "b]");
	end(&r, "");
}

/* Nobody tells of a tail: then the end comes by itself. */
static void test_gone(void **state)
{
	struct connection c = connection_new(0);
	struct run r;

	(void)state;
	begin(&r);
	shake(&r, &c);
	data(&r, &c.w, "GET");
	aead_proc_gone(r.aead, 5, 77, r.now);
	aead_tick(r.aead, r.now + AEAD_TAIL_NS - 1);
	check(&r, "aw:GET");
	aead_tick(r.aead, r.now + AEAD_TAIL_NS);
	check(&r, "a]");
	end(&r, "");
}

/* What waits when the process ends is not lost. */
static void test_exit_while_waiting(void **state)
{
	struct connection c[2] = { connection_new(0), connection_new(1) };
	struct run r;

	(void)state;
	begin(&r);
	shake(&r, &c[0]);
	shake(&r, &c[1]);
	r.tid = 2;
	data(&r, &c[0].w, "GET");
	aead_proc_gone(r.aead, 5, 77, r.now);
	end(&r, "a! aw:GET a]");
}

static void test_table_full(void **state)
{
	struct run r = { 0 };

	(void)state;
	begin_keys(&r, 12);
	for (uint8_t i = 0; i < 20; i++) {
		struct connection c = connection_new(i);

		shake(&r, &c);
		data(&r, &c.w, "GET");
		data(&r, &c.r, "200");
	}
	assert_true(r.stats[ES_U_AEAD_FULL].events >= 16);
	for (size_t i = 0; i < r.count; i++) {
		assert_int_equal(r.passed[i][0], 3);
		assert_int_equal(r.passed[i][1], 3);
	}
	assert_int_equal(r.count, 20);
	r.notes.len = 0;
	aead_stop(r.aead, r.now);
	aead_free(r.aead);
}

static void test_bad_records(void **state)
{
	struct side s = side_new(ES_DIR_WRITE, 1);
	struct es_aead h;
	struct run r;

	(void)state;
	begin(&r);
	head_of(&r, &s, 23, 3, &h);
	h.len = 4;
	aead_record(r.aead, &h, (struct sv){ "abc", 3 });
	h.len = 3;
	aead_record(r.aead, &h, (struct sv){ "abc", 3 });
	h.len = 4;
	h.dir = 2;
	aead_record(r.aead, &h, (struct sv){ "abc\x17", 4 });
	h.dir = 0;
	h.ad_len = 6;
	aead_record(r.aead, &h, (struct sv){ "abc\x17", 4 });
	assert_int_equal(r.stats[ES_U_BAD_RECORD].events, 4);
	end(&r, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls13),
		cmocka_unit_test(test_padding_and_empty),
		cmocka_unit_test(test_tls12),
		cmocka_unit_test(test_tls12_resumed),
		cmocka_unit_test(test_both_ends),
		cmocka_unit_test(test_server_side),
		cmocka_unit_test(test_messages_cut),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_elimination),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_loss_12),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_from_zero),
		cmocka_unit_test(test_hold_bound),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_exit_while_waiting),
		cmocka_unit_test(test_table_full),
		cmocka_unit_test(test_bad_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
