// SPDX-License-Identifier: Apache-2.0
#include "resolve/awslc.h"

#include <errno.h>
#include <stdio.h>

#include <capstone/capstone.h>

#include "resolve/errsite.h"
#include "resolve/tlslib.h"

/* Reasons of aws-lc's cipher errors: include/openssl/cipher.h. */
enum {
	BAD_DECRYPT = 101,
	BUFFER_TOO_SMALL = 103,
	CTRL_NOT_IMPLEMENTED = 104,
	INVALID_OPERATION = 112,
	OUTPUT_ALIASES_INPUT = 115,
	TOO_LARGE = 117,
};

/* Where struct evp_aead_st holds open_gather. */
#define SLOT_OPEN_GATHER 0x38

enum role { SEAL, SEAL_SCATTER, OPEN, OPEN_GATHER, ROLES };

static const struct {
	const char *name;
	enum tls_prog prog;
	int32_t has[3], not [3]; /* reasons; 0: none */
} roles[ROLES] = {
	[SEAL] = { "seal",
		   TLS_AEAD_SEAL,
		   { TOO_LARGE, BUFFER_TOO_SMALL, OUTPUT_ALIASES_INPUT },
		   { BAD_DECRYPT, INVALID_OPERATION } },
	[SEAL_SCATTER] = { "seal_scatter",
			   TLS_AEAD_SEAL_SCATTER,
			   { OUTPUT_ALIASES_INPUT, INVALID_OPERATION },
			   { BAD_DECRYPT, CTRL_NOT_IMPLEMENTED, TOO_LARGE } },
	/* Often with open_gather inside, whose reasons it then has too. */
	[OPEN] = { "open",
		   TLS_AEAD_OPEN,
		   { OUTPUT_ALIASES_INPUT, BAD_DECRYPT, BUFFER_TOO_SMALL },
		   { TOO_LARGE, INVALID_OPERATION } },
	[OPEN_GATHER] = { "open_gather",
			  TLS_AEAD_OPEN_GATHER,
			  { OUTPUT_ALIASES_INPUT, CTRL_NOT_IMPLEMENTED },
			  { BAD_DECRYPT, INVALID_OPERATION, BUFFER_TOO_SMALL } },
};

struct found {
	const struct errfunc *func[ROLES];
	size_t count[ROLES];
};

static bool plays(const struct errfunc *f, enum role r)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles[r].has); i++) {
		if (roles[r].has[i] && !errfunc_has(f, roles[r].has[i], NULL))
			return false;
		if (roles[r].not [i] && errfunc_has(f, roles[r].not [i], NULL))
			return false;
	}
	return true;
}

static void look(const struct errfile *file, struct found *ret)
{
	const struct errfunc *f;
	size_t n = errfile_funcs(file, &f);

	*ret = (struct found){ .count = { 0 } };
	for (size_t i = 0; i < n; i++) {
		for (int r = 0; r < ROLES; r++) {
			if (!plays(&f[i], (enum role)r))
				continue;
			ret->func[r] = &f[i];
			ret->count[r]++;
		}
	}
}

/* ---- the jump behind the method's call ---- */

static bool is_jcc(const cs_insn *i)
{
	return (i->size == 2 && (i->bytes[0] & 0xf0) == 0x70) ||
	       (i->size == 6 && i->bytes[0] == 0x0f && (i->bytes[1] & 0xf0) == 0x80);
}

/* A word at this distance from what a register, but not the stack pointer, points to. */
static bool is_slot(const cs_x86_op *op, uint32_t slot)
{
	return op->type == X86_OP_MEM && op->mem.disp == slot && op->mem.base != X86_REG_RSP &&
	       op->mem.base != X86_REG_RBP && op->mem.base != X86_REG_RIP &&
	       op->mem.base != X86_REG_INVALID && op->mem.index == X86_REG_INVALID;
}

/* Where a compiler may keep the method between its table and its call. */
#define HOLDERS_MAX 6

struct jump_search {
	uint32_t slot;
	x86_reg held[HOLDERS_MAX]; /* registers the method was put into */
	size_t held_count;
	x86_op_mem spilled; /* ... and a place on the stack; base 0: none */
	int called;	    /* instructions since its call; 0: not called */
	x86_reg result;	    /* holds what it gave back */
	bool tested;
	size_t hits;
	struct place_point at;
};

/* How far behind the call its result may be tested. */
#define TEST_MAX 8

