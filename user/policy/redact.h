/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_POLICY_REDACT_H
#define EARSHOT_POLICY_REDACT_H

/*
 * redact - finds credentials by their shape: provider keys, cloud keys, tokens, JWTs,
 * private keys, webhooks, passwords in URLs and in assignments. One pass, no backtracking: time is
 * linear in the length.
 *
 * It cannot know a secret that has no shape; "redacted" means these shapes are gone.
 */
#include "base/arena.h"
#include "base/sv.h"

struct redact_hit {
	size_t at; /* of the secret itself, not of what announces it */
	size_t len;
	const char *kind; /* static: "openai-key", "password" ... */
};

/* The first secret at or after from. Returns false when there is none. */
bool redact_find(struct sv text, size_t from, struct redact_hit *ret);

/*
 * *ret: text with every secret replaced by "[REDACTED:kind]", in a; or text itself when it
 * holds none. Returns the number replaced, or -ENOMEM with *ret untouched.
 */
int redact_text(struct sv *ret, struct sv text, struct arena *a);

#endif /* EARSHOT_POLICY_REDACT_H */
