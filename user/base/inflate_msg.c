// SPDX-License-Identifier: Apache-2.0
#include "base/inflate_msg.h"

#include <errno.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

/* Decoded bytes go through a buffer of this size on the stack. */
#define PIECE 16384

#define WINDOW_MAX (1u << MAX_WBITS)

/* Last blocks in one message; each costs a copy of the window. Senders make one at most. */
#define LASTS_MAX 16

/* What senders leave away (RFC 7692 section 7.2.1). */
#define TAIL SV("\0\0\xff\xff")

struct inflate_msg {
	z_stream z;
	int err;
	unsigned int lasts; /* of this message */
	bool unsure;
};

int inflate_msg_new(struct inflate_msg **ret, unsigned int window_bits)
{
	struct inflate_msg *z = calloc(1, sizeof(*z));

	if (!z)
		return -ENOMEM;
	/* zlib's deflate makes 9 of 8, and does not tell. */
	if (inflateInit2(&z->z, -(int)(window_bits < 9 ? 9 : window_bits)) != Z_OK) {
		free(z);
		return -ENOMEM;
	}
	*ret = z;
	return 0;
}

void inflate_msg_free(struct inflate_msg *z)
{
	if (!z)
		return;
	inflateEnd(&z->z);
	free(z);
}

/*
 * A last block in the midst of a message (RFC 7692 section 7.2.3.4): what follows may refer to
 * what stood before.
 */
static int go_on(struct inflate_msg *z)
{
	unsigned char window[WINDOW_MAX];
	uInt len = sizeof(window);

	if (z->lasts++ == LASTS_MAX)
		return -EBADMSG;
	if (inflateGetDictionary(&z->z, window, &len) != Z_OK || inflateReset(&z->z) != Z_OK)
		return -EBADMSG;
	return inflateSetDictionary(&z->z, window, len) == Z_OK ? 0 : -EBADMSG;
}

static int step(struct inflate_msg *z, bool last, bool *ret_more, inflate_msg_fn *fn, void *ctx)
{
	char piece[PIECE];
	size_t len;
	int ret, err = 0;

	z->z.next_out = (Bytef *)piece;
	z->z.avail_out = sizeof(piece);
	ret = inflate(&z->z, Z_NO_FLUSH);
	if (ret == Z_MEM_ERROR)
		err = -ENOMEM;
	else if (ret == Z_STREAM_END)
		err = go_on(z);
	else if (ret != Z_OK && ret != Z_BUF_ERROR)
		err = -EBADMSG;
	len = sizeof(piece) - z->z.avail_out;
	/* Without input and output nothing will come. */
	*ret_more = ret != Z_BUF_ERROR && (z->z.avail_in || !z->z.avail_out);
	last = last && !*ret_more && !err;
	/* What stood before an error is good. */
	ret = len || last ? fn(ctx, (struct sv){ piece, len }, last) : 0;
	return ret ? ret : err;
}

static int feed(struct inflate_msg *z, struct sv in, bool last, inflate_msg_fn *fn, void *ctx)
{
	bool more = true;

	while (!z->err && (in.len || more)) {
		struct sv part = sv_cut(in, 1u << 30);

		in = sv_skip(in, part.len);
		z->z.next_in = (const Bytef *)part.p;
		z->z.avail_in = (uInt)part.len;
		for (more = true; !z->err && more;)
			z->err = step(z, last && !in.len, &more, fn, ctx);
	}
	return z->err;
}

int inflate_msg_feed(struct inflate_msg *z, struct sv in, inflate_msg_fn *fn, void *ctx)
{
	return in.len ? feed(z, in, false, fn, ctx) : z->err;
}

int inflate_msg_end(struct inflate_msg *z, inflate_msg_fn *fn, void *ctx)
{
	int err = feed(z, TAIL, true, fn, ctx);

	z->lasts = 0;
	return err;
}

int inflate_msg_reset(struct inflate_msg *z, bool lost)
{
	static const unsigned char zeros[WINDOW_MAX];
	int ret;

	z->err = 0;
	z->lasts = 0;
	z->unsure = lost;
	ret = inflateReset(&z->z);
	if (ret == Z_OK && lost)
		ret = inflateSetDictionary(&z->z, zeros, sizeof(zeros));
	if (ret != Z_OK)
		z->err = ret == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
	return z->err;
}

bool inflate_msg_unsure(const struct inflate_msg *z)
{
	return z->unsure;
}
