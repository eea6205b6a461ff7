/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HTTP1_HEAD_H
#define EARSHOT_PROTO_HTTP1_HEAD_H

/* http1_head - the head of one HTTP/1 message, whole (RFC 9112 sections 2 to 6). */
#include "proto/http1.h"

/* Length of the head at the start of s, its blank line included; 0: not whole. from: skips. */
size_t http1_head_len(struct sv s, size_t from);

/*
 * s is a whole head and may be changed: folded lines are unfolded in it. fields has room for
 * HTTP_FIELDS_MAX. Returns NULL with *ret filled, views into s; or why it is broken.
 */
const char *http1_head_parse(struct http1_head *ret, enum http1_kind kind, struct sv s,
			     struct http_field *fields);

/* A field of s is continued on another line: http1_head_parse() would change s. */
bool http1_head_folds(struct sv s);

/* A line, its end included, that is likely to be where a message starts. */
bool http1_starts(enum http1_kind kind, struct sv line);
/* The start of a line that may become such a line. */
bool http1_may_start(enum http1_kind kind, struct sv part);

/* A line, its end included, that is a chunk's size, as senders write it: plain, and by CR LF. */
bool http1_chunk_line(struct sv line, uint64_t *ret);
/* The start of a line that may become one. */
bool http1_may_be_chunk(struct sv part);

#endif /* EARSHOT_PROTO_HTTP1_HEAD_H */
