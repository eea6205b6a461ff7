// SPDX-License-Identifier: Apache-2.0
/*
 * Every case of tests/wire becomes a span, with content, which the checker of the conventions
 * passes with its warnings as errors.
 */
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dialect/wire.h"
#include "otlp/otlp.h"
#include "semconv/span.h"

#define SPANS ".output/wire/spans.jsonl"

struct sink {
	FILE *file;
	struct otlp_batch *batch;
	size_t spans;
	int64_t number; /* every case is an exchange of its own */
};

static void flush(struct sink *s)
{
	struct buf line;

	buf_init(&line, 0);
	assert_int_equal(otlp_batch_encode(s->batch, OTLP_JSON, &line), 0);
	fwrite(line.p, 1, line.len, s->file);
	buf_done(&line);
	otlp_batch_reset(s->batch);
}

static void on_call(struct play_wire *w, const struct call *c)
{
	static const struct machine m = { .wall_offset = 1790000000ull * SEC };
	struct sink *s = w->ctx;
	struct resource r;
	struct span span;
	struct arena a;
	int err;

	/* A model that nobody named cannot be told; the convention wants one all the same. */
	if (!c->req.model.len && c->op <= CALL_GENERATE_CONTENT)
		return;
	arena_init(&a, 64 << 20);
	assert_int_equal(span_of_call(&span, c, &m, &a), 0);
	memcpy(span.trace_id, &s->number, sizeof(s->number));
	s->number++;
	assert_int_equal(resource_of_process(&r, NULL, c->id.tgid, &m, c->user_agent, &a), 0);
	err = otlp_batch_add(s->batch, &r, &span);
	if (err) {
		flush(s);
		err = otlp_batch_add(s->batch, &r, &span);
	}
	assert_int_equal(err, 0);
	s->spans++;
	arena_done(&a);
}

static void test_spans_pass(void **state)
{
	struct sv all = wire_read(), rest = all;
	static struct play_wire w;
	struct sink s = { .file = fopen(SPANS, "w"), .number = 1 };
	char command[256];

	(void)state;
	assert_non_null(s.file);
	assert_int_equal(otlp_batch_new(&s.batch, "0"), 0);
	wire_init(&w, true, on_call);
	w.ctx = &s;
	while (rest.len) {
		struct wire_case c = wire_next(&rest);

		wire_play(&w, &c, 0);
	}
	flush(&s);
	wire_done(&w);
	otlp_batch_free(s.batch);
	fclose(s.file);
	free((char *)all.p);
	assert_true(s.spans > 700);
	snprintf(command, sizeof(command),
		 "python3 tests/semconv/check.py --strict --quiet --require-spans %zu %s", s.spans,
		 SPANS);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
