// SPDX-License-Identifier: Apache-2.0
/* Which encrypted connections count as unseen, and the reason each is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/blind.h"
#include "base/buf.h"
#include "facts/fact.h"

#define SEC    1000000000ull
#define SOCKET (1ull << 63)
#define TGID   100u
#define START  7u

struct world {
	struct facts *facts;
	struct blinds *b;
};

static bool wanted(void *ctx, struct sv host)
{
	(void)ctx;
	return !sv_eq(host, SV("elsewhere"));
}

static int setup(void **state)
{
	static struct world w;
	struct blinds_opts o = { .wanted = wanted };

	assert_int_equal(facts_new(&w.facts), 0);
	o.facts = w.facts;
	assert_int_equal(blinds_new(&w.b, &o), 0);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	blinds_free(w->b);
	facts_free(w->facts);
	return 0;
}

static void lib(struct world *w, uint32_t id, enum es_lib_state lib_state, const char *stack)
{
	struct buf b;

	buf_init(&b, 0);
	fact_begin(&b, ES_FACT_LIB, 1, TGID, START);
	fact_add_u32(&b, ES_FIELD_LIB_ID, id);
	fact_add_u32(&b, ES_FIELD_LIB_STATE, lib_state);
	fact_add(&b, ES_FIELD_LIB_PATH, SV("/lib/x"));
	fact_add(&b, ES_FIELD_LIB_STACK, sv_of(stack));
	assert_int_equal(fact_end(&b), 0);
	assert_int_equal(facts_record(w->facts, (const struct es_head *)(const void *)b.p), 0);
	buf_done(&b);
}

static struct blind_conn conn(uint64_t inode, uint64_t time)
{
	return (struct blind_conn){ .tgid = TGID,
				    .proc_start = START,
				    .object = SOCKET | inode,
				    .birth = time,
				    .time = time,
				    .family = 2,
				    .port = 443,
				    .addr = { 10, 0, 0, 1 } };
}

static void talk(struct world *w, uint64_t inode, uint64_t time, const char *host)
{
	struct blind_conn c = conn(inode, time);

	blinds_hello(w->b, &c, sv_of(host));
	blinds_sealed(w->b, &c, false);
}

static void plain(struct world *w, uint32_t tgid, uint64_t object, uint64_t inode, uint64_t time)
{
	const struct blind_plain p = { .tgid = tgid,
				       .proc_start = START,
				       .object = object,
				       .birth = time,
				       .inode = inode,
				       .time = time };

	blinds_plain(w->b, &p);
}

static const struct blind *only(struct world *w, enum blind_why why)
{
	const struct blind *b = blinds_at(w->b, 0);

	assert_non_null(b);
	assert_null(blinds_at(w->b, 1));
	assert_int_equal(b->why, why);
	return b;
}

static void test_unknown(void **state)
{
	struct world *w = *state;
	const uint64_t passed[2] = { 900, 800 };
	const struct blind *b;
	char peer[80];

	talk(w, 5, SEC, "api.example");
	blinds_tick(w->b, 3 * SEC);
	assert_null(blinds_at(w->b, 0)); /* plaintext may yet come */
	blinds_tick(w->b, 5 * SEC);
	b = only(w, BLIND_STACK_UNKNOWN);
	assert_string_equal(b->host, "api.example");
	blind_peer(b, peer, sizeof(peer));
	assert_string_equal(peer, "10.0.0.1:443");
	blinds_bytes(w->b, TGID, SOCKET | 5, SEC, passed);
	assert_int_equal(b->bytes[0], 900);
	blinds_stop(w->b);
	assert_null(blinds_at(w->b, 1));
}

/* A handshake alone, an unwanted host, and what was read are not blind; the host counts. */
static void test_not_blind(void **state)
{
	struct world *w = *state;
	struct blind_conn c = conn(4, SEC);

	blinds_hello(w->b, &c, SV("api.example"));
	talk(w, 5, SEC, "elsewhere");
	talk(w, 6, SEC, "api.example");
	plain(w, TGID, 0x7000, 6, SEC);
	blinds_stop(w->b);
	assert_null(blinds_at(w->b, 0));
	assert_int_equal(blinds_others(w->b), 1);
}

/* Streams that do not show their socket explain one connection each, later than its hello. */
static void test_without_sockets(void **state)
{
	struct world *w = *state;

	plain(w, TGID, 0x6000, 0, SEC / 2); /* before all of them */
	talk(w, 5, SEC, "a.example");
	plain(w, TGID, 0x7000, 0, SEC + 1);
	plain(w, TGID + 1, 0x7100, 0, SEC + 1); /* another process */
	talk(w, 6, 2 * SEC, "b.example");
	blinds_stop(w->b);
	assert_string_equal(only(w, BLIND_STACK_UNKNOWN)->host, "b.example");
}

/* One address, used for one connection after the other, explains them all. */
static void test_reused(void **state)
{
	struct world *w = *state;

	for (uint64_t i = 1; i <= 5; i++) {
		talk(w, i, i * SEC / 10, "a.example");
		plain(w, TGID, 0x7000, 0, i * SEC / 10 + 1);
	}
	blinds_stop(w->b);
	assert_null(blinds_at(w->b, 0));
}

