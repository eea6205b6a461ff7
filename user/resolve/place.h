/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_PLACE_H
#define EARSHOT_RESOLVE_PLACE_H

/*
 * place - where in a function to put a probe. The kernel emulates some instructions at a
 * uprobe and single-steps the rest, at ten to forty times the cost, so the point is the first
 * emulated instruction that still sees the arguments (and, for a return probe, the entry's
 * stack pointer). On x86-64: push, one-byte nop, conditional jumps
 * (Linux arch/x86/kernel/uprobes.c). On arm64 the first instruction.
 *
 * Everything here is decided from the function's own bytes; a byte string that does not
 * decode, or a branch into the stretch before the point, is a refusal, never a guess.
 */
#include "base/sv.h"

#define PLACE_RETS_MAX 32

/* Argument registers, in call order. */
#define PLACE_ARG(n)  (1u << (n))
#define PLACE_ARGS(n) ((1u << (n)) - 1) /* the first n */

/* One function's code. */
struct place_code {
	const uint8_t *bytes;
	size_t len; /* whole function */
	uint64_t addr;
	bool arm64;
};

enum place_kind {
	PLACE_EMULATED, /* the kernel emulates it, stack pointer as at entry */
	PLACE_SLOW,	/* single-stepped: the entry itself */
};

struct place_point {
	uint64_t addr;
	enum place_kind kind;
	char insn[32]; /* mnemonic, for explanations */
};

/*
 * The entry point. args: mask of argument registers that must be intact. need_sp: the stack
 * pointer must be the entry's. Returns 0 (also for PLACE_SLOW) or -EBADMSG (does not decode).
 */
int place_entry(const struct place_code *code, uint32_t args, bool need_sp,
		struct place_point *ret);

/* Where a result's length is told by the function that takes over a call's arguments. */
enum place_lenp {
	PLACE_LENP_NONE,
	PLACE_LENP_ARG4,
	PLACE_LENP_ARG5,
};

struct place_callee {
	uint64_t addr;
	enum place_lenp lenp;
};

/*
 * The one callee that takes over (object, buffer, length): the first direct call on the
 * straight path with the first two arguments untouched. own: where the function itself has
 * a length pointer; without one the pointer must be the address of a local.
 * Returns 0, -ENOENT when there is none, -EBADMSG.
 */
int place_callee(const struct place_code *code, enum place_lenp own, struct place_callee *ret);

/*
 * Addresses of all return instructions. Returns how many, -ENOENT when the function can be
 * left in another way (jump out of it) or has none, -E2BIG, -EBADMSG.
 */
int place_returns(const struct place_code *code, uint64_t ret[PLACE_RETS_MAX]);

#endif /* EARSHOT_RESOLVE_PLACE_H */
