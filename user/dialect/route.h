/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_ROUTE_H
#define EARSHOT_DIALECT_ROUTE_H

/*
 * route - which API an exchange speaks: by host, path and method; hosts.c is its data.
 * Knows nothing of bodies (dialect.c looks at those where this leaves doubt).
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
	const struct api *api; /* MODEL, MAYBE */
	const char *provider;  /* by host; NULL: not a known one */
};

struct route route_find(struct sv host, struct sv target, struct sv method);

/* Host, and port (0: none written) of a Host field: "h", "h:p", "[v6]:p". */
void route_authority(struct sv field, struct sv *host, uint16_t *port);

/* The deployment named by an Azure OpenAI path; SV_NONE when there is none. */
struct sv route_deployment(struct sv target);

/* hosts.c: a value of gen_ai.provider.name, static; NULL when nothing is known. */
const char *host_provider(struct sv host, struct sv path);
/* Does a model provider answer there, whatever the path? */
bool host_known(struct sv host);
/* In a pattern one '*' stands for any text; case does not count. */
bool host_fits(struct sv host, struct sv pattern);
/* By the Server field of the response. */
const char *server_provider(struct sv server);

#endif /* EARSHOT_DIALECT_ROUTE_H */
