// SPDX-License-Identifier: Apache-2.0
#include "resolve/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <capstone/capstone.h>

/* How far from the entry a point or a call may lie: a prologue is short. */
#define WALK_MAX 48

/* Argument registers of the System V x86-64 calling convention, in order. */
static const x86_reg arg_regs[][4] = {
	{ X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL },
	{ X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL },
	{ X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL },
	{ X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL },
	{ X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B },
	{ X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B },
};

struct walk {
	csh cs;
	cs_insn *insn;
	const uint8_t *p;
	size_t left;
	uint64_t addr;
};

static int walk_open(struct walk *w, const struct place_code *code)
{
	*w = (struct walk){ .p = code->bytes, .left = code->len, .addr = code->addr };
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &w->cs) != CS_ERR_OK)
		return -ENOMEM;
	cs_option(w->cs, CS_OPT_DETAIL, CS_OPT_ON);
	w->insn = cs_malloc(w->cs);
	if (!w->insn) {
		cs_close(&w->cs);
		return -ENOMEM;
	}
	return 0;
}

static void walk_close(struct walk *w)
{
	cs_free(w->insn, 1);
	cs_close(&w->cs);
}

/* 1: w->insn is the next instruction; 0: the end; -EBADMSG. */
static int walk_next(struct walk *w)
{
	if (w->left == 0)
		return 0;
	return cs_disasm_iter(w->cs, &w->p, &w->left, &w->addr, w->insn) ? 1 : -EBADMSG;
}

static uint32_t args_written(struct walk *w)
{
	cs_regs read, written;
	uint8_t n_read, n_written;
	uint32_t mask = 0;

	if (cs_regs_access(w->cs, w->insn, read, &n_read, written, &n_written) != CS_ERR_OK)
		return ~0u;
	for (uint8_t i = 0; i < n_written; i++)
		for (size_t a = 0; a < ARRAY_SIZE(arg_regs); a++)
			for (size_t v = 0; v < 4; v++)
				if (written[i] == arg_regs[a][v])
					mask |= PLACE_ARG(a);
	return mask;
}

static bool writes_sp(struct walk *w)
{
	cs_regs read, written;
	uint8_t n_read, n_written;

	if (cs_regs_access(w->cs, w->insn, read, &n_read, written, &n_written) != CS_ERR_OK)
		return true;
	for (uint8_t i = 0; i < n_written; i++)
		if (written[i] == X86_REG_RSP || written[i] == X86_REG_ESP)
			return true;
	return false;
}

/* As the kernel decides it: by opcode, with no other prefix than REX.B before a push. */
static bool emulated(const cs_insn *i)
{
	const uint8_t *b = i->bytes;

	if (i->size == 1 && b[0] >= 0x50 && b[0] <= 0x57)
		return true;
	if (i->size == 2 && b[0] == 0x41 && b[1] >= 0x50 && b[1] <= 0x57)
		return true;
	if (i->size == 1 && b[0] == 0x90)
		return true;
	if (i->size == 2 && b[0] >= 0x70 && b[0] <= 0x7f)
		return true;
	return i->size == 6 && b[0] == 0x0f && b[1] >= 0x80 && b[1] <= 0x8f;
}

static bool is_jcc(const cs_insn *i)
{
	return (i->size == 2 && i->bytes[0] >= 0x70 && i->bytes[0] <= 0x7f) ||
	       (i->size == 6 && i->bytes[0] == 0x0f && (i->bytes[1] & 0xf0) == 0x80);
}

static bool is_jmp(const cs_insn *i)
{
	return i->id == X86_INS_JMP;
}

static bool is_ret(const cs_insn *i)
{
	return i->id == X86_INS_RET || i->id == X86_INS_RETF || i->id == X86_INS_RETFQ;
}

/* Nothing runs past it: whatever was here, a function no longer is. */
static bool is_trap(const cs_insn *i)
{
	return i->id == X86_INS_INT3 || i->id == X86_INS_UD2 || i->id == X86_INS_UD2B ||
	       i->id == X86_INS_HLT;
}

/* The same on arm64: udf, which zeros are too, and brk. */
static bool is_trap_arm64(const uint8_t *p)
{
	uint32_t insn;

	memcpy(&insn, p, sizeof(insn));
	return (insn & 0xffff0000u) == 0 || (insn & 0xffe0001fu) == 0xd4200000u;
}

