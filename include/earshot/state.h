/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_STATE_H
#define EARSHOT_STATE_H

/*
 * state - values of the maps that daemon and BPF programs both read or write. They live as
 * long as the programs are loaded and never reach a file: they may change freely. No
 * includes: as abi.h.
 */

/* Value of es_procs, by tgid in the root pid namespace: the gate. */
struct proc_val {
	__u64 start; /* CLOCK_BOOTTIME ns */
	__u32 execs;
	__u32 ns_tgid;
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

struct stream_val {
	__u64 proc_start;
	__u64 birth;
	__u64 passed[2];
	__u64 lost[2];
	__u64 ignored[2];
	__u64 tail[2]; /* lost or ignored since the last delivered byte */
	__u64 sock;    /* the kernel's struct sock, once known: tells a reused descriptor */
	__u32 flags;
	__u32 fd;
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
_Static_assert(sizeof(struct stream_val) == 96, "stream_val");

#endif /* EARSHOT_STATE_H */
