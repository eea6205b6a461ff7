// SPDX-License-Identifier: Apache-2.0
#include "semconv/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_write.h"
#include "base/utf8.h"

#define PART(t, ...)                   \
	(struct call_part)             \
	{                              \
		.type = t, __VA_ARGS__ \
	}
#define S(lit)                          \
	{                               \
		"" lit, sizeof(lit) - 1 \
	}

static const struct {
	const char *name;
	struct call_part part;
	const char *want;
} parts[] = {
	{ "text",
	  { .type = PART_TEXT, .text = S("a \"b\"\n") },
	  "{\"type\":\"text\",\"content\":\"a \\\"b\\\"\\n\"}" },
	{ "reasoning", { .type = PART_REASONING }, "{\"type\":\"reasoning\",\"content\":\"\"}" },
	{ "tool call",
	  { .type = PART_TOOL_CALL,
	    .id = S("c1"),
	    .name = S("geo"),
	    .json = true,
	    .text = S("{\"q\":1}") },
	  "{\"type\":\"tool_call\",\"id\":\"c1\",\"name\":\"geo\",\"arguments\":{\"q\":1}}" },
	{ "tool call with odd arguments",
	  { .type = PART_TOOL_CALL, .name = S("geo"), .text = S("{oops") },
	  "{\"type\":\"tool_call\",\"name\":\"geo\",\"arguments\":\"{oops\"}" },
	{ "tool call without arguments",
	  { .type = PART_TOOL_CALL, .name = S("geo") },
	  "{\"type\":\"tool_call\",\"name\":\"geo\"}" },
	{ "cut JSON is text",
	  { .type = PART_TOOL_CALL,
	    .name = S("geo"),
	    .json = true,
	    .cut = true,
	    .text = S("{\"q\"") },
	  "{\"type\":\"tool_call\",\"name\":\"geo\",\"arguments\":\"{\\\"q\\\"\"}" },
	{ "JSON that is no UTF-8 is text",
	  { .type = PART_TOOL_RESULT, .json = true, .text = S("\"\xff\"") },
	  "{\"type\":\"tool_call_response\",\"response\":\"\\\"\xef\xbf\xbd\\\"\"}" },
	{ "tool result",
	  { .type = PART_TOOL_RESULT, .id = S("c1"), .text = S("48") },
	  "{\"type\":\"tool_call_response\",\"id\":\"c1\",\"response\":\"48\"}" },
	{ "server tool call",
	  { .type = PART_SERVER_TOOL_CALL,
	    .id = S("s"),
	    .name = S("web_search"),
	    .wire_type = S("server_tool_use"),
	    .json = true,
	    .text = S("{}") },
	  "{\"type\":\"server_tool_call\",\"name\":\"web_search\",\"id\":\"s\","
	  "\"server_tool_call\":{\"type\":\"server_tool_use\",\"arguments\":{}}}" },
	{ "server tool result",
	  { .type = PART_SERVER_TOOL_RESULT,
	    .wire_type = S("x_tool_result"),
	    .json = true,
	    .text = S("[1]") },
	  "{\"type\":\"server_tool_call_response\","
	  "\"server_tool_call_response\":{\"type\":\"x_tool_result\",\"result\":[1]}}" },
	{ "image",
	  { .type = PART_BLOB, .modality = S("image"), .mime = S("image/png"), .text = S("QUJD") },
	  "{\"type\":\"blob\",\"mime_type\":\"image/"
	  "png\",\"modality\":\"image\",\"content\":\"QUJD\"}" },
	{ "address",
	  { .type = PART_URI, .text = S("https://x") },
	  "{\"type\":\"uri\",\"modality\":\"document\",\"uri\":\"https://x\"}" },
	{ "file",
	  { .type = PART_FILE, .modality = S("document"), .text = S("f1") },
	  "{\"type\":\"file\",\"modality\":\"document\",\"file_id\":\"f1\"}" },
	{ "compaction", { .type = PART_COMPACTION }, "{\"type\":\"compaction\"}" },
	{ "anything else",
	  { .type = PART_GENERIC, .wire_type = S("odd"), .text = S("x") },
	  "{\"type\":\"odd\",\"content\":\"x\"}" },
};

static const struct attr *attr_of(const struct span *s, const char *key)
{
	for (size_t i = 0; i < s->attrs.count; i++) {
		if (sv_eq(s->attrs.v[i].key, sv_of(key)))
			return &s->attrs.v[i];
	}
	return NULL;
}

static struct span span_with(const struct call_content *content, struct arena *a)
{
	struct call *c = call_new(CALL_ARENA_MAX);
	const struct machine m = { .wall_offset = 1 };
	struct span s;

