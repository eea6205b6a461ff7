// SPDX-License-Identifier: Apache-2.0
/*
 * The bytes come from libnghttp2's sessions, a client and a server that talk to each other in
 * memory; what they were told by their own callbacks is what the parser has to tell.
 */
#include "proto/http2.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "h2talk.h"

#define REQUEST                                                             \
	":method: POST\n:scheme: https\n:authority: api.openai.com\n"       \
	":path: /v1/chat/completions\nuser-agent: agent/1.0\naccept: */*\n" \
	"content-type: application/json\nx-long: " LONG "\nauthorization: Bearer k\n"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"
#define RESPONSE                                                                          \
	":status: 200\ncontent-type: text/event-stream\nserver: cloud\nx-request-id: r\n" \
	"x-more: " LONG "\n"

/* Three calls at once, of which one has trailers, one is reset, and one was told of early. */
static void scenario(struct talk *t, bool pads)
{
	struct source up[3] = { { .left = 70 }, { .left = 0 }, { .left = 40 } };
	struct source down[3] = { { .left = 100, .trailers = "grpc-status: 0\nx-sum: 12\n" },
				  { .left = 50 },
				  { .left = 64 } };
	nghttp2_nv nv[4];
	int32_t id[3];

	talk_begin(t, NULL, 0, NULL, 0);
	t->client.pads = t->server.pads = pads;
	id[0] = request(t, REQUEST, &up[0]);
	id[1] = request(t,
			":method: GET\n:scheme: https\n:authority: api.openai.com\n"
			":path: /v1/models\nuser-agent: agent/1.0\n",
			NULL);
	flush(t);
	nghttp2_submit_headers(t->server.session, 0, id[0], NULL, nv,
			       fields_of(":status: 103\nlink: </a>\n", nv, 4), NULL);
	respond(t, id[0], RESPONSE, &down[0]);
	respond(t, id[1], ":status: 429\nretry-after: 3\n", &down[1]);
	flush(t);
	nghttp2_submit_ping(t->client.session, 0, NULL);
	id[2] = request(t, REQUEST "x-third: yes\n", &up[2]);
	flush(t);
	respond(t, id[2], RESPONSE, &down[2]);
	flush(t);
	id[0] = request(t, REQUEST, &(struct source){ .left = 10 });
	nghttp2_session_set_user_data(t->client.session, &t->client);
	flush(t);
	nghttp2_submit_rst_stream(t->client.session, 0, id[0], NGHTTP2_CANCEL);
	flush(t);
	nghttp2_submit_goaway(t->server.session, 0, id[0], NGHTTP2_NO_ERROR, (const uint8_t *)"bye",
			      3);
	flush(t);
}

/* The parser. */

struct run {
	struct http2 http;
	struct story story;
	uint64_t lost, gap, skipped;
	unsigned int broken;
	uint64_t stamp;
	bool unknown; /* heads may have unknown fields */
	bool intact;  /* what is lost is none of a header block, and its caller knows */
};

static struct http2_scratch scratch;

static void note_field(struct story *s, const char *name, struct sv value)
{
	if (value.p)
		tell(s, " %s=%.*s", name, SV_ARG(value));
}

static void on_head(void *ctx, uint32_t stream, uint64_t stamp, const struct http_head *h)
{
	struct run *r = ctx;

	assert_true(stamp <= r->stamp);
	assert_int_equal(h->major, 2);
	assert_true(r->unknown || !h->fields_unknown);
	assert_true(r->unknown || !h->fields_dropped);
	tell_other(&r->story);
	tell(&r->story, "\nH%u", stream);
	if (h->fields_unknown)
		tell(&r->story, " ?");
	note_field(&r->story, ":method", h->method);
	note_field(&r->story, ":scheme", h->scheme);
	note_field(&r->story, ":authority", h->authority);
	note_field(&r->story, ":path", h->target);
	note_field(&r->story, ":protocol", h->protocol);
	if (h->status)
		tell(&r->story, " :status=%u", h->status);
	for (size_t i = 0; i < h->field_count; i++)
		tell(&r->story, " %.*s=%.*s", SV_ARG(h->fields[i].name),
		     SV_ARG(h->fields[i].value));
}

