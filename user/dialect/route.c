// SPDX-License-Identifier: Apache-2.0
#include "dialect/route.h"

/*
 * Paths by their end or, where more may follow, by a part of them. The first row that fits
 * wins, so longer ends stand before shorter ones. doubt: other services use such paths too.
 */
static const struct path_row {
	const char *text;
	bool inside;
	const char *method;    /* NULL: any */
	const struct api *api; /* NULL: a model API, but no inference */
	bool doubt;
} paths[] = {
	{ "/v1/messages/count_tokens", false, NULL, NULL, false },
	{ "/v1/messages/batches", true, NULL, NULL, false },
	{ "/v1/messages", false, "POST", &api_anthropic_messages, false },
	{ "/v1/messages", false, NULL, NULL, false },
	{ "/chat/completions", false, "POST", &api_openai_chat, false },
	{ "/chat/completions", true, NULL, NULL, false },
	{ "/completions", false, "POST", &api_openai_completions, true },
	{ "/embeddings", false, "POST", &api_openai_embeddings, true },
	{ "/responses/input_tokens", false, NULL, NULL, false },
	{ "/responses/compact", false, NULL, NULL, false },
	{ "/responses", false, "POST", &api_openai_responses, true },
	{ "/v1/responses/", true, NULL, NULL, false },
	{ "/v1/models", true, "GET", NULL, false },
};

/* The path alone, without query and slashes at the end; of an absolute target too. */
static struct sv path_of(struct sv target)
{
	const char *scheme = target.len ? memmem(target.p, target.len, "://", 3) : NULL;

	if (scheme && target.p[0] != '/') {
		target = sv_skip(target, (size_t)(scheme - target.p) + 3);
		target = sv_skip(target, sv_find(target, '/'));
	}
	target.len = sv_find(target, '?');
	while (target.len && target.p[target.len - 1] == '/')
		target.len--;
	return target;
}

static bool path_fits(struct sv path, const struct path_row *row)
{
	struct sv text = sv_of(row->text);

	if (!row->inside)
		return sv_ends(path, text);
	return path.len >= text.len && memmem(path.p, path.len, text.p, text.len);
}

static bool method_is(struct sv method, const char *name)
{
	return !name || sv_eq(method, sv_of(name));
}

struct route route_find(struct sv host, struct sv target, struct sv method)
{
	struct sv path = path_of(target);
	struct route r = { .provider = host_provider(host, path) };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct path_row *row = &paths[i];

		if (!path_fits(path, row) || !method_is(method, row->method))
			continue;
		r.api = row->api;
		r.verdict = !row->api			? ROUTE_OTHER_API
			    : row->doubt && !r.provider ? ROUTE_MAYBE
							: ROUTE_MODEL;
		return r;
	}
	/* A model's host does more than inference, but what is posted there may be some. */
	if (!r.provider)
		r.verdict = ROUTE_NOT_MODEL;
	else
		r.verdict = sv_eq(method, SV("POST")) ? ROUTE_UNREAD : ROUTE_OTHER_API;
	return r;
}

void route_authority(struct sv field, struct sv *host, uint16_t *port)
{
	size_t start = 0, colon;
	uint32_t n = 0;

	field = sv_trim(field);
	if (field.len && field.p[0] == '[')
		start = sv_find(field, ']');
	colon = start + sv_find(sv_skip(field, start), ':');
	*host = sv_cut(field, colon);
	*port = 0;
	if (start && start < field.len)
		*host = (struct sv){ field.p + 1, start - 1 };
	for (size_t i = colon + 1; i < field.len; i++) {
		if (field.p[i] < '0' || field.p[i] > '9' || n > UINT16_MAX)
			return;
		n = n * 10 + (uint32_t)(field.p[i] - '0');
	}
	if (n <= UINT16_MAX)
		*port = (uint16_t)n;
}

struct sv route_deployment(struct sv target)
{
	struct sv mark = SV("/deployments/"), path = path_of(target);
	const char *p = path.len ? memmem(path.p, path.len, mark.p, mark.len) : NULL;
	struct sv rest;

	if (!p)
		return SV_NONE;
	rest = sv_skip(path, (size_t)(p - path.p) + mark.len);
	return sv_cut(rest, sv_find(rest, '/'));
}
