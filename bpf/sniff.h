/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_SNIFF_H
#define EARSHOT_BPF_SNIFF_H

/*
 * sniff - what the first bytes of a socket or pipe say: worth taking or not. Pure: also
 * compiled by unit tests. Whatever is taken is looked at again by the line.
 */
enum sniff {
	SNIFF_SKIP,   /* nothing that is read */
	SNIFF_TAKE,   /* HTTP, or JSON-RPC on standard input and output; or too short to say */
	SNIFF_HELLO,  /* TLS ClientHello */
	SNIFF_SERVER, /* TLS, the server's side of a handshake */
	SNIFF_SEALED, /* TLS application data: began before us */
};

#define SNIFF_WORD(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

static __always_inline bool sniff_http(__u32 w)
{
	return w == SNIFF_WORD('G', 'E', 'T', ' ') || w == SNIFF_WORD('P', 'O', 'S', 'T') ||
	       w == SNIFF_WORD('P', 'U', 'T', ' ') || w == SNIFF_WORD('H', 'E', 'A', 'D') ||
	       w == SNIFF_WORD('D', 'E', 'L', 'E') || w == SNIFF_WORD('O', 'P', 'T', 'I') ||
	       w == SNIFF_WORD('P', 'A', 'T', 'C') || w == SNIFF_WORD('H', 'T', 'T', 'P') ||
	       w == SNIFF_WORD('P', 'R', 'I', ' ');
}

/* head: the first 8 bytes, little endian, of which len are there. */
static __always_inline enum sniff sniff_socket(__u64 head, __u64 len)
{
	__u8 type = head & 0xff, major = head >> 8 & 0xff, hand = head >> 40 & 0xff;

	if (type == 0x16 && major == 3 && len >= 6)
		return hand == 1 ? SNIFF_HELLO : SNIFF_SERVER;
	if (type >= 0x14 && type <= 0x17 && major == 3)
		return SNIFF_SEALED;
	if (len < 4)
		return type >= 'A' && type <= 'Z' ? SNIFF_TAKE : SNIFF_SKIP;
	return sniff_http((__u32)head) ? SNIFF_TAKE : SNIFF_SKIP;
}

/* JSON-RPC: lines of JSON, or Content-Length framing. */
static __always_inline enum sniff sniff_stdio(__u64 head)
{
	__u8 c = head & 0xff;

	return c == '{' || c == '[' || (__u32)head == SNIFF_WORD('C', 'o', 'n', 't') ? SNIFF_TAKE
										     : SNIFF_SKIP;
}

#endif /* EARSHOT_BPF_SNIFF_H */
