// SPDX-License-Identifier: Apache-2.0
#include "view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define SEC 1000000000ull

static const struct {
	const char *in, *want;
} escapes[] = {
	{ "plain", "plain" },
	{ "gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich" },
	{ "\x1b[31mred", "\\x1b[31mred" },
	{ "a\r\nb\tc\x7f", "a\\x0d\\x0ab\\x09c\\x7f" },
	{ "bad\xff\xc3", "bad\\xff\\xc3" },
	{ "csi\xc2\x9b", "csi\\xc2\\x9b" },
	{ "turn\xe2\x80\xae"
	  "ed",
	  "turn\\xe2\\x80\\xaeed" },
	{ "dash\xe2\x80\x94", "dash\xe2\x80\x94" },
};

static void test_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		struct buf b;

		buf_init(&b, 0);
		assert_int_equal(view_escape(&b, sv_of(escapes[i].in)), 0);
		assert_string_equal(b.p, escapes[i].want);
		buf_done(&b);
	}
}

static const struct machine machine = { .wall_offset = 1000 * SEC };

static const struct process agent = {
	.tgid = 42, .start = 7, .ns_tgid = 12, .exe = { "/usr/bin/python3", 16 }
};

static const struct process child = {
	.tgid = 43, .start = 8, .parent_tgid = 42, .parent_start = 7, .comm = { "node", 4 }
};

static struct call *a_call(const struct process *p)
{
	struct call *c = call_new(CALL_ARENA_MAX);

	assert_non_null(c);
	c->id.tgid = p->tgid;
	c->id.proc_start = p->start;
	c->provider = "openai";
	c->req.model = SV("gpt-5");
	c->t_start = 10 * SEC;
	c->t_end = 11 * SEC + SEC / 2;
	c->status = 200;
	return c;
}

static struct call *a_full_call(void)
{
	struct call *c = a_call(&agent);

	c->t_first_chunk = 10 * SEC + SEC / 4;
	c->usage.input = (struct opt_int){ 12345, true };
	c->usage.cache_read = (struct opt_int){ 64, true };
	c->usage.output = (struct opt_int){ 40, true };
	call_list_add(&c->arena, &c->resp.finish_reasons, SV("tool_calls"));
	c->tools = arena_alloc(&c->arena, sizeof(*c->tools));
	c->tools->name = SV("geo");
	c->tool_count = 1;
	return c;
}

static struct call *a_bad_call(const struct process *p)
{
	struct call *c = a_call(p);

	c->req.model = SV("evil\x1b[2J");
	c->error_type = SV("rate_limit_exceeded");
	c->status = 429;
	c->req.resend_count = (struct opt_int){ 1, true };
	c->loss = CALL_LOSS(GAP) | CALL_LOSS(STOPPED);
	c->lost_bytes = 1234;
	return c;
}

#define FULL                                                                                  \
	"chat openai/gpt-5  1.50s (first 0.25s)  in 12,345 (64 cached)  out 40  tool_calls  " \
	"tools "                                                                              \
	"geo\n"
#define BAD                                                                         \
	"chat openai/evil\\x1b[2J  1.50s  retry 1  error rate_limit_exceeded (429)" \
	"  incomplete: gap, stopped, 1,234 bytes lost\n"

static void test_lines(void **state)
{
	struct call *full = a_full_call(), *bad = a_bad_call(&child);
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(view_line(&b, full, &agent, &machine, false), 0);
	assert_string_equal(b.p, "00:16:50 python3[12]  " FULL);
	buf_reset(&b);
	assert_int_equal(view_line(&b, bad, &child, &machine, false), 0);
	assert_string_equal(b.p, "00:16:50 node[43]  " BAD);
	buf_reset(&b);
	assert_int_equal(view_line(&b, bad, NULL, &machine, true), 0);
	assert_non_null(strstr(b.p, "\x1b[31mrate_limit_exceeded\x1b[0m"));
	assert_null(strstr(b.p, "\x1b[2J"));
	buf_done(&b);
	call_free(full);
	call_free(bad);
}

static void check_summary(struct view *v, const struct view_facts *f, const char *want)
{
	struct buf b;

	buf_init(&b, 0);
	assert_int_equal(view_summary(&b, v, f), 0);
	if (strcmp(b.p, want) != 0)
		fail_msg("\n%s\nwanted:\n%s", b.p, want);
	buf_done(&b);
}

