// SPDX-License-Identifier: Apache-2.0
#include "resolve/flow.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/step.h"

#define STEPS_MAX  32768u /* instructions of one function */
#define ROUNDS_MAX 32	  /* until the states stand still; each round only forgets */
#define WALK_STEPS 24	  /* from the end of a block to the call it prepares */
#define WALK_JUMPS 4
#define PUSHED_MAX 4

/* What is known of the registers at one place. */
struct state {
	bool seen;
	uint32_t known;
	uint64_t reg[STEP_REGS];
	unsigned pushed_known, pushed; /* the last pushes that are still there */
	uint64_t push[PUSHED_MAX];
};

struct block {
	uint32_t first, end; /* steps */
	uint32_t entries;    /* ways in */
	struct state in;
};

struct flow {
	bool arm64;
	struct step *steps;
	uint32_t step_count, room;
	struct block *blocks;
	uint32_t block_count;
	uint32_t *block_of; /* by step that begins one; else UINT32_MAX */
	flow_fn *fn;
	void *ctx;
};

#define NOWHERE UINT32_MAX

/* ---- code to steps and blocks ---- */

static int read_steps(struct flow *f, const struct place_code *code)
{
	struct stepper *s;
	int err = stepper_new(&s, code);

	if (err)
		return err;
	while (f->step_count < f->room && (err = stepper_next(s, &f->steps[f->step_count])) > 0)
		f->step_count++;
	stepper_free(s);
	if (err > 0)
		return -E2BIG;
	/* What follows the last instruction of a part is not its continuation. */
	if (!err && f->step_count)
		if (f->steps[f->step_count - 1].kind == STEP_PLAIN)
			f->steps[f->step_count - 1].kind = STEP_END;
	return err;
}

static int by_addr(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* The step at an address, or NOWHERE. */
static uint32_t step_at(const struct flow *f, uint64_t addr)
{
	struct step key = { .addr = addr };
	const struct step *hit =
		addr ? bsearch(&key, f->steps, f->step_count, sizeof(key), by_addr) : NULL;

	return hit ? (uint32_t)(hit - f->steps) : NOWHERE;
}

/* The step that follows in the file, or NOWHERE: parts of a function may lie apart. */
static uint32_t step_behind(const struct flow *f, uint32_t i)
{
	const struct step *s = &f->steps[i];

	return i + 1 < f->step_count && s[1].addr == s->addr + s->size ? i + 1 : NOWHERE;
}

static bool leads(const struct step *s)
{
	return s->kind == STEP_JUMP || s->kind == STEP_BRANCH;
}

static int make_blocks(struct flow *f)
{
	f->block_of = malloc(f->step_count * sizeof(*f->block_of));
	if (!f->block_of)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->step_count; i++)
		f->block_of[i] = NOWHERE;
	for (uint32_t i = 0; i < f->step_count; i++) {
		uint32_t to = leads(&f->steps[i]) ? step_at(f, f->steps[i].target) : NOWHERE;

		if (i == 0)
			f->block_of[i] = 0;
		if (to != NOWHERE)
			f->block_of[to] = 0;
		if (i + 1 < f->step_count && (leads(&f->steps[i]) || f->steps[i].kind == STEP_END ||
					      step_behind(f, i) == NOWHERE))
			f->block_of[i + 1] = 0;
	}
	for (uint32_t i = 0; i < f->step_count; i++)
		if (f->block_of[i] == 0)
			f->block_of[i] = f->block_count++;
	f->blocks = calloc(f->block_count, sizeof(*f->blocks));
	if (!f->blocks)
		return -ENOMEM;
	for (uint32_t i = 0, b = 0; i < f->step_count; i++) {
		if (f->block_of[i] != NOWHERE) {
			b = f->block_of[i];
			f->blocks[b].first = i;
		}
		f->blocks[b].end = i + 1;
	}
	return 0;
}

/* ---- states ---- */

static void push(struct state *s, bool known, uint64_t value)
{
	if (s->pushed == PUSHED_MAX) {
		memmove(s->push, s->push + 1, sizeof(s->push) - sizeof(s->push[0]));
		s->pushed_known >>= 1;
		s->pushed--;
	}
	s->push[s->pushed] = value;
	s->pushed_known &= ~(1u << s->pushed);
	s->pushed_known |= (unsigned)known << s->pushed;
	s->pushed++;
}

static void set(struct state *s, uint8_t reg, bool known, uint64_t value)
{
	s->known &= ~(1u << reg);
	if (known && reg < 31) {
		s->known |= 1u << reg;
		s->reg[reg] = value;
	}
}

