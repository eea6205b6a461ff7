// SPDX-License-Identifier: Apache-2.0
#include "otlp/otlp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "otlp/batch.h"

/* Copies of one batch: its strings once, structures around them, and room for repairs. */
#define BATCH_ARENA_MAX (8ul * OTLP_BATCH_MAX)

/* Tag and length in front of an embedded message: 1 + 4 bytes below 4 MiB. */
#define EMBEDDED 5

static char empty[] = "";

int otlp_batch_new(struct otlp_batch **ret, const char *version)
{
	struct otlp_batch *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	arena_init(&b->arena, BATCH_ARENA_MAX);
	otlp__instrumentation_scope__init(&b->scope);
	b->scope.name = (char *)SPAN_SCOPE_NAME;
	b->scope.version = (char *)version;
	*ret = b;
	return 0;
}

void otlp_batch_free(struct otlp_batch *b)
{
	if (!b)
		return;
	arena_done(&b->arena);
	free(b);
}

void otlp_batch_reset(struct otlp_batch *b)
{
	arena_done(&b->arena);
	arena_init(&b->arena, BATCH_ARENA_MAX);
	b->groups = NULL;
	b->last = NULL;
	b->group_count = 0;
	b->span_count = 0;
	b->size = 0;
}

size_t otlp_batch_count(const struct otlp_batch *b)
{
	return b->span_count;
}

/* NUL-terminated, valid UTF-8; NULL when memory ends. */
static char *text_copy(struct arena *a, struct sv s)
{
	char *p;

	if (s.len == 0)
		return empty;
	if (utf8_clean(s))
		return (char *)arena_copy(a, s).p;
	p = arena_alloc(a, UTF8_REPAIR_MAX(s.len) + 1);
	if (p)
		p[utf8_repair(p, s)] = '\0';
	return p;
}

static Otlp__AnyValue *string_value(struct arena *a, struct sv s)
{
	Otlp__AnyValue *v = arena_alloc(a, sizeof(*v));

	if (!v)
		return NULL;
	otlp__any_value__init(v);
	v->value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
	v->string_value = text_copy(a, s);
	return v->string_value ? v : NULL;
}

static Otlp__ArrayValue *strings_value(struct arena *a, const struct sv *s, size_t count)
{
	Otlp__ArrayValue *list = arena_alloc(a, sizeof(*list));

	if (!list)
		return NULL;
	otlp__array_value__init(list);
	list->values = arena_alloc(a, count * sizeof(*list->values));
	if (!list->values)
		return NULL;
	for (; list->n_values < count; list->n_values++) {
		list->values[list->n_values] = string_value(a, s[list->n_values]);
		if (!list->values[list->n_values])
			return NULL;
	}
	return list;
}

static Otlp__AnyValue *any_value(struct arena *a, const struct attr *at)
{
	Otlp__AnyValue *v;

	if (at->type == ATTR_STRING)
		return string_value(a, at->string);
	v = arena_alloc(a, sizeof(*v));
	if (!v)
		return NULL;
	otlp__any_value__init(v);
	switch (at->type) {
	case ATTR_BOOL:
		v->value_case = OTLP__ANY_VALUE__VALUE_BOOL_VALUE;
		v->bool_value = at->boolean;
		break;
	case ATTR_INT:
		v->value_case = OTLP__ANY_VALUE__VALUE_INT_VALUE;
		v->int_value = at->integer;
		break;
	case ATTR_DOUBLE:
		v->value_case = OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE;
		v->double_value = at->real;
		break;
	case ATTR_STRING:
	case ATTR_STRINGS:
		v->value_case = OTLP__ANY_VALUE__VALUE_ARRAY_VALUE;
		v->array_value = strings_value(a, at->strings.v, at->strings.count);
		if (!v->array_value)
			return NULL;
		break;
	}
	return v;
}

/* NULL when memory ends; at least a non-NULL pointer for an empty list. */
static Otlp__KeyValue **key_values(struct arena *a, const struct attrs *as)
{
	Otlp__KeyValue **list = arena_alloc(a, (as->count + 1) * sizeof(*list));

	for (size_t i = 0; list && i < as->count; i++) {
		Otlp__KeyValue *kv = arena_alloc(a, sizeof(*kv));

		if (!kv)
			return NULL;
		otlp__key_value__init(kv);
		kv->key = text_copy(a, as->v[i].key);
		kv->value = any_value(a, &as->v[i]);
		if (!kv->key || !kv->value)
			return NULL;
		list[i] = kv;
	}
	return list;
}

