// SPDX-License-Identifier: Apache-2.0
/*
 * bench_parse - what the middle of the line costs, from kernel records to values read out of
 * JSON, on made-up traffic: prints one line per kind, best of several runs.
 *
 * Build and run: make .output/bench/bench_parse && .output/bench/bench_parse
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <zlib.h>

#include "base/json_read.h"
#include "earshot/stats.h"
#include "exchange/pair.h"
#include "stream/conn.h"

#define RUNS	   7
#define PROMPT_LEN 3000000
#define EVENTS	   500

/* What a dialect asks of a chat.completion.chunk, and of a request. */
enum { IN_CHUNK = 1u << 0, IN_REQUEST = 1u << 1 };
static const struct json_rule rules[] = {
	{ "id", 1, 0, 0 },
	{ "model", 2, 0, 0 },
	{ "choices[].index", 3, 0, 0 },
	{ "choices[].delta.role", 4, 0, 0 },
	{ "choices[].delta.content", 5, 0, 0 },
	{ "choices[].finish_reason", 6, 0, 0 },
	{ "usage.prompt_tokens", 7, JSON_ANCHOR, 0 },
	{ "usage.completion_tokens", 8, 0, 0 },
	{ "model", 9, 0, 1 },
	{ "stream", 10, 0, 1 },
	{ "messages[].role", 11, 0, 1 },
	{ "messages[].content", 12, 0, 1 },
};

struct bench {
	struct conns *conns;
	struct pairs *pairs;
	struct stat_pair stats[ES_STAT_COUNT];
	struct json_reader *chunk;
	struct json_reader *request;
	uint64_t values;
	uint64_t events;
	uint64_t exchanges;
	uint64_t birth;
};

static int on_value(void *ctx, const struct json_event *ev)
{
	struct bench *b = ctx;

	b->values += ev->last;
	return 0;
}

static void on_begin(void *ctx, struct exchange *ex)
{
	struct bench *b = ctx;

	(void)ex;
	json_reader_reset(b->request);
}

static void on_req_body(void *ctx, struct exchange *ex, struct sv bytes)
{
	struct bench *b = ctx;

	(void)ex;
	if (json_feed(b->request, bytes))
		abort();
}

static void on_req_end(void *ctx, struct exchange *ex)
{
	struct bench *b = ctx;

	(void)ex;
	if (json_end(b->request))
		abort();
}

static void on_head(void *ctx, struct exchange *ex)
{
	(void)ctx;
	(void)ex;
}

static void on_resp_body(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time)
{
	(void)ctx;
	(void)ex;
	(void)bytes;
	(void)time;
}

static void on_event(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		     uint64_t time)
{
	struct bench *b = ctx;

	(void)ex;
	(void)side;
	(void)time;
	b->events++;
	json_reader_reset(b->chunk);
	if (json_feed(b->chunk, ev->data) || json_end(b->chunk))
		abort();
}

static void on_gap(void *ctx, struct exchange *ex, enum ex_side side)
{
	(void)ctx;
	(void)ex;
	(void)side;
	abort();
}

static void on_end(void *ctx, struct exchange *ex, uint64_t time)
{
	struct bench *b = ctx;

	(void)time;
	if (ex->outcome != EX_DONE)
		abort();
	b->exchanges++;
}

static const struct exchange_ops ops = {
	.begin = on_begin,
	.req_body = on_req_body,
	.req_end = on_req_end,
	.resp_head = on_head,
	.resp_body = on_resp_body,
	.event = on_event,
	.gap = on_gap,
	.end = on_end,
};

struct text {
	char *p;
	size_t len;
};

static void add(struct text *t, const char *s, size_t len)
{
	memcpy(t->p + t->len, s, len);
	t->len += len;
}

static void add_str(struct text *t, const char *s)
{
	add(t, s, strlen(s));
}

static struct text text_new(void)
{
	struct text t = { .p = malloc(8u << 20) };

	if (!t.p)
		abort();
	return t;
}

static const char chunk_json[] =
	"{\"id\":\"chatcmpl-AbCdEf0123456789\",\"object\":\"chat.completion.chunk\","
	"\"created\":1712345678,\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,"
	"\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}";

static struct text request(size_t content)
{
	static const char words[] =
		"The quick brown fox jumps over the lazy dog.\\nAnd \\\"again\\\" ";
	struct text t = text_new(), body = text_new();
	char head[256];