/* Target of a direct jump or call; false for an indirect one. */
static bool direct_target(const cs_insn *i, uint64_t *ret)
{
	const cs_x86 *x = &i->detail->x86;

	if (x->op_count != 1 || x->operands[0].type != X86_OP_IMM)
		return false;
	*ret = (uint64_t)x->operands[0].imm;
	return true;
}

/* Does any branch of the function land in (entry, point]? Then a call could fire twice, or not. */
static int branch_into(const struct place_code *code, uint64_t point)
{
	struct walk w;
	uint64_t to;
	int err = walk_open(&w, code), hit = 0;

	if (err)
		return err;
	while (!hit && (err = walk_next(&w)) > 0) {
		if ((is_jcc(w.insn) || is_jmp(w.insn)) && direct_target(w.insn, &to))
			hit = to > code->addr && to <= point;
	}
	walk_close(&w);
	return err < 0 ? err : hit;
}

static void set_point(struct place_point *ret, uint64_t addr, enum place_kind kind,
		      const char *insn)
{
	*ret = (struct place_point){ .addr = addr, .kind = kind };
	snprintf(ret->insn, sizeof(ret->insn), "%s", insn);
}

static int x86_entry(const struct place_code *code, uint32_t args, bool need_sp,
		     struct place_point *ret)
{
	struct place_point first, hit = { .kind = PLACE_SLOW };
	uint32_t gone = 0;
	struct walk w;
	bool sp_gone = false;
	int err = walk_open(&w, code), into;

	if (err)
		return err;
	for (int i = 0; i < WALK_MAX && (err = walk_next(&w)) > 0; i++) {
		if (i == 0)
			set_point(&first, w.insn->address, PLACE_SLOW, w.insn->mnemonic);
		if ((gone & args) || (need_sp && sp_gone))
			break;
		if (emulated(w.insn)) {
			set_point(&hit, w.insn->address, PLACE_EMULATED, w.insn->mnemonic);
			break;
		}
		if (is_trap(w.insn)) {
			err = -EBADMSG;
			break;
		}
		if (is_jmp(w.insn) || is_ret(w.insn) || w.insn->id == X86_INS_CALL)
			break;
		gone |= args_written(&w);
		sp_gone |= writes_sp(&w);
	}
	walk_close(&w);
	if (err < 0)
		return err;
	if (hit.kind == PLACE_EMULATED) {
		into = branch_into(code, hit.addr);
		if (into < 0)
			return into;
		if (!into) {
			*ret = hit;
			return 0;
		}
	}
	*ret = first;
	return 0;
}

int place_entry(const struct place_code *code, uint32_t args, bool need_sp, struct place_point *ret)
{
	if (code->len == 0)
		return -EBADMSG;
	if (!code->arm64)
		return x86_entry(code, args, need_sp, ret);
	if (code->len < 4 || code->addr % 4 || is_trap_arm64(code->bytes))
		return -EBADMSG;
	set_point(ret, code->addr, PLACE_EMULATED, "first");
	return 0;
}

/* What the straight path has put into the registers behind the first three arguments. */
struct takeover {
	bool local[ARRAY_SIZE(arg_regs)]; /* holds the address of a local */
	bool own[ARRAY_SIZE(arg_regs)];	  /* holds the function's own length pointer */
};

static int reg_index(x86_reg reg)
{
	for (size_t a = 0; a < ARRAY_SIZE(arg_regs); a++)
		if (reg == arg_regs[a][0])
			return (int)a;
	return -1;
}

static bool stack_address(const cs_x86_op *op)
{
	if (op->type == X86_OP_REG)
		return op->reg == X86_REG_RSP;
	return op->type == X86_OP_MEM &&
	       (op->mem.base == X86_REG_RSP || op->mem.base == X86_REG_RBP) &&
	       op->mem.index == X86_REG_INVALID;
}

