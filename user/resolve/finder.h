/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_FINDER_H
#define EARSHOT_RESOLVE_FINDER_H

/*
 * finder - what all ways to find a TLS implementation share. A finder looks at one file and
 * adds a stack to the verdict for each implementation it finds, with its points, or with the
 * reason why it refuses. One file and one row of the table in resolve.c each.
 */
#include "resolve/elf.h"
#include "resolve/place.h"
#include "resolve/resolve.h"
#include "resolve/search.h"

struct resolver {
	struct elf *elf;
	struct search *search; /* for finders that need no names */
	enum return_side side;
	struct tls_verdict *verdict;
};

/* 0 (also when nothing was found), or a negative errno when the file could not be read. */
typedef int finder_fn(struct resolver *r);

/* NULL when the verdict is full. */
struct tls_stack *stack_add(struct resolver *r, const char *name, enum tls_found found);

/* A stack of this name that is not refused, or NULL. */
const struct tls_stack *stack_named(const struct resolver *r, const char *name);

/* Takes the last stack away: what looked like a library was not one. */
void stack_drop(struct resolver *r);

/*
 * s, the last stack, is dropped when its points are those of one that was found by name before;
 * that one gets its name, which search knows better: OpenSSL's kin share theirs.
 */
void stack_merge(struct resolver *r, const struct tls_stack *s);

/* Adds to how. */
void __attribute__((format(printf, 2, 3))) stack_say(struct tls_stack *s, const char *fmt, ...);

/* Why a function is not probed, in words. */
const char *finder_words(int err);

/* Takes all points away and says why. */
void stack_refuse(struct tls_stack *s, int error);

bool stack_has_point(const struct tls_stack *s, uint64_t addr);

/* 0, -ERANGE when at is no code of the file, -E2BIG. The same address twice counts once. */
int stack_point(struct resolver *r, struct tls_stack *s, enum tls_prog prog,
		const struct place_point *at, uint32_t arg);

/*
 * Return instructions of the function (RETURN_INSN). 0, -EOPNOTSUPP (it can be left in another
 * way), or as place_returns().
 */
int stack_returns(struct resolver *r, struct tls_stack *s, const struct place_code *code);

/* Code of one function, read from the file. */
struct function {
	struct place_code code;
	uint8_t *bytes; /* owned */
};

/*
 * size 0: .eh_frame is asked, which also knows functions without a symbol, or what enters the
 * code there. 0 or -errno.
 */
int function_read(struct resolver *r, uint64_t addr, uint64_t size, struct function *ret);
void function_done(struct function *f);

/* The return side of a function that opens TLS records: a return probe, or its returns. */
int finder_done(struct resolver *r, struct tls_stack *s, const struct function *fn);

/*
 * Adds the point of a function of a known shape: the best place in it, or in the internal
 * function that takes its arguments over. name is for people. 0 or -errno.
 */
int function_place(struct resolver *r, struct tls_stack *s, const char *name, enum tls_prog prog,
		   const struct function *fn);

#endif /* EARSHOT_RESOLVE_FINDER_H */
