// SPDX-License-Identifier: Apache-2.0
/* The pairing of entries and returns, compiled for the host from the very header BPF uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/types.h>
#include <sys/cdefs.h>

#include "frame.h"

static struct frame *push(struct thread *th, __u64 sp, __u64 object, __u8 dir)
{
	struct frame *f = frame_push(th, sp);

	if (f) {
		f->sp = sp;
		f->object = object;
		f->dir = dir;
		f->reported = 0;
	}
	return f;
}

static void test_call_and_return(void **state)
{
	struct thread th = { 0 };
	struct frame *f;

	(void)state;
	assert_non_null(push(&th, 1000, 7, 0));
	f = frame_take(&th, 1000);
	assert_non_null(f);
	assert_int_equal(f->object, 7);
	assert_int_equal(th.depth, 0);
	assert_null(frame_take(&th, 1000));
}

static void test_nested_calls_pair_by_stack_pointer(void **state)
{
	struct thread th = { 0 };

	(void)state;
	push(&th, 1000, 1, 0);
	push(&th, 900, 2, 0);
	push(&th, 800, 3, 1);
	assert_int_equal(frame_take(&th, 800)->object, 3);
	assert_int_equal(frame_take(&th, 900)->object, 2);
	assert_int_equal(frame_take(&th, 1000)->object, 1);
}

/* A return of another function at another stack pointer takes nothing. */
static void test_foreign_return_takes_nothing(void **state)
{
	struct thread th = { 0 };

	(void)state;
	push(&th, 1000, 1, 0);
	assert_null(frame_take(&th, 500));
	assert_int_equal(th.depth, 1);
	assert_non_null(frame_take(&th, 1000));
}

/* longjmp leaves frames behind; the next entry above them drops them. */
static void test_entry_drops_what_was_left(void **state)
{
	struct thread th = { 0 };

	(void)state;
	push(&th, 1000, 1, 0);
	push(&th, 900, 2, 0);
	assert_non_null(push(&th, 1000, 3, 0));
	assert_int_equal(th.stale, 2);
	assert_int_equal(th.depth, 1);
	assert_int_equal(frame_take(&th, 1000)->object, 3);
}

static void test_return_drops_what_was_left_inside(void **state)
{
	struct thread th = { 0 };

	(void)state;
	push(&th, 1000, 1, 0);
	push(&th, 900, 2, 0);
	assert_int_equal(frame_take(&th, 1000)->object, 1);
	assert_int_equal(th.stale, 1);
	assert_int_equal(th.depth, 0);
}

static void test_full_stack_refuses(void **state)
{
	struct thread th = { 0 };

	(void)state;
	for (int i = 0; i < ES_FRAMES; i++)
		assert_non_null(push(&th, 1000 - (__u64)i, (__u64)i, 0));
	assert_null(push(&th, 100, 99, 0));
	assert_int_equal(th.depth, ES_FRAMES);
	for (int i = ES_FRAMES - 1; i >= 0; i--)
		assert_int_equal(frame_take(&th, 1000 - (__u64)i)->object, i);
}

/* Only the same object and direction was reported twice: a TLS in a TLS is not. */
static void test_outer_call_of_the_same_bytes_reports_nothing(void **state)
{
	struct thread th = { 0 };

	(void)state;
	push(&th, 1000, 1, 0);
	push(&th, 900, 1, 0);
	assert_int_equal(frame_take(&th, 900)->reported, 0);
	assert_int_equal(frame_take(&th, 1000)->reported, 1);

	push(&th, 1000, 1, 0);
	push(&th, 900, 2, 0);
	frame_take(&th, 900);
	assert_int_equal(frame_take(&th, 1000)->reported, 0);

	push(&th, 1000, 1, 0);
	push(&th, 900, 1, 1);
	frame_take(&th, 900);
	assert_int_equal(frame_take(&th, 1000)->reported, 0);
}

/* Random walks against a plain model: a list of live frames. */
static void test_random_walk(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	for (int walk = 0; walk < 2000; walk++) {
		__u64 live[ES_FRAMES], sp;
		struct thread th = { 0 };
		int depth = 0;

		for (int step = 0; step < 50; step++) {
			seed = seed * 1103515245 + 12345;
			sp = 1000 - (seed >> 16) % 40;
			if (seed & 0x8000) {
				while (depth > 0 && live[depth - 1] <= sp)
					depth--;
				assert_int_equal(push(&th, sp, sp, 0) != NULL, depth < ES_FRAMES);
				if (depth < ES_FRAMES)
					live[depth++] = sp;
			} else {
				struct frame *f = frame_take(&th, sp);

				while (depth > 0 && live[depth - 1] < sp)
					depth--;
				assert_int_equal(f != NULL, depth > 0 && live[depth - 1] == sp);
				if (f)
					assert_int_equal(f->object, live[--depth]);
			}
			assert_int_equal(th.depth, depth);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_and_return),
		cmocka_unit_test(test_nested_calls_pair_by_stack_pointer),
		cmocka_unit_test(test_foreign_return_takes_nothing),
		cmocka_unit_test(test_entry_drops_what_was_left),
		cmocka_unit_test(test_return_drops_what_was_left_inside),
		cmocka_unit_test(test_full_stack_refuses),
		cmocka_unit_test(test_outer_call_of_the_same_bytes_reports_nothing),
		cmocka_unit_test(test_random_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