static void apply(const struct flow *f, struct state *s, const struct step *i)
{
	uint64_t v = s->reg[i->from] + i->value;
	bool from = s->known & 1u << i->from;

	s->known &= ~i->kills;
	if (i->kind == STEP_CALL)
		s->known &= ~step_call_kills(f->arm64);
	switch (i->effect) {
	case STEP_SET:
		set(s, i->to, true, i->value);
		break;
	case STEP_COPY:
		set(s, i->to, from, i->wide ? v : (uint32_t)v);
		break;
	case STEP_KEEP:
		set(s, i->to, s->known & 1u << i->to, (s->reg[i->to] & i->mask) | i->value);
		break;
	case STEP_PUSH:
		push(s, i->wide, i->value);
		break;
	case STEP_POP:
		set(s, i->to, s->pushed && s->pushed_known & 1u << (s->pushed - 1),
		    s->pushed ? s->push[s->pushed - 1] : 0);
		s->pushed -= s->pushed > 0;
		break;
	default:
		break;
	}
}

/* What holds on both ways. Returns whether *into lost something. */
static bool meet(struct state *into, const struct state *s)
{
	uint32_t known = into->known & s->known;
	bool lost;

	if (!into->seen) {
		*into = *s;
		into->seen = true;
		into->pushed = into->pushed_known = 0;
		return true;
	}
	for (unsigned r = 0; r < STEP_REGS; r++)
		if (known & 1u << r && into->reg[r] != s->reg[r])
			known &= ~(1u << r);
	lost = known != into->known;
	into->known = known;
	return lost;
}

/* Blocks that follow: the target, and the next one. */
static void follow(const struct flow *f, const struct block *b, uint32_t ret[2])
{
	const struct step *last = &f->steps[b->end - 1];
	uint32_t to = leads(last) ? step_at(f, last->target) : NOWHERE;

	ret[0] = to == NOWHERE ? NOWHERE : f->block_of[to];
	ret[1] = NOWHERE;
	if (last->kind != STEP_JUMP && last->kind != STEP_END &&
	    step_behind(f, b->end - 1) != NOWHERE)
		ret[1] = f->block_of[b->end];
}

static int settle(struct flow *f)
{
	bool moved = true;

	for (int round = 0; moved; round++) {
		moved = false;
		if (round == ROUNDS_MAX)
			return -E2BIG;
		for (uint32_t b = 0; b < f->block_count; b++) {
			struct state s = f->blocks[b].in;
			uint32_t to[2];

			if (!s.seen)
				continue;
			for (uint32_t i = f->blocks[b].first; i < f->blocks[b].end; i++)
				apply(f, &s, &f->steps[i]);
			follow(f, &f->blocks[b], to);
			for (int k = 0; k < 2; k++)
				if (to[k] != NOWHERE)
					moved |= meet(&f->blocks[to[k]].in, &s);
		}
	}
	return 0;
}

/* ---- calls ---- */

static bool calls(const struct flow *f, const struct step *i)
{
	return i->kind == STEP_CALL || (i->kind == STEP_JUMP && step_at(f, i->target) == NOWHERE);
}

static int tell(const struct flow *f, const struct state *s, const struct step *i)
{
	struct flow_call call = { .addr = i->addr, .to = i->target };

	for (unsigned n = 0; n < FLOW_ARGS; n++) {
		uint8_t reg = step_arg_reg(f->arm64, n);

		if (s->known & 1u << reg) {
			call.known |= PLACE_ARG(n);
			call.args[n] = s->reg[reg];
		}
	}
	return f->fn(f->ctx, &call);
}

/* Goes on from a block's end by one way, with what is known there, to the next call. */
static int walk(const struct flow *f, struct state s, uint32_t at)
{
	int jumps = 0;

	for (int n = 0; n < WALK_STEPS && at < f->step_count; n++) {
		const struct step *i = &f->steps[at];

		if (calls(f, i))
			return tell(f, &s, i);
		apply(f, &s, i);
		if (i->kind == STEP_END || (i->kind == STEP_JUMP && ++jumps > WALK_JUMPS))
			return 0;
		at = i->kind == STEP_JUMP ? step_at(f, i->target) : step_behind(f, at);
	}
	return 0;
}

/*
 * A block with several ways in is walked from each of them: sites that share a tail are told
 * apart that way. Behind its first call, and elsewhere, what holds on all ways is exact.
 */
