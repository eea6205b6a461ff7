/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_RESOLVE_H
#define EARSHOT_RESOLVE_RESOLVE_H

/*
 * resolve - the verdict on one executable or library: which TLS stack is in it and where to
 * probe. Computed from the very descriptor that the probes will be attached through, so that
 * the offsets belong to the bytes that the process maps.
 */
#include "base/sv.h"

/* What a probe at a point does: the program to run there. */
enum tls_prog {
	TLS_READ, /* int f(object, buf, int len) */
	TLS_WRITE,
	TLS_READ_EX, /* int f(object, buf, size_t len, size_t *moved), 1 on success */
	TLS_WRITE_EX,
	TLS_WRITE_EX2, /* length pointer is the 5th argument */
	TLS_SET_FD,    /* f(object, int fd) */
	TLS_FREE,      /* f(object) */
	TLS_PROG_COUNT,
};

/* How returns are caught. */
enum return_side {
	RETURN_URETPROBE, /* the kernel's return probe, at the entry point */
	RETURN_INSN,	  /* a probe on every return instruction */
};

#define TLS_POINTS_MAX	16
#define TLS_RETURNS_MAX 96

struct tls_point {
	enum tls_prog prog;
	uint64_t addr;
	uint64_t offset; /* in the file */
	bool returns;	 /* a return probe belongs here (RETURN_URETPROBE) */
};

struct tls_verdict {
	const char *stack; /* "openssl"; NULL: no TLS library in this file */
	int error;	   /* stack set: 0, or why it cannot be probed */
	struct tls_point points[TLS_POINTS_MAX];
	size_t point_count;
	uint64_t returns[TLS_RETURNS_MAX]; /* file offsets (RETURN_INSN) */
	size_t return_count;
	bool slow;	    /* some point is single-stepped */
	bool reads, writes; /* both directions are covered */
	char how[512];	    /* one line for people: what was probed where, and why */
	uint8_t build_id[32];
	size_t build_id_len;
};

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