	add_str(&body, "{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":[{\"role\":\"user\","
		       "\"content\":\"");
	while (body.len < content)
		add_str(&body, words);
	add_str(&body, "\"}]}");
	snprintf(head, sizeof(head),
		 "POST /v1/chat/completions HTTP/1.1\r\nHost: api.test\r\nUser-Agent: bench\r\n"
		 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		 body.len);
	add_str(&t, head);
	add(&t, body.p, body.len);
	free(body.p);
	return t;
}

static void add_chunk(struct text *t, const char *s, size_t len)
{
	char size[32];

	snprintf(size, sizeof(size), "%zx\r\n", len);
	add_str(t, size);
	add(t, s, len);
	add_str(t, "\r\n");
}

static struct text answer(bool gzip)
{
	struct text t = text_new();
	char event[512], coded[1024];
	z_stream z = { 0 };

	if (gzip && deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	add_str(&t, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
	add_str(&t, gzip ? "Content-Encoding: gzip\r\n" : "");
	add_str(&t, "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < EVENTS; i++) {
		int len = snprintf(event, sizeof(event), "data: %s\n\n", chunk_json);

		z.next_in = (Bytef *)event;
		z.avail_in = (uInt)len;
		z.next_out = (Bytef *)coded;
		z.avail_out = sizeof(coded);
		if (gzip)
			deflate(&z, i + 1 < EVENTS ? Z_SYNC_FLUSH : Z_FINISH);
		add_chunk(&t, gzip ? coded : event,
			  gzip ? sizeof(coded) - z.avail_out : (size_t)len);
	}
	deflateEnd(&z);
	add_str(&t, "0\r\n\r\n");
	return t;
}

/* One direction of one call, in records of at most piece bytes. */
static void send(struct bench *b, enum conn_dir dir, struct text t, size_t piece)
{
	struct es_data rec = {
		.head = { .type = ES_REC_DATA, .time = 1, .tgid = 1 },
		.stream = { .proc_start = 1, .object = 0x7f00deadbee0, .birth = b->birth },
		.dir = (__u8)dir,
		.source = ES_SRC_TLS,
	};

	for (size_t at = 0; at < t.len; at += piece) {
		size_t len = t.len - at < piece ? t.len - at : piece;

		rec.offset = at;
		rec.len = (__u32)len;
		conns_data(b->conns, &rec, (struct sv){ t.p + at, len });
	}
}

static void send_call(struct bench *b, struct text req, struct text resp, size_t piece)
{
	struct es_close end = {
		.head = { .type = ES_REC_CLOSE, .time = 1, .tgid = 1 },
		.stream = { .proc_start = 1, .object = 0x7f00deadbee0 },
		.passed = { req.len, resp.len },
	};

	b->birth++;
	end.stream.birth = b->birth;
	send(b, CONN_WRITE, req, 16384);
	send(b, CONN_READ, resp, piece);
	conns_close(b->conns, &end);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void measure(struct bench *b, const char *name, struct text req, struct text resp,
		    size_t piece, int calls)
{
	double best = 1e9, bytes = (double)(req.len + resp.len) * calls;
	uint64_t events = 0;

	for (int run = 0; run < RUNS; run++) {
		double start = seconds();

		b->events = b->exchanges = 0;
		for (int i = 0; i < calls; i++)
			send_call(b, req, resp, piece);
		start = seconds() - start;
		best = start < best ? start : best;
		events = b->events;
		if (b->exchanges != (uint64_t)calls)
			abort();
	}
	printf("%-44s %7.0f MB/s", name, bytes / best / 1e6);
	if (events)
		printf(" %9.0f events/s %6.3f us/event", (double)events / best,
		       best / (double)events * 1e6);
	printf("\n");
}

static void measure_memcpy(struct text t)
{
	char *to = malloc(t.len);
	double best = 1e9;

	for (int run = 0; run < 100; run++) {
		double start = seconds();

		memcpy(to, t.p, t.len);
		__asm__ volatile("" : : "r"(to) : "memory");
		start = seconds() - start;
		best = start < best ? start : best;
	}
	printf("%-44s %7.0f MB/s\n", "memcpy, 3 MB", (double)t.len / best / 1e6);
	free(to);
}

int main(void)
{
	static struct bench b;
	struct pairs_opts pairs = { .stats = b.stats, .ops = &ops, .ctx = &b };
	struct conns_opts conns = { .stats = b.stats };
	struct text small = request(60000), large = request(PROMPT_LEN);
	struct text plain = answer(false), gzip = answer(true), none = text_new();
	size_t event = strlen(chunk_json) + strlen("xx\r\ndata: \n\n\r\n");
	struct json_schema *schema;

	add_str(&none, "HTTP/1.1 204 No Content\r\n\r\n");
	if (json_schema_new(&schema, rules, ARRAY_SIZE(rules)) || pairs_new(&b.pairs, &pairs) ||
	    json_reader_new(&b.chunk, schema, IN_CHUNK, on_value, &b) ||
	    json_reader_new(&b.request, schema, IN_REQUEST, on_value, &b))
		return EXIT_FAILURE;
	conns.readers[CONN_HTTP1] = conns.readers[CONN_UNSEEN] =
		(struct conn_reader){ &pairs_sink, b.pairs };
	if (conns_new(&b.conns, &conns))
		return EXIT_FAILURE;

	measure_memcpy(large);
	measure(&b, "3 MB JSON request", large, none, 16384, 10);
	measure(&b, "60 kB request, events, 16 KiB records", small, plain, 16384, 100);
	measure(&b, "60 kB request, events, record per event", small, plain, event, 100);
	measure(&b, "60 kB request, gzip events, 16 KiB records", small, gzip, 16384, 100);
	conns_free(b.conns);
	pairs_free(b.pairs);
	json_reader_free(b.chunk);
	json_reader_free(b.request);
	json_schema_free(schema);
	return EXIT_SUCCESS;
}
