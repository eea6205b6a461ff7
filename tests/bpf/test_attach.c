// SPDX-License-Identifier: Apache-2.0
/*
 * The programs in this kernel, on a real process: a child of this test that calls a function
 * with the shape of SSL_write. Both ways to attach, both ways to catch the return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "probe/attach.h"
#include "probe/ring.h"

#define RING	   (256u << 10)
#define CALLS	   5
#define UNREADABLE 100

/* One instruction the kernel emulates, then a known result: what is written is the length. */
int es_test_write(void *object, const void *buf, int len);
__asm__(".text\n.globl es_test_write\n.type es_test_write, @function\nes_test_write:\n"
#if defined(__x86_64__)
	"	push %rbp\n	mov %edx, %eax\n	pop %rbp\nes_test_ret:\n	ret\n"
#else
	"	mov w0, w2\nes_test_ret:\n	ret\n"
#endif
	".size es_test_write, .-es_test_write\n.globl es_test_ret\n");
extern const char es_test_ret[];

struct seen {
	int data, forks, exits, gaps;
	uint64_t bytes;
	char text[64];
};

static int on_record(void *ctx, const struct es_head *rec)
{
	struct seen *s = ctx;
	const struct es_data *d = (const void *)rec;

	s->forks += rec->type == ES_REC_FORK;
	s->exits += rec->type == ES_REC_EXIT;
	if (rec->type == ES_REC_GAP) {
		/* What could not be read is told at once, with its place and length. */
		s->gaps++;
		assert_int_equal(d->missing, UNREADABLE);
		assert_int_equal(d->offset, s->bytes + UNREADABLE);
		assert_int_equal(d->len, 0);
	}
	if (rec->type != ES_REC_DATA)
		return 0;
	s->data++;
	assert_int_equal(d->offset, s->bytes);
	assert_int_equal(d->missing, 0);
	s->bytes += d->len;
	assert_int_equal(d->library, 77);
	memcpy(s->text, d + 1, d->len < 63 ? d->len : 63);
	return 0;
}

static uint64_t file_offset(const void *p)
{
	unsigned long start, end, offset;
	uint64_t addr = (uint64_t)(uintptr_t)p, ret = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512], perms[8];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s %lx", &start, &end, perms, &offset) == 4 &&
		    addr >= start && addr < end)
			ret = addr - start + offset;
	fclose(f);
	assert_int_not_equal(ret, 0);
	return ret;
}

static void __attribute__((noreturn)) child(int go)
{
	char text[] = "GET / HTTP/1.1\r\n"; /* on the stack: in memory, as a real buffer is */
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	for (int i = 0; i < CALLS; i++)
		if (es_test_write((void *)0x1234, text, sizeof(text) - 1) != sizeof(text) - 1)
			_exit(2);
	es_test_write((void *)0x1234, (void *)8, UNREADABLE);
	/* What fails, and what is no length, leaves no record. */
	es_test_write((void *)0x1234, text, -1);
	es_test_write((void *)0x1234, text, 0);
	_exit(0);
}

static void run(enum return_side side, bool multi)
{
	struct loader_options opt = {
		.ring_size = RING, .side = side, .multi = multi, .cookies = true
	};
	struct tls_stack v = { .name = "test", .point_count = 1 };
	struct attach_to to = { .multi = multi, .library = 77 };
	struct stat_pair stats[ES_STAT_COUNT];
	char error[LOADER_ERROR_MAX];
	struct attachment att;
	struct seen seen = { 0 };
	struct loader *l;
	struct ring *ring;
	uint64_t bad = 0;
	int go[2], status, fd;
	pid_t pid;

	assert_int_equal(loader_new(&l, &opt, error), 0);
	assert_int_equal(ring_open(&ring, loader_ring_fd(l), RING), 0);
	assert_int_equal(pipe(go), 0);
	assert_int_equal(loader_arm(l), 0);
	pid = fork();
	if (pid == 0)
		child(go[0]);
	fd = open("/proc/self/exe", O_RDONLY);
	v.points[0] = (struct tls_point){ .prog = TLS_WRITE,
					  .offset = file_offset((const void *)es_test_write),
					  .returns = side == RETURN_URETPROBE };
	v.return_count = side == RETURN_INSN;
	v.returns[0] = file_offset(es_test_ret);
	to.pid = pid;
	to.file_fd = fd;
	assert_int_equal(attach_stack(l, &to, &v, &att), 0);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	while (ring_read(ring, 100, on_record, &seen, &bad) > 0)
		;
	assert_int_equal(bad, 0);
	assert_int_equal(seen.forks, 1);
	assert_int_equal(seen.exits, 1);
	assert_int_equal(seen.data, CALLS);
	assert_string_equal(seen.text, "GET / HTTP/1.1\r\n");
	assert_int_equal(loader_stats(l, stats), 0);
	assert_int_equal(seen.gaps, 1);
	for (int i = 0; i < ES_STAT_COUNT; i++) {
		assert_int_equal(stats[i].events, i == ES_K_READ_FAULT);
		assert_int_equal(stats[i].bytes, i == ES_K_READ_FAULT ? UNREADABLE : 0);
	}
	for (size_t i = 0; i < att.count; i++)
		close(att.fds[i]);
	free(att.fds);
	close(fd);
	close(go[0]);
	close(go[1]);
	ring_close(ring);
	loader_free(l);
}

static void test_uretprobe_single(void **state)
{
	(void)state;
	run(RETURN_URETPROBE, false);
}

static void test_return_insn_single(void **state)
{
	(void)state;
	run(RETURN_INSN, false);
}

static void test_multi(void **state)
{
	struct features fs = { 0 };

	(void)state;
	if (!feature_has(&fs, FEATURE_UPROBE_MULTI)) {
		printf("skipped: this kernel has no uprobe_multi\n");
		skip();
	}
	run(RETURN_URETPROBE, true);
	run(RETURN_INSN, true);
	features_done(&fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uretprobe_single),
		cmocka_unit_test(test_return_insn_single),
		cmocka_unit_test(test_multi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
