// SPDX-License-Identifier: Apache-2.0
#include "policy/redact.h"

#include <errno.h>

/*
 * The scanner walks the text from word to word. At each word's start it asks whether the
 * word has the shape of a credential, else whether it is a name ("password") that a value
 * follows. Nothing looks back farther than a constant, and every look ahead stops at a byte
 * at which the walk would start anew: that keeps it linear.
 */

#define WORD   1 /* letters, digits, '_', '-' */
#define ALNUM  2
#define UPNUM  4 /* capital letters, digits */
#define BEARER 8 /* what a token68 may hold (RFC 9110 section 11.2) */
#define BASE64 16
#define VALUE  32 /* an unquoted value goes on */
#define USERPW 64 /* user:password before an @ */

#define LETTERS (WORD | ALNUM | BEARER | BASE64 | VALUE | USERPW)

static const unsigned char classes[256] = {
	['0' ... '9'] = LETTERS | UPNUM,
	['A' ... 'Z'] = LETTERS | UPNUM,
	['a' ... 'z'] = LETTERS,
	['_'] = WORD | BEARER | VALUE | USERPW,
	['-'] = WORD | BEARER | VALUE | USERPW,
	['.'] = BEARER | VALUE | USERPW,
	['~'] = BEARER | VALUE | USERPW,
	['+'] = BEARER | BASE64 | VALUE | USERPW,
	['/'] = BEARER | BASE64 | VALUE,
	['='] = BEARER | VALUE | USERPW,
	['!'] = VALUE | USERPW,
	['#'] = VALUE,
	['$'] = VALUE | USERPW,
	['%'] = VALUE | USERPW,
	['^'] = VALUE | USERPW,
	['&'] = USERPW,
	['*'] = VALUE | USERPW,
	['@'] = VALUE,
	['?'] = VALUE,
	[':'] = VALUE | USERPW,
	[0x80 ... 0xff] = VALUE | USERPW,
};

static bool is(char c, unsigned char set)
{
	return (classes[(unsigned char)c] & set) != 0;
}

static size_t run(struct sv text, size_t at, unsigned char set)
{
	size_t n = at;

	while (n < text.len && is(text.p[n], set))
		n++;
	return n - at;
}

/* What kinds of letters a candidate has: prose has no digits, keys nearly always do. */
struct mix {
	bool digit;
	bool upper;
	bool lower;
	bool other; /* but for '.' and '_', which code is full of */
};

static struct mix mix_of(struct sv s)
{
	struct mix m = { 0 };

	for (size_t i = 0; i < s.len; i++) {
		m.digit |= s.p[i] >= '0' && s.p[i] <= '9';
		m.upper |= s.p[i] >= 'A' && s.p[i] <= 'Z';
		m.lower |= s.p[i] >= 'a' && s.p[i] <= 'z';
		m.other |= !is(s.p[i], ALNUM) && s.p[i] != '.' && s.p[i] != '_';
	}
	return m;
}

/* The walk's state. */
struct scan {
	struct sv text;
	/*
	 * An unquoted value that ends here did not count. What starts inside it has no more
	 * kinds of letters than it has, so it need not be looked at again.
	 */
	size_t weak_end;
};

