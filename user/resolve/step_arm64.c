// SPDX-License-Identifier: Apache-2.0
/* Arm Architecture Reference Manual, C4.1: the few encodings that matter, by their classes. */
#include "resolve/step.h"

#define RD(i) ((i)&31)
#define RN(i) ((i) >> 5 & 31)
#define RM(i) ((i) >> 16 & 31)

/* Sign-extends the low bits of v and counts words. */
static uint64_t words(uint32_t v, unsigned bits)
{
	return (uint64_t)((int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits)) * 4;
}

static bool way_on(uint32_t i, struct step *s)
{
	if ((i & 0x7c000000) == 0x14000000) { /* b, bl */
		s->kind = i >> 31 ? STEP_CALL : STEP_JUMP;
		s->target = s->addr + words(i & 0x3ffffff, 26);
	} else if ((i & 0xfe000000) == 0x54000000 || (i & 0x7e000000) == 0x34000000) {
		s->kind = STEP_BRANCH; /* b.cond, cbz, cbnz */
		s->target = s->addr + words(i >> 5 & 0x7ffff, 19);
	} else if ((i & 0x7e000000) == 0x36000000) { /* tbz, tbnz */
		s->kind = STEP_BRANCH;
		s->target = s->addr + words(i >> 5 & 0x3fff, 14);
	} else if ((i & 0xfe000000) == 0xd6000000) { /* br, blr, ret and kin */
		s->kind = (i & 0x00600000) == 0x00200000 ? STEP_CALL : STEP_END;
		s->returns = (i & 0x00600000) == 0x00400000;
		s->leaves = (i & 0x00600000) == 0;
	} else if ((i & 0xffe0001f) == 0xd4200000 || i >> 16 == 0) { /* brk, udf */
		s->kind = STEP_END;
	} else {
		return false;
	}
	return true;
}

static void set(struct step *s, uint32_t i, uint64_t value)
{
	s->effect = STEP_SET;
	s->to = RD(i);
	s->value = i >> 31 ? value : (uint32_t)value;
}

static bool moves(uint32_t i, struct step *s)
{
	unsigned shift = (i >> 21 & 3) * 16;
	uint64_t imm = (uint64_t)(i >> 5 & 0xffff) << shift;

	switch (i & 0x7f800000) {
	case 0x52800000: /* movz */
		set(s, i, imm);
		return true;
	case 0x12800000: /* movn */
		set(s, i, ~imm);
		return true;
	case 0x72800000: /* movk */
		s->effect = STEP_KEEP;
		s->to = RD(i);
		s->value = imm;
		s->mask = ~(0xffffull << shift);
		return true;
	case 0x11000000: /* add, sub with an immediate */
	case 0x51000000:
		imm = (uint64_t)(i >> 10 & 0xfff) << (i >> 22 & 1 ? 12 : 0);
		s->effect = STEP_COPY;
		s->to = RD(i);
		s->from = RN(i);
		s->wide = i >> 31;
		s->value = i & 0x40000000 ? 0 - imm : imm;
		return true;
	default:
		break;
	}
	if ((i & 0x7fe0ffe0) == 0x2a0003e0) { /* mov: orr with the zero register */
		if (RM(i) == 31) {
			set(s, i, 0);
			return true;
		}
		s->effect = STEP_COPY;
		s->to = RD(i);
		s->from = RM(i);
		s->wide = i >> 31;
		return true;
	}
	if ((i & 0x1f000000) == 0x10000000) { /* adr, adrp */
		uint64_t rel = words(i >> 5 & 0x7ffff, 19) | (i >> 29 & 3);

		set(s, i | 1u << 31, i >> 31 ? (s->addr & ~0xfffull) + (rel << 12) : s->addr + rel);
		return true;
	}
	return false;
}

/* What a load or store leaves changed. */
static uint32_t memory_kills(uint32_t i)
{
	uint32_t kills = 0;

	if ((i & 0x3f000000) == 0x08000000) /* exclusive, atomic: all fields */
		return 1u << RD(i) | 1u << (i >> 10 & 31) | 1u << RM(i);
	if ((i & 0x3f200c00) == 0x38200000) /* atomic memory operations */
		return 1u << RD(i);
	if ((i & 0x3a000000) == 0x28000000) { /* pairs */
		if (i & 1u << 22 && !(i & 1u << 26))
			kills = 1u << RD(i) | 1u << (i >> 10 & 31);
		if (i & 1u << 23)
			kills |= 1u << RN(i);
		return kills;
	}
	if ((i & 0x3b000000) == 0x18000000) /* literal */
		return i & 1u << 26 ? 0 : 1u << RD(i);
	if (!(i & 1u << 26) && (i >> 22 & 3))
		kills = 1u << RD(i);
	if ((i & 0x3b200400) == 0x38000400) /* with write-back */
		kills |= 1u << RN(i);
	return kills;
}

/* Stores of one register or a pair. */
static bool is_store(uint32_t i)
{
	if ((i & 0x3a000000) == 0x28000000)
		return !(i & 1u << 22);
	return (i & 0x3a000000) == 0x38000000 && !(i >> 22 & 1) &&
	       (!(i & 1u << 23) || i & 1u << 26);
}

/* Through anything but the stack pointer. */
static bool stores(uint32_t i)
{
	return RN(i) != 31 && RN(i) != 29 && is_store(i);
}

/* Fields that are registers read, by class; too many rather than too few. */
static uint32_t reads(uint32_t i)
{
	uint32_t n = 1u << RN(i), m = 1u << RM(i), d = 1u << RD(i);

	if ((i & 0x7e000000) == 0x34000000 || (i & 0x7e000000) == 0x36000000)
		return d; /* cbz, tbz */
	if ((i & 0xfe000000) == 0xd6000000)
		return n; /* br, blr */
	if ((i & 0x1c000000) == 0x14000000)
		return 0;		      /* other branches */
	if ((i & 0x1c000000) == 0x10000000) { /* with an immediate */
		if ((i & 0x1f000000) == 0x10000000)
			return 0;		    /* adr */
		if ((i & 0x1f800000) == 0x12800000) /* a wide move: only movk keeps the rest */
			return (i & 0x60000000) == 0x60000000 ? d : 0;
		return (i & 0x1f800000) == 0x13800000 ? n | m : n;
	}
	if ((i & 0x0a000000) == 0x08000000) { /* memory */
		uint32_t mask = n;

		if ((i & 0x3b200c00) == 0x38200800)
			mask |= m;
		if (!(i & 1u << 26) && is_store(i))
			mask |= (i & 0x3a000000) == 0x28000000 ? d | 1u << (i >> 10 & 31) : d;
		return mask;
	}
	if ((i & 0x0e000000) == 0x0a000000) { /* registers */
		uint32_t a = (i & 0x1f000000) == 0x1b000000 ? 1u << (i >> 10 & 31) : 0;

		return n | m | a;
	}
	return 0;
}

void step_arm64(uint32_t insn, uint64_t addr, struct step *ret)
{
	*ret = (struct step){ .addr = addr, .size = 4, .reads = reads(insn) };
	if (way_on(insn, ret) || moves(insn, ret))
		return;
	if ((insn & 0x0a000000) == 0x08000000) {
		ret->kills = memory_kills(insn);
		ret->stores = stores(insn);
	} else
		ret->kills = 1u << RD(insn);
}
