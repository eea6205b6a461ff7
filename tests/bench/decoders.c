// SPDX-License-Identifier: Apache-2.0
/*
 * What bodies in flight cost: many decoders, each in the middle of the same event stream, whose
 * events of 200 bytes are flushed one by one.
 *
 * usage: decoders gzip|br|zstd BYTES [EVENT]    prints KiB resident and allocated, each
 */
#include <brotli/encode.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/inflate.h"

#define DECODERS  200
#define EVENT_MAX (256u << 10)

struct coder {
	enum inflate_coding coding;
	z_stream z;
	BrotliEncoderState *br;
	ZSTD_CCtx *zstd;
};

static int drop(void *ctx, struct sv out)
{
	(void)ctx;
	(void)out;
	return 0;
}

static long resident(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%*d %ld", &pages) != 1)
		exit(1);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Words of a small alphabet, which shrink to half or so. */
static void fill(char *p, size_t len)
{
	static uint32_t n = 1;

	for (size_t i = 0; i < len; i++) {
		n = n * 1664525u + 1013904223u;
		p[i] = "etaoin shrdlu{}\":,"[(n >> 24) % 18];
	}
}

static void coder_open(struct coder *c, const char *name)
{
	c->coding = inflate_coding_of(sv_of(name));
	deflateInit2(&c->z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	c->br = BrotliEncoderCreateInstance(NULL, NULL, NULL);
	BrotliEncoderSetParameter(c->br, BROTLI_PARAM_QUALITY, 5);
	c->zstd = ZSTD_createCCtx();
}

static size_t brotli(struct coder *c, const char *in, size_t len, char *out)
{
	const uint8_t *next = (const uint8_t *)in;
	size_t total = 0, none, n;

	do {
		const uint8_t *piece;

		none = n = 0;
		BrotliEncoderCompressStream(c->br, BROTLI_OPERATION_FLUSH, &len, &next, &none, NULL,
					    NULL);
		piece = BrotliEncoderTakeOutput(c->br, &n);
		memcpy(out + total, piece, n);
		total += n;
	} while (len || BrotliEncoderHasMoreOutput(c->br));
	return total;
}

static struct sv code(struct coder *c, char *in, size_t len, char *out)
{
	ZSTD_outBuffer to = { out, 2 * EVENT_MAX, 0 };
	ZSTD_inBuffer from = { in, len, 0 };

	if (c->coding == INFLATE_BR)
		return (struct sv){ out, brotli(c, in, len, out) };
	if (c->coding == INFLATE_ZSTD) {
		ZSTD_compressStream2(c->zstd, &to, &from, ZSTD_e_flush);
		return (struct sv){ out, to.pos };
	}
	c->z.next_in = (Bytef *)in;
	c->z.avail_in = (uInt)len;
	c->z.next_out = (Bytef *)out;
	c->z.avail_out = 2 * EVENT_MAX;
	deflate(&c->z, Z_SYNC_FLUSH);
	return (struct sv){ out, 2 * EVENT_MAX - c->z.avail_out };
}

int main(int argc, char **argv)
{
	const struct inflate_limits limits = { UINT64_MAX, 0, INFLATE_WINDOW };
	size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;
	size_t event = argc > 3 ? strtoul(argv[3], NULL, 10) : 200;
	char *in = malloc(EVENT_MAX), *out = malloc(2 * EVENT_MAX);
	struct inflate *z[DECODERS];
	struct coder c = { 0 };
	long before = 0;

	if (argc < 2 || event > EVENT_MAX || !in || !out)
		return 2;
	coder_open(&c, argv[1]);
	for (size_t i = 0; i < DECODERS; i++) {
		if (inflate_new(&z[i], c.coding, &limits, drop, NULL))
			return 2;
	}
	for (size_t at = 0; at < bytes; at += event) {
		struct sv piece;

		fill(in, event);
		piece = code(&c, in, event, out);
		before = before ? before : resident();
		for (size_t i = 0; i < DECODERS; i++) {
			if (inflate_feed(z[i], piece))
				return 1;
		}
	}
	printf("%ld %llu\n", (resident() - before) / DECODERS,
	       (unsigned long long)inflate_held(z[0], NULL) / 1024);
	return 0;
}
