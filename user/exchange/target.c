// SPDX-License-Identifier: Apache-2.0
#include "exchange/target.h"

#define REDACTED SV("REDACTED")

/* Parameter names, in any case; '-' and '_' are the same. */
static const struct sv secret_names[] = {
	{ "key", 3 },
	{ "api_key", 7 },
	{ "apikey", 6 },
	{ "subscription_key", 16 },
	{ "access_token", 12 },
	{ "refresh_token", 13 },
	{ "id_token", 8 },
	{ "token", 5 },
	{ "auth", 4 },
	{ "password", 8 },
	{ "secret", 6 },
	{ "client_secret", 13 },
	{ "sig", 3 },
	{ "signature", 9 },
	{ "x_amz_signature", 15 },
	{ "x_amz_credential", 16 },
	{ "x_amz_security_token", 20 },
	{ "x_goog_signature", 16 },
	{ "x_goog_credential", 17 },
	{ "awsaccesskeyid", 14 },
};

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 32);
	return c == '-' ? '_' : c;
}

static bool is_secret(struct sv name)
{
	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++) {
		struct sv want = secret_names[i];
		size_t n = 0;

		while (n < want.len && want.len == name.len && fold(name.p[n]) == want.p[n])
			n++;
		if (n == want.len && n == name.len)
			return true;
	}
	return false;
}

/* Adds "name=value" and what stood behind it. */
static int add_parameter(struct arena *a, struct sv *to, struct sv param)
{
	size_t eq = sv_find(param, '=');
	int err;

	if (eq == param.len || !is_secret(sv_cut(param, eq)))
		return arena_append(a, to, param);
	err = arena_append(a, to, sv_cut(param, eq + 1));
	return err ? err : arena_append(a, to, REDACTED);
}

static int add_query(struct arena *a, struct sv *to, struct sv query)
{
	int err = 0;

	while (query.len && !err) {
		size_t n = sv_find(query, '&');

		err = add_parameter(a, to, sv_cut(query, n));
		query = sv_skip(query, n);
		if (!err && query.len) {
			err = arena_append(a, to, sv_cut(query, 1));
			query = sv_skip(query, 1);
		}
	}
	return err;
}

/* "http://user:password@host/...": bytes before the user information, and its length. */
static size_t user_info(struct sv target, size_t *ret_len)
{
	size_t colon = sv_find(target, ':');
	struct sv rest = sv_skip(target, colon);
	size_t at;

	*ret_len = 0;
	if (!sv_starts(rest, SV("://")))
		return 0;
	rest = sv_skip(rest, 3);
	rest = sv_cut(rest, sv_find(rest, '/'));
	at = sv_find(rest, '@');
	if (at < rest.len)
		*ret_len = at;
	return colon + 3;
}

struct sv target_clean(struct arena *a, struct sv target)
{
	struct sv out = arena_copy(a, SV("")), head = sv_cut(target, sv_find(target, '?'));
	size_t info_len, info = user_info(head, &info_len);
	int err = out.p ? 0 : -1;

	if (!err && info_len) {
		err = arena_append(a, &out, sv_cut(head, info));
		if (!err)
			err = arena_append(a, &out, REDACTED);
		info += info_len;
	} else {
		info = 0;
	}
	if (!err)
		err = arena_append(a, &out, sv_skip(head, info));
	target = sv_skip(target, head.len);
	if (!err && target.len)
		err = arena_append(a, &out, sv_cut(target, 1));
	if (!err && target.len)
		err = add_query(a, &out, sv_skip(target, 1));
	return err ? SV_NONE : out;
}
