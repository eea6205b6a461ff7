/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_HOP_H
#define EARSHOT_BPF_HOP_H

/* hop - reading kernel structs, and the addresses of a socket. */
#include "maps.h"

#define ES_AF_UNIX  1
#define ES_AF_INET  2
#define ES_AF_INET6 10

/* One pointer, hop by hop: chains of BPF_CORE_READ would take a stack slot each. */
#define HOP(to, from, member)                    \
	bpf_probe_read_kernel(&(to), sizeof(to), \
			      (void *)(from) + bpf_core_field_offset((from)->member))

/* Both ends of a socket, into a record that has these fields. */
#define PEER_ADDRESSES(r, sk)                                                         \
	do {                                                                          \
		__u16 net_port = 0;                                                   \
                                                                                      \
		HOP((r)->family, &(sk)->__sk_common, skc_family);                     \
		HOP(net_port, &(sk)->__sk_common, skc_dport);                         \
		HOP((r)->local_port, &(sk)->__sk_common, skc_num);                    \
		(r)->remote_port = __builtin_bswap16(net_port);                       \
		if ((r)->family == ES_AF_INET) {                                      \
			HOP(*(__u32 *)(r)->remote, &(sk)->__sk_common, skc_daddr);    \
			HOP(*(__u32 *)(r)->local, &(sk)->__sk_common, skc_rcv_saddr); \
		} else if ((r)->family == ES_AF_INET6) {                              \
			HOP((r)->remote, &(sk)->__sk_common, skc_v6_daddr);           \
			HOP((r)->local, &(sk)->__sk_common, skc_v6_rcv_saddr);        \
		}                                                                     \
	} while (0)

#endif /* EARSHOT_BPF_HOP_H */
