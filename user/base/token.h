/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_TOKEN_H
#define EARSHOT_BASE_TOKEN_H

/* token - the words of HTTP (RFC 9110 section 5.6.2): names of fields, methods, products. */
#include "base/sv.h"

static inline bool token_valid(struct sv s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c <= ' ' || c > '~' || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return s.len > 0;
}

#endif /* EARSHOT_BASE_TOKEN_H */
