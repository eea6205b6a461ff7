// SPDX-License-Identifier: Apache-2.0
#include "export/sender.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <curl/curl.h>
#include <zlib.h>

#include "base/clock.h"

/* OTLP over HTTP, retried as the OTLP specification 1.60 says. */

#define RESPONSE_MAX  (4u * 1024 * 1024) /* the specification's default */
#define BACKOFF_FIRST NS_PER_SEC
#define BACKOFF_MAX   (30 * NS_PER_SEC)
#define GIVE_UP_AFTER (60 * NS_PER_SEC) /* newer spans are worth more than these by then */

struct otlp {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	enum otlp_format format;
	bool gzip;
	struct buf packed;
	struct buf response;
	bool too_long;
	char url[256]; /* for messages; never holds what the user's URL may hide */
	char curl_error[CURL_ERROR_SIZE];
};

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
	struct otlp *o = ctx;

	/* Behind the bound nothing more is of interest, and it is no reason to try again. */
	if (o->response.len + size * count > RESPONSE_MAX) {
		o->too_long = true;
		return 0;
	}
	return buf_add(&o->response, (struct sv){ p, size * count }) ? 0 : size * count;
}

static void otlp_close(void *state)
{
	struct otlp *o = state;

	if (o->multi && o->easy)
		curl_multi_remove_handle(o->multi, o->easy);
	curl_easy_cleanup(o->easy);
	curl_multi_cleanup(o->multi);
	curl_slist_free_all(o->headers);
	buf_done(&o->packed);
	buf_done(&o->response);
	free(o);
}

static int add_header(struct otlp *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int add_header(struct otlp *o, const char *fmt, ...)
{
	struct curl_slist *list;
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	list = curl_slist_append(o->headers, text);
	free(text);
	if (!list)
		return -ENOMEM;
	o->headers = list;
	return 0;
}

static int add_headers(struct otlp *o, const struct export_options *opt, const char *version)
{
	int err =
		add_header(o, "Content-Type: %s",
			   o->format == OTLP_JSON ? "application/json" : "application/x-protobuf");

	if (!err && o->gzip)
		err = add_header(o, "Content-Encoding: gzip");
	/* Else curl waits for a 100 that collectors do not send. */
	if (!err)
		err = add_header(o, "Expect:");
	if (!err)
		err = add_header(o, "User-Agent: %s%sOTel-OTLP-Exporter-earshot/%s",
				 opt->user_agent ? opt->user_agent : "", opt->user_agent ? " " : "",
				 version);
	for (size_t i = 0; i < opt->header_count && !err; i++)
		err = add_header(o, "%.*s: %.*s", SV_ARG(opt->headers[i].name),
				 SV_ARG(opt->headers[i].value));
	return err;
}

static int check_file(const char *what, const char *path, char *error)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	snprintf(error, EXPORT_ERROR_MAX, "cannot read the %s %s: %s", what, path, strerror(errno));
	return -EINVAL;
}

static int check_files(const struct export_options *opt, char *error)
{
	int err = check_file("certificate", opt->certificate, error);

	if (!err)
		err = check_file("client key", opt->client_key, error);
	if (!err)
		err = check_file("client certificate", opt->client_certificate, error);
	return err;
}

static void set_options(struct otlp *o, const struct export_options *opt)
{
	CURL *e = o->easy;

	curl_easy_setopt(e, CURLOPT_URL, opt->url);
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, o->headers);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)opt->timeout_ms);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, o);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, o->curl_error);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	if (opt->certificate)
		curl_easy_setopt(e, CURLOPT_CAINFO, opt->certificate);
	if (opt->client_key)
		curl_easy_setopt(e, CURLOPT_SSLKEY, opt->client_key);
	if (opt->client_certificate)
		curl_easy_setopt(e, CURLOPT_SSLCERT, opt->client_certificate);
}

