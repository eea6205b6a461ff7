/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_JSONLINES_H
#define EARSHOT_PROTO_JSONLINES_H

/*
 * jsonlines - cuts a body into lines (NDJSON, JSON Lines): an event each, without a type. Lines
 * end with LF or CR LF; blank ones are passed over, and the last one needs no end. Sans-I/O.
 */
#include "proto/event.h"

/* The fields are private: embed it, do not read it. */
struct jsonlines {
	struct event_out *out;
	bool cr;    /* a CR is held back: it is part of the line end, or of the line */
	bool lost;  /* behind a gap: drop all up to the next line end */
	bool start; /* nothing came yet: a byte order mark may stand here */
	uint8_t bom;
};

/* Borrows out. */
void jsonlines_init(struct jsonlines *j, struct event_out *out);
void jsonlines_feed(struct jsonlines *j, struct sv in);
/*
 * Bytes are missing: the line before ends there, truncated; that which goes on behind is passed
 * over, for its start is not known.
 */
void jsonlines_gap(struct jsonlines *j);
/* whole: the body came to its end; else a line without its end is truncated. */
void jsonlines_close(struct jsonlines *j, bool whole);

#endif /* EARSHOT_PROTO_JSONLINES_H */
