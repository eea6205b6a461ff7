// SPDX-License-Identifier: Apache-2.0
#include "otlp/batch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/json_write.h"

/*
 * The JSON mapping of OTLP: lowerCamelCase keys, ids in hex, enums as numbers, 64-bit
 * integers as strings, defaults left out.
 */

static void hex_pair(struct json_writer *w, struct sv key, ProtobufCBinaryData id)
{
	char text[33];
	size_t n = 0;

	for (size_t i = 0; i < id.len && n + 2 < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%02x", id.data[i]);
	json_write_pair(w, key, (struct sv){ text, n });
}

static void uint64_pair(struct json_writer *w, struct sv key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	json_write_pair(w, key, sv_of(text));
}

static void int64_pair(struct json_writer *w, struct sv key, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	json_write_pair(w, key, sv_of(text));
}

static void double_pair(struct json_writer *w, struct sv key, double v)
{
	if (isfinite(v)) {
		json_write_key(w, key);
		json_write_double(w, v);
	} else {
		json_write_pair(w, key,
				isnan(v) ? SV("NaN")
				: v > 0	 ? SV("Infinity")
					 : SV("-Infinity"));
	}
}

static void string_value(struct json_writer *w, const Otlp__AnyValue *v)
{
	json_write_object(w);
	json_write_pair(w, SV("stringValue"), sv_of(v->string_value));
	json_write_object_end(w);
}

static void array_value(struct json_writer *w, const Otlp__ArrayValue *list)
{
	json_write_key(w, SV("arrayValue"));
	json_write_object(w);
	json_write_key(w, SV("values"));
	json_write_array(w);
	for (size_t i = 0; i < list->n_values; i++)
		string_value(w, list->values[i]);
	json_write_array_end(w);
	json_write_object_end(w);
}

static void value(struct json_writer *w, const Otlp__AnyValue *v)
{
	json_write_object(w);
	switch (v->value_case) {
	case OTLP__ANY_VALUE__VALUE_STRING_VALUE:
		json_write_pair(w, SV("stringValue"), sv_of(v->string_value));
		break;
	case OTLP__ANY_VALUE__VALUE_BOOL_VALUE:
		json_write_key(w, SV("boolValue"));
		json_write_bool(w, v->bool_value);
		break;
	case OTLP__ANY_VALUE__VALUE_INT_VALUE:
		int64_pair(w, SV("intValue"), v->int_value);
		break;
	case OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
		double_pair(w, SV("doubleValue"), v->double_value);
		break;
	case OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
		array_value(w, v->array_value);
		break;
	default:
		break;
	}
	json_write_object_end(w);
}

static void attributes(struct json_writer *w, Otlp__KeyValue **list, size_t count, uint32_t dropped)
{
	json_write_key(w, SV("attributes"));
	json_write_array(w);
	for (size_t i = 0; i < count; i++) {
		json_write_object(w);
		json_write_pair(w, SV("key"), sv_of(list[i]->key));
		json_write_key(w, SV("value"));
		value(w, list[i]->value);
		json_write_object_end(w);
	}
	json_write_array_end(w);
	if (dropped) {
		json_write_key(w, SV("droppedAttributesCount"));
		json_write_int(w, dropped);
	}
}

static void flags_pair(struct json_writer *w, uint32_t flags)
{
	if (!flags)
		return;
	json_write_key(w, SV("flags"));
	json_write_int(w, flags);
}

static void links(struct json_writer *w, const Otlp__Span *s)
{
	json_write_key(w, SV("links"));
	json_write_array(w);
	for (size_t i = 0; i < s->n_links; i++) {
		const Otlp__Link *l = s->links[i];

		json_write_object(w);
		hex_pair(w, SV("traceId"), l->trace_id);
		hex_pair(w, SV("spanId"), l->span_id);
		if (l->trace_state[0])
			json_write_pair(w, SV("traceState"), sv_of(l->trace_state));
		flags_pair(w, l->flags);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void span(struct json_writer *w, const Otlp__Span *s)
{
	json_write_object(w);
	hex_pair(w, SV("traceId"), s->trace_id);
	hex_pair(w, SV("spanId"), s->span_id);
	if (s->parent_span_id.len)
		hex_pair(w, SV("parentSpanId"), s->parent_span_id);
	if (s->trace_state[0])
		json_write_pair(w, SV("traceState"), sv_of(s->trace_state));
	flags_pair(w, s->flags);
	json_write_pair(w, SV("name"), sv_of(s->name));
	json_write_key(w, SV("kind"));
	json_write_int(w, s->kind);
	uint64_pair(w, SV("startTimeUnixNano"), s->start_time_unix_nano);
	uint64_pair(w, SV("endTimeUnixNano"), s->end_time_unix_nano);
	attributes(w, s->attributes, s->n_attributes, s->dropped_attributes_count);
	if (s->n_links)
		links(w, s);
	if (s->status) {
		json_write_key(w, SV("status"));
		json_write_object(w);
		if (s->status->message[0])
			json_write_pair(w, SV("message"), sv_of(s->status->message));
		json_write_key(w, SV("code"));
		json_write_int(w, s->status->code);
		json_write_object_end(w);
	}
	json_write_object_end(w);
}

static void scope_spans(struct json_writer *w, const Otlp__ScopeSpans *ss)
{
	json_write_object(w);
	json_write_key(w, SV("scope"));
	json_write_object(w);
	json_write_pair(w, SV("name"), sv_of(ss->scope->name));
	json_write_pair(w, SV("version"), sv_of(ss->scope->version));
	json_write_object_end(w);
	json_write_key(w, SV("spans"));
	json_write_array(w);
	for (size_t i = 0; i < ss->n_spans; i++)
		span(w, ss->spans[i]);
	json_write_array_end(w);
	json_write_pair(w, SV("schemaUrl"), sv_of(ss->schema_url));
	json_write_object_end(w);
}

static void resource_spans(struct json_writer *w, const Otlp__ResourceSpans *rs)
{
	json_write_object(w);
	json_write_key(w, SV("resource"));
	json_write_object(w);
	attributes(w, rs->resource->attributes, rs->resource->n_attributes,
		   rs->resource->dropped_attributes_count);
	json_write_object_end(w);
	json_write_key(w, SV("scopeSpans"));
	json_write_array(w);
	for (size_t i = 0; i < rs->n_scope_spans; i++)
		scope_spans(w, rs->scope_spans[i]);
	json_write_array_end(w);
	json_write_pair(w, SV("schemaUrl"), sv_of(rs->schema_url));
	json_write_object_end(w);
}

int otlp_json_request(const struct otlp_batch *b, struct buf *out)
{
	struct json_writer w = json_writer_on(out);

	json_write_object(&w);
	json_write_key(&w, SV("resourceSpans"));
	json_write_array(&w);
	for (const struct otlp_group *g = b->groups; g; g = g->next)
		resource_spans(&w, &g->rs);
	json_write_array_end(&w);
	json_write_object_end(&w);
	buf_addc(out, '\n');
	return out->failed ? -ENOMEM : 0;
}
