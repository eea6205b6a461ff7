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

/* A million runs: what is freed need not be remembered for long. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=3";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
