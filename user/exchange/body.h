/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_BODY_H
#define EARSHOT_EXCHANGE_BODY_H

/*
 * body - a message body on its way: content codings are removed, and what is made of messages is
 * cut into them (kind.h). What one costs in memory: this struct (under 1 KiB), an event that is
 * cut by a record's end (EVENT_WHOLE_MAX at most), the start of an answer whose kind is in doubt
 * (KIND_SNIFF_MAX, not at the same time), and the decoder (base/inflate.h). That is the same
 * whether content is wanted or not.
 */
#include "base/inflate.h"
#include "exchange/exchange.h"
#include "proto/event.h"

/* More codings on one body than this are not undone: nobody sends them. */
#define BODY_CODINGS_MAX 2

struct body_limits {
	uint64_t bytes; /* decoded, see inflate.h */
	uint32_t ratio;
	uint64_t event;	 /* longest message; longer ones are cut and say so */
	uint64_t window; /* br, zstd: largest window; see inflate.h */
};

struct body_sink {
	/* Once, before anything of the body; not called for EX_PLAIN. */
	void (*kind)(void *ctx, enum ex_kind kind);
	void (*bytes)(void *ctx, struct sv bytes);
	void (*event)(void *ctx, const struct ex_event *ev);
};

/* What its head says of it: values as sent, or SV_NONE. */
struct body_head {
	struct sv content_type;
	/* Content-Encoding and Transfer-Encoding; "chunked" is passed over. */
	struct sv codings[2];
	bool answer; /* its first bytes are trusted more than its type */
};

/* What was counted so far. */
struct body_tally {
	uint64_t bytes;	  /* decoded, framing included */
	uint64_t events;  /* messages, parts */
	uint64_t broken;  /* messages that break their framing: not handed on */
	uint64_t skipped; /* bytes passed over to find the next message */
};

struct body;

/* True when such a body must go through here; else it may be handed on as it is. */
bool body_needed(const struct body_head *head);

/* Borrows limits and sink. Returns 0, -ENOTSUP (a coding not known, or too many) or -ENOMEM. */
int body_new(struct body **ret, const struct body_head *head, const struct body_limits *limits,
	     const struct body_sink *sink, void *ctx);
void body_free(struct body *b);

/* 0, -EBADMSG, -E2BIG, -EFBIG or -ENOMEM as inflate.h has them, -ENODATA behind a gap; sticky. */
int body_feed(struct body *b, struct sv in);

/*
 * count bytes are missing; exact: not one more and not one less. A coded body cannot be read on.
 */
void body_gap(struct body *b, uint64_t count, bool exact);

/*
 * The body is over; whole: as its framing tells. What is open is handed on. Returns 0; -EAGAIN:
 * the coding did not come to its end; or the sticky error.
 */
int body_end(struct body *b, bool whole);

struct body_tally body_tally(const struct body *b);

/* What it holds; *ret_decoders: of that, what its decoders hold, windows included. */
size_t body_memory(const struct body *b, size_t *ret_decoders);

/* For those who have events without a body. */
struct ex_event body_event(const struct event *ev);

#endif /* EARSHOT_EXCHANGE_BODY_H */
