/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_STATE_H
#define EARSHOT_STATE_H

/*
 * state - values of the maps that daemon and BPF programs both read or write. They live as
 * long as the programs are loaded and never reach a file: they may change freely. No
 * includes: as abi.h.
 */

/* The start of what a TLS write sealed, until somebody sends it. */
struct sealed_val {
	__u64 object; /* 0: free */
	__u64 body[2];
};

#define SEALED_MAX 4u

/* Value of es_procs, by tgid in the root pid namespace: the gate. */
struct proc_val {
	__u64 start;	/* CLOCK_BOOTTIME ns */
	__u64 stdio[2]; /* objects of standard input and output; 0: none */
	__u32 execs;
	__u32 ns_tgid;
	__u32 flags; /* PROC_* */
	__u32 sealed_next;
	struct sealed_val sealed[SEALED_MAX]; /* newest last; overwritten in turn */
};

#define PROC_SEALED (1u << 2) /* sealed[] has an entry */
#define PROC_LATE   (1u << 1) /* ran before we watched it, and has run no other program since */
#define PROC_CHILD  (1u << 0) /* its parent is, or was, watched too */

/* One process, as es_tasks tells it. */
struct task_info {
	__u64 start; /* CLOCK_BOOTTIME ns */
	__u32 tgid;
	__u32 ns_tgid; /* as earshot's own pid namespace counts; 0: not in it */
	__u32 parent_tgid;
	__u32 pad;
	__u64 stdio[2]; /* objects of standard input and output; 0: neither pipe nor socket */
};

struct stream_key {
	__u64 object;
	__u32 tgid;
	__u32 execs; /* an exec leaves the old addresses without meaning */
};

#define STREAM_HAS_FD	 (1u << 0)
#define STREAM_PEER_SENT (1u << 1)
#define STREAM_CLOSED	 (1u << 2) /* freed, but its record could not be written */
#define STREAM_SENT	 (1u << 3) /* a record was delivered */
#define STREAM_READ_END	 (1u << 4) /* the newest read told the end, or may have */
/* Of sockets and pipes: */
#define STREAM_SNIFFED	(1u << 5)  /* its first bytes were looked at */
#define STREAM_SKIP	(1u << 6)  /* not taken */
#define STREAM_TLS	(1u << 7)  /* not taken: TLS */
#define STREAM_TLS_DATA (1u << 8)  /* ... which has sent more than a handshake */
#define STREAM_TLS_SENT (1u << 10) /* ... which has sent something after its ClientHello */
#define STREAM_LATE	(1u << 9)  /* its process ran before we watched it */
#define STREAM_READ_SEQ (1u << 11) /* read_seq is known */

struct stream_val {
	__u64 proc_start;
	__u64 birth;
	__u64 passed[2];
	__u64 lost[2];
	__u64 ignored[2];
	__u64 tail[2]; /* lost or ignored since the last delivered byte */
	__u64 sock;    /* the kernel's struct sock, once known: tells a reused descriptor */
	__u64 inode;   /* of that socket; 0: not known */
	__u32 flags;
	__u32 fd;
	__u32 end;	/* enum es_socket when the process closed the socket; 0: not yet */
	__u32 read_seq; /* of TCP: where its reader was when we last looked */
};

/*
 * Objects of sockets and pipes are inode numbers, which are never used twice on one boot in
 * practice; the bits keep them apart from addresses.
 */
#define ES_OBJECT_SOCKET (1ull << 63)
#define ES_OBJECT_PIPE	 (1ull << 62)

/* Which TLS object uses a socket; or, inode being its struct sock, which stream is the socket's. */
struct bound_key {
	__u64 inode;
	__u32 tgid;
	__u32 pad;
};

#define ES_STDIO_BOTH 2u /* one socket for both: what the process does tells */

/* Standard input and output of a process, by object. */
struct stdio_key {
	__u64 object;
	__u32 tgid;
	__u32 pad;
};

struct stdio_val {
	__u64 stream; /* object of the stream that both directions belong to */
	__u32 dir;    /* enum es_dir, or ES_STDIO_BOTH */
	__u32 pad;
};

/* Records of one key that were lost and could not be told: value of es_aead_lost. */
struct aead_key {
	__u64 key;
	__u32 tgid;
	__u32 dir;
};

struct aead_lost {
	__u64 bytes;
	__u64 records;
	__u64 proc_start;
};

/*
 * An attach cookie: number of the library in the low 32 bits, then what kind of point it is
 * for programs that serve several, then the point's own number.
 */
#define ES_COOKIE_POINT	  32
#define ES_COOKIE_ARG	  40
#define ES_COOKIE_ARG_MAX 0xffffffu

enum es_go_point {
	ES_GO_WRITE = 0,
	ES_GO_WRITE_JBE = 1,
	ES_GO_READ = 2,
};

/* What user space wants of a stream. */
enum es_verdict {
	ES_VERDICT_STREAM = 0,
	ES_VERDICT_HEADERS = 1, /* first ES_HEADERS_BYTES of each call */
	ES_VERDICT_IGNORE = 2,
};

#define ES_HEADERS_BYTES 1024u

struct verdict_val {
	__u64 birth;
	__u32 verdict; /* enum es_verdict */
	__u32 pad;
};

struct stat_val {
	__u64 events;
	__u64 bytes;
};

/* What user space tells all programs. */
struct control_val {
	__u32 parent_tgid; /* earshot's own pid in its namespace; its next child is watched */
	__u32 verdicts;	   /* es_verdicts has, or had, entries: worth a look-up */
};

_Static_assert(sizeof(struct stream_key) == 16, "stream_key");
_Static_assert(sizeof(struct stream_val) == 112, "stream_val");

#endif /* EARSHOT_STATE_H */
