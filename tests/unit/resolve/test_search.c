// SPDX-License-Identifier: Apache-2.0
/*
 * Search without names held against names: fixtures are built by every compiler that is here,
 * in many ways and for two machines; what is found in the stripped file must be what the
 * symbols of the unstripped one say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "resolve/cache.h"
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

/* ---- BoringSSL ---- */

static const char *const ways[] = {
	"-shared -fPIC -O2",
	"-shared -fPIC -Os",
	"-shared -fPIC -O3",
	"-shared -fPIC -O1",
	"-shared -fPIC -O2 -DFOUR_ARGUMENTS",
	"-shared -fPIC -O2 -fomit-frame-pointer -fcf-protection=none",
	"-shared -fPIC -O2 -fno-omit-frame-pointer",
	"-no-pie -Wl,-e,client -O2",
	"-no-pie -Wl,-e,client -O2 -fno-asynchronous-unwind-tables -fno-unwind-tables",
	"-pie -fPIE -Wl,-e,client -O2 -fno-asynchronous-unwind-tables -fno-unwind-tables",
	"-shared -fPIC -Os -DFOUR_ARGUMENTS -fno-asynchronous-unwind-tables -fno-unwind-tables",
};

/* -fcf-protection is x86's. */
static bool applies(const struct compiler *c, const char *way)
{
	return !strstr(way, "-fcf") || strcmp(c->name, "aarch64-linux-gnu-gcc") != 0;
}

static void test_boringssl(void **state)
{
	int built = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
			struct tls_verdict v;
			const struct tls_stack *s = &v.stacks[0];

			if (!applies(&compilers[i], ways[w]) ||
			    !build(&compilers[i], "boringssl.c", ways[w]))
				continue;
			v = resolved(RETURN_URETPROBE);
			built++;
			if (v.count != 1 || s->error || s->point_count != 2 ||
			    strcmp(s->name, "boringssl") != 0 || s->found != FOUND_SEARCH ||
			    !inside(&s->points[0], "SSL_write") ||
			    !inside(&s->points[1], "SSL_read"))
				fail_msg("%s %s: %zu stacks, %s, %s", compilers[i].name, ways[w],
					 v.count, v.count ? strerror(-s->error) : "-",
					 v.count ? s->how : "-");
		}
	}
	if (!built)
		skip();
}

static void test_two_candidates(void **state)
{
	struct tls_verdict v;

	(void)state;
	if (!build(&compilers[0], "boringssl.c", "-shared -fPIC -O2 -DTWICE"))
		skip();
	v = resolved(RETURN_URETPROBE);
	assert_int_equal(v.count, 1);
	assert_int_equal(v.stacks[0].error, -EMLINK);
	assert_int_equal(v.stacks[0].point_count, 0);
	assert_non_null(strstr(v.stacks[0].how, "more than one"));
}

/* A function that nothing calls, behind another one and without a frame table. */
static void test_no_proof(void **state)
{
	struct tls_verdict v;

	(void)state;
	if (!build(&compilers[0], "boringssl.c",
		   "-no-pie -Wl,-e,client -O2 -fno-asynchronous-unwind-tables -DINLINED"))
		skip();
	v = resolved(RETURN_URETPROBE);
	assert_int_equal(v.count, 1);
	assert_int_not_equal(v.stacks[0].error, 0);
	assert_int_equal(v.stacks[0].point_count, 0);
}

/* A build that has the texts, but whose functions do something else. */
static void test_patched_out(void **state)
{
	static const char *const names[] = { "SSL_write", "SSL_read" };
	static const uint8_t fills[] = { 0x90, 0xcc, 0x00, 0xc3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t f = 0; f < ARRAY_SIZE(fills); f++) {
			struct elf_symbol s;
			struct tls_verdict v;
			uint64_t offset;
			uint8_t fill[4096];
			struct elf *e;
			int fd;

			if (!build(&compilers[0], "boringssl.c", "-shared -fPIC -O2"))
				skip();
			s = symbol(names[i]);
			fd = open_in("bare");
			assert_int_equal(elf_open(&e, fd), 0);
			assert_int_equal(elf_offset(e, s.addr, &offset), 0);
			elf_close(e);
			memset(fill, fills[f], sizeof(fill));
			assert_int_equal(pwrite(fd, fill, s.size, (off_t)offset), s.size);
			close(fd);
			v = resolved(RETURN_URETPROBE);
			assert_int_equal(v.count, 1);
			assert_int_not_equal(v.stacks[0].error, 0);
			assert_int_equal(v.stacks[0].point_count, 0);
			assert_true(v.stacks[0].how[0] != '\0');
		}
	}
}