static bool is_reg(const cs_x86_op *op, x86_reg reg)
{
	return op->type == X86_OP_REG && op->reg == reg;
}

/* Sets the zero flag when the result is 0, and only then. */
static bool tests_result(const struct jump_search *j, const cs_insn *i)
{
	const cs_x86 *x = &i->detail->x86;

	if (x->op_count != 2 || !is_reg(&x->operands[0], j->result))
		return false;
	if (i->id == X86_INS_TEST)
		return is_reg(&x->operands[1], j->result);
	return i->id == X86_INS_CMP && x->operands[1].type == X86_OP_IMM && x->operands[1].imm == 0;
}

static void behind_call(struct jump_search *j, const cs_insn *i)
{
	const cs_x86 *x = &i->detail->x86;

	if (is_jcc(i)) {
		if (j->tested) {
			j->at = (struct place_point){ .addr = i->address, .kind = PLACE_EMULATED };
			snprintf(j->at.insn, sizeof(j->at.insn), "%s", i->mnemonic);
			j->hits++;
		}
		j->called = 0;
		return;
	}
	j->tested = tests_result(j, i) || (j->tested && i->id == X86_INS_MOV);
	if (i->id == X86_INS_MOV && x->op_count == 2 && x->operands[0].type == X86_OP_REG &&
	    is_reg(&x->operands[1], X86_REG_EAX))
		j->result = x->operands[0].reg;
	if (j->called++ == TEST_MAX)
		j->called = 0;
}

static bool is_spilled(const struct jump_search *j, const cs_x86_op *op)
{
	return op->type == X86_OP_MEM && j->spilled.base != X86_REG_INVALID &&
	       op->mem.base == j->spilled.base && op->mem.disp == j->spilled.disp &&
	       op->mem.index == X86_REG_INVALID;
}

static bool is_held(const struct jump_search *j, const cs_x86_op *op)
{
	for (size_t i = 0; i < j->held_count; i++)
		if (is_reg(op, j->held[i]))
			return true;
	return is_spilled(j, op);
}

static void let_go(struct jump_search *j, x86_reg reg)
{
	for (size_t i = 0; i < j->held_count; i++)
		if (j->held[i] == reg)
			j->held[i] = j->held[--j->held_count];
}

/*
 * Follows the method from its table by address, not by flow: what writes its register on another
 * path is passed over, but for what loads something else out of memory.
 */
static void follow(struct jump_search *j, const cs_x86_op *to, const cs_x86_op *from)
{
	bool is_method = is_slot(from, j->slot) || is_held(j, from);

	if (to->type == X86_OP_MEM && is_method) {
		j->spilled = to->mem;
	} else if (to->type == X86_OP_REG) {
		if (is_method || from->type == X86_OP_MEM)
			let_go(j, to->reg);
		if (is_method && j->held_count < HOLDERS_MAX)
			j->held[j->held_count++] = to->reg;
	}
}

static bool look_at(void *ctx, const cs_insn *i)
{
	const cs_x86 *x = &i->detail->x86;
	struct jump_search *j = ctx;

	if (j->called)
		behind_call(j, i);
	if (i->id == X86_INS_MOV && x->op_count == 2)
		follow(j, &x->operands[0], &x->operands[1]);
	if (i->id == X86_INS_CALL && x->op_count == 1 &&
	    (is_held(j, &x->operands[0]) || is_slot(&x->operands[0], j->slot))) {
		j->called = 1;
		j->result = X86_REG_EAX;
		j->tested = false;
	}
	return true;
}

/* Every instruction of a function; fn returns false to end it. */
static void each_insn(const struct place_code *code, bool (*fn)(void *ctx, const cs_insn *i),
		      void *ctx)
{
	const uint8_t *p = code->bytes;
	uint64_t addr = code->addr;
	size_t left = code->len;
	cs_insn *insn;
	csh cs;

	if (code->arm64 || cs_open(CS_ARCH_X86, CS_MODE_64, &cs) != CS_ERR_OK)
		return;
	cs_option(cs, CS_OPT_DETAIL, CS_OPT_ON);
	insn = cs_malloc(cs);
	while (insn && cs_disasm_iter(cs, &p, &left, &addr, insn))
		if (!fn(ctx, insn))
			break;
	if (insn)
		cs_free(insn, 1);
	cs_close(&cs);
}

