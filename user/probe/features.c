// SPDX-License-Identifier: Apache-2.0
#include "probe/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/bpf.h>

#include "probe/mapwatch.h"
#include "probe/selftest.h"
#include "probe/uprobe.h"

static int try_btf(struct features *fs, struct feature_result *r)
{
	(void)fs;
	(void)r;
	return access("/sys/kernel/btf/vmlinux", R_OK) ? -errno : 0;
}

static int load_nothing(uint32_t attach_type)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = (enum bpf_attach_type)attach_type);
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, 2, &opts);

	return fd < 0 ? -errno : fd;
}

static int try_bpf(struct features *fs, struct feature_result *r)
{
	int fd = load_nothing(0);

	(void)fs;
	(void)r;
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int try_ringbuf(struct features *fs, struct feature_result *r)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, NULL, 0, 0, 4096, NULL);

	(void)fs;
	(void)r;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int try_uprobe(struct features *fs, struct feature_result *r)
{
	int type = uprobe_perf_type();

	(void)fs;
	(void)r;
	return type < 0 ? type : 0;
}

/*
 * A kernel that knows such links refuses a path that is no file with EBADF; an older one takes
 * the call for another kind of link and says EINVAL. Linux 6.6 to 6.10 filtered by thread, not by
 * process: a kernel with the right filter refuses pid -1 as invalid before it looks at the path.
 */
static int try_uprobe_multi(struct features *fs, struct feature_result *r)
{
	const uint64_t offset = 0;
	int prog = load_nothing(ATTACH_UPROBE_MULTI), known, link;

	(void)fs;
	if (prog < 0)
		return prog;
	known = uprobe_multi_open(prog, getpid(), "/", &offset, NULL, 1, false);
	if (known != -EBADF) {
		close(prog);
		if (known >= 0)
			close(known);
		return known < 0 ? known : -EBADF;
	}
	link = uprobe_multi_open(prog, -1, "/", &offset, NULL, 1, false);
	close(prog);
	if (link >= 0)
		close(link);
	if (link == -EINVAL)
		return 0;
	snprintf(r->detail, sizeof(r->detail), "pid filter by thread only");
	return link < 0 && link != -EBADF ? link : -EBADF;
}

static int try_helper(enum bpf_func_id helper)
{
	int got = libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, helper, NULL);

	return got == 1 ? 0 : got ? got : -EOPNOTSUPP;
}

/* bpf-helpers(7). */
static int try_cookies(struct features *fs, struct feature_result *r)
{
	(void)fs;
	(void)r;
	return try_helper(BPF_FUNC_get_attach_cookie);
}

static int try_loop(struct features *fs, struct feature_result *r)
{
	(void)fs;
	(void)r;
	return try_helper(BPF_FUNC_loop);
}

static int try_uretprobe(struct features *fs, struct feature_result *r)
{
	return selftest_return_probe(fs->kept, ARRAY_SIZE(fs->kept), &fs->kept_count, r->detail,
				     sizeof(r->detail));
}

static int try_map_events(struct features *fs, struct feature_result *r)
{
	struct mapwatch *w;
	int err = mapwatch_new(&w, getpid());

	(void)fs;
	(void)r;
	if (!err)
		mapwatch_free(w);
	return err;
}

static int try_map_files(struct features *fs, struct feature_result *r)
{
	unsigned long start, end;
	char path[96];
	FILE *f = fopen("/proc/self/maps", "re");
	int fd, got;

	(void)fs;
	(void)r;
	if (!f)
		return -errno;
	got = fscanf(f, "%lx-%lx", &start, &end);
	fclose(f);
	if (got != 2)
		return -EIO;
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", start, end);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int try_sockets(struct features *fs, struct feature_result *r)
{
	int id;

	(void)fs;
	(void)r;
	libbpf_set_print(NULL); /* "not there" is an answer */
	id = libbpf_find_vmlinux_btf_id("sock_send_length", BPF_TRACE_RAW_TP);
	return id > 0 ? 0 : id < 0 ? id : -ENOENT;
}

static const struct {
	struct feature_info info;
	int (*probe)(struct features *fs, struct feature_result *r);
} table[FEATURE_COUNT] = {
	[FEATURE_BTF] = { { "btf", "types of the running kernel (5.2, CONFIG_DEBUG_INFO_BTF)", true,
			    "use a kernel built with CONFIG_DEBUG_INFO_BTF=y" },
			  try_btf },
	[FEATURE_BPF] = { { "bpf", "load BPF programs (CAP_BPF and CAP_PERFMON, or root)", true,
			    "run as root, or give CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, "
			    "CAP_DAC_READ_SEARCH and CAP_CHECKPOINT_RESTORE" },
			  try_bpf },
	[FEATURE_RINGBUF] = { { "ringbuf", "BPF ring buffer (5.8)", true,
				"use Linux 5.8 or newer" },
			      try_ringbuf },
	[FEATURE_UPROBE] = { { "uprobe", "probes in user code (4.17, CONFIG_UPROBE_EVENTS)", true,
			       "use a kernel built with CONFIG_UPROBE_EVENTS=y" },
			     try_uprobe },
	[FEATURE_UPROBE_MULTI] = { { "uprobe_multi",
				     "many probes in one link, filtered by process (6.6, fixed "
				     "6.11)",
				     false,
				     "without it each probe is attached on its own: slower" },
				   try_uprobe_multi },
	[FEATURE_COOKIES] = { { "cookies", "probes know what they are part of (5.15)", false,
				"without it libraries are not told apart, and Go is not read" },
			      try_cookies },
	[FEATURE_LOOP] = { { "loop", "loops that are verified once (5.17)", false,
			     "without it starting takes some tenths of a second longer" },
			   try_loop },
	[FEATURE_URETPROBE] = { { "uretprobe",
				  "return probes spare a seccomp-filtered target (self-test)",
				  false,
				  "without it every return instruction is probed: safe and slow" },
				try_uretprobe },
	[FEATURE_MAP_EVENTS] = { { "map_events", "executable mappings of a process tree are told",
				   false, "without it a library loaded late is found late" },
				 try_map_events },
	[FEATURE_MAP_FILES] = { { "map_files",
				  "open the very file a process maps (CAP_CHECKPOINT_RESTORE, 5.9)",
				  false, "without it replaced and deleted libraries are not read" },
				try_map_files },
	[FEATURE_SOCKETS] = { { "sockets", "tracepoints of what sockets send and receive (6.3)",
				false,
				"without them every system call of the host costs some "
				"nanoseconds while a process is watched" },
			      try_sockets },
};

const struct feature_info *feature_info(enum feature f)
{
	return &table[f].info;
}

bool feature_has(struct features *fs, enum feature f)
{
	struct feature_result *r = &fs->result[f];

	if (r->state == FEATURE_UNTRIED) {
		r->error = table[f].probe(fs, r);
		r->state = r->error ? FEATURE_NO : FEATURE_YES;
	}
	return r->state == FEATURE_YES;
}

void features_done(struct features *fs)
{
	for (size_t i = 0; i < fs->kept_count; i++)
		close(fs->kept[i]);
	fs->kept_count = 0;
}
