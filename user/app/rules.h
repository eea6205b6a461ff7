/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_RULES_H
#define EARSHOT_APP_RULES_H

/*
 * rules - options that hold a list, one rule for hosts each. What can never fit, or never
 * counts because another rule does, is an error: it was meant otherwise.
 */
#include "dialect/dialect.h"
#include "reader/web.h"

#define RULES_MAX 64

#define RULES_TEXT_MAX 4096

#define RULES_ERROR_MAX 224

/* Points into itself: not to be copied. */
struct rules {
	struct web_rule http[RULES_MAX];
	size_t http_count;
	struct dialect_host hosts[RULES_MAX]; /* who answers where */
	size_t host_count;
	char text[RULES_TEXT_MAX]; /* the strings of hosts */
};

/*
 * "HOST=RATE,HOST=RATE", or "all" or "off", for *=1 and *=0. Borrows text. Returns 0, or
 * -EINVAL with error (RULES_ERROR_MAX bytes): which rule, and what is wrong with it.
 */
int rules_http(struct rules *r, struct sv text, char *error);

/* "HOST/PATH=NAME,...": the path may be left out. Copies. Returns as rules_http(). */
int rules_hosts(struct rules *r, struct sv text, char *error);

#endif /* EARSHOT_APP_RULES_H */
