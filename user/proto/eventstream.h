/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_EVENTSTREAM_H
#define EARSHOT_PROTO_EVENTSTREAM_H

/*
 * eventstream - the event stream encoding of AWS (application/vnd.amazon.eventstream). Numbers
 * are big endian. A message is a prelude (its length, the length of its headers, the CRC32 of
 * these two), headers, payload, and the CRC32 of all before. A header is a name (length in a
 * byte), the type of its value in a byte, and the value. Both sums are checked: a message whose
 * sum is wrong is not handed on, or, where pieces of it were, ends as truncated.
 *
 * The event's type is the value of :event-type, :exception-type or :error-code, whichever
 * :message-type asks for. Sans-I/O.
 */
#include "proto/event.h"

/* Limits of the encoding as the SDKs of AWS check them. */
#define EVENTSTREAM_HEADERS_MAX (128u << 10)
#define EVENTSTREAM_PAYLOAD_MAX (24u << 20)

#define EVENTSTREAM_PRELUDE  12
#define EVENTSTREAM_NAME_MAX 16 /* a header with a longer name is none of those wanted */
#define EVENTSTREAM_TYPE_MAX 64 /* longer types are cut */

/* The fields are private: embed it, do not read it. */
struct eventstream {
	struct event_out *out;
	uint8_t state;
	uint8_t header_state;
	uint8_t kept; /* bytes in part */
	uint8_t name_len;
	uint8_t type_len;
	uint8_t which;	 /* the header being read */
	uint8_t message; /* :message-type */
	bool torn;	 /* bytes of this message are missing: its sum says nothing */
	uint16_t value_left;
	uint32_t headers_left;
	uint32_t payload_left;
	uint32_t payload_len;
	uint32_t crc;
	uint8_t part[EVENTSTREAM_PRELUDE]; /* a prelude or sum that is cut */
	char name[EVENTSTREAM_NAME_MAX];
	char type[EVENTSTREAM_TYPE_MAX];
};

/* Borrows out, whose limit is EVENTSTREAM_PAYLOAD_MAX or less. */
void eventstream_init(struct eventstream *s, struct event_out *out);
void eventstream_feed(struct eventstream *s, struct sv in);
/*
 * count bytes are missing. Inside a message they are passed over exactly; behind it the next
 * prelude with a right sum is looked for.
 */
void eventstream_gap(struct eventstream *s, uint64_t count);
void eventstream_close(struct eventstream *s);

/* first, EVENTSTREAM_PRELUDE bytes or more, begins with a prelude whose sum is right. */
bool eventstream_plausible(struct sv first);

#endif /* EARSHOT_PROTO_EVENTSTREAM_H */
