/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_POLICY_POLICY_H
#define EARSHOT_POLICY_POLICY_H

/*
 * policy - what of a call may go further. One view per content level in use, since
 * destinations differ; nothing to the right of this sees the call itself.
 */
#include "model/call.h"

enum content_level {
	CONTENT_OFF,	  /* no message, no tool definition, no error text */
	CONTENT_REDACTED, /* content with what looks like a secret replaced (redact.h) */
	CONTENT_FULL,
};

/* "off", "redacted", "full". Anything else is -EINVAL, never a wider level. */
int policy_level(enum content_level *ret, struct sv word);
const char *policy_level_name(enum content_level level);

/*
 * Fills *view with what level lets through. view borrows from call and, where text was
 * replaced, from a; its own arena member is unused. Out of memory costs content, never
 * lets it through: view->content.partial is set then.
 */
void policy_view(struct call *view, enum content_level level, const struct call *call,
		 struct arena *a);

/*
 * What holds at every level: credentials in the path of a request and in the URI of a resource,
 * which are no content and are shown everywhere, become their marker. What there is no memory
 * for is dropped, and call->loss says so.
 */
void policy_addresses(struct call *call);

#endif /* EARSHOT_POLICY_POLICY_H */
