// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "resolve/place.h"

#define ADDR 0x1000

/* Functions as compilers write them; what they begin with decides. */
#define PUSH_RBP    0x55
#define RET	    0xc3
#define SUB_RSP_18  0x48, 0x83, 0xec, 0x18
#define ADD_RSP_18  0x48, 0x83, 0xc4, 0x18
#define SUB_RSP_8   0x48, 0x83, 0xec, 0x08
#define ADD_RSP_8   0x48, 0x83, 0xc4, 0x08
#define ENDBR64	    0xf3, 0x0f, 0x1e, 0xfa
#define TEST_RDI    0x48, 0x85, 0xff
#define TEST_EDX    0x85, 0xd2
#define JE(n)	    0x74, (n)
#define JS(n)	    0x78, (n)
#define JMP8(n)	    0xeb, (uint8_t)(n)
#define MOV_RCX_RSP 0x48, 0x89, 0xe1
#define MOV_R8_RSP  0x49, 0x89, 0xe0
#define MOV_R8_RCX  0x49, 0x89, 0xc8
#define XOR_ECX	    0x31, 0xc9
#define MOVSLQ_RDX  0x48, 0x63, 0xd2
#define MOV_RDI_RAX 0x48, 0x89, 0xc7
#define BYTE(v, n)  (uint8_t)((v) >> (8 * (n)))
#define CALL(rel)   0xe8, BYTE(rel, 0), BYTE(rel, 1), BYTE(rel, 2), BYTE(rel, 3)
#define JMP_RAX	    0xff, 0xe0
#define XOR_EAX	    0x31, 0xc0

struct bytes {
	uint8_t b[48];
	size_t len;
};

#define CODE(...)                                                   \
	{                                                           \
		{ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }) \
	}

/* On an exact-size heap copy, so that a stray read is seen. */
static struct place_code code_of(const struct bytes *b, uint8_t **copy)
{
	*copy = malloc(b->len);
	assert_non_null(*copy);
	memcpy(*copy, b->b, b->len);
	return (struct place_code){ *copy, b->len, ADDR, false };
}

static const struct {
	const char *name;
	struct bytes code;
	bool need_sp;
	int result;
	uint64_t at; /* behind ADDR */
	enum place_kind kind;
} entries[] = {
	{ "push first", CODE(PUSH_RBP, XOR_EAX, 0x5d, RET), true, 0, 0, PLACE_EMULATED },
	{ "push r12 first", CODE(0x41, 0x54, XOR_EAX, 0x41, 0x5c, RET), true, 0, 0,
	  PLACE_EMULATED },
	{ "behind endbr64", CODE(ENDBR64, PUSH_RBP, 0x5d, RET), true, 0, 4, PLACE_EMULATED },
	{ "je behind test", CODE(TEST_RDI, JE(2), PUSH_RBP, 0x5d, RET), true, 0, 3,
	  PLACE_EMULATED },
	{ "sub first: stack pointer is gone", CODE(SUB_RSP_18, TEST_EDX, JS(0), ADD_RSP_18, RET),
	  true, 0, 0, PLACE_SLOW },
	{ "sub first: no need of it", CODE(SUB_RSP_18, TEST_EDX, JS(0), ADD_RSP_18, RET), false, 0,
	  6, PLACE_EMULATED },
	{ "argument overwritten before", CODE(MOV_RDI_RAX, PUSH_RBP, 0x5d, RET), true, 0, 0,
	  PLACE_SLOW },
	{ "call before", CODE(CALL(0x100), PUSH_RBP, 0x5d, RET), true, 0, 0, PLACE_SLOW },
	{ "nothing emulated", CODE(XOR_EAX, RET), true, 0, 0, PLACE_SLOW },
	/* endbr64; push; ...; jmp back onto the push: the point would fire twice. */
	{ "branch onto the point", CODE(ENDBR64, PUSH_RBP, 0x5d, JMP8(-4)), true, 0, 0,
	  PLACE_SLOW },
	{ "branch between entry and point", CODE(XOR_EAX, XOR_EAX, PUSH_RBP, 0x5d, JMP8(-6)), true,
	  0, 0, PLACE_SLOW },
	{ "does not decode", CODE(XOR_EAX, 0x06, PUSH_RBP, RET), true, -EBADMSG, 0, PLACE_SLOW },
	{ "cut out with int3", CODE(0xcc, 0xcc, PUSH_RBP, RET), true, -EBADMSG, 0, PLACE_SLOW },
	{ "cut out with ud2", CODE(0x0f, 0x0b, PUSH_RBP, RET), true, -EBADMSG, 0, PLACE_SLOW },
	{ "rubbish behind the point", CODE(PUSH_RBP, 0x06, 0x06), true, -EBADMSG, 0, PLACE_SLOW },
};

static void test_entry(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		struct place_point p = { 0 };
		uint8_t *copy;
		struct place_code code = code_of(&entries[i].code, &copy);
		int err = place_entry(&code, PLACE_ARGS(3), entries[i].need_sp, &p);

		if (err != entries[i].result ||
		    (!err && (p.addr != ADDR + entries[i].at || p.kind != entries[i].kind)))
			fail_msg("%s: %d, at +%d, kind %d", entries[i].name, err,
				 (int)(p.addr - ADDR), p.kind);
		free(copy);
	}
}

