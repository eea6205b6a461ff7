// SPDX-License-Identifier: Apache-2.0
#include "export/export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/kvlist.h"
#include "base/token.h"

/* OpenTelemetry specification 1.60: protocol/exporter and sdk-environment-variables. */

#define TRACES_PATH "/v1/traces"

struct env {
	export_env_fn *fn;
	void *ctx;
	char *error;
	char *warning;
	struct arena *a;
};

/* Empty is unset. */
static const char *get(struct env *e, const char *name)
{
	const char *v = e->fn(e->ctx, name);

	return v && v[0] ? v : NULL;
}

/* The variable that names the signal wins. name: as in OTEL_EXPORTER_OTLP_<name>. */
static const char *get_signal(struct env *e, const char *name, char var[64])
{
	const char *v;

	snprintf(var, 64, "OTEL_EXPORTER_OTLP_TRACES_%s", name);
	v = get(e, var);
	if (v)
		return v;
	snprintf(var, 64, "OTEL_EXPORTER_OTLP_%s", name);
	return get(e, var);
}

static void warn(struct env *e, const char *var, const char *value, const char *want)
{
	size_t used = strlen(e->warning);

	snprintf(e->warning + used, EXPORT_ERROR_MAX - used, "%s%s=%.40s ignored: want %s",
		 used ? "; " : "", var, value, want);
}

static void get_number(struct env *e, const char *var, const char *value, size_t *to)
{
	unsigned long n;
	char *end;

	if (!value)
		return;
	n = strtoul(value, &end, 10);
	if (*end || value[0] == '-' || n == 0 || n > 1000000000)
		warn(e, var, value, "a number above 0");
	else
		*to = n;
}

static int get_protocol(struct env *e, struct export_options *o)
{
	char var[64];
	const char *v = get_signal(e, "PROTOCOL", var);

	if (!v || strcmp(v, "http/protobuf") == 0)
		return 0;
	if (strcmp(v, "http/json") == 0) {
		o->format = OTLP_JSON;
		return 0;
	}
	if (strcmp(v, "grpc") == 0) {
		snprintf(e->error, EXPORT_ERROR_MAX,
			 "%s=grpc is not supported yet: use http/protobuf (its port is usually "
			 "4318)",
			 var);
		return -ENOTSUP;
	}
	warn(e, var, v, "http/protobuf or http/json");
	return 0;
}

static void get_compression(struct env *e, struct export_options *o)
{
	char var[64];
	const char *v = get_signal(e, "COMPRESSION", var);

	if (!v || strcmp(v, "gzip") == 0)
		o->gzip = true;
	else if (strcmp(v, "none") == 0)
		o->gzip = false;
	else
		warn(e, var, v, "gzip or none");
}

static void get_numbers(struct env *e, struct export_options *o)
{
	size_t timeout = o->timeout_ms, delay = o->delay_ms;
	const char *value;
	char var[64];

	value = get_signal(e, "TIMEOUT", var);
	get_number(e, var, value, &timeout);
	get_number(e, "OTEL_BSP_SCHEDULE_DELAY", get(e, "OTEL_BSP_SCHEDULE_DELAY"), &delay);
	get_number(e, "OTEL_BSP_MAX_QUEUE_SIZE", get(e, "OTEL_BSP_MAX_QUEUE_SIZE"), &o->queue_max);
	get_number(e, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", get(e, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
		   &o->batch_max);
	if (o->batch_max > o->queue_max)
		o->batch_max = o->queue_max;
	o->timeout_ms = (unsigned int)timeout;
	o->delay_ms = (unsigned int)delay;
}

/* A line end would start another header. */
static bool is_field_value(struct sv s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

int export_headers_parse(struct export_options *o, struct sv text, struct arena *a)
{
	struct export_header list[EXPORT_HEADERS_MAX];
	struct sv name, value;
	size_t count = 0;
	int more;

	while ((more = kvlist_next(&text, &name, &value)) == 1) {
		struct export_header *h = &list[count];
		int err;

		if (count == EXPORT_HEADERS_MAX || !token_valid(name))
			return -EINVAL;
		err = percent_decode(&h->value, value, a);
		if (err)
			return err;
		if (!is_field_value(h->value))
			return -EINVAL;
		h->name = arena_copy(a, name);
		if (!h->name.p)
			return -ENOMEM;
		count++;
	}
	if (more < 0)
		return more;
	memcpy(o->headers, list, count * sizeof(*list));
	o->header_count = count;
	return 0;
}

/* The value may be a credential: the message never shows it. */
static int get_headers(struct env *e, struct export_options *o)
{
	char var[64];
	const char *v = get_signal(e, "HEADERS", var);
	int err = v ? export_headers_parse(o, sv_of(v), e->a) : 0;

	if (err == -EINVAL)
		snprintf(e->error, EXPORT_ERROR_MAX,
			 "%s: want name=value,name=value, values percent-encoded, at most %d", var,
			 EXPORT_HEADERS_MAX);
	return err;
}

static bool is_port(struct sv s)
{
	unsigned int n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || n > 65535)
			return false;
		n = n * 10 + (unsigned int)(s.p[i] - '0');
	}
	return n > 0 && n <= 65535;
}