/* Keys that begin with a word of their own. Longer prefixes stand before shorter ones. */
static const struct shape {
	const char *prefix;
	const char *kind;
	unsigned char body;
	unsigned char min; /* bytes behind the prefix */
	unsigned char max; /* 0: any */
} shapes[] = {
	{ "sk-ant-", "anthropic-key", WORD, 16, 0 }, { "sk_live_", "stripe-key", ALNUM, 16, 0 },
	{ "sk_test_", "stripe-key", ALNUM, 16, 0 },  { "rk_live_", "stripe-key", ALNUM, 16, 0 },
	{ "sk-", "openai-key", WORD, 16, 0 },	     { "AKIA", "aws-access-key", UPNUM, 16, 16 },
	{ "ASIA", "aws-access-key", UPNUM, 16, 16 }, { "github_pat_", "github-token", WORD, 20, 0 },
	{ "ghp_", "github-token", ALNUM, 20, 0 },    { "gho_", "github-token", ALNUM, 20, 0 },
	{ "ghu_", "github-token", ALNUM, 20, 0 },    { "ghs_", "github-token", ALNUM, 20, 0 },
	{ "ghr_", "github-token", ALNUM, 20, 0 },    { "glpat-", "gitlab-token", WORD, 20, 0 },
	{ "AIza", "google-key", WORD, 30, 0 },	     { "ya29.", "google-token", BEARER, 20, 0 },
	{ "xoxb-", "slack-token", WORD, 10, 0 },     { "xoxp-", "slack-token", WORD, 10, 0 },
	{ "xoxa-", "slack-token", WORD, 10, 0 },     { "xoxr-", "slack-token", WORD, 10, 0 },
	{ "xoxs-", "slack-token", WORD, 10, 0 },     { "xoxe-", "slack-token", WORD, 10, 0 },
	{ "xapp-", "slack-token", WORD, 10, 0 },     { "hf_", "huggingface-token", ALNUM, 20, 0 },
	{ "gsk_", "groq-key", ALNUM, 20, 0 },	     { "xai-", "xai-key", WORD, 20, 0 },
	{ "pplx-", "perplexity-key", WORD, 20, 0 },  { "r8_", "replicate-token", ALNUM, 20, 0 },
	{ "npm_", "npm-token", ALNUM, 30, 0 },	     { "pypi-", "pypi-token", WORD, 30, 0 },
	{ "SG.", "sendgrid-key", BEARER, 30, 0 },
};

/*
 * Names whose value is a secret. A name counts when it ends a word and stands behind the
 * word's start, '_', '-' or a change from small to capital letters. firm: nothing but a
 * secret is ever given this name, so a weak value counts too.
 */
static const struct {
	const char *name;
	const char *kind;
	bool firm;
} names[] = {
	{ "password", "password", true },      { "passwd", "password", true },
	{ "passphrase", "password", true },    { "pwd", "password", true },
	{ "pass", "password", false },	       { "secret", "secret", false },
	{ "token", "token", false },	       { "apikey", "api-key", false },
	{ "api_key", "api-key", false },       { "api-key", "api-key", false },
	{ "accesskey", "api-key", false },     { "access_key", "api-key", false },
	{ "access-key", "api-key", false },    { "secretkey", "secret", false },
	{ "secret_key", "secret", false },     { "secret-key", "secret", false },
	{ "secretaccesskey", "secret", true }, { "private_key", "secret", false },
	{ "credential", "secret", false },     { "credentials", "secret", false },
	{ "account_key", "secret", false },    { "accountkey", "secret", false },
};

static bool at_word(struct sv text, size_t at, const char *word)
{
	struct sv w = sv_of(word);

	return text.len - at >= w.len && memcmp(text.p + at, word, w.len) == 0;
}

static bool hit(struct redact_hit *ret, size_t at, size_t len, const char *kind)
{
	*ret = (struct redact_hit){ .at = at, .len = len, .kind = kind };
	return true;
}

/* No key is shorter: most words need no look at the table. */
#define SHAPE_MIN 15

static bool find_shape(struct sv text, size_t at, size_t word, struct redact_hit *ret)
{
	size_t end = at + word;

	if (word < SHAPE_MIN && (end >= text.len || text.p[end] != '.'))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];
		size_t head, n;
		struct mix m;

		if (s->prefix[0] != text.p[at] || !at_word(text, at, s->prefix))
			continue;
		head = strlen(s->prefix);
		n = run(text, at + head, s->body);
		if (n < s->min || (s->max && n > s->max))
			continue;
		m = mix_of((struct sv){ text.p + at + head, n });
		if (m.digit || (m.upper && m.lower) || s->max)
			return hit(ret, at, head + n, s->kind);
	}
	return false;
}