	assert_non_null(c);
	c->provider = "openai";
	c->content = *content;
	assert_int_equal(span_of_call(&s, c, &m, a), 0);
	call_free(c);
	return s;
}

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct call_part part = parts[i].part;
		struct call_message m = { .role = S("user"), .parts = &part };
		struct call_content content = { .input = &m };
		const struct attr *at;
		struct arena a;
		struct span s;
		char want[512];

		arena_init(&a, SPAN_ARENA_MAX);
		s = span_with(&content, &a);
		at = attr_of(&s, "gen_ai.input.messages");
		snprintf(want, sizeof(want), "[{\"role\":\"user\",\"parts\":[%s]}]", parts[i].want);
		if (!at || !sv_eq(at->string, sv_of(want)))
			fail_msg("%s: %.*s", parts[i].name, SV_ARG(at->string));
		assert_true(json_valid(at->string));
		assert_int_equal(attr_of(&s, "earshot.content.truncated") != NULL, part.cut);
		arena_done(&a);
	}
}

static void test_whole_content(void **state)
{
	struct call_part text = PART(PART_TEXT, .text = S("hi"));
	struct call_message second = { .parts = &text, .finish = S("stop") };
	struct call_message first = { .role = S("assistant"), .name = S("n"), .next = &second };
	struct call_tool_def bare = { .type = S("web_search") };
	struct call_tool_def tool = {
		.name = S("geo"), .description = S("d"), .parameters = S("{\"a\":1}"), .next = &bare
	};
	struct call_content content = { .output = &first, .system = &text, .tools = &tool };
	struct arena a;
	struct span s;

	(void)state;
	arena_init(&a, SPAN_ARENA_MAX);
	s = span_with(&content, &a);
	assert_string_equal(attr_of(&s, "gen_ai.output.messages")->string.p,
			    "[{\"role\":\"assistant\",\"name\":\"n\",\"parts\":[],"
			    "\"finish_reason\":\"unknown\"},{\"role\":\"assistant\",\"parts\":["
			    "{\"type\":\"text\",\"content\":\"hi\"}],\"finish_reason\":\"stop\"}]");
	assert_string_equal(attr_of(&s, "gen_ai.system_instructions")->string.p,
			    "[{\"type\":\"text\",\"content\":\"hi\"}]");
	assert_string_equal(
		attr_of(&s, "gen_ai.tool.definitions")->string.p,
		"[{\"type\":\"function\",\"name\":\"geo\",\"description\":\"d\","
		"\"parameters\":{\"a\":1}},{\"type\":\"web_search\",\"name\":\"web_search\"}]");
	assert_null(attr_of(&s, "gen_ai.input.messages"));
	assert_null(attr_of(&s, "earshot.content.truncated"));
	arena_done(&a);
}

static size_t content_size(const struct span *s)
{
	static const char *const keys[] = { "gen_ai.input.messages", "gen_ai.output.messages" };
	size_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct attr *at = attr_of(s, keys[i]);

		if (!at)
			continue;
		assert_true(json_valid(at->string));
		assert_int_equal(utf8_valid_len(at->string), at->string.len);
		sum += at->string.len;
	}
	return sum;
}

/* Texts and JSON larger than a span may be: cut at a character's border, and said so. */
static void test_bound(void **state)
{
	static const char *const units[] = { "x", "\xe2\x82\xac", "\"", "\n\x01z" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t n = strlen(units[i]), len = (4u << 20) / n * n;
		char *text = malloc(len);
		struct call_part out = PART(PART_TEXT, .text = S("short"));
		struct call_part big = PART(PART_TEXT, .text = { text, len });
		struct call_part after = PART(PART_TEXT, .text = S("behind"));
		struct call_message in = { .parts = &big }, answer = { .parts = &out };
		struct call_content content = { .input = &in, .output = &answer };
		struct arena a;
		struct span s;

		for (size_t k = 0; k < len; k++)
			text[k] = units[i][k % n];
		big.next = &after;
		arena_init(&a, SPAN_ARENA_MAX);
		s = span_with(&content, &a);
		assert_true(content_size(&s) <= SPAN_CONTENT_MAX);
		assert_true(content_size(&s) > SPAN_CONTENT_MAX - 4096);
		assert_non_null(strstr(attr_of(&s, "gen_ai.output.messages")->string.p, "short"));
		assert_non_null(attr_of(&s, "earshot.content.truncated"));
		arena_done(&a);
		free(text);
	}
}

/* Ever so many parts: the list ends in time and is still a list. */
static void test_many_parts(void **state)
{
	static struct call_part list[40000];
	struct call_message in = { .parts = list };
	struct call_content content = { .input = &in };
	struct arena a;
	struct span s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		list[i] = PART(PART_TEXT, .text = S("ten bytes."),
			       .next = i + 1 < ARRAY_SIZE(list) ? &list[i + 1] : NULL);
	arena_init(&a, SPAN_ARENA_MAX);
	s = span_with(&content, &a);
	assert_true(content_size(&s) <= SPAN_CONTENT_MAX);
	assert_non_null(attr_of(&s, "earshot.content.truncated"));
	arena_done(&a);
}

static void test_partial(void **state)
{
	struct call_content content = { .partial = true };
	struct arena a;
	struct span s;

	(void)state;
	arena_init(&a, SPAN_ARENA_MAX);
	s = span_with(&content, &a);
	assert_true(attr_of(&s, "earshot.content.truncated")->boolean);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),	cmocka_unit_test(test_whole_content),
		cmocka_unit_test(test_bound),	cmocka_unit_test(test_many_parts),
		cmocka_unit_test(test_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
