// SPDX-License-Identifier: Apache-2.0
#include "proto/http1.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cuts.h"

/*
 * What the parser says is written down: "<" start, "GET /" or "200" with ":framing" for a head
 * ("*" behind it: conflict), "'body'", "~3" three bytes missing ("~~3": of what, is not known),
 * "-3" three bytes passed over, and the end: ">" whole, "c>" closed, "!>" cut, "?>" lost, "x(why)>" broken.
 */
struct run {
	struct notes notes;
	struct http1 http;
	enum http1_verdict verdict; /* for 2xx */
	bool fields;		    /* are written down too */
	bool in_body;
	uint64_t skipped;
	uint64_t stamp;
	size_t taken;
};

static const char *const framing_names[] = {
	[HTTP1_NO_BODY] = "none",      [HTTP1_LENGTH] = "length", [HTTP1_CHUNKED] = "chunked",
	[HTTP1_UNTIL_CLOSE] = "close", [HTTP1_TUNNEL] = "tunnel",
};

/* Pieces of one body, and counts of one search, depend on the cuts: they are joined. */
static void settle(struct run *r, bool body)
{
	if (r->in_body && !body)
		note(&r->notes, "'");
	if (r->skipped)
		note(&r->notes, "-%d", (int)r->skipped);
	if (body && !r->in_body)
		note(&r->notes, "'");
	r->in_body = body;
	r->skipped = 0;
}

static void on_start(void *ctx, uint64_t stamp)
{
	struct run *r = ctx;

	settle(r, false);
	note(&r->notes, "<");
	assert_true(stamp <= r->stamp);
}

static enum http1_verdict on_head(void *ctx, const struct http1_head *h)
{
	struct run *r = ctx;

	settle(r, false);
	if (h->http.status)
		note(&r->notes, "%u", h->http.status);
	else
		note(&r->notes, "%.*s %.*s", SV_ARG(h->http.method), SV_ARG(h->http.target));
	note(&r->notes, ":%s%s", framing_names[h->framing], h->http.conflict ? "*" : "");
	for (size_t i = 0; r->fields && i < h->http.field_count; i++)
		note(&r->notes, "{%.*s=%.*s}", SV_ARG(h->http.fields[i].name),
		     SV_ARG(h->http.fields[i].value));
	return h->http.status >= 200 && h->http.status < 300 ? r->verdict : HTTP1_AS_FRAMED;
}

static void on_body(void *ctx, struct sv bytes)
{
	struct run *r = ctx;

	assert_true(bytes.len > 0);
	settle(r, true);
	note(&r->notes, "%.*s", SV_ARG(bytes));
}

static void on_gap(void *ctx, uint64_t lost, bool exact)
{
	struct run *r = ctx;

	settle(r, false);
	note(&r->notes, "%s%d", exact ? "~" : "~~", (int)lost);
}

static void on_end(void *ctx, enum http1_end how)
{
	static const char *const ends[] = { ">", "c>", "!>", "?>" };
	struct run *r = ctx;

	settle(r, false);
	if (how == HTTP1_BROKEN)
		note(&r->notes, "x(%s)>", http1_error(&r->http));
	else
		note(&r->notes, "%s", ends[how]);
}

static void on_skipped(void *ctx, uint64_t count)
{
	struct run *r = ctx;

	assert_true(count > 0);
	if (r->in_body)
		settle(r, false);
	r->skipped += count;
}

static const struct http1_ops ops = {
	.start = on_start,
	.head = on_head,
	.body = on_body,
	.gap = on_gap,
	.end = on_end,
	.skipped = on_skipped,
};

static void feed(void *parser, struct sv piece)
{
	struct run *r = parser;

	r->taken += http1_feed(&r->http, piece, ++r->stamp);
}

static void begin(struct run *r, enum http1_kind kind)
{
	*r = (struct run){ .fields = r->fields, .verdict = r->verdict };
	http1_init(&r->http, kind, &ops, r);
}

static void finish(struct run *r)
{
	http1_close(&r->http);
	settle(r, false);
	assert_false(http1_is_open(&r->http));
	http1_done(&r->http);
}

struct one {
	const char *name, *in, *want;
};