/* The URL as far as it may be shown: no user, no query. */
static void url_for_people(struct otlp *o, const char *url)
{
	struct sv rest = sv_of(url);
	size_t scheme = 0, at;

	if (sv_starts(rest, SV("https://")))
		scheme = 8;
	else if (sv_starts(rest, SV("http://")))
		scheme = 7;
	rest = sv_skip(rest, scheme);
	rest.len = sv_find(rest, '?');
	at = sv_find(sv_cut(rest, sv_find(rest, '/')), '@');
	if (at < sv_find(rest, '/'))
		rest = sv_skip(rest, at + 1);
	snprintf(o->url, sizeof(o->url), "%.*s%.*s", (int)scheme, url, SV_ARG(rest));
}

static int otlp_open(void **state, const struct export_options *opt, const char *version,
		     char *error)
{
	struct otlp *o;
	int err = check_files(opt, error);

	if (err)
		return err;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->format = opt->format;
	o->gzip = opt->gzip;
	o->multi = curl_multi_init();
	o->easy = curl_easy_init();
	if (!o->multi || !o->easy || add_headers(o, opt, version)) {
		otlp_close(o);
		return -ENOMEM;
	}
	buf_init(&o->response, RESPONSE_MAX);
	set_options(o, opt);
	url_for_people(o, opt->url);
	*state = o;
	return 0;
}

static int pack(struct otlp *o, struct sv body)
{
	z_stream z = { 0 };
	int err;

	buf_reset(&o->packed);
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return -ENOMEM;
	err = buf_reserve(&o->packed, deflateBound(&z, body.len));
	if (!err) {
		z.next_in = (Bytef *)body.p;
		z.avail_in = (uInt)body.len;
		z.next_out = (Bytef *)o->packed.p;
		z.avail_out = (uInt)o->packed.cap;
		err = deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : -ENOMEM;
		o->packed.len = z.total_out;
	}
	deflateEnd(&z);
	return err;
}

/* Runs the transfer; -ETIMEDOUT when all must end. */
static int perform(struct otlp *o, struct sender *s, CURLcode *code)
{
	int running = 1, left = 0, err = 0;
	struct CURLMsg *m;

	curl_multi_add_handle(o->multi, o->easy);
	while (running && !err) {
		struct curl_waitfd control = { .fd = chan_fd(s->control),
					       .events = CURL_WAIT_POLLIN };
		uint64_t ms = sender_left(s) / NS_PER_MS;

		if (curl_multi_perform(o->multi, &running) != CURLM_OK)
			err = -ENOMEM;
		else if (running)
			curl_multi_poll(o->multi, &control, 1, ms < 1000 ? (int)ms + 1 : 1000,
					NULL);
		if (running && !err && !sender_alive(s))
			err = -ETIMEDOUT;
	}
	m = curl_multi_info_read(o->multi, &left);
	*code = m && m->msg == CURLMSG_DONE ? m->data.result : CURLE_ABORTED_BY_CALLBACK;
	curl_multi_remove_handle(o->multi, o->easy);
	return err;
}

enum verdict {
	SENT,
	REFUSED,
	RETRY,
	FAILED,
};

/* A gRPC port answers HTTP/1 with frames of HTTP/2. */
static bool is_no_http(CURLcode code)
{
	return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY;
}

/* Trying again does not help where we or the receiver are set up wrongly. */
static bool is_hopeless(CURLcode code)
{
	return is_no_http(code) || code == CURLE_URL_MALFORMAT ||
	       code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ENGINE_NOTFOUND;
}

static enum verdict transport_verdict(struct otlp *o, struct sender *s, CURLcode code)
{
	if (o->too_long) {
		sender_trouble(s, "%s: answer longer than %u bytes", o->url, RESPONSE_MAX);
		return REFUSED;
	}
	sender_trouble(
		s, "%s: %s%s", o->url, o->curl_error[0] ? o->curl_error : curl_easy_strerror(code),
		is_no_http(code) ? " (is this the gRPC port? OTLP over HTTP is usually 4318)" : "");
	return is_hopeless(code) ? FAILED : RETRY;
}

