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
 * limit: most bytes handed out; beyond it feeds return -E2BIG and nothing more comes out.
 * ratio: most expansion (out/in) allowed once 1 MiB came out; 0 for none. Same result.
 * Returns 0, -ENOTSUP (INFLATE_UNKNOWN), -ENOMEM.
 */
int inflate_new(struct inflate **ret, enum inflate_coding coding, uint64_t limit, uint32_t ratio,
		inflate_fn *fn, void *ctx);
void inflate_free(struct inflate *z);

/* 0, -EBADMSG (broken data; sticky), -E2BIG (bound reached; sticky), -ENOMEM, or fn's result. */
int inflate_feed(struct inflate *z, struct sv in);

/* 0: the coding came to its end; -EAGAIN: cut short; or the sticky error. */
int inflate_end(struct inflate *z);

#endif /* EARSHOT_BASE_INFLATE_H */
