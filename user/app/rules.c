// SPDX-License-Identifier: Apache-2.0
#include "app/rules.h"

#include <errno.h>
#include <stdio.h>

#include "base/kvlist.h"
#include "base/token.h"

/* A NUL-terminated copy in the rules' own text. NULL when there is no room. */
static const char *keep(struct rules *r, size_t *used, struct sv s)
{
	char *to = r->text + *used;

	if (s.len >= RULES_TEXT_MAX - *used)
		return NULL;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	*used += s.len + 1;
	return to;
}

/* "HOST/PATH=NAME": the path may be left out. */
static int read_hosts(struct rules *r, struct sv text)
{
	struct sv key, name;
	size_t used = 0;
	int more;

	while ((more = kvlist_next(&text, &key, &name)) == 1) {
		size_t slash = sv_find(key, '/');
		struct dialect_host *h = &r->hosts[r->host_count];

		if (r->host_count == RULES_MAX || !slash || !token_valid(name))
			return -EINVAL;
		h->host = keep(r, &used, sv_cut(key, slash));
		h->path = keep(r, &used, sv_skip(key, slash));
		h->provider = keep(r, &used, name);
		if (!h->host || !h->path || !h->provider)
			return -EINVAL;
		r->host_count++;
	}
	return more < 0 ? -EINVAL : 0;
}

int rules_read(struct rules *r, const char *http, const char *hosts, char *error)
{
	int n = web_rules(r->http, RULES_MAX, sv_of(http));

	if (n < 0) {
		snprintf(error, RULES_ERROR_MAX,
			 "--http: '%.80s' is not all, off, or up to %d of HOST=RATE with a rate "
			 "from 0 to 1, as in *.internal=0,*=0.1",
			 http, RULES_MAX);
		return -EINVAL;
	}
	r->http_count = (size_t)n;
	r->host_count = 0;
	if (read_hosts(r, sv_of(hosts))) {
		snprintf(error, RULES_ERROR_MAX,
			 "--providers: '%.80s' is not up to %d of HOST/PATH=NAME, as in "
			 "llm.example.com=openai,gpu-*/v1=vllm",
			 hosts, RULES_MAX);
		return -EINVAL;
	}
	return 0;
}
