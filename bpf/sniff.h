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

#define SNIFF_ALL(c) (0x0101010101010101ull * (c))

/*
 * Any other method: three capital letters or more (or dashes), a blank, and what a target starts
 * with; or so much of that as eight bytes hold. All bytes at once, without a branch for each: the
 * high bit of a byte tells of that byte, no sum carries into the next.
 */
static __always_inline bool sniff_method(__u64 head)
{
	__u64 high = SNIFF_ALL(0x80);
	__u64 from_a = head + SNIFF_ALL(0x80 - 'A'), behind_z = head + SNIFF_ALL(0x7f - 'Z');
	__u64 no_dash = (head ^ SNIFF_ALL('-')) + SNIFF_ALL(0x7f);
	__u64 other = (~(from_a & ~behind_z) & no_dash) & high, one, next;

	if (head & high)
		return false;
	if (!other)
		return true;
	/* 1 in the first byte that is no part of a method. */
	one = (other & -other) >> 7;
	if (one < 1ull << 24 || (head & one * 0xff) != one * ' ')
		return false;
	/* CONNECT leads to where nothing is read. */
	if (one == 1ull << 56)
		return (__u32)head != SNIFF_WORD('C', 'O', 'N', 'N');
	one <<= 8;
	next = head & one * 0xff;
	return next == one * '/' || next == one * '*' || next == one * 'h';
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
	return sniff_http((__u32)head) || (len >= 8 && sniff_method(head)) ? SNIFF_TAKE
									   : SNIFF_SKIP;
}

/* JSON-RPC: lines of JSON, or Content-Length framing. */
static __always_inline enum sniff sniff_stdio(__u64 head)
{
	__u8 c = head & 0xff;

	return c == '{' || c == '[' || (__u32)head == SNIFF_WORD('C', 'o', 'n', 't') ? SNIFF_TAKE
										     : SNIFF_SKIP;
}

#endif /* EARSHOT_BPF_SNIFF_H */
