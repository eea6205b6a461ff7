// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cyaml/cyaml.h>

#include "base/buf.h"

#define CONFIG_MAX (64u << 10)

/* Where libcyaml's own words about a bad file go. */
struct report {
	char *text;
	size_t len;
};

static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct report *r = ctx;
	size_t used = strlen(r->text);

	if (level < CYAML_LOG_ERROR || used + 2 >= r->len)
		return;
	vsnprintf(r->text + used, r->len - used, fmt, args);
	for (char *p = r->text; *p; p++)
		if (*p == '\n')
			*p = ' ';
}

static int read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (!err && n > 0) {
		err = buf_reserve(b, 4096);
		if (err)
			break;
		n = read(fd, b->p + b->len, 4096);
		if (n < 0)
			err = -errno;
		else
			b->len += (size_t)n;
	}
	close(fd);
	return err == -ENOMEM ? -EFBIG : err;
}

static int load(struct buf *text, cyaml_schema_field_t *fields, size_t count, char **values,
		char *error)
{
	const cyaml_schema_value_t root = { .type = CYAML_MAPPING,
					    .flags = CYAML_FLAG_POINTER,
					    .data_size = (uint32_t)(sizeof(char *) * count),
					    .mapping = { .fields = fields } };
	struct report report = { error, CONFIG_ERROR_MAX };
	cyaml_config_t config = { .log_fn = on_log,
				  .log_ctx = &report,
				  .mem_fn = cyaml_mem,
				  .log_level = CYAML_LOG_ERROR };
	char **loaded = NULL;
	cyaml_err_t err = cyaml_load_data((const uint8_t *)text->p, text->len, &config, &root,
					  (cyaml_data_t **)&loaded, NULL);

	if (err != CYAML_OK) {
		if (!error[0])
			snprintf(error, CONFIG_ERROR_MAX, "%s", cyaml_strerror(err));
		return -EINVAL;
	}
	for (size_t i = 0; loaded && i < count; i++)
		values[i] = loaded[i] ? strdup(loaded[i]) : NULL;
	cyaml_free(&config, &root, loaded, 0);
	return 0;
}

/* Every value comes as text; whoever knows the names knows what the text must be. */
static cyaml_schema_field_t *schema(const char *const *names, size_t count)
{
	const cyaml_schema_value_t string = { CYAML_VALUE_STRING(
		CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char, 0, 4096) };
	cyaml_schema_field_t *fields = calloc(count + 1, sizeof(*fields));

	for (size_t i = 0; fields && i < count; i++)
		fields[i] = (cyaml_schema_field_t){ .key = names[i],
						    .data_offset = (uint32_t)(i * sizeof(char *)),
						    .value = string };
	return fields;
}

int config_read(const char *path, const char *const *names, size_t count, char **values,
		char *error)
{
	cyaml_schema_field_t *fields = schema(names, count);
	char why[CONFIG_ERROR_MAX] = "";
	struct buf text;
	int err;

	buf_init(&text, CONFIG_MAX);
	err = fields ? read_file(path, &text) : -ENOMEM;
	if (err)
		snprintf(why, sizeof(why), "%s", strerror(-err));
	else
		err = load(&text, fields, count, values, why);
	if (err)
		snprintf(error, CONFIG_ERROR_MAX, "--config %.80s: %.160s", path, why);
	buf_done(&text);
	free(fields);
	return err;
}