static void on_data(void *ctx, uint32_t stream, struct sv bytes)
{
	assert_true(bytes.len > 0);
	tell_data(&((struct run *)ctx)->story, stream, bytes);
}

static void on_lost(void *ctx, uint32_t stream, uint64_t count)
{
	struct run *r = ctx;

	tell_other(&r->story);
	tell(&r->story, "\nL%u %d", stream, (int)count);
	r->lost += count;
}

static void on_end(void *ctx, uint32_t stream)
{
	struct run *r = ctx;

	tell_other(&r->story);
	tell(&r->story, "\nE%u", stream);
}

static void on_reset(void *ctx, uint32_t stream, uint32_t code)
{
	struct run *r = ctx;

	tell_other(&r->story);
	tell(&r->story, "\nR%u %u", stream, code);
}

static void on_goaway(void *ctx, uint32_t last, uint32_t code)
{
	struct run *r = ctx;

	tell_other(&r->story);
	tell(&r->story, "\nG%u %u", last, code);
}

static void on_pushed(void *ctx, uint32_t promised)
{
	struct run *r = ctx;

	tell_other(&r->story);
	tell(&r->story, "\nP%u", promised);
}

static void on_gap(void *ctx, uint64_t count)
{
	struct run *r = ctx;

	tell_other(&r->story);
	tell(&r->story, "\n~");
	r->gap += count;
}

static bool on_intact(void *ctx, uint32_t stream)
{
	assert_true(stream > 0);
	return ((struct run *)ctx)->intact;
}

static void on_skipped(void *ctx, uint64_t count)
{
	((struct run *)ctx)->skipped += count;
}

static void on_broken(void *ctx, const char *why)
{
	struct run *r = ctx;

	assert_true(why[0]);
	r->broken++;
}

static const struct http2_ops ops = {
	.head = on_head,
	.data = on_data,
	.lost = on_lost,
	.end = on_end,
	.reset = on_reset,
	.goaway = on_goaway,
	.pushed = on_pushed,
	.gap = on_gap,
	.intact = on_intact,
	.skipped = on_skipped,
	.broken = on_broken,
};

static void run_begin(struct run *r, enum http2_sender sender, bool late)
{
	memset(r, 0, sizeof(*r));
	tell(&r->story, "%s", "");
	r->unknown = late;
	http2_init(&r->http, sender, late, &ops, r, &scratch);
}

static void run_feed(void *parser, struct sv piece)
{
	struct run *r = parser;

	http2_feed(&r->http, piece, ++r->stamp);
}

static void run_end(struct run *r)
{
	http2_close(&r->http);
	http2_done(&r->http);
	free(r->story.text);
}

static void feed_bytes(struct run *r, struct sv in)
{
	for (size_t i = 0; i < in.len; i++)
		cut_piece(run_feed, r, (struct sv){ in.p + i, 1 });
}

static void check_cuts(const struct wire *w, enum http2_sender sender, size_t step)
{
	struct run r;

	for (size_t plan = 0; plan < cut_plans(all(w)); plan += step) {
		run_begin(&r, sender, false);
		cut_feed(run_feed, &r, all(w), plan);
		if (strcmp(r.story.text, w->story.text) != 0)
			fail_msg("plan %zu:\n%s\nis not\n%s", plan, r.story.text, w->story.text);
		assert_int_equal(r.broken + r.skipped + r.lost + r.gap, 0);
		run_end(&r);
	}
	run_begin(&r, sender, false);
	feed_bytes(&r, all(w));
	assert_string_equal(r.story.text, w->story.text);
	run_end(&r);
}

static void test_as_the_other_end_heard_it(void **state)
{
	struct talk t;

	(void)state;
	for (int pads = 0; pads < 2; pads++) {
		scenario(&t, pads);
		assert_non_null(strstr(t.up.story.text, "R7 8"));
		assert_non_null(strstr(t.down.story.text, "grpc-status=0"));
		check_cuts(&t.up, HTTP2_CLIENT, 1);
		check_cuts(&t.down, HTTP2_SERVER, 1);
		talk_end(&t);
	}
}

