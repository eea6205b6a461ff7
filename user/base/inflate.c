// SPDX-License-Identifier: Apache-2.0
#include "base/inflate.h"

#include <errno.h>
#include <stdlib.h>

#define ZLIB_CONST
#define ZSTD_STATIC_LINKING_ONLY /* for the allocator alone */
#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* Decoded bytes go through a buffer of this size on the stack. */
#define INFLATE_PIECE 16384

/* The ratio says nothing about small bodies: a page of blanks shrinks a thousandfold. */
#define INFLATE_RATIO_FROM (1u << 20)

/* First byte of a gzip member (RFC 1952). */
#define GZIP_FIRST 0x1f

enum inflate_state {
	INFLATE_START,	/* no byte came yet */
	INFLATE_SECOND, /* "deflate", and one byte came: the next tells zlib from raw */
	INFLATE_INSIDE,
	INFLATE_BETWEEN, /* a member or frame ended; another may follow */
	INFLATE_PADDING, /* what followed was none, and is passed over */
};

struct inflate {
	enum inflate_coding coding;
	enum inflate_state state;
	int err;		   /* sticky */
	bool members;		   /* one member or frame came whole */
	char first;		   /* INFLATE_SECOND */
	uint8_t head[4], head_len; /* zstd: how the frame begins */
	struct inflate_limits limits;
	uint64_t held; /* heap of the decoder */
	uint64_t peak;
	bool refused; /* it wanted more than it may have */
	uint64_t in;
	uint64_t out;
	inflate_fn *fn;
	void *ctx;
	bool open;   /* there is a decoder: from a first byte to an end */
	bool z_open; /* ... zlib's */
	z_stream z;
	BrotliDecoderState *br;
	ZSTD_DStream *zstd;
};

static const struct {
	struct sv name;
	enum inflate_coding coding;
} names[] = {
	{ { "", 0 }, INFLATE_IDENTITY },       { { "identity", 8 }, INFLATE_IDENTITY },
	{ { "gzip", 4 }, INFLATE_GZIP },       { { "x-gzip", 6 }, INFLATE_GZIP },
	{ { "deflate", 7 }, INFLATE_DEFLATE }, { { "br", 2 }, INFLATE_BR },
	{ { "zstd", 4 }, INFLATE_ZSTD },
};

enum inflate_coding inflate_coding_of(struct sv name)
{
	name = sv_trim(name);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (sv_eq_nocase(name, names[i].name))
			return names[i].coding;
	}
	return INFLATE_UNKNOWN;
}

/* Hands out what is within the bounds. */
static int give(struct inflate *z, const char *p, size_t len)
{
	uint64_t room = z->limits.bytes - z->out;
	uint32_t ratio = z->limits.ratio;
	bool over = len > room;
	int err;

	if (!len)
		return 0;
	if (over)
		len = (size_t)room;
	if (ratio && z->out + len > INFLATE_RATIO_FROM && (z->out + len) / ratio > z->in)
		return -E2BIG;
	z->out += len;
	err = len ? z->fn(z->ctx, (struct sv){ p, len }) : 0;
	return err ? err : over ? -E2BIG : 0;
}

/* The decoders' heap: counted, and bounded. Each block has its size before it. */

uint64_t inflate_most(enum inflate_coding coding, uint64_t window)
{
	/* brotli's grows by doubling, from old to new. */
	return window + (coding == INFLATE_BR ? window / 2 : 0) + INFLATE_TABLES;
}

#define BLOCK_HEAD 16 /* keeps what follows aligned for anything */

static void *block_new(void *opaque, size_t size)
{
	struct inflate *z = opaque;
	uint64_t most = inflate_most(z->coding, z->limits.window);
	char *block;

	if (size > most || z->held + size > most) {
		z->refused = true;
		return NULL;
	}
	block = malloc(size + BLOCK_HEAD);
	if (!block)
		return NULL;
	memcpy(block, &size, sizeof(size));
	z->held += size;
	if (z->held > z->peak)
		z->peak = z->held;
	return block + BLOCK_HEAD;
}

static void block_free(void *opaque, void *p)
{
	struct inflate *z = opaque;
	size_t size;

	if (!p)
		return;
	memcpy(&size, (char *)p - BLOCK_HEAD, sizeof(size));
	z->held -= size;
	free((char *)p - BLOCK_HEAD);
}

static void *zlib_alloc(void *opaque, unsigned int count, unsigned int size)
{
	return block_new(opaque, (size_t)count * size);
}

/* Memory ended, or what may be had of it. */
static int no_room(const struct inflate *z)
{
	return z->refused ? -EFBIG : -ENOMEM;
}

static void member_end(struct inflate *z)
{
	z->state = INFLATE_BETWEEN;
	z->members = true;
}

static int zlib_open(struct inflate *z, int window_bits)
{
	z->z.zalloc = zlib_alloc;
	z->z.zfree = block_free;
	z->z.opaque = z;
	if (inflateInit2(&z->z, window_bits) != Z_OK)
		return no_room(z);
	z->z_open = true;
	return 0;
}

