// SPDX-License-Identifier: Apache-2.0
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "driver.h"

#define CHAT "/v1/chat/completions"

/* A body with bytes missing in it: what can be told from the rest, and that it is not all. */
struct gap_case {
	const char *name;
	struct play play;
	const char *mark; /* the hole begins here, in the body that has one */
	bool content;
	const char *want;
};

static const struct gap_case gap_cases[] = {
	{ "model behind a hole in the prompt",
	  { .target = CHAT,
	    .request = "{\"messages\":[{\"role\":\"user\",\"content\":\"abc_____def\"}],"
		       "\"model\":\"m\",\"stream\":true}",
	    .answer = "{}",
	    .lost_request = 5 },
	  "_____",
	  false,
	  "chat openai openai.chat ok\nmodel=m\nstream=1\nloss=gap\nlost=5\n" },
	{ "prompt with a hole",
	  { .target = CHAT,
	    .request = "{\"messages\":[{\"role\":\"user\",\"content\":\"abc_____def\"}],"
		       "\"model\":\"m\"}",
	    .answer = "{}",
	    .lost_request = 5 },
	  "_____",
	  true,
	  "chat openai openai.chat ok\nmodel=m\nloss=gap\nlost=5\nin user: "
	  "text(abc...)\npartial\n" },
	{ "two that may be the model",
	  { .target = "/v1/messages",
	    .request = "{\"messages\":[{\"content\":[{\"text\":\"____\"},{\"input\":{\"model\":"
		       "\"wrong\"}}]}],\"model\":\"right\"}",
	    .answer = "{}",
	    .lost_request = 4 },
	  "____",
	  false,
	  "chat anthropic anthropic.messages ok\nloss=gap\nlost=4\n" },
	{ "an answer with a hole",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .answer = "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"content\":\"____\"},"
		      "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,"
		      "\"completion_tokens\":4,\"total_tokens\":7}}",
	    .lost_answer = 4 },
	  "____",
	  false,
	  "chat openai openai.chat ok\nmodel=m\nid=c\nfinish=stop\ninput=3\noutput=4\ntotal=7\n"
	  "loss=gap\nlost=4\n" },
	{ "a stream with a hole",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
		      "\"a\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"____\"}}]}\n\n"
		      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"z\"}}]}\n\n"
		      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\n\n",
	    .lost_answer = 4 },
	  "____",
	  true,
	  "chat openai openai.chat ok\nmodel=m\nid=c\ninput=3\nfirst_chunk=2\nloss=gap\nlost=4\n"
	  "out assistant: text(az)\n" },
};

static void test_gaps(void **state)
{
	static struct notes n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gap_cases); i++) {
		const struct gap_case *c = &gap_cases[i];
		const char *body = c->play.lost_request ? c->play.request : c->play.answer;
		struct driver dr;

		notes_reset(&n);
		driver_init(&dr, &n, c->content);
		driver_play(&dr, &c->play, (size_t)(strstr(body, c->mark) - body));
		driver_done(&dr);
		if (strcmp(n.text, c->want) != 0)
			fail_msg("%s:\n%s\nwanted:\n%s", c->name, n.text, c->want);
	}
}

/* Exchanges that are no inference of the watched process give no span and are counted. */
static void test_counts(void **state)
{
	static struct notes n;
	struct driver dr;
	const struct dialect_stats *s;
	const struct play plays[] = {
		{ .target = CHAT, .request = "{\"model\":\"m\"}", .answer = "{}" },
		{ .target = CHAT, .request = "{}", .answer = "{}", .role = EX_SERVER },
		{ .target = "/v1/models", .method = "GET", .answer = "{}" },
		{ .target = "/", .method = "GET", .answer = "hello" },
		{ .target = "/v1/audio/speech", .host = "api.openai.com", .answer = "x" },
		{ .target = "/v1/completions", .request = "{\"a\":1}", .answer = "{\"b\":2}" },
		{ .target = CHAT,
		  .request = "{\"model\":\"m\"}",
		  .answer = "",
		  .outcome = EX_UPGRADED },
		{ .method = "", .answer = "{\"object\":\"thing\"}" },
		{ .target = CHAT, .request = "no JSON", .answer = "{}" },
		/* Looks like a model's request, and is answered otherwise. */
		{ .target = "/a",
		  .request = "{\"model\":1,\"messages\":[{\"role\":\"u\"}]}",
		  .answer = "{\"status\":\"ok\"}" },
		{ .target = "/a",
		  .request = "{\"model\":\"m\",\"input\":\"x\"}",
		  .answer = "{\"status\":\"completed\"}" },
		{ .target = "/a", .request = "{\"name\":\"m\"}", .answer = "{}" },
	};

	(void)state;
	notes_reset(&n);
	driver_init(&dr, &n, false);
	for (size_t i = 0; i < ARRAY_SIZE(plays); i++)
		driver_play(&dr, &plays[i], 0);
	s = dialect_stats(dr.d);
	assert_int_equal(dr.calls, 2);
	assert_int_equal(s->calls, 2);
	assert_int_equal(s->incomplete, 1);
	assert_int_equal(s->json_errors, 1);
	assert_int_equal(s->server_role, 1);
	assert_int_equal(s->other_api, 1);
	assert_int_equal(s->not_model, 6);
	assert_int_equal(s->unread_api, 2);
	driver_done(&dr);
}

