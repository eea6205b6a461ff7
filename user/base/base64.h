/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_BASE64_H
#define EARSHOT_BASE_BASE64_H

/* base64 - RFC 4648 section 4, whole texts only. */
#include <sys/types.h>

#include "base/sv.h"

/* Room that base64_decode() needs for n characters. */
#define BASE64_ROOM(n) ((n) / 4 * 3 + 3)

/*
 * Decodes in into out, which may be the same memory. Padding may be left out. Returns the
 * bytes written, or -EBADMSG where a character has no place in base64; out then holds what
 * stood before it.
 */
ssize_t base64_decode(char *out, struct sv in);

#endif /* EARSHOT_BASE_BASE64_H */