static Otlp__Resource *resource_message(struct arena *a, const struct resource *r)
{
	Otlp__Resource *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	otlp__resource__init(m);
	m->attributes = key_values(a, &r->attrs);
	if (!m->attributes)
		return NULL;
	m->n_attributes = r->attrs.count;
	m->dropped_attributes_count = r->attrs.dropped;
	return m;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i])
			return false;
	}
	return true;
}

static bool bytes_copy(struct arena *a, ProtobufCBinaryData *to, const uint8_t *p, size_t n)
{
	to->data = (uint8_t *)arena_copy(a, (struct sv){ (const char *)p, n }).p;
	to->len = n;
	return to->data != NULL;
}

static bool status_message(struct arena *a, Otlp__Span *m, const struct span *s)
{
	if (s->status == SPAN_UNSET)
		return true;
	m->status = arena_alloc(a, sizeof(*m->status));
	if (!m->status)
		return false;
	otlp__status__init(m->status);
	m->status->code = (int32_t)s->status;
	m->status->message = text_copy(a, s->message);
	return m->status->message != NULL;
}

/* Bits of flags beside those of W3C: the context came from another process. */
#define FLAGS_REMOTE 0x300u

static bool link_message(struct arena *a, Otlp__Span *m, const struct call_trace *t)
{
	Otlp__Link *link, **list;

	if (!t->set)
		return true;
	link = arena_alloc(a, sizeof(*link));
	list = arena_alloc(a, sizeof(Otlp__Link *));
	if (!link || !list)
		return false;
	otlp__link__init(link);
	link->flags = t->flags | FLAGS_REMOTE;
	link->trace_state = text_copy(a, t->state);
	list[0] = link;
	m->links = list;
	m->n_links = 1;
	return link->trace_state &&
	       bytes_copy(a, &link->trace_id, t->trace_id, sizeof(t->trace_id)) &&
	       bytes_copy(a, &link->span_id, t->span_id, sizeof(t->span_id));
}

/* The parent, if there is one: another process told of it. */
static bool parent_message(struct arena *a, Otlp__Span *m, const struct span *s)
{
	if (all_zero(s->parent_id, sizeof(s->parent_id)))
		return true;
	m->flags = s->trace_flags | FLAGS_REMOTE;
	m->trace_state = text_copy(a, s->trace_state);
	return m->trace_state &&
	       bytes_copy(a, &m->parent_span_id, s->parent_id, sizeof(s->parent_id));
}

static Otlp__Span *span_message(struct arena *a, const struct span *s)
{
	Otlp__Span *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	otlp__span__init(m);
	m->name = text_copy(a, s->name);
	m->kind = (int32_t)s->kind;
	m->start_time_unix_nano = s->start;
	m->end_time_unix_nano = s->end;
	m->attributes = key_values(a, &s->attrs);
	m->dropped_attributes_count = s->attrs.dropped;
	if (!m->name || !m->attributes || !status_message(a, m, s) ||
	    !bytes_copy(a, &m->trace_id, s->trace_id, sizeof(s->trace_id)) ||
	    !bytes_copy(a, &m->span_id, s->span_id, sizeof(s->span_id)))
		return NULL;
	m->n_attributes = s->attrs.count;
	return parent_message(a, m, s) && link_message(a, m, &s->link) ? m : NULL;
}

static struct sv resource_pack(struct arena *a, const Otlp__Resource *m)
{
	size_t n = otlp__resource__get_packed_size(m);
	char *p = arena_alloc(a, n + 1);

	if (!p)
		return SV_NONE;
	otlp__resource__pack(m, (uint8_t *)p);
	return (struct sv){ p, n };
}

