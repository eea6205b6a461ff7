// SPDX-License-Identifier: Apache-2.0
#include "otlp/otlp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "otlp/batch.h"

static void *alloc_in(void *ctx, size_t size)
{
	return arena_alloc(ctx, size);
}

static void free_in(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

static int read_protobuf(struct otlp_result *ret, struct sv body, struct arena *a)
{
	ProtobufCAllocator alloc = { .alloc = alloc_in, .free = free_in, .allocator_data = a };
	struct otlp_result r = { 0 };
	Otlp__ExportTraceServiceResponse *m;

	m = otlp__export_trace_service_response__unpack(&alloc, body.len, (const uint8_t *)body.p);
	if (!m)
		return -EBADMSG;
	if (m->partial_success) {
		r.rejected = m->partial_success->rejected_spans;
		r.message = sv_of(m->partial_success->error_message);
	}
	*ret = r;
	return 0;
}

enum {
	REJECTED,
	MESSAGE,
};

static const struct json_rule rules[] = {
	{ .path = "partialSuccess.rejectedSpans", .id = REJECTED },
	{ .path = "partialSuccess.errorMessage", .id = MESSAGE },
};

struct reading {
	struct otlp_result result;
	struct arena *a;
	char digits[24];
	size_t digits_len;
};

/* rejectedSpans is a string of digits; readers take a number too. */
static int on_value(void *ctx, const struct json_event *ev)
{
	struct reading *r = ctx;
	struct sv s = ev->text;

	if (ev->kind != JSON_STRING && ev->kind != JSON_NUMBER)
		return 0;
	if (ev->id == MESSAGE)
		return ev->kind == JSON_STRING ? arena_append(r->a, &r->result.message, s) : 0;
	s = sv_cut(s, sizeof(r->digits) - 1 - r->digits_len);
	memcpy(r->digits + r->digits_len, s.p, s.len);
	r->digits_len += s.len;
	return 0;
}

static int read_json(struct otlp_result *ret, struct sv body, struct arena *a)
{
	struct reading r = { .a = a };
	struct json_schema *schema = NULL;
	struct json_reader *reader = NULL;
	int err;

	err = json_schema_new(&schema, rules, ARRAY_SIZE(rules));
	if (!err)
		err = json_reader_new(&reader, schema, 1, on_value, &r);
	if (!err)
		err = json_feed(reader, body);
	if (!err)
		err = json_end(reader);
	json_reader_free(reader);
	json_schema_free(schema);
	if (err)
		return -EBADMSG;
	r.result.rejected = strtoll(r.digits, NULL, 10);
	*ret = r.result;
	return 0;
}

int otlp_read_response(struct otlp_result *ret, struct sv body, enum otlp_format format,
		       struct arena *a)
{
	/* All taken, and nothing to say about it. */
	if (body.len == 0) {
		*ret = (struct otlp_result){ 0 };
		return 0;
	}
	return format == OTLP_JSON ? read_json(ret, body, a) : read_protobuf(ret, body, a);
}