static size_t run_digits(struct sv text, size_t at)
{
	size_t n = at;

	while (n < text.len && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	return n - at;
}

/*
 * A bot's number, a colon that may be escaped, 35 letters that begin with "AA" (whatever they
 * begin with where "bot" stands in front, as it does in the addresses of Telegram's API).
 */
static bool find_telegram(struct sv text, size_t at, size_t word, struct redact_hit *ret)
{
	bool bot = at_word(text, at, "bot");
	size_t start = at + (bot ? 3 : 0), digits = run_digits(text, start), n = start + digits;
	size_t len;

	if (digits < 6 || digits > 12 || n != at + word || n >= text.len)
		return false;
	if (text.p[n] == ':')
		n++;
	else if (at_word(text, n, "%3A") || at_word(text, n, "%3a"))
		n += 3;
	else
		return false;
	len = run(text, n, WORD);
	if (bot ? len < 30 || len > 50 : len != 35 || !at_word(text, n, "AA"))
		return false;
	return hit(ret, start, n + len - start, "telegram-token");
}

/*
 * Addresses that are a credential: Slack's /services/T.../B.../secret and Discord's
 * /webhooks/number/secret.
 */
static bool find_webhook(struct sv text, size_t at, size_t word, struct redact_hit *ret)
{
	size_t n = at + word, len;

	if (n + 1 >= text.len || text.p[n] != '/')
		return false;
	if (text.p[at] == 'T' && text.p[n + 1] == 'B') {
		len = run(text, n + 1, UPNUM);
		if (word < 9 || run(text, at, UPNUM) != word || len < 9)
			return false;
		n += 1 + len;
		if (n >= text.len || text.p[n] != '/')
			return false;
		len = run(text, n + 1, ALNUM);
		return len >= 20 && len <= 40 && hit(ret, n + 1, len, "slack-webhook");
	}
	if (word != 8 || !at_word(text, at, "webhooks"))
		return false;
	len = run_digits(text, n + 1);
	n += 1 + len;
	if (len < 17 || len > 20 || n >= text.len || text.p[n] != '/')
		return false;
	len = run(text, n + 1, WORD);
	return len >= 60 && len <= 80 && hit(ret, n + 1, len, "discord-webhook");
}

/* RFC 7519: three base64url parts, the first an object: '{"' in base64 is "eyJ". */
static bool find_jwt(struct sv text, size_t at, struct redact_hit *ret)
{
	size_t n = at;

	if (!at_word(text, at, "eyJ"))
		return false;
	for (int part = 0; part < 2; part++) {
		size_t len = run(text, n, WORD);

		if (len < 8 || n + len >= text.len || text.p[n + len] != '.')
			return false;
		n += len + 1;
	}
	n += run(text, n, WORD);
	return hit(ret, at, n - at, "jwt");
}

/* Of the largest keys in use; what is longer is no key. */
#define PEM_MAX (32u * 1024)

static size_t find_dashes(struct sv text, size_t at, size_t max)
{
	struct sv in = sv_cut(sv_skip(text, at), max);
	const char *p = memmem(in.p, in.len, "-----", 5);

	return p ? (size_t)(p - text.p) : text.len;
}

/*
 * Base64 lines, also with their line ends written as "\n". 0 when no line is longer than
 * the words of a sentence.
 */
static size_t pem_body(struct sv text, size_t at)
{
	size_t n = at, longest = 0;

	while (n < text.len) {
		size_t line = run(text, n, BASE64);

		if (line > longest)
			longest = line;
		if (!line && !memchr("=\\ \r\n\t", text.p[n], 6))
			break;
		n += line ? line : 1;
	}
	return longest >= 20 ? n - at : 0;
}

/* RFC 7468. Without its end line (cut text) a block is as long as its base64. */
static bool find_pem(struct sv text, size_t at, struct redact_hit *ret)
{
	size_t label = at + 11, head_end, next;

	if (!at_word(text, at, "-----BEGIN "))
		return false;
	head_end = find_dashes(text, label, 64);
	if (head_end == text.len || !memmem(text.p + label, head_end - label, "PRIVATE KEY", 11))
		return false;
	head_end += 5;
	next = find_dashes(text, head_end, PEM_MAX);
	if (next < text.len && at_word(text, next, "-----END ")) {
		size_t end = find_dashes(text, next + 9, 64);

		next = end < text.len ? end + 5 : next + 9;
		return hit(ret, at, next - at, "private-key");
	}
	next = pem_body(text, head_end);
	return next > 0 && hit(ret, at, head_end + next - at, "private-key");
}

/*
 * The secret half of an AWS key has no mark, only 40 letters of base64: it counts when an
 * access key id stands close before it.
 */
static bool find_aws_secret(struct sv text, size_t at, struct redact_hit *ret)
{
	struct sv before = { text.p + (at > 160 ? at - 160 : 0), at > 160 ? 160 : at };
	struct sv cut = sv_cut(text, at + 41 < text.len ? at + 41 : text.len);
	struct mix m;

	if (cut.len < at + 40 || (at > 0 && is(text.p[at - 1], BASE64)) ||
	    !is(text.p[at + 39], BASE64) || run(cut, at, BASE64) != 40)
		return false;
	m = mix_of((struct sv){ text.p + at, 40 });
	if (!m.digit || !m.upper || !m.lower)
		return false;
	/* By the time this is asked the id may have become its marker. */
	if (!memmem(before.p, before.len, "AKIA", 4) && !memmem(before.p, before.len, "ASIA", 4) &&
	    !memmem(before.p, before.len, "aws-access-key", 14))
		return false;
	return hit(ret, at, 40, "aws-secret-key");
}

static bool find_bearer(struct sv text, size_t at, size_t word, struct redact_hit *ret)
{
	struct sv w = { text.p + at, word };
	size_t n = at + word, len;
	struct mix m;

	if (word != 5 && word != 6)
		return false;
	if (!sv_eq_nocase(w, SV("bearer")) && !sv_eq_nocase(w, SV("basic")))
		return false;
	if (n >= text.len || text.p[n] != ' ')
		return false;
	len = run(text, n + 1, BEARER);
	m = mix_of((struct sv){ text.p + n + 1, len });
	if (len < 12 || !(m.digit || (m.upper && m.lower)))
		return false;
	return hit(ret, n + 1, len, word == 6 ? "bearer-token" : "basic-auth");
}

static bool name_border(struct sv word, size_t at)
{
	char before, first;

	if (at == 0)
		return true;
	before = word.p[at - 1];
	first = word.p[at];
	return before == '_' || before == '-' ||
	       (first >= 'A' && first <= 'Z' && before >= 'a' && before <= 'z');
}

/* Index of the name that ends word, or ARRAY_SIZE(names). The longest wins. */
static size_t name_of(struct sv word)
{
	size_t best = ARRAY_SIZE(names), best_len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct sv n = sv_of(names[i].name);

		if (n.len > best_len && word.len >= n.len && name_border(word, word.len - n.len) &&
		    sv_eq_nocase(sv_skip(word, word.len - n.len), n)) {
			best = i;
			best_len = n.len;
		}
	}
	return best;
}

