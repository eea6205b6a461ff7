// SPDX-License-Identifier: Apache-2.0
#include "resolve/symtab.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <gelf.h>

#include "resolve/debugdata.h"
#include "resolve/match.h"

#define SECTIONS_MAX 65536u
#define WINDOW	     (10240u * sizeof(Elf64_Sym)) /* none is cut */
#define NAME_MAX_LEN 64u
#define TABLES_MAX   4u /* of one type */
#define LOOKS_MAX    (1u << 20)
#define NAMES_MAX    512u /* places in a string table where a wanted name ends a string */

/* A section's bytes, as far as the file has them. */
struct part {
	uint64_t offset, size;
};

struct name_at {
	uint64_t at; /* in the string table */
	uint32_t want;
};

/* Where the wanted names stand in one string table. */
struct names {
	struct match *match;
	uint32_t want_of[SYMTAB_WANT_MAX]; /* by word */
	struct name_at rows[NAMES_MAX];
	size_t count;
	uint64_t base; /* of the window */
	uint8_t sieve[1 << 13];
};

struct table {
	int fd;
	struct part syms, strings;
	uint8_t *window;
	struct elf_symbol *want;
	size_t count;
	uint32_t looks; /* at symbols that may have a wanted name */
};

static unsigned fold(uint64_t at)
{
	return (unsigned)(at * 0x9e3779b97f4a7c15ull >> 48);
}

static void take_name(void *ctx, size_t word, size_t at)
{
	struct names *n = ctx;
	unsigned bit = fold(n->base + at);

	if (n->count == NAMES_MAX)
		return;
	n->rows[n->count++] = (struct name_at){ n->base + at, n->want_of[word] };
	n->sieve[bit / 8] |= (uint8_t)(1u << bit % 8);
}

/* Calls with each window of a part; more bytes overlap with the next one. */
static int each_window(const struct table *t, const struct part *p, size_t more,
		       void (*fn)(struct table *, struct names *, size_t), struct names *n)
{
	for (uint64_t at = 0; at < p->size; at += WINDOW) {
		size_t len = p->size - at < WINDOW + more ? (size_t)(p->size - at) : WINDOW + more;

		if (pread(t->fd, t->window, len, (off_t)(p->offset + at)) != (ssize_t)len)
			return -EIO;
		n->base = at;
		fn((struct table *)t, n, len);
	}
	return 0;
}

static void name_window(struct table *t, struct names *n, size_t len)
{
	match_run(n->match, (struct sv){ (const char *)t->window, len }, take_name, n);
}

static void take_symbol(struct table *t, const struct names *n, const Elf64_Sym *sym)
{
	for (size_t i = 0; i < n->count; i++) {
		struct elf_symbol *w = &t->want[n->rows[i].want];

		if (n->rows[i].at == sym->st_name && w->addr == 0) {
			w->addr = sym->st_value;
			w->size = sym->st_size;
		}
	}
}

static void symbol_window(struct table *t, struct names *n, size_t len)
{
	for (size_t at = 0; at + sizeof(Elf64_Sym) <= len && at < WINDOW; at += sizeof(Elf64_Sym)) {
		Elf64_Sym sym;
		unsigned bit;

		memcpy(&sym, t->window + at, sizeof(sym));
		bit = fold(sym.st_name);
		if (!(n->sieve[bit / 8] & 1u << bit % 8) || t->looks++ > LOOKS_MAX)
			continue;
		if (ELF64_ST_TYPE(sym.st_info) == STT_FUNC && sym.st_shndx != SHN_UNDEF &&
		    sym.st_value)
			take_symbol(t, n, &sym);
	}
}

static int search_table(struct table *t)
{
	struct names *n = calloc(1, sizeof(*n));
	struct sv words[SYMTAB_WANT_MAX];
	size_t count = 0;
	int err = 0;

	if (!n)
		return -ENOMEM;
	for (size_t i = 0; i < t->count; i++) {
		if (t->want[i].addr)
			continue;
		n->want_of[count] = (uint32_t)i;
		words[count++] = (struct sv){ t->want[i].name, strlen(t->want[i].name) + 1 };
	}
	if (count)
		err = match_new(&n->match, words, count);
	if (!err && count)
		err = each_window(t, &t->strings, NAME_MAX_LEN, name_window, n);
	if (!err && n->count)
		err = each_window(t, &t->syms, 0, symbol_window, n);
	match_free(n->match);
	free(n);
	return err;
}

