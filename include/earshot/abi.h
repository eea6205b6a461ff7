/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_ABI_H
#define EARSHOT_ABI_H

/*
 * abi - the records that are the line's one input: from the kernel through the ring, from
 * the attacher as facts, and from a recording. Little endian, naturally aligned.
 *
 * No includes: whoever includes this brings __u8 ... __u64 (vmlinux.h or linux/types.h).
 *
 * Rules, because recordings live on: never renumber, never reuse a number, never move a
 * field; a record only grows at its end, so a reader takes what it knows and skips the rest.
 */

#define ES_ABI_VERSION 1

/* Times are CLOCK_MONOTONIC nanoseconds unless a field says otherwise. */

enum es_rec_type {
	/* kernel */
	ES_REC_DATA = 1,       /* struct es_data: plaintext of one call or a chunk of it */
	ES_REC_CLOSE = 2,      /* struct es_close: the stream's object was freed */
	ES_REC_PEER = 3,       /* struct es_peer: the stream's socket */
	ES_REC_FORK = 4,       /* struct es_proc: a watched process got a child */
	ES_REC_EXEC = 5,       /* struct es_proc: a watched process runs another program */
	ES_REC_EXIT = 6,       /* struct es_proc: the last thread ended */
	ES_REC_GAP = 7,	       /* struct es_data with len 0: missing bytes lost before offset */
	ES_REC_WIRE = 8,       /* struct es_wire: what a socket that is not read shows of itself */
	ES_REC_AEAD = 9,       /* struct es_aead: the plaintext of one TLS record */
	ES_REC_AEAD_PEER = 10, /* struct es_peer: the socket of the records of one key */

	/* facts, from the attacher */
	ES_FACT_BOOT = 64,	/* struct es_fact: boot id, host, clock; first in a recording */
	ES_FACT_PROC = 65,	/* struct es_fact: exe, argv, uid ... of one process */
	ES_FACT_LIB = 66,	/* struct es_fact: how one library of a process is read, or not */
	ES_FACT_CLOCK = 67,	/* struct es_clock: wall clock offset changed */
	ES_FACT_LOSS = 68,	/* struct es_loss: kernel counters, cumulative */
	ES_FACT_SETTLE = 69,	/* struct es_close: final offsets of a stream without a CLOSE */
	ES_FACT_AEAD_TAIL = 72, /* struct es_close: see there */

	/* put in by the source */
	ES_REC_TICK = 96, /* struct es_head alone: time passed */
};

enum es_dir {
	ES_DIR_WRITE = 0, /* the watched process sent */
	ES_DIR_READ = 1,  /* the watched process received */
};

/* Head of every record. size counts the whole record, head included. */
struct es_head {
	__u16 type;  /* enum es_rec_type */
	__u16 flags; /* ES_F_* */
	__u32 size;
	__u64 time;
	__u32 tgid; /* as the kernel counts, in the root pid namespace */
	__u32 tid;
};

#define ES_F_FIRST     (1 << 2) /* first record of this stream object since attach */
#define ES_F_LATE      (1 << 3) /* process was already running when it was attached */
#define ES_F_SHARED_MM (1 << 4) /* FORK: parent and child share memory until exec (vfork) */
#define ES_F_ONE_SIDED (1 << 5) /* DATA: which other direction belongs to it is not known */
#define ES_F_INEXACT   (1 << 6) /* DATA, GAP: missing is the least it can be */
#define ES_F_PIPES     (1 << 7) /* EXEC: a watched process's child, its standard streams on pipes */

/* Names one stream: with tgid of the head, unique on one boot. */
struct es_stream {
	__u64 proc_start; /* start of the process, CLOCK_BOOTTIME ns */
	__u64 object;	  /* SSL* and the like: an address in the target */
	__u64 birth;	  /* when the object was first seen: tells generations apart */
};

/* ES_REC_DATA, ES_REC_GAP. The payload of len bytes follows. */
struct es_data {
	struct es_head head;
	struct es_stream stream;
	__u64 offset;	/* of the payload's first byte in this direction */
	__u64 missing;	/* bytes of this direction lost right before offset */
	__u32 call_len; /* what the call really moved */
	__u32 len;	/* payload bytes here */
	__u8 dir;	/* enum es_dir */
	__u8 source;	/* enum es_source */
	__u8 chunk;	/* number of this chunk in its call, saturating */
	__u8 pad;
	__u32 library; /* ES_FIELD_LIB_ID of what was probed; 0: not told */
};

enum es_source {
	ES_SRC_TLS = 1,	   /* a library whose calls look like (ctx, buf, len) */
	ES_SRC_GO = 2,	   /* Go's crypto/tls and its forks */
	ES_SRC_AEAD = 3,   /* made by the line of ES_REC_AEAD records */
	ES_SRC_SOCKET = 4, /* plain bytes of a socket */
	ES_SRC_STDIO = 5,  /* standard input and output of a child */
};