/* Spaces, and a quote that may stand escaped inside another string. Returns the quote or 0. */
static char skip_quote(struct sv text, size_t *at)
{
	size_t n = *at;

	if (n < text.len && text.p[n] == '\\')
		n++;
	if (n >= text.len || (text.p[n] != '"' && text.p[n] != '\'' && text.p[n] != '`'))
		return '\0';
	*at = n + 1;
	return text.p[n];
}

static size_t skip_spaces(struct sv text, size_t at)
{
	/* More than a few are layout, not an assignment. */
	for (int i = 0; i < 8 && at < text.len && text.p[at] == ' '; i++)
		at++;
	return at;
}

static bool value_counts(struct sv value, bool firm, bool quoted, char sign)
{
	struct mix m = mix_of(value);

	if (firm && quoted)
		return value.len >= 4;
	if (firm)
		return value.len >= 6 && (m.digit || (sign == '=' && m.other && m.lower));
	return value.len >= 8 &&
	       ((m.digit && (m.upper || m.lower)) || (m.upper && m.lower && value.len >= 16));
}

/* What stands behind a name: sign and quote, and where the value starts. False: no value. */
static bool find_sign(struct sv text, size_t *at, char *sign, char *quote)
{
	size_t n = *at;

	skip_quote(text, &n);
	n = skip_spaces(text, n);
	if (n >= text.len || (text.p[n] != '=' && text.p[n] != ':'))
		return false;
	*sign = text.p[n++];
	/* ":=", "==", "=>" */
	if (n < text.len && (text.p[n] == '=' || text.p[n] == '>'))
		n++;
	n = skip_spaces(text, n);
	*quote = skip_quote(text, &n);
	*at = n;
	/* A reference to a variable, or a placeholder, is no value. */
	return n < text.len && text.p[n] != '$' && text.p[n] != '<';
}

/*
 * A call or an index is code that fetches a secret, not the secret; a quoted text with
 * spaces is prose. end: of the value.
 */
static bool is_prose_or_code(struct sv text, size_t end, bool quoted)
{
	if (end >= text.len)
		return false;
	return quoted ? text.p[end] == ' ' : text.p[end] == '(' || text.p[end] == '[';
}