/* ---- sections ---- */

static bool part_of(const GElf_Shdr *sh, uint64_t file_size, struct part *ret)
{
	if (sh->sh_type == SHT_NOBITS || sh->sh_offset >= file_size ||
	    sh->sh_size > file_size - sh->sh_offset)
		return false;
	*ret = (struct part){ sh->sh_offset, sh->sh_size };
	return true;
}

/* Tables of one type in an ELF file. 0 also when there is none. */
static int search_type(Elf *elf, int fd, uint32_t type, struct elf_symbol *want, size_t count)
{
	off_t size = lseek(fd, 0, SEEK_END);
	Elf_Scn *scn = NULL;
	unsigned tables = 0;
	int err = 0;

	for (size_t i = 0; !err && i < SECTIONS_MAX && (scn = elf_nextscn(elf, scn)); i++) {
		struct table t = { .fd = fd, .want = want, .count = count };
		GElf_Shdr sh, str;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != type ||
		    !part_of(&sh, (uint64_t)size, &t.syms) ||
		    !gelf_getshdr(elf_getscn(elf, sh.sh_link), &str) ||
		    !part_of(&str, (uint64_t)size, &t.strings))
			continue;
		if (++tables > TABLES_MAX)
			break;
		t.window = malloc(WINDOW + NAME_MAX_LEN);
		if (!t.window)
			return -ENOMEM;
		err = search_table(&t);
		free(t.window);
		/* A table that cannot be read holds no names. */
		err = err == -ENOMEM ? err : 0;
	}
	return err;
}

static int found(const struct elf_symbol *want, size_t count)
{
	int n = 0;

	for (size_t i = 0; i < count; i++)
		n += want[i].addr != 0;
	return n;
}

/* Opens an ELF file that holds nothing but tables. */
static int search_fd(int fd, struct elf_symbol *want, size_t count)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	int err = -ENOEXEC;

	if (!elf)
		return err;
	if (elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64)
		err = search_type(elf, fd, SHT_SYMTAB, want, count);
	elf_end(elf);
	return err;
}

static int search_debugdata(struct elf *e, struct elf_symbol *want, size_t count)
{
	struct sv packed;
	int fd, err = elf_section(e, ".gnu_debugdata", DEBUGDATA_MAX, &packed);

	if (err)
		return err == -ENOMEM ? err : 0;
	fd = debugdata_unpack(packed);
	free((void *)packed.p);
	if (fd < 0)
		return fd == -ENOMEM ? fd : 0;
	err = search_fd(fd, want, count);
	close(fd);
	return err == -ENOMEM ? err : 0;
}

int symtab_find(struct elf *e, struct elf_symbol *want, size_t count)
{
	int err;

	if (count > SYMTAB_WANT_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++)
		want[i].addr = want[i].size = 0;
	err = search_type(elf_libelf(e), elf_fd(e), SHT_DYNSYM, want, count);
	if (!err)
		err = search_type(elf_libelf(e), elf_fd(e), SHT_SYMTAB, want, count);
	if (!err)
		err = search_debugdata(e, want, count);
	return err ? err : found(want, count);
}

/* Where distributions put them: the first byte of the build-id names the folder. */
int symtab_find_debug(struct elf *e, struct elf_symbol *want, size_t count)
{
	struct sv id = elf_build_id(e);
	char path[128];
	int fd, err, at;

	if (id.len < 2 || count > SYMTAB_WANT_MAX)
		return -ENOENT;
	for (size_t i = 0; i < count; i++)
		want[i].addr = want[i].size = 0;
	at = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%02x/", (uint8_t)id.p[0]);
	for (size_t i = 1; i < id.len; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", (uint8_t)id.p[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -ENOENT;
	err = search_fd(fd, want, count);
	close(fd);
	return err ? err : found(want, count);
}
