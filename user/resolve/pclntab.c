// SPDX-License-Identifier: Apache-2.0
#include "resolve/pclntab.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "resolve/match.h"
#include "resolve/scan.h"

#define FUNCS_MAX  (1u << 22) /* the largest programs have a few hundred thousand */
#define NAMES_MAX  256u	      /* functions asked for */
#define WORDS_MAX  16
#define CACHE	   (64u << 10)
#define FILLS_MAX  20000u /* of the window; it goes forward through a real table */
#define TABLES_MAX 8	  /* places that look like the table's beginning */

/* Words of moduledata, Go 1.18 to 1.26. */
#define MODULE_FTAB_LEN 17
#define MODULE_TEXT	22
#define MODULE_WORDS	24

struct header {
	uint32_t magic; /* 0xfffffff0: 1.18, 0xfffffff1: 1.20 */
	uint8_t pad[2], quantum, pointer;
	uint64_t funcs, files, text, names, units, filetab, pctab, pcln;
};
_Static_assert(sizeof(struct header) == 72, "header of pclntab");

struct pclntab {
	struct elf *elf;
	uint64_t addr, text;
	struct header head;
	uint64_t cache_addr; /* a window of the table: it is walked forward */
	size_t cache_len;
	uint32_t fills;
	uint8_t cache[CACHE];
};

/* ---- where the table is ---- */

static bool sane(const struct header *h)
{
	if (h->magic != 0xfffffff0 && h->magic != 0xfffffff1)
		return false;
	if (h->pad[0] || h->pad[1] || (h->quantum != 1 && h->quantum != 4) || h->pointer != 8)
		return false;
	return h->funcs > 0 && h->funcs < FUNCS_MAX && h->names >= sizeof(*h) &&
	       h->units > h->names && h->filetab >= h->units && h->pctab >= h->filetab &&
	       h->pcln >= h->pctab && h->pcln < 1u << 30;
}

struct tables {
	struct elf *elf;
	uint64_t at[TABLES_MAX];
	size_t count;
};

static int table_window(void *ctx, const struct scan_window *w)
{
	static const uint8_t rest[3] = { 0xff, 0xff, 0xff };
	struct tables *t = ctx;

	for (size_t at = (size_t)(-w->addr & 7); at < w->own && at + 8 <= w->len; at += 8) {
		struct header h;

		if ((w->p[at] & 0xfe) != 0xf0 || memcmp(w->p + at + 1, rest, 3) != 0)
			continue;
		if (elf_read(t->elf, w->addr + at, &h, sizeof(h)) == sizeof(h) && sane(&h) &&
		    t->count < TABLES_MAX)
			t->at[t->count++] = w->addr + at;
	}
	return 0;
}

/* ---- moduledata: where the code begins ---- */

struct module_pass {
	struct pclntab *p;
	uint64_t module; /* 0: not found yet */
	uint64_t text;
	uint64_t text_slot; /* whose relocation is looked for; 0: none */
};

static bool is_relative(uint64_t info)
{
	return info == R_X86_64_RELATIVE || info == R_AARCH64_RELATIVE;
}

static bool is_code(struct elf *e, uint64_t addr)
{
	uint64_t offset;

	return addr && elf_offset(e, addr, &offset) == 0;
}

/* Is there a moduledata at addr? Its first word may be filled in by a relocation only. */
static bool take_module(struct module_pass *m, uint64_t addr)
{
	uint64_t words[MODULE_WORDS];

	if (elf_read(m->p->elf, addr, words, sizeof(words)) != sizeof(words) ||
	    words[MODULE_FTAB_LEN] != m->p->head.funcs + 1)
		return false;
	m->module = addr;
	if (is_code(m->p->elf, words[MODULE_TEXT]))
		m->text = words[MODULE_TEXT];
	else
		m->text_slot = addr + 8 * MODULE_TEXT;
	return true;
}