/*
 * ES_REC_CLOSE, ES_FACT_SETTLE. Index: enum es_dir. passed = captured + lost + ignored.
 *
 * ES_FACT_AEAD_TAIL: what was lost behind the last ES_REC_AEAD of a key: stream.object is the
 * key, lost[dir] bytes of application data in tail[dir] records. Object 0: no more of these
 * will come for this process (tgid 0: for any).
 */
struct es_close {
	struct es_head head;
	struct es_stream stream;
	__u64 passed[2];  /* bytes the library moved since the stream was first seen */
	__u64 lost[2];	  /* of those, not delivered, any cause */
	__u64 ignored[2]; /* of those, not delivered because of the verdict */
	__u64 tail[2];	  /* lost or ignored bytes behind the last delivered one */
	__u32 socket;	  /* CLOSE: enum es_socket, of the stream\'s socket at that time */
	__u32 pad;
};

/* Which end of the connection was closed first, as far as the kernel knows. */
enum es_socket {
	ES_SOCKET_UNKNOWN = 0,
	ES_SOCKET_OPEN = 1,  /* both ends were still open: the watched process hung up */
	ES_SOCKET_ENDED = 2, /* the far end had closed, or the connection was broken */
};

/*
 * ES_REC_AEAD: what one TLS record held, as it was sealed or opened. len bytes of it follow:
 * all of them (record_len), or none when they could not be taken.
 */
struct es_aead {
	struct es_head head;
	__u64 proc_start;
	__u64 key;	    /* names the key and with it the direction of a connection */
	__u64 lost_bytes;   /* application data of this key lost right before, told nowhere else */
	__u32 lost_records; /* the records that held them */
	__u32 record_len;   /* plaintext of the record; a type at its end (inner) counts */
	__u32 len;
	__u32 library;
	__u8 nonce[12];
	__u8 ad[13];
	__u8 ad_len; /* 5: TLS 1.3, 13: TLS 1.2 */
	__u8 dir;    /* enum es_dir */
	__u8 type;   /* content type, where it is known; 0: at the end of the payload */
	__u8 inner;  /* the plaintext ends with the content type and padding (TLS 1.3) */
	__u8 pad[3];
};

/*
 * ES_REC_PEER: the socket of a stream, read in the kernel. ES_REC_AEAD_PEER: stream.object is
 * es_aead.key, birth is 0.
 */
struct es_peer {
	struct es_head head;
	struct es_stream stream;
	__u32 fd;
	__u16 family;	   /* AF_INET 2, AF_INET6 10; others: not an IP socket */
	__u16 remote_port; /* host order */
	__u16 local_port;  /* host order */
	__u8 dir;	   /* ES_REC_AEAD_PEER: of the key, enum es_dir */
	__u8 pad[5];
	__u8 remote[16]; /* network order; IPv4 in the first 4 */
	__u8 local[16];
	__u64 inode; /* of the socket; 0: not told */
	/* Of standard input and output: the process at the other end, in the root pid namespace. */
	__u32 peer_tgid; /* 0: not told */
	__u32 pad2;
};

/* ES_REC_WIRE: of a socket whose bytes are not taken. The payload of len bytes follows. */
struct es_wire {
	struct es_head head;
	struct es_stream stream; /* object: as of ES_SRC_SOCKET streams */
	__u16 kind;		 /* enum es_wire_kind */
	__u16 family;		 /* as in struct es_peer */
	__u16 remote_port;
	__u16 local_port;
	__u32 len;
	__u32 fd;
	__u8 remote[16];
	__u8 local[16];
};

enum es_wire_kind {
	ES_WIRE_HELLO = 1,  /* a TLS ClientHello; payload: its bytes, as far as they fit */
	ES_WIRE_DATA = 2,   /* encrypted data that is more than a handshake was sent */
	ES_WIRE_JOINED = 3, /* encrypted data on a connection that began before us */
	ES_WIRE_QUIC = 4,   /* a QUIC long header was sent */
	ES_WIRE_URING = 5,  /* the process made an io_uring: what goes through it is not seen */
};

#define ES_WIRE_MAX 4096u

/* ES_REC_FORK, ES_REC_EXEC, ES_REC_EXIT. head.tgid is the process meant (the child at a fork). */
struct es_proc {
	struct es_head head;
	__u64 proc_start;
	__u64 parent_start; /* FORK: of the parent; else 0 */
	__u32 parent_tgid;  /* FORK: the parent; else 0 */
	__u32 ns_tgid;	    /* head.tgid as earshot's own pid namespace counts; 0: not in it */
	__u32 exit_code;    /* EXIT: as in wait(2): status << 8 | signal */
	__u32 exec_count;   /* execs since first watched */
	__u8 comm[16];
};

