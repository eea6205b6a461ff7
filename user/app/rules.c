// SPDX-License-Identifier: Apache-2.0
#include "app/rules.h"

#include <errno.h>
#include <stdio.h>

int rules_read(struct rules *r, const struct options *o, char *error)
{
	const char *http = option_text(o, OPT_http);
	int n = web_rules(r->http, RULES_MAX, sv_of(http));

	if (n < 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "--http: '%.80s' is not all, off, or up to %d of HOST=RATE with a rate "
			 "from 0 to 1, as in *.internal=0,*=0.1",
			 http, RULES_MAX);
		return -EINVAL;
	}
	r->http_count = (size_t)n;
	return 0;
}