/* The table's address as a word: in moduledata itself, or the addend of its relocation. */
static int module_window(void *ctx, const struct scan_window *w)
{
	struct module_pass *m = ctx;

	for (size_t at = (size_t)(-w->addr & 7); at < w->own && at + 8 <= w->len; at += 8) {
		uint64_t word, entry[2];

		memcpy(&word, w->p + at, 8);
		if (word != m->p->addr)
			continue;
		if (take_module(m, w->addr + at))
			return 1;
		if (elf_read(m->p->elf, w->addr + at - 16, entry, 16) == 16 &&
		    is_relative(entry[1]) && take_module(m, entry[0]))
			return 1;
	}
	return 0;
}

static int text_window(void *ctx, const struct scan_window *w)
{
	struct module_pass *m = ctx;

	for (size_t at = (size_t)(-w->addr & 7); at < w->own && at + 24 <= w->len; at += 8) {
		uint64_t entry[3];

		memcpy(entry, w->p + at, 24);
		if (entry[0] == m->text_slot && is_relative(entry[1])) {
			m->text = entry[2];
			return 1;
		}
	}
	return 0;
}

static int find_text(struct pclntab *p)
{
	struct module_pass m = { .p = p };
	int err = scan_file(p->elf, SCAN_DATA, 24, module_window, &m);

	if (err > 0 && m.text_slot)
		err = scan_file(p->elf, SCAN_DATA, 24, text_window, &m);
	if (err < 0)
		return err;
	/* Up to Go 1.25 the header has it, too. */
	p->text = m.text ? m.text : p->head.text;
	return is_code(p->elf, p->text) ? 0 : -EBADMSG;
}

/* ---- reading it ---- */

/* Bytes of the table, from a window of it. */
static int peek(struct pclntab *p, uint64_t at, void *buf, size_t len)
{
	uint64_t addr = p->addr + at;

	if (addr < p->cache_addr || addr - p->cache_addr > p->cache_len ||
	    p->cache_len - (addr - p->cache_addr) < len) {
		ssize_t n = p->fills++ < FILLS_MAX
				    ? elf_read(p->elf, addr, p->cache, sizeof(p->cache))
				    : -E2BIG;

		if (n < (ssize_t)len)
			return n < 0 ? (int)n : -EBADMSG;
		p->cache_addr = addr;
		p->cache_len = (size_t)n;
	}
	memcpy(buf, p->cache + (addr - p->cache_addr), len);
	return 0;
}

/* The last entry of the function table is the end of the code. */
static int check_end(struct pclntab *p)
{
	uint32_t end;
	int err = peek(p, p->head.pcln + p->head.funcs * 8, &end, sizeof(end));

	if (err)
		return err;
	return end && is_code(p->elf, p->text + end - 1) ? 0 : -EBADMSG;
}

int pclntab_open(struct pclntab **ret, struct elf *e)
{
	struct tables t = { .elf = e };
	struct pclntab *p;
	int err = scan_file(e, SCAN_TABLES, 8, table_window, &t);

	if (err)
		return err;
	if (t.count == 0)
		return -ENOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->elf = e;
	err = -EBADMSG;
	for (size_t i = 0; i < t.count && err == -EBADMSG; i++) {
		p->addr = t.at[i];
		p->cache_len = 0;
		err = peek(p, 0, &p->head, sizeof(p->head));
		if (!err)
			err = find_text(p);
		if (!err)
			err = check_end(p);
	}
	if (err) {
		pclntab_close(p);
		return err;
	}
	*ret = p;
	return 0;
}

void pclntab_close(struct pclntab *p)
{
	free(p);
}

/* ---- names ---- */

struct names {
	uint32_t at[NAMES_MAX]; /* in the table of names: where the word's string begins */
	size_t count;
	struct pclntab *p;
	uint64_t base; /* of the window, in the table of names */
};

