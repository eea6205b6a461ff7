/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_OPENSSL_H
#define EARSHOT_RESOLVE_OPENSSL_H

/* openssl - an OpenSSL 3 or 1.1 that is linked into a file and has lost its names. */
#include "resolve/finder.h"

finder_fn find_openssl;

#endif /* EARSHOT_RESOLVE_OPENSSL_H */
