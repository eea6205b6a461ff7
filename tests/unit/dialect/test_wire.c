// SPDX-License-Identifier: Apache-2.0
/*
 * Each case of tests/wire, as the bytes of a connection: through the exchange layer into the
 * dialects, whole, in two pieces, byte by byte. The call must be the one that the generator
 * derived from the scenario, without content and with.
 */
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "driver.h"
#include "earshot/stats.h"
#include "exchange/pair.h"

/* Up to here every cut is tried; in longer cases this many, always the same. */
#define EVERY_CUT 4096
#define SOME_CUTS 200

struct wire_case {
	struct sv end, name, request, answer, bare, full;
};

struct play_wire {
	struct driver dr;
	struct pairs *pairs;
	struct stat_pair stats[ES_STAT_COUNT];
	struct notes notes;
	size_t at; /* the cut that is tried */
};

static void dump_more(struct notes *n, const struct call *c, bool content)
{
	dump_text(n, "request_id", c->resp.request_id);
	dump_text(n, "guardrail", c->req.guardrail_id);
	dump_text(n, "agent_id", c->agent.id);
	dump_text(n, "agent_name", c->agent.name);
	dump_text(n, "agent_description", c->agent.description);
	dump_text(n, "agent_version", c->agent.version);
	dump_text(n, "source", c->retrieval.data_source_id);
	dump_text(n, "base", c->retrieval.knowledge_base_id);
	dump_int(n, "asked", c->retrieval.top_k);
	dump_int(n, "found", c->retrieval.found);
	dump_text(n, "answer_status", c->resp.status);
	dump_int(n, "cursor", c->req.stream_cursor);
	if (!content)
		return;
	dump_text(n, "query", c->content.query);
	for (const struct call_variable *v = c->content.variables; v; v = v->next)
		note(n, "variables=%.*s:%.*s\n", SV_ARG(v->name), SV_ARG(v->value));
}

static void on_call(void *ctx, struct call *c)
{
	struct play_wire *w = ctx;

	w->dr.calls++;
	dump_call(&w->notes, c);
	dump_more(&w->notes, c, true);
	call_free(c);
}

/*
 * The layer below holds the start of a body back until it knows its kind: what it gives comes
 * to the dialects cut once more.
 */
struct shred {
	struct play_wire *w;
	struct exchange *ex;
	enum ex_side side;
	uint64_t time;
};

static void shred_piece(void *ctx, struct sv piece)
{
	const struct shred *s = ctx;

	if (s->side == EX_REQUEST)
		dialect_exchange_ops.req_body(s->w->dr.d, s->ex, piece);
	else
		dialect_exchange_ops.resp_body(s->w->dr.d, s->ex, piece, s->time);
}

static void shred_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	struct shred s = { ctx, ex, EX_REQUEST, 0 };

	cut_feed(shred_piece, &s, bytes,
		 s.w->at == SIZE_MAX ? bytes.len + 1 : s.w->at % (bytes.len + 1));
}

static void shred_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	struct shred s = { ctx, ex, EX_RESPONSE, time };

	cut_feed(shred_piece, &s, bytes,
		 s.w->at == SIZE_MAX ? bytes.len + 1 : s.w->at % (bytes.len + 1));
}

static void pass_begin(void *ctx, struct exchange *ex)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.begin(w->dr.d, ex);
}

static void pass_req_end(void *ctx, struct exchange *ex)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.req_end(w->dr.d, ex);
}

static void pass_resp_head(void *ctx, struct exchange *ex)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.resp_head(w->dr.d, ex);
}

static void pass_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		       uint64_t time)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.event(w->dr.d, ex, side, ev, time);
}

static void pass_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.gap(w->dr.d, ex, side);
}

static void pass_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct play_wire *w = ctx;

	dialect_exchange_ops.end(w->dr.d, ex, time);
}

static const struct exchange_ops shred_ops = {
	.begin = pass_begin,
	.req_body = shred_req_body,
	.req_end = pass_req_end,
	.resp_head = pass_resp_head,
	.resp_body = shred_resp_body,
	.event = pass_event,
	.gap = pass_gap,
	.end = pass_end,
};

static void wire_init(struct play_wire *w, bool content)
{
	const struct dialect_options opt = { .want_content = content };
	const struct pairs_opts pair = { .stats = w->stats, .ops = &shred_ops, .ctx = w };

	memset(w, 0, sizeof(*w));
	assert_int_equal(dialect_new(&w->dr.d, &opt, on_call, w), 0);
	assert_int_equal(pairs_new(&w->pairs, &pair), 0);
}

