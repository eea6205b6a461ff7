/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_TLSLIB_H
#define EARSHOT_RESOLVE_TLSLIB_H

/* tlslib - the table: TLS library, its functions, what each is good for. */
#include "resolve/resolve.h"

struct tls_func {
	const char *name;
	enum tls_prog prog;
	const char *unless; /* not where this one exists: it is called by it */
};

struct tls_lib {
	const char *stack;
	const struct tls_func *funcs;
	size_t count;
	/* Another stack with the same names: any of these tells it. NULL: none such. */
	const char *other;
	const char *const *signs;
};

#define TLS_FUNCS_MAX 16
#define TLS_SIGNS_MAX 4
#define TLS_LIBS_MAX  8

extern const struct tls_lib tls_libs[];
extern const size_t tls_lib_count;

/* Programs whose call returns a number of bytes and so need the return side. */
bool tls_prog_returns(enum tls_prog prog);
bool tls_prog_reads(enum tls_prog prog);
bool tls_prog_writes(enum tls_prog prog);
/* How many argument registers its program reads. */
uint8_t tls_prog_args(enum tls_prog prog);
const char *tls_prog_name(enum tls_prog prog);

#endif /* EARSHOT_RESOLVE_TLSLIB_H */
