// SPDX-License-Identifier: Apache-2.0
#include "resolve/parts.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/step.h"

#define PARTS_MAX 3

struct parts {
	struct elf *elf;
	struct place_code
		code[PARTS_MAX]; /* the function's own first; the others' bytes are owned */
	size_t count;
	uint64_t *rets;
	int ret_count;
};

static bool holds(const struct place_code *c, uint64_t addr)
{
	return addr >= c->addr && addr - c->addr < c->len;
}

static bool known(const struct parts *p, uint64_t addr)
{
	for (size_t i = 0; i < p->count; i++)
		if (holds(&p->code[i], addr))
			return true;
	return false;
}

/* Calls fn for each instruction until it returns non-zero. */
static int each(const struct place_code *code, int (*fn)(struct parts *, const struct step *),
		struct parts *p)
{
	struct stepper *s;
	struct step step;
	int err = stepper_new(&s, code), more = 0;

	if (err)
		return err;
	while (!err && (more = stepper_next(s, &step)) > 0)
		err = fn(p, &step);
	stepper_free(s);
	return err ? err : more;
}

/* A part jumps back behind the function's entry; another function would begin at it. */
static int jumps_back(struct parts *p, const struct step *s)
{
	return (s->kind == STEP_JUMP || s->kind == STEP_BRANCH) && s->target != p->code[0].addr &&
	       holds(&p->code[0], s->target);
}

/* Does it lead anywhere but to calls that never return? */
static int goes_on(struct parts *p, const struct step *s)
{
	bool jumps = s->kind == STEP_JUMP || s->kind == STEP_BRANCH;

	return s->returns || s->leaves || (jumps && !holds(&p->code[p->count], s->target));
}

static int add_part(struct parts *p, uint64_t addr)
{
	struct place_code *c = &p->code[p->count];
	uint64_t start, size;
	uint8_t *bytes;
	int err = elf_function_at(p->elf, addr, &start, &size);

	if (err || p->count == PARTS_MAX || size == 0 || size > ELF_CODE_MAX)
		return -ENOENT;
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	*c = (struct place_code){ bytes, size, start, p->code[0].arm64 };
	err = elf_read_code(p->elf, start, bytes, size);
	if (!err)
		err = each(c, jumps_back, p);
	/* 0 so far: no way back. Then it must be no way at all. */
	if (err == 0 && each(c, goes_on, p))
		err = -ENOENT;
	if (err < 0) {
		free(bytes);
		return err;
	}
	p->count++;
	return 0;
}

static int follow(struct parts *p, const struct step *s)
{
	if (s->kind != STEP_JUMP && s->kind != STEP_BRANCH)
		return 0;
	return known(p, s->target) ? 0 : add_part(p, s->target);
}

static int take_return(struct parts *p, const struct step *s)
{
	if (s->leaves)
		return -ENOENT;
	if (!s->returns)
		return 0;
	if (p->ret_count == PLACE_RETS_MAX)
		return -E2BIG;
	p->rets[p->ret_count++] = s->addr;
	return 0;
}

int parts_returns(struct elf *e, const struct place_code *code, uint64_t ret[PLACE_RETS_MAX])
{
	uint64_t rets[PLACE_RETS_MAX];
	struct parts p = { .elf = e, .code = { *code }, .count = 1, .rets = rets };
	int err = place_returns(code, ret);

	if (err != -ENOENT)
		return err;
	err = 0;
	for (size_t i = 0; i < p.count && !err; i++)
		err = each(&p.code[i], follow, &p);
	for (size_t i = 0; i < p.count && !err; i++)
		err = each(&p.code[i], take_return, &p);
	for (size_t i = 1; i < p.count; i++)
		free((void *)p.code[i].bytes);
	if (err)
		return err;
	memcpy(ret, rets, (size_t)p.ret_count * sizeof(rets[0]));
	return p.ret_count ? p.ret_count : -ENOENT;
}
