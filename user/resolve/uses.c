// SPDX-License-Identifier: Apache-2.0
#include "resolve/uses.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/step.h"

#define STEPS_MAX  16384u
#define ROUNDS_MAX 64

struct walk {
	bool arm64;
	struct step *steps;
	uint32_t *live; /* before each step: registers that may hold the caller's value */
	uint32_t count, room;
};

static uint32_t all_args(bool arm64)
{
	uint32_t mask = 0;

	for (unsigned n = 0; n < 6; n++)
		mask |= 1u << step_arg_reg(arm64, n);
	return mask;
}

static int read_all(struct walk *u, const struct place_code *code)
{
	struct stepper *s;
	int err = stepper_new(&s, code);

	if (err)
		return err;
	while (u->count < u->room && (err = stepper_next(s, &u->steps[u->count])) > 0)
		u->count++;
	stepper_free(s);
	return err > 0 ? -E2BIG : err;
}

static uint32_t step_at(const struct walk *u, uint64_t addr)
{
	uint32_t lo = 0, hi = u->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (u->steps[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < u->count && u->steps[lo].addr == addr ? lo : u->count;
}

static uint32_t written(const struct walk *u, const struct step *s)
{
	uint32_t mask = s->kills;

	if (s->kind == STEP_CALL)
		mask |= step_call_kills(u->arm64);
	if (s->effect != STEP_NONE && s->effect != STEP_PUSH)
		mask |= 1u << s->to;
	return mask;
}

/* One pass forward; returns whether anything new was learnt. */
static bool pass(struct walk *u)
{
	bool moved = false;

	for (uint32_t i = 0; i < u->count; i++) {
		const struct step *s = &u->steps[i];
		uint32_t out = u->live[i] & ~written(u, s), to = u->count;

		if (s->kind == STEP_JUMP || s->kind == STEP_BRANCH)
			to = step_at(u, s->target);
		if (to < u->count && out & ~u->live[to]) {
			u->live[to] |= out;
			moved = true;
		}
		if (s->kind != STEP_JUMP && s->kind != STEP_END && i + 1 < u->count &&
		    out & ~u->live[i + 1]) {
			u->live[i + 1] |= out;
			moved = true;
		}
	}
	return moved;
}

/* A mask of registers as one of arguments. */
static uint32_t args_of(const struct walk *u, uint32_t regs)
{
	uint32_t mask = 0;

	for (unsigned n = 0; n < 6; n++)
		if (regs & 1u << step_arg_reg(u->arm64, n))
			mask |= PLACE_ARG(n);
	return mask;
}

static int run(struct walk *u, struct uses *ret)
{
	/* rsp; x30, and 31 for sp */
	uint32_t read = 0, passed = 0, stack = u->arm64 ? 3u << 30 : 1u << 4;

	u->live[0] = all_args(u->arm64);
	for (int round = 0; pass(u); round++)
		if (round == ROUNDS_MAX)
			return -E2BIG;
	for (uint32_t i = 0; i < u->count; i++) {
		const struct step *s = &u->steps[i];
		bool leaves = s->kind == STEP_JUMP && step_at(u, s->target) == u->count;

		read |= u->live[i] & s->reads;
		/* A jump through a register, too; returns read none but the stack pointer. */
		if (s->kind == STEP_CALL || leaves || (s->kind == STEP_END && s->reads & ~stack))
			passed |= u->live[i];
	}
	*ret = (struct uses){ args_of(u, read), args_of(u, passed) };
	return 0;
}

int uses_args(const struct place_code *code, struct uses *ret)
{
	struct walk u = { .arm64 = code->arm64 };
	int err = -ENOMEM;

	/* An instruction has at least one byte. */
	u.room = code->len < STEPS_MAX ? (uint32_t)code->len + 1 : STEPS_MAX;
	u.steps = malloc(u.room * sizeof(*u.steps));
	u.live = calloc(u.room, sizeof(*u.live));
	if (u.steps && u.live)
		err = read_all(&u, code);
	if (!err)
		err = u.count ? run(&u, ret) : -EBADMSG;
	free(u.steps);
	free(u.live);
	return err;
}
