// SPDX-License-Identifier: Apache-2.0
#include "proto/hpack.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include <nghttp2/nghttp2.h>

/* What the protocol begins with (RFC 9113 section 6.5.2). */
#define TABLE_DEFAULT 4096
/* No integer that stands for anything is longer: 28 bits. */
#define INTEGER_BYTES 5

struct hpack_table {
	nghttp2_mem mem;
	size_t used;
	nghttp2_hd_inflater *inflater;
};

/* Memory, counted. */

static void *count(struct hpack_table *t, void *p)
{
	t->used += p ? malloc_usable_size(p) : 0;
	return p;
}

static void *mem_malloc(size_t size, void *user)
{
	return count(user, malloc(size));
}

static void *mem_calloc(size_t n, size_t size, void *user)
{
	return count(user, calloc(n, size));
}

static void mem_free(void *p, void *user)
{
	struct hpack_table *t = user;

	t->used -= p ? malloc_usable_size(p) : 0;
	free(p);
}

static void *mem_realloc(void *p, size_t size, void *user)
{
	struct hpack_table *t = user;
	size_t old = p ? malloc_usable_size(p) : 0;
	void *q = realloc(p, size);

	if (!q)
		return NULL;
	t->used -= old;
	return count(t, q);
}

size_t hpack_memory(const struct hpack *h)
{
	return h->table ? sizeof(*h->table) + h->table->used : 0;
}

/* The table. */

void hpack_init(struct hpack *h, bool late)
{
	*h = (struct hpack){ .max = TABLE_DEFAULT, .partial = late };
}

static void table_drop(struct hpack *h)
{
	if (!h->table)
		return;
	nghttp2_hd_inflate_del(h->table->inflater);
	free(h->table);
	h->table = NULL;
}

void hpack_done(struct hpack *h)
{
	table_drop(h);
}

void hpack_lost(struct hpack *h)
{
	table_drop(h);
	h->partial = true;
}

/* Hands bytes of one field on. 1: it is whole, in *ret; 0: not yet, or it was none; else error. */
static int inflate(struct hpack *h, struct sv in, nghttp2_nv *ret)
{
	while (in.len) {
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(h->table->inflater, ret, &flags,
						   (const uint8_t *)in.p, in.len, 0);

		if (n < 0)
			return n == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EBADMSG;
		in = sv_skip(in, (size_t)n);
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			return in.len ? -EBADMSG : 1;
		if (!n)
			return -EBADMSG;
	}
	return 0;
}

/* A change of the table's size, as the sender would write it (RFC 7541 section 6.3). */
static int set_size(struct hpack *h, uint32_t size)
{
	char bytes[1 + INTEGER_BYTES];
	nghttp2_nv nv;
	size_t n = 0;

	if (size < 31) {
		bytes[n++] = (char)(0x20 | size);
	} else {
		bytes[n++] = 0x3f;
		for (size -= 31; size >= 128; size >>= 7)
			bytes[n++] = (char)(0x80 | (size & 127));
		bytes[n++] = (char)size;
	}
	/* It may stand at the start of a block only; a field has just ended, which is as good. */
	nghttp2_hd_inflate_end_headers(h->table->inflater);
	return inflate(h, (struct sv){ bytes, n }, &nv);
}

static int table_make(struct hpack *h)
{
	struct hpack_table *t = calloc(1, sizeof(*t));
	int err = 0;

	if (!t)
		return -ENOMEM;
	t->mem = (nghttp2_mem){ t, mem_malloc, mem_free, mem_calloc, mem_realloc };
	if (nghttp2_hd_inflate_new2(&t->inflater, &t->mem)) {
		free(t);
		return -ENOMEM;
	}
	h->table = t; /* freed by table_drop() */
	if (nghttp2_hd_inflate_change_table_size(t->inflater, HPACK_TABLE_MAX))
		err = -ENOMEM;
	if (!err && h->max != TABLE_DEFAULT)
		err = set_size(h, h->max);
	if (err)
		table_drop(h);
	return err;
}

/* Drops the oldest entries when the table needs too much. */
static int table_bound(struct hpack *h)
{
	size_t size = nghttp2_hd_inflate_get_dynamic_table_size(h->table->inflater);
	int err;

	if (hpack_memory(h) <= HPACK_MEM_MAX)
		return 0;
	h->partial = true;
	err = set_size(h, (uint32_t)(size / 2));
	return err ? err : set_size(h, h->max);
}

/* Fields. */

enum form {
	INDEXED,      /* 1xxxxxxx */
	INSERTED,     /* 01xxxxxx: literal, goes into the table */
	SIZE,	      /* 001xxxxx */
	NOT_INSERTED, /* 0000xxxx, 0001xxxx: literal */
};

