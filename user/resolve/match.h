/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_MATCH_H
#define EARSHOT_RESOLVE_MATCH_H

/*
 * match - many words in one pass over bytes (Wu and Manber, with blocks of two bytes): the
 * window jumps by nearly the length of the shortest word where nothing ends.
 */
#include "base/sv.h"

#define MATCH_WORDS_MAX 96
#define MATCH_LEN_MIN	4

struct match;

/* words stay borrowed. 0, -EINVAL (too many, one too short), -ENOMEM. */
int match_new(struct match **ret, const struct sv *words, size_t count);
void match_free(struct match *m);

/* word: index; at: where it begins in the bytes. */
typedef void match_fn(void *ctx, size_t word, size_t at);

/* Calls fn for each place where a word stands, by place of its end. */
void match_run(const struct match *m, struct sv bytes, match_fn *fn, void *ctx);

#endif /* EARSHOT_RESOLVE_MATCH_H */