/* Heads that take CONTINUATION; more than is read; tables of other sizes. */

static char big_value[3000];

/* Fields of so many bytes, each name another. */
static char *big_fields(const char *start, size_t size, unsigned int round)
{
	size_t at = strlen(start), cap = at + size + 4096;
	char *text = malloc(cap);

	assert_non_null(text);
	memset(big_value, 'v', sizeof(big_value) - 1);
	memcpy(text, start, at + 1);
	for (unsigned int i = 0; at < size; i++)
		at += (size_t)snprintf(text + at, cap - at, "x-%u-%u: %s\n", round, i, big_value);
	return text;
}

static void test_continuation(void **state)
{
	char *fields = big_fields(REQUEST, 40000, 0);
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	for (int i = 0; i < 2; i++) {
		int32_t id = request(&t, fields, NULL);

		flush(&t);
		respond(&t, id, RESPONSE, NULL);
		flush(&t);
	}
	assert_true(t.up.len > 2 * H2FRAME_LEN);
	check_cuts(&t.up, HTTP2_CLIENT, 997);
	check_cuts(&t.down, HTTP2_SERVER, 1);
	free(fields);
	talk_end(&t);
}

/* Lines of a story. */
static struct sv next_line(struct sv *rest)
{
	size_t n = sv_find(*rest, '\n');
	struct sv line = sv_cut(*rest, n);

	*rest = sv_skip(*rest, n < rest->len ? n + 1 : n);
	return line;
}

static bool has_field(struct sv line, struct sv field)
{
	while (line.len) {
		size_t n = sv_find(line, ' ');

		if (sv_eq(sv_cut(line, n), field))
			return true;
		line = sv_skip(line, n < line.len ? n + 1 : n);
	}
	return false;
}

/* Each field of got stands in want; and all of them, when none is unknown. */
static bool head_fits(struct sv got, struct sv want)
{
	struct sv name = sv_cut(got, sv_find(got, ' ')), rest = sv_skip(got, name.len);

	if (!sv_eq(name, sv_cut(want, sv_find(want, ' '))))
		return false;
	if (!sv_starts(rest, SV(" ?")))
		return sv_eq(got, want);
	for (rest = sv_skip(rest, 2); rest.len;) {
		size_t n;

		rest = sv_skip(rest, 1);
		n = sv_find(rest, ' ');
		if (!has_field(want, sv_cut(rest, n)))
			return false;
		rest = sv_skip(rest, n);
	}
	return true;
}

static bool some_head_fits(struct sv got, struct sv want)
{
	while (want.len) {
		if (head_fits(got, next_line(&want)))
			return true;
	}
	return false;
}

static unsigned int count_lines(struct sv s, char kind, bool known)
{
	unsigned int n = 0;

	while (s.len) {
		struct sv line = next_line(&s);
		struct sv rest = sv_skip(line, sv_find(line, ' '));

		n += line.len && line.p[0] == kind && !(known && sv_starts(rest, SV(" ?")));
	}
	return n;
}

/* Where in its data each stream is; UINT32_MAX: not known. */
static uint32_t place[64];

static void check_data(uint32_t stream, struct sv bytes)
{
	uint32_t *at = &place[stream];
	size_t open = sv_find(bytes, '[');

	assert_in_range(stream, 1, ARRAY_SIZE(place) - 1);
	if (*at == UINT32_MAX && open + 16 <= bytes.len) {
		assert_int_equal(strtoul(bytes.p + open + 1, NULL, 10), stream);
		*at = (uint32_t)(strtoul(bytes.p + open + 7, NULL, 10) - open);
	}
	for (size_t i = 0; i < bytes.len && *at != UINT32_MAX; i++)
		assert_int_equal(bytes.p[i], token_byte(stream, (*at)++));
}

