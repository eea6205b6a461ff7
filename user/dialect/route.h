/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_ROUTE_H
#define EARSHOT_DIALECT_ROUTE_H

/*
 * route - which API an exchange speaks: by host, path and method; hosts.c and paths.c are its
 * data. Knows nothing of bodies (shape.c looks at those where this leaves doubt).
 */
#include "dialect/parse.h"

enum route_verdict {
	ROUTE_MODEL,	 /* a model call, read by api */
	ROUTE_MAYBE,	 /* the path suits api; its body must show it */
	ROUTE_OTHER_API, /* of a model API, but no inference */
	ROUTE_UNREAD,	 /* of a model host, and no dialect reads it */
	ROUTE_NOT_MODEL,
};

struct route {
	enum route_verdict verdict;
	const struct api *api;	   /* MODEL, MAYBE */
	const char *provider;	   /* by host, else by path; NULL: not a known one */
	bool proof;		   /* MAYBE: only the answer can show it */
	struct sv caps[CAP_COUNT]; /* what the path names, percent-encoded, in the target */
};

/* What is known before the body comes. hosts: the user's; looked at first. */
struct route_key {
	struct sv host;
	struct sv target;
	struct sv method;
	bool anthropic; /* by a header field that only its clients send */
	bool upgrade;	/* a WebSocket is asked for */
	const struct dialect_host *hosts;
	size_t host_count;
};

struct route route_find(const struct route_key *key);

/*
 * One row of paths.c. pattern: the path's end, from a slash on. '*' stands for one or more
 * characters of a segment, "{m}" too and keeps them: m model, a agent, c conversation,
 * r response, s source. "/ **" (without the blank) at the end: and anything below.
 */
enum path_flag {
	PATH_DOUBT = 1 << 0, /* other services use such paths too */
	PATH_PROOF = 1 << 1, /* ... and name models in them: the answer must show it */
	PATH_HOST = 1 << 2,  /* only at hosts that are known */
	PATH_WS = 1 << 3,    /* only as a WebSocket */
};

struct path_row {
	const char *pattern;
	const char *method;    /* NULL: any */
	const struct api *api; /* NULL: a model API, but no inference */
	unsigned int flags;    /* enum path_flag */
	const char *only;      /* not at hosts of another provider; "@host": only there */
	const char *provider;  /* where the host is not known */
	const char *model;     /* text that the model's name must hold */
};

/* The first row that fits wins. */
extern const struct path_row api_paths[];
extern const size_t api_path_count;

/* Does path end like the pattern? Fills caps. */
bool path_fits(struct sv path, const char *pattern, struct sv caps[CAP_COUNT]);

/* The path alone, without query and slashes at the end; of an absolute target too. */
struct sv route_path(struct sv target);

/* The value of a query's parameter, percent-encoded; SV_NONE. */
struct sv route_query(struct sv target, const char *name);

/* Copies with percent-encoding removed, as UTF-8; at most CALL_STRING_MAX bytes. */
struct sv route_decode(struct arena *a, struct sv text);

/* hosts.c: a value of gen_ai.provider.name; NULL when nothing is known. */
const char *host_provider(const struct route_key *key, struct sv path);
/* Does a model provider answer there, whatever the path? */
bool host_known(struct sv host);
/* By the Server field of the response. */
const char *server_provider(struct sv server);

#endif /* EARSHOT_DIALECT_ROUTE_H */
