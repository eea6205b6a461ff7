/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_ELF_H
#define EARSHOT_RESOLVE_ELF_H

/*
 * elf - what the resolver needs of one ELF file (gABI; 64-bit little endian only). Read
 * through the descriptor, never mapped: a file that shrinks under us must not kill us.
 */
#include <sys/types.h>

#include "base/sv.h"

#define ELF_BUILD_ID_MAX 32
#define ELF_CODE_MAX	 65536u /* most bytes of one function ever read: larger ones are refused */

enum elf_arch {
	ELF_ARCH_X86_64,
	ELF_ARCH_ARM64,
	ELF_ARCH_OTHER,
};

struct elf;

/*
 * Borrows fd until elf_close(). Returns 0, -ENOEXEC (no ELF, or broken), -ENOTSUP (32 bit or
 * big endian), -ENOMEM, -EIO.
 */
int elf_open(struct elf **ret, int fd);
void elf_close(struct elf *e);

enum elf_arch elf_arch(const struct elf *e);

/* Raw bytes; empty when the file has none. Lives as long as e. */
struct sv elf_build_id(const struct elf *e);

/*
 * Reads a whole section by its name. *ret.p is the caller's, done with free(). 0, -ENOENT,
 * -E2BIG (more than max), -ENOMEM, -EIO.
 */
int elf_section(struct elf *e, const char *name, size_t max, struct sv *ret);

/* For symtab: its libelf handle and its descriptor, both borrowed. */
struct Elf;
struct Elf *elf_libelf(struct elf *e);
int elf_fd(const struct elf *e);

/* The range of the function around addr by .eh_frame. 0, or -ENOENT without an entry. */
int elf_function_at(struct elf *e, uint64_t addr, uint64_t *ret_start, uint64_t *ret_size);

/* A loadable segment, as far as the file has bytes for it. */
struct elf_load {
	uint64_t addr, size, offset;
	bool code, writable;
};

/* The loadable segments, by address; they do not overlap. Lives as long as e. */
size_t elf_loads(const struct elf *e, const struct elf_load **ret);

/* Linked to a fixed address: code may hold addresses as immediates. */
bool elf_is_fixed(const struct elf *e);

/* Reads up to len bytes of a loadable segment. Returns how many, -ERANGE, -EIO. */
ssize_t elf_read(const struct elf *e, uint64_t addr, void *buf, size_t len);

/* File offset of an address in an executable segment. 0 or -ERANGE. */
int elf_offset(const struct elf *e, uint64_t addr, uint64_t *ret_offset);

/* Reads len bytes of an executable segment. 0, -ERANGE, -EIO. */
int elf_read_code(const struct elf *e, uint64_t addr, void *buf, size_t len);

#endif /* EARSHOT_RESOLVE_ELF_H */
