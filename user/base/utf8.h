/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_UTF8_H
#define EARSHOT_BASE_UTF8_H

/* utf8 - what receivers insist on (RFC 3629): one bad byte costs them a whole batch. */
#include "base/buf.h"
#include "base/sv.h"

/* Bytes of the longest valid prefix; s.len when all of it is valid. */
size_t utf8_valid_len(struct sv s);

/* s, or as much of its start as fits in max bytes and ends at a character border. */
struct sv utf8_cut(struct sv s, size_t max);

/*
 * Most bytes utf8_repair() writes for n bytes: each bad byte becomes U+FFFD, three bytes.
 */
#define UTF8_REPAIR_MAX(n) ((n)*3)

/*
 * Copies s to out with each byte that is no UTF-8, and each NUL, replaced by U+FFFD.
 * out holds at least UTF8_REPAIR_MAX(s.len) bytes, or s.len when s is known to be good.
 * Returns the bytes written.
 */
size_t utf8_repair(char *out, struct sv s);

/* True when utf8_repair() would change nothing. */
bool utf8_clean(struct sv s);

#endif /* EARSHOT_BASE_UTF8_H */
