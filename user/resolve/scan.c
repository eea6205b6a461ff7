// SPDX-License-Identifier: Apache-2.0
#include "resolve/scan.h"

#include <errno.h>
#include <stdlib.h>

/* Fits into a second-level cache together with the tables of what looks at it. */
#define WINDOW (256u << 10)

/* Scripts in a single-file program; tables of a linker are far smaller. */
#define PAYLOAD (64u << 20)

/* With "-z noseparate-code" constants lie in the segment of the code. */
static bool has_constants(const struct elf_load *loads, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!loads[i].code && !loads[i].writable)
			return true;
	return false;
}

static bool wanted(enum scan_what what, const struct elf_load *l, bool constants)
{
	switch (what) {
	case SCAN_CODE:
		return l->code;
	case SCAN_TEXTS:
		return !l->writable && (!l->code || !constants);
	case SCAN_TABLES:
		return !l->code && (!l->writable || l->size <= PAYLOAD);
	default:
		return !l->code;
	}
}

static int scan_load(struct elf *e, const struct elf_load *l, uint8_t *buf, size_t more,
		     scan_fn *fn, void *ctx)
{
	uint64_t at = 0;
	int err = 0;

	while (!err && at < l->size) {
		struct scan_window w = { .p = buf, .addr = l->addr + at };
		ssize_t n = elf_read(e, w.addr, buf, WINDOW + more);

		if (n <= 0)
			return -EIO;
		w.len = (size_t)n;
		w.own = w.len > WINDOW ? WINDOW : w.len;
		if (at + w.len == l->size)
			w.own = w.len;
		err = fn(ctx, &w);
		at += w.own;
	}
	return err;
}

int scan_file(struct elf *e, enum scan_what what, size_t more, scan_fn *fn, void *ctx)
{
	const struct elf_load *loads;
	size_t count = elf_loads(e, &loads);
	bool constants = has_constants(loads, count);
	uint8_t *buf = malloc(WINDOW + more);
	int err = 0;

	if (!buf)
		return -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		if (wanted(what, &loads[i], constants))
			err = scan_load(e, &loads[i], buf, more, fn, ctx);
	free(buf);
	return err;
}
