/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_READER_TALK_H
#define EARSHOT_READER_TALK_H

/*
 * talk - one conversation in JSON-RPC between a client and a server: a pipe, a session over
 * HTTP, or a single exchange. Requests wait in it for their answers, by id and by who asked.
 * A session of MCP over HTTP spreads over many exchanges, in the older transport also over
 * several connections: those that name the same session, at the same server, from the same
 * process, are one talk.
 */
#include "reader/mcp.h"

/* Requests that wait; the oldest is given up for a new one. */
#define TALK_ASKED_MAX 256
/* Sessions remembered; the one that was silent longest is forgotten. */
#define TALKS_MAX 1024

#define TALK_NAME_MAX 128

/* A request that waits for its answer. */
struct asked {
	struct asked *next;
	struct call *call;
	const void *owner; /* the exchange it was asked on; NULL: over, or a pipe */
	uint64_t id;	   /* hash of the id as written; 0: it was not seen */
	uint64_t token;	   /* ... of its progress token; 0: none */
	uint64_t t_end;	   /* when the exchange that carried it ended; 0: not yet */
	bool from_client;
	bool shadow;   /* the other end tells it: no span of it here */
	bool streams;  /* has several answers: ends with its exchange */
	bool answered; /* streams: at least one came */
};

struct talk_key {
	uint32_t tgid;
	bool server; /* the process is the server */
	uint64_t proc_start;
	uint64_t where; /* hash of the authority */
	uint64_t name;	/* hash of the session's name */
};

struct talk {
	struct talk *next, *older, *newer;
	struct talk_key key; /* name 0: not in the table */
	struct asked *asked; /* oldest first */
	size_t asked_count;
	uint32_t users; /* exchanges that are in it now */
	bool is_mcp;
	bool gap[2]; /* bytes were lost of what the server (0), the client (1) said */
	char session[TALK_NAME_MAX];
	char protocol[TALK_NAME_MAX];
	char server_name[TALK_NAME_MAX];
	char client_name[TALK_NAME_MAX];
};

/* A call is over, or will never be answered. It is the callee's from then on. */
typedef void talk_call_fn(void *ctx, struct call *call);

struct talks {
	struct talk *buckets[TALKS_MAX];
	struct talk *oldest, *newest;
	size_t count;
	talk_call_fn *fn;
	void *ctx;
};

/* The session, found or made; it must be left again. NULL: no memory. */
struct talk *talk_join(struct talks *all, const struct talk_key *key, struct sv name);
void talk_leave(struct talks *all, struct talk *t);
/* Ends all sessions; what waits in them ends as this outcome. */
void talks_stop(struct talks *all, enum call_outcome how, uint64_t time);

/* a's call is the talk's from then on. Returns 0 or -ENOMEM (then it still is the caller's). */
int talk_ask(struct talks *all, struct talk *t, const struct asked *a, uint64_t time);
/* Takes the request out that this id answers. NULL: there is none. The caller frees it. */
struct asked *talk_answered(struct talk *t, uint64_t id, bool from_client);
/* The same, but it stays. */
struct asked *talk_find(struct talk *t, uint64_t id, bool from_client);
/* ... by its progress token. */
struct asked *talk_progress(struct talk *t, uint64_t token, bool from_client);

/* What waits ends: t_end where that is set, else time. error: static; NULL: it is set. */
void talk_end(struct talks *all, struct talk *t, enum call_outcome how, const char *error,
	      uint64_t time);
/* The same, for one. */
void talk_give_up(struct talks *all, struct talk *t, struct asked *a, enum call_outcome how,
		  const char *error, uint64_t time);
/* What waits goes over to another talk. */
void talk_move(struct talk *from, struct talk *to);
/* The first of those that this owner asked for. */
struct asked *talk_of(const struct talk *t, const void *owner);
/* Takes it out. */
void talk_remove(struct talk *t, struct asked *a);

/* Fills in what the talk knows and the call does not. */
void talk_fill(const struct talk *t, struct call *c);
/* Does that, ends the call, and frees a. */
void talk_tell(struct talks *all, struct talk *t, struct asked *a, uint64_t time);

/* Keeps a name, cut to what there is room for. Empty ones leave what is known. */
void talk_name(char *to, struct sv name);

#endif /* EARSHOT_READER_TALK_H */
