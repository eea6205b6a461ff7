// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include <errno.h>

#include "base/json_write.h"
#include "policy/redact.h"

static const char *const level_names[] = {
	[CONTENT_OFF] = "off",
	[CONTENT_REDACTED] = "redacted",
	[CONTENT_FULL] = "full",
};

int policy_level(enum content_level *ret, struct sv word)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (sv_eq(word, sv_of(level_names[i]))) {
			*ret = (enum content_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *policy_level_name(enum content_level level)
{
	return level_names[level];
}

/* A view being made. failed: memory ended, so nothing more is let through. */
struct viewing {
	struct arena *a;
	bool failed;
};

static struct sv redacted(struct viewing *v, struct sv s)
{
	struct sv out;

	if (v->failed || redact_text(&out, s, v->a) < 0) {
		v->failed = true;
		return SV_NONE;
	}
	return out;
}

static void *copy_of(struct viewing *v, const void *from, size_t size)
{
	void *p = v->failed ? NULL : arena_alloc(v->a, size);

	if (!p) {
		v->failed = true;
		return NULL;
	}
	return memcpy(p, from, size);
}

static struct call_part *redacted_parts(struct viewing *v, const struct call_part *from)
{
	struct call_part *head = NULL, **end = &head;

	for (; from; from = from->next) {
		struct call_part *p = copy_of(v, from, sizeof(*p));

		if (!p)
			break;
		p->next = NULL;
		p->text = redacted(v, from->text);
		/* A marker in the place of a number or across strings is no JSON any more. */
		if (p->json && p->text.p != from->text.p)
			p->json = json_valid(p->text);
		*end = p;
		end = &p->next;
	}
	return head;
}

static struct call_message *redacted_messages(struct viewing *v, const struct call_message *from)
{
	struct call_message *head = NULL, **end = &head;

	for (; from; from = from->next) {
		struct call_message *m = copy_of(v, from, sizeof(*m));

		if (!m)
			break;
		m->next = NULL;
		m->parts = redacted_parts(v, from->parts);
		*end = m;
		end = &m->next;
	}
	return head;
}

/* JSON text that is none any more once redacted is left out. */
static struct sv redacted_json(struct viewing *v, struct sv s)
{
	struct sv out = redacted(v, s);

	return out.p == s.p || json_valid(out) ? out : SV_NONE;
}

static struct call_variable *redacted_variables(struct viewing *v, const struct call_variable *from)
{
	struct call_variable *head = NULL, **end = &head;

	for (; from; from = from->next) {
		struct call_variable *x = copy_of(v, from, sizeof(*x));

		if (!x)
			break;
		x->next = NULL;
		x->value = redacted(v, from->value);
		*end = x;
		end = &x->next;
	}
	return head;
}

/* Of tool definitions only what they are called. */
static struct call_tool_def *bare_tools(struct viewing *v, const struct call_tool_def *from)
{
	struct call_tool_def *head = NULL, **end = &head;

	for (; from; from = from->next) {
		struct call_tool_def *t = copy_of(v, from, sizeof(*t));

		if (!t)
			break;
		t->next = NULL;
		t->description = SV_NONE;
		t->parameters = SV_NONE;
		*end = t;
		end = &t->next;
	}
	return head;
}

void policy_view(struct call *view, enum content_level level, const struct call *call,
		 struct arena *a)
{
	struct viewing v = { .a = a };

	*view = *call;
	arena_init(&view->arena, 0);
	switch (level) {
	case CONTENT_FULL:
		return;
	case CONTENT_REDACTED:
		view->content = (struct call_content){
			.input = redacted_messages(&v, call->content.input),
			.output = redacted_messages(&v, call->content.output),
			.system = redacted_parts(&v, call->content.system),
			.tools = bare_tools(&v, call->content.tools),
			.arguments = redacted_json(&v, call->content.arguments),
			.result = redacted_json(&v, call->content.result),
			.query = redacted(&v, call->content.query),
			.documents = redacted_json(&v, call->content.documents),
			.variables = redacted_variables(&v, call->content.variables),
			.error_message = redacted(&v, call->content.error_message),
		};
		view->content.partial = call->content.partial || v.failed;
		return;
	case CONTENT_OFF:
		break;
	}
	view->content = (struct call_content){ 0 };
}

static void redact_address(struct call *c, struct sv *s)
{
	if (redact_text(s, *s, &c->arena) < 0) {
		*s = SV_NONE;
		c->loss |= CALL_LOSS(MEMORY);
	}
}

void policy_addresses(struct call *call)
{
	redact_address(call, &call->http.path);
	redact_address(call, &call->http.grpc_method);
	redact_address(call, &call->mcp.resource_uri);
}