static void test_summary(void **state)
{
	static const char *const blind[] = { "codex[99]: rustls is not read yet" };
	static const char *const notes[] = { "otlp: 3 spans sent" };
	struct view_loss loss[ES_STAT_COUNT] = {
		[ES_K_RING_FULL] = { 3, 1234567 },
		[ES_K_IGNORED] = { 5, 5 },
		[ES_U_PROTO_UNSUPPORTED] = { 2, 0 },
	};
	const struct view_facts facts = { .loss = loss,
					  .blind = blind,
					  .blind_count = 1,
					  .notes = notes,
					  .note_count = 1,
					  .sampled_out = 9 };
	struct call *full = a_full_call(), *bad = a_bad_call(&child);
	struct view *v;

	(void)state;
	assert_int_equal(view_new(&v, false), 0);
	view_add(v, full, &agent, &machine);
	view_add(v, bad, &child, &machine);
	view_add(v, full, &agent, &machine);
	check_summary(v, &facts,
		      "python3[12]\n├─ 00:16:50 " FULL "├─ 00:16:50 " FULL
		      "└─ node[43]\n   └─ 00:16:50 " BAD "\n"
		      "3 model calls\n"
		      "  openai/gpt-5  2 calls, in 24,690 (128 cached), out 80\n"
		      "  openai/evil\\x1b[2J  1 call, tokens not told, 1 error\n"
		      "  errors: rate_limit_exceeded 1\n"
		      "lost\n  ring buffer full: payload not taken: 3, 1,234,567 bytes\n"
		      "  1 call is incomplete\n"
		      "not seen\n"
		      "  stream of a protocol not read (TLS in TLS, a tunnel): 2\n"
		      "  codex[99]: rustls is not read yet\n"
		      "besides\n  HTTP exchanges left out by rule: 9\n  otlp: 3 spans sent\n");
	view_free(v);
	call_free(full);
	call_free(bad);
}

/* What nobody told is not 0: of a call that was cut short, of one that has no output. */
static void test_not_told(void **state)
{
	static const struct {
		const char *model;
		enum call_op op;
		struct opt_int in, out;
	} calls[] = {
		{ "cut", CALL_CHAT, { 11, true }, { 0 } },
		{ "odd", CALL_CHAT, { 0 }, { 7, true } },
		{ "none", CALL_CHAT, { 0 }, { 0 } },
		{ "zero", CALL_CHAT, { 3, true }, { 0, true } },
		{ "vec", CALL_EMBEDDINGS, { 5, true }, { 0 } },
	};
	const struct view_facts facts = { 0 };
	struct view *v;
	struct buf b;

	(void)state;
	assert_int_equal(view_new(&v, false), 0);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct call *c = a_call(&agent);

		c->op = calls[i].op;
		c->req.model = sv_of(calls[i].model);
		c->usage.input = calls[i].in;
		c->usage.output = calls[i].out;
		view_add(v, c, &agent, &machine);
		call_free(c);
	}
	buf_init(&b, 0);
	assert_int_equal(view_summary(&b, v, &facts), 0);
	assert_non_null(strstr(b.p, "\n  openai/cut  1 call, in 11, out not told\n"
				    "  openai/odd  1 call, in not told, out 7\n"
				    "  openai/none  1 call, tokens not told\n"
				    "  openai/zero  1 call, in 3, out 0\n"
				    "  openai/vec  1 call, in 5\n"));
	buf_done(&b);
	view_free(v);
}

static void test_nothing(void **state)
{
	const struct view_facts facts = { 0 };
	struct view *v;

	(void)state;
	assert_int_equal(view_new(&v, true), 0);
	check_summary(v, &facts, "no model call was seen\nnothing of what was read was lost\n");
	view_free(v);
}

/* A process that claims itself as parent, or a chain without end, still comes to an end. */
static void test_odd_trees(void **state)
{
	const struct view_facts facts = { 0 };
	struct process p = { .tgid = 1, .start = 1, .parent_tgid = 1, .parent_start = 1 };
	struct view *v;
	struct buf b;

	(void)state;
	assert_int_equal(view_new(&v, false), 0);
	for (uint32_t i = 1; i < VIEW_PROCESSES_MAX + 20; i++) {
		struct call *c;

		p.tgid = i;
		p.parent_tgid = i > 1 ? i - 1 : 1;
		c = a_call(&p);
		view_add(v, c, &p, &machine);
		call_free(c);
	}
	for (int i = 0; i < VIEW_CALLS_MAX; i++) {
		struct call *c = a_call(&p);

		p.tgid = 1;
		c->req.model.len = 0;
		view_add(v, c, &p, &machine);
		call_free(c);
	}
	buf_init(&b, 0);
	assert_int_equal(view_summary(&b, v, &facts), 0);
	assert_non_null(strstr(b.p, "more calls\n"));
	assert_non_null(strstr(b.p, "openai/?  2,000 calls"));
	buf_done(&b);
	view_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),	  cmocka_unit_test(test_lines),
		cmocka_unit_test(test_summary),	  cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_odd_trees), cmocka_unit_test(test_not_told),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
