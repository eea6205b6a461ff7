/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_RULES_H
#define EARSHOT_APP_RULES_H

/* rules - options that hold a list. */
#include "app/options.h"
#include "dialect/web.h"

#define RULES_MAX 64

/* Borrows from the options. */
struct rules {
	struct web_rule http[RULES_MAX];
	size_t http_count;
};

/* Returns 0, or -EINVAL with error (OPTIONS_ERROR_MAX bytes). */
int rules_read(struct rules *r, const struct options *o, char *error);

#endif /* EARSHOT_APP_RULES_H */
