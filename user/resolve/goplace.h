/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_GOPLACE_H
#define EARSHOT_RESOLVE_GOPLACE_H

/*
 * goplace - where in a function of Go to put a probe (x86-64). No return side: a goroutine's
 * stack may move. An entry is probed behind the stack check, where it is passed once; the
 * check's failure begins the function again.
 */
#include "resolve/place.h"

struct goplace {
	struct place_point at;
	bool jump; /* it is the check's own jump: nothing emulated follows (Go 1.19 and before) */
};

/* 0, -ENOENT (no stack check as Go makes them, or a way round it), -EBADMSG, -ENOTSUP. */
int goplace_entry(const struct place_code *code, struct goplace *ret);

/*
 * The function's only call of target, and the stack slot, from the stack pointer there, where
 * the first argument was put at the entry. 0, -ENOENT, -EMLINK (several), -EBADMSG, -ENOTSUP.
 */
int goplace_call(const struct place_code *code, uint64_t target, struct place_point *at,
		 uint32_t *slot);

#endif /* EARSHOT_RESOLVE_GOPLACE_H */
