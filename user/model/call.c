// SPDX-License-Identifier: Apache-2.0
#include "model/call.h"

#include <errno.h>
#include <stdlib.h>

struct call *call_new(size_t limit)
{
	struct call *c = calloc(1, sizeof(*c));

	if (c)
		arena_init(&c->arena, limit);
	return c;
}

void call_free(struct call *c)
{
	if (!c)
		return;
	arena_done(&c->arena);
	free(c);
}

const char *call_op_name(enum call_op op)
{
	static const char *const names[] = {
		[CALL_CHAT] = "chat",
		[CALL_TEXT_COMPLETION] = "text_completion",
		[CALL_EMBEDDINGS] = "embeddings",
		[CALL_GENERATE_CONTENT] = "generate_content",
		[CALL_RETRIEVAL] = "retrieval",
		[CALL_FETCH_RESPONSE] = "fetch_response",
		[CALL_CREATE_AGENT] = "create_agent",
		[CALL_INVOKE_AGENT] = "invoke_agent",
		[CALL_MCP] = "mcp",
		[CALL_HTTP] = "http",
	};

	return names[op];
}

const char *call_outcome_name(enum call_outcome o)
{
	static const char *const names[] = {
		[CALL_OK] = "ok",
		[CALL_ERROR] = "error",
		[CALL_CUT] = "cut",
		[CALL_CANCELLED] = "cancelled",
		[CALL_NO_RESPONSE] = "no response",
		[CALL_PROC_EXIT] = "process exited",
		[CALL_UNKNOWN] = "end not seen",
	};

	return names[o];
}

const char *call_loss_name(enum call_loss_bit bit)
{
	static const char *const names[] = {
#define X(name, text) [CALL_LOSS_BIT_##name] = text,
		CALL_LOSSES(X)
#undef X
	};

	return names[bit];
}

static int list_grow(struct arena *a, struct call_list *list)
{
	size_t cap = list->cap ? list->cap * 2 : 4;
	struct sv *v = arena_alloc(a, cap * sizeof(*v));

	if (!v)
		return -ENOMEM;
	if (list->count)
		memcpy(v, list->v, list->count * sizeof(*v));
	list->v = v;
	list->cap = cap;
	return 0;
}

int call_list_add(struct arena *a, struct call_list *list, struct sv s)
{
	struct sv copy;

	if (list->count == list->cap) {
		int err = list_grow(a, list);

		if (err)
			return err;
	}
	copy = arena_copy(a, s);
	if (!copy.p)
		return -ENOMEM;
	list->v[list->count++] = copy;
	return 0;
}