/* ---- OpenSSL ---- */

static const struct {
	const char *flags;
	const char *reads, *writes; /* the function each direction is read in, if only one */
	enum tls_prog read, write;
} openssl[] = {
	{ "-O2", "ssl_read_internal", "ssl_write_internal", TLS_READ_EX, TLS_WRITE_EX },
	{ "-Os", "ssl_read_internal", "ssl_write_internal", TLS_READ_EX, TLS_WRITE_EX },
	{ "-O2 -DFLAGS", "ssl_read_internal", "ssl_write_internal", TLS_READ_EX, TLS_WRITE_EX2 },
	{ "-O1 -DFLAGS", "ssl_read_internal", "ssl_write_internal", TLS_READ_EX, TLS_WRITE_EX2 },
	{ "-O2 -DONE", "ssl_read_internal", "ssl_write_internal", TLS_READ_EX, TLS_WRITE_EX },
	{ "-O2 -DINLINED", NULL, NULL, TLS_READ, TLS_WRITE },
	{ "-O2 -DINLINED -DFLAGS", NULL, NULL, TLS_READ, TLS_WRITE },
};

static const struct tls_point *point_in(const struct tls_stack *s, const char *name)
{
	for (size_t i = 0; i < s->point_count; i++)
		if (inside(&s->points[i], name))
			return &s->points[i];
	return NULL;
}

static void check_openssl(const struct compiler *c, size_t i, const struct tls_verdict *v)
{
	const struct tls_stack *s = &v->stacks[0];
	const char *reads = openssl[i].reads ? openssl[i].reads : "SSL_read";
	const char *writes = openssl[i].writes ? openssl[i].writes : "SSL_write";
	const struct tls_point *r, *w;

	if (v->count != 1 || s->error || strcmp(s->name, "openssl") != 0 ||
	    s->point_count != (openssl[i].reads ? 2 : 4))
		fail_msg("%s %s: %zu stacks, %s", c->name, openssl[i].flags, v->count,
			 v->count ? s->how : "-");
	r = point_in(s, reads);
	w = point_in(s, writes);
	if (!r || r->prog != openssl[i].read || !w || w->prog != openssl[i].write)
		fail_msg("%s %s: %s", c->name, openssl[i].flags, s->how);
	if (openssl[i].reads)
		return;
	r = point_in(s, "SSL_read_ex");
	w = point_in(s, "SSL_write_ex");
	assert_true(r && r->prog == TLS_READ_EX && w && w->prog == TLS_WRITE_EX);
}

static void test_openssl(void **state)
{
	int built = 0;

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(compilers); c++) {
		for (size_t i = 0; i < ARRAY_SIZE(openssl); i++) {
			struct tls_verdict v;
			char flags[128];

			snprintf(flags, sizeof(flags), "-shared -fPIC %s", openssl[i].flags);
			if (!build(&compilers[c], "openssl.c", flags))
				continue;
			v = resolved(RETURN_URETPROBE);
			check_openssl(&compilers[c], i, &v);
			built++;
		}
	}
	if (!built)
		skip();
}

/* ---- names in a compressed table ---- */

static void test_debugdata(void **state)
{
	struct tls_verdict v;

	(void)state;
	if (!have("xz") || !build(&compilers[0], "boringssl.c", "-shared -fPIC -O2"))
		skip();
	assert_int_equal(
		run("cd %s && objcopy --only-keep-debug full mini && xz -f mini && "
		    "objcopy --add-section .gnu_debugdata=mini.xz bare with && mv with bare",
		    folder),
		0);
	v = resolved(RETURN_URETPROBE);
	assert_int_equal(v.count, 1);
	assert_int_equal(v.stacks[0].found, FOUND_SYMBOL);
	assert_int_equal(v.stacks[0].error, 0);
	assert_non_null(point_in(&v.stacks[0], "SSL_read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boringssl),   cmocka_unit_test(test_two_candidates),
		cmocka_unit_test(test_patched_out), cmocka_unit_test(test_openssl),
		cmocka_unit_test(test_no_proof),    cmocka_unit_test(test_debugdata),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
