/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_RULES_H
#define EARSHOT_APP_RULES_H

/* rules - options that hold a list. */
#include "dialect/dialect.h"
#include "reader/web.h"

#define RULES_MAX 64

#define RULES_TEXT_MAX 4096

#define RULES_ERROR_MAX 256

/* Borrows from what was read, and points into itself: not to be copied. */
struct rules {
	struct web_rule http[RULES_MAX];
	size_t http_count;
	struct dialect_host hosts[RULES_MAX]; /* who answers where */
	size_t host_count;
	char text[RULES_TEXT_MAX]; /* their strings */
};

/*
 * http, hosts: the values of --http and --providers; they may be NULL. Returns 0, or -EINVAL
 * with error (RULES_ERROR_MAX bytes).
 */
int rules_read(struct rules *r, const char *http, const char *hosts, char *error);

#endif /* EARSHOT_APP_RULES_H */