/* No head has a wrong field, no byte of data stands at a wrong place. */
static void check_story(const struct run *r, const struct wire *w, bool joined)
{
	struct sv rest = sv_of(r->story.text), want = sv_of(w->story.text);

	memset(place, joined ? 0xff : 0, sizeof(place));
	while (rest.len) {
		struct sv line = next_line(&rest);
		uint32_t stream = line.len > 1 ? (uint32_t)strtoul(line.p + 1, NULL, 10) : 0;
		struct sv more = sv_skip(line, sv_find(line, ' '));

		if (!line.len)
			continue;
		if (strchr("DL", line.p[0]) && stream >= ARRAY_SIZE(place))
			fail_msg("line %.*s of %zu", SV_ARG(line), r->story.len);
		if (line.p[0] == '~')
			memset(place, 0xff, sizeof(place));
		else if (line.p[0] == 'L' && place[stream] != UINT32_MAX)
			place[stream] += (uint32_t)strtoul(more.p, NULL, 10);
		else if (line.p[0] == 'D')
			check_data(stream, sv_skip(more, 1));
		else if (line.p[0] == 'H' && !some_head_fits(line, want))
			fail_msg("%.*s\nis not in\n%s", SV_ARG(line), w->story.text);
	}
}

/* A head longer than what is read makes later fields unknown, at most. */
static void test_head_too_long(void **state)
{
	char *fields = big_fields(REQUEST, 150000, 0);
	struct talk t;
	struct run r;

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	request(&t, REQUEST, NULL);
	request(&t, fields, NULL);
	request(&t, REQUEST "x-new: 1\n", NULL);
	request(&t, REQUEST "x-new: 1\n", NULL);
	flush(&t);
	for (int plan = 0; plan < 2; plan++) {
		run_begin(&r, HTTP2_CLIENT, false);
		r.unknown = true;
		if (plan)
			feed_bytes(&r, all(&t.up));
		else
			run_feed(&r, all(&t.up));
		check_story(&r, &t.up, false);
		assert_int_equal(count_lines(sv_of(r.story.text), 'H', false), 4);
		assert_int_equal(count_lines(sv_of(r.story.text), 'H', true), 3);
		assert_non_null(strstr(r.story.text, "H3 ? :method=POST"));
		assert_non_null(strstr(r.story.text, " x-new=1"));
		run_end(&r);
	}
	free(fields);
	talk_end(&t);
}

/* Tables of 0 and of 64 KiB, which is more than is kept here; and back. */
static void test_table_sizes(void **state)
{
	static const uint32_t sizes[] = { 65536, 0, 100, 4096, 200, 65536, 16384 };
	struct talk t;
	struct run r;
	unsigned int known = 0;

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		nghttp2_settings_entry e = { NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, sizes[i / 2] };
		char *fields = big_fields(RESPONSE, 9000, i % 4);

		nghttp2_submit_settings(t.client.session, 0, &e, 1);
		flush(&t);
		respond(&t, request(&t, REQUEST, NULL), ":status: 200\n", NULL);
		flush(&t);
		respond(&t, request(&t, REQUEST, NULL), fields, NULL);
		flush(&t);
		free(fields);
	}
	for (size_t plan = 0; plan < t.down.len; plan += 4001) {
		run_begin(&r, HTTP2_SERVER, false);
		r.unknown = true;
		cut_feed(run_feed, &r, all(&t.down), plan);
		check_story(&r, &t.down, false);
		assert_int_equal(r.broken, 0);
		assert_int_equal(count_lines(sv_of(r.story.text), 'H', false),
				 4 * ARRAY_SIZE(sizes));
		known = count_lines(sv_of(r.story.text), 'H', true);
		assert_true(http2_memory(&r.http) <= HPACK_MEM_MAX);
		run_end(&r);
	}
	/* What fits into the table here is known throughout. */
	assert_true(known > 3 * ARRAY_SIZE(sizes));
	talk_end(&t);
}

