/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_CACHE_H
#define EARSHOT_RESOLVE_CACHE_H

/*
 * cache - verdicts on files, kept in a folder from run to run: by build-id, or by a hash of
 * the code where there is none. What is read back is believed only as far as the very file
 * has the same bytes at each point; all else in the folder is no more than a hint. A new build
 * of this program begins anew.
 */
#include "resolve/resolve.h"

struct cache;

/*
 * The folder is made if it is missing; it must belong to this user and nobody else may write
 * there. 0, -EACCES (somebody else's), -errno.
 */
int cache_open(struct cache **ret, const char *folder);
void cache_close(struct cache *c);

/*
 * As resolve_file(). c may be NULL: nothing is kept then. *ret_hit (may be NULL): the verdict
 * was read from the folder.
 */
int cache_resolve(struct cache *c, int fd, enum return_side side, struct tls_verdict *ret,
		  bool *ret_hit);

#endif /* EARSHOT_RESOLVE_CACHE_H */
