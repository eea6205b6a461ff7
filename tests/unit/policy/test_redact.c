// SPDX-License-Identifier: Apache-2.0
#include "policy/redact.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/*
 * Secrets here are made up and written in two halves, so that no scanner takes this page for
 * a leak. In what is wanted "<kind>" stands for the marker.
 */
static const struct {
	const char *in, *want;
} cases[] = {
	/* by prefix */
	{ "key sk-"
	  "proj-abcDEF123456_-xyz0987 ok",
	  "key <openai-key> ok" },
	{ "sk-"
	  "0123456789abcdef",
	  "<openai-key>" },
	{ "sk-"
	  "ant-api03-AbCdEf012345678-_9",
	  "<anthropic-key>" },
	{ "AKIA"
	  "IOSFODNN7EXAMPLE",
	  "<aws-access-key>" },
	{ "ASIA"
	  "IOSFODNN7EXAMPLE.",
	  "<aws-access-key>." },
	{ "AKIA"
	  "IOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/"
	  "bPxRfiCYEXAMPLEKEY",
	  "<aws-access-key> <aws-secret-key>" },
	{ "ghp"
	  "_0123456789abcdefABCDEF0123456789abcd",
	  "<github-token>" },
	{ "github_pat"
	  "_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
	  "<github-token>" },
	{ "url?key=AIza"
	  "SyA1234567890abcdefghijklmnopqrstuv&x",
	  "url?key=<google-key>&x" },
	{ "xoxb"
	  "-123456789012-abcdefABCDEF",
	  "<slack-token>" },
	{ "hf"
	  "_abcdefghijABCDEFGHIJ0123",
	  "<huggingface-token>" },
	{ "glpat"
	  "-abcdefghij0123456789",
	  "<gitlab-token>" },
	{ "gsk"
	  "_abcdefghijklmnopqrstuv0123",
	  "<groq-key>" },
	{ "eyJ"
	  "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0xx.c2lnbmF0dXJl end",
	  "<jwt> end" },
	/* in addresses */
	{ "/bot123456789:"
	  "AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc/sendMessage",
	  "/bot<telegram-token>/sendMessage" },
	{ "/file/bot123456789%3A"
	  "AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc/x",
	  "/file/bot<telegram-token>/x" },
	{ "my bot is 123456789:"
	  "AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc.",
	  "my bot is <telegram-token>." },
	{ "/services/T0ABCDEFG/B0ABCDEFG/"
	  "abcdefghijABCDEFGHIJ0123",
	  "/services/T0ABCDEFG/B0ABCDEFG/<slack-webhook>" },
	{ "/api/webhooks/123456789012345678/"
	  "aBcDeFgHiJaBcDeFgHiJ-BcDeFgHiJaBcDeFgHiJaBcDeFgHiJaBcDeFgHiJ01234567/github",
	  "/api/webhooks/123456789012345678/<discord-webhook>/github" },
	{ "/keys/sk-"
	  "abcdef0123456789/use",
	  "/keys/<openai-key>/use" },
	{ "/a%2Fsk-"
	  "abcdef0123456789%2Fb",
	  "/a%2F<openai-key>%2Fb" },
	/* announced */
	{ "Authorization: Bearer abc.DEF_123-456~789==", "Authorization: Bearer <bearer-token>" },
	{ "authorization: basic dXNlcjpwYXNzd29yZA==", "authorization: basic <basic-auth>" },
	{ "postgres://bob:s3cr3t!@db/x", "postgres://bob:<password>@db/x" },
	{ "redis://:hunter2@h", "redis://:<password>@h" },
	{ "password=hunter2", "password=<password>" },
	{ "Password: hunter2", "Password: <password>" },
	{ "DB_PASSWORD='correct-horse'", "DB_PASSWORD='<password>'" },
	{ "\"password\": \"opensesame\"", "\"password\": \"<password>\"" },
	{ "{\\\"api_key\\\": \\\"abcd1234efgh\\\"}", "{\\\"api_key\\\": \\\"<api-key>\\\"}" },
	{ "OPENAI_API_KEY=abcd1234efgh5678", "OPENAI_API_KEY=<api-key>" },
	{ "x-api-key: 0123456789abcdef", "x-api-key: <api-key>" },
	{ "dbPassword := \"hunter2hunter2\"", "dbPassword := \"<password>\"" },
	{ "aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCY1234",
	  "aws_secret_access_key = <api-key>" },
	{ "token := 'abcdefgh12345678'", "token := '<token>'" },
	{ "line\\nsk-"
	  "proj-abcDEF123456 rest",
	  "line\\n<openai-key> rest" },
	{ "a=1&client_secret=abc123def456&b=2", "a=1&client_secret=<secret>&b=2" },
	/* private keys */
	{ "x -----BEGIN RSA "
	  "PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY----- y",
	  "x <private-key> y" },
	{ "-----BEGIN "
	  "PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0B\\n",
	  "<private-key>" },
	{ "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
	  "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----" },
	/* more than one */
	{ "password=hunter22 and sk-"
	  "0123456789abcdef0",
	  "password=<password> and <openai-key>" },
};

