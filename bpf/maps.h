/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_MAPS_H
#define EARSHOT_BPF_MAPS_H

/*
 * maps - everything the programs share. Maps that carry state are never LRU: what does not
 * fit is counted, not forgotten. The user side reads procs, streams and counters with these
 * same structs (probe/loader.c includes this file for its types).
 */
#include "earshot/abi.h"
#include "earshot/stats.h"
#include "frame.h"

/* Value of es_procs, by tgid in the root pid namespace: the gate. */
struct proc_val {
	__u64 start;	/* CLOCK_BOOTTIME ns */
	__u32 execs;
	__u32 ns_tgid;
};

struct stream_key {
	__u64 object;
	__u32 tgid;
	__u32 execs;	/* an exec leaves the old addresses without meaning */
};

#define STREAM_HAS_FD	 (1u << 0)
#define STREAM_PEER_SENT (1u << 1)
#define STREAM_CLOSED	 (1u << 2)	/* freed, but its record could not be written */
#define STREAM_SENT	 (1u << 3)	/* a record was delivered */

struct stream_val {
	__u64 proc_start;
	__u64 birth;
	__u64 passed[2];
	__u64 lost[2];
	__u64 ignored[2];
	__u64 tail[2];	/* lost or ignored since the last delivered byte */
	__u32 flags;
	__u32 fd;
};

/* What user space wants of a stream. */
enum es_verdict {
	ES_VERDICT_STREAM = 0,
	ES_VERDICT_HEADERS = 1,	/* first ES_HEADERS_BYTES of each call */
	ES_VERDICT_IGNORE = 2,
};

#define ES_HEADERS_BYTES 1024u

struct verdict_val {
	__u64 birth;
	__u32 verdict;	/* enum es_verdict */
	__u32 pad;
};

struct stat_val {
	__u64 events;
	__u64 bytes;
};

/* What user space tells all programs. */
struct control_val {
	__u32 parent_tgid;	/* earshot's own pid in its namespace; its next child is watched */
	__u32 verdicts;		/* es_verdicts has, or had, entries: worth a look-up */
};

#ifdef __bpf__
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} es_ring SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct proc_val);
} es_procs SEC(".maps") __weak;

/* Key: pid_tgid. An entry lives as long as its thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct thread);
} es_threads SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct stream_key);
	__type(value, struct stream_val);
} es_streams SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct stream_key);
	__type(value, struct verdict_val);
} es_verdicts SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ES_STAT_COUNT);
	__type(key, __u32);
	__type(value, struct stat_val);
} es_stats SEC(".maps") __weak;

/* All zero: new map values are copied from here, not built on the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct thread);
} es_zero_thread SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stream_val);
} es_zero_stream SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control_val);
} es_control SEC(".maps") __weak;

/* Set before load; switched-off code is removed by the verifier. */
const volatile __u64 es_ring_size SEC(".rodata") __weak = 16 << 20;
const volatile __u64 es_wake_bytes SEC(".rodata") __weak = 1 << 20;
const volatile __u64 es_pidns_dev SEC(".rodata") __weak = 0;
const volatile __u64 es_pidns_ino SEC(".rodata") __weak = 0;
/* What a return program's stack pointer is above the entry's: 8 at an x86 return probe. */
const volatile __u64 es_return_sp SEC(".rodata") __weak = 0;
const volatile bool es_use_verdicts SEC(".rodata") __weak = false;
#endif /* __bpf__ */

#endif /* EARSHOT_BPF_MAPS_H */
