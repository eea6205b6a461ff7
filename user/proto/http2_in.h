/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HTTP2_IN_H
#define EARSHOT_PROTO_HTTP2_IN_H

/*
 * http2_in - what the files behind http2.h share: http2.c reads frames and says what gaps leave
 * of them, http2_seek.c looks for the next one, http2_head.c reads a header block.
 */
#include "proto/http2.h"

enum http2_state {
	PREFACE,
	FRAME,	  /* its header */
	PREFIX,	  /* what stands before its data or its part of a header block */
	DATA,	  /* left bytes */
	FRAGMENT, /* left bytes of a header block */
	CONTROL,  /* the fixed part of RST_STREAM, GOAWAY */
	SKIP,	  /* left bytes */
	SEEK,
};

/* Adds to buf; false when that would be more than max, or there is no memory. */
bool http2_buf_add(struct http2 *p, struct sv s, size_t max);
void http2_buf_drop(struct http2 *p);

/* Bytes that were passed over; none are not told of. */
void http2_skipped(struct http2 *p, size_t count);

/*
 * SEEK: returns what of in is to be read as frames, or nothing; p->again_buf may hold bytes that
 * come before them.
 */
struct sv http2_seek(struct http2 *p, struct sv in);

#endif /* EARSHOT_PROTO_HTTP2_IN_H */
