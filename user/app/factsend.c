// SPDX-License-Identifier: Apache-2.0
#include "app/factsend.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "facts/fact.h"
#include "host/procfs.h"

static int send_fact(struct chan *out, struct buf *b)
{
	int err = fact_end(b);

	if (!err)
		err = chan_send_wait(out, buf_sv(b));
	buf_done(b);
	return err;
}

static void add_file(struct buf *b, uint16_t id, const char *path)
{
	char text[128];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n > 0) {
		text[n] = '\0';
		fact_add(b, id, (struct sv){ text, strcspn(text, "\n") });
	}
}

static uint64_t wall_offset(void)
{
	return clock_ns(CLOCK_REALTIME) - clock_mono();
}

int fact_send_boot(struct chan *out)
{
	struct utsname un;
	struct buf b;

	if (uname(&un))
		return -errno;
	buf_init(&b, 0);
	fact_begin(&b, ES_FACT_BOOT, clock_mono(), 0, 0);
	add_file(&b, ES_FIELD_BOOT_ID, "/proc/sys/kernel/random/boot_id");
	add_file(&b, ES_FIELD_MACHINE_ID, "/etc/machine-id");
	fact_add(&b, ES_FIELD_HOST_NAME, sv_of(un.nodename));
	fact_add(&b, ES_FIELD_HOST_ARCH,
		 strcmp(un.machine, "x86_64") == 0    ? SV("amd64")
		 : strcmp(un.machine, "aarch64") == 0 ? SV("arm64")
						      : sv_of(un.machine));
	fact_add(&b, ES_FIELD_OS_RELEASE, sv_of(un.release));
	fact_add(&b, ES_FIELD_EARSHOT_VERSION, SV(EARSHOT_VERSION));
	fact_add_u64(&b, ES_FIELD_WALL_OFFSET, wall_offset());
	fact_add_u64(&b, ES_FIELD_BOOT_OFFSET, clock_ns(CLOCK_BOOTTIME) - clock_mono());
	return send_fact(out, &b);
}

static void add_owner(struct buf *b, int pid)
{
	struct passwd pw, *hit = NULL;
	char text[1024];
	uint32_t uid;

	if (proc_uid(pid, &uid))
		return;
	fact_add_u32(b, ES_FIELD_UID, uid);
	if (getpwuid_r(uid, &pw, text, sizeof(text), &hit) == 0 && hit)
		fact_add(b, ES_FIELD_OWNER, sv_of(pw.pw_name));
}

int fact_send_proc(struct chan *out, uint32_t tgid, uint64_t start, int pid)
{
	struct buf b, text, service, resource;
	char exe[4096];

	buf_init(&b, 0);
	buf_init(&text, PROC_TEXT_MAX + 1);
	buf_init(&service, FACT_VALUE_MAX);
	buf_init(&resource, FACT_VALUE_MAX);
	fact_begin(&b, ES_FACT_PROC, clock_mono(), tgid, start);
	fact_add_u32(&b, ES_FIELD_NS_TGID, (uint32_t)pid);
	if (proc_exe(pid, exe, sizeof(exe)) == 0)
		fact_add(&b, ES_FIELD_EXE, sv_of(exe));
	if (proc_read(pid, "cmdline", &text) == 0)
		fact_add(&b, ES_FIELD_ARGV, buf_sv(&text));
	buf_reset(&text);
	if (proc_cgroup(pid, &text) == 0)
		fact_add(&b, ES_FIELD_CGROUP, buf_sv(&text));
	if (proc_environ2(pid, "OTEL_SERVICE_NAME", &service, "OTEL_RESOURCE_ATTRIBUTES",
			  &resource) == 0) {
		fact_add(&b, ES_FIELD_PROC_SERVICE, buf_sv(&service));
		fact_add(&b, ES_FIELD_PROC_RESOURCE, buf_sv(&resource));
	}
	add_owner(&b, pid);
	buf_done(&text);
	buf_done(&service);
	buf_done(&resource);
	return send_fact(out, &b);
}

int fact_send_gone_early(struct chan *out, uint32_t tgid, uint64_t start)
{
	struct buf b;

	buf_init(&b, 0);
	fact_begin(&b, ES_FACT_PROC, clock_mono(), tgid, start);
	fact_add_u32(&b, ES_FIELD_GONE_EARLY, 1);
	return send_fact(out, &b);
}

int fact_send_lib(struct chan *out, const struct lib_said *l)
{
	const struct tls_verdict *v = l->file->verdict;
	struct buf b;

	buf_init(&b, 0);
	fact_begin(&b, ES_FACT_LIB, clock_mono(), l->tgid, l->start);
	/* First: it tells whether this is news of a library already known. */
	fact_add_u32(&b, ES_FIELD_LIB_ID, l->library);
	fact_add_u32(&b, ES_FIELD_NS_TGID, (uint32_t)l->pid);
	fact_add_u32(&b, ES_FIELD_LIB_STATE, l->state);
	fact_add(&b, ES_FIELD_LIB_PATH, sv_of(l->file->path));
	if (v)
		fact_add(&b, ES_FIELD_LIB_BUILD_ID,
			 (struct sv){ (const char *)v->build_id, v->build_id_len });
	fact_add(&b, ES_FIELD_LIB_STACK, sv_of(l->stack->name));
	fact_add(&b, ES_FIELD_LIB_FOUND, sv_of(tls_found_name(l->stack->found)));
	fact_add(&b, ES_FIELD_LIB_HOW, sv_trim(sv_of(l->stack->how)));
	fact_add(&b, ES_FIELD_LIB_ERROR, sv_of(l->error));
	if (l->since)
		fact_add_u64(&b, ES_FIELD_LIB_SINCE, l->since);
	return send_fact(out, &b);
}

int fact_send_loss(struct chan *out, const struct stat_pair stats[ES_STAT_COUNT])
{
	struct {
		struct es_loss head;
		struct stat_pair stats[ES_STAT_COUNT];
	} r = { .head = { .head = { .type = ES_FACT_LOSS, .size = sizeof(r), .time = clock_mono() },
			  .count = ES_STAT_COUNT } };

	memcpy(r.stats, stats, sizeof(r.stats));
	return chan_send_wait(out, (struct sv){ (const char *)&r, sizeof(r) });
}

int fact_send_settle(void *ctx, const struct es_close *rec)
{
	return chan_send_wait(ctx, (struct sv){ (const char *)rec, sizeof(*rec) });
}

int fact_send_clock(struct chan *out, uint64_t *last)
{
	uint64_t now = wall_offset();
	struct es_clock r = {
		.head = { .type = ES_FACT_CLOCK, .size = sizeof(r), .time = clock_mono() },
		.wall_offset = now,
		.boot_offset = clock_ns(CLOCK_BOOTTIME) - clock_mono()
	};

	if (now - *last < NS_PER_MS || *last - now < NS_PER_MS)
		return 0;
	*last = now;
	return chan_send_wait(out, (struct sv){ (const char *)&r, sizeof(r) });
}
