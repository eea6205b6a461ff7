// SPDX-License-Identifier: Apache-2.0
#include "resolve/goplace.h"

#include <errno.h>
#include <stdio.h>

#include "resolve/step.h"

#define PROLOGUE_MAX 12 /* instructions up to the spill of the first argument */

static const uint8_t *bytes_at(const struct place_code *code, const struct step *s)
{
	return code->bytes + (s->addr - code->addr);
}

/* cmp rsp, [r14+16], or with r12 made from rsp: g's stack limit. */
static bool is_check(const struct place_code *code, const struct step *s)
{
	const uint8_t *b = bytes_at(code, s);

	return s->size == 4 && (b[0] == 0x49 || b[0] == 0x4d) && b[1] == 0x3b &&
	       (b[2] & 0xc7) == 0x46 && b[3] == 0x10;
}

static bool is_jbe(const struct place_code *code, const struct step *s)
{
	const uint8_t *b = bytes_at(code, s);

	return (s->size == 2 && b[0] == 0x76) || (s->size == 6 && b[0] == 0x0f && b[1] == 0x86);
}

/* Does anything in the function jump to a place behind its entry, up to end? */
static int jumps_between(const struct place_code *code, uint64_t end)
{
	struct stepper *s;
	struct step i;
	bool hit = false;
	int err = stepper_new(&s, code);

	if (err)
		return err;
	while (!hit && (err = stepper_next(s, &i)) > 0)
		hit = (i.kind == STEP_JUMP || i.kind == STEP_BRANCH) && i.target > code->addr &&
		      i.target <= end;
	stepper_free(s);
	return err < 0 ? err : hit;
}

static void set(struct goplace *p, const struct step *s, const char *insn, bool jump)
{
	*p = (struct goplace){ .at = { .addr = s->addr, .kind = PLACE_EMULATED }, .jump = jump };
	snprintf(p->at.insn, sizeof(p->at.insn), "%s", insn);
}

/* [lea]; cmp; jbe; then push, if this Go makes frames that way. */
static int find_check(const struct place_code *code, struct stepper *s, struct goplace *ret)
{
	bool checked = false;
	struct step i;
	int err;

	for (int n = 0; n < 4 && (err = stepper_next(s, &i)) > 0; n++) {
		if (checked && is_jbe(code, &i)) {
			set(ret, &i, "jbe", true);
			err = stepper_next(s, &i);
			if (err > 0 && i.size == 1 && *bytes_at(code, &i) == 0x55)
				set(ret, &i, "push", false);
			return err < 0 ? err : 0;
		}
		if (checked || i.kind != STEP_PLAIN)
			return -ENOENT;
		checked = is_check(code, &i);
	}
	return err < 0 ? err : -ENOENT;
}

int goplace_entry(const struct place_code *code, struct goplace *ret)
{
	struct goplace p;
	struct stepper *s;
	int err;

	if (code->arm64)
		return -ENOTSUP;
	err = stepper_new(&s, code);
	if (err)
		return err;
	err = find_check(code, s, &p);
	stepper_free(s);
	if (!err)
		err = jumps_between(code, p.at.addr);
	if (err)
		return err < 0 ? err : -ENOENT;
	*ret = p;
	return 0;
}

/* mov [rsp+d], rax */
static bool is_spill(const uint8_t *b, const struct step *s, uint32_t *slot)
{
	if (s->size == 5 && b[0] == 0x48 && b[1] == 0x89 && b[2] == 0x44 && b[3] == 0x24) {
		*slot = b[4];
		return b[4] < 0x80;
	}
	if (s->size != 8 || b[0] != 0x48 || b[1] != 0x89 || b[2] != 0x84 || b[3] != 0x24)
		return false;
	memcpy(slot, b + 4, 4);
	return *slot < 1u << 16;
}

/* sub rsp, n */
static bool is_frame(const uint8_t *b, const struct step *s, uint32_t *frame)
{
	if (s->size == 4 && b[0] == 0x48 && b[1] == 0x83 && b[2] == 0xec) {
		*frame = b[3];
		return b[3] < 0x80;
	}
	if (s->size != 7 || b[0] != 0x48 || b[1] != 0x81 || b[2] != 0xec)
		return false;
	memcpy(frame, b + 3, 4);
	return *frame < 1u << 16;
}

/*
 * The slot where the caller left room for the first argument: right above the frame, what was
 * pushed before it and the return address. Go always spills to that one.
 */
static int find_slot(const struct place_code *code, uint32_t *ret)
{
	uint32_t frame = 0, pushed = 0, slot;
	struct stepper *s;
	struct step i;
	int err = stepper_new(&s, code);
	bool hit = false;

	if (err)
		return err;
	for (int n = 0; n < PROLOGUE_MAX && !hit && (err = stepper_next(s, &i)) > 0; n++) {
		const uint8_t *b = bytes_at(code, &i);

		if (i.effect == STEP_PUSH)
			pushed += 8;
		if (frame == 0)
			is_frame(b, &i, &frame);
		else
			hit = is_spill(b, &i, &slot);
		/* Gone before it was put anywhere. */
		if (i.kills & 1u || (i.effect != STEP_NONE && i.effect != STEP_PUSH && i.to == 0))
			break;
	}
	stepper_free(s);
	if (err < 0)
		return err;
	if (!hit || slot != frame + pushed + 8)
		return -ENOENT;
	*ret = slot;
	return 0;
}

int goplace_call(const struct place_code *code, uint64_t target, struct place_point *at,
		 uint32_t *slot)
{
	struct place_point p = { .kind = PLACE_EMULATED, .insn = "call" };
	struct stepper *s;
	struct step i;
	int err, calls = 0;

	if (code->arm64)
		return -ENOTSUP;
	err = stepper_new(&s, code);
	if (err)
		return err;
	while ((err = stepper_next(s, &i)) > 0) {
		if (i.kind != STEP_CALL || i.target != target || !target)
			continue;
		calls++;
		p.addr = i.addr;
	}
	stepper_free(s);
	if (err < 0)
		return err;
	if (calls != 1)
		return calls ? -EMLINK : -ENOENT;
	err = find_slot(code, slot);
	if (!err)
		*at = p;
	return err;
}