static void test_push(void **state)
{
	nghttp2_nv nv[8];
	size_t n = fields_of(":method: GET\n:scheme: https\n:authority: h\n:path: /style\n"
			     "x-pushed: yes\n",
			     nv, ARRAY_SIZE(nv));
	struct talk t;
	int32_t id, pushed;

	(void)state;
	talk_begin(&t, NULL, 0, NULL, 0);
	id = request(&t, REQUEST, NULL);
	flush(&t);
	pushed = nghttp2_submit_push_promise(t.server.session, 0, id, nv, n, NULL);
	assert_int_equal(pushed, 2);
	flush(&t);
	respond(&t, id, ":status: 200\nx-pushed: yes\n", NULL);
	respond(&t, pushed, ":status: 200\nx-pushed: no\n", NULL);
	flush(&t);
	assert_non_null(strstr(t.down.story.text, "P2"));
	check_cuts(&t.down, HTTP2_SERVER, 1);
	talk_end(&t);
}

static void test_extended_connect(void **state)
{
	const nghttp2_settings_entry e = { NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 };
	struct source up = { .left = 32 };
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, 0, &e, 1);
	request(&t,
		":method: CONNECT\n:scheme: https\n:authority: h\n:path: /v1/responses\n"
		":protocol: websocket\n",
		&up);
	flush(&t);
	assert_non_null(strstr(t.up.story.text, ":protocol=websocket"));
	check_cuts(&t.up, HTTP2_CLIENT, 1);
	talk_end(&t);
}

/* Joins and gaps. */

/* Many calls, the fields of which come from the table but for the first. */
static void many_calls(struct talk *t)
{
	static struct source up[14], down[14];

	talk_begin(t, NULL, 0, NULL, 0);
	for (int i = 0; i < 14; i++) {
		int32_t id;

		up[i] = (struct source){ .left = 48 };
		down[i] = (struct source){ .left = 96 };
		id = request(t, i < 12 ? REQUEST : REQUEST "x-late: 1\n", &up[i]);
		flush(t);
		respond(t, id, i < 12 ? RESPONSE : RESPONSE "x-late: 2\n", &down[i]);
		flush(t);
	}
}

/* From each frame on, each a write of its own; and in one piece with the half of the one before. */
static void join_everywhere(const struct wire *w, enum http2_sender sender)
{
	struct run r;

	for (size_t i = 1; i < w->write_count; i++) {
		run_begin(&r, sender, true);
		for (size_t k = i; k < w->write_count; k++) {
			size_t end = k + 1 < w->write_count ? w->writes[k + 1] : w->len;

			cut_piece(run_feed, &r,
				  (struct sv){ w->bytes + w->writes[k], end - w->writes[k] });
		}
		check_story(&r, w, true);
		assert_int_equal(r.skipped + r.broken, 0);
		run_end(&r);

		run_begin(&r, sender, true);
		cut_feed(run_feed, &r, sv_skip(all(w), w->writes[i] - 3), 0);
		check_story(&r, w, true);
		assert_true(r.skipped <= 3 + (i + 1 < w->write_count ? 0 : H2FRAME_HEAD + 128));
		assert_int_equal(r.broken, 0);
		run_end(&r);

		run_begin(&r, sender, true);
		feed_bytes(&r, sv_skip(all(w), w->writes[i]));
		check_story(&r, w, true);
		assert_int_equal(r.broken, 0);
		run_end(&r);
	}
}

static void test_joined_late(void **state)
{
	struct talk t;
	struct run r;
	size_t calls = 0, from = 0;

	(void)state;
	many_calls(&t);
	join_everywhere(&t.up, HTTP2_CLIENT);
	join_everywhere(&t.down, HTTP2_SERVER);
	/* After ten calls: four more, with what is static or was sent for the first time. */
	for (size_t i = 0; i < t.up.write_count; i++) {
		if (t.up.bytes[t.up.writes[i] + 3] == H2_HEADERS && ++calls == 11)
			from = t.up.writes[i];
	}
	run_begin(&r, HTTP2_CLIENT, true);
	run_feed(&r, sv_skip(all(&t.up), from));
	assert_int_equal(count_lines(sv_of(r.story.text), 'H', false), 4);
	assert_non_null(strstr(r.story.text, "H21 ? :method=POST :scheme=https"));
	assert_non_null(strstr(r.story.text, " x-late=1\n"));
	assert_non_null(strstr(r.story.text, ":path=/v1/chat/completions"));
	run_end(&r);
	talk_end(&t);
}

