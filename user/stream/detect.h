/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_DETECT_H
#define EARSHOT_STREAM_DETECT_H

/*
 * detect - what a stream speaks, told from the first bytes of one of its directions: HTTP/1
 * (RFC 9112), HTTP/2 (RFC 9113 section 3.4), TLS inside TLS (RFC 8446 section 5.1).
 */
#include "base/sv.h"

/*
 * No answer needs more bytes than this, but for a request with a method that is not known: of that
 * one the whole first line has to be there.
 */
#define DETECT_MAX 40

enum detect {
	DETECT_MORE,	       /* what is there fits, but does not suffice */
	DETECT_HTTP1_REQUEST,  /* this direction carries HTTP/1 requests */
	DETECT_HTTP1_LINE,     /* the same, by a whole line: the method is not known */
	DETECT_HTTP1_RESPONSE, /* ... responses */
	DETECT_HTTP2_CLIENT,   /* the client's preface */
	DETECT_HTTP2_SERVER,   /* a server's first SETTINGS frame */
	DETECT_TLS,	       /* a TLS handshake record: a tunnel's inner TLS */
	DETECT_UNKNOWN,	       /* nothing that is known here */
};

/* Never DETECT_MORE when first holds DETECT_MAX bytes or more. */
enum detect detect(struct sv first);

#endif /* EARSHOT_STREAM_DETECT_H */
