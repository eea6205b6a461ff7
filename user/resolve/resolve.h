/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_RESOLVE_H
#define EARSHOT_RESOLVE_RESOLVE_H

/*
 * resolve - the verdict on one executable or library: which TLS stack is in it and where to
 * probe. Computed from the very descriptor that the probes will be attached through, so that
 * the offsets belong to the bytes that the process maps.
 */
#include "base/sv.h"

/* What a probe at a point does: the program to run there. Shapes, not libraries. */
enum tls_prog {
	TLS_READ, /* int f(object, buf, int len) */
	TLS_WRITE,
	TLS_READ_EX, /* int f(object, buf, size_t len, size_t *moved), 1 on success */
	TLS_WRITE_EX,
	TLS_WRITE_EX2, /* length pointer is the 5th argument */
	TLS_READ_SZ,   /* ssize_t f(object, buf, size_t len) */
	TLS_WRITE_SZ,
	TLS_SET_FD, /* f(object, int fd) */
	TLS_FREE,   /* f(object) */
	TLS_SEALED, /* f(bio, sealed bytes, len) within a write: tells its socket later */
	/* Go: arguments in Go's registers, no return side */
	TLS_GO_WRITE,	  /* behind the stack check of (*Conn).Write */
	TLS_GO_WRITE_JBE, /* at the stack check's jump */
	TLS_GO_READ,	  /* at (*Conn).Read's call of memmove; arg: its receiver's stack slot */
	TLS_GO_CLOSE,	  /* behind the stack check of (*Conn).Close */
	TLS_AEAD_OPENED,  /* at the jump behind the method's call in an open: it opened, or not */
	TLS_AEAD_DONE,	  /* at the return of an open */
	TLS_AEAD_SEAL,	  /* aws-lc: EVP_AEAD_CTX_seal and so on */
	TLS_AEAD_SEAL_SCATTER,
	TLS_AEAD_OPEN,
	TLS_AEAD_OPEN_GATHER,
	TLS_RING_SEAL, /* ring: the functions of aead::Algorithm */
	TLS_RING_OPEN_16,
	TLS_RING_OPEN_17,
	TLS_PROG_COUNT,
};

/* How returns are caught. */
enum return_side {
	RETURN_URETPROBE, /* the kernel's return probe, at the entry point */
	RETURN_INSN,	  /* a probe on every return instruction */
};

/* What told where the functions are. */
enum tls_found {
	FOUND_SYMBOL, /* .dynsym or .symtab of the file, or its .gnu_debugdata */
	FOUND_DEBUG,  /* its separate debug file */
	FOUND_SEARCH, /* what the code does: trusted once traffic has proved it */
};

#define TLS_POINTS_MAX	16
#define TLS_RETURNS_MAX 96
#define TLS_STACKS_MAX	6

struct tls_point {
	enum tls_prog prog;
	uint64_t addr;
	uint64_t offset; /* in the file */
	uint32_t arg;	 /* a number for the program, e.g. a stack slot; 0 for most */
	bool returns;	 /* a return probe belongs here (RETURN_URETPROBE) */
};

/* One TLS implementation in a file: where it is read, or why it is not. */
struct tls_stack {
	const char *name; /* "openssl", "boringssl", "go" ...; TLS_HELPER: gives no plaintext */
	enum tls_found found;
	int error; /* 0, or why it cannot be probed; how then says it in words */
	struct tls_point points[TLS_POINTS_MAX];
	size_t point_count;
	uint64_t returns[TLS_RETURNS_MAX]; /* file offsets (RETURN_INSN) */
	size_t return_count;
	bool slow;	    /* some point is single-stepped */
	bool reads, writes; /* directions covered */
	bool frees;	    /* the end of an object is seen */
	char how[512];	    /* one line for people: what was probed where, and why */
};

#define TLS_HELPER "openssl-bio"

/* Several implementations may lie in one file; which of them is used, traffic tells. */
struct tls_verdict {
	struct tls_stack stacks[TLS_STACKS_MAX];
	size_t count;
	uint8_t build_id[32];
	size_t build_id_len;
};

const char *tls_found_name(enum tls_found found);

/* The file could be a TLS library by its name; others are looked at only as executables. */
bool resolve_worth(struct sv path);

/*
 * fd: the file. Returns 0 with *ret filled in (also when there is nothing to find or it cannot
 * be probed), or a negative errno when the file could not be read as ELF.
 */
int resolve_file(int fd, enum return_side side, struct tls_verdict *ret);

/* A byte compare of each point with what a process has mapped: see attach. */
#define RESOLVE_CHECK_LEN 8

#endif /* EARSHOT_RESOLVE_RESOLVE_H */
