// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/needs.h"

static void test_pipes(void **state)
{
	struct needs n = { 0 };

	(void)state;
	assert_int_equal(needs_now(&n), 0);
	needs_exec(&n, 7, false);
	assert_int_equal(needs_now(&n), 0);
	needs_exec(&n, 7, true);
	needs_exec(&n, 8, true);
	assert_int_equal(needs_now(&n), PLAIN_PIPES);
	needs_exit(&n, 7);
	assert_int_equal(needs_now(&n), PLAIN_PIPES);
	/* The other one goes on as a program without pipes. */
	needs_exec(&n, 8, false);
	assert_int_equal(needs_now(&n), 0);
	needs_exit(&n, 8);
	needs_exit(&n, 8);
	needs_free(&n);
}

static void test_closes(void **state)
{
	struct needs n = { 0 };

	(void)state;
	/* Each connection says it again. */
	needs_closes(&n, 7);
	needs_closes(&n, 7);
	needs_exec(&n, 8, true);
	needs_closes(&n, 8);
	assert_int_equal(needs_now(&n), PLAIN_PIPES | PLAIN_CLOSES);
	needs_exit(&n, 8);
	assert_int_equal(needs_now(&n), PLAIN_CLOSES);
	needs_exit(&n, 7);
	assert_int_equal(needs_now(&n), 0);
	/* What is left when all ends is given back. */
	needs_exec(&n, 9, true);
	needs_free(&n);
	assert_int_equal(needs_now(&n), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipes),
		cmocka_unit_test(test_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