bool awslc_method_jump(const struct place_code *code, uint32_t slot, struct place_point *ret)
{
	struct jump_search j = { .slot = slot };

	each_insn(code, look_at, &j);
	if (j.hits != 1)
		return false;
	*ret = j.at;
	return true;
}

/* Set to 0 when it is found. */
static bool look_for_call(void *ctx, const cs_insn *i)
{
	const cs_x86 *x = &i->detail->x86;
	uint64_t *to = ctx;

	if ((i->id == X86_INS_CALL || i->id == X86_INS_JMP) && x->op_count == 1 &&
	    x->operands[0].type == X86_OP_IMM && (uint64_t)x->operands[0].imm == *to)
		*to = 0;
	return *to != 0;
}

static bool calls(const struct place_code *code, uint64_t to)
{
	each_insn(code, look_for_call, &to);
	return to == 0;
}

/* ---- points ---- */

static int read_func(struct resolver *r, const struct border *at, struct function *ret)
{
	return function_read(r, at->start, at->size, ret);
}

static int add_entry(struct resolver *r, struct tls_stack *s, enum role role,
		     const struct function *fn)
{
	enum tls_prog prog = roles[role].prog;
	struct place_point at;
	int err = place_entry(&fn->code, PLACE_ARGS(tls_prog_args(prog)), true, &at);

	if (err)
		return err;
	stack_say(s, "%s@0x%llx (%s%s) ", roles[role].name, (unsigned long long)at.addr, at.insn,
		  at.kind == PLACE_SLOW ? ", slow: single-stepped" : "");
	return stack_point(r, s, prog, &at, 0);
}

/*
 * An open is read at the jump that tests its method's result. An open without such a jump
 * leaves the work to open_gather, which is probed itself.
 */
static int add_open(struct resolver *r, struct tls_stack *s, enum role role,
		    const struct function *fn, uint64_t gather)
{
	struct place_point at;
	int err;

	if (awslc_method_jump(&fn->code, SLOT_OPEN_GATHER, &at)) {
		err = add_entry(r, s, role, fn);
		stack_say(s, "result@0x%llx (%s) ", (unsigned long long)at.addr, at.insn);
		return err ? err : stack_point(r, s, TLS_AEAD_OPENED, &at, 0);
	}
	if (role == OPEN && calls(&fn->code, gather))
		return 0;
	err = add_entry(r, s, role, fn);
	return err ? err : finder_done(r, s, fn);
}

static int add_role(struct resolver *r, struct tls_stack *s, enum role role,
		    const struct found *found)
{
	const struct errfunc *f = found->func[role];
	struct function fn;
	int err;

	if (f->at.proof == BORDER_UNPROVEN) {
		stack_say(s, "%s: nothing shows that it begins at 0x%llx ", roles[role].name,
			  (unsigned long long)f->at.start);
		return -ENOENT;
	}
	err = read_func(r, &f->at, &fn);
	if (err)
		return err;
	if (role == OPEN || role == OPEN_GATHER)
		err = add_open(r, s, role, &fn, found->func[OPEN_GATHER]->at.start);
	else
		err = add_entry(r, s, role, &fn);
	function_done(&fn);
	return err;
}

static int place_all(struct resolver *r, struct tls_stack *s, const struct found *f)
{
	int err = 0;

	for (int i = 0; i < ROLES && !err; i++) {
		if (f->count[i] != 1) {
			stack_say(s, "%s: %zu functions look like it ", roles[i].name, f->count[i]);
			err = -ENOENT;
		}
	}
	for (int i = 0; i < ROLES && !err; i++) {
		err = add_role(r, s, (enum role)i, f);
		if (err)
			stack_say(s, "%s: not probed (%s) ", roles[i].name, strerror(-err));
	}
	return err;
}

int find_awslc(struct resolver *r)
{
	struct errfile *file;
	struct tls_stack *s;
	struct found f;
	int err;

	if (elf_arch(r->elf) == ELF_ARCH_OTHER)
		return 0;
	err = errfile_new(&file, r->search, TEXT_AWSLC_AEAD);
	if (err)
		return err == -E2BIG ? 0 : err;
	look(file, &f);
	/* BoringSSL has a file of this name, but no open_gather that reports. */
	s = f.count[OPEN_GATHER] || f.count[SEAL_SCATTER] > 1 ? stack_add(r, "aws-lc", FOUND_SEARCH)
							      : NULL;
	if (s) {
		err = place_all(r, s, &f);
		if (err)
			stack_refuse(s, err);
	}
	errfile_free(file);
	return 0;
}
