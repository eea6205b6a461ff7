// SPDX-License-Identifier: Apache-2.0
#include "app/rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hostname.h"
#include "base/kvlist.h"
#include "base/token.h"

/* Of a rule, so much is shown in an error. */
#define SHOWN 80

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*"
#define V6_LETTERS   "0123456789abcdefABCDEF:.*"

/* One member of a list. */
struct rule {
	struct sv key, value;
};

static int refuse(char *error, const struct rule *rule, const char *why)
{
	snprintf(error, RULES_ERROR_MAX, "'%.*s=%.*s': %s", SV_ARG(sv_cut(rule->key, SHOWN)),
		 SV_ARG(sv_cut(rule->value, SHOWN / 2)), why);
	return -EINVAL;
}

static int refuse_all(char *error, struct sv text, const char *why)
{
	snprintf(error, RULES_ERROR_MAX, "'%.*s' is not %s", SV_ARG(sv_cut(text, SHOWN)), why);
	return -EINVAL;
}

static bool made_of(struct sv s, const char *letters)
{
	for (size_t i = 0; i < s.len; i++)
		if (!s.p[i] || !strchr(letters, s.p[i]))
			return false;
	return true;
}

static size_t count(struct sv s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == c;
	return n;
}

/* NULL, or why no address that is written so is ever seen. */
static const char *why_no_address(struct sv host)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr addr;
	bool fits = made_of(host, V6_LETTERS);

	if (fits && !count(host, '*')) {
		fits = host.len < sizeof(text);
		memcpy(text, host.p, fits ? host.len : 0);
		fits = fits && inet_pton(AF_INET6, text, &addr) == 1;
	}
	return fits ? NULL : "that is no IPv6 address";
}

/*
 * NULL, or why no host on the wire fits it: there is the name alone, of an address without
 * brackets (base/hostname.h). Takes brackets off.
 */
static const char *take_host(struct sv *host)
{
	struct sv h = *host, behind = SV_NONE;
	bool bracket = h.len && h.p[0] == '[';
	size_t colons;

	if (bracket) {
		size_t end = sv_find(h, ']');

		behind = sv_skip(h, end < h.len ? end + 1 : end);
		h = (struct sv){ h.p + 1, end - 1 };
		if (end == host->len || (behind.len && behind.p[0] != ':'))
			return "that is no host";
	}
	if (!h.len)
		return "the host is missing";
	colons = count(h, ':');
	if (behind.len || (!bracket && colons == 1))
		return "a host is written without its port: all of them count";
	if (count(h, '*') > 1)
		return "one '*' is all that a host may have";
	*host = h;
	if (bracket || colons)
		return why_no_address(h);
	if (!made_of(h, NAME_LETTERS) || h.p[0] == '.' || memmem(h.p, h.len, "..", 2))
		return "that is no host";
	return NULL;
}

static bool has_scheme(struct sv key)
{
	return key.len && memmem(key.p, key.len, "://", 3);
}

/* A list that a script put together of an unset variable: what was meant is not known. */
static bool has_empty(struct sv text)
{
	for (struct sv rest = text; text.len;) {
		size_t comma = sv_find(rest, ',');

		if (!sv_trim(sv_cut(rest, comma)).len)
			return true;
		if (comma == rest.len)
			break;
		rest = sv_skip(rest, comma + 1);
	}
	return false;
}

#define NONE_EMPTY "a list of rules: one of them is empty"

/* ---- --http ---- */

static bool take_rate(struct sv text, double *ret)
{
	char number[32], *end;

	if (!text.len || text.len >= sizeof(number))
		return false;
	memcpy(number, text.p, text.len);
	number[text.len] = '\0';
	*ret = strtod(number, &end);
	return !*end && *ret >= 0 && *ret <= 1;
}