static bool find_value(struct scan *s, size_t at, size_t word, struct redact_hit *ret)
{
	struct sv text = s->text;
	size_t i, n = at + word, len, end;
	char sign, quote;

	if (n >= text.len || !memchr("\"'`\\ =:", text.p[n], 7) ||
	    !find_sign(text, &n, &sign, &quote))
		return false;
	i = name_of((struct sv){ text.p + at, word });
	if (i == ARRAY_SIZE(names))
		return false;
	if (!quote && n < s->weak_end)
		return false;
	len = run(text, n, VALUE);
	end = n + len;
	if (!is_prose_or_code(text, end, quote != '\0') &&
	    value_counts((struct sv){ text.p + n, len }, names[i].firm, quote != '\0', sign))
		return hit(ret, n, len, names[i].kind);
	if (!quote)
		s->weak_end = end;
	return false;
}

/* scheme://user:password@host, RFC 3986 section 3.2.1. at: of the colon. */
static bool find_userinfo(struct sv text, size_t at, struct redact_hit *ret)
{
	size_t start = at + 3, len, colon;

	if (!at_word(text, at, "://"))
		return false;
	len = run(text, start, USERPW);
	if (start + len >= text.len || text.p[start + len] != '@')
		return false;
	colon = sv_find((struct sv){ text.p + start, len }, ':');
	if (colon + 1 >= len || text.p[start + colon + 1] == '$')
		return false;
	return hit(ret, start + colon + 1, len - colon - 1, "password");
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* "%2F" and its like, as addresses have them. */
static bool is_escape(struct sv text, size_t at)
{
	return text.len - at >= 3 && text.p[at] == '%' && is_hex(text.p[at + 1]) &&
	       is_hex(text.p[at + 2]);
}

/* A word starts here: not inside another, the letters of an escape ("\n", "%2F") aside. */
static bool word_start(struct sv text, size_t at)
{
	if (!is(text.p[at], WORD))
		return false;
	if (at == 0 || !is(text.p[at - 1], WORD))
		return true;
	if (at >= 3 && is_escape(text, at - 3))
		return true;
	return at >= 2 && text.p[at - 2] == '\\' && memchr("nrtbf", text.p[at - 1], 5);
}

static bool find_at_word(struct scan *s, size_t at, size_t word, struct redact_hit *ret)
{
	return find_shape(s->text, at, word, ret) || find_telegram(s->text, at, word, ret) ||
	       find_webhook(s->text, at, word, ret) || find_jwt(s->text, at, ret) ||
	       find_pem(s->text, at, ret) || find_aws_secret(s->text, at, ret) ||
	       find_bearer(s->text, at, word, ret) || find_value(s, at, word, ret);
}

bool redact_find(struct sv text, size_t from, struct redact_hit *ret)
{
	struct scan s = { .text = text };
	size_t at = from;

	while (at < text.len) {
		size_t word;

		if (!word_start(text, at)) {
			if (text.p[at] == ':' && find_userinfo(text, at, ret))
				return true;
			at++;
			continue;
		}
		word = run(text, at, WORD);
		if (find_at_word(&s, at, word, ret))
			return true;
		/* The letters of an escape may not belong to the word behind it. */
		if (at > 0 && text.p[at - 1] == '\\')
			at++;
		else
			at += at > 0 && is_escape(text, at - 1) ? 2 : word;
	}
	return false;
}

static int add(struct arena *a, struct sv *to, struct sv s)
{
	return s.len ? arena_append(a, to, s) : 0;
}

int redact_text(struct sv *ret, struct sv text, struct arena *a)
{
	struct redact_hit h;
	struct sv out = SV_NONE;
	size_t done = 0;
	int count = 0;

	while (redact_find(text, done, &h)) {
		if (add(a, &out, (struct sv){ text.p + done, h.at - done }) ||
		    add(a, &out, SV("[REDACTED:")) || add(a, &out, sv_of(h.kind)) ||
		    add(a, &out, SV("]")))
			return -ENOMEM;
		done = h.at + h.len;
		count++;
	}
	if (count && add(a, &out, sv_skip(text, done)))
		return -ENOMEM;
	*ret = count ? out : text;
	return count;
}
