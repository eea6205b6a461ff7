// SPDX-License-Identifier: Apache-2.0
/*
 * Crypto libraries under TLS stacks, found without names: as test_search.c, what is found in
 * the stripped file must be what the symbols of the unstripped one say.
 */
#include "built.h"

#include "resolve/awslc.h"
#include "resolve/tlslib.h"

static const char *const ways[] = {
	"-shared -fPIC -O2",
	"-shared -fPIC -Os",
	"-shared -fPIC -O3",
	"-shared -fPIC -O1",
	"-shared -fPIC -O2 -DINLINED",
	"-shared -fPIC -Os -DINLINED",
	"-shared -fPIC -O2 -fno-omit-frame-pointer -DINLINED",
	"-shared -fPIC -O2 -fcf-protection=none",
	"-no-pie -Wl,-e,client -O2",
	"-no-pie -Wl,-e,client -O2 -fno-asynchronous-unwind-tables -fno-unwind-tables",
	"-pie -fPIE -Wl,-e,client -Os -fno-asynchronous-unwind-tables -fno-unwind-tables",
};

static bool applies(const struct compiler *c, const char *way)
{
	return !strstr(way, "-fcf") || strcmp(c->name, "aarch64-linux-gnu-gcc") != 0;
}

static const struct tls_point *point_of(const struct tls_stack *s, enum tls_prog prog)
{
	for (size_t i = 0; i < s->point_count; i++)
		if (s->points[i].prog == prog)
			return &s->points[i];
	return NULL;
}

static bool at(const struct tls_stack *s, enum tls_prog prog, const char *name)
{
	const struct tls_point *p = point_of(s, prog);

	return p && inside(p, name);
}

static bool somewhere_in(const struct tls_point *p, const char *name)
{
	struct elf_symbol s = symbol(name);

	return p->addr >= s.addr && p->addr < s.addr + s.size;
}

/* An open leaves at a jump of its own, or, on other machines, at its return. */
static bool leaves(const struct tls_stack *s, bool x86)
{
	enum tls_prog prog = x86 ? TLS_AEAD_OPENED : TLS_AEAD_DONE;
	bool gather = false;

	for (size_t i = 0; i < s->point_count; i++)
		if (s->points[i].prog == prog)
			gather |= somewhere_in(&s->points[i], "open_gather");
	return gather;
}

static bool awslc_is_right(const struct tls_verdict *v, bool x86, bool inlined)
{
	const struct tls_stack *s = &v->stacks[0];

	return v->count == 1 && !s->error && strcmp(s->name, "aws-lc") == 0 && s->reads &&
	       s->writes && at(s, TLS_AEAD_SEAL, "seal") &&
	       at(s, TLS_AEAD_SEAL_SCATTER, "seal_scatter") &&
	       at(s, TLS_AEAD_OPEN_GATHER, "open_gather") && leaves(s, x86) &&
	       (!x86 || inlined == at(s, TLS_AEAD_OPEN, "open_one"));
}

static void test_awslc(void **state)
{
	int built = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		bool x86 = strncmp(compilers[i].name, "aarch64", 7) != 0;

		for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
			struct tls_verdict v;

			if (!applies(&compilers[i], ways[w]) ||
			    !build(&compilers[i], "awslc.c", ways[w]))
				continue;
			v = resolved(RETURN_URETPROBE);
			built++;
			if (!awslc_is_right(&v, x86, strstr(ways[w], "INLINED") != NULL))
				fail_msg("%s %s: %zu stacks, %s", compilers[i].name, ways[w],
					 v.count, v.count ? v.stacks[0].how : "-");
		}
	}
	if (!built)
		skip();
}

static void test_awslc_twice(void **state)
{
	struct tls_verdict v;

	(void)state;
	if (!build(&compilers[0], "awslc.c", "-shared -fPIC -O2 -DTWICE"))
		skip();
	v = resolved(RETURN_URETPROBE);
	assert_int_equal(v.count, 1);
	assert_int_not_equal(v.stacks[0].error, 0);
	assert_int_equal(v.stacks[0].point_count, 0);
	assert_non_null(strstr(v.stacks[0].how, "seal: 2 functions"));
}

/* Patched out: the error sites of one are gone with its body. */
static void test_awslc_patched_out(void **state)
{
	static const char *const names[] = { "seal", "seal_scatter", "open_one", "open_gather" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct elf_symbol s;
		struct tls_verdict v;
		uint8_t fill[4096];
		uint64_t offset;
		struct elf *e;
		int fd;

		if (!build(&compilers[0], "awslc.c", "-shared -fPIC -O2"))
			skip();
		s = symbol(names[i]);
		fd = open_in("bare");
		assert_int_equal(elf_open(&e, fd), 0);
		assert_int_equal(elf_offset(e, s.addr, &offset), 0);
		elf_close(e);
		memset(fill, 0xcc, sizeof(fill));
		assert_int_equal(pwrite(fd, fill, s.size, (off_t)offset), s.size);
		close(fd);
		v = resolved(RETURN_URETPROBE);
		for (size_t k = 0; k < v.count; k++)
			assert_int_equal(v.stacks[k].point_count, 0);
	}
}