/* Bytes from to to are missing; the rest comes in the writes it was sent in. */
static void play_without(struct run *r, const struct wire *w, enum http2_sender sender, size_t from,
			 size_t to, bool intact)
{
	run_begin(r, sender, false);
	r->unknown = !intact;
	r->intact = intact;
	for (size_t i = 0; i < w->write_count; i++) {
		size_t a = w->writes[i], end = i + 1 < w->write_count ? w->writes[i + 1] : w->len;

		if (a < from)
			cut_piece(run_feed, r,
				  (struct sv){ w->bytes + a, (end < from ? end : from) - a });
		if (from >= a && from < end)
			http2_gap(&r->http, to - from);
		if (end > to)
			cut_piece(run_feed, r,
				  (struct sv){ w->bytes + (a > to ? a : to),
					       end - (a > to ? a : to) });
	}
	http2_close(&r->http);
	check_story(r, w, false);
	assert_int_equal(r->broken, 0);
}

static void drop_everywhere(const struct wire *w, enum http2_sender sender)
{
	unsigned int heads = count_lines(sv_of(w->story.text), 'H', false);
	uint32_t seed = 1;
	struct run r;

	for (size_t i = 0; i < w->write_count; i++) {
		size_t a = w->writes[i], end = i + 1 < w->write_count ? w->writes[i + 1] : w->len;
		struct h2frame f;

		play_without(&r, w, sender, a, end, false);
		assert_true(count_lines(sv_of(r.story.text), 'H', false) + 1 >= heads);
		assert_int_equal(r.skipped, 0);
		assert_int_equal(r.gap, end - a);
		run_end(&r);
		if (a + H2FRAME_HEAD + 2 >= end || sv_starts(sv_skip(all(w), a), SV("PRI")))
			continue;
		f = h2frame_read(w->bytes + a);
		/* All of the payload, and part of it: exact. */
		for (size_t cut = 0; cut < 2; cut++) {
			play_without(&r, w, sender, a + H2FRAME_HEAD + cut, end - cut, false);
			assert_int_equal(r.gap + r.skipped, 0);
			assert_int_equal(count_lines(sv_of(r.story.text), 'H', false), heads);
			if (f.type == H2_DATA && !(f.flags & H2_PADDED))
				assert_int_equal(r.lost, end - a - H2FRAME_HEAD - 2 * cut);
			run_end(&r);
		}
	}
	for (int i = 0; i < 400; i++) {
		size_t from, to;

		seed = seed * 1664525u + 1013904223u;
		from = (seed >> 8) % w->len;
		seed = seed * 1664525u + 1013904223u;
		to = from + 1 + (seed >> 8) % 90;
		play_without(&r, w, sender, from, to < w->len ? to : w->len, false);
		run_end(&r);
	}
}

static void test_gaps(void **state)
{
	struct talk t;

	(void)state;
	for (int pads = 0; pads < 2; pads++) {
		scenario(&t, pads);
		drop_everywhere(&t.up, HTTP2_CLIENT);
		drop_everywhere(&t.down, HTTP2_SERVER);
		talk_end(&t);
	}
	many_calls(&t);
	drop_everywhere(&t.up, HTTP2_CLIENT);
	drop_everywhere(&t.down, HTTP2_SERVER);
	talk_end(&t);
}

/* Frames that hold nothing of a header block: where that is known, every head is as it was. */
static void test_gap_without_a_block(void **state)
{
	unsigned int heads, dropped = 0;
	struct talk t;
	struct run r;

	(void)state;
	many_calls(&t);
	heads = count_lines(sv_of(t.down.story.text), 'H', false);
	for (size_t i = 0; i + 1 < t.down.write_count; i++) {
		size_t at = t.down.writes[i];

		if (t.down.bytes[at + 3] == H2_HEADERS)
			continue;
		play_without(&r, &t.down, HTTP2_SERVER, at, t.down.writes[i + 1], true);
		assert_int_equal(count_lines(sv_of(r.story.text), 'H', true), heads);
		assert_int_equal(r.gap, t.down.writes[i + 1] - at);
		run_end(&r);
		dropped++;
	}
	assert_true(dropped >= 14);
	talk_end(&t);
}

