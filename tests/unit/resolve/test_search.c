// SPDX-License-Identifier: Apache-2.0
/*
 * Search without names held against names: fixtures are built by every compiler that is here,
 * in many ways and for two machines; what is found in the stripped file must be what the
 * symbols of the unstripped one say.
 */
#include "built.h"

#include <errno.h>

#include "resolve/cache.h"

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

/* ---- returns, one by one ---- */

static const char split[] = "static __attribute__((noinline, cold)) int rare(int a) "
			    "{ __asm__ volatile(\"\"); return a * 3; } "
			    "int other(int, int); "
			    "int SSL_read(int *s, int *b, int n) { int r = n; "
			    "if (__builtin_expect(*s < 0, 0)) { r = rare(n) + rare(*b); *b = r; "
			    "r += rare(r); } b[r] = n; return r + *b; } "
			    "int SSL_write(int *s, int *b, int n) { int r = b[n]; "
			    "if (__builtin_expect(*s == 7, 0)) { rare(n); __builtin_trap(); } "
			    "*b = r; return r; }";

/* A function that was split is left only where its parts return. */
static void test_split(void **state)
{
	struct tls_verdict v;
	char path[128];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/split.c", folder);
	f = fopen(path, "w");
	assert_true(f && fputs(split, f) >= 0);
	fclose(f);
	if (!have("gcc") || run("gcc -w -nostdlib -shared -fPIC -O2 -freorder-blocks-and-partition "
				"-Wl,--unresolved-symbols=ignore-all -o %s/bare %s",
				folder, path))
		skip();
	v = resolved(RETURN_INSN);
	assert_int_equal(v.count, 1);
	if (v.stacks[0].error)
		fail_msg("%s", v.stacks[0].how);
	assert_true(v.stacks[0].return_count >= 2);
}

/* ---- Go ---- */

static void test_golang(void **state)
{
	static struct tls_verdict v;
	int fd = open("tests/fuzz/resolve/corpus_resolve/go", O_RDONLY);
	const struct tls_stack *s = &v.stacks[0];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(resolve_file(fd, RETURN_URETPROBE, &v), 0);
	close(fd);
	assert_int_equal(v.count, 1);
	assert_string_equal(s->name, "go");
	assert_int_equal(s->error, 0);
	assert_int_equal(s->point_count, 3);
	assert_int_equal(s->points[0].prog, TLS_GO_READ);
	assert_int_equal(s->points[0].arg, 0x68);
	assert_int_equal(s->points[1].prog, TLS_GO_WRITE);
	assert_int_equal(s->points[2].prog, TLS_GO_CLOSE);
	for (size_t i = 0; i < s->point_count; i++)
		assert_false(s->points[i].returns);
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
		cmocka_unit_test(test_no_proof),    cmocka_unit_test(test_split),
		cmocka_unit_test(test_golang),	    cmocka_unit_test(test_debugdata),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