/* RFC 3986 section 3.2: [userinfo@]host[:port]. */
static bool is_authority(struct sv s)
{
	size_t end;

	for (size_t at = sv_find(s, '@'); at < s.len; at = sv_find(s, '@'))
		s = sv_skip(s, at + 1);
	if (s.len && s.p[0] == '[') {
		end = sv_find(s, ']');
		if (end < 3 || end == s.len)
			return false;
		end++;
	} else {
		end = sv_find(s, ':');
	}
	if (!end)
		return false;
	s = sv_skip(s, end);
	return !s.len || (s.p[0] == ':' && is_port(sv_skip(s, 1)));
}

bool export_url_valid(const char *url)
{
	struct sv s = sv_of(url);
	size_t end = 0;

	if (sv_starts(s, SV("http://")))
		s = sv_skip(s, 7);
	else if (sv_starts(s, SV("https://")))
		s = sv_skip(s, 8);
	else
		return false;
	while (end < s.len && !memchr("/?#", s.p[end], 3))
		end++;
	return is_authority(sv_cut(s, end)) && is_field_value(s) && sv_find(s, ' ') == s.len;
}

/* base: the signal's path is appended. The rest of the address stays as it is. */
static int set_url(struct env *e, struct export_options *o, const char *var, const char *url,
		   bool base)
{
	struct sv s = sv_of(url), full = SV_NONE;

	if (!export_url_valid(url)) {
		snprintf(e->error, EXPORT_ERROR_MAX, "%s: " EXPORT_URL_WANTED, var);
		return -EINVAL;
	}
	while (base && s.p[s.len - 1] == '/')
		s.len--;
	if (arena_append(e->a, &full, s) ||
	    (base && !sv_ends(s, SV(TRACES_PATH)) && arena_append(e->a, &full, SV(TRACES_PATH))))
		return -ENOMEM;
	o->url = full.p;
	return 1;
}

static int get_endpoint(struct env *e, struct export_options *o, const char *endpoint)
{
	const char *v;

	if (endpoint && endpoint[0])
		return set_url(e, o, "--otlp-endpoint", endpoint, true);
	v = get(e, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
	if (v)
		return set_url(e, o, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", v, false);
	v = get(e, "OTEL_EXPORTER_OTLP_ENDPOINT");
	return v ? set_url(e, o, "OTEL_EXPORTER_OTLP_ENDPOINT", v, true) : 0;
}

void export_options_file(struct export_options *o, const char *path)
{
	*o = (struct export_options){
		.file = path,
		.format = OTLP_JSON,
		.batch_max = 1,
		.queue_max = 8192,
	};
}

int export_options_otlp(struct export_options *o, const char *endpoint, export_env_fn *env,
			void *ctx, struct arena *a, char *error, char *warning)
{
	struct env e = { .fn = env, .ctx = ctx, .error = error, .warning = warning, .a = a };
	char var[64];
	int err, found;

	error[0] = '\0';
	warning[0] = '\0';
	*o = (struct export_options){
		.format = OTLP_PROTOBUF,
		.gzip = true,
		.timeout_ms = 10000,
		.batch_max = 512,
		.delay_ms = 5000,
		.queue_max = 2048,
	};
	found = get_endpoint(&e, o, endpoint);
	if (found <= 0)
		return found;
	err = get_protocol(&e, o);
	if (!err)
		err = get_headers(&e, o);
	if (err)
		return err;
	get_compression(&e, o);
	get_numbers(&e, o);
	o->certificate = get_signal(&e, "CERTIFICATE", var);
	o->client_key = get_signal(&e, "CLIENT_KEY", var);
	o->client_certificate = get_signal(&e, "CLIENT_CERTIFICATE", var);
	return 1;
}
