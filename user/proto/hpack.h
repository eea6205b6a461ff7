/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_HPACK_H
#define EARSHOT_PROTO_HPACK_H

/*
 * hpack - header blocks of one direction of an HTTP/2 connection (RFC 7541), read by a bystander
 * who may have come late or missed some. libnghttp2's inflater undoes Huffman codes and keeps the
 * dynamic table; but an index that it does not know ends it for good, so each field is looked at
 * before it is fed.
 *
 * What was inserted before we came, or while bytes were lost, is not known: a field that refers
 * to it is told as unknown. All that was inserted since is known at its right place, for
 * insertions count from the newest. The table here may hold fewer entries than the sender's, never
 * others: what is not known of an entry counts as empty, so none here is dropped sooner than
 * there, but for the bounds below; and a dropped one is unknown, not wrong.
 */
#include "base/sv.h"

/*
 * A sender that was allowed a larger table may use one: entries beyond are dropped here. 4096 is
 * what the protocol begins with and what nearly everybody stays at.
 */
#define HPACK_TABLE_MAX (16u << 10)
/* Memory of a table, its entries' own needs included; above it the oldest entries are dropped. */
#define HPACK_MEM_MAX (24u << 10)

struct hpack_table;

/* The fields are private: embed it, do not read it. */
struct hpack {
	struct hpack_table *table; /* NULL: nothing in it yet */
	uint32_t max;		   /* its size, as the sender set it, up to HPACK_TABLE_MAX */
	bool partial;		   /* the sender's table holds, or may hold, more */
};

/* late: the direction was running already. */
void hpack_init(struct hpack *h, bool late);
void hpack_done(struct hpack *h);

/* A block, or part of one, passed unseen: nothing of the table is known any more. */
void hpack_lost(struct hpack *h);

/*
 * A field, in order. An unknown one has no name or no value (SV_NONE). Views die when the
 * callback returns.
 */
typedef void hpack_field_fn(void *ctx, struct sv name, struct sv value);

/*
 * block: whole, or its beginning, to be followed by hpack_lost(). Returns 0; -EBADMSG: it breaks
 * the rules, was read up to there, and the table is lost; -ENOMEM: likewise.
 */
int hpack_block(struct hpack *h, struct sv block, hpack_field_fn *fn, void *ctx);

/* Memory in use. */
size_t hpack_memory(const struct hpack *h);

#endif /* EARSHOT_PROTO_HPACK_H */
