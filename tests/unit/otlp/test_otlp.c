// SPDX-License-Identifier: Apache-2.0
#include "otlp/otlp.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json_write.h"
#include "common.pb-c.h"
#include "trace.pb-c.h"

#define S(lit)                          \
	{                               \
		"" lit, sizeof(lit) - 1 \
	}

static const struct sv two[] = { S("a"), S("b") };

static struct attr attrs[] = {
	{ .key = S("s"), .type = ATTR_STRING, .string = S("text") },
	{ .key = S("bad"), .type = ATTR_STRING, .string = S("x\xff\0y") },
	{ .key = S("empty"), .type = ATTR_STRING, .string = S("") },
	{ .key = S("yes"), .type = ATTR_BOOL, .boolean = true },
	{ .key = S("no"), .type = ATTR_BOOL, .boolean = false },
	{ .key = S("zero"), .type = ATTR_INT, .integer = 0 },
	{ .key = S("neg"), .type = ATTR_INT, .integer = INT64_MIN },
	{ .key = S("half"), .type = ATTR_DOUBLE, .real = 0.5 },
	{ .key = S("list"), .type = ATTR_STRINGS, .strings = { two, 2 } },
};

static struct attr service = { .key = S("service.name"), .type = ATTR_STRING, .string = S("svc") };
static struct attr other = { .key = S("service.name"), .type = ATTR_STRING, .string = S("two") };
static const struct resource first = { .attrs = { &service, 1, 1, 0 }, .hash = 7 };
static const struct resource second = { .attrs = { &other, 1, 1, 3 }, .hash = 8 };
/* Another resource whose hash was made to be the same. */
static const struct resource forged = { .attrs = { &other, 1, 1, 0 }, .hash = 7 };

static struct span a_span(void)
{
	return (struct span){ .trace_id = { 0x5b, [15] = 0x0c },
			      .span_id = { 0xee, [7] = 1 },
			      .name = SV("chat m"),
			      .kind = SPAN_CLIENT,
			      .start = 1790000000000000000u,
			      .end = 1790000001500000000u,
			      .attrs = { attrs, ARRAY_SIZE(attrs), ARRAY_SIZE(attrs), 2 } };
}

static struct otlp_batch *a_batch(void)
{
	struct otlp_batch *b;

	assert_int_equal(otlp_batch_new(&b, "0.1"), 0);
	return b;
}

static struct buf encode(struct otlp_batch *b, enum otlp_format format)
{
	struct buf out;

	buf_init(&out, 0);
	assert_int_equal(otlp_batch_encode(b, format, &out), 0);
	return out;
}

static void check_attr(const Otlp__KeyValue *kv, const char *key, int value_case)
{
	assert_string_equal(kv->key, key);
	assert_int_equal(kv->value->value_case, value_case);
}

static void check_attrs(Otlp__KeyValue **kv)
{
	check_attr(kv[0], "s", OTLP__ANY_VALUE__VALUE_STRING_VALUE);
	assert_string_equal(kv[0]->value->string_value, "text");
	assert_string_equal(kv[1]->value->string_value, "x\xef\xbf\xbd\xef\xbf\xbdy");
	check_attr(kv[2], "empty", OTLP__ANY_VALUE__VALUE_STRING_VALUE);
	assert_string_equal(kv[2]->value->string_value, "");
	assert_true(kv[3]->value->bool_value);
	check_attr(kv[4], "no", OTLP__ANY_VALUE__VALUE_BOOL_VALUE);
	assert_false(kv[4]->value->bool_value);
	check_attr(kv[5], "zero", OTLP__ANY_VALUE__VALUE_INT_VALUE);
	assert_true(kv[6]->value->int_value == INT64_MIN);
	assert_true(kv[7]->value->double_value == 0.5);
	check_attr(kv[8], "list", OTLP__ANY_VALUE__VALUE_ARRAY_VALUE);
	assert_int_equal(kv[8]->value->array_value->n_values, 2);
	assert_string_equal(kv[8]->value->array_value->values[1]->string_value, "b");
}

