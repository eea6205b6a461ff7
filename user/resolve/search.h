/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_SEARCH_H
#define EARSHOT_RESOLVE_SEARCH_H

/*
 * search - what a file without names still tells: texts that its code refers to (the source
 * file at an error site, a function's own name), and the places that refer to them. x86-64
 * and arm64.
 *
 * The file is read in windows and never mapped. All texts are sought in one pass over the
 * read-only data, all references in one pass over the code; both run when they are first
 * asked for, and their results are kept. Tables are bounded: one that is full makes the
 * result -E2BIG, never a part of it.
 */
#include "resolve/elf.h"

/* The texts of all finders: one row each in search.c. */
enum search_text {
	TEXT_SSL_LIB,	    /* …ssl/ssl_lib.cc: BoringSSL's error sites */
	TEXT_AWSLC_AEAD,    /* …crypto/fipsmodule/cipher/aead.c: aws-lc's */
	TEXT_READ_INTERNAL, /* OpenSSL 3 names the function at each error site */
	TEXT_WRITE_INTERNAL,
	TEXT_SSL_READ,
	TEXT_SSL_WRITE,
	TEXT_OPENSSL_LIB, /* …ssl/ssl_lib.c: OpenSSL 1.1's error sites, with function numbers */
	TEXT_COUNT,
};

/*
 * Where a text lies. An address from first up to text means it: linkers merge tails, and a
 * path may begin anywhere in the printable run before its known end.
 */
struct search_hit {
	uint64_t first, text;
};

/* An instruction (the last of two on arm64) that makes the address of a text. */
struct search_ref {
	uint64_t site, target;
	enum search_text text;
};

struct search;

/* Borrows e. Reads nothing yet. */
int search_new(struct search **ret, struct elf *e);
void search_free(struct search *s);
struct elf *search_elf(const struct search *s);

/* Where the text lies. Returns how many (0: not in the file), or a negative errno. */
int search_hits(struct search *s, enum search_text text, const struct search_hit **ret);

/* What refers to the text, by address of the site. As search_hits(). */
int search_refs(struct search *s, enum search_text text, const struct search_ref **ret);

/* Is this address the text? No pass is run: only what search_hits() has found counts. */
bool search_is(const struct search *s, enum search_text text, uint64_t addr);

/*
 * What enters the code around everything that refers to a text, for all texts at once: the
 * passes are dear. Lives as long as s. 0 or a negative errno.
 */
struct borders;
int search_borders(struct search *s, struct borders **ret);

/* The text is the end of a path, not a name. */
bool search_is_path(enum search_text text);

#endif /* EARSHOT_RESOLVE_SEARCH_H */
