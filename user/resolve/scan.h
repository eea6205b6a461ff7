/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_SCAN_H
#define EARSHOT_RESOLVE_SCAN_H

/* scan - a file's segments in windows of bounded size, each byte read once. */
#include "resolve/elf.h"

enum scan_what {
	SCAN_CODE,
	SCAN_TEXTS,  /* read-only data; code too where the linker has not set them apart */
	SCAN_DATA,   /* all that is not code */
	SCAN_TABLES, /* the same without large writable segments: those hold a program's payload */
};

/*
 * Bytes at addr. What begins before own belongs to this window, the rest is there to be looked
 * at: it comes again as the beginning of the next.
 */
struct scan_window {
	const uint8_t *p;
	size_t len, own;
	uint64_t addr;
};

/* Returning non-zero ends the scan. */
typedef int scan_fn(void *ctx, const struct scan_window *w);

/* more: the longest thing looked for, in bytes. Returns 0, what fn returned, -ENOMEM, -EIO. */
int scan_file(struct elf *e, enum scan_what what, size_t more, scan_fn *fn, void *ctx);

#endif /* EARSHOT_RESOLVE_SCAN_H */
