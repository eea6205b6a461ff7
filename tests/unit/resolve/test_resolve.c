// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "resolve/elf.h"
#include "resolve/resolve.h"

static const char *const libssl_places[] = {
	"/usr/lib/x86_64-linux-gnu/libssl.so.3",
	"/usr/lib/aarch64-linux-gnu/libssl.so.3",
	"/usr/lib64/libssl.so.3",
};

static int open_libssl(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(libssl_places); i++) {
		int fd = open(libssl_places[i], O_RDONLY);

		if (fd >= 0)
			return fd;
	}
	return -1;
}

/* Each point must be code that the file really has there, and each direction once. */
static void check_points(int fd, const struct tls_stack *v)
{
	for (size_t i = 0; i < v->point_count; i++) {
		uint8_t byte;

		assert_int_equal(pread(fd, &byte, 1, (off_t)v->points[i].offset), 1);
		assert_int_not_equal(byte, 0);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(v->points[i].offset, v->points[k].offset);
	}
}

static void test_system_library(void **state)
{
	int fd = open_libssl();
	struct tls_verdict v;
	const struct tls_stack *s = &v.stacks[0];

	(void)state;
	if (fd < 0) {
		printf("skipped: no libssl.so.3 on this system\n");
		skip();
	}
	assert_int_equal(resolve_file(fd, RETURN_URETPROBE, &v), 0);
	assert_int_equal(v.count, 1);
	assert_string_equal(s->name, "openssl");
	assert_int_equal(s->found, FOUND_SYMBOL);
	assert_int_equal(s->error, 0);
	assert_true(s->reads && s->writes && s->frees);
	assert_int_equal(s->return_count, 0);
	assert_true(v.build_id_len > 0);
	check_points(fd, s);

	assert_int_equal(resolve_file(fd, RETURN_INSN, &v), 0);
	assert_int_equal(s->error, 0);
	assert_true(s->return_count >= 2);
	for (size_t i = 0; i < s->point_count; i++)
		assert_false(s->points[i].returns);
	close(fd);
}

static void test_no_tls_inside(void **state)
{
	int fd = open("/bin/true", O_RDONLY);
	struct tls_verdict v;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(resolve_file(fd, RETURN_URETPROBE, &v), 0);
	assert_int_equal(v.count, 0);
	close(fd);
}

static int file_of(const void *p, size_t len)
{
	int fd = memfd_create("test", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), len);
	return fd;
}

static void test_no_elf(void **state)
{
	static const char *const texts[] = { "", "#!/bin/sh\n",
					     "\x7f"
					     "ELF",
					     "\x7f"
					     "ELF\1\1\1" };
	struct tls_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int fd = file_of(texts[i], strlen(texts[i]));

		assert_int_equal(resolve_file(fd, RETURN_URETPROBE, &v), -ENOEXEC);
		close(fd);
	}
}

/* A file that ends anywhere, or has any byte wrong, gives an answer or an error. */
static void test_damaged(void **state)
{
	int src = open_libssl();
	size_t len = src >= 0 ? (size_t)lseek(src, 0, SEEK_END) : 0;
	uint8_t *bytes = malloc(len ? len : 1);
	struct tls_verdict v;
	uint32_t seed = 1;

	(void)state;
	if (src < 0) {
		printf("skipped: no libssl.so.3 on this system\n");
		skip();
	}
	assert_int_equal(pread(src, bytes, len, 0), len);
	for (size_t cut = 0; cut < len; cut += cut < 4096 ? 61 : len / 40) {
		int fd = file_of(bytes, cut);

		resolve_file(fd, RETURN_URETPROBE, &v);
		close(fd);
	}
	for (int round = 0; round < 60; round++) {
		size_t at[8];
		uint8_t old[8];
		int fd;

		for (int k = 0; k < 8; k++) {
			seed = seed * 1103515245 + 12345;
			/* Headers, and the tables the headers lead to. */
			at[k] = (seed >> 8) % (k < 6 ? 2048 : len);
			old[k] = bytes[at[k]];
			bytes[at[k]] = (uint8_t)(seed >> 24);
		}
		fd = file_of(bytes, len);
		resolve_file(fd, RETURN_INSN, &v);
		close(fd);
		for (int k = 7; k >= 0; k--)
			bytes[at[k]] = old[k];
	}
	free(bytes);
	close(src);
}

static void test_worth(void **state)
{
	(void)state;
	assert_true(resolve_worth(SV("/usr/lib/libssl.so.3")));
	assert_true(resolve_worth(SV("/opt/x/libfoo.so")));
	assert_false(resolve_worth(SV("/usr/lib/libc.so.6")));
	assert_false(resolve_worth(SV("/usr/lib/ld-linux-x86-64.so.2")));
	assert_false(resolve_worth(SV("[vdso]")));
	assert_false(resolve_worth(SV("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system_library), cmocka_unit_test(test_no_tls_inside),
		cmocka_unit_test(test_no_elf),	       cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_worth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
