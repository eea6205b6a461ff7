// SPDX-License-Identifier: Apache-2.0
#include "export/export.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <zlib.h>

#include "base/clock.h"
#include "common.pb-c.h"
#include "trace.pb-c.h"

/* A receiver that gives scripted answers, one per request, and keeps what it got. */
struct receiver {
	int fd;
	uint16_t port;
	pthread_t thread;
	const char *const *answers; /* up to NULL: then it closes the connection */
	char head[8][2048];
	struct buf body[8];
	size_t count;
};

static size_t body_length(const char *head)
{
	const char *p = strcasestr(head, "content-length:");

	return p ? strtoul(p + 15, NULL, 10) : 0;
}

/* One request. False at the end of the connection. */
static bool read_request(struct receiver *r, int fd)
{
	char *head = r->head[r->count], *end = NULL;
	size_t used = 0, want;

	memset(head, 0, sizeof(r->head[0]));
	while (!end && used < sizeof(r->head[0]) - 1) {
		ssize_t n = read(fd, head + used, sizeof(r->head[0]) - 1 - used);

		if (n <= 0)
			return false;
		used += (size_t)n;
		end = strstr(head, "\r\n\r\n");
	}
	if (!end)
		return false;
	end += 4;
	want = body_length(head);
	buf_add(&r->body[r->count], (struct sv){ end, used - (size_t)(end - head) });
	while (r->body[r->count].len < want) {
		char piece[4096];
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n <= 0)
			return false;
		buf_add(&r->body[r->count], (struct sv){ piece, (size_t)n });
	}
	*end = '\0';
	return true;
}

static void *serve(void *arg)
{
	struct receiver *r = arg;
	int fd;

	while (r->answers[r->count] && (fd = accept(r->fd, NULL, NULL)) >= 0) {
		while (r->answers[r->count] && read_request(r, fd)) {
			const char *answer = r->answers[r->count++];

			if (!answer[0] || write(fd, answer, strlen(answer)) < 0)
				break;
		}
		close(fd);
	}
	close(r->fd);
	return NULL;
}

static void receiver_start(struct receiver *r, const char *const *answers)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);

	*r = (struct receiver){ .answers = answers };
	for (size_t i = 0; i < ARRAY_SIZE(r->body); i++)
		buf_init(&r->body[i], 0);
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(r->fd >= 0);
	assert_int_equal(bind(r->fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(r->fd, 8), 0);
	getsockname(r->fd, (struct sockaddr *)&sin, &len);
	r->port = ntohs(sin.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
}

static void receiver_stop(struct receiver *r)
{
	pthread_join(r->thread, NULL);
}

static void receiver_done(struct receiver *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->body); i++)
		buf_done(&r->body[i]);
}

static const struct attr service = { .key = { "service.name", 12 },
				     .type = ATTR_STRING,
				     .string = { "t", 1 } };
static const struct resource resource = { .attrs = { (struct attr *)&service, 1, 1, 0 },
					  .hash = 1 };

static struct span a_span(void)
{
	return (struct span){ .trace_id = { 1 },
			      .span_id = { 2 },
			      .name = SV("chat m"),
			      .kind = SPAN_CLIENT,
			      .start = 5,
			      .end = 9 };
}

static void add_spans(struct exporter *x, int n)
{
	struct span s = a_span();

	for (int i = 0; i < n; i++)
		exporter_add(x, &resource, &s, 0);
}

static void otlp_options(struct export_options *o, char *url, uint16_t port)
{
	snprintf(url, 64, "http://127.0.0.1:%u/v1/traces", port);
	*o = (struct export_options){ .url = url,
				      .gzip = true,
				      .timeout_ms = 5000,
				      .batch_max = 2,
				      .delay_ms = 1000,
				      .queue_max = 8 };
	o->headers[0] = (struct export_header){ SV("x-key"), SV("secret") };
	o->header_count = 1;
}

#define OK(rest) "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n" rest
#define OK_EMPTY OK("Content-Length: 0\r\n\r\n")
/* partial_success { rejected_spans: 1, error_message: "no" } */
#define OK_PARTIAL	   OK("Content-Length: 8\r\n\r\n\x0a\x06\x08\x01\x12\x02no")
#define STATUS(line, rest) "HTTP/1.1 " line "\r\nContent-Length: 0\r\n" rest "\r\n"

