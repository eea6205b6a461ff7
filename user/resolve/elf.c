// SPDX-License-Identifier: Apache-2.0
#include "resolve/elf.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gelf.h>
#include <libelf.h>

#define LOADS_MAX 32

struct elf {
	int fd;
	Elf *elf;
	enum elf_arch arch;
	bool fixed;
	struct elf_load loads[LOADS_MAX];
	size_t load_count;
	uint64_t eh_hdr, eh_hdr_size, eh_hdr_offset;
	uint8_t build_id[ELF_BUILD_ID_MAX];
	size_t build_id_len;
};

static int read_at(int fd, uint64_t offset, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		done += (size_t)n;
	}
	return 0;
}

static void read_build_id(struct elf *e, const GElf_Phdr *ph)
{
	char notes[1024];
	size_t len = ph->p_filesz < sizeof(notes) ? ph->p_filesz : sizeof(notes);
	size_t at = 0;

	if (e->build_id_len || read_at(e->fd, ph->p_offset, notes, len))
		return;
	while (at + sizeof(Elf64_Nhdr) <= len) {
		Elf64_Nhdr nh;
		size_t name, desc;

		memcpy(&nh, notes + at, sizeof(nh));
		name = at + sizeof(nh);
		desc = name + ((nh.n_namesz + 3u) & ~3u);
		if (nh.n_namesz > len || nh.n_descsz > len || desc + nh.n_descsz > len)
			return;
		if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0 && nh.n_descsz <= ELF_BUILD_ID_MAX) {
			memcpy(e->build_id, notes + desc, nh.n_descsz);
			e->build_id_len = nh.n_descsz;
			return;
		}
		at = desc + ((nh.n_descsz + 3u) & ~3u);
	}
}

/*
 * Keeps the part of a segment that the file really holds. One that does not lie behind those
 * before it is left out: the loader would not take such a file either.
 */
static void add_load(struct elf *e, const GElf_Phdr *ph, uint64_t file_size)
{
	const struct elf_load *last = e->load_count ? &e->loads[e->load_count - 1] : NULL;
	uint64_t size = ph->p_filesz, sum = 0;

	if (e->load_count == LOADS_MAX || ph->p_offset >= file_size)
		return;
	if (size > file_size - ph->p_offset)
		size = file_size - ph->p_offset;
	/* The same bytes may be mapped more than once, but not so often that passes never end. */
	for (size_t i = 0; i < e->load_count; i++)
		sum += e->loads[i].size;
	if (size > 2 * file_size - sum)
		return;
	if (size == 0 || ph->p_vaddr > UINT64_MAX - size ||
	    (last && ph->p_vaddr < last->addr + last->size))
		return;
	e->loads[e->load_count++] = (struct elf_load){ ph->p_vaddr, size, ph->p_offset,
						       ph->p_flags & PF_X, ph->p_flags & PF_W };
}

static bool has_code(const struct elf *e)
{
	for (size_t i = 0; i < e->load_count; i++)
		if (e->loads[i].code)
			return true;
	return false;
}

static int read_segments(struct elf *e)
{
	struct stat st;
	size_t count;

	if (fstat(e->fd, &st))
		return -EIO;
	if (elf_getphdrnum(e->elf, &count))
		return -ENOEXEC;
	for (size_t i = 0; i < count && i < 256; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(e->elf, (int)i, &ph))
			return -ENOEXEC;
		if (ph.p_type == PT_LOAD)
			add_load(e, &ph, (uint64_t)st.st_size);
		if (ph.p_type == PT_GNU_EH_FRAME) {
			e->eh_hdr = ph.p_vaddr;
			e->eh_hdr_size = ph.p_filesz;
			e->eh_hdr_offset = ph.p_offset;
		}
		if (ph.p_type == PT_NOTE)
			read_build_id(e, &ph);
	}
	return has_code(e) ? 0 : -ENOEXEC;
}