static int take_http(struct rules *r, const struct rule *rule, char *error)
{
	struct web_rule to = { .host = rule->key };
	const char *why;

	if (r->http_count == RULES_MAX)
		return refuse(error, rule, "there are too many rules before it");
	if (has_scheme(rule->key))
		return refuse(error, rule, "a host is written without a scheme");
	if (count(rule->key, '/'))
		return refuse(error, rule, "rules go by host, not by path");
	why = take_host(&to.host);
	if (why)
		return refuse(error, rule, why);
	if (!take_rate(rule->value, &to.rate))
		return refuse(error, rule, "a rate is a number from 0 to 1");
	/* Whatever fits this one fits that one: a pattern's own '*' is no other's text. */
	for (size_t i = 0; i < r->http_count; i++)
		if (hostname_fits(to.host, r->http[i].host))
			return refuse(error, rule, "it never counts: one before it fits as well");
	r->http[r->http_count++] = to;
	return 0;
}

int rules_http(struct rules *r, struct sv text, char *error)
{
	struct sv rest = sv_eq(text, SV("off")) ? SV("*=0") : text;
	struct rule rule;
	int more, err = 0;

	r->http_count = 0;
	if (sv_eq(text, SV("all")))
		return 0;
	if (has_empty(text))
		return refuse_all(error, text, NONE_EMPTY);
	while (!err && (more = kvlist_next(&rest, &rule.key, &rule.value)) == 1)
		err = take_http(r, &rule, error);
	if (!err && (more < 0 || !r->http_count))
		err = refuse_all(error, text,
				 "all, off, or a list of HOST=RATE, as in *.internal=0,*=0.1");
	return err;
}

/* ---- --providers ---- */

/* A NUL-terminated copy in the rules' own text. NULL when there is no room. */
static const char *keep(struct rules *r, size_t *used, struct sv s)
{
	char *to = r->text + *used;

	if (s.len >= RULES_TEXT_MAX - *used)
		return NULL;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	*used += s.len + 1;
	return to;
}

/* A request's path has no query and no blanks when it is held against a rule's. */
static const char *why_no_path(struct sv path)
{
	for (size_t i = 0; i < path.len; i++) {
		if (path.p[i] == '*')
			return "'*' stands for text in a host only; a path is a prefix";
		if (path.p[i] <= ' ' || path.p[i] > '~' || path.p[i] == '?' || path.p[i] == '#')
			return "no path has that in it";
	}
	return NULL;
}

static bool is_hidden(const struct rules *r, struct sv host, struct sv path)
{
	for (size_t i = 0; i < r->host_count; i++)
		if (hostname_fits(host, sv_of(r->hosts[i].host)) &&
		    sv_starts(path, sv_of(r->hosts[i].path)))
			return true;
	return false;
}

static int take_provider(struct rules *r, size_t *used, const struct rule *rule, char *error)
{
	size_t slash = sv_find(rule->key, '/');
	struct sv host = sv_cut(rule->key, slash), path = sv_skip(rule->key, slash);
	struct dialect_host *to = &r->hosts[r->host_count];
	const char *why;

	if (r->host_count == RULES_MAX)
		return refuse(error, rule, "there are too many rules before it");
	if (has_scheme(rule->key))
		return refuse(error, rule, "a host is written without a scheme");
	why = take_host(&host);
	if (!why)
		why = why_no_path(path);
	if (why)
		return refuse(error, rule, why);
	if (!token_valid(rule->value))
		return refuse(error, rule, "that is no provider's name");
	if (is_hidden(r, host, path))
		return refuse(error, rule, "it never counts: one before it fits as well");
	to->host = keep(r, used, host);
	to->path = keep(r, used, path);
	to->provider = keep(r, used, rule->value);
	if (!to->host || !to->path || !to->provider)
		return refuse(error, rule, "the rules are too long");
	r->host_count++;
	return 0;
}

int rules_hosts(struct rules *r, struct sv text, char *error)
{
	struct sv rest = text;
	struct rule rule;
	size_t used = 0;
	int more, err = 0;

	r->host_count = 0;
	if (has_empty(text))
		return refuse_all(error, text, NONE_EMPTY);
	while (!err && (more = kvlist_next(&rest, &rule.key, &rule.value)) == 1)
		err = take_provider(r, &used, &rule, error);
	if (!err && more < 0)
		err = refuse_all(error, text,
				 "a list of HOST/PATH=NAME, as in "
				 "llm.example.com=openai,gpu-*/v1=vllm");
	return err;
}