static const struct {
	const char *name;
	const char *answers[5];
	int spans;
	unsigned int deadline_ms;
	struct export_stats want;
	const char *trouble;
} deliveries[] = {
	{ "taken", { OK_EMPTY, OK_EMPTY }, 3, 5000, { .sent = 3, .requests = 2 }, "" },
	{ "partly taken",
	  { OK_PARTIAL },
	  2,
	  5000,
	  { .sent = 1, .rejected = 1, .requests = 1 },
	  "took 1 of 2 spans: no" },
	{ "refused",
	  { STATUS("401 Unauthorized", "") },
	  2,
	  5000,
	  { .refused = 2, .requests = 1 },
	  "answered 401 (set OTEL_EXPORTER_OTLP_HEADERS)" },
	{ "no retry of a 500",
	  { STATUS("500 Oops", "") },
	  2,
	  5000,
	  { .refused = 2, .requests = 1 },
	  "answered 500" },
	{ "retried when told",
	  { STATUS("503 Busy", "Retry-After: 1\r\n"), OK_EMPTY },
	  2,
	  8000,
	  { .sent = 2, .requests = 2, .retries = 1 },
	  "answered 503" },
	{ "retried after a connection that broke",
	  { "", OK_EMPTY },
	  2,
	  8000,
	  { .sent = 2, .requests = 2, .retries = 1 },
	  "" },
	{ "no time left to try again",
	  { STATUS("429 Slow", "Retry-After: 30\r\n") },
	  2,
	  2000,
	  { .failed = 2, .requests = 1 },
	  "answered 429" },
	{ "not HTTP",
	  { "\x01\x02\x03 not http at all\r\n\r\n" },
	  2,
	  5000,
	  { .failed = 2, .requests = 1 },
	  "is this the gRPC port?" },
};

static void check_stats(const char *name, const struct export_stats *got,
			const struct export_stats *want)
{
	if (got->sent != want->sent || got->rejected != want->rejected ||
	    got->refused != want->refused || got->failed != want->failed ||
	    got->dropped != want->dropped || got->waiting || got->requests != want->requests ||
	    got->retries != want->retries)
		fail_msg("%s: sent %d rejected %d refused %d failed %d dropped %d waiting %d "
			 "requests %d retries %d; %s",
			 name, (int)got->sent, (int)got->rejected, (int)got->refused,
			 (int)got->failed, (int)got->dropped, (int)got->waiting, (int)got->requests,
			 (int)got->retries, got->last_error);
}

static void test_deliveries(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(deliveries); i++) {
		static struct receiver r;
		char url[64], error[EXPORT_ERROR_MAX];
		struct export_options o;
		struct export_stats got;
		struct exporter *x;

		receiver_start(&r, deliveries[i].answers);
		otlp_options(&o, url, r.port);
		assert_int_equal(exporter_new(&x, &o, "1", error), 0);
		add_spans(x, deliveries[i].spans);
		exporter_close(x, deliveries[i].deadline_ms, &got);
		receiver_stop(&r);
		check_stats(deliveries[i].name, &got, &deliveries[i].want);
		if (!strstr(got.last_error, deliveries[i].trouble))
			fail_msg("%s: '%s'", deliveries[i].name, got.last_error);
		receiver_done(&r);
	}
}

static void unpack(const struct buf *body, struct buf *plain)
{
	z_stream z = { .next_in = (Bytef *)body->p, .avail_in = (uInt)body->len };

	buf_reserve(plain, 1 << 16);
	z.next_out = (Bytef *)plain->p;
	z.avail_out = 1 << 16;
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	plain->len = z.total_out;
	inflateEnd(&z);
}

static void test_request_on_the_wire(void **state)
{
	const char *const answers[] = { OK_EMPTY, NULL };
	static struct receiver r;
	char url[64], error[EXPORT_ERROR_MAX];
	Otlp__ExportTraceServiceRequest *m;
	struct export_options o;
	struct exporter *x;
	struct buf plain;

	(void)state;
	receiver_start(&r, answers);
	otlp_options(&o, url, r.port);
	o.user_agent = "earshot/9";
	assert_int_equal(exporter_new(&x, &o, "9", error), 0);
	assert_string_equal(exporter_name(x), "otlp");
	add_spans(x, 2);
	exporter_close(x, 5000, NULL);
	receiver_stop(&r);
	assert_ptr_equal(strstr(r.head[0], "POST /v1/traces HTTP/1.1\r\n"), r.head[0]);
	assert_non_null(strstr(r.head[0], "\r\nContent-Type: application/x-protobuf\r\n"));
	assert_non_null(strstr(r.head[0], "\r\nContent-Encoding: gzip\r\n"));
	assert_non_null(strstr(r.head[0], "\r\nx-key: secret\r\n"));
	assert_non_null(
		strstr(r.head[0], "\r\nUser-Agent: earshot/9 OTel-OTLP-Exporter-earshot/9\r\n"));
	assert_null(strstr(r.head[0], "Expect:"));
	buf_init(&plain, 0);
	unpack(&r.body[0], &plain);
	m = otlp__export_trace_service_request__unpack(NULL, plain.len, (uint8_t *)plain.p);
	assert_non_null(m);
	assert_int_equal(m->resource_spans[0]->scope_spans[0]->n_spans, 2);
	otlp__export_trace_service_request__free_unpacked(m, NULL);
	buf_done(&plain);
	receiver_done(&r);
}

