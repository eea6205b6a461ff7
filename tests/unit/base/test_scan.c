// SPDX-License-Identifier: Apache-2.0
#include "base/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef const char *scan_fn(const char *p, const char *end);

static const struct {
	scan_fn *fast, *words;
	bool (*is_hit)(char c);
} scans[] = {
	{ scan_eol, scan_eol_words, scan_is_eol },
	{ scan_string, scan_string_words, scan_is_string_end },
	{ scan_high, scan_high_words, scan_is_high },
};

/* Each byte at each place of each length, on a block that ends where it ends. */
static void test_every_byte_everywhere(void **state)
{
	enum { LONGEST = 40 };

	(void)state;
	for (size_t len = 1; len <= LONGEST; len++) {
		char *block = malloc(len);

		for (size_t at = 0; at < len; at++) {
			for (int c = 0; c < 256; c++) {
				memset(block, 'a', len);
				block[at] = (char)c;
				for (size_t i = 0; i < 3; i++) {
					size_t want = scans[i].is_hit((char)c) ? at : len;

					assert_ptr_equal(scans[i].fast(block, block + len),
							 block + want);
					assert_ptr_equal(scans[i].words(block, block + len),
							 block + want);
				}
			}
		}
		free(block);
	}
}

static void test_first_of_several(void **state)
{
	char block[64];

	(void)state;
	memset(block, 'a', sizeof(block));
	for (size_t a = 0; a < sizeof(block); a++) {
		for (size_t b = a; b < sizeof(block); b++) {
			block[a] = block[b] = '\n';
			assert_ptr_equal(scan_eol(block, block + sizeof(block)), block + a);
			assert_ptr_equal(scan_string_words(block, block + sizeof(block)),
					 block + a);
			block[b] = 'a';
		}
		block[a] = 'a';
	}
	assert_ptr_equal(scan_string(block, block), block);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte_everywhere),
		cmocka_unit_test(test_first_of_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