static void test_protobuf(void **state)
{
	struct otlp_batch *b = a_batch();
	struct span s = a_span();
	Otlp__ExportTraceServiceRequest *m;
	const Otlp__ResourceSpans *rs;
	const Otlp__Span *got;
	struct buf out;

	(void)state;
	assert_int_equal(otlp_batch_add(b, &first, &s), 0);
	s.status = SPAN_ERROR;
	s.message = SV("why");
	s.parent_id[0] = 9;
	assert_int_equal(otlp_batch_add(b, &second, &s), 0);
	assert_int_equal(otlp_batch_add(b, &forged, &s), 0);
	assert_int_equal(otlp_batch_add(b, &first, &s), 0);
	assert_int_equal(otlp_batch_count(b), 4);
	out = encode(b, OTLP_PROTOBUF);
	m = otlp__export_trace_service_request__unpack(NULL, out.len, (uint8_t *)out.p);
	assert_non_null(m);
	assert_int_equal(m->n_resource_spans, 3);
	rs = m->resource_spans[0];
	assert_string_equal(rs->resource->attributes[0]->value->string_value, "svc");
	assert_string_equal(rs->schema_url, SPAN_SCHEMA_URL);
	assert_string_equal(rs->scope_spans[0]->schema_url, SPAN_SCHEMA_URL);
	assert_string_equal(rs->scope_spans[0]->scope->name, "earshot");
	assert_string_equal(rs->scope_spans[0]->scope->version, "0.1");
	assert_int_equal(rs->scope_spans[0]->n_spans, 2);
	got = rs->scope_spans[0]->spans[0];
	assert_int_equal(got->trace_id.len, 16);
	assert_memory_equal(got->trace_id.data, s.trace_id, 16);
	assert_memory_equal(got->span_id.data, s.span_id, 8);
	assert_int_equal(got->parent_span_id.len, 0);
	assert_string_equal(got->name, "chat m");
	assert_int_equal(got->kind, 3);
	assert_true(got->start_time_unix_nano == s.start && got->end_time_unix_nano == s.end);
	assert_int_equal(got->dropped_attributes_count, 2);
	assert_null(got->status);
	assert_int_equal(got->n_attributes, ARRAY_SIZE(attrs));
	check_attrs(got->attributes);
	got = m->resource_spans[1]->scope_spans[0]->spans[0];
	assert_int_equal(m->resource_spans[1]->resource->dropped_attributes_count, 3);
	assert_int_equal(got->parent_span_id.len, 8);
	assert_int_equal(got->status->code, 2);
	assert_string_equal(got->status->message, "why");
	otlp__export_trace_service_request__free_unpacked(m, NULL);
	buf_done(&out);
	otlp_batch_free(b);
}

static void test_json(void **state)
{
	struct otlp_batch *b = a_batch();
	struct span s = a_span();
	struct buf out;

	(void)state;
	s.attrs.count = 9;
	assert_int_equal(otlp_batch_add(b, &first, &s), 0);
	out = encode(b, OTLP_JSON);
	assert_string_equal(
		out.p,
		"{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
		"\"value\":"
		"{\"stringValue\":\"svc\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"earshot\","
		"\"version\":\"0.1\"},\"spans\":[{\"traceId\":\"5b00000000000000000000000000000c\","
		"\"spanId\":\"ee00000000000001\",\"name\":\"chat m\",\"kind\":3,"
		"\"startTimeUnixNano\":\"1790000000000000000\",\"endTimeUnixNano\":"
		"\"1790000001500000000\",\"attributes\":[{\"key\":\"s\",\"value\":{\"stringValue\":"
		"\"text\"}},{\"key\":\"bad\",\"value\":{\"stringValue\":"
		"\"x\xef\xbf\xbd\xef\xbf\xbdy\"}},"
		"{\"key\":\"empty\",\"value\":{\"stringValue\":\"\"}},{\"key\":\"yes\",\"value\":"
		"{\"boolValue\":true}},{\"key\":\"no\",\"value\":{\"boolValue\":false}},{\"key\":"
		"\"zero\","
		"\"value\":{\"intValue\":\"0\"}},{\"key\":\"neg\",\"value\":{\"intValue\":"
		"\"-9223372036854775808\"}},{\"key\":\"half\",\"value\":{\"doubleValue\":0.5}},{"
		"\"key\":"
		"\"list\",\"value\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"a\"},{"
		"\"stringValue\":"
		"\"b\"}]}}}],\"droppedAttributesCount\":2}],\"schemaUrl\":\"" SPAN_SCHEMA_URL
		"\"}],\"schemaUrl\":\"" SPAN_SCHEMA_URL "\"}]}\n");
	buf_done(&out);
	otlp_batch_reset(b);
	out = encode(b, OTLP_JSON);
	assert_int_equal(out.len, 0);
	s.status = SPAN_ERROR;
	s.message = SV("why");
	s.attrs.count = 0;
	s.attrs.dropped = 0;
	assert_int_equal(otlp_batch_add(b, &first, &s), 0);
	s.attrs.count = 1;
	s.attrs.v = &(struct attr){ .key = S("d"), .type = ATTR_DOUBLE, .real = (double)-INFINITY };
	assert_int_equal(otlp_batch_add(b, &first, &s), 0);
	buf_done(&out);
	out = encode(b, OTLP_JSON);
	assert_non_null(
		strstr(out.p, "\"attributes\":[],\"status\":{\"message\":\"why\",\"code\":2}}"));
	assert_non_null(strstr(out.p, "{\"doubleValue\":\"-Infinity\"}"));
	buf_done(&out);
	otlp_batch_free(b);
}