/* Where the string that holds this place begins. */
static bool string_start(struct names *n, uint64_t at, uint32_t *ret)
{
	char text[sizeof(((struct go_func *)0)->name)];
	size_t len = at < sizeof(text) ? (size_t)at : sizeof(text);
	uint64_t addr = n->p->addr + n->p->head.names + at;

	if (len > 0 && elf_read(n->p->elf, addr - len, text, len) != (ssize_t)len)
		return false;
	for (size_t i = len; i-- > 0;) {
		if (text[i] == '\0') {
			*ret = (uint32_t)(at - len + i + 1);
			return true;
		}
	}
	*ret = 0;
	return len == at;
}

static void take_name(void *ctx, size_t word, size_t at)
{
	struct names *n = ctx;
	uint32_t start;

	(void)word;
	if (n->count < NAMES_MAX && string_start(n, n->base + at, &start))
		n->at[n->count++] = start;
}

static int find_names(struct pclntab *p, const char *const *words, size_t count, struct names *n)
{
	uint64_t size = p->head.units - p->head.names;
	struct sv svs[WORDS_MAX];
	struct match *m;
	int err;

	for (size_t i = 0; i < count && i < WORDS_MAX; i++)
		svs[i] = (struct sv){ words[i], strlen(words[i]) + 1 };
	err = match_new(&m, svs, count < WORDS_MAX ? count : WORDS_MAX);
	if (err)
		return err;
	n->p = p;
	for (uint64_t at = 0; at < size && !err; at += CACHE / 2) {
		size_t len = size - at < CACHE ? (size_t)(size - at) : CACHE;

		n->base = at;
		if (elf_read(p->elf, p->addr + p->head.names + at, p->cache, len) != (ssize_t)len)
			err = -EBADMSG;
		p->cache_len = 0;
		if (!err)
			match_run(m, (struct sv){ (const char *)p->cache, len }, take_name, n);
	}
	match_free(m);
	return err;
}

static bool wanted(const struct names *n, uint32_t at)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->at[i] == at)
			return true;
	return false;
}

/* Row i of the function table, with the beginning of the next one. */
static int read_row(struct pclntab *p, uint64_t i, uint32_t row[3])
{
	return peek(p, p->head.pcln + i * 8, row, 12);
}

static int tell(struct pclntab *p, const uint32_t row[3], uint32_t name, go_func_fn *fn, void *ctx)
{
	struct go_func f = { .addr = p->text + row[0] };
	ssize_t n;

	if (row[2] <= row[0])
		return 0;
	f.size = row[2] - row[0];
	n = elf_read(p->elf, p->addr + p->head.names + name, f.name, sizeof(f.name) - 1);
	return n < 0 ? 0 : fn(ctx, &f);
}

int pclntab_find(struct pclntab *p, const char *const *words, size_t count, go_func_fn *fn,
		 void *ctx)
{
	struct names *n = calloc(1, sizeof(*n));
	uint32_t(*rows)[3] = NULL;
	int err;

	if (!n)
		return -ENOMEM;
	err = find_names(p, words, count, n);
	/* Rows and what they lead to lie apart: rows are read in batches. */
	if (!err && n->count) {
		rows = calloc(4096, sizeof(*rows));
		err = rows ? 0 : -ENOMEM;
	}
	for (uint64_t i = 0; rows && !err && i < p->head.funcs; i += 4096) {
		uint64_t batch = p->head.funcs - i < 4096 ? p->head.funcs - i : 4096;

		for (uint64_t k = 0; k < batch && !err; k++)
			err = read_row(p, i + k, rows[k]);
		for (uint64_t k = 0; k < batch && !err; k++) {
			uint32_t func[2]; /* entry, name */

			err = peek(p, p->head.pcln + rows[k][1], func, sizeof(func));
			if (!err && func[0] == rows[k][0] && wanted(n, func[1]))
				err = tell(p, rows[k], func[1], fn, ctx);
		}
	}
	free(rows);
	free(n);
	return err;
}