static struct otlp_group *group_new(struct arena *a, const struct otlp_batch *b,
				    const struct resource *r)
{
	struct otlp_group *g = arena_alloc(a, sizeof(*g));
	Otlp__Resource *m = resource_message(a, r);

	if (!g || !m)
		return NULL;
	g->hash = r->hash;
	g->packed = resource_pack(a, m);
	if (!g->packed.p)
		return NULL;
	otlp__resource_spans__init(&g->rs);
	otlp__scope_spans__init(&g->ss);
	g->ss.scope = (Otlp__InstrumentationScope *)&b->scope;
	g->ss.schema_url = (char *)SPAN_SCHEMA_URL;
	g->ss_list[0] = &g->ss;
	g->rs.resource = m;
	g->rs.scope_spans = g->ss_list;
	g->rs.n_scope_spans = 1;
	g->rs.schema_url = (char *)SPAN_SCHEMA_URL;
	return g;
}

/* The group of r that is already there. A hash can be made to collide, bytes cannot. */
static struct otlp_group *group_find(struct otlp_batch *b, const struct resource *r)
{
	for (struct otlp_group *g = b->groups; g; g = g->next) {
		struct arena scratch;
		Otlp__Resource *m;
		bool same;

		if (g->hash != r->hash)
			continue;
		arena_init(&scratch, BATCH_ARENA_MAX);
		m = resource_message(&scratch, r);
		same = m && sv_eq(resource_pack(&scratch, m), g->packed);
		arena_done(&scratch);
		if (same)
			return g;
	}
	return NULL;
}

static bool group_room(struct arena *a, struct otlp_group *g)
{
	size_t cap = g->cap ? g->cap * 2 : 4;
	Otlp__Span **v;

	if (g->ss.n_spans < g->cap)
		return true;
	v = arena_alloc(a, cap * sizeof(Otlp__Span *));
	if (!v)
		return false;
	if (g->ss.n_spans)
		memcpy(v, g->ss.spans, g->ss.n_spans * sizeof(*v));
	g->ss.spans = v;
	g->cap = cap;
	return true;
}

static void group_link(struct otlp_batch *b, struct otlp_group *g)
{
	if (b->last)
		b->last->next = g;
	else
		b->groups = g;
	b->last = g;
	b->group_count++;
}

int otlp_batch_add(struct otlp_batch *b, const struct resource *r, const struct span *s)
{
	struct otlp_group *g;
	Otlp__Span *m;
	size_t size;
	bool known;

	if (all_zero(s->trace_id, sizeof(s->trace_id)) ||
	    all_zero(s->span_id, sizeof(s->span_id)) || s->end < s->start)
		return -EINVAL;
	g = group_find(b, r);
	known = g != NULL;
	if (!known)
		g = group_new(&b->arena, b, r);
	m = span_message(&b->arena, s);
	if (!g || !m || !group_room(&b->arena, g))
		return b->span_count ? -ENOSPC : -ENOMEM;
	size = otlp__span__get_packed_size(m) + EMBEDDED;
	if (!known)
		size += otlp__resource_spans__get_packed_size(&g->rs) + 3 * EMBEDDED;
	if (size > OTLP_BATCH_MAX)
		return -E2BIG;
	if (b->size + size > OTLP_BATCH_MAX)
		return -ENOSPC;
	g->ss.spans[g->ss.n_spans++] = m;
	if (!known)
		group_link(b, g);
	b->size += size;
	b->span_count++;
	return 0;
}

static int protobuf_request(const struct otlp_batch *b, struct buf *out)
{
	Otlp__ExportTraceServiceRequest req = OTLP__EXPORT_TRACE_SERVICE_REQUEST__INIT;
	Otlp__ResourceSpans **list = calloc(b->group_count, sizeof(*list));
	int err;

	if (!list)
		return -ENOMEM;
	req.resource_spans = list;
	for (struct otlp_group *g = b->groups; g; g = g->next)
		list[req.n_resource_spans++] = &g->rs;
	err = buf_reserve(out, otlp__export_trace_service_request__get_packed_size(&req));
	if (!err)
		out->len += otlp__export_trace_service_request__pack(&req,
								     (uint8_t *)out->p + out->len);
	free(list);
	return err;
}

int otlp_batch_encode(const struct otlp_batch *b, enum otlp_format format, struct buf *out)
{
	if (!b->span_count)
		return 0;
	return format == OTLP_JSON ? otlp_json_request(b, out) : protobuf_request(b, out);
}