static void test_refused(void **state)
{
	struct otlp_batch *b = a_batch();
	struct span s = a_span(), bad;

	(void)state;
	bad = s;
	memset(bad.trace_id, 0, 16);
	assert_int_equal(otlp_batch_add(b, &first, &bad), -EINVAL);
	bad = s;
	memset(bad.span_id, 0, 8);
	assert_int_equal(otlp_batch_add(b, &first, &bad), -EINVAL);
	bad = s;
	bad.end = bad.start - 1;
	assert_int_equal(otlp_batch_add(b, &first, &bad), -EINVAL);
	assert_int_equal(otlp_batch_count(b), 0);
	otlp_batch_free(b);
}

/* However spans come, a request stays below what receivers take. */
static void test_bounds(void **state)
{
	static const size_t sizes[] = { 1, 100, 70000, 1 << 20, 3900000 };
	struct otlp_batch *b = a_batch();
	char *text = malloc(OTLP_BATCH_MAX + 1);

	(void)state;
	memset(text, 0xff, OTLP_BATCH_MAX + 1); /* each byte is repaired to three */
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct attr big = { .key = S("k"),
				    .type = ATTR_STRING,
				    .string = { text, sizes[i] / 3 } };
		struct span s = a_span();
		struct buf out;
		size_t n = 0;
		int err;

		s.attrs = (struct attrs){ &big, 1, 1, 0 };
		while ((err = otlp_batch_add(b, &first, &s)) == 0 && n < 50000)
			n++;
		assert_true(n > 0);
		assert_true(err == -ENOSPC || n == 50000);
		out = encode(b, OTLP_PROTOBUF);
		assert_true(out.len <= OTLP_BATCH_MAX);
		buf_done(&out);
		otlp_batch_reset(b);
		big.string.len = OTLP_BATCH_MAX;
		assert_int_equal(otlp_batch_add(b, &first, &s), -E2BIG);
	}
	free(text);
	otlp_batch_free(b);
}

static const struct {
	enum otlp_format format;
	struct sv body;
	int err;
	int64_t rejected;
	const char *message;
} responses[] = {
	{ OTLP_PROTOBUF, S(""), 0, 0, "" },
	{ OTLP_PROTOBUF, S("\x0a\x00"), 0, 0, "" },
	{ OTLP_PROTOBUF, S("\x0a\x06\x08\x03\x12\x02no"), 0, 3, "no" },
	{ OTLP_PROTOBUF, S("\x0a\xff"), -EBADMSG, 0, "" },
	{ OTLP_PROTOBUF, S("garbage"), -EBADMSG, 0, "" },
	{ OTLP_JSON, S(""), 0, 0, "" },
	{ OTLP_JSON, S("{}"), 0, 0, "" },
	{ OTLP_JSON, S("{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"no\"}}"), 0,
	  3, "no" },
	{ OTLP_JSON, S("{\"partialSuccess\":{\"rejectedSpans\":3}}"), 0, 3, "" },
	{ OTLP_JSON, S("{\"partialSuccess\""), -EBADMSG, 0, "" },
	{ OTLP_JSON, S("<html>"), -EBADMSG, 0, "" },
};

