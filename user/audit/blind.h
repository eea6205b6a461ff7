/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_AUDIT_BLIND_H
#define EARSHOT_AUDIT_BLIND_H

/*
 * blind - encrypted connections of watched processes that nobody read, and why. A connection
 * counts once it has sent more than a handshake; it is explained when plaintext was seen of a
 * stream on the same socket, or, where streams do not show their socket, of as many such
 * streams of that process as it has connections. The rest is blind: told one by one where its
 * host is wanted, else counted.
 */
#include "base/sv.h"
#include "facts/facts.h"

/* How long plaintext may come after encrypted data. */
#define BLIND_GRACE_NS 3000000000ull
/* Connections waiting for a judgement, and blind spots kept. */
#define BLIND_OPEN_MAX 4096
#define BLIND_KEPT_MAX 256

enum blind_why {
	BLIND_STACK_UNKNOWN, /* no TLS implementation was found in what the process maps */
	BLIND_ENDED,	     /* the process was gone before all it mapped was looked at */
	BLIND_LATE,	     /* probed after the connection had sent its data */
	BLIND_NO_FILE,	     /* its code is not mapped from a file: made at run time */
	BLIND_REFUSED,	     /* found, but not probed: the finding was not certain */
	BLIND_ATTACH,	     /* probing failed */
	BLIND_SILENT,	     /* probed, but nothing came through */
	BLIND_QUIC,
	BLIND_BEFORE, /* the connection is older than our watch */
	BLIND_WHY_COUNT,
};

const char *blind_why_name(enum blind_why why);

/* One TLS connection as its socket shows it. */
struct blind_conn {
	uint32_t tgid;
	uint64_t proc_start;
	uint64_t object; /* of the socket's stream */
	uint64_t birth;
	uint64_t time; /* CLOCK_MONOTONIC ns */
	uint16_t family, port;
	uint8_t addr[16]; /* network order */
};

struct blind {
	struct blind_conn conn;
	char host[256]; /* as its ClientHello names it; "" when not known */
	enum blind_why why;
	char detail[320];  /* stack, file, error; "" for none */
	uint64_t bytes[2]; /* sent and received, encrypted, as far as known */
	bool uring;	   /* the process uses io_uring: some of it may go there */
};

/* The far end as "address:port", for people. */
void blind_peer(const struct blind *b, char *ret, size_t len);

struct blinds_opts {
	const struct facts *facts; /* borrowed */
	/* Is a connection to this host (may be "") worth telling of? */
	bool (*wanted)(void *ctx, struct sv host);
	void *ctx;
};

struct blinds;

/* 0 or -ENOMEM. */
int blinds_new(struct blinds **ret, const struct blinds_opts *opts);
void blinds_free(struct blinds *b);

void blinds_hello(struct blinds *b, const struct blind_conn *c, struct sv host);
/* More than a handshake was sent. before: it began before we looked. */
void blinds_sealed(struct blinds *b, const struct blind_conn *c, bool before);
void blinds_quic(struct blinds *b, const struct blind_conn *c);
void blinds_uring(struct blinds *b, uint32_t tgid, uint64_t proc_start);

/* A stream whose plaintext was seen. */
struct blind_plain {
	uint32_t tgid;
	uint64_t proc_start;
	uint64_t object, birth; /* of the stream */
	uint64_t inode;		/* of its socket; 0: not known (yet: then it is said again) */
	uint64_t time;		/* of its first byte */
};

void blinds_plain(struct blinds *b, const struct blind_plain *p);
/* Bytes that passed a socket. */
void blinds_bytes(struct blinds *b, uint32_t tgid, uint64_t object, uint64_t birth,
		  const uint64_t passed[2]);

/* Judges what has waited long enough. */
void blinds_tick(struct blinds *b, uint64_t now);
/* Judges all. */
void blinds_stop(struct blinds *b);

/* In order of judgement; NULL behind the last. */
const struct blind *blinds_at(const struct blinds *b, size_t index);
/* Connections that nobody read either, to hosts that are not wanted. */
uint64_t blinds_others(const struct blinds *b);
/* Connections that were not followed for lack of room. */
uint64_t blinds_missed(const struct blinds *b);

#endif /* EARSHOT_AUDIT_BLIND_H */