static bool ring_is_right(const struct tls_verdict *v, bool v16, enum return_side side)
{
	enum tls_prog open = v16 ? TLS_RING_OPEN_16 : TLS_RING_OPEN_17;
	const struct tls_stack *s = &v->stacks[0];
	size_t done = 0, seals = 0, opens = 0;

	if (v->count != 1 || s->error || strcmp(s->name, "ring") != 0)
		return false;
	for (size_t i = 0; i < s->point_count; i++) {
		const struct tls_point *p = &s->points[i];

		seals += p->prog == TLS_RING_SEAL &&
			 (inside(p, "gcm_seal") || inside(p, "chacha_seal"));
		opens += p->prog == open && (inside(p, "gcm_open") || inside(p, "chacha_open"));
		done += p->prog == TLS_AEAD_DONE && p->returns == (side == RETURN_URETPROBE) &&
			(somewhere_in(p, "gcm_open") || somewhere_in(p, "chacha_open"));
	}
	return seals == 2 && opens == 2 && done >= 2 && s->point_count == 4 + done;
}

static void test_ring(void **state)
{
	int built = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
			for (int v16 = 0; v16 < 2; v16++) {
				struct tls_verdict v;
				char flags[160];

				snprintf(flags, sizeof(flags), "%s%s", ways[w],
					 v16 ? " -DV16" : "");
				if (!applies(&compilers[i], flags) ||
				    !build(&compilers[i], "ring.c", flags))
					continue;
				for (int side = RETURN_URETPROBE; side <= RETURN_INSN; side++) {
					v = resolved((enum return_side)side);
					built++;
					if (!ring_is_right(&v, v16, (enum return_side)side))
						fail_msg("%s %s: %zu stacks, %s", compilers[i].name,
							 flags, v.count,
							 v.count ? v.stacks[0].how : "-");
				}
			}
		}
	}
	if (!built)
		skip();
}

/* One of the two constants that share their functions is not there: no proof, nothing said. */
static void test_ring_alone(void **state)
{
	struct tls_verdict v;

	(void)state;
	if (!build(&compilers[0], "ring.c", "-shared -fPIC -O2 -DALONE"))
		skip();
	v = resolved(RETURN_URETPROBE);
	assert_int_equal(v.count, 0);
}

/* ---- the jump behind a method's call ---- */

static bool jump(const uint8_t *code, size_t len, uint64_t *ret)
{
	const struct place_code c = { .bytes = code, .len = len, .addr = 0x1000 };
	struct place_point at;

	if (!awslc_method_jump(&c, 0x38, &at))
		return false;
	*ret = at.addr - 0x1000;
	return true;
}

#define JUMP(...) \
	jump((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), &to)

static void test_method_jump(void **state)
{
	uint64_t to = 0;

	(void)state;
	/* call [rax+0x38]; test eax,eax; jne */
	assert_true(JUMP(0xff, 0x50, 0x38, 0x85, 0xc0, 0x75, 0x02, 0x31, 0xc0, 0xc3));
	assert_int_equal(to, 5);
	/* mov rax,[rax+0x38]; call rax; mov edx,eax; mov eax,1; add rsp,0x20; test edx,edx; je */
	assert_true(JUMP(0x48, 0x8b, 0x40, 0x38, 0xff, 0xd0, 0x89, 0xc2, 0xb8, 1, 0, 0, 0, 0x48,
			 0x83, 0xc4, 0x20, 0x85, 0xd2, 0x0f, 0x84, 0, 0, 0, 0, 0xc3));
	assert_int_equal(to, 19);
	/* another slot; the stack; a direct call in between; what is tested is something else */
	assert_false(JUMP(0xff, 0x50, 0x28, 0x85, 0xc0, 0x75, 0x02, 0x31, 0xc0, 0xc3));
	assert_false(JUMP(0x48, 0x8b, 0x44, 0x24, 0x38, 0xff, 0xd0, 0x85, 0xc0, 0x75, 0x00, 0xc3));
	assert_false(JUMP(0x48, 0x8b, 0x40, 0x38, 0xe8, 0, 0, 0, 0, 0xff, 0xd1, 0x85, 0xc0, 0x75,
			  0x00, 0xc3));
	assert_false(JUMP(0xff, 0x50, 0x38, 0x85, 0xdb, 0x75, 0x00, 0xc3));
	/* twice: which of them it is cannot be said */
	assert_false(JUMP(0xff, 0x50, 0x38, 0x85, 0xc0, 0x75, 0x00, 0xff, 0x50, 0x38, 0x85, 0xc0,
			  0x75, 0x00, 0xc3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_awslc),
		cmocka_unit_test(test_awslc_twice),
		cmocka_unit_test(test_awslc_patched_out),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_alone),
		cmocka_unit_test(test_method_jump),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
