/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_GRPC_H
#define EARSHOT_PROTO_GRPC_H

/*
 * grpc - counts the messages of one direction of a gRPC call (gRPC over HTTP/2, section
 * "Length-Prefixed-Message"): a flag byte (0, 1: compressed), the length in four bytes, big
 * endian, and the message. gRPC-Web (80h: trailers in place of a message) is the same. Nothing is
 * handed on: without its schema a message says nothing. Sans-I/O.
 */
#include "base/sv.h"

struct grpc {
	uint64_t messages; /* begun */
	uint64_t bytes;	   /* of these, as far as they came, missing bytes included */
	uint64_t largest;
	uint64_t compressed; /* messages */
	bool lost;	     /* the place is lost for good: no more is counted */
	bool broken;	     /* ... for it is no gRPC */
	/* Private. */
	uint64_t left;
	uint8_t head_len;
	uint8_t head[5];
};

void grpc_init(struct grpc *g);
void grpc_feed(struct grpc *g, struct sv in);
/*
 * count bytes are missing. Inside a message they are passed over exactly. A longer gap loses the
 * place: a prefix has nothing to be known by.
 */
void grpc_gap(struct grpc *g, uint64_t count);
/* Between two messages, and never lost. */
bool grpc_whole(const struct grpc *g);

#endif /* EARSHOT_PROTO_GRPC_H */