#define IN(lit)                      \
	{                            \
		lit, sizeof(lit) - 1 \
	}

/* What breaks the protocol, by hand: frames of section 4.1. */
static void test_broken(void **state)
{
	static const struct {
		struct sv in;
		const char *want;
		unsigned int broken;
	} cases[] = {
		/* DATA on the connection; then a PING, and data */
		{ IN("\0\0\1\0\0\0\0\0\0x\0\0\x08\x06\0\0\0\0\0abcdefgh\0\0\1\0\0\0\0\0\1y"),
		  "\nD1 y", 1 },
		/* more padding than frame */
		{ IN("\0\0\3\0\x08\0\0\0\1\x09xy\0\0\1\0\0\0\0\0\1z"), "\nD1 z", 1 },
		/* CONTINUATION of nothing */
		{ IN("\0\0\1\x09\4\0\0\0\1\x88\0\0\0\4\1\0\0\0\0\0\0\1\0\1\0\0\0\1z"), "\nD1 z\nE1",
		  1 },
		/* a block without its end */
		{ IN("\0\0\1\1\0\0\0\0\1\x88\0\0\0\4\1\0\0\0\0\0\0\1\0\1\0\0\0\1z"),
		  "\nH1 ? :status=200\nD1 z\nE1", 1 },
		/* an index beyond the table: a field is unknown, and all of them from there on */
		{ IN("\0\0\2\1\4\0\0\0\1\x88\xff\0\0\1\1\4\0\0\0\3\x88"),
		  "\nH1 ? :status=200\nH3 :status=200", 1 },
		/* SETTINGS of 5 bytes, frames of types that nobody knows */
		{ IN("\0\0\3\xee\0\0\0\0\1abc\0\0\1\0\0\0\0\0\1y"), "\nD1 y", 0 },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t plan = 0; plan < cut_plans(cases[i].in); plan++) {
			run_begin(&r, HTTP2_SERVER, false);
			r.unknown = true;
			cut_feed(run_feed, &r, cases[i].in, plan);
			if (strcmp(r.story.text, cases[i].want) || r.broken != cases[i].broken)
				fail_msg("case %zu, plan %zu: %u broken, %s", i, plan, r.broken,
					 r.story.text);
			run_end(&r);
		}
	}
	run_begin(&r, HTTP2_CLIENT, false);
	run_feed(&r, SV("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_int_equal(r.broken, 1);
	assert_int_equal(r.story.len, 0);
	run_end(&r);
}

/* No place in text or in numbers is taken for a frame. */
static void test_search_in_other_things(void **state)
{
	static const char text[] = "data: {\"a\":[1,2]}\n\nevent: x\r\n";
	static char junk[300000];
	uint32_t seed = 7;
	struct run r;

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < sizeof(junk); i++) {
			seed = seed * 1664525u + 1013904223u;
			junk[i] = kind ? (char)(seed >> 24) : text[i % (sizeof(text) - 1)];
		}
		run_begin(&r, HTTP2_SERVER, true);
		for (size_t i = 0; i < sizeof(junk); i += 1000)
			cut_piece(run_feed, &r, (struct sv){ junk + i, 1000 });
		http2_close(&r.http);
		assert_int_equal(r.story.len, 0);
		assert_int_equal(r.skipped, sizeof(junk));
		run_end(&r);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_other_end_heard_it),
		cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_head_too_long),
		cmocka_unit_test(test_table_sizes),
		cmocka_unit_test(test_push),
		cmocka_unit_test(test_extended_connect),
		cmocka_unit_test(test_joined_late),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_gap_without_a_block),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_search_in_other_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
