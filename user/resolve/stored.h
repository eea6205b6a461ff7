/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_STORED_H
#define EARSHOT_RESOLVE_STORED_H

/* stored - a verdict as bytes, together with what the file has at each point. */
#include "resolve/elf.h"
#include "resolve/resolve.h"

#define STORED_MAX (64u << 10)

/* Returns the length, or -E2BIG, -EINVAL (a stack that has no name here), -EIO. */
ssize_t stored_write(struct elf *e, const struct tls_verdict *v, uint8_t *buf, size_t room);

/*
 * bytes: hostile for all we know. 0, -EBADMSG (not a verdict), -ESTALE (the file has other
 * bytes at a point). build_id is not part of it.
 */
int stored_read(struct elf *e, const uint8_t *bytes, size_t len, struct tls_verdict *ret);

#endif /* EARSHOT_RESOLVE_STORED_H */
