// SPDX-License-Identifier: Apache-2.0
#include "resolve/step.h"

#include <errno.h>
#include <stdlib.h>

#include <capstone/capstone.h>

struct stepper {
	bool arm64;
	csh cs;
	cs_insn *insn;
	const uint8_t *p;
	size_t left;
	uint64_t addr;
};

/* By number of the encoding. */
static const x86_reg names[16][5] = {
	{ X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH },
	{ X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH },
	{ X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH },
	{ X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH },
	{ X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL },
	{ X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL },
	{ X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL },
	{ X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL },
	{ X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B },
	{ X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B },
	{ X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B },
	{ X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B },
	{ X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B },
	{ X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B },
	{ X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B },
	{ X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B },
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

/* -1: not a general register. */
static int number(x86_reg reg, bool *wide)
{
	for (int i = 0; i < 16; i++)
		for (int k = 0; k < 5; k++)
			if (names[i][k] == reg && reg != X86_REG_INVALID) {
				*wide = k == 0;
				return k < 2 ? i : i | 16;
			}
	return -1;
}

/* A whole register, or the lower half whose load clears the rest. -1: neither. */
static int whole(const cs_x86_op *op, bool *wide)
{
	int n = op->type == X86_OP_REG ? number(op->reg, wide) : -1;

	return n < 16 && n != 4 ? n : -1;
}

static uint32_t written(struct stepper *s)
{
	cs_regs read, write;
	uint8_t reads, writes;
	uint32_t mask = 0;
	bool wide;

	if (cs_regs_access(s->cs, s->insn, read, &reads, write, &writes) != CS_ERR_OK)
		return STEP_ALL;
	for (uint8_t i = 0; i < writes; i++) {
		int n = number((x86_reg)write[i], &wide);

		if (n >= 0)
			mask |= 1u << (n & 15);
	}
	return mask;
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
	bool wide, base_wide;
	int from;

	if (m->index != X86_REG_INVALID || m->segment != X86_REG_INVALID)
		return false;
	whole(&x->operands[0], &wide);
	ret->wide = wide;
	if (m->base == X86_REG_RIP) {
		ret->effect = STEP_SET;
		ret->value = i->address + i->size + (uint64_t)m->disp;
		return true;
	}
	from = number(m->base, &base_wide);
	if (from < 0 || from >= 16 || from == 4)
		return false;
	ret->effect = STEP_COPY;
	ret->from = (uint8_t)from;
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
		ret->from = (uint8_t)from;
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

int stepper_next(struct stepper *s, struct step *ret)
{
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
	if (ret->kind == STEP_PLAIN && !effect_of(s->insn, ret))
		ret->kills = written(s);
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
