/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_ERRSITE_H
#define EARSHOT_RESOLVE_ERRSITE_H

/*
 * errsite - the error sites of functions in OpenSSL and its kin. Texts and numbers at them
 * survive stripping, inlining and rebuilds, so that they say which function it is:
 *   BoringSSL, aws-lc  (library, unused, reason, file, line), newer without the unused one
 *   OpenSSL 1.1        (library, function, reason, file, line)
 *   OpenSSL 3          (file, line, function's name)
 * The text sought may be the file or the function's name.
 */
#include "resolve/border.h"
#include "resolve/search.h"

#define ERRSITES_MAX 48 /* per function */

struct errsite {
	uint64_t call;
	/* -1: not known, or not told by this kind of site. */
	int32_t library, function, reason, line;
};

/* One function that reports errors under the name of a file. */
struct errfunc {
	struct border at;
	struct errsite sites[ERRSITES_MAX];
	size_t count;
};

struct errfile;

/*
 * All functions that refer to the text, by address. Sites of no function that can be told
 * are counted in errfile_strays(). Borrows s. 0 (also when there is none) or a negative errno.
 */
int errfile_new(struct errfile **ret, struct search *s, enum search_text text);
void errfile_free(struct errfile *f);
size_t errfile_funcs(const struct errfile *f, const struct errfunc **ret);
size_t errfile_strays(const struct errfile *f);
struct borders *errfile_borders(struct errfile *f);

/*
 * How many calls lie at the least between a function's entry and one of its calls: a function
 * that has another inlined comes to that one's errors late. -ENOENT, or as flow_calls().
 */
int errfile_depth(struct errfile *f, const struct border *at, uint64_t call);

/* Does the function report this reason? With line: not NULL, and set to its line (or -1). */
bool errfunc_has(const struct errfunc *f, int32_t reason, int32_t *line);

#endif /* EARSHOT_RESOLVE_ERRSITE_H */
