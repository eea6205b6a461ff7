// SPDX-License-Identifier: Apache-2.0
/*
 * Each case of tests/wire, whole, in two pieces, byte by byte. The call must be the one that the
 * generator derived from the scenario, without content and with.
 */
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "wire.h"

/* Up to here every cut is tried; in longer cases this many, always the same. */
#define EVERY_CUT 4096
#define SOME_CUTS 200

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
	dump_text(n, "cursor", c->req.stream_cursor);
	if (!content)
		return;
	dump_text(n, "query", c->content.query);
	dump_text(n, "documents", c->content.documents);
	for (const struct call_variable *v = c->content.variables; v; v = v->next)
		note(n, "variables=%.*s:%.*s\n", SV_ARG(v->name), SV_ARG(v->value));
}

static void on_call(struct play_wire *w, const struct call *c)
{
	dump_call(&w->notes, c);
	dump_more(&w->notes, c, true);
}

static bool check(struct play_wire *w, const struct wire_case *c, struct sv want, size_t at)
{
	wire_play(w, c, at);
	if (sv_eq(want, (struct sv){ w->notes.text, w->notes.len }))
		return true;
	printf("%.*s, cut at %zu:\n%s\nwanted:\n%.*s\n", SV_ARG(c->name), at, w->notes.text,
	       SV_ARG(want));
	return false;
}

/* every: all cuts, else some. */
static bool check_ways(struct play_wire *w, const struct wire_case *c, struct sv want, bool every)
{
	size_t all = c->request.len > c->answer.len ? c->request.len : c->answer.len;
	uint64_t seed = 0x9e3779b97f4a7c15ull * (all + 1);

	if (!check(w, c, want, 0) || !check(w, c, want, SIZE_MAX))
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

static bool is_short(const struct wire_case *c)
{
	return c->request.len <= EVERY_CUT && c->answer.len <= EVERY_CUT;
}

static void test_cases(void **state)
{
	struct sv all = wire_read(), rest = all;
	static struct play_wire w[2];
	size_t n = 0, bad = 0;

	(void)state;
	wire_init(&w[0], false, on_call);
	wire_init(&w[1], true, on_call);
	while (rest.len) {
		struct wire_case c = wire_next(&rest);

		/* With content all is told that is told without. */
		bad += !(check_ways(&w[0], &c, c.bare, false) &&
			 (!c.full.len || check_ways(&w[1], &c, c.full, is_short(&c))));
		n++;
	}
	wire_done(&w[0]);
	wire_done(&w[1]);
	free((char *)all.p);
	print_message("%zu cases, %zu bad\n", n, bad);
	assert_true(n > 100 && !bad);
}

/* Facts that are right or not there, whatever is lost. */
static const char *const firm[] = {
	"model=",	 "id=",	      "answered_by=", "tool=",
	"conversation=", "agent_id=", "source=",      "previous=",
};

static bool has_line(struct sv text, struct sv line)
{
	while (text.len) {
		struct sv l = sv_cut(text, sv_find(text, '\n'));

		if (sv_eq(l, line))
			return true;
		text = sv_skip(text, l.len < text.len ? l.len + 1 : l.len);
	}
	return false;
}

/* Of a tool call one half may be lost. */
static bool has_half(struct sv text, struct sv tool)
{
	size_t mark = sv_find(tool, '#');
	bool nameless = mark == strlen("tool="), idless = mark + 1 == tool.len;
	struct sv half = nameless ? sv_skip(tool, mark) : sv_cut(tool, mark + 1);

	return (nameless || idless) && memmem(text.p, text.len, half.p, half.len);
}

/* Each firm line of what came must stand in what came without the hole. */
static bool none_wrong(struct sv got, struct sv whole)
{
	while (got.len) {
		struct sv l = sv_cut(got, sv_find(got, '\n'));

		for (size_t i = 0; i < ARRAY_SIZE(firm); i++) {
			if (sv_starts(l, sv_of(firm[i])) && !has_line(whole, l) &&
			    !(sv_starts(l, SV("tool=")) && has_half(whole, l)))
				return false;
		}
		got = sv_skip(got, l.len < got.len ? l.len + 1 : l.len);
	}
	return true;
}

/* One of the two bodies with a hole of some bytes. */
static void play_hole(struct play_wire *w, const struct wire_case *c, bool in_request, size_t at,
		      size_t len)
{
	struct conn conn = { .tgid = 7, .proto = CONN_HTTP1, .tls = true };
	struct sv text[2] = { c->request, c->answer };

	conn.request_dir = CONN_WRITE;
	w->at = 0;
	notes_reset(&w->notes);
	pairs_sink.open(w->pairs, &conn);
	for (int i = 0; i < 2; i++) {
		enum conn_dir dir = i ? CONN_READ : CONN_WRITE;
		bool holed = in_request == !i;
		struct sv head = sv_cut(text[i], holed ? at : text[i].len);
		struct sv tail = sv_skip(text[i], holed ? at + len : text[i].len);

		if (head.len)
			pairs_sink.bytes(w->pairs, &conn, dir, head, 2 * SEC);
		if (holed)
			pairs_sink.gap(w->pairs, &conn, dir, len, 2 * SEC);
		if (tail.len)
			pairs_sink.bytes(w->pairs, &conn, dir, tail, 2 * SEC);
	}
	pairs_sink.close(w->pairs, &conn, CONN_FREED, 9 * SEC);
}

#define HOLES 30

static bool check_holes(struct play_wire *w, const struct wire_case *c)
{
	uint64_t seed = c->answer.len;

	for (int i = 0; i < HOLES; i++) {
		bool in_request = i % 3 == 0;
		struct sv text = in_request ? c->request : c->answer;
		size_t at, len;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		at = (size_t)(seed >> 33) % text.len;
		len = 1 + (size_t)(seed >> 20) % 64;
		len = len < text.len - at ? len : text.len - at;
		play_hole(w, c, in_request, at, len);
		if (none_wrong((struct sv){ w->notes.text, w->notes.len }, c->bare))
			continue;
		printf("%.*s, %zu bytes at %zu of %s:\n%s\nwhole:\n%.*s\n", SV_ARG(c->name), len,
		       at, in_request ? "the request" : "the answer", w->notes.text,
		       SV_ARG(c->bare));
		return false;
	}
	return true;
}

/* What is lost leaves facts out, and makes none up. */
static void test_holes(void **state)
{
	struct sv all = wire_read(), rest = all;
	static struct play_wire w;
	size_t n = 0, bad = 0;

	(void)state;
	wire_init(&w, false, on_call);
	while (rest.len) {
		struct wire_case c = wire_next(&rest);

		if (!sv_eq(c.end, SV("freed")) || !c.request.len)
			continue;
		bad += !check_holes(&w, &c);
		n++;
	}
	wire_done(&w);
	free((char *)all.p);
	print_message("%zu cases, %zu bad\n", n, bad);
	assert_true(!bad);
}

/* A million runs: what is freed need not be remembered for long. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=3";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
