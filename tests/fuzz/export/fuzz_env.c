// SPDX-License-Identifier: Apache-2.0
/* Any text as the variables of the OTLP exporter: options that hold, or an error that says why. */
#include "export/export.h"

#include <errno.h>

#include "../cut.h"

/* Lines "NAME=value"; the names are those that are looked up. */
struct vars {
	char *text;
	size_t len;
};

static const char *get(void *ctx, const char *name)
{
	const struct vars *v = ctx;
	size_t n = strlen(name);

	for (char *p = v->text; p < v->text + v->len; p += strlen(p) + 1) {
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1;
	}
	return NULL;
}

static void check_header(const struct export_header *h)
{
	CHECK(h->name.len > 0 && h->value.p);
	for (size_t i = 0; i < h->name.len; i++)
		CHECK(h->name.p[i] > ' ' && h->name.p[i] <= '~' && h->name.p[i] != ':');
	CHECK(sv_find(h->value, '\n') == h->value.len && sv_find(h->value, '\r') == h->value.len);
	CHECK(h->value.p[h->value.len] == '\0' && strlen(h->value.p) == h->value.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[EXPORT_ERROR_MAX], warning[EXPORT_ERROR_MAX];
	struct vars v = { malloc(size + 2), size };
	struct export_options o;
	struct arena a;
	int ret;

	if (!v.text)
		abort();
	memcpy(v.text, data, size);
	v.text[size] = v.text[size + 1] = '\0';
	for (size_t i = 0; i < size; i++) {
		if (v.text[i] == '\n')
			v.text[i] = '\0';
	}
	arena_init(&a, 1 << 20);
	ret = export_options_otlp(&o, NULL, get, &v, &a, error, warning);
	CHECK(strlen(error) < EXPORT_ERROR_MAX && strlen(warning) < EXPORT_ERROR_MAX);
	CHECK(ret >= 0 || ret == -ENOMEM || error[0]);
	if (ret == 1) {
		CHECK(strncmp(o.url, "http", 4) == 0 && !strchr(o.url, '\n'));
		CHECK(o.batch_max >= 1 && o.batch_max <= o.queue_max && o.timeout_ms > 0);
		CHECK(o.header_count <= EXPORT_HEADERS_MAX);
		for (size_t i = 0; i < o.header_count; i++)
			check_header(&o.headers[i]);
	}
	arena_done(&a);
	free(v.text);
	return 0;
}