static void note_takeover(struct takeover *t, const cs_insn *i, uint32_t written)
{
	const cs_x86 *x = &i->detail->x86;
	bool local = false, own = false;
	int to = x->op_count == 2 && x->operands[0].type == X86_OP_REG
			 ? reg_index(x->operands[0].reg)
			 : -1;

	if (to >= 0 && i->id == X86_INS_LEA)
		local = stack_address(&x->operands[1]);
	if (to >= 0 && i->id == X86_INS_MOV && x->operands[1].type == X86_OP_REG) {
		int from = reg_index(x->operands[1].reg);

		local = x->operands[1].reg == X86_REG_RSP || (from >= 0 && t->local[from]);
		own = from >= 0 && t->own[from];
	}
	for (int a = 0; a < (int)ARRAY_SIZE(arg_regs); a++) {
		if (written & PLACE_ARG(a)) {
			t->local[a] = a == to && local;
			t->own[a] = a == to && own;
		}
	}
}

static enum place_lenp lenp_of(const struct takeover *t, enum place_lenp own)
{
	const bool *set = own ? t->own : t->local;

	if (set[4])
		return PLACE_LENP_ARG5;
	return set[3] ? PLACE_LENP_ARG4 : PLACE_LENP_NONE;
}

int place_callee(const struct place_code *code, enum place_lenp own, struct place_callee *ret)
{
	struct takeover t = {
		.own = { [3] = own == PLACE_LENP_ARG4, [4] = own == PLACE_LENP_ARG5 }
	};
	struct place_callee hit = { 0 };
	uint32_t gone = 0;
	struct walk w;
	int err;

	if (code->arm64)
		return -ENOENT;
	err = walk_open(&w, code);
	if (err)
		return err;
	for (int i = 0; i < WALK_MAX && (err = walk_next(&w)) > 0; i++) {
		bool call = w.insn->id == X86_INS_CALL, jump = is_jmp(w.insn);
		uint64_t to;

		if ((call || jump) && direct_target(w.insn, &to) &&
		    (call || to < code->addr || to >= code->addr + code->len)) {
			hit = (struct place_callee){ to, lenp_of(&t, own) };
			break;
		}
		if (call || jump || is_ret(w.insn))
			break;
		gone |= args_written(&w) & PLACE_ARGS(2);
		note_takeover(&t, w.insn, args_written(&w));
		if (gone)
			break;
	}
	walk_close(&w);
	if (err < 0)
		return err;
	if (!hit.addr || hit.lenp == PLACE_LENP_NONE)
		return -ENOENT;
	*ret = hit;
	return 0;
}

static int arm64_returns(const struct place_code *code, uint64_t ret[PLACE_RETS_MAX])
{
	int n = 0;

	for (size_t at = 0; at + 4 <= code->len; at += 4) {
		uint32_t insn;

		memcpy(&insn, code->bytes + at, 4);
		/* b: may leave the function. ret, retaa, retab end it. */
		if ((insn >> 26) == 0x05) {
			int64_t to = (int64_t)at + ((int64_t)((uint64_t)insn << 38) >> 36);

			if (to < 0 || (size_t)to >= code->len)
				return -ENOENT;
		}
		if ((insn & 0xfffffc1f) != 0xd65f0000 && insn != 0xd65f0bff && insn != 0xd65f0fff)
			continue;
		if (n == PLACE_RETS_MAX)
			return -E2BIG;
		ret[n++] = code->addr + at;
	}
	return n ? n : -ENOENT;
}

int place_returns(const struct place_code *code, uint64_t ret[PLACE_RETS_MAX])
{
	uint64_t to, rets[PLACE_RETS_MAX];
	bool leaves = false;
	struct walk w;
	int err, n = 0;

	if (code->arm64)
		return arm64_returns(code, ret);
	err = walk_open(&w, code);
	if (err)
		return err;
	while (!leaves && n <= PLACE_RETS_MAX && (err = walk_next(&w)) > 0) {
		if (is_ret(w.insn) && n < PLACE_RETS_MAX)
			rets[n] = w.insn->address;
		n += is_ret(w.insn);
		if (is_jmp(w.insn) || is_jcc(w.insn))
			leaves = !direct_target(w.insn, &to) || to < code->addr ||
				 to >= code->addr + code->len;
	}
	walk_close(&w);
	if (err < 0)
		return err;
	if (leaves || n == 0)
		return -ENOENT;
	if (n > PLACE_RETS_MAX)
		return -E2BIG;
	memcpy(ret, rets, (size_t)n * sizeof(rets[0]));
	return n;
}