/* One step of zlib; *ret_more: there may be more to come without further input. */
static int zlib_step(struct inflate *z, bool *ret_more)
{
	char piece[INFLATE_PIECE];
	int ret, err;

	z->z.next_out = (Bytef *)piece;
	z->z.avail_out = sizeof(piece);
	ret = inflate(&z->z, Z_NO_FLUSH);
	err = give(z, piece, sizeof(piece) - z->z.avail_out);
	*ret_more = z->z.avail_in || !z->z.avail_out;
	if (err)
		return err;
	if (ret == Z_STREAM_END) {
		member_end(z);
		if (z->coding == INFLATE_DEFLATE)
			z->state = INFLATE_PADDING;
		else
			inflateReset(&z->z);
		return 0;
	}
	if (ret == Z_BUF_ERROR)
		*ret_more = false;
	else if (ret == Z_MEM_ERROR)
		return no_room(z);
	else if (ret != Z_OK)
		return -EBADMSG;
	return 0;
}

static int zlib_feed(struct inflate *z, struct sv in)
{
	bool more = true;
	int err = 0;

	z->z.next_in = (const Bytef *)in.p;
	z->z.avail_in = (uInt)in.len;
	while (!err && more && z->state != INFLATE_PADDING) {
		if (z->state == INFLATE_BETWEEN && z->z.avail_in) {
			/* What does not start another member is padding. */
			z->state = z->z.next_in[0] == GZIP_FIRST ? INFLATE_INSIDE : INFLATE_PADDING;
			continue;
		}
		err = zlib_step(z, &more);
	}
	return err;
}

/*
 * "deflate" is the zlib format, but some senders leave its wrapper out. A zlib header is
 * divisible by 31 and names method 8 (RFC 1950 section 2.2).
 */
static int deflate_start(struct inflate *z, struct sv in)
{
	unsigned int head;
	int err;

	if (z->state == INFLATE_START) {
		z->first = in.p[0];
		z->state = INFLATE_SECOND;
		in = sv_skip(in, 1);
		if (!in.len)
			return 0;
	}
	head = (unsigned int)(unsigned char)z->first << 8 | (unsigned char)in.p[0];
	err = zlib_open(z, (head & 0x8f00) == 0x0800 && head % 31 == 0 ? MAX_WBITS : -MAX_WBITS);
	if (err)
		return err;
	z->state = INFLATE_INSIDE;
	err = zlib_feed(z, (struct sv){ &z->first, 1 });
	return err || z->state != INFLATE_INSIDE ? err : zlib_feed(z, in);
}

static int br_error(const struct inflate *z)
{
	BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(z->br);

	if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
	    code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
		return no_room(z);
	return -EBADMSG;
}

static int br_feed(struct inflate *z, struct sv in)
{
	const uint8_t *next = (const uint8_t *)in.p;
	BrotliDecoderResult ret;
	int err;

	do {
		size_t none = 0, len = 0;
		const uint8_t *out;

		ret = BrotliDecoderDecompressStream(z->br, &in.len, &next, &none, NULL, NULL);
		out = BrotliDecoderTakeOutput(z->br, &len);
		err = give(z, (const char *)out, len);
	} while (!err && ret == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
	if (err)
		return err;
	if (ret == BROTLI_DECODER_RESULT_ERROR)
		return br_error(z);
	if (ret == BROTLI_DECODER_RESULT_SUCCESS) {
		member_end(z);
		z->state = INFLATE_PADDING;
	}
	return 0;
}

static int zstd_error(struct inflate *z, size_t ret)
{
	switch (ZSTD_getErrorCode(ret)) {
	case ZSTD_error_memory_allocation:
		return no_room(z);
	case ZSTD_error_frameParameter_windowTooLarge:
		return -EFBIG;
	default:
		return -EBADMSG;
	}
}

/*
 * Is what there is of a frame's first bytes the start of a frame of RFC 8878 (sections 3.1.1 and
 * 3.1.2)? The library would take those of its own old formats, too, and decode them with code
 * that keeps neither our bounds nor our allocator.
 */
static bool zstd_head_good(const uint8_t *p, size_t len)
{
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd }, skip[] = { 0x2a, 0x4d, 0x18 };

	if ((p[0] & 0xf0) == 0x50)
		return memcmp(p + 1, skip, len - 1) == 0;
	return memcmp(p, frame, len) == 0;
}

/* Takes what is left of a frame's first bytes. 1: they are whole; 0: not yet, or padding. */
static int zstd_head(struct inflate *z, struct sv *in)
{
	while (in->len && z->head_len < sizeof(z->head)) {
		z->head[z->head_len++] = (uint8_t)in->p[0];
		*in = sv_skip(*in, 1);
	}
	if (!zstd_head_good(z->head, z->head_len)) {
		/* What does not start another frame is padding. */
		if (!z->members)
			return -EBADMSG;
		z->state = INFLATE_PADDING;
		return 0;
	}
	z->state = INFLATE_INSIDE;
	return z->head_len == sizeof(z->head);
}