static void wire_done(struct play_wire *w)
{
	pairs_free(w->pairs);
	dialect_free(w->dr.d);
}

struct way {
	struct play_wire *w;
	struct conn *conn;
	enum conn_dir dir;
};

static void feed(void *ctx, struct sv piece)
{
	const struct way *way = ctx;

	if (piece.len)
		pairs_sink.bytes(way->w->pairs, way->conn, way->dir, piece, 2 * SEC);
}

/* at: 0 whole; up to the length a cut there; behind it byte by byte. */
static void play(struct play_wire *w, const struct wire_case *c, size_t at)
{
	struct conn conn = { .tgid = 7,
			     .proto = CONN_HTTP1,
			     .request_dir = CONN_WRITE,
			     .tls = true,
			     .late = !c->request.len };
	struct way way = { w, &conn, CONN_WRITE };
	size_t all = c->request.len + c->answer.len;

	w->at = at > all ? SIZE_MAX : at;
	notes_reset(&w->notes);
	pairs_sink.open(w->pairs, &conn);
	cut_feed(feed, &way, c->request,
		 at > all	       ? c->request.len + 1
		 : at < c->request.len ? at
				       : 0);
	way.dir = CONN_READ;
	cut_feed(feed, &way, c->answer,
		 at > all	       ? c->answer.len + 1
		 : at > c->request.len ? at - c->request.len
				       : 0);
	pairs_sink.close(w->pairs, &conn, CONN_FREED, 9 * SEC);
}

static bool check(struct play_wire *w, const struct wire_case *c, struct sv want, size_t at)
{
	play(w, c, at);
	if (sv_eq(want, (struct sv){ w->notes.text, w->notes.len }))
		return true;
	printf("%.*s, cut at %zu:\n%s\nwanted:\n%.*s\n", SV_ARG(c->name), at, w->notes.text,
	       SV_ARG(want));
	return false;
}

/* every: all cuts, else some. */
static bool check_ways(struct play_wire *w, const struct wire_case *c, struct sv want, bool every)
{
	size_t all = c->request.len + c->answer.len;
	uint64_t seed = 0x9e3779b97f4a7c15ull * (all + 1);

	if (!check(w, c, want, 0) || !check(w, c, want, all + 1))
		return false;
	for (size_t at = 1; every && at < all; at++)
		if (!check(w, c, want, at))
			return false;
	for (size_t i = 0; !every && i < SOME_CUTS; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		if (!check(w, c, want, (size_t)(seed >> 33) % all))
			return false;
	}
	return true;
}

static struct sv take(struct sv *rest)
{
	const unsigned char *b = (const unsigned char *)rest->p;
	struct sv field;
	size_t len;

	assert_true(rest->len >= 4);
	len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
	*rest = sv_skip(*rest, 4);
	assert_true(rest->len >= len);
	field = sv_cut(*rest, len);
	*rest = sv_skip(*rest, len);
	return field;
}

static struct sv read_cases(void)
{
	const char *path = getenv("WIRE_CASES");
	FILE *f = fopen(path ? path : ".output/wire/cases", "rb");
	char *text = NULL;
	size_t len = 0, room = 1 << 20;

	if (!f)
		fail_msg("no cases: make .output/wire/cases");
	do {
		text = realloc(text, room *= 2);
		assert_non_null(text);
		len += fread(text + len, 1, room - len, f);
	} while (len == room);
	fclose(f);
	return (struct sv){ text, len };
}

static void test_cases(void **state)
{
	struct sv all = read_cases(), rest = all;
	static struct play_wire w[2];
	size_t n = 0, bad = 0;

	(void)state;
	wire_init(&w[0], false);
	wire_init(&w[1], true);
	while (rest.len) {
		struct wire_case c = { 0 };

		c.end = take(&rest);
		c.name = take(&rest);
		c.request = take(&rest);
		c.answer = take(&rest);
		c.bare = take(&rest);
		c.full = take(&rest);
		/* With content all is told that is told without. */
		bad += !(check_ways(&w[0], &c, c.bare, false) &&
			 (!c.full.len || check_ways(&w[1], &c, c.full,
						    c.request.len + c.answer.len <= EVERY_CUT)));
		n++;
	}
	wire_done(&w[0]);
	wire_done(&w[1]);
	free((char *)all.p);
	print_message("%zu cases, %zu bad\n", n, bad);
	assert_true(n > 100 && !bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
