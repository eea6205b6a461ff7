// SPDX-License-Identifier: Apache-2.0
#include "resolve/step.h"

#include <errno.h>
#include <stdlib.h>

#include <capstone/capstone.h>

struct stepper {
	bool arm64;
	bool frame; /* rbp is the frame pointer */
	csh cs;
	cs_insn *insn;
	const uint8_t *p;
	size_t left;
	uint64_t addr;
};

/* Number of the encoding, and which part of the register it is. */
#define WHOLE 0x80
#define HALF  0x40 /* the lower 32 bits: a write clears the rest */
#define PART  0x20
#define LEGACY(n, a)                                                     \
	[X86_REG_R##a##X] = WHOLE | (n), [X86_REG_E##a##X] = HALF | (n), \
	[X86_REG_##a##X] = PART | (n), [X86_REG_##a##L] = PART | (n),    \
	[X86_REG_##a##H] = PART | (n)
#define INDEX(n, a)                                                                            \
	[X86_REG_R##a] = WHOLE | (n), [X86_REG_E##a] = HALF | (n), [X86_REG_##a] = PART | (n), \
	[X86_REG_##a##L] = PART | (n)
#define HIGH(n)                                                       \
	[X86_REG_R##n] = WHOLE | (n), [X86_REG_R##n##D] = HALF | (n), \
	[X86_REG_R##n##W] = PART | (n), [X86_REG_R##n##B] = PART | (n)

static const uint8_t numbers[X86_REG_ENDING] = {
	LEGACY(0, A), LEGACY(1, C), LEGACY(2, D), LEGACY(3, B), INDEX(4, SP), INDEX(5, BP),
	INDEX(6, SI), INDEX(7, DI), HIGH(8),	  HIGH(9),	HIGH(10),     HIGH(11),
	HIGH(12),     HIGH(13),	    HIGH(14),	  HIGH(15),
};

int stepper_new(struct stepper **ret, const struct place_code *code)
{
	struct stepper *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->arm64 = code->arm64;
	s->p = code->bytes;
	s->left = code->len;
	s->addr = code->addr;
	if (!s->arm64) {
		if (cs_open(CS_ARCH_X86, CS_MODE_64, &s->cs) != CS_ERR_OK) {
			free(s);
			return -ENOMEM;
		}
		cs_option(s->cs, CS_OPT_DETAIL, CS_OPT_ON);
		s->insn = cs_malloc(s->cs);
		if (!s->insn) {
			stepper_free(s);
			return -ENOMEM;
		}
	}
	*ret = s;
	return 0;
}

void stepper_free(struct stepper *s)
{
	if (!s)
		return;
	if (s->insn)
		cs_free(s->insn, 1);
	if (!s->arm64)
		cs_close(&s->cs);
	free(s);
}

/* 0: not a general register. */
static uint8_t number(x86_reg reg)
{
	return reg < X86_REG_ENDING ? numbers[reg] : 0;
}

/* A whole register, or the lower half whose load clears the rest. -1: neither. */
static int whole(const cs_x86_op *op, bool *wide)
{
	uint8_t n = op->type == X86_OP_REG ? number(op->reg) : 0;

	*wide = n & WHOLE;
	return n & (WHOLE | HALF) && (n & 15) != 4 ? n & 15 : -1;
}

static uint32_t mask_of(const uint16_t *regs, uint8_t count)
{
	uint32_t mask = 0;

	for (uint8_t i = 0; i < count; i++) {
		uint8_t n = number((x86_reg)regs[i]);

		if (n)
			mask |= 1u << (n & 15);
	}
	return mask;
}

static void registers(struct stepper *s, uint32_t *reads, uint32_t *writes)
{
	cs_regs read, write;
	uint8_t n_read, n_write;

	*reads = *writes = STEP_ALL;
	if (cs_regs_access(s->cs, s->insn, read, &n_read, write, &n_write) == CS_ERR_OK) {
		*reads = mask_of(read, n_read);
		*writes = mask_of(write, n_write);
	}
}

static bool is_branch(const cs_insn *i)
{
	for (uint8_t g = 0; g < i->detail->groups_count; g++)
		if (i->detail->groups[g] == X86_GRP_JUMP)
			return true;
	/* loop, jrcxz: in the group, too, in some versions of capstone. */
	return i->id == X86_INS_LOOP || i->id == X86_INS_JRCXZ;
}

static void way_on(const cs_insn *i, struct step *ret)
{
	const cs_x86 *x = &i->detail->x86;
	bool direct = x->op_count == 1 && x->operands[0].type == X86_OP_IMM;

	if (i->id == X86_INS_CALL)
		ret->kind = STEP_CALL;
	else if (i->id == X86_INS_JMP)
		ret->kind = direct ? STEP_JUMP : STEP_END;
	else if (i->id == X86_INS_RET || i->id == X86_INS_UD2 || i->id == X86_INS_HLT ||
		 i->id == X86_INS_INT3)
		ret->kind = STEP_END;
	else if (direct && is_branch(i))
		ret->kind = STEP_BRANCH;
	if (direct && ret->kind != STEP_PLAIN && ret->kind != STEP_END)
		ret->target = (uint64_t)x->operands[0].imm;
}

static bool effect_lea(const cs_insn *i, struct step *ret)
{
	const cs_x86 *x = &i->detail->x86;
	const x86_op_mem *m = &x->operands[1].mem;
	bool wide;
	uint8_t from;

	if (m->index != X86_REG_INVALID || m->segment != X86_REG_INVALID)
		return false;
	whole(&x->operands[0], &wide);
	ret->wide = wide;
	if (m->base == X86_REG_RIP) {
		ret->effect = STEP_SET;
		ret->value = i->address + i->size + (uint64_t)m->disp;
		return true;
	}
	from = number(m->base);
	if (!(from & WHOLE) || (from & 15) == 4)
		return false;
	ret->effect = STEP_COPY;
	ret->from = from & 15;
	ret->value = (uint64_t)m->disp;
	return true;
}

/* dst op src, where dst is a whole register. */
static bool effect_two(const cs_insn *i, struct step *ret, int to)
{
	const cs_x86_op *src = &i->detail->x86.operands[1];
	bool imm = src->type == X86_OP_IMM, wide;
	int from = whole(src, &wide);

	switch (i->id) {
	case X86_INS_LEA:
		return effect_lea(i, ret);
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		ret->effect = imm ? STEP_SET : STEP_COPY;
		ret->value = imm ? (uint64_t)src->imm : 0;
		ret->from = from >= 0 ? (uint8_t)from : 0;
		return imm || from >= 0;
	case X86_INS_XOR:
	case X86_INS_SUB:
		if (from == to) {
			ret->effect = STEP_SET;
			return true;
		}
		if (!imm || i->id == X86_INS_XOR)
			return false;
		ret->effect = STEP_COPY;
		ret->from = (uint8_t)to;
		ret->value = 0 - (uint64_t)src->imm;
		return true;
	case X86_INS_ADD:
		ret->effect = STEP_COPY;
		ret->from = (uint8_t)to;
		ret->value = (uint64_t)src->imm;
		return imm;
	case X86_INS_OR:
		ret->effect = STEP_SET;
		ret->value = ~0ull;
		return imm && src->imm == -1;
	default:
		return false;
	}
}

static bool effect_of(const cs_insn *i, struct step *ret)
{
	const cs_x86 *x = &i->detail->x86;
	bool wide = false;
	int to;

	if (i->id == X86_INS_PUSH && x->op_count == 1) {
		ret->effect = STEP_PUSH;
		ret->wide = x->operands[0].type == X86_OP_IMM;
		ret->value = ret->wide ? (uint64_t)x->operands[0].imm : 0;
		return true;
	}
	to = x->op_count ? whole(&x->operands[0], &wide) : -1;
	if (to < 0)
		return false;
	ret->to = (uint8_t)to;
	ret->wide = wide;
	if (i->id == X86_INS_POP) {
		ret->effect = STEP_POP;
		return true;
	}
	if (x->op_count != 2 || !effect_two(i, ret, to)) {
		ret->effect = STEP_NONE;
		return false;
	}
	if (ret->effect == STEP_SET && !wide)
		ret->value = (uint32_t)ret->value;
	return true;
}

/* Through anything but the stack pointer, or the frame pointer where there is one. */
static bool stores(struct stepper *s)
{
	const cs_x86 *x = &s->insn->detail->x86;
	const cs_x86_op *to = &x->operands[0];

	if (s->insn->id == X86_INS_MOV && x->op_count == 2 && to->type == X86_OP_REG &&
	    to->reg == X86_REG_RBP)
		s->frame |= x->operands[1].type == X86_OP_REG && x->operands[1].reg == X86_REG_RSP;
	if (x->op_count == 0 || to->type != X86_OP_MEM || !(to->access & CS_AC_WRITE) ||
	    to->mem.segment != X86_REG_INVALID)
		return false;
	return to->mem.base != X86_REG_RSP && !(s->frame && to->mem.base == X86_REG_RBP);
}

int stepper_next(struct stepper *s, struct step *ret)
{
	uint32_t kills;

	if (s->arm64) {
		uint32_t insn;

		if (s->left < 4)
			return 0;
		memcpy(&insn, s->p, 4);
		step_arm64(insn, s->addr, ret);
		s->p += 4;
		s->left -= 4;
		s->addr += 4;
		return 1;
	}
	if (s->left == 0)
		return 0;
	if (!cs_disasm_iter(s->cs, &s->p, &s->left, &s->addr, s->insn))
		return -EBADMSG;
	*ret = (struct step){ .addr = s->insn->address, .size = (uint8_t)s->insn->size };
	way_on(s->insn, ret);
	ret->stores = stores(s);
	ret->returns = s->insn->id == X86_INS_RET;
	ret->leaves = s->insn->id == X86_INS_JMP && ret->kind == STEP_END;
	registers(s, &ret->reads, &kills);
	if (ret->kind == STEP_PLAIN && !effect_of(s->insn, ret))
		ret->kills = kills;
	/* Clearing a register with itself reads nothing. */
	if (ret->effect == STEP_SET)
		ret->reads = 0;
	return 1;
}

uint8_t step_arg_reg(bool arm64, unsigned n)
{
	static const uint8_t x86[6] = { 7, 6, 2, 1, 8, 9 };

	return arm64 ? (uint8_t)n : x86[n];
}

uint32_t step_call_kills(bool arm64)
{
	/* x0 to x18 and x30; rax, rcx, rdx, rsi, rdi, r8 to r11 */
	return arm64 ? 0x4007ffff : 0x0fc7;
}