static const struct {
	const char *name;
	struct bytes code;
	enum place_lenp own;
	int result;
	enum place_lenp lenp;
} callees[] = {
	/* As gcc writes OpenSSL 3.0's SSL_read: sub; test; js; mov rcx,rsp; movslq; call. */
	{ "length in a local, 4th argument",
	  CODE(SUB_RSP_18, TEST_EDX, JS(13), MOV_RCX_RSP, MOVSLQ_RDX, CALL(0x100), ADD_RSP_18, RET),
	  PLACE_LENP_NONE, 0, PLACE_LENP_ARG4 },
	{ "caller's pointer passed on", CODE(SUB_RSP_8, CALL(0x100), ADD_RSP_8, RET),
	  PLACE_LENP_ARG4, 0, PLACE_LENP_ARG4 },
	/* OpenSSL 3.3: flags before the pointer. */
	{ "local as 5th argument",
	  CODE(SUB_RSP_18, MOV_R8_RSP, XOR_ECX, MOVSLQ_RDX, CALL(0x100), ADD_RSP_18, RET),
	  PLACE_LENP_NONE, 0, PLACE_LENP_ARG5 },
	{ "caller's pointer as 5th argument",
	  CODE(SUB_RSP_8, MOV_R8_RCX, XOR_ECX, CALL(0x100), ADD_RSP_8, RET), PLACE_LENP_ARG4, 0,
	  PLACE_LENP_ARG5 },
	/* SSL_write_ex2: flags lie where others have the pointer. */
	{ "own pointer is the 5th argument", CODE(SUB_RSP_8, CALL(0x100), ADD_RSP_8, RET),
	  PLACE_LENP_ARG5, 0, PLACE_LENP_ARG5 },
	{ "no pointer at all", CODE(SUB_RSP_18, CALL(0x100), ADD_RSP_18, RET), PLACE_LENP_NONE,
	  -ENOENT, PLACE_LENP_NONE },
	{ "object overwritten", CODE(SUB_RSP_18, MOV_RCX_RSP, MOV_RDI_RAX, CALL(0x100), RET),
	  PLACE_LENP_NONE, -ENOENT, PLACE_LENP_NONE },
	{ "returns before any call", CODE(XOR_EAX, RET), PLACE_LENP_ARG4, -ENOENT,
	  PLACE_LENP_NONE },
	{ "does not decode", CODE(SUB_RSP_18, 0x06), PLACE_LENP_ARG4, -EBADMSG, PLACE_LENP_NONE },
};

static void test_callee(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(callees); i++) {
		struct place_callee c = { 0 };
		uint8_t *copy;
		struct place_code code = code_of(&callees[i].code, &copy);
		int err = place_callee(&code, callees[i].own, &c);

		if (err != callees[i].result || (!err && c.lenp != callees[i].lenp))
			fail_msg("%s: %d, length pointer %d", callees[i].name, err, c.lenp);
		if (!err)
			assert_in_range(c.addr, ADDR + 0x100, ADDR + 0x130);
		free(copy);
	}
}

static const struct {
	const char *name;
	struct bytes code;
	int result;
} leaves[] = {
	{ "one return", CODE(PUSH_RBP, 0x5d, RET), 1 },
	{ "two returns", CODE(TEST_RDI, JE(1), RET, XOR_EAX, RET), 2 },
	{ "tail call through a register", CODE(PUSH_RBP, 0x5d, JMP_RAX), -ENOENT },
	{ "tail call beside a return", CODE(TEST_RDI, JE(1), RET, 0xe9, 0, 1, 0, 0), -ENOENT },
	{ "jump inside is none", CODE(JMP8(0), RET), 1 },
	{ "never returns", CODE(XOR_EAX, JMP8(-4)), -ENOENT },
	{ "does not decode", CODE(0x06, RET), -EBADMSG },
};

static void test_returns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		uint64_t at[PLACE_RETS_MAX];
		uint8_t *copy;
		struct place_code code = code_of(&leaves[i].code, &copy);
		int n = place_returns(&code, at);

		if (n != leaves[i].result)
			fail_msg("%s: %d", leaves[i].name, n);
		for (int k = 0; k < n; k++)
			assert_int_equal(copy[at[k] - ADDR], RET);
		free(copy);
	}
}

static void test_arm64(void **state)
{
	/* stp x29,x30,[sp,#-16]!; b.ne +8; ret; b .-4 ... and one that leaves. */
	static const uint32_t in[] = { 0xa9bf7bfd, 0x54000041, 0xd65f03c0, 0x17ffffff };
	static const uint32_t out[] = { 0xa9bf7bfd, 0xd65f03c0, 0x14000100 };
	static const uint32_t cut[] = { 0xd4200000, 0, 0xd65f03c0 }; /* brk; udf */
	struct place_code code = { (const uint8_t *)in, sizeof(in), ADDR, true };
	uint64_t at[PLACE_RETS_MAX];
	struct place_point p;

	(void)state;
	assert_int_equal(place_entry(&code, PLACE_ARGS(3), true, &p), 0);
	assert_int_equal(p.addr, ADDR);
	assert_int_equal(place_returns(&code, at), 1);
	assert_int_equal(at[0], ADDR + 8);
	code = (struct place_code){ (const uint8_t *)out, sizeof(out), ADDR, true };
	assert_int_equal(place_returns(&code, at), -ENOENT);
	for (int i = 0; i < 2; i++) {
		code = (struct place_code){ (const uint8_t *)(cut + i), 8, ADDR, true };
		assert_int_equal(place_entry(&code, PLACE_ARGS(3), true, &p), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_callee),
		cmocka_unit_test(test_returns),
		cmocka_unit_test(test_arm64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