static char *repeat(const char *head, const char *item, size_t count, const char *tail)
{
	size_t len = strlen(head) + strlen(item) * count + strlen(tail);
	char *text = malloc(len + 1), *p = text;

	if (!text)
		abort();
	p = stpcpy(p, head);
	for (size_t i = 0; i < count; i++)
		p = stpcpy(p, item);
	stpcpy(p, tail);
	return text;
}

/* What a call may grow to. */
static void check_bounds(struct driver *dr, struct call *c)
{
	(void)dr;
	assert_true(c->loss & CALL_LOSS(MEMORY));
	assert_true(c->arena.used <= CALL_ARENA_MAX);
	assert_true(c->req.model.len <= CALL_STRING_MAX);
	assert_true(c->req.stop_sequences.count <= CALL_LIST_MAX);
	assert_true(c->tool_count <= CALL_TOOLS_MAX);
	assert_true(c->resp.finish_reasons.count <= CALL_CANDIDATES_MAX);
}

static const struct {
	const char *request[3]; /* head, what is repeated, tail */
	const char *answer[3];
	size_t count;
} floods[] = {
	{ { "{\"model\":\"", "x", "\"}" }, { "{", "", "}" }, 5000 },
	{ { "{\"stop\":[\"a\"", ",\"b\"", "]}" }, { "{", "", "}" }, 5000 },
	{ { "{", "", "}" },
	  { "{\"choices\":[{\"message\":{\"tool_calls\":[{}",
	    ",{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"function\":{\"name\":\"n\"}}", "]}}]}" },
	  5000 },
	{ { "{", "", "}" },
	  { "{\"choices\":[{}", ",{\"finish_reason\":\"bbbbbbbbbbbbbbbbbbbbbbbbbb\"}", "]}" },
	  5000 },
};

static void test_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(floods); i++) {
		const char *const *r = floods[i].request, *const *a = floods[i].answer;
		char *request = repeat(r[0], r[1], floods[i].count, r[2]);
		char *answer = repeat(a[0], a[1], floods[i].count, a[2]);
		struct play p = { .target = CHAT, .request = request, .answer = answer };
		struct driver dr;

		driver_init(&dr, NULL, false);
		dr.on_call = check_bounds;
		driver_play(&dr, &p, 0);
		assert_int_equal(dr.calls, 1);
		assert_int_equal(dialect_stats(dr.d)->arena_full, 1);
		driver_done(&dr);
		free(request);
		free(answer);
	}
}

static void check_prompt(struct driver *dr, struct call *c)
{
	const struct call_part *p = c->content.input->parts;

	assert_int_equal(p->text.len, 3u << 20);
	assert_int_equal(c->loss, 0);
	assert_false(c->content.partial);
	assert_string_equal(c->req.model.p, "m");
	(void)dr;
}

/* More content than there is room for costs content, and nothing else. */
static void check_flood(struct driver *dr, struct call *c)
{
	assert_true(c->content.partial);
	assert_int_equal(c->loss, 0);
	assert_true(c->arena.used <= CALL_ARENA_CONTENT_MAX);
	assert_string_equal(c->req.model.p, "m");
	assert_int_equal(c->usage.input.v, 7);
	(void)dr;
}

static void play_prompt(size_t len, void (*check)(struct driver *dr, struct call *c))
{
	char *request = repeat("{\"messages\":[{\"role\":\"user\",\"content\":\"", "y", len,
			       "\"}],\"model\":\"m\"}");
	struct play p = { .target = CHAT,
			  .request = request,
			  .answer = "{\"usage\":{\"prompt_tokens\":7}}" };
	struct driver dr;

	driver_init(&dr, NULL, true);
	dr.on_call = check;
	driver_play(&dr, &p, 70000);
	assert_int_equal(dr.calls, 1);
	driver_done(&dr);
	free(request);
}

static void test_large_prompts(void **state)
{
	(void)state;
	play_prompt(3u << 20, check_prompt);
	play_prompt(40u << 20, check_flood);
}

static void check_server(struct driver *dr, struct call *c)
{
	(void)dr;
	assert_true(sv_eq(c->server_address, SV("localhost")));
	assert_int_equal(c->server_port, 8443);
	assert_true(sv_eq(c->user_agent, SV("OpenAI/Python 1.0")));
	assert_int_equal(c->t_start, SEC);
	assert_int_equal(c->t_end, 9 * SEC);
	assert_int_equal(c->id.tgid, 7);
}

static void check_default_port(struct driver *dr, struct call *c)
{
	(void)dr;
	assert_true(sv_eq(c->server_address, SV("h")));
	assert_int_equal(c->server_port, 80);
}

static void test_server_and_times(void **state)
{
	const struct play with_port = { .target = CHAT,
					.user_agent = "OpenAI/Python 1.0",
					.request = "{\"model\":\"m\"}",
					.answer = "{}" };
	const struct play plain = {
		.target = CHAT, .host = "h", .tls_off = true, .request = "{}", .answer = "{}"
	};
	struct driver dr;

	(void)state;
	driver_init(&dr, NULL, false);
	dr.on_call = check_server;
	driver_play(&dr, &with_port, 0);
	dr.on_call = check_default_port;
	driver_play(&dr, &plain, 0);
	assert_int_equal(dr.calls, 2);
	driver_done(&dr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_large_prompts),
		cmocka_unit_test(test_server_and_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