static int tell_block(const struct flow *f, const struct block *b)
{
	struct state s = b->in;
	bool told = b->entries < 2;
	uint32_t to[2];
	int err = 0;

	for (uint32_t i = b->first; i < b->end && !err; i++) {
		bool call = calls(f, &f->steps[i]);

		if (call && told)
			err = tell(f, &s, &f->steps[i]);
		told |= call;
		apply(f, &s, &f->steps[i]);
	}
	follow(f, b, to);
	for (int k = 0; k < 2 && !err; k++)
		if (to[k] != NOWHERE && f->blocks[to[k]].entries > 1)
			err = walk(f, s, f->blocks[to[k]].first);
	return err;
}

/* Nothing is known at the entry, nor where only a jump through a table can lead. */
static void enter(struct flow *f, uint32_t entry)
{
	for (uint32_t b = 0; b < f->block_count; b++) {
		uint32_t to[2];

		follow(f, &f->blocks[b], to);
		for (int k = 0; k < 2; k++)
			if (to[k] != NOWHERE)
				f->blocks[to[k]].entries++;
	}
	for (uint32_t b = 0; b < f->block_count; b++)
		f->blocks[b].in.seen = f->blocks[b].entries == 0 || f->blocks[b].first == entry;
}

static int run(struct flow *f, uint32_t entry)
{
	int err = make_blocks(f);

	if (!err) {
		enter(f, entry);
		err = settle(f);
	}
	for (uint32_t b = 0; b < f->block_count && !err; b++)
		if (f->blocks[b].in.seen)
			err = tell_block(f, &f->blocks[b]);
	return err;
}

static int read_parts(struct flow *f, const struct place_code *parts, size_t count)
{
	size_t bytes = 0;
	int err = 0;

	for (size_t i = 0; i < count; i++)
		bytes += parts[i].len;
	f->room = bytes < STEPS_MAX ? (uint32_t)bytes + 1 : STEPS_MAX;
	f->steps = malloc(f->room * sizeof(*f->steps));
	if (!f->steps)
		return -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = read_steps(f, &parts[i]);
	if (err || f->step_count == 0)
		return err ? err : -EBADMSG;
	qsort(f->steps, f->step_count, sizeof(*f->steps), by_addr);
	return step_at(f, parts[0].addr) == NOWHERE ? -EBADMSG : 0;
}

int flow_calls(const struct place_code *parts, size_t count, flow_fn *fn, void *ctx)
{
	struct flow f = { .arm64 = count && parts[0].arm64, .fn = fn, .ctx = ctx };
	int err = read_parts(&f, parts, count);

	if (!err)
		err = run(&f, step_at(&f, parts[0].addr));
	free(f.steps);
	free(f.blocks);
	free(f.block_of);
	return err;
}

#define FAR INT16_MAX

/* One round of spreading distances; returns whether any got shorter. */
static bool spread(const struct flow *f, int16_t *calls_to)
{
	bool moved = false;

	for (uint32_t i = 0; i < f->step_count; i++) {
		const struct step *s = &f->steps[i];
		uint32_t to[2] = { leads(s) ? step_at(f, s->target) : NOWHERE, NOWHERE };
		int16_t out = calls_to[i];

		if (out == FAR)
			continue;
		out = (int16_t)(out + (s->kind == STEP_CALL));
		if (s->kind != STEP_JUMP && s->kind != STEP_END)
			to[1] = step_behind(f, i);
		for (int k = 0; k < 2; k++) {
			if (to[k] != NOWHERE && out < calls_to[to[k]]) {
				calls_to[to[k]] = out;
				moved = true;
			}
		}
	}
	return moved;
}

int flow_calls_before(const struct place_code *parts, size_t count, uint64_t call)
{
	struct flow f = { .arm64 = count && parts[0].arm64 };
	int16_t *calls_to = NULL;
	int err = read_parts(&f, parts, count);

	if (!err) {
		calls_to = malloc(f.step_count * sizeof(*calls_to));
		err = calls_to ? 0 : -ENOMEM;
	}
	if (!err) {
		for (uint32_t i = 0; i < f.step_count; i++)
			calls_to[i] = FAR;
		calls_to[step_at(&f, parts[0].addr)] = 0;
		for (int round = 0; round < ROUNDS_MAX && spread(&f, calls_to); round++)
			;
		err = step_at(&f, call) == NOWHERE || calls_to[step_at(&f, call)] == FAR
			      ? -ENOENT
			      : calls_to[step_at(&f, call)];
	}
	free(calls_to);
	free(f.steps);
	return err;
}
