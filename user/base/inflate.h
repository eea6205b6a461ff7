/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_INFLATE_H
#define EARSHOT_BASE_INFLATE_H

/*
 * inflate - one streaming decoder for the content codings of HTTP (RFC 9110 section 8.4.1):
 * gzip, deflate (zlib or raw), br, zstd. Fed pieces cut anywhere; hands decoded pieces on.
 */
#include "base/sv.h"

enum inflate_coding {
	INFLATE_IDENTITY,
	INFLATE_GZIP,
	INFLATE_DEFLATE,
	INFLATE_BR,
	INFLATE_ZSTD,
	INFLATE_UNKNOWN,
};

/* "gzip", "x-gzip", "deflate", "br", "zstd", "identity", "" ... in any case, trimmed. */
enum inflate_coding inflate_coding_of(struct sv name);

struct inflate;

/* Returns 0 to go on, or a negative errno to stop the feed. */
typedef int inflate_fn(void *ctx, struct sv out);

/*
 * What a decoder may allocate beside its window, from its first byte to its end. What they do take
 * (test_memory() measures it): zlib 7 KiB. brotli 17 to 41 KiB, for its prefix codes; hostile ones
 * meet the bound. zstd 478 KiB whatever comes: 94 of tables and literals, a block of 128 to come
 * in, and two to go out behind the window. Its library has no way to ask for less: its blocks may
 * be that large, and are decoded in one piece (zstd.h, ZSTD_decodingBufferSize_min()).
 * Most of that is touched only by blocks that large; those of an event stream are not.
 */
#define INFLATE_TABLES (512u << 10)

struct inflate_limits {
	uint64_t bytes; /* most that are handed out; beyond it: -E2BIG */
	uint32_t ratio; /* most expansion (out/in) once 1 MiB came out; 0: any. Else -E2BIG */
	/*
	 * br, zstd: largest window, in bytes. Both say in their head what they may need, up to 16
	 * MiB and more; what they then take is less when the data is short. Beyond it: -EFBIG.
	 */
	uint64_t window;
};

/* RFC 8878 section 3.1.1.1.2 asks decoders for 8 MiB, RFC 9659 forbids more in HTTP. */
#define INFLATE_WINDOW (8u << 20)

/* The most that a decoder may have. While brotli's window grows there is the old one too. */
uint64_t inflate_most(enum inflate_coding coding, uint64_t window);

/* Returns 0, -ENOTSUP (INFLATE_UNKNOWN), -ENOMEM. */
int inflate_new(struct inflate **ret, enum inflate_coding coding,
		const struct inflate_limits *limits, inflate_fn *fn, void *ctx);
void inflate_free(struct inflate *z);

/* 0, -EBADMSG (broken data), -E2BIG, -EFBIG (a bound reached), -ENOMEM, or fn's result; sticky. */
int inflate_feed(struct inflate *z, struct sv in);

/* 0: the coding came to its end; -EAGAIN: cut short; or the sticky error. */
int inflate_end(struct inflate *z);

/* Heap that its decoder holds, and the most that it held. */
uint64_t inflate_held(const struct inflate *z, uint64_t *ret_peak);

#endif /* EARSHOT_BASE_INFLATE_H */
