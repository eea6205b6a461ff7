/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_EVENT_H
#define EARSHOT_PROTO_EVENT_H

/*
 * event - one message cut out of a stream, whatever framed it: an event of an event stream, a
 * line, a message of the AWS event stream, of gRPC or of a WebSocket.
 *
 * One of up to EVENT_WHOLE_MAX bytes comes in one piece, however the stream is cut. A longer one
 * comes in pieces as the stream brings them: what its reader keeps of it is the reader's affair,
 * and no length of a message costs memory here. For every piece with more there is one that goes
 * on with it, the last without more, also when the message is never finished.
 */
#include "base/sv.h"

/* What is kept to hand a message on whole. Nearly all are shorter; see docs/PERFORMANCE.md. */
#define EVENT_WHOLE_MAX (32u << 10)

/* Views die when the callback returns. */
struct event {
	struct sv type; /* what the framing calls it; in every piece */
	struct sv data;
	uint64_t size;	/* of its data on the wire, what is missing included; in the last piece */
	bool cont;	/* goes on with the piece before */
	bool more;	/* is not over with this piece */
	bool gap;	/* bytes are missing right before this piece's data */
	bool truncated; /* the last piece: bytes are missing, here or before */
	bool exception; /* an error, as the framing says */
	bool unread;	/* the last piece: (what follows of) the data cannot be decoded */
};

typedef void event_fn(void *ctx, const struct event *ev);

/*
 * Hands events on: what parsers share. The fields are private but for the counters.
 */
struct event_out {
	event_fn *fn;
	void *ctx;
	char *buf; /* data of this event that was not handed on */
	size_t len;
	size_t cap;
	uint64_t left; /* data bytes that this event may still have */
	uint64_t limit;
	uint64_t events;  /* begun */
	uint64_t broken;  /* messages that break their protocol */
	uint64_t skipped; /* bytes passed over to find the next message */
	struct event ev;  /* what the next piece says */
	bool open;
	bool cut; /* the limit is reached: the rest of this event is left out */
};

/* limit: of one event's data; what is beyond is cut off, and the event says so. */
void event_out_init(struct event_out *o, uint64_t limit, event_fn *fn, void *ctx);
/* Hands nothing on. The counters stay. */
void event_out_done(struct event_out *o);

/* type must live until the event's end. */
void event_begin(struct event_out *o, struct sv type, bool exception);
void event_add(struct event_out *o, struct sv bytes);
/* Bytes of the event are missing here, and it goes on behind them. */
void event_skip(struct event_out *o);
/* The last bytes of the event: a whole event is handed on from them without a copy. */
void event_end(struct event_out *o, struct sv bytes);
/* As if it had never begun; when pieces of it are out, as truncated. */
void event_drop(struct event_out *o);
/* Another type for the open event, as long as none of it is out. */
void event_retype(struct event_out *o, struct sv type);
/* Marks for the open event. */
void event_truncated(struct event_out *o);
void event_unread(struct event_out *o);
void event_size(struct event_out *o, uint64_t bytes);

#endif /* EARSHOT_PROTO_EVENT_H */
