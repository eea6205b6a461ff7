// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECRET \
	"sk-"  \
	"0123456789abcdef"
#define MARKER "[REDACTED:openai-key]"

static void test_levels(void **state)
{
	enum content_level level = CONTENT_OFF;

	(void)state;
	assert_int_equal(policy_level(&level, SV("full")), 0);
	assert_int_equal(level, CONTENT_FULL);
	assert_int_equal(policy_level(&level, SV("redacted")), 0);
	assert_int_equal(policy_level(&level, SV("off")), 0);
	assert_int_equal(level, CONTENT_OFF);
	assert_int_equal(policy_level(&level, SV("Full")), -EINVAL);
	assert_int_equal(policy_level(&level, SV("")), -EINVAL);
	assert_int_equal(policy_level(&level, SV("fullest")), -EINVAL);
	assert_int_equal(level, CONTENT_OFF);
	for (int i = CONTENT_OFF; i <= CONTENT_FULL; i++) {
		assert_int_equal(policy_level(&level, sv_of(policy_level_name(i))), 0);
		assert_int_equal(level, i);
	}
}

static struct call_part json_part = { .type = PART_TOOL_CALL,
				      .json = true,
				      .text = { "{\"token\":12345678}", 18 } };
static struct call_part secret_json = { .type = PART_TOOL_CALL,
					.json = true,
					.text = { "{\"k\":\"" SECRET "\"}", 27 },
					.next = &json_part };
static struct call_part clean = { .type = PART_TEXT, .text = { "hello", 5 }, .next = &secret_json };
static struct call_message message = { .role = { "user", 4 }, .parts = &clean };
static struct call_part instruction = { .type = PART_TEXT, .text = { "use " SECRET, 23 } };
static struct call_tool_def tool = { .type = { "function", 8 },
				     .name = { "geo", 3 },
				     .description = { "d", 1 },
				     .parameters = { "{}", 2 } };

static struct call *a_call(void)
{
	struct call *c = call_new(CALL_ARENA_CONTENT_MAX);

	assert_non_null(c);
	c->provider = "openai";
	c->req.model = SV("m");
	c->content = (struct call_content){ .input = &message,
					    .output = &message,
					    .system = &instruction,
					    .tools = &tool,
					    .error_message = SV("bad key " SECRET) };
	return c;
}

static void test_off(void **state)
{
	struct call *c = a_call(), view;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16);
	policy_view(&view, CONTENT_OFF, c, &a);
	assert_string_equal(view.req.model.p, "m");
	assert_null(view.content.input);
	assert_null(view.content.output);
	assert_null(view.content.system);
	assert_null(view.content.tools);
	assert_int_equal(view.content.error_message.len, 0);
	assert_int_equal(a.used, 0);
	call_free(c);
	arena_done(&a);
}

static void test_full(void **state)
{
	struct call *c = a_call(), view;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16);
	policy_view(&view, CONTENT_FULL, c, &a);
	assert_ptr_equal(view.content.input, &message);
	assert_ptr_equal(view.content.tools, &tool);
	assert_string_equal(view.content.error_message.p, "bad key " SECRET);
	call_free(c);
	arena_done(&a);
}

static void test_redacted(void **state)
{
	struct call *c = a_call(), view;
	const struct call_part *p;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16);
	policy_view(&view, CONTENT_REDACTED, c, &a);
	p = view.content.input->parts;
	assert_ptr_equal(p->text.p, clean.text.p);
	p = p->next;
	assert_string_equal(p->text.p, "{\"k\":\"" MARKER "\"}");
	assert_true(p->json);
	p = p->next;
	assert_true(p->json);
	assert_null(p->next);
	assert_string_equal(view.content.system->text.p, "use " MARKER);
	assert_string_equal(view.content.error_message.p, "bad key " MARKER);
	assert_string_equal(view.content.tools->name.p, "geo");
	assert_int_equal(view.content.tools->parameters.len, 0);
	assert_int_equal(view.content.tools->description.len, 0);
	assert_false(view.content.partial);
	/* The call itself stays as it was. */
	assert_string_equal(instruction.text.p, "use " SECRET);
	call_free(c);
	arena_done(&a);
}

/* A marker where a number stood makes the value a string, not broken JSON. */
static void test_broken_json(void **state)
{
	static struct call_part number = { .json = true,
					   .text = { "{\"api_key\": abc12345678}", 23 } };
	static struct call_message m = { .parts = &number };
	struct call *c = a_call(), view;
	struct arena a;

	(void)state;
	c->content.input = &m;
	arena_init(&a, 1 << 16);
	policy_view(&view, CONTENT_REDACTED, c, &a);
	assert_non_null(strstr(view.content.input->parts->text.p, "[REDACTED:api-key]"));
	assert_false(view.content.input->parts->json);
	call_free(c);
	arena_done(&a);
}

/* Where memory ends, content ends; nothing goes through unlooked at. */
static void test_no_memory(void **state)
{
	(void)state;
	for (size_t limit = 0; limit < 2000; limit += 7) {
		struct call *c = a_call(), view;
		struct arena a;

		arena_init(&a, limit);
		policy_view(&view, CONTENT_REDACTED, c, &a);
		for (const struct call_message *m = view.content.input; m; m = m->next) {
			for (const struct call_part *p = m->parts; p; p = p->next)
				assert_true(!p->text.p || !strstr(p->text.p, SECRET));
		}
		for (const struct call_part *p = view.content.system; p; p = p->next)
			assert_true(!p->text.p || !strstr(p->text.p, SECRET));
		assert_true(!view.content.error_message.p ||
			    !strstr(view.content.error_message.p, SECRET));
		if (!view.content.error_message.len)
			assert_true(view.content.partial);
		call_free(c);
		arena_done(&a);
	}
}

/* Places that are shown at every level. */
static void test_addresses(void **state)
{
	struct call *c = call_new(CALL_ARENA_MAX);
	const char *plain = "/v1/items/42";

	(void)state;
	assert_non_null(c);
	c->http.path = SV("/keys/" SECRET "/use");
	c->http.grpc_method = SV("keys/" SECRET);
	c->mcp.resource_uri = SV("db://me:opensesame@host/x?key=" SECRET);
	policy_addresses(c);
	assert_string_equal(c->http.path.p, "/keys/" MARKER "/use");
	assert_string_equal(c->http.grpc_method.p, "keys/" MARKER);
	assert_string_equal(c->mcp.resource_uri.p,
			    "db://me:[REDACTED:password]@host/x?key=" MARKER);
	assert_int_equal(c->loss, 0);
	c->http.path = sv_of(plain);
	policy_addresses(c);
	assert_ptr_equal(c->http.path.p, plain);
	call_free(c);
}

static void test_addresses_no_memory(void **state)
{
	struct call *c = call_new(8);

	(void)state;
	assert_non_null(c);
	c->http.path = SV("/keys/" SECRET);
	policy_addresses(c);
	assert_int_equal(c->http.path.len, 0);
	assert_int_equal(c->loss, CALL_LOSS(MEMORY));
	call_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),	    cmocka_unit_test(test_off),
		cmocka_unit_test(test_full),	    cmocka_unit_test(test_redacted),
		cmocka_unit_test(test_broken_json), cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_addresses_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
