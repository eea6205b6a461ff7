// SPDX-License-Identifier: Apache-2.0
#include "proto/clienthello.h"

#include <errno.h>

enum {
	RECORD_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	EXT_SERVER_NAME = 0,
	EXT_ALPN = 16,
	NAME_HOST = 0,
};

/* Takes what is there of n bytes; *whole is false when not all are. */
static struct sv take(struct sv *from, size_t n, bool *whole)
{
	struct sv got = sv_cut(*from, n);

	if (got.len < n)
		*whole = false;
	*from = sv_skip(*from, got.len);
	return got;
}

static uint32_t number(struct sv *from, size_t bytes, bool *whole)
{
	struct sv s = take(from, bytes, whole);
	uint32_t n = 0;

	if (s.len < bytes)
		return 0;
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)s.p[i];
	return n;
}

static struct sv host_of(struct sv ext)
{
	bool whole = true;
	struct sv list = take(&ext, number(&ext, 2, &whole), &whole);

	while (list.len) {
		uint32_t type = number(&list, 1, &whole);
		struct sv name = take(&list, number(&list, 2, &whole), &whole);

		if (!whole)
			break;
		if (type == NAME_HOST)
			return name;
	}
	return SV_NONE;
}

static bool offers_h2(struct sv ext)
{
	bool whole = true;
	struct sv list = take(&ext, number(&ext, 2, &whole), &whole);

	while (list.len && whole) {
		struct sv name = take(&list, number(&list, 1, &whole), &whole);

		if (sv_eq(name, SV("h2")))
			return true;
	}
	return false;
}

/* A name is printable and has no blanks: what else came is not passed on. */
static bool is_name(struct sv s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.len > 0 && s.len < 256;
}

static void extensions(struct sv list, struct clienthello *ret)
{
	while (list.len) {
		bool whole = true;
		uint32_t type = number(&list, 2, &whole);
		struct sv ext = take(&list, number(&list, 2, &whole), &whole);

		if (!whole) {
			ret->whole = false;
			return;
		}
		if (type == EXT_SERVER_NAME && is_name(host_of(ext)))
			ret->host = host_of(ext);
		if (type == EXT_ALPN)
			ret->h2 = offers_h2(ext);
	}
}

int clienthello_parse(struct sv bytes, struct clienthello *ret)
{
	struct clienthello r = { .whole = true };
	struct sv s = bytes;
	bool head = true;

	if (number(&s, 1, &head) != RECORD_HANDSHAKE || number(&s, 1, &head) != 3)
		return -EBADMSG;
	take(&s, 3, &head); /* minor version and length: a hello in several records is cut */
	if (number(&s, 1, &head) != CLIENT_HELLO || !head)
		return -EBADMSG;
	s = take(&s, number(&s, 3, &r.whole), &r.whole);
	take(&s, 2 + 32, &r.whole);
	take(&s, number(&s, 1, &r.whole), &r.whole); /* session id */
	take(&s, number(&s, 2, &r.whole), &r.whole); /* cipher suites */
	take(&s, number(&s, 1, &r.whole), &r.whole); /* compression */
	extensions(take(&s, number(&s, 2, &r.whole), &r.whole), &r);
	*ret = r;
	return 0;
}