/* What people, programs and models write every day. */
static const char *const harmless[] = {
	"",
	"The token: a unit of text. Max tokens: 4096. Total token: 128000 used.",
	"Please reset my password; the password must be at least eight characters long.",
	"password: required, password: str, token: string, secret: true",
	"max_tokens=4096 prompt_tokens: 12345678 total_tokens=987654321",
	"api_key=os.environ[\"OPENAI_API_KEY\"] and token = get_token(user1234567)",
	"export OPENAI_API_KEY=$OPENAI_KEY_2024 PASSWORD=${DB_PASSWORD_1}",
	"password=args.password, password = self._password_value",
	"<password>hunter</password> api_key: <your-api-key-0000>",
	"sk-learn is scikit-learn; ask-for-more-information-about-it-please",
	"commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	"sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 uuid 123e4567-e89b-12d3-a456-426614174000",
	"https://example.com:8443/path?a=b@c and mailto:bob@example.com, git@github.com:a/b.git",
	"Bearer of bad news; bearer authentication-required; Basic understanding-of-things",
	"eyJust kidding. eyJabc.def",
	"-----BEGIN a section ----- and -----END it -----",
	"the -----BEGIN PRIVATE KEY----- line begins a key: look for it in the file",
	"compass=north bypass: 12 passkey secretary: Ms1234567 tokenizer=v2token",
	"AKIA and ASIA are prefixes; AKIAshort",
	"\"secret\": {\"type\": \"string\"}, \"token\": null, \"token\": 12345678",
	"bot1234567: what it says; robot123456789:"
	"AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc",
	"/bot/123456789/AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc",
	"at 1700000000:abcdefghijabcdefghijabcdefghijabcde",
	"/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736/TABLE/BASE/services",
	"/api/webhooks/12345/test /100%2Fdone",
	"\xff\xfe password \x00",
};

static char *with_markers(const char *want)
{
	char *out = malloc(strlen(want) * 4 + 1), *to = out;

	for (; *want; want++) {
		if (*want == '<')
			to = stpcpy(to, "[REDACTED:");
		else
			*to++ = *want == '>' ? ']' : *want;
	}
	*to = '\0';
	return out;
}

static int complaints;

/* Goes on, so that one run shows them all. */
static void complain(const char *in, struct sv out)
{
	print_message("%s: '%.*s'\n", in, SV_ARG(out));
	complaints++;
}

/* On an exact heap copy, so that ASan sees any stray read. */
static int redact_copy(struct sv *ret, const char *in, size_t len, struct arena *a, char **copy)
{
	*copy = malloc(len ? len : 1);
	memcpy(*copy, in, len);
	return redact_text(ret, (struct sv){ *copy, len }, a);
}

static void test_secrets(void **state)
{
	(void)state;
	complaints = 0;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *want = with_markers(cases[i].want), *copy;
		struct arena a;
		struct sv out;
		int n;

		arena_init(&a, 1 << 16);
		n = redact_copy(&out, cases[i].in, strlen(cases[i].in), &a, &copy);
		if ((n == 0) != (strcmp(cases[i].in, want) == 0) || !sv_eq(out, sv_of(want)))
			complain(cases[i].in, out);
		/* What was redacted once stays as it is. */
		free(copy);
		n = redact_copy(&out, want, strlen(want), &a, &copy);
		if (n != 0)
			complain(want, out);
		free(copy);
		free(want);
		arena_done(&a);
	}
	assert_int_equal(complaints, 0);
}

static void test_harmless(void **state)
{
	(void)state;
	complaints = 0;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		struct arena a;
		struct sv out;
		char *copy;
		int n;

		arena_init(&a, 1 << 16);
		n = redact_copy(&out, harmless[i], strlen(harmless[i]), &a, &copy);
		if (n != 0)
			complain(harmless[i], out);
		free(copy);
		arena_done(&a);
	}
	assert_int_equal(complaints, 0);
}

/* Every cut of a text with secrets: no stray read, and never a hit outside of it. */
static void test_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t len = 0; len <= strlen(cases[i].in); len++) {
			char *copy = malloc(len ? len : 1);
			struct redact_hit h;
			size_t from = 0;

			memcpy(copy, cases[i].in, len);
			while (redact_find((struct sv){ copy, len }, from, &h)) {
				assert_true(h.at >= from && h.len > 0 && h.at + h.len <= len);
				from = h.at + h.len;
			}
			free(copy);
		}
	}
}

static void test_no_memory(void **state)
{
	struct sv out = SV("untouched");
	struct arena a;

	(void)state;
	arena_init(&a, 8);
	assert_int_equal(redact_text(&out, SV("password=hunter2"), &a), -ENOMEM);
	assert_string_equal(out.p, "untouched");
	arena_done(&a);
}

/* Texts made to be looked at again and again must not cost more than their length. */
static const char *const hostile[] = {
	"token=",	"password=password:",
	"-----BEGIN ",	"-----BEGIN PRIVATE KEY-----",
	"://a:",	"://",
	"eyJaaaaaaaa.", "bearer ",
	"a/",		"AKIA",
	"api_key=\\\"", "sk-",
	"\\n",		"=",
	"%2F",		"%2Fsk-",
	"bot1234567:",	"T00000000/B00000000/",
	"Aa1/",		"password='",
};

static double seconds(const char *unit, size_t len)
{
	size_t n = strlen(unit);
	char *text = malloc(len);
	struct timespec t0, t1;
	struct redact_hit h;
	size_t from = 0;

	for (size_t i = 0; i < len; i++)
		text[i] = unit[i % n];
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t0);
	while (redact_find((struct sv){ text, len }, from, &h))
		from = h.at + h.len;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t1);
	free(text);
	return (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
}

static void test_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		double small = seconds(hostile[i], 1 << 16), large = seconds(hostile[i], 1 << 20);

		/* 16 times as long; quadratic would be 256 times. */
		if (large > 0.05 && large > small * 80)
			fail_msg("'%s': %f s, then %f s", hostile[i], small, large);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets),	  cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_every_cut), cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