/* To the end of the frame, or of what there is. Returns what is behind it. */
static int zstd_run(struct inflate *z, struct sv in, struct sv *ret_rest)
{
	ZSTD_inBuffer src = { in.p, in.len, 0 };
	char piece[INFLATE_PIECE];
	bool more = true;
	int err = 0;

	while (!err && more) {
		ZSTD_outBuffer dst = { piece, sizeof(piece), 0 };
		size_t ret = ZSTD_decompressStream(z->zstd, &dst, &src);

		if (ZSTD_isError(ret))
			return zstd_error(z, ret);
		err = give(z, piece, dst.pos);
		more = ret != 0 && (src.pos < src.size || dst.pos == dst.size);
		if (ret == 0) {
			member_end(z);
			z->head_len = 0;
		}
	}
	*ret_rest = sv_skip(in, src.pos);
	return err;
}

static int zstd_feed(struct inflate *z, struct sv in)
{
	int err = 0;

	while (!err && in.len && z->state != INFLATE_PADDING) {
		struct sv none;

		if (z->head_len == sizeof(z->head)) {
			err = zstd_run(z, in, &in);
			continue;
		}
		err = zstd_head(z, &in);
		if (err > 0)
			err = zstd_run(z, (struct sv){ (const char *)z->head, sizeof(z->head) },
				       &none);
	}
	return err;
}

static int zstd_open(struct inflate *z)
{
	ZSTD_customMem mem = { block_new, block_free, z };

	z->zstd = ZSTD_createDStream_advanced(mem);
	if (!z->zstd)
		return no_room(z);
	/* To the byte; a bound in powers of two would be the coarser one. 1 KiB is the least. */
	ZSTD_DCtx_setMaxWindowSize(z->zstd, z->limits.window > 1024 ? z->limits.window : 1024);
	return 0;
}

int inflate_new(struct inflate **ret, enum inflate_coding coding,
		const struct inflate_limits *limits, inflate_fn *fn, void *ctx)
{
	struct inflate *z;

	if (coding == INFLATE_UNKNOWN)
		return -ENOTSUP;
	z = calloc(1, sizeof(*z));
	if (!z)
		return -ENOMEM;
	z->coding = coding;
	z->limits = *limits;
	z->fn = fn;
	z->ctx = ctx;
	*ret = z;
	return 0;
}

/* "deflate" tells only by its first bytes which it is: deflate_start(). */
static int decoder_open(struct inflate *z)
{
	int err = 0;

	if (z->coding == INFLATE_GZIP) {
		err = zlib_open(z, MAX_WBITS + 16);
	} else if (z->coding == INFLATE_BR) {
		z->br = BrotliDecoderCreateInstance(block_new, block_free, z);
		err = z->br ? 0 : no_room(z);
	} else if (z->coding == INFLATE_ZSTD) {
		err = zstd_open(z);
	}
	z->open = !err;
	return err;
}

static void decoder_close(struct inflate *z)
{
	if (z->z_open)
		inflateEnd(&z->z);
	if (z->br)
		BrotliDecoderDestroyInstance(z->br);
	ZSTD_freeDStream(z->zstd);
	z->open = z->z_open = false;
	z->br = NULL;
	z->zstd = NULL;
}

void inflate_free(struct inflate *z)
{
	if (!z)
		return;
	decoder_close(z);
	free(z);
}

static int feed(struct inflate *z, struct sv in)
{
	int err;

	if (z->coding == INFLATE_IDENTITY)
		return give(z, in.p, in.len);
	err = z->open ? 0 : decoder_open(z);
	if (err)
		return err;
	if (z->coding == INFLATE_DEFLATE && z->state <= INFLATE_SECOND)
		return deflate_start(z, in);
	if (z->state == INFLATE_START)
		z->state = INFLATE_INSIDE;
	if (z->coding == INFLATE_BR)
		return br_feed(z, in);
	return z->coding == INFLATE_ZSTD ? zstd_feed(z, in) : zlib_feed(z, in);
}

/* zlib counts its input in 32 bits. */
#define FEED_MAX (1u << 30)

int inflate_feed(struct inflate *z, struct sv in)
{
	while (!z->err && in.len && z->state != INFLATE_PADDING) {
		struct sv part = sv_cut(in, FEED_MAX);

		in = sv_skip(in, part.len);
		z->in += part.len;
		z->err = feed(z, part);
	}
	/* A stream may wait long for its first byte, and for its close: not with a decoder. */
	if (z->err || z->state == INFLATE_BETWEEN || z->state == INFLATE_PADDING)
		decoder_close(z);
	return z->err;
}

int inflate_end(struct inflate *z)
{
	if (z->err)
		return z->err;
	if (z->coding == INFLATE_IDENTITY || z->state == INFLATE_START ||
	    z->state == INFLATE_BETWEEN || z->state == INFLATE_PADDING)
		return 0;
	return -EAGAIN;
}

uint64_t inflate_held(const struct inflate *z, uint64_t *ret_peak)
{
	if (ret_peak)
		*ret_peak = z->peak;
	return z->held;
}