static void check(enum http1_kind kind, const struct one *c, struct run *r)
{
	struct sv in = sv_of(c->in);

	for (size_t plan = 0; plan < cut_plans(in); plan++) {
		begin(r, kind);
		cut_feed(feed, r, in, plan);
		finish(r);
		if (strcmp(r->notes.text, c->want) != 0)
			fail_msg("%s, cut %zu: %s", c->name, plan, r->notes.text);
	}
}

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct one requests[] = {
	{ "no body", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "<GET /:none>" },
	{ "length", "POST /v1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
	  "<POST /v1:length'hello'>" },
	{ "length 0", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "<POST /:length>" },
	{ "keep-alive, pipelined",
	  "GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.0\r\ncontent-length:2\r\n\r\nhiGET /c "
	  "HTTP/1.1\r\n\r\n",
	  "<GET /a:none><POST /b:length'hi'><GET /c:none>" },
	{ "line ends before a message", "\r\n\nGET / HTTP/1.1\r\n\r\n\r\n", "<GET /:none>" },
	{ "bare LF", "POST / HTTP/1.1\nContent-Length: 1\n\nxGET / HTTP/1.1\n\r\n",
	  "<POST /:length'x'><GET /:none>" },
	{ "chunked",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
	  "world\r\n0\r\n\r\n",
	  "<POST /:chunked'hello world'>" },
	{ "chunked in capitals, listed",
	  "POST / HTTP/1.1\r\nTRANSFER-ENCODING: gzip , Chunked\r\n\r\n0\r\n\r\n",
	  "<POST /:chunked>" },
	{ "chunk extensions and trailers",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "A;a=b;c=\"d e\"\r\n0123456789\r\n00b  \r\n0123456789a\r\n0;x\r\nX-T: 1\r\nY: "
	  "2\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	  "<POST /:chunked'01234567890123456789a'><GET /:none>" },
	{ "chunked with bare LF",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n2;x\nbc\n0\nT: u\n\n",
	  "<POST /:chunked'abc'>" },
	{ "trailer lines of one letter",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na\r\n\r\r\n\r\n",
	  "<POST /:chunked>" },
	{ "coding beats length",
	  "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: "
	  "chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
	  "<POST /:chunked*'z'>" },
	{ "same length twice",
	  "POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2, 2\r\n\r\nab",
	  "<POST /:length'ab'>" },
	{ "two lengths", "POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
	  "<x(two different Content-Lengths)>-3" },
	{ "bad lengths", "POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\n",
	  "<x(bad Content-Length)>" },
	{ "no length", "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", "<x(bad Content-Length)>" },
	{ "huge length", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
	  "<x(bad Content-Length)>" },
	{ "coding that does not end",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	  "<x(request body without an end)><GET /:none>" },
	{ "bad method", "G@T / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	  "<x(bad method)><GET /:none>" },
	{ "no target", "GET HTTP/1.1\r\n\r\n", "<x(bad request line)>" },
	{ "no target but blanks", "GET   HTTP/1.1\r\n\r\n", "<x(bad request line)>" },
	{ "no version", "GET /\r\n\r\n", "<x(bad request line)>" },
	{ "other version", "GET / HTTP/2.0\r\n\r\n", "<x(bad version)>" },
	{ "no HTTP", "\x16\x03\x01 something\r\nGET /x HTTP/1.1\r\n\r\n",
	  "<x(no HTTP/1 message)>-15<GET /x:none>" },
	{ "bad chunk size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
	  "<POST /:chunkedx(bad chunk size)>-5" },
	{ "empty chunk size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
	  "<POST /:chunkedx(bad chunk size)>-2" },
	{ "bad end of a chunk size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n",
	  "<POST /:chunkedx(bad chunk size)>-3" },
	{ "huge chunk size",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0123456789abcdef\r\n",
	  "<POST /:chunkedx(chunk size too large)>-3" },
	{ "chunk longer than told",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
	  "<POST /:chunked'a'x(chunk longer than its size)>-3" },
	{ "chunk end with two CR",
	  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\r\n",
	  "<POST /:chunked'a'x(chunk longer than its size)>-2" },
	{ "cut in the head", "GET / HT", "<!>" },
	{ "cut in the body", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel",
	  "<POST /:length'hel'!>" },
	{ "cut in a chunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
	  "<POST /:chunked'hel'!>" },
	{ "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "<CONNECT a:443:none>" },
	{ "nothing", "", "" },
};

static const struct one responses[] = {
	{ "length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "<200:length'abc'>" },
	{ "no reason",
	  "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\nHTTP/1.0 404 \r\ncontent-length: 1\r\n\r\nx",
	  "<200:length><404:length'x'>" },
	{ "interim",
	  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 201 "
	  "C\r\nContent-Length: 1\r\n\r\ny",
	  "<100:none><103:none><201:length'y'>" },
	{ "without content",
	  "HTTP/1.1 204 N\r\n\r\nHTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 "
	  "O\r\nContent-Length: 0\r\n\r\n",
	  "<204:none><304:none><200:length>" },
	{ "until close", "HTTP/1.1 200 OK\r\n\r\nall of\r\n\r\nthis",
	  "<200:close'all of\r\n\r\nthis'c>" },
	{ "other coding",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nxyz",
	  "<200:close*'xyz'c>" },
	{ "coding in HTTP/1.0",
	  "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	  "<200:chunked*'x'>" },
	{ "upgrade", "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n", "<101:tunnel>" },
	{ "bad status", "HTTP/1.1 2x0 OK\r\n\r\n", "<x(bad status)>" },
	{ "long status", "HTTP/1.1 2000 OK\r\n\r\n", "<x(bad status)>" },
	{ "small status", "HTTP/1.1 099 OK\r\n\r\n", "<x(bad status)>" },
	{ "bad status line", "HTTP/1.1-200 OK\r\n\r\n", "<x(bad status line)>" },
	{ "short status line", "HTTP/1.1\r\n\r\n", "<x(bad status line)>" },
	{ "other version", "HTTP/3.1 200 OK\r\n\r\n", "<x(bad status line)>" },
	{ "extra bytes",
	  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabcd\r\nHTTP/1.1 200 OK\r\nContent-Length: "
	  "0\r\n\r\n",
	  "<200:length'a'><x(no HTTP/1 message)>-5<200:length>" },
	{ "cut in the head", "HTTP/1.1 200 OK\r\nContent-", "<!>" },
};

static void test_requests_at_every_cut(void **state)
{
	struct run r = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		check(HTTP1_REQUESTS, &requests[i], &r);
}

static void test_responses_at_every_cut(void **state)
{
	struct run r = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(responses); i++)
		check(HTTP1_RESPONSES, &responses[i], &r);
}

static void test_fields(void **state)
{
	static const struct one fields[] = {
		{ "trimmed", "GET / HTTP/1.1\r\nA:b\r\nC: \t d e \t\r\nF:\r\n\r\n",
		  "<GET /:none{A=b}{C=d e}{F=}>" },
		{ "folded", "GET / HTTP/1.1\r\nA: b\r\n c\n\td\r\nE: f\r\n \r\n\r\n",
		  "<GET /:none{A=b   c \td}{E=f}>" },
		{ "blank before the first", "GET / HTTP/1.1\r\n A: b\r\nC: d\r\n\r\n",
		  "<GET /:none{C=d}>" },
		{ "no fields", "GET / HTTP/1.1\r\nnothing\r\n: x\r\na b: c\r\nD : e\r\n\r\n",
		  "<GET /:none{D=e}>" },
		{ "target with blanks", "GET  /a b  HTTP/1.1\r\n\r\n", "<GET /a b:none>" },
	};
	struct run r = { .fields = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		check(HTTP1_REQUESTS, &fields[i], &r);
}

static void test_verdicts(void **state)
{
	static const struct one head = {
		"HEAD",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 N\r\nContent-Length: "
		"1\r\n\r\nx",
		"<200:length><404:length'x'>",
	};
	const char *in = "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01";
	struct run r = { .verdict = HTTP1_WITHOUT_BODY };

	(void)state;
	check(HTTP1_RESPONSES, &head, &r);
	r.verdict = HTTP1_AS_TUNNEL;
	for (size_t plan = 0; plan < cut_plans(sv_of(in)); plan++) {
		begin(&r, HTTP1_RESPONSES);
		cut_feed(feed, &r, sv_of(in), plan);
		http1_gap(&r.http, 10);
		assert_int_equal(r.taken, strlen(in) - 3);
		finish(&r);
		assert_string_equal(r.notes.text, "<200:close>");
	}
}

static void test_limits(void **state)
{
	struct run r = { 0 };
	static char big[HTTP1_HEAD_MAX * 2];
	size_t len;

	(void)state;
	begin(&r, HTTP1_REQUESTS);
	memset(big, 'a', sizeof(big));
	memcpy(big, "GET /", 5);
	feed(&r, (struct sv){ big, 1000 });
	feed(&r, (struct sv){ big + 1000, sizeof(big) - 1000 });
	finish(&r);
	assert_string_equal(r.notes.text, "<x(head too long)>-65536");

	begin(&r, HTTP1_REQUESTS);
	len = (size_t)sprintf(big, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;");
	big[len] = 'a';
	feed(&r, (struct sv){ big, len + HTTP1_CHUNK_LINE_MAX + 1 });
	finish(&r);
	assert_string_equal(r.notes.text, "<POST /:chunkedx(chunk extension too long)>-4098");

	begin(&r, HTTP1_REQUESTS);
	len = (size_t)sprintf(big, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
	big[len] = 'a';
	feed(&r, (struct sv){ big, sizeof(big) });
	finish(&r);
	assert_non_null(strstr(r.notes.text, "<POST /:chunkedx(trailers too long)>-"));

	r.fields = true;
	begin(&r, HTTP1_REQUESTS);
	len = (size_t)sprintf(big, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < HTTP_FIELDS_MAX + 5; i++)
		len += (size_t)sprintf(big + len, "a%d:b\r\n", i);
	len += (size_t)sprintf(big + len, "Content-Length: 2\r\n\r\nhi");
	feed(&r, (struct sv){ big, len });
	finish(&r);
	assert_non_null(strstr(r.notes.text, "<GET /:length{a0=b}"));
	assert_non_null(strstr(r.notes.text, "{a127=b}'hi'>"));
}

/* Gaps: what came before, how much is lost, what comes after. */

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define NEXT	"HTTP/1.1 204 N\r\n\r\n"

static const struct {
	const char *name, *before;
	unsigned int lost;
	const char *after, *want;
} gaps[] = {
	{ "inside a known length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 3, "ghi" NEXT,
	  "<200:length'abc'~3'ghi'><204:none>" },
	{ "up to its end", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 6, NEXT,
	  "<200:length'abc'~6><204:none>" },
	{ "beyond its end", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 7,
	  "TTP/1.1 204 N\r\n\r\n" NEXT, "<200:length'abc'~6>~~1-17<204:none>" },
	{ "until close", "HTTP/1.1 200 OK\r\n\r\nabc", 7, NEXT, "<200:close'abc'~7'" NEXT "'c>" },
	{ "in the head", "HTTP/1.1 200 OK\r\nConte", 7, "ngth: 5\r\n\r\n" NEXT,
	  "<~~7?>-11<204:none>" },
	{ "between messages", NEXT, 7, "stray\r\n" NEXT, "<204:none>~~7-7<204:none>" },
	{ "inside a chunk", CHUNKED "9\r\nabc", 3, "ghi\r\n0\r\n\r\n" NEXT,
	  "<200:chunked'abc'~3'ghi'><204:none>" },
	{ "up to a chunk's end", CHUNKED "9\r\nabc", 6, "\r\n2\r\nxy\r\n0\r\n\r\n",
	  "<200:chunked'abc'~6'xy'>" },
	{ "over chunks, next chunk found", CHUNKED "9\r\nabc", 60,
	  "lm\r\n3\r\nno\n\r\n4\r\npqrs\r\n0\r\n\r\n" NEXT,
	  "<200:chunked'abc'~~60-12'pqrs'><204:none>" },
	{ "next chunk at once", CHUNKED "3\r\nabc\r\n", 60, "1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n",
	  "<200:chunked'abc'~~60-6'yz'>" },
	{ "last chunk found", CHUNKED "3\r\nabc\r\n", 60, "rest\r\n0\r\n\r\n" NEXT,
	  "<200:chunked'abc'~~60-11><204:none>" },
	{ "next message found", CHUNKED "3\r\nabc\r\n", 60, "rest\r\n" NEXT,
	  "<200:chunked'abc'~~60-6?><204:none>" },
	{ "false chunk", CHUNKED "3\r\nabc\r\n", 60,
	  "5\r\nno such chunk\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n", "<200:chunked'abc'~~60-24'yz'>" },
	{ "false last chunk", CHUNKED "3\r\nabc\r\n", 60, "0\r\njunk\r\n1\r\nx\r\n0\r\n\r\n",
	  "<200:chunked'abc'~~60-15>" },
	{ "chunks with bare LF are not believed", CHUNKED "3\r\nabc\r\n", 60, "1\nx\n2\nyz\n",
	  "<200:chunked'abc'~~60-9!>" },
	{ "stream ends", CHUNKED "3\r\nabc\r\n", 60, "rest", "<200:chunked'abc'~~60-4!>" },
	{ "in the trailers", CHUNKED "0\r\nT: u", 4, "v\r\n\r\n" NEXT,
	  "<200:chunked~~4-5?><204:none>" },
	{ "in a chunk size", CHUNKED "3\r\nabc\r\n1", 1, "\nx\r\n3\r\ndef\r\n1\r\ng\r\n0\r\n\r\n",
	  "<200:chunked'abc'~~1-12'g'>" },
	{ "at the start", "", 5, "1.1 200 OK\r\n\r\n" NEXT, "~~5-14<204:none>" },
};

static void test_gaps_at_every_cut(void **state)
{
	struct run r = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		struct sv after = sv_of(gaps[i].after);

		for (size_t plan = 0; plan < cut_plans(after); plan++) {
			begin(&r, HTTP1_RESPONSES);
			cut_piece(feed, &r, sv_of(gaps[i].before));
			http1_gap(&r.http, 0);
			http1_gap(&r.http, gaps[i].lost);
			cut_feed(feed, &r, after, plan);
			finish(&r);
			if (strcmp(r.notes.text, gaps[i].want) != 0)
				fail_msg("%s, cut %zu: %s", gaps[i].name, plan, r.notes.text);
		}
	}
}

static void test_second_gap(void **state)
{
	struct run r = { 0 };

	(void)state;
	begin(&r, HTTP1_RESPONSES);
	feed(&r, SV(CHUNKED "3\r\nabc\r\n"));
	http1_gap(&r.http, 5);
	feed(&r, SV("x\r\nHTTP/1.1 2"));
	http1_gap(&r.http, 6);
	feed(&r, SV("04 N\r\n\r\n8\r\nab"));
	http1_gap(&r.http, 7);
	feed(&r, SV("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"));
	finish(&r);
	assert_string_equal(r.notes.text, "<200:chunked'abc'~~5-13~~6-13~~7-7'c'>");
}

static void test_join(void **state)
{
	static const struct one joins[] = {
		{ "at a request", "GET /a HTTP/1.1\r\n\r\n", "<GET /a:none>" },
		{ "in a body",
		  "of a body\nGET it\r\nPOST /b HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
		  "-18<POST /b:length'x'>" },
		{ "nothing found", "GET a GET b", "-11" },
	};
	struct run r = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(joins); i++) {
		struct sv in = sv_of(joins[i].in);

		for (size_t plan = 0; plan < cut_plans(in); plan++) {
			begin(&r, HTTP1_REQUESTS);
			http1_join(&r.http);
			cut_feed(feed, &r, in, plan);
			finish(&r);
			if (strcmp(r.notes.text, joins[i].want) != 0)
				fail_msg("%s, cut %zu: %s", joins[i].name, plan, r.notes.text);
		}
	}
}

/* The stamp is that of the feed with the message's first byte. */
static uint64_t stamps[4];
static size_t stamp_count;

static void keep_stamp(void *ctx, uint64_t stamp)
{
	(void)ctx;
	stamps[stamp_count++] = stamp;
}

static void test_stamps(void **state)
{
	struct http1_ops keep = ops;
	struct run r = { 0 };

	(void)state;
	keep.start = keep_stamp;
	http1_init(&r.http, HTTP1_REQUESTS, &keep, &r);
	http1_feed(&r.http, SV("\r\n"), 1);
	http1_feed(&r.http, SV("GE"), 2);
	http1_feed(&r.http, SV("T / HTTP/1.1\r\n\r\nG"), 3);
	http1_gap(&r.http, 5);
	http1_feed(&r.http, SV("xx\r\nGET "), 4);
	http1_feed(&r.http, SV("/ HTTP/1.1\r\n\r\n"), 5);
	http1_done(&r.http);
	assert_int_equal(stamp_count, 3);
	assert_int_equal(stamps[0], 2);
	assert_int_equal(stamps[1], 3);
	assert_int_equal(stamps[2], 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_at_every_cut),
		cmocka_unit_test(test_responses_at_every_cut),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_gaps_at_every_cut),
		cmocka_unit_test(test_second_gap),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
