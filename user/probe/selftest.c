// SPDX-License-Identifier: Apache-2.0
#include "probe/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>

#include "probe/uprobe.h"

#define TARGET_CALLS 3

/* The probed function: its own address, never inlined, never folded with another. */
int earshot_selftest_target(int x);

__attribute__((noinline)) int earshot_selftest_target(int x)
{
	__asm__ volatile("" : "+r"(x) : : "memory");
	return x + 1;
}

/* Only what the child itself needs; all else ends the process, as a sandbox would. */
static int filter_self(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) ? -errno : 0;
}

static void __attribute__((noreturn)) child(int go)
{
	char byte;
	int n = 0;

	if (read(go, &byte, 1) != 1 || filter_self())
		_exit(3);
	for (int i = 0; i < TARGET_CALLS; i++)
		n = earshot_selftest_target(n);
	syscall(SYS_exit_group, n == TARGET_CALLS ? 0 : 4);
	__builtin_unreachable();
}

/* A program that adds 1 to word which of the map's one value. */
static int counting_prog(int map, uint32_t which, bool multi)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type =
			    (enum bpf_attach_type)(multi ? ATTACH_UPROBE_MULTI : 0));
	const struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_VALUE,
		  .imm = map },
		{ .imm = (int32_t)(which * sizeof(uint64_t)) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 1 },
		{ .code = BPF_STX | BPF_DW | BPF_XADD, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, ARRAY_SIZE(insns), &opts);

	return fd < 0 ? -errno : fd;
}

/* File offset of the target function in our own executable. */
static int target_offset(uint64_t *ret)
{
	uint64_t addr = (uint64_t)(uintptr_t)earshot_selftest_target;
	unsigned long start, end, offset;
	char line[512], perms[8];
	int err = -ENOENT;
	FILE *f = fopen("/proc/self/maps", "re");

	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %7s %lx", &start, &end, perms, &offset) == 4 &&
		    addr >= start && addr < end) {
			*ret = addr - start + offset;
			err = 0;
		}
	}
	fclose(f);
	return err;
}

static int attach(int prog, pid_t pid, uint64_t offset, bool is_return, bool multi)
{
	int fd;

	if (multi)
		return uprobe_multi_open(prog, pid, "/proc/self/exe", &offset, NULL, 1, is_return);
	fd = uprobe_perf_open(pid, "/proc/self/exe", offset, is_return);

	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int outcome(int map, int status, char *detail, size_t len)
{
	uint64_t hits[2] = { 0, 0 };
	uint32_t first = 0;

	if (WIFSIGNALED(status)) {
		snprintf(detail, len, "a filtered child died of signal %d", WTERMSIG(status));
		return -EFAULT;
	}
	if (WEXITSTATUS(status) == 3) {
		snprintf(detail, len, "the child could not filter itself");
		return -EPERM;
	}
	bpf_map_lookup_elem(map, &first, hits);
	snprintf(detail, len, "filtered child lived: %llu entries, %llu returns",
		 (unsigned long long)hits[0], (unsigned long long)hits[1]);
	if (WEXITSTATUS(status) || hits[0] != TARGET_CALLS || hits[1] != TARGET_CALLS)
		return -ENODATA;
	return 0;
}

static int run_child(int map, uint64_t offset, bool multi, int *kept, size_t cap,
		     size_t *kept_count, char *detail, size_t detail_len)
{
	int progs[2] = { counting_prog(map, 0, multi), counting_prog(map, 1, multi) };
	int go[2], status, err = progs[0] < 0 ? progs[0] : progs[1] < 0 ? progs[1] : 0;
	pid_t pid;

	if (err)
		return err;
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(go[1]); /* else it would wait for itself */
		child(go[0]);
	}
	for (int i = 0; i < 2 && pid > 0 && !err; i++) {
		int fd = attach(progs[i], pid, offset, i == 1, multi);

		if (fd < 0)
			err = fd;
		else if (*kept_count < cap)
			kept[(*kept_count)++] = fd;
	}
	if (pid < 0 || (!err && write(go[1], "g", 1) != 1))
		err = -errno;
	close(go[0]);
	close(go[1]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !err)
		err = outcome(map, status, detail, detail_len);
	close(progs[0]);
	close(progs[1]);
	return err;
}

int selftest_return_probe(int *kept, size_t cap, size_t *kept_count, char *detail,
			  size_t detail_len)
{
	uint64_t offset;
	int map, err = target_offset(&offset);

	if (err)
		return err;
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "es_selftest", sizeof(uint32_t),
			     2 * sizeof(uint64_t), 1, NULL);
	if (map < 0)
		return -errno;
	err = run_child(map, offset, false, kept, cap, kept_count, detail, detail_len);
	/* perf events of this kind take CAP_SYS_ADMIN; links do not. */
	if (err == -EACCES || err == -EPERM)
		err = run_child(map, offset, true, kept, cap, kept_count, detail, detail_len);
	close(map);
	return err;
}
