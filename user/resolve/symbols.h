/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_SYMBOLS_H
#define EARSHOT_RESOLVE_SYMBOLS_H

/* symbols - TLS libraries whose functions have names: the table of tlslib. */
#include "resolve/finder.h"

finder_fn find_symbols;

#endif /* EARSHOT_RESOLVE_SYMBOLS_H */
