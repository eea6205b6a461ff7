/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_PARTS_H
#define EARSHOT_RESOLVE_PARTS_H

/*
 * parts - the returns of a function that the compiler has split: what is unlikely lies
 * elsewhere (.cold), with a range of its own in .eh_frame, and jumps back.
 */
#include "resolve/elf.h"
#include "resolve/place.h"

/* As place_returns(), with the split-off parts. */
int parts_returns(struct elf *e, const struct place_code *code, uint64_t ret[PLACE_RETS_MAX]);

#endif /* EARSHOT_RESOLVE_PARTS_H */