static enum verdict status_verdict(struct otlp *o, struct sender *s, long status)
{
	if (status >= 200 && status < 300)
		return SENT;
	sender_trouble(s, "%s: answered %ld%s", o->url, status,
		       status == 401 || status == 403 ? " (set OTEL_EXPORTER_OTLP_HEADERS)"
		       : status == 404		      ? " (is the path right? usually /v1/traces)"
						      : "");
	return status == 429 || status == 502 || status == 503 || status == 504 ? RETRY : REFUSED;
}

/* A 200 may still refuse some. */
static void count_sent(struct otlp *o, struct sender *s, uint64_t spans)
{
	struct otlp_result r = { 0 };
	uint64_t rejected = 0;
	struct arena a;

	arena_init(&a, 2 * (size_t)RESPONSE_MAX);
	if (otlp_read_response(&r, buf_sv(&o->response), o->format, &a) == 0) {
		if (r.rejected > 0)
			rejected = (uint64_t)r.rejected < spans ? (uint64_t)r.rejected : spans;
		if (rejected || r.message.len)
			sender_trouble(s, "%s: took %llu of %llu spans: %.*s", o->url,
				       (unsigned long long)(spans - rejected),
				       (unsigned long long)spans, SV_ARG(sv_cut(r.message, 100)));
	}
	arena_done(&a);
	s->result.rejected += rejected;
	s->result.sent += spans - rejected;
}

static enum verdict attempt(struct otlp *o, struct sender *s, struct sv body, uint64_t *retry_after)
{
	curl_off_t after = 0;
	CURLcode code;
	long status = 0;

	buf_reset(&o->response);
	o->too_long = false;
	o->curl_error[0] = '\0';
	curl_easy_setopt(o->easy, CURLOPT_POSTFIELDS, body.p);
	curl_easy_setopt(o->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	s->result.requests++;
	if (perform(o, s, &code)) {
		sender_trouble(s, "%s: no answer before the end", o->url);
		return FAILED;
	}
	if (code != CURLE_OK)
		return transport_verdict(o, s, code);
	curl_easy_getinfo(o->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(o->easy, CURLINFO_RETRY_AFTER, &after);
	*retry_after = after > 0 ? (uint64_t)after * NS_PER_SEC : 0;
	return status_verdict(o, s, status);
}

/* Between half and all of it, so that many senders do not come back together. */
static uint64_t jittered(uint64_t ns)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		r = (uint32_t)clock_mono();
	return ns / 2 + (uint64_t)((double)(ns / 2) * ((double)r / UINT32_MAX));
}

static enum verdict send_with_retries(struct otlp *o, struct sender *s, struct sv body)
{
	uint64_t start = clock_mono(), backoff = BACKOFF_FIRST;

	for (;;) {
		uint64_t after = 0, wait, spent;
		enum verdict v = attempt(o, s, body, &after);

		if (v != RETRY)
			return v;
		wait = after ? after : jittered(backoff);
		backoff = backoff * 2 < BACKOFF_MAX ? backoff * 2 : BACKOFF_MAX;
		spent = clock_mono() - start;
		/* Nothing is won by waiting for a time that will not come. */
		if (spent > GIVE_UP_AFTER || wait > GIVE_UP_AFTER - spent ||
		    wait > sender_left(s) || sender_wait(s, -1, 0, wait) < 0)
			return FAILED;
		s->result.retries++;
	}
}

static void otlp_send(void *state, struct sender *s, struct sv body, uint64_t spans)
{
	struct otlp *o = state;
	enum verdict v = FAILED;

	if (!o->gzip)
		v = send_with_retries(o, s, body);
	else if (pack(o, body) == 0)
		v = send_with_retries(o, s, buf_sv(&o->packed));
	switch (v) {
	case SENT:
		count_sent(o, s, spans);
		break;
	case REFUSED:
		s->result.refused += spans;
		break;
	case RETRY:
	case FAILED:
		s->result.failed += spans;
		break;
	}
}

const struct destination destination_otlp = {
	.name = "otlp",
	.open = otlp_open,
	.send = otlp_send,
	.close = otlp_close,
};