static void test_reasons(void **state)
{
	static const struct {
		enum es_lib_state state;
		enum blind_why why;
	} rows[] = { { ES_LIB_READ, BLIND_SILENT },
		     { ES_LIB_NO_FILE, BLIND_NO_FILE },
		     { ES_LIB_DETACHED, BLIND_REFUSED },
		     { ES_LIB_REFUSED, BLIND_REFUSED },
		     { ES_LIB_FAILED, BLIND_ATTACH } };
	struct world *w = *state;

	/* Each says more than the ones before it. */
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct blind *b;

		lib(w, i + 1, rows[i].state, "stack");
		talk(w, 10 + i, SEC, "a.example");
		blinds_stop(w->b);
		b = blinds_at(w->b, i);
		assert_non_null(b);
		assert_int_equal(b->why, rows[i].why);
		assert_non_null(strstr(b->detail, "stack in /lib/x"));
	}
}

/* A library that gave plaintext of other connections is not silent. */
static void test_not_silent(void **state)
{
	struct world *w = *state;

	lib(w, 1, ES_LIB_READ, "openssl");
	facts_data(w->facts, 1, 0, 10);
	talk(w, 5, SEC, "a.example");
	blinds_stop(w->b);
	only(w, BLIND_STACK_UNKNOWN);
}

/* Unwanted hosts are counted, each connection once, when nothing explains it. */
static void test_others(void **state)
{
	const uint64_t passed[2] = { 900, 800 };
	struct world *w = *state;

	for (uint64_t i = 1; i <= 7; i++)
		talk(w, i, SEC, "elsewhere");
	plain(w, TGID, 0x7000, 3, SEC);
	blinds_bytes(w->b, TGID, SOCKET | 4, SEC, passed); /* closed before it is judged */
	blinds_tick(w->b, 3 * SEC);
	assert_int_equal(blinds_others(w->b), 0);
	blinds_tick(w->b, 5 * SEC);
	blinds_stop(w->b);
	assert_int_equal(blinds_others(w->b), 6);
	assert_null(blinds_at(w->b, 0));
}

static void tell(struct world *w, uint16_t type, uint16_t id, uint64_t value, size_t len)
{
	struct buf b;

	buf_init(&b, 0);
	fact_begin(&b, type, 1, TGID, START);
	if (type == ES_FACT_LIB)
		fact_add_u32(&b, ES_FIELD_LIB_ID, 1);
	if (len == 4)
		fact_add_u32(&b, id, (uint32_t)value);
	else
		fact_add_u64(&b, id, value);
	assert_int_equal(fact_end(&b), 0);
	assert_int_equal(facts_record(w->facts, (const struct es_head *)(const void *)b.p), 0);
	buf_done(&b);
}

/* Gone before it was looked at: what was found so far and is silent does not explain it. */
static void test_ended(void **state)
{
	struct world *w = *state;

	lib(w, 1, ES_LIB_READ, "gnutls");
	tell(w, ES_FACT_PROC, ES_FIELD_GONE_EARLY, 1, 4);
	talk(w, 5, SEC, "a.example");
	blinds_stop(w->b);
	assert_string_equal(only(w, BLIND_ENDED)->detail, "");
	assert_string_equal(blind_why_name(BLIND_ENDED), "ended before its probes were in place");
	/* What is known to be unreadable does. */
	lib(w, 2, ES_LIB_REFUSED, "stack");
	talk(w, 6, SEC, "a.example");
	blinds_stop(w->b);
	assert_int_equal(blinds_at(w->b, 1)->why, BLIND_REFUSED);
}

/* Probed behind its data: late, though the library gave bytes since. In time: not. */
static void test_late(void **state)
{
	struct world *w = *state;

	lib(w, 1, ES_LIB_READ, "openssl");
	tell(w, ES_FACT_LIB, ES_FIELD_LIB_SINCE, 2 * SEC, 8);
	talk(w, 5, 2 * SEC, "a.example");
	blinds_stop(w->b);
	assert_int_equal(blinds_at(w->b, 0)->why, BLIND_SILENT);
	facts_data(w->facts, 1, 0, 10);
	talk(w, 6, 2 * SEC - 1, "a.example");
	blinds_stop(w->b);
	assert_int_equal(blinds_at(w->b, 1)->why, BLIND_LATE);
	assert_string_equal(blinds_at(w->b, 1)->detail, "openssl in /lib/x");
}

static void test_quic_and_before(void **state)
{
	struct blind_conn a = conn(5, SEC), b = conn(6, SEC);
	struct world *w = *state;

	lib(w, 1, ES_LIB_READ, "openssl");
	blinds_quic(w->b, &a);
	blinds_sealed(w->b, &b, true);
	blinds_uring(w->b, TGID, START);
	blinds_stop(w->b);
	assert_int_equal(blinds_at(w->b, 0)->why, BLIND_QUIC);
	assert_int_equal(blinds_at(w->b, 1)->why, BLIND_BEFORE);
	assert_true(blinds_at(w->b, 1)->uring);
}

/* More than can be kept is counted. */
static void test_many(void **state)
{
	struct world *w = *state;

	for (uint64_t i = 1; i <= BLIND_OPEN_MAX + 3; i++)
		talk(w, i, SEC, "a.example");
	blinds_stop(w->b);
	assert_non_null(blinds_at(w->b, BLIND_KEPT_MAX - 1));
	assert_null(blinds_at(w->b, BLIND_KEPT_MAX));
	assert_true(blinds_missed(w->b) >= BLIND_OPEN_MAX - BLIND_KEPT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_blind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_sockets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reasons, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quic_and_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
