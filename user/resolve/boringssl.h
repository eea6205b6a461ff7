/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_BORINGSSL_H
#define EARSHOT_RESOLVE_BORINGSSL_H

/* boringssl - SSL_read and SSL_write of a BoringSSL (or aws-lc) that has lost its names. */
#include "resolve/finder.h"

finder_fn find_boringssl;

#endif /* EARSHOT_RESOLVE_BORINGSSL_H */
