/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HTTP_HEAD_H
#define EARSHOT_PROTO_HTTP_HEAD_H

/* http_head - the head of a request or response, whatever version carried it (RFC 9110). */
#include "base/sv.h"

/* More fields are dropped, and the head says so. http.client refuses more than 100. */
#define HTTP_FIELDS_MAX 128

struct http_field {
	struct sv name;	 /* as sent; HTTP/2: always lower case */
	struct sv value; /* HTTP/1: trimmed, and folded lines are joined by blanks */
};

/*
 * Views die when the callback that gave the head returns. What was not sent, or is not known, is
 * SV_NONE. HTTP/2's pseudo-header fields (RFC 9113 section 8.3) are here and not in fields.
 */
struct http_head {
	struct sv method; /* requests */
	struct sv target; /* requests; HTTP/2: :path */
	struct sv scheme;
	struct sv authority; /* counts as the Host field */
	struct sv protocol;  /* of an extended CONNECT (RFC 8441) */
	unsigned int status; /* responses; 1xx too; 0: not known */
	uint8_t major, minor;
	const struct http_field *fields;
	size_t field_count;
	bool fields_dropped; /* there were more than HTTP_FIELDS_MAX */
	bool fields_unknown; /* some cannot be read: what they refer to passed unseen */
	bool conflict;	     /* HTTP/1: length told in two ways: smuggling, maybe */
};

#endif /* EARSHOT_PROTO_HTTP_HEAD_H */
