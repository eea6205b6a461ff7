/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_MULTIPART_H
#define EARSHOT_PROTO_MULTIPART_H

/*
 * multipart - counts the parts of a multipart body (RFC 2046 section 5.1) and their bytes, and
 * passes over what they hold: files that are sent up. Sans-I/O.
 */
#include "base/sv.h"

/* RFC 2046 section 5.1.1; with CR LF and two dashes before it. */
#define MULTIPART_BOUNDARY_MAX 70

struct multipart {
	uint64_t parts; /* begun */
	uint64_t bytes; /* of their contents, as far as they came */
	bool closed;	/* the last delimiter came */
	/* Private. */
	uint8_t state;
	uint8_t matched;
	uint8_t delim_len;
	uint64_t part; /* bytes behind this part's head, delimiter included */
	bool blank;    /* this line of a part's head has no byte yet */
	uint8_t back[MULTIPART_BOUNDARY_MAX + 4]; /* how much still matches after a mismatch */
	char delim[MULTIPART_BOUNDARY_MAX + 4];
};

/* The boundary that a Content-Type names; SV_NONE without one. */
struct sv multipart_boundary(struct sv content_type);

/* Returns 0, or -EINVAL: the boundary is empty or too long. */
int multipart_init(struct multipart *m, struct sv boundary);
void multipart_feed(struct multipart *m, struct sv in);
/* Bytes are missing, a delimiter among them, maybe: the counts are of what was seen. */
void multipart_gap(struct multipart *m);

#endif /* EARSHOT_PROTO_MULTIPART_H */
