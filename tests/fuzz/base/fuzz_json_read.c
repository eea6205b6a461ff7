// SPDX-License-Identifier: Apache-2.0
/* However a document is cut: same verdict, same values, text always UTF-8; gaps never crash. */
#include "base/json_read.h"
#include "base/utf8.h"

#include "../cut.h"

static const struct json_rule rules[] = {
	{ "", 1, 0, 0 },
	{ "model", 2, 0, 0 },
	{ "choices[].delta.content", 3, 0, 0 },
	{ "choices[].finish_reason", 4, JSON_ANCHOR, 0 },
	{ "usage.prompt_tokens", 5, JSON_ANCHOR, 0 },
	{ "tools[]", 6, JSON_RAW, 0 },
	{ "tools[].name", 7, JSON_RAW, 0 },
	{ "[]", 8, 0, 0 },
	{ "[][]", 9, JSON_RAW, 0 },
	{ "a", 10, 0, 0 },
	{ "a.b.c[]", 11, JSON_ANCHOR, 0 },
};

struct run {
	struct json_reader *reader;
	uint64_t trace[2]; /* raw text apart: its pieces and the rest's may change places */
	bool open[2];
	unsigned int pieces;
	uint8_t gap_every;
};

static int on_event(void *ctx, const struct json_event *ev)
{
	struct run *r = ctx;
	bool raw = ev->kind == JSON_RAW_TEXT;
	/* Nested raw values are handed out side by side; each is followed on its own elsewhere. */
	bool nested = ev->id == 7 || ev->id == 9;

	CHECK(utf8_valid_len(ev->text) == ev->text.len);
	CHECK(ev->text.len <= 64 || ev->kind == JSON_STRING || raw);
	if (!nested && (raw || ev->kind == JSON_STRING)) {
		CHECK(ev->first != r->open[raw]);
		r->open[raw] = !ev->last;
	}
	if (nested)
		return 0;
	if (ev->first) {
		trace_int(&r->trace[raw], ev->id * 16u + ev->kind);
		trace_int(&r->trace[raw], ev->index);
	}
	trace_add(&r->trace[raw], ev->text.p, ev->text.len);
	if (ev->last)
		trace_int(&r->trace[raw], ev->truncated * 2u + ev->boolean);
	return 0;
}

static void feed(void *ctx, struct sv piece)
{
	struct run *r = ctx;

	json_feed(r->reader, piece);
	if (r->gap_every && ++r->pieces % r->gap_every == 0)
		json_gap(r->reader);
}

static int run(struct run *r, uint8_t how, uint8_t gap_every, struct sv in)
{
	struct json_reader *reader = r->reader;

	*r = (struct run){ .reader = reader, .gap_every = gap_every };
	json_reader_reset(r->reader);
	cut_feed(how, in, feed, r);
	return json_end(r->reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json_schema *schema;
	struct run a = { 0 }, b = { 0 };
	struct sv in;
	int whole, cut;

	if (size < 2)
		return 0;
	if (!schema && json_schema_new(&schema, rules, ARRAY_SIZE(rules)))
		abort();
	in = (struct sv){ (const char *)data + 2, size - 2 };
	if (json_reader_new(&a.reader, schema, 1, on_event, &a) ||
	    json_reader_new(&b.reader, schema, 1, on_event, &b))
		abort();
	if (data[1] & 0x80) {
		run(&a, data[0], data[1] & 0x7f, in);
	} else {
		whole = run(&a, 0, 0, in);
		cut = run(&b, data[0], 0, in);
		CHECK(whole == cut);
		if (!whole)
			CHECK(!memcmp(a.trace, b.trace, sizeof(a.trace)));
	}
	json_reader_free(a.reader);
	json_reader_free(b.reader);
	return 0;
}