struct es_clock {
	struct es_head head;
	__u64 wall_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	__u64 boot_offset; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC, ns */
};

/* Counters of enum es_stat as [events, bytes] pairs; count pairs follow. */
struct es_loss {
	struct es_head head;
	__u32 count;
	__u32 pad;
};

/*
 * ES_FACT_BOOT, ES_FACT_PROC, ES_FACT_LIB: the head, which process (0 for BOOT), then fields
 * up to head.size, each a struct es_field with len bytes of value behind it, padded to 8.
 */
struct es_fact {
	struct es_head head;
	__u64 proc_start;
};

struct es_field {
	__u16 id; /* enum es_field_id */
	__u16 pad;
	__u32 len;
};

enum es_field_id {
	/* BOOT */
	ES_FIELD_BOOT_ID = 1, /* text of /proc/sys/kernel/random/boot_id */
	ES_FIELD_HOST_NAME = 2,
	ES_FIELD_HOST_ARCH = 3,	 /* amd64, arm64 */
	ES_FIELD_OS_RELEASE = 4, /* uname -r */
	ES_FIELD_EARSHOT_VERSION = 5,
	ES_FIELD_WALL_OFFSET = 6, /* __u64, as in struct es_clock */
	ES_FIELD_BOOT_OFFSET = 7, /* __u64 */
	ES_FIELD_MACHINE_ID = 10, /* /etc/machine-id */
	/* PROC */
	ES_FIELD_EXE = 32,  /* path of the executable */
	ES_FIELD_ARGV = 33, /* NUL-separated; content: never leaves unasked */
	ES_FIELD_UID = 34,  /* __u32 */
	ES_FIELD_CGROUP = 35,
	ES_FIELD_PROC_SERVICE = 36,  /* the process's OTEL_SERVICE_NAME */
	ES_FIELD_PROC_RESOURCE = 37, /* the process's OTEL_RESOURCE_ATTRIBUTES */
	ES_FIELD_NS_TGID = 39,	     /* __u32: pid in earshot's own namespace */
	ES_FIELD_OWNER = 40,	     /* user name */
	ES_FIELD_GONE_EARLY = 41,    /* __u32 1: ended before all it mapped was looked at */
	/* LIB */
	ES_FIELD_LIB_PATH = 64,
	ES_FIELD_LIB_BUILD_ID = 65, /* raw bytes */
	ES_FIELD_LIB_STACK = 66,    /* openssl ... */
	ES_FIELD_LIB_HOW = 67,	    /* one line: what was probed where and why */
	ES_FIELD_LIB_ERROR = 68,    /* why it is not read; then it is a blind spot */
	ES_FIELD_LIB_ID = 69,	    /* __u32: names this library in this process; not 0 */
	ES_FIELD_LIB_FOUND = 70,    /* symbol, debug file, search */
	ES_FIELD_LIB_STATE = 71,    /* __u32: enum es_lib_state */
	ES_FIELD_LIB_SINCE = 72,    /* __u64: when its probes were in place */
};

/* What became of a TLS library of a process. */
enum es_lib_state {
	ES_LIB_READ = 0,
	ES_LIB_REFUSED = 1,  /* found, but where to probe is not certain */
	ES_LIB_FAILED = 2,   /* probes could not be attached */
	ES_LIB_NO_FILE = 3,  /* its code is made at run time */
	ES_LIB_DETACHED = 4, /* probed; what came was no protocol */
};

/* Limits of the kernel side. */
#define ES_CHUNK_MAX 16384u			/* payload of one record */
#define ES_CHUNKS    256u			/* records of one call */
#define ES_CALL_MAX  (ES_CHUNK_MAX * ES_CHUNKS) /* 4 MiB */
/* Plaintext of one TLS record: 2^14, the content type, and what old stacks add (RFC 5246 6.2.2). */
#define ES_AEAD_MAX 16640u

_Static_assert(sizeof(struct es_head) == 24, "es_head");
_Static_assert(sizeof(struct es_stream) == 24, "es_stream");
_Static_assert(sizeof(struct es_data) == 80, "es_data");
_Static_assert(sizeof(struct es_close) == 120, "es_close");
_Static_assert(sizeof(struct es_peer) == 112, "es_peer");
_Static_assert(sizeof(struct es_wire) == 96, "es_wire");
_Static_assert(sizeof(struct es_aead) == 96, "es_aead");
_Static_assert(sizeof(struct es_proc) == 72, "es_proc");
_Static_assert(sizeof(struct es_clock) == 40, "es_clock");
_Static_assert(sizeof(struct es_loss) == 32, "es_loss");
_Static_assert(sizeof(struct es_fact) == 32, "es_fact");
_Static_assert(sizeof(struct es_field) == 8, "es_field");

#endif /* EARSHOT_ABI_H */
