// SPDX-License-Identifier: Apache-2.0
#include "resolve/errsite.h"

#include <errno.h>
#include <stdlib.h>

#include "resolve/flow.h"

/* Code decoded for one text, in bytes: a real library's sites lie in some 100 KB. */
#define DECODE_BUDGET (4u << 20)

struct errfile {
	struct search *search;
	enum search_text text;
	struct borders *borders;
	struct errfunc *funcs;
	size_t count, strays;
	size_t decoded;
};

/* ---- grouping sites by function ---- */

static void add_cold(struct border *into, const struct border *from)
{
	for (size_t i = 0; i < from->cold_count; i++) {
		bool known = false;

		for (size_t k = 0; k < into->cold_count; k++)
			known |= into->cold[k].start == from->cold[i].start;
		if (!known && into->cold_count < BORDER_COLD_MAX)
			into->cold[into->cold_count++] = from->cold[i];
	}
}

static int group(struct errfile *f, uint64_t site)
{
	struct border at;
	int err = border_at(f->borders, site, &at);

	if (err) {
		f->strays++;
		return err == -EIO ? err : 0;
	}
	for (size_t i = 0; i < f->count; i++) {
		if (f->funcs[i].at.start == at.start) {
			add_cold(&f->funcs[i].at, &at);
			return 0;
		}
	}
	f->funcs[f->count++].at = at;
	return 0;
}

/* ---- reading sites ---- */

struct reading {
	const struct errfile *file;
	struct errfunc *func;
};

static int32_t small(const struct flow_call *call, unsigned arg)
{
	if (!(call->known & PLACE_ARG(arg)) || call->args[arg] > INT32_MAX)
		return -1;
	return (int32_t)call->args[arg];
}

static bool passes(const struct reading *r, const struct flow_call *call, unsigned arg)
{
	return call->known & PLACE_ARG(arg) &&
	       search_is(r->file->search, r->file->text, call->args[arg]);
}

/* Which argument is the text says which of the three it is. */
static bool read_site(const struct reading *r, const struct flow_call *call, struct errsite *s)
{
	uint8_t byte;

	*s = (struct errsite){ call->addr, -1, -1, -1, -1 };
	if (passes(r, call, 3)) {
		s->library = small(call, 0);
		s->function = small(call, 1);
		s->reason = small(call, 2);
		s->line = small(call, 4);
		return true;
	}
	if (!passes(r, call, 2))
		return false;
	if (search_is_path(r->file->text)) {
		s->library = small(call, 0);
		s->reason = small(call, 1);
		s->line = small(call, 3);
		return true;
	}
	/* A function's name is no proof without a file and a line before it. */
	s->line = small(call, 1);
	return s->line > 0 && call->known & PLACE_ARG(0) &&
	       elf_read(search_elf(r->file->search), call->args[0], &byte, 1) == 1;
}

static int take_call(void *ctx, const struct flow_call *call)
{
	const struct reading *r = ctx;
	struct errfunc *f = r->func;
	struct errsite s;

	if (!read_site(r, call, &s))
		return 0;
	for (size_t i = 0; i < f->count; i++)
		if (f->sites[i].call == s.call && f->sites[i].reason == s.reason &&
		    f->sites[i].line == s.line)
			return 0;
	if (f->count == ERRSITES_MAX)
		return -E2BIG;
	f->sites[f->count++] = s;
	return 0;
}

static int read_part(struct elf *e, uint64_t start, uint64_t size, struct place_code *ret)
{
	uint8_t *bytes = size && size <= ELF_CODE_MAX ? malloc(size) : NULL;
	int err;

	if (!bytes)
		return size && size <= ELF_CODE_MAX ? -ENOMEM : -E2BIG;
	err = elf_read_code(e, start, bytes, size);
	if (err) {
		free(bytes);
		return err;
	}
	*ret = (struct place_code){ bytes, size, start, elf_arch(e) == ELF_ARCH_ARM64 };
	return 0;
}

/* The function's code and its split-off parts; the bytes are the caller's in any case. */
static int read_all(struct errfile *f, const struct border *at,
		    struct place_code parts[1 + BORDER_COLD_MAX], size_t *count)
{
	struct elf *e = search_elf(f->search);
	int err;

	*count = 0;
	f->decoded += at->size;
	if (f->decoded > DECODE_BUDGET)
		return -E2BIG;
	err = read_part(e, at->start, at->size, &parts[0]);
	*count = err == 0;
	for (size_t i = 0; i < at->cold_count && !err; i++) {
		err = read_part(e, at->cold[i].start, at->cold[i].size, &parts[*count]);
		*count += err == 0;
	}
	return err;
}

static void free_all(struct place_code *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((void *)parts[i].bytes);
}

static int read_sites(struct errfile *file, struct errfunc *f)
{
	struct place_code parts[1 + BORDER_COLD_MAX];
	struct reading r = { file, f };
	size_t n;
	int err = read_all(file, &f->at, parts, &n);

	if (!err)
		err = flow_calls(parts, n, take_call, &r);
	free_all(parts, n);
	/* One function that cannot be read is one function less, not the end. */
	return err == -EIO || err == -ENOMEM ? err : 0;
}

int errfile_depth(struct errfile *f, const struct border *at, uint64_t call)
{
	struct place_code parts[1 + BORDER_COLD_MAX];
	size_t n;
	int err = read_all(f, at, parts, &n);

	if (!err)
		err = flow_calls_before(parts, n, call);
	free_all(parts, n);
	return err;
}

static int by_start(const void *a, const void *b)
{
	const struct errfunc *x = a, *y = b;

	return x->at.start < y->at.start ? -1 : x->at.start > y->at.start;
}

static int fill(struct errfile *f, const struct search_ref *refs, size_t count)
{
	int err = search_borders(f->search, &f->borders);

	f->funcs = calloc(count, sizeof(*f->funcs));
	if (!f->funcs)
		return -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = group(f, refs[i].site);
	for (size_t i = 0; i < f->count && !err; i++)
		err = read_sites(f, &f->funcs[i]);
	if (!err && f->count)
		qsort(f->funcs, f->count, sizeof(*f->funcs), by_start);
	return err;
}

int errfile_new(struct errfile **ret, struct search *s, enum search_text text)
{
	struct errfile *f = calloc(1, sizeof(*f));
	const struct search_ref *refs;
	int n, err;

	if (!f)
		return -ENOMEM;
	f->search = s;
	f->text = text;
	n = search_refs(s, text, &refs);
	err = n > 0 ? fill(f, refs, (size_t)n) : n;
	if (err) {
		errfile_free(f);
		return err;
	}
	*ret = f;
	return 0;
}

void errfile_free(struct errfile *f)
{
	if (!f)
		return;
	free(f->funcs);
	free(f);
}

size_t errfile_funcs(const struct errfile *f, const struct errfunc **ret)
{
	*ret = f->funcs;
	return f->count;
}

size_t errfile_strays(const struct errfile *f)
{
	return f->strays;
}

struct borders *errfile_borders(struct errfile *f)
{
	return f->borders;
}

bool errfunc_has(const struct errfunc *f, int32_t reason, int32_t *line)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->sites[i].reason == reason) {
			if (line)
				*line = f->sites[i].line;
			return true;
		}
	}
	return false;
}
