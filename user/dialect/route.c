// SPDX-License-Identifier: Apache-2.0
#include "dialect/route.h"

#include "base/hex.h"
#include "base/hostname.h"
#include "base/utf8.h"

struct sv route_path(struct sv target)
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

struct sv route_query(struct sv target, const char *name)
{
	struct sv rest = sv_skip(target, sv_find(target, '?')), want = sv_of(name);

	while (rest.len) {
		struct sv pair, key;

		rest = sv_skip(rest, 1);
		pair = sv_cut(rest, sv_find(rest, '&'));
		key = sv_cut(pair, sv_find(pair, '='));
		if (sv_eq(key, want))
			return pair.len > key.len ? sv_skip(pair, key.len + 1) : SV("");
		rest = sv_skip(rest, pair.len);
	}
	return SV_NONE;
}

struct sv route_decode(struct arena *a, struct sv text)
{
	char plain[CALL_STRING_MAX], *good;
	struct sv raw;
	size_t n = 0;

	for (size_t i = 0; i < text.len && n < sizeof(plain); i++) {
		int high = -1, low = -1;

		if (text.p[i] == '%' && text.len - i > 2) {
			high = hex_value(text.p[i + 1]);
			low = hex_value(text.p[i + 2]);
		}
		if (high < 0 || low < 0) {
			plain[n++] = text.p[i];
			continue;
		}
		plain[n++] = (char)(high << 4 | low);
		i += 2;
	}
	good = n ? arena_alloc(a, UTF8_REPAIR_MAX(n)) : NULL;
	if (!good)
		return SV_NONE;
	raw = (struct sv){ plain, n };
	return utf8_cut((struct sv){ good, utf8_repair(good, raw) }, CALL_STRING_MAX);
}

/* Which of the caps a letter in braces names. */
static const char cap_letters[CAP_COUNT] = {
	[CAP_MODEL] = 'm',    [CAP_AGENT] = 'a',  [CAP_CONVERSATION] = 'c',
	[CAP_RESPONSE] = 'r', [CAP_SOURCE] = 's',
};

static void keep(struct sv caps[CAP_COUNT], char letter, struct sv text)
{
	for (size_t i = 0; i < CAP_COUNT; i++)
		if (cap_letters[i] == letter)
			caps[i] = text;
}

/* Does all of path fit the pattern from here on? */
static bool fits_here(struct sv path, const char *pattern, struct sv caps[CAP_COUNT])
{
	while (*pattern) {
		char letter = *pattern == '{' ? pattern[1] : 0;
		size_t n = 0;

		if (strcmp(pattern, "/**") == 0)
			return !path.len || path.p[0] == '/';
		if (*pattern != '*' && !letter) {
			if (!path.len || path.p[0] != *pattern)
				return false;
			path = sv_skip(path, 1);
			pattern++;
			continue;
		}
		pattern += letter ? 3 : 1;
		while (n < path.len && path.p[n] != '/' && path.p[n] != *pattern)
			n++;
		if (!n)
			return false;
		if (letter)
			keep(caps, letter, sv_cut(path, n));
		path = sv_skip(path, n);
	}
	return !path.len;
}

bool path_fits(struct sv path, const char *pattern, struct sv caps[CAP_COUNT])
{
	for (size_t i = 0; i < path.len; i++) {
		if (path.p[i] != '/')
			continue;
		memset(caps, 0, CAP_COUNT * sizeof(*caps));
		if (fits_here(sv_skip(path, i), pattern, caps))
			return true;
	}
	return false;
}

static bool text_is(const char *a, const char *b)
{
	return sv_eq(sv_of(a), sv_of(b));
}

static bool row_fits(const struct route_key *key, const struct path_row *row, struct sv path,
		     const char *provider, struct sv caps[CAP_COUNT])
{
	struct sv model = sv_of(row->model);

	if (row->method && !sv_eq(key->method, sv_of(row->method)) &&
	    !(key->upgrade && (row->flags & PATH_WS)))
		return false;
	if (!!(row->flags & PATH_WS) != key->upgrade && row->api)
		return false;
	if ((row->flags & PATH_HOST) && !provider)
		return false;
	if (row->only && row->only[0] == '@') {
		if (!hostname_fits(key->host, sv_of(row->only + 1)))
			return false;
	} else if (row->only && provider && !text_is(row->only, provider)) {
		return false;
	}
	if (!path_fits(path, row->pattern, caps))
		return false;
	return !model.len || (caps[CAP_MODEL].len &&
			      memmem(caps[CAP_MODEL].p, caps[CAP_MODEL].len, model.p, model.len));
}

struct route route_find(const struct route_key *key)
{
	struct sv path = route_path(key->target);
	struct route r = { .provider = host_provider(key, path) };
	const char *told = !r.provider && key->anthropic ? "anthropic" : r.provider;

	for (size_t i = 0; i < api_path_count; i++) {
		const struct path_row *row = &api_paths[i];

		if (!row_fits(key, row, path, told, r.caps))
			continue;
		r.api = row->api;
		r.proof = !told && (row->flags & PATH_PROOF);
		r.verdict = !row->api						? ROUTE_OTHER_API
			    : !told && (row->flags & (PATH_DOUBT | PATH_PROOF)) ? ROUTE_MAYBE
										: ROUTE_MODEL;
		if (!r.provider)
			r.provider = row->provider;
		return r;
	}
	memset(r.caps, 0, sizeof(r.caps));
	/* A model's host does more than inference, but what is posted there may be some. */
	if (!r.provider)
		r.verdict = ROUTE_NOT_MODEL;
	else
		r.verdict = sv_eq(key->method, SV("POST")) ? ROUTE_UNREAD : ROUTE_OTHER_API;
	return r;
}
