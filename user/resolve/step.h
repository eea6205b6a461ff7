/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_STEP_H
#define EARSHOT_RESOLVE_STEP_H

/* step - one instruction, as far as constants in registers and the way on are concerned. */
#include "resolve/place.h"

/* Numbers of the encoding; rsp and the zero register of arm64 never hold a constant. */
#define STEP_REGS 32
#define STEP_ALL  0xffffffffu

enum step_kind {
	STEP_PLAIN,
	STEP_JUMP,   /* to target, or nowhere known (0) */
	STEP_BRANCH, /* to target, or on */
	STEP_CALL,   /* of target, or of something unknown (0); then on */
	STEP_END,    /* not on */
};

enum step_effect {
	STEP_NONE,
	STEP_SET,  /* to = value */
	STEP_COPY, /* to = from + value; wide: 64 bit */
	STEP_KEEP, /* to = (to & mask) | value (movk) */
	STEP_PUSH, /* value, if wide is set: known */
	STEP_POP,  /* to */
};

struct step {
	uint64_t addr, target, value, mask;
	uint32_t kills; /* registers whose value is lost */
	uint32_t reads; /* registers whose value is used */
	uint8_t size, to, from;
	bool wide;
	bool stores; /* to memory that is not the stack's */
	bool returns;
	bool leaves; /* a jump through a register or memory */
	enum step_kind kind;
	enum step_effect effect;
};

/* An instruction decoder for one function's code. */
struct stepper;

int stepper_new(struct stepper **ret, const struct place_code *code);
void stepper_free(struct stepper *s);

/* 1: *ret is the next instruction; 0: the end; -EBADMSG. */
int stepper_next(struct stepper *s, struct step *ret);

/* Registers of the first arguments, and those a call may change. */
uint8_t step_arg_reg(bool arm64, unsigned n);
uint32_t step_call_kills(bool arm64);

/* One instruction word of arm64. */
void step_arm64(uint32_t insn, uint64_t addr, struct step *ret);

#endif /* EARSHOT_RESOLVE_STEP_H */
