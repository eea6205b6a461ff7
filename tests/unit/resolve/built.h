/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_UNIT_RESOLVE_BUILT_H
#define EARSHOT_TESTS_UNIT_RESOLVE_BUILT_H

/* built - fixtures built by every compiler that is here, stripped, and their symbols. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "resolve/elf.h"
#include "resolve/resolve.h"
#include "resolve/symtab.h"

#define FIXTURES "tests/unit/resolve/fixtures/"

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/earshot-search-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static int teardown(void **state)
{
	(void)state;
	return run("rm -r %s", folder);
}

static const struct compiler {
	const char *name, *strip;
} compilers[] = {
	{ "gcc", "strip" },
	{ "clang", "strip" },
	{ "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-strip" },
};

static bool have(const char *program)
{
	return run("command -v %s >/dev/null 2>&1", program) == 0;
}

/* Builds a fixture, and a copy without names. false: this compiler is not here. */
static bool build(const struct compiler *c, const char *fixture, const char *flags)
{
	if (!have(c->name) || !have(c->strip))
		return false;
	if (run("%s -w -std=gnu11 -nostdlib %s -o %s/full " FIXTURES "%s", c->name, flags, folder,
		fixture))
		fail_msg("%s %s: does not build", c->name, flags);
	assert_int_equal(run("%s -s -o %s/bare %s/full", c->strip, folder, folder), 0);
	return true;
}

static int open_in(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	return fd;
}

static struct tls_verdict resolved(enum return_side side)
{
	static struct tls_verdict v;
	int fd = open_in("bare");

	assert_int_equal(resolve_file(fd, side, &v), 0);
	close(fd);
	return v;
}

/* Where a symbol of the unstripped file lies. */
static struct elf_symbol symbol(const char *name)
{
	struct elf_symbol s = { .name = name };
	int fd = open_in("full");
	struct elf *e;

	assert_int_equal(elf_open(&e, fd), 0);
	assert_true(symtab_find(e, &s, 1) >= 0);
	elf_close(e);
	close(fd);
	return s;
}

static bool inside(const struct tls_point *p, const char *name)
{
	struct elf_symbol s = symbol(name);

	return s.addr && p->addr >= s.addr && p->addr < s.addr + 32 && p->addr < s.addr + s.size;
}

static inline const struct tls_point *point_in(const struct tls_stack *s, const char *name)
{
	for (size_t i = 0; i < s->point_count; i++)
		if (inside(&s->points[i], name))
			return &s->points[i];
	return NULL;
}

#endif /* EARSHOT_TESTS_UNIT_RESOLVE_BUILT_H */
