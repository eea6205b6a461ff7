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
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "probe/recfile.h"

#define RECORDS 200

static char dir[] = "/tmp/recfile-XXXXXX";
static char path[64];

struct walk {
	int count;
};

static void make(int i, char *buf, struct es_head **ret)
{
	struct es_head *h = (void *)buf;

	*h = (struct es_head){ .type = ES_REC_TICK,
			       .size = (uint32_t)(sizeof(*h) + (size_t)i % 50),
			       .time = (uint64_t)i };
	memset(buf + sizeof(*h), i, (size_t)i % 50);
	*ret = h;
}

static int check(void *ctx, const struct es_head *got)
{
	_Alignas(8) char buf[256];
	struct walk *w = ctx;
	struct es_head *want;

	make(w->count, buf, &want);
	assert_int_equal((uintptr_t)got % 8, 0);
	assert_int_equal(got->size, want->size);
	assert_memory_equal(got, want, want->size);
	w->count++;
	return 0;
}

static void write_all(void)
{
	_Alignas(8) char buf[256];
	struct rec_writer *w;
	struct es_head *h;

	unlink(path);
	assert_int_equal(rec_create(&w, path), 0);
	for (int i = 0; i < RECORDS; i++) {
		make(i, buf, &h);
		assert_int_equal(rec_write(w, h), 0);
	}
	assert_int_equal(rec_close(w), 0);
}

static int read_all(struct walk *w, char *error)
{
	struct rec_reader *r;
	int err = rec_open(&r, path, error);

	if (err)
		return err;
	do {
		err = rec_next(r, check, w, error);
	} while (err > 0);
	rec_reader_free(r);
	return err;
}

static void test_round_trip(void **state)
{
	char error[RECFILE_ERROR_MAX] = "";
	struct walk w = { 0 };
	struct stat st;

	(void)state;
	write_all();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(read_all(&w, error), 0);
	assert_int_equal(w.count, RECORDS);
}

/* What is there stays there; an empty file, as mktemp(1) makes them, may be used. */
static void test_not_over_another(void **state)
{
	char error[RECFILE_ERROR_MAX] = "";
	struct walk w = { 0 };
	struct rec_writer *to = NULL;
	struct stat st;

	(void)state;
	write_all();
	assert_int_equal(rec_create(&to, path), -EEXIST);
	assert_null(to);
	assert_int_equal(read_all(&w, error), 0);
	assert_int_equal(w.count, RECORDS);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(rec_create(&to, path), 0);
	assert_int_equal(rec_close(to), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 48);
}

static void test_fifo(void **state)
{
	struct rec_writer *to;
	struct stat st;
	char got[64];
	int fd;

	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0622), 0);
	assert_int_equal(chmod(path, 0622), 0);
	fd = open(path, O_RDWR | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(rec_create(&to, path), 0);
	assert_int_equal(rec_close(to), 0);
	assert_int_equal(read(fd, got, sizeof(got)), 49);
	assert_memory_equal(got, "xEARSHOT\n", 9);
	/* What is no file keeps its mode: it may be a device that others use. */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0622);
	close(fd);
	unlink(path);
}

/* However short it is cut: what was whole comes out, and the end is called an end too soon. */
static void test_cut_short(void **state)
{
	char error[RECFILE_ERROR_MAX];
	struct stat st;

	(void)state;
	write_all();
	assert_int_equal(stat(path, &st), 0);
	for (off_t len = st.st_size - 1; len >= 0; len -= len > 200 ? 37 : 1) {
		struct walk w = { 0 };
		int err;

		assert_int_equal(truncate(path, len), 0);
		error[0] = '\0';
		err = read_all(&w, error);
		assert_int_equal(err, len < 24 ? -EINVAL : -ENODATA);
		assert_true(strlen(error) > 0);
		assert_true(w.count < RECORDS || len >= st.st_size - 24);
	}
}

static void patch(off_t at, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
	close(fd);
}

static off_t lseek_end(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void test_foreign_and_damaged(void **state)
{
	const uint32_t newer = RECFILE_VERSION + 1, tiny = 3, huge = 0x7fffffff;
	char error[RECFILE_ERROR_MAX];
	struct walk w = { 0 };

	(void)state;
	write_all();
	patch(0, "PK\3\4", 4);
	assert_int_equal(read_all(&w, error), -EINVAL);
	assert_string_equal(error, "not an earshot recording");

	write_all();
	patch(8, &newer, 4);
	assert_int_equal(read_all(&w, error), -ENOTSUP);
	assert_non_null(strstr(error, "version 2.1"));

	write_all();
	patch(24 + 4, &tiny, 4);
	assert_int_equal(read_all(&w, error), -EBADMSG);
	assert_non_null(strstr(error, "damaged at byte 24"));

	write_all();
	patch(24 + 4, &huge, 4);
	assert_int_equal(read_all(&w, error), -EBADMSG);

	write_all();
	patch(lseek_end(), "more", 4);
	w.count = 0;
	assert_int_equal(read_all(&w, error), -EBADMSG);
	assert_int_equal(w.count, RECORDS);

	unlink(path);
	assert_int_equal(read_all(&w, error), -ENOENT);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/rec", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_not_over_another),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_foreign_and_damaged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
