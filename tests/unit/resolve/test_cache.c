// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "resolve/cache.h"

#define FIXTURE "tests/fuzz/resolve/corpus_resolve/boringssl"

static char folder[64], file[128];

static void path_of(char *buf, size_t size, const char *name)
{
	snprintf(buf, size, "%s/%s", folder, name);
}

/* A copy of the fixture, long enough to be worth keeping. */
static int setup(void **state)
{
	uint8_t bytes[65536];
	int from = open(FIXTURE, O_RDONLY), to;
	ssize_t n = read(from, bytes, sizeof(bytes));

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/earshot-cache-XXXXXX");
	if (n <= 0 || !mkdtemp(folder))
		return -1;
	path_of(file, sizeof(file), "file");
	to = open(file, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (write(to, bytes, (size_t)n) != n || ftruncate(to, 3 << 20))
		return -1;
	close(from);
	close(to);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static struct cache *opened(void)
{
	struct cache *c = NULL;
	char path[128];

	path_of(path, sizeof(path), "cache");
	assert_int_equal(cache_open(&c, path), 0);
	return c;
}

static bool hit(struct cache *c, enum return_side side, struct tls_verdict *v)
{
	int fd = open(file, O_RDONLY);
	bool was = true;

	assert_true(fd >= 0);
	assert_int_equal(cache_resolve(c, fd, side, v, &was), 0);
	close(fd);
	return was;
}

/* Calls with each entry's path. */
static void each_entry(void (*fn)(const char *path))
{
	char path[128], entry[512];
	struct dirent *e;
	DIR *d;

	path_of(path, sizeof(path), "cache");
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(entry, sizeof(entry), "%s/%s", path, e->d_name);
		fn(entry);
	}
	closedir(d);
}

static void test_kept(void **state)
{
	struct tls_verdict first, second;
	struct cache *c = opened();

	(void)state;
	assert_false(hit(c, RETURN_URETPROBE, &first));
	assert_int_equal(first.count, 1);
	assert_int_equal(first.stacks[0].error, 0);
	assert_true(hit(c, RETURN_URETPROBE, &second));
	assert_int_equal(second.count, 1);
	assert_string_equal(first.stacks[0].name, second.stacks[0].name);
	assert_string_equal(first.stacks[0].how, second.stacks[0].how);
	assert_int_equal(first.stacks[0].point_count, second.stacks[0].point_count);
	for (size_t i = 0; i < first.stacks[0].point_count; i++) {
		assert_int_equal(first.stacks[0].points[i].addr, second.stacks[0].points[i].addr);
		assert_int_equal(first.stacks[0].points[i].prog, second.stacks[0].points[i].prog);
	}
	/* Another side is another question. */
	assert_false(hit(c, RETURN_INSN, &second));
	assert_true(hit(c, RETURN_INSN, &second));
	cache_close(c);

	c = opened();
	assert_true(hit(c, RETURN_URETPROBE, &second));
	cache_close(c);
	assert_false(hit(NULL, RETURN_URETPROBE, &second));
}

static void spoil(const char *path)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, 39), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 39), 1);
	close(fd);
}

static void cut(const char *path)
{
	assert_int_equal(truncate(path, 30), 0);
}

static void open_to_all(const char *path)
{
	assert_int_equal(chmod(path, 0666), 0);
}

static void test_spoiled(void **state)
{
	static void (*const ways[])(const char *) = { spoil, cut, open_to_all };
	struct tls_verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct cache *c = opened();

		hit(c, RETURN_URETPROBE, &v);
		each_entry(ways[i]);
		assert_false(hit(c, RETURN_URETPROBE, &v));
		assert_int_equal(v.count, 1);
		assert_int_equal(v.stacks[0].point_count, 2);
		cache_close(c);
	}
}

/* A build-id or a hash may lie; the bytes at a point do not. */
static void test_other_bytes(void **state)
{
	static const uint8_t nops[16] = { [0 ... 15] = 0x90 };
	struct cache *c = opened();
	struct tls_verdict v;
	uint8_t was[16];
	uint64_t at;
	int fd;

	(void)state;
	hit(c, RETURN_URETPROBE, &v);
	assert_true(hit(c, RETURN_URETPROBE, &v));
	at = v.stacks[0].points[0].offset;
	fd = open(file, O_RDWR);
	assert_int_equal(pread(fd, was, sizeof(was), (off_t)at), sizeof(was));
	assert_int_equal(pwrite(fd, nops, sizeof(nops), (off_t)at), sizeof(nops));
	close(fd);
	assert_false(hit(c, RETURN_URETPROBE, &v));
	assert_int_not_equal(v.stacks[0].error, 0);
	assert_int_equal(v.stacks[0].point_count, 0);
	/* A refusal is kept for this file only: it has nothing to be proved by. */
	assert_true(hit(c, RETURN_URETPROBE, &v));
	assert_int_not_equal(v.stacks[0].error, 0);
	fd = open(file, O_RDWR);
	assert_int_equal(pwrite(fd, was, sizeof(was), (off_t)at), sizeof(was));
	close(fd);
	assert_true(hit(c, RETURN_URETPROBE, &v));
	assert_int_equal(v.stacks[0].error, 0);
	assert_int_equal(v.stacks[0].points[0].offset, at);
	cache_close(c);
}

static void test_not_ours(void **state)
{
	struct cache *c;
	char path[128];

	(void)state;
	path_of(path, sizeof(path), "open");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(cache_open(&c, path), -EACCES);
	path_of(path, sizeof(path), "file");
	assert_int_equal(cache_open(&c, path), -ENOTDIR);
	path_of(path, sizeof(path), "a/b/c");
	assert_int_equal(cache_open(&c, path), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_spoiled),
		cmocka_unit_test(test_other_bytes),
		cmocka_unit_test(test_not_ours),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
