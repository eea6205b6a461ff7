// SPDX-License-Identifier: Apache-2.0
/*
 * Header blocks, one behind the other. Read from the start, they say what libnghttp2's inflater
 * says of them by itself, as long as it takes them; joined at a later one, they say nothing else.
 */
#include "proto/hpack.h"

#include <nghttp2/nghttp2.h>

#include "../cut.h"

/* Fields of one block, each a digest; 0: unknown. */
struct block {
	uint64_t fields[2048];
	size_t count;
};

static void add(struct block *b, uint64_t digest)
{
	if (b->count < ARRAY_SIZE(b->fields))
		b->fields[b->count++] = digest;
}

static uint64_t digest_of(struct sv name, struct sv value)
{
	uint64_t trace = 1;

	trace_int(&trace, name.len);
	trace_add(&trace, name.p, name.len);
	trace_add(&trace, value.p, value.len);
	return trace | 1;
}

static void on_field(void *ctx, struct sv name, struct sv value)
{
	add(ctx, name.p ? digest_of(name, value) : 0);
}

/* What the inflater says; false: it ends here for good. */
static bool inflate(nghttp2_hd_inflater *inflater, struct sv in, struct block *b)
{
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, (const uint8_t *)in.p,
						   in.len, 1);

		if (n < 0)
			return false;
		in = sv_skip(in, (size_t)n);
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			add(b, digest_of((struct sv){ (const char *)nv.name, nv.namelen },
					 (struct sv){ (const char *)nv.value, nv.valuelen }));
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			return nghttp2_hd_inflate_end_headers(inflater) == 0;
		if (!n && !(flags & NGHTTP2_HD_INFLATE_EMIT))
			return false;
	}
}

/* An empty name is none that a sender may use: here it stands for one that is not known. */
static bool same(const struct block *ours, const struct block *theirs)
{
	uint64_t none = digest_of(SV(""), SV(""));

	if (ours->count != theirs->count)
		return false;
	for (size_t i = 0; i < ours->count; i++) {
		if (ours->fields[i] && ours->fields[i] != theirs->fields[i] &&
		    theirs->fields[i] != none)
			return false;
	}
	return true;
}

struct reading {
	struct hpack h;
	struct block got;
	struct sv in;
	int err;
};

static void feed(void *ctx, struct sv block)
{
	struct reading *r = ctx;

	r->err = hpack_block(&r->h, block, on_field, &r->got);
	CHECK(r->err == 0 || r->err == -74); /* -EBADMSG */
	CHECK(hpack_memory(&r->h) <= HPACK_MEM_MAX + 4096);
}

/* byte 0: the block at which a second reader joins; then blocks, each with its length before it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading whole, late;
	static struct block theirs;
	struct sv in = { (const char *)data, size };
	nghttp2_hd_inflater *inflater;
	bool sound = true;
	uint8_t joins;

	if (size < 2 || nghttp2_hd_inflate_new(&inflater))
		return 0;
	nghttp2_hd_inflate_change_table_size(inflater, HPACK_TABLE_MAX);
	joins = (uint8_t)in.p[0] % 8;
	hpack_init(&whole.h, false);
	hpack_init(&late.h, true);
	in = sv_skip(in, 1);
	for (unsigned int n = 0; in.len; n++) {
		struct sv block = sv_cut(sv_skip(in, 1), (uint8_t)in.p[0]);

		whole.got.count = late.got.count = theirs.count = 0;
		cut_copy(feed, &whole, block);
		sound = sound && inflate(inflater, block, &theirs);
		if (sound && !whole.h.partial)
			CHECK(whole.err == 0 && same(&whole.got, &theirs));
		if (n >= joins)
			cut_copy(feed, &late, block);
		if (n >= joins && sound && !late.err)
			CHECK(same(&late.got, &theirs));
		in = sv_skip(in, 1 + block.len);
	}
	hpack_done(&whole.h);
	hpack_done(&late.h);
	nghttp2_hd_inflate_del(inflater);
	return 0;
}
