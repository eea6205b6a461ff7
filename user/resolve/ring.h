/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_RING_H
#define EARSHOT_RESOLVE_RING_H

/*
 * ring - seal and open of the Rust crate of this name, found through the constants that hold
 * pointers to them: its aead::Algorithm values for AES-GCM and ChaCha20-Poly1305.
 */
#include "resolve/finder.h"

finder_fn find_ring;

#endif /* EARSHOT_RESOLVE_RING_H */