static void test_responses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
		struct otlp_result r = { .rejected = 77 };
		size_t len = responses[i].body.len;
		char *copy = malloc(len ? len : 1);
		struct arena a;
		int err;

		memcpy(copy, responses[i].body.p, len);
		arena_init(&a, 1 << 16);
		err = otlp_read_response(&r, (struct sv){ copy, len }, responses[i].format, &a);
		assert_int_equal(err, responses[i].err);
		assert_int_equal(r.rejected, err ? 77 : responses[i].rejected);
		if (!err)
			assert_true(sv_eq(r.message, sv_of(responses[i].message)));
		arena_done(&a);
		free(copy);
	}
}

/* Calls of every kind, through the convention's checker. */
static void add_call(struct otlp_batch *b, uint64_t number, enum call_op op, const char *provider,
		     const char *error)
{
	static struct call_part part = { .type = PART_TEXT, .text = S("hi") };
	static struct call_message message = { .role = S("user"), .parts = &part };
	static struct call_tool tool = { .id = S("c1"), .name = S("geo") };
	const struct machine m = { .boot_id = S("b"),
				   .host_name = S("h"),
				   .host_arch = S("amd64"),
				   .wall_offset = 1700000000000000000u };
	const struct process p = { .exe = S("/usr/bin/node"), .owner = S("me") };
	struct call *c = call_new(CALL_ARENA_MAX);
	struct resource r;
	struct arena a;
	struct span s;

	c->id.number = number;
	c->op = op;
	c->api = op == CALL_CHAT ? CALL_API_RESPONSES : CALL_API_NONE;
	c->provider = provider;
	c->req.model = SV("m");
	c->req.max_tokens = (struct opt_int){ 5, true };
	c->req.temperature = (struct opt_num){ 1, true };
	c->req.stream = (struct opt_bool){ true, true };
	c->req.seed = (struct opt_int){ -1, true };
	c->req.output_type = SV("json");
	c->req.reasoning_level = SV("low");
	c->req.resend_count = (struct opt_int){ 2, true };
	call_list_add(&c->arena, &c->req.encoding_formats, SV("float"));
	call_list_add(&c->arena, &c->req.stop_sequences, SV("x"));
	call_list_add(&c->arena, &c->resp.finish_reasons, SV("stop"));
#define X(name) c->usage.name = (struct opt_int){ 3, true };
	CALL_USAGE(X)
#undef X
	c->resp.compacted = (struct opt_bool){ true, true };
	c->server_address = SV("localhost");
	c->server_port = 8443;
	c->error_type = sv_of(error);
	c->status = error ? 500 : 200;
	c->loss = CALL_LOSS(GAP);
	c->t_start = 5;
	c->t_first_chunk = 6;
	c->t_end = 9;
	c->tools = &tool;
	c->tool_count = 1;
	if (op != CALL_EMBEDDINGS)
		c->content = (struct call_content){ .input = &message,
						    .output = &message,
						    .system = &part,
						    .error_message = SV("no") };
	arena_init(&a, SPAN_ARENA_MAX);
	assert_int_equal(span_of_call(&s, c, &m, &a), 0);
	assert_int_equal(resource_of_process(&r, &p, 1, &m, SV_NONE, &a), 0);
	assert_int_equal(otlp_batch_add(b, &r, &s), 0);
	arena_done(&a);
	call_free(c);
}

static void test_checker(void **state)
{
	static const char check[] =
		"python3 tests/semconv/check.py --strict --require-spans 7 %s >&2";
	static const char *const providers[] = { "openai", "anthropic", "azure.ai.openai",
						 "llama_cpp" };
	char path[] = "/tmp/earshot-test-XXXXXX", command[256];
	int fd = mkstemp(path);
	struct otlp_batch *b = a_batch();
	uint64_t number = 0;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++)
		add_call(b, number++, CALL_CHAT, providers[i], NULL);
	add_call(b, number++, CALL_TEXT_COMPLETION, "openai", NULL);
	add_call(b, number++, CALL_EMBEDDINGS, "openai", NULL);
	add_call(b, number++, CALL_CHAT, "openai", "server_error");
	out = encode(b, OTLP_JSON);
	assert_int_equal(write(fd, out.p, out.len), out.len);
	close(fd);
	snprintf(command, sizeof(command), check, path);
	assert_int_equal(system(command), 0);
	unlink(path);
	buf_done(&out);
	otlp_batch_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protobuf),  cmocka_unit_test(test_json),
		cmocka_unit_test(test_refused),	  cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_responses), cmocka_unit_test(test_checker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
