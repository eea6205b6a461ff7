/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HTTP2_HEAD_H
#define EARSHOT_PROTO_HTTP2_HEAD_H

/* http2_head - the head, or trailers, that one HTTP/2 header block holds (RFC 9113 section 8). */
#include "proto/http2.h"

/*
 * Views are into scratch. torn: block is only the beginning, and h forgets its table. *ret is
 * filled always, as far as the block can be read; returns NULL, or why it cannot be, static text.
 */
const char *http2_head_read(struct http_head *ret, struct http2_scratch *scratch, struct hpack *h,
			    struct sv block, bool torn);

#endif /* EARSHOT_PROTO_HTTP2_HEAD_H */
