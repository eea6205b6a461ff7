// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "facts/fact.h"
#include "facts/facts.h"

static void send(struct facts *f, struct buf *b)
{
	assert_int_equal(fact_end(b), 0);
	assert_int_equal(facts_record(f, (const void *)b->p), 0);
}

static void assert_text(struct sv got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.p, want, got.len);
}

static void fork_record(struct facts *f, uint32_t tgid, uint64_t start, uint32_t parent,
			uint64_t parent_start)
{
	struct es_proc r = {
		.head = { .type = ES_REC_FORK, .size = sizeof(r), .time = 5, .tgid = tgid },
		.proc_start = start,
		.parent_tgid = parent,
		.parent_start = parent_start,
		.ns_tgid = tgid + 1000,
		.comm = "agent"
	};

	assert_int_equal(facts_record(f, &r.head), 0);
}

static void test_process_life(void **state)
{
	struct es_proc end = {
		.head = { .type = ES_REC_EXIT, .size = sizeof(end), .time = 99, .tgid = 7 },
		.proc_start = 70,
		.exit_code = 3 << 8
	};
	const struct process *p;
	struct facts *f;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(facts_new(&f), 0);
	assert_null(facts_process(f, 7, 70));
	fork_record(f, 7, 70, 0, 0);
	fact_begin(&b, ES_FACT_PROC, 6, 7, 70);
	fact_add(&b, ES_FIELD_EXE, SV("/usr/bin/agent"));
	fact_add(&b, ES_FIELD_ARGV, (struct sv){ "agent\0-x", 9 });
	fact_add_u32(&b, ES_FIELD_UID, 1000);
	fact_add(&b, 999, SV("a field of a later version"));
	send(f, &b);
	p = facts_process(f, 7, 70);
	assert_non_null(p);
	assert_text(p->exe, "/usr/bin/agent");
	assert_text(p->comm, "agent");
	assert_int_equal(p->argv.len, 9);
	assert_true(p->uid_known);
	assert_int_equal(p->uid, 1000);
	assert_int_equal(p->ns_tgid, 1007);

	/* A child begins as its parent; another start is another process. */
	fork_record(f, 8, 80, 7, 70);
	p = facts_process(f, 8, 80);
	assert_text(p->exe, "/usr/bin/agent");
	assert_int_equal(p->parent_tgid, 7);
	assert_null(facts_process(f, 8, 81));

	assert_int_equal(facts_record(f, &end.head), 0);
	p = facts_process(f, 7, 70);
	assert_int_equal(p->exit_time, 99);
	assert_int_equal(p->exit_code, 3 << 8);
	facts_free(f);
	buf_done(&b);
}

static void test_machine_losses_and_libraries(void **state)
{
	struct {
		struct es_loss head;
		uint64_t pairs[ES_STAT_COUNT + 4][2];
	} loss = { .head = { .head = { .type = ES_FACT_LOSS, .size = sizeof(loss) },
			     .count = ES_STAT_COUNT + 4 } };
	struct facts *f;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(facts_new(&f), 0);
	fact_begin(&b, ES_FACT_BOOT, 1, 0, 0);
	fact_add(&b, ES_FIELD_BOOT_ID, SV("b-o-o-t"));
	fact_add(&b, ES_FIELD_HOST_NAME, SV("host"));
	fact_add_u64(&b, ES_FIELD_WALL_OFFSET, 12345);
	send(f, &b);
	assert_text(facts_machine(f)->boot_id, "b-o-o-t");
	assert_int_equal(facts_machine(f)->wall_offset, 12345);

	/* A later version counts more causes: the known ones are taken. */
	loss.pairs[ES_K_RING_FULL][0] = 2;
	loss.pairs[ES_K_RING_FULL][1] = 300;
	assert_int_equal(facts_record(f, &loss.head.head), 0);
	assert_int_equal(facts_loss(f)[ES_K_RING_FULL].bytes, 300);

	fact_begin(&b, ES_FACT_LIB, 1, 7, 70);
	fact_add(&b, ES_FIELD_LIB_STACK, SV("openssl"));
	fact_add(&b, ES_FIELD_LIB_ERROR, SV("no"));
	send(f, &b);
	assert_text(facts_lib(f, 0)->error, "no");
	assert_null(facts_lib(f, 1));
	facts_free(f);
	buf_done(&b);
}

/* Facts of a foreign recording: each cut and each wrong length is refused or harmless. */
static void test_broken_facts(void **state)
{
	struct facts *f;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(facts_new(&f), 0);
	fact_begin(&b, ES_FACT_PROC, 1, 7, 70);
	fact_add(&b, ES_FIELD_EXE, SV("/usr/bin/agent"));
	fact_add_u32(&b, ES_FIELD_UID, 5);
	assert_int_equal(fact_end(&b), 0);
	for (size_t len = sizeof(struct es_head); len < b.len; len++) {
		char *copy = malloc(len);
		uint32_t size = (uint32_t)len;

		assert_non_null(copy);
		memcpy(copy, b.p, len);
		memcpy(copy + offsetof(struct es_head, size), &size, 4);
		if (len % 8 || len < sizeof(struct es_fact))
			assert_int_equal(facts_record(f, (const void *)copy), -EBADMSG);
		else
			facts_record(f, (const void *)copy);
		free(copy);
	}
	facts_free(f);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_life),
		cmocka_unit_test(test_machine_losses_and_libraries),
		cmocka_unit_test(test_broken_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