static void test_nobody_listens(void **state)
{
	char url[64], error[EXPORT_ERROR_MAX];
	struct export_options o;
	struct export_stats got;
	struct exporter *x;
	uint64_t start = clock_mono();

	(void)state;
	otlp_options(&o, url, 9); /* discard: nothing there */
	o.queue_max = 4;
	assert_int_equal(exporter_new(&x, &o, "1", error), 0);
	add_spans(x, 20);
	exporter_stats(x, &got);
	assert_int_equal(got.taken, 20);
	assert_true(got.dropped >= 12);
	exporter_close(x, 300, &got);
	assert_int_equal(got.sent, 0);
	assert_int_equal(got.waiting, 0);
	assert_int_equal(got.failed + got.dropped, 20);
	assert_non_null(strstr(got.last_error, "127.0.0.1"));
	assert_true(clock_mono() - start < 3 * NS_PER_SEC);
}

/* Nothing answers: the end comes all the same. */
static void test_silent_receiver(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	char url[64], error[EXPORT_ERROR_MAX];
	struct export_options o;
	struct export_stats got;
	struct exporter *x;
	uint64_t start = clock_mono();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	otlp_options(&o, url, ntohs(sin.sin_port));
	assert_int_equal(exporter_new(&x, &o, "1", error), 0);
	add_spans(x, 4);
	exporter_close(x, 300, &got);
	assert_int_equal(got.failed, 4);
	assert_true(clock_mono() - start < 3 * NS_PER_SEC);
	close(fd);
}

static void test_bad_options(void **state)
{
	char url[64], error[EXPORT_ERROR_MAX];
	struct export_options o;
	struct exporter *x;

	(void)state;
	otlp_options(&o, url, 1);
	o.certificate = "/no/such.pem";
	assert_int_equal(exporter_new(&x, &o, "1", error), -EINVAL);
	assert_string_equal(error,
			    "cannot read the certificate /no/such.pem: No such file or directory");
	export_options_file(&o, "/no/such/dir/x.jsonl");
	assert_int_equal(exporter_new(&x, &o, "1", error), -ENOENT);
	assert_non_null(strstr(error, "/no/such/dir/x.jsonl"));
}

static void test_file(void **state)
{
	char path[] = "/tmp/earshot-test-XXXXXX", text[8192], error[EXPORT_ERROR_MAX];
	int fd = mkstemp(path), lines = 0;
	struct export_options o;
	struct export_stats got;
	struct exporter *x;
	ssize_t n;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	close(fd);
	export_options_file(&o, path);
	o.wait = true;
	assert_int_equal(exporter_new(&x, &o, "1", error), 0);
	add_spans(x, 3);
	exporter_close(x, 5000, &got);
	check_stats("file", &got, &(struct export_stats){ .sent = 3, .requests = 3 });
	/* A second run goes on behind the first. */
	assert_int_equal(exporter_new(&x, &o, "1", error), 0);
	assert_string_equal(exporter_name(x), "file");
	add_spans(x, 1);
	exporter_close(x, 5000, NULL);
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	for (char *p = text; (p = strchr(p, '\n')); p++, lines++)
		assert_true(p[-1] == '}');
	assert_int_equal(lines, 4);
	close(fd);
	unlink(path);
}

/* A pipe that nobody empties: what does not go is counted, and the end comes. */
static void test_full_fifo(void **state)
{
	char dir[] = "/tmp/earshot-test-XXXXXX", path[64], error[EXPORT_ERROR_MAX];
	struct export_options o;
	struct export_stats got;
	struct exporter *x;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	export_options_file(&o, path);
	assert_int_equal(exporter_new(&x, &o, "1", error), 0);
	add_spans(x, 400);
	exporter_close(x, 300, &got);
	assert_true(got.sent > 0);
	assert_true(got.failed > 0);
	assert_int_equal(got.sent + got.failed + got.dropped, 400);
	close(fd);
	unlink(path);
	rmdir(dir);
}

static void test_batches_leave_in_time(void **state)
{
	const char *const answers[] = { OK_EMPTY, OK_EMPTY, NULL };
	static struct receiver r;
	char url[64], error[EXPORT_ERROR_MAX];
	struct export_options o;
	struct export_stats got;
	struct exporter *x;
	struct span s = a_span();

	(void)state;
	receiver_start(&r, answers);
	otlp_options(&o, url, r.port);
	o.batch_max = 100;
	assert_int_equal(exporter_new(&x, &o, "1", error), 0);
	exporter_add(x, &resource, &s, 1000 * NS_PER_MS);
	exporter_tick(x, 1999 * NS_PER_MS);
	exporter_tick(x, 2000 * NS_PER_MS); /* one second after the first span */
	exporter_add(x, &resource, &s, 2001 * NS_PER_MS);
	exporter_close(x, 5000, &got);
	receiver_stop(&r);
	assert_int_equal(got.requests, 2);
	assert_int_equal(got.sent, 2);
	receiver_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deliveries),     cmocka_unit_test(test_request_on_the_wire),
		cmocka_unit_test(test_nobody_listens), cmocka_unit_test(test_silent_receiver),
		cmocka_unit_test(test_bad_options),    cmocka_unit_test(test_file),
		cmocka_unit_test(test_full_fifo),      cmocka_unit_test(test_batches_leave_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
