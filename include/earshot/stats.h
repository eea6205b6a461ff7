/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_STATS_H
#define EARSHOT_STATS_H

/*
 * stats - every cause of loss, once, for BPF, daemon and docs. A row is (name, text).
 * Each cause counts events and bytes. Rows are only ever added at the end: the index
 * stands in recordings.
 *
 * K_: counted in the kernel (map es_stats). U_: counted in the daemon.
 */
#define ES_STATS(X)                                                                             \
	X(K_RING_FULL, "ring buffer full: payload not taken")                                   \
	X(K_READ_FAULT, "payload not readable in the target's memory")                          \
	X(K_CALL_TOO_LONG, "one call longer than 4 MiB: its rest not taken")                    \
	X(K_STREAMS_FULL, "stream table full: bytes of an unlisted stream")                     \
	X(K_THREADS_FULL, "thread table full: call not paired")                                 \
	X(K_FRAMES_FULL, "calls nested deeper than the frame stack")                            \
	X(K_FRAME_STALE, "entry without its return (longjmp): dropped")                         \
	X(K_NO_FRAME, "return without its entry (attached in mid-call)")                        \
	X(K_IGNORED, "stream ruled out by its verdict: bytes not taken")                        \
	X(K_PROC_RECORD, "process record not written (ring full)")                              \
	X(K_PROCS_FULL, "process table full: child not watched")                                \
	X(U_BAD_RECORD, "record of a wrong size or type")                                       \
	X(U_STREAM_GAP, "bytes missing inside a stream")                                        \
	X(U_STREAM_TAIL, "bytes missing at the end of a stream")                                \
	X(U_STREAMS_FULL, "daemon's stream table full")                                         \
	X(U_REASM_FULL, "early bytes beyond the reassembly bound")                              \
	X(U_PROTO_UNKNOWN, "stream of no known protocol")                                       \
	X(U_PROTO_UNSUPPORTED, "stream of a protocol not read (TLS in TLS, a tunnel)")          \
	X(U_PROTO_ERROR, "message that breaks its protocol")                                    \
	X(U_DECODE_ERROR, "body that breaks its content coding")                                \
	X(U_EXPANSION, "body beyond the expansion bound")                                       \
	X(U_JSON_ERROR, "body that is no JSON")                                                 \
	X(U_ARENA_FULL, "call larger than its memory bound: fields left out")                   \
	X(U_CALLS_FULL, "too many open calls: call not followed")                               \
	X(U_QUEUE_FULL, "export queue full: spans dropped")                                     \
	X(U_EXPORT_REFUSED, "spans refused by the receiver")                                    \
	X(U_EXPORT_FAILED, "spans given up after retries or at the end")                        \
	X(U_FILE_FAILED, "spans not written to the file")                                       \
	X(U_FACT_LOST, "fact not taken by the line")                                            \
	X(U_MAP_EVENT_LOST, "mapping events lost: library may be found late")                   \
	X(U_ATTACH_FAILED, "process with a TLS library that could not be probed")               \
	X(U_STALL, "reader stopped for more than 10 ms by an unfinished record")                \
	X(U_RESYNC, "bytes passed over to find the next message after a gap")                   \
	X(K_AEAD_NOT_TLS, "sealed or opened, but no TLS record: not taken")                     \
	X(U_AEAD_GAP, "TLS records lost whose length is not known")                             \
	X(U_AEAD_ONE_SIDED, "TLS key whose other direction is not known")                       \
	X(U_AEAD_FULL, "daemon's table of TLS keys full")                                       \
	X(K_NOT_COPIED, "plain bytes moved unseen (sendfile, splice, io_uring, many messages)") \
	X(K_VECTOR_LONG, "plain bytes in more pieces than are read of one call")                \
	X(K_MESSAGES, "plain bytes in further messages of one sendmmsg or recvmmsg")            \
	X(U_WIRE_FULL, "encrypted connections not judged: too many")                            \
	X(U_JOINED, "bytes passed over to find the first message of a stream that ran already") \
	X(U_H2_PUSHED, "stream that an HTTP/2 server pushed: not followed")                     \
	X(U_BODY_WINDOW, "body not read: its coding wants a larger window (--body-window)")     \
	X(U_WS_UNREAD, "WebSocket message that refers to lost ones: not read, or in part")      \
	X(U_PIPES_LATE, "child on pipes met late: its first messages may be missing")

enum es_stat {
#define X(name, text) ES_##name,
	ES_STATS(X)
#undef X
		ES_STAT_COUNT
};

#endif /* EARSHOT_STATS_H */
