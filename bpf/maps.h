/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_MAPS_H
#define EARSHOT_BPF_MAPS_H

/*
 * maps - everything the programs share. Maps that carry state are never LRU: what does not
 * fit is counted, not forgotten.
 */
#include "earshot/abi.h"
#include "earshot/state.h"
#include "earshot/stats.h"
#include "frame.h"

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
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct stdio_key);
	__type(value, struct stdio_val);
} es_stdio SEC(".maps") __weak;

/* Value: the object. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, struct bound_key);
	__type(value, __u64);
} es_bound SEC(".maps") __weak;

/* Pipes that are somebody's standard input or output: who was seen to use the other end. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u32);
} es_pipes SEC(".maps") __weak;

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
/* Attach cookies are there (Linux 5.15). */
const volatile bool es_use_cookies SEC(".rodata") __weak = false;
/* bpf_loop() is there (Linux 5.17): a loop's body is then verified once, not at every turn. */
const volatile bool es_use_loop SEC(".rodata") __weak = false;
/* Plain traffic is read: standard input and output of children are noted. */
const volatile bool es_use_plain SEC(".rodata") __weak = false;
/* Sockets have tracepoints of their own (Linux 6.3): system calls are for pipes only. */
const volatile bool es_use_points SEC(".rodata") __weak = false;

#endif /* EARSHOT_BPF_MAPS_H */
