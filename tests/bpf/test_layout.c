// SPDX-License-Identifier: Apache-2.0
/*
 * Every struct that kernel and daemon share, compared member by member: what clang made of
 * it for BPF (read from the object's BTF) against what this compiler makes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <bpf/btf.h>
#include <linux/types.h>
#include <sys/cdefs.h>

#include "earshot/abi.h"
#include "earshot/state.h"
#include "frame.h"

#define MEMBERS(X)                  \
	X(es_head, type)            \
	X(es_head, flags)           \
	X(es_head, size)            \
	X(es_head, time)            \
	X(es_head, tgid)            \
	X(es_head, tid)             \
	X(es_stream, proc_start)    \
	X(es_stream, object)        \
	X(es_stream, birth)         \
	X(es_data, stream)          \
	X(es_data, offset)          \
	X(es_data, missing)         \
	X(es_data, call_len)        \
	X(es_data, len)             \
	X(es_data, dir)             \
	X(es_data, source)          \
	X(es_data, chunk)           \
	X(es_close, passed)         \
	X(es_close, lost)           \
	X(es_close, ignored)        \
	X(es_close, tail)           \
	X(es_close, socket)         \
	X(stream_val, sock)         \
	X(es_aead, proc_start)      \
	X(es_aead, key)             \
	X(es_aead, lost_bytes)      \
	X(es_aead, lost_records)    \
	X(es_aead, record_len)      \
	X(es_aead, len)             \
	X(es_aead, library)         \
	X(es_aead, nonce)           \
	X(es_aead, ad)              \
	X(es_aead, ad_len)          \
	X(es_aead, dir)             \
	X(es_aead, type)            \
	X(es_aead, inner)           \
	X(aead_key, key)            \
	X(aead_key, tgid)           \
	X(aead_key, dir)            \
	X(aead_lost, bytes)         \
	X(aead_lost, records)       \
	X(aead_lost, proc_start)    \
	X(es_peer, fd)              \
	X(es_peer, family)          \
	X(es_peer, remote_port)     \
	X(es_peer, local_port)      \
	X(es_peer, remote)          \
	X(es_peer, local)           \
	X(es_proc, proc_start)      \
	X(es_proc, parent_start)    \
	X(es_proc, parent_tgid)     \
	X(es_proc, ns_tgid)         \
	X(es_proc, exit_code)       \
	X(es_proc, exec_count)      \
	X(es_proc, comm)            \
	X(proc_val, start)          \
	X(proc_val, execs)          \
	X(proc_val, ns_tgid)        \
	X(stream_key, object)       \
	X(stream_key, tgid)         \
	X(stream_key, execs)        \
	X(stream_val, proc_start)   \
	X(stream_val, birth)        \
	X(stream_val, passed)       \
	X(stream_val, lost)         \
	X(stream_val, ignored)      \
	X(stream_val, tail)         \
	X(stream_val, flags)        \
	X(stream_val, fd)           \
	X(verdict_val, birth)       \
	X(verdict_val, verdict)     \
	X(stat_val, events)         \
	X(stat_val, bytes)          \
	X(control_val, parent_tgid) \
	X(control_val, verdicts)    \
	X(thread, depth)            \
	X(thread, frames)

static const struct {
	const char *type, *member;
	size_t size, offset;
} rows[] = {
#define X(type, member) { #type, #member, sizeof(struct type), offsetof(struct type, member) },
	MEMBERS(X)
#undef X
};

static void test_members(void **state)
{
	const char *path = getenv("EARSHOT_BPF_OBJECT");
	struct btf *btf = btf__parse(path ? path : ".output/bpftest/layout.bpf.o", NULL);

	(void)state;
	assert_non_null(btf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int id = btf__find_by_name_kind(btf, rows[i].type, BTF_KIND_STRUCT);
		const struct btf_type *t;
		const struct btf_member *m;
		int hit = 0;

		if (id <= 0)
			fail_msg("struct %s is not in the BPF object", rows[i].type);
		t = btf__type_by_id(btf, (__u32)id);
		assert_int_equal(t->size, rows[i].size);
		m = btf_members(t);
		for (int k = 0; k < btf_vlen(t); k++) {
			if (strcmp(btf__name_by_offset(btf, m[k].name_off), rows[i].member))
				continue;
			hit = 1;
			if (btf_member_bit_offset(t, (__u32)k) != rows[i].offset * 8)
				fail_msg("%s.%s: BPF has it at bit %u, we at byte %zu",
					 rows[i].type, rows[i].member,
					 btf_member_bit_offset(t, (__u32)k), rows[i].offset);
		}
		if (!hit)
			fail_msg("%s.%s is not in the BPF object", rows[i].type, rows[i].member);
	}
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_members) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