/* One representation (RFC 7541 section 6): views into the block. */
struct field {
	enum form form;
	uint32_t number; /* index, or size; a literal: 0 when name stands here */
	struct sv name;	 /* with its length */
	struct sv value; /* likewise */
	struct sv all;
};

/* An integer of so many bits in its first byte (section 5.1). */
static bool take_integer(struct sv *s, unsigned int bits, uint32_t *ret)
{
	uint32_t mask = (1u << bits) - 1, n;

	if (!s->len)
		return false;
	n = (unsigned char)s->p[0] & mask;
	*s = sv_skip(*s, 1);
	if (n == mask) {
		unsigned int shift = 0;
		unsigned char b;

		do {
			if (!s->len || shift >= 7 * (INTEGER_BYTES - 1))
				return false;
			b = (unsigned char)s->p[0];
			*s = sv_skip(*s, 1);
			n += (uint32_t)(b & 127) << shift;
			shift += 7;
		} while (b & 128);
	}
	*ret = n;
	return true;
}

static bool take_string(struct sv *s, struct sv *ret)
{
	struct sv at = *s;
	uint32_t len;

	if (!take_integer(s, 7, &len) || len > s->len)
		return false;
	*s = sv_skip(*s, len);
	*ret = sv_cut(at, (size_t)(s->p - at.p));
	return true;
}

static bool take_field(struct sv *s, struct field *f)
{
	unsigned int lead = (unsigned char)s->p[0];
	struct sv at = *s;
	bool sound;

	*f = (struct field){
		.form = lead & 0x80   ? INDEXED
			: lead & 0x40 ? INSERTED
			: lead & 0x20 ? SIZE
				      : NOT_INSERTED,
	};
	sound = take_integer(s,
			     f->form == INDEXED	   ? 7
			     : f->form == INSERTED ? 6
			     : f->form == SIZE	   ? 5
						   : 4,
			     &f->number);
	if (sound && (f->form == INSERTED || f->form == NOT_INSERTED))
		sound = (f->number || take_string(s, &f->name)) && take_string(s, &f->value);
	f->all = sv_cut(at, (size_t)(s->p - at.p));
	return sound && (f->form != INDEXED || f->number);
}

static int resize(struct hpack *h, uint32_t size)
{
	if (size > HPACK_TABLE_MAX) {
		size = HPACK_TABLE_MAX;
		h->partial = true;
	}
	h->max = size;
	return set_size(h, size);
}

struct out {
	hpack_field_fn *fn;
	void *ctx;
};

/* An entry of which the name is not known has the empty one, which no field has. */
static void emit(const struct out *out, const nghttp2_nv *nv)
{
	struct sv name = { (const char *)nv->name, nv->namelen };
	struct sv value = { (const char *)nv->value, nv->valuelen };

	if (name.len)
		out->fn(out->ctx, name, value);
	else
		out->fn(out->ctx, SV_NONE, SV_NONE);
}

/* Its index is not known: 0; or -EBADMSG when it had to be. */
static int unknown(struct hpack *h, const struct field *f, const struct out *out)
{
	nghttp2_nv nv;
	int got;

	out->fn(out->ctx, SV_NONE, SV_NONE);
	if (!h->partial)
		return -EBADMSG;
	if (f->form != INSERTED)
		return 0;
	got = inflate(h, SV("\x40\0"), &nv);
	if (!got)
		got = inflate(h, f->value, &nv);
	return got > 0 ? 0 : got < 0 ? got : -EBADMSG;
}

static int read_field(struct hpack *h, const struct field *f, const struct out *out)
{
	nghttp2_nv nv;
	int got;

	if (f->form == SIZE)
		return resize(h, f->number);
	if (f->number > nghttp2_hd_inflate_get_num_table_entries(h->table->inflater))
		return unknown(h, f, out);
	got = inflate(h, f->all, &nv);
	if (got <= 0)
		return got ? got : -EBADMSG;
	emit(out, &nv);
	return 0;
}

int hpack_block(struct hpack *h, struct sv block, hpack_field_fn *fn, void *ctx)
{
	const struct out out = { fn, ctx };
	int err = h->table ? 0 : table_make(h);
	struct field f;

	while (block.len && !err) {
		err = take_field(&block, &f) ? read_field(h, &f, &out) : -EBADMSG;
		if (!err)
			err = table_bound(h);
	}
	if (err)
		hpack_lost(h);
	else
		nghttp2_hd_inflate_end_headers(h->table->inflater);
	return err;
}