static int check_ident(struct elf *e)
{
	unsigned char id[EI_NIDENT];
	GElf_Ehdr eh;

	if (read_at(e->fd, 0, id, sizeof(id)) || memcmp(id, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (id[EI_CLASS] != ELFCLASS64 || id[EI_DATA] != ELFDATA2LSB)
		return -ENOTSUP;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOTSUP;
	e->elf = elf_begin(e->fd, ELF_C_READ, NULL);
	if (!e->elf)
		return -ENOEXEC;
	if (elf_kind(e->elf) != ELF_K_ELF || !gelf_getehdr(e->elf, &eh))
		return -ENOEXEC;
	e->fixed = eh.e_type == ET_EXEC;
	e->arch = eh.e_machine == EM_X86_64    ? ELF_ARCH_X86_64
		  : eh.e_machine == EM_AARCH64 ? ELF_ARCH_ARM64
					       : ELF_ARCH_OTHER;
	return 0;
}

int elf_open(struct elf **ret, int fd)
{
	struct elf *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->fd = fd;
	err = check_ident(e);
	if (!err)
		err = read_segments(e);
	if (err) {
		elf_close(e);
		return err;
	}
	*ret = e;
	return 0;
}

void elf_close(struct elf *e)
{
	if (!e)
		return;
	if (e->elf)
		elf_end(e->elf);
	free(e);
}

enum elf_arch elf_arch(const struct elf *e)
{
	return e->arch;
}

struct sv elf_build_id(const struct elf *e)
{
	return (struct sv){ (const char *)e->build_id, e->build_id_len };
}

size_t elf_loads(const struct elf *e, const struct elf_load **ret)
{
	*ret = e->loads;
	return e->load_count;
}

bool elf_is_fixed(const struct elf *e)
{
	return e->fixed;
}

static const struct elf_load *load_at(const struct elf *e, uint64_t addr)
{
	for (size_t i = 0; i < e->load_count; i++)
		if (addr >= e->loads[i].addr && addr - e->loads[i].addr < e->loads[i].size)
			return &e->loads[i];
	return NULL;
}

int elf_offset(const struct elf *e, uint64_t addr, uint64_t *ret_offset)
{
	const struct elf_load *l = load_at(e, addr);

	if (!l || !l->code)
		return -ERANGE;
	*ret_offset = addr - l->addr + l->offset;
	return 0;
}

ssize_t elf_read(const struct elf *e, uint64_t addr, void *buf, size_t len)
{
	const struct elf_load *l = load_at(e, addr);

	if (!l)
		return -ERANGE;
	if (len > l->size - (addr - l->addr))
		len = l->size - (addr - l->addr);
	return read_at(e->fd, addr - l->addr + l->offset, buf, len) ? -EIO : (ssize_t)len;
}

int elf_read_code(const struct elf *e, uint64_t addr, void *buf, size_t len)
{
	const struct elf_load *l = load_at(e, addr);

	if (len == 0 || !l || !l->code || len > l->size - (addr - l->addr))
		return -ERANGE;
	return read_at(e->fd, addr - l->addr + l->offset, buf, len);
}

/* ---- sections ---- */

struct Elf *elf_libelf(struct elf *e)
{
	return e->elf;
}

int elf_fd(const struct elf *e)
{
	return e->fd;
}

/* The string table of section names is not asked for each name: hostile ones are large. */
static bool is_named(struct elf *e, const GElf_Shdr *names, const GElf_Shdr *sh, const char *name)
{
	char text[64];
	size_t len = strlen(name) + 1;

	return len <= sizeof(text) && sh->sh_name < names->sh_size &&
	       !read_at(e->fd, names->sh_offset + sh->sh_name, text, len) &&
	       memcmp(text, name, len) == 0;
}

int elf_section(struct elf *e, const char *name, size_t max, struct sv *ret)
{
	GElf_Shdr names, sh;
	Elf_Scn *scn = NULL;
	size_t index;
	char *bytes;

	if (elf_getshdrstrndx(e->elf, &index) || !gelf_getshdr(elf_getscn(e->elf, index), &names))
		return -ENOENT;
	do {
		scn = elf_nextscn(e->elf, scn);
		if (!scn)
			return -ENOENT;
	} while (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NOBITS ||
		 !is_named(e, &names, &sh, name));
	if (sh.sh_size == 0 || sh.sh_size > max)
		return -E2BIG;
	bytes = malloc(sh.sh_size);
	if (!bytes)
		return -ENOMEM;
	if (read_at(e->fd, sh.sh_offset, bytes, sh.sh_size)) {
		free(bytes);
		return -EIO;
	}
	*ret = (struct sv){ bytes, sh.sh_size };
	return 0;
}

/* ---- .eh_frame ---- */

/* The header as every linker writes it: version 1, pcrel sdata4, udata4, datarel sdata4. */
static const uint8_t eh_hdr_shape[4] = { 1, 0x1b, 0x03, 0x3b };

/*
 * Length of the function of one FDE. Its pointers are pcrel sdata4 (0x1b) in all that gcc and
 * clang write with such a header: 4 bytes length, 4 bytes CIE, 4 bytes start, 4 bytes range.
 */
static int fde_range(struct elf *e, uint64_t fde_addr, uint64_t start, uint64_t *ret_size)
{
	uint64_t offset = fde_addr - e->eh_hdr + e->eh_hdr_offset;
	uint32_t range;
	int32_t rel;
	uint8_t fde[16];

	if (read_at(e->fd, offset, fde, sizeof(fde)))
		return -EIO;
	memcpy(&rel, fde + 8, 4);
	memcpy(&range, fde + 12, 4);
	if (fde_addr + 8 + (uint64_t)(int64_t)rel != start)
		return -ENOENT;
	*ret_size = range;
	return 0;
}

int elf_function_at(struct elf *e, uint64_t addr, uint64_t *ret_start, uint64_t *ret_size)
{
	uint64_t lo = 0, hi, start = 0, size = 0;
	int32_t row[2] = { 0, 0 };
	uint8_t head[12];
	uint32_t count;
	int err;

	if (e->eh_hdr_size < sizeof(head) || read_at(e->fd, e->eh_hdr_offset, head, sizeof(head)) ||
	    memcmp(head, eh_hdr_shape, 4))
		return -ENOENT;
	memcpy(&count, head + 8, 4);
	if (count == 0 || count > (e->eh_hdr_size - sizeof(head)) / 8)
		return -ENOENT;
	hi = count;
	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (read_at(e->fd, e->eh_hdr_offset + sizeof(head) + mid * 8, row, 8))
			return -EIO;
		if (e->eh_hdr + (uint64_t)(int64_t)row[0] <= addr)
			lo = mid;
		else
			hi = mid;
	}
	if (read_at(e->fd, e->eh_hdr_offset + sizeof(head) + lo * 8, row, 8))
		return -EIO;
	start = e->eh_hdr + (uint64_t)(int64_t)row[0];
	err = fde_range(e, e->eh_hdr + (uint64_t)(int64_t)row[1], start, &size);
	if (err)
		return err;
	if (addr < start || addr - start >= size)
		return -ENOENT;
	*ret_start = start;
	*ret_size = size;
	return 0;
}
