/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_GOLANG_H
#define EARSHOT_RESOLVE_GOLANG_H

/* golang - crypto/tls of Go and its forks, named by Go's own function table. */
#include "resolve/finder.h"

finder_fn find_golang;

#endif /* EARSHOT_RESOLVE_GOLANG_H */
