/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_WSOCK_H
#define EARSHOT_EXCHANGE_WSOCK_H

/*
 * wsock - what an exchange goes on as once it is a WebSocket: behind a 101 (RFC 6455), a 2xx to
 * an extended CONNECT (RFC 8441), or joined in the middle. Both directions' frames become events
 * of the exchange (EX_WEBSOCKET).
 */
#include "exchange/exchange.h"
#include "stream/conn.h"

struct wsock_limits {
	uint64_t message; /* longest message, decoded */
	uint32_t ratio;	  /* most expansion */
};

/* What was counted in one direction. */
struct wsock_tally {
	uint64_t messages;
	uint64_t bytes;	  /* of messages, decoded */
	uint64_t broken;  /* frames that break the protocol, messages that break their coding */
	uint64_t skipped; /* bytes passed over to find the next frame */
	uint64_t unread;  /* messages, in part or whole: the window they refer to is lost */
	uint64_t bounded; /* messages cut by a limit */
	bool closed;	  /* a close frame came */
	bool first;	  /* ... before the other side's */
	uint32_t tid;	  /* ... which thread passed it; 0: not known */
	uint16_t code;	  /* that it names; 0: none, or it is lost */
};

typedef void wsock_event_fn(void *ctx, enum ex_side side, const struct ex_event *ev);

struct wsock;

/*
 * extensions: Sec-WebSocket-Extensions of the answer, SV_NONE without one. joined: neither the
 * handshake nor the first frames were seen. Returns 0, -ENOMEM, or -ENOTSUP: an extension that is
 * not known.
 */
int wsock_new(struct wsock **ret, struct sv extensions, bool joined,
	      const struct wsock_limits *limits, wsock_event_fn *fn, void *ctx);
void wsock_free(struct wsock *w);

void wsock_feed(struct wsock *w, enum ex_side side, struct sv bytes, uint32_t tid);
/* count bytes are missing; 0: nobody knows how many. */
void wsock_gap(struct wsock *w, enum ex_side side, uint64_t count);
/* No more will come: what is open ends. */
void wsock_end(struct wsock *w);

/* Both sides have said close. */
bool wsock_over(const struct wsock *w);

struct wsock_tally wsock_tally(const struct wsock *w, enum ex_side side);

/* For streams that are WebSockets from where they were joined, with a struct pairs. */
extern const struct conn_sink wsock_sink;

#endif /* EARSHOT_EXCHANGE_WSOCK_H */
