// SPDX-License-Identifier: Apache-2.0
#include "probe/loader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "earshot/state.h"
#include "probe/uprobe.h"
#include "earshot.skel.h"

#define LOG_MAX (256u << 10)

struct loader {
	struct earshot_bpf *skel;
	int progs[TLS_PROG_COUNT];
	bool points;
	struct bpf_link *links[3];
};

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* The last line of the verifier's log that says something. */
static void last_words(const char *log, char *error)
{
	const char *line = log, *best = "";

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (len && strncmp(line, "processed ", 10) && strncmp(line, "-- ", 3))
			best = line;
		line += len + (line[len] == '\n');
	}
	snprintf(error, LOADER_ERROR_MAX, "%.*s", (int)strcspn(best, "\n"), best);
}

static struct bpf_program *program(struct earshot_bpf *s, enum tls_prog p)
{
	struct bpf_program *progs[TLS_PROG_COUNT] = {
		[TLS_READ] = s->progs.es_read,
		[TLS_WRITE] = s->progs.es_write,
		[TLS_READ_EX] = s->progs.es_read_ex,
		[TLS_WRITE_EX] = s->progs.es_write_ex,
		[TLS_WRITE_EX2] = s->progs.es_write_ex2,
		[TLS_SET_FD] = s->progs.es_set_fd,
		[TLS_READ_SZ] = s->progs.es_read_sz,
		[TLS_WRITE_SZ] = s->progs.es_write_sz,
		[TLS_FREE] = s->progs.es_free,
		[TLS_SEALED] = s->progs.es_sealed,
		[TLS_AEAD_OPENED] = s->progs.es_aead_opened,
		[TLS_AEAD_DONE] = s->progs.es_aead_done,
		[TLS_AEAD_SEAL] = s->progs.es_aead_seal,
		[TLS_AEAD_SEAL_SCATTER] = s->progs.es_aead_seal_scatter,
		[TLS_AEAD_OPEN] = s->progs.es_aead_open,
		[TLS_AEAD_OPEN_GATHER] = s->progs.es_aead_open_gather,
		[TLS_RING_SEAL] = s->progs.es_ring_seal,
		[TLS_RING_OPEN_16] = s->progs.es_ring_open_16,
		[TLS_RING_OPEN_17] = s->progs.es_ring_open_17,
		[TLS_GO_WRITE] = s->progs.es_go,
		[TLS_GO_WRITE_JBE] = s->progs.es_go,
		[TLS_GO_READ] = s->progs.es_go,
		[TLS_GO_CLOSE] = s->progs.es_go_close,
	};

	return progs[p];
}

static struct bpf_program *plain_program(struct earshot_bpf *s, enum plain_prog p)
{
	struct bpf_program *progs[PLAIN_PROG_COUNT] = {
		[PLAIN_SENT] = s->progs.es_sock_sent,
		[PLAIN_RECEIVED] = s->progs.es_sock_received,
		[PLAIN_STATE] = s->progs.es_sock_state,
		[PLAIN_GONE] = s->progs.es_sock_gone,
		[PLAIN_URING] = s->progs.es_uring,
		[PLAIN_EXIT] = s->progs.es_sys_exit,
		[PLAIN_ENTER] = s->progs.es_sys_enter,
	};

	return progs[p];
}

static bool plain_loads(const struct loader_options *opt, enum plain_prog p)
{
	if (!opt->plain)
		return false;
	if (p == PLAIN_URING)
		return libbpf_find_vmlinux_btf_id("io_uring_create", BPF_TRACE_RAW_TP) > 0;
	return opt->points || p == PLAIN_EXIT || p == PLAIN_ENTER;
}

static int configure(struct earshot_bpf *s, const struct loader_options *opt)
{
	struct stat ns;

	if (stat("/proc/self/ns/pid", &ns))
		return -errno;
	s->rodata->es_pidns_dev = ns.st_dev;
	s->rodata->es_pidns_ino = ns.st_ino;
	s->rodata->es_ring_size = opt->ring_size;
	/* Wake early enough that the reader catches up before a small ring is full. */
	s->rodata->es_wake_bytes = opt->ring_size / 16 < 1u << 20 ? opt->ring_size / 16 : 1u << 20;
	s->rodata->es_use_verdicts = opt->verdicts;
	s->rodata->es_use_cookies = opt->cookies;
	s->rodata->es_use_loop = opt->loop;
	s->rodata->es_use_plain = opt->plain;
	s->rodata->es_use_points = opt->points;
	for (int p = 0; p < PLAIN_PROG_COUNT; p++)
		bpf_program__set_autoload(plain_program(s, (enum plain_prog)p),
					  plain_loads(opt, (enum plain_prog)p));
#if defined(__x86_64__)
	s->rodata->es_return_sp = opt->side == RETURN_URETPROBE ? 8 : 0;
#endif
	if (opt->multi) {
		for (int p = 0; p < TLS_PROG_COUNT; p++)
			bpf_program__set_expected_attach_type(
				program(s, (enum tls_prog)p),
				(enum bpf_attach_type)ATTACH_UPROBE_MULTI);
		bpf_program__set_expected_attach_type(s->progs.es_return,
						      (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	}
	return bpf_map__set_max_entries(s->maps.es_ring, (uint32_t)opt->ring_size);
}

static int attach_tracepoints(struct loader *l)
{
	struct bpf_program *progs[] = { l->skel->progs.es_fork, l->skel->progs.es_exec,
					l->skel->progs.es_exit };

	for (size_t i = 0; i < ARRAY_SIZE(progs); i++) {
		l->links[i] = bpf_program__attach(progs[i]);
		if (!l->links[i])
			return -errno;
	}
	return 0;
}

static int open_and_load(struct loader *l, const struct loader_options *opt, char *log,
			 size_t log_len)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log, .kernel_log_size = log_len);
	int err;

	l->skel = earshot_bpf__open_opts(&opts);
	if (!l->skel)
		return -errno;
	err = configure(l->skel, opt);
	if (!err)
		err = earshot_bpf__load(l->skel);
	return err ? err : attach_tracepoints(l);
}

int loader_new(struct loader **ret, const struct loader_options *opt, char *error)
{
	struct rlimit memlock = { RLIM_INFINITY, RLIM_INFINITY };
	struct loader *l = calloc(1, sizeof(*l));
	char *log = calloc(1, LOG_MAX);
	int err;

	error[0] = '\0';
	if (!l || !log) {
		free(l);
		free(log);
		return -ENOMEM;
	}
	l->points = opt->points;
	libbpf_set_print(silent);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	/* Kernels before 5.11 charge maps to it; failing is told by the load itself. */
	setrlimit(RLIMIT_MEMLOCK, &memlock);
	err = open_and_load(l, opt, log, LOG_MAX);
	if (err)
		last_words(log, error);
	free(log);
	if (err) {
		loader_free(l);
		return err;
	}
	for (int p = 0; p < TLS_PROG_COUNT; p++)
		l->progs[p] = bpf_program__fd(program(l->skel, (enum tls_prog)p));
	*ret = l;
	return 0;
}

void loader_free(struct loader *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(l->links); i++)
		bpf_link__destroy(l->links[i]);
	earshot_bpf__destroy(l->skel);
	free(l);
}

int loader_ring_fd(const struct loader *l)
{
	return bpf_map__fd(l->skel->maps.es_ring);
}

int loader_prog_fd(const struct loader *l, enum tls_prog prog)
{
	return l->progs[prog];
}

int loader_return_fd(const struct loader *l)
{
	return bpf_program__fd(l->skel->progs.es_return);
}

int loader_plain_fd(const struct loader *l, enum plain_prog prog)
{
	return bpf_program__fd(plain_program(l->skel, prog));
}

bool loader_points(const struct loader *l)
{
	return l->points;
}

int loader_arm(struct loader *l)
{
	struct control_val c = { .parent_tgid = (uint32_t)getpid() };
	uint32_t first = 0;

	return bpf_map_update_elem(bpf_map__fd(l->skel->maps.es_control), &first, &c, BPF_ANY)
		       ? -errno
		       : 0;
}

int loader_tasks(struct loader *l, int (*fn)(void *ctx, const struct task_info *t), void *ctx)
{
	struct bpf_link *link = bpf_program__attach_iter(l->skel->progs.es_tasks, NULL);
	struct task_info t[32];
	int fd, err = 0;
	ssize_t n;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	bpf_link__destroy(link);
	if (fd < 0)
		return fd;
	while (!err && (n = read(fd, t, sizeof(t))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(t[0]) && !err; i++)
			err = fn(ctx, &t[i]);
	close(fd);
	return err;
}

/* As stdio_note() of childio.h does it at an exec. What does not fit is not read. */
static void watch_stdio(struct loader *l, const struct task_info *t)
{
	int fd = bpf_map__fd(l->skel->maps.es_stdio);
	const uint64_t in = t->stdio[0], out = t->stdio[1];
	struct stdio_key key = { .object = in, .tgid = t->tgid };
	struct stdio_val val = { .stream = in, .dir = in == out ? ES_STDIO_BOTH : ES_DIR_READ };
	const uint32_t nobody = 0;

	if (bpf_map_update_elem(fd, &key, &val, BPF_ANY))
		return;
	if (in & ES_OBJECT_PIPE)
		bpf_map_update_elem(bpf_map__fd(l->skel->maps.es_pipes), &in, &nobody, BPF_NOEXIST);
	if (in == out)
		return;
	key.object = out;
	val.dir = ES_DIR_WRITE;
	bpf_map_update_elem(fd, &key, &val, BPF_ANY);
}

int loader_watch(struct loader *l, const struct task_info *t, bool child)
{
	const bool stdio = child && t->stdio[0] && t->stdio[1];
	const struct proc_val v = { .start = t->start,
				    .stdio = { stdio ? t->stdio[0] : 0, stdio ? t->stdio[1] : 0 },
				    .ns_tgid = t->ns_tgid,
				    .flags = PROC_LATE | (child ? PROC_CHILD : 0) };

	if (bpf_map_update_elem(bpf_map__fd(l->skel->maps.es_procs), &t->tgid, &v, BPF_NOEXIST))
		return -errno;
	if (stdio)
		watch_stdio(l, t);
	return 0;
}

int loader_stats(struct loader *l, struct stat_pair stats[ES_STAT_COUNT])
{
	int fd = bpf_map__fd(l->skel->maps.es_stats);

	for (uint32_t i = 0; i < ES_STAT_COUNT; i++) {
		struct stat_val v;

		if (bpf_map_lookup_elem(fd, &i, &v))
			return -errno;
		stats[i] = (struct stat_pair){ v.events, v.bytes };
	}
	return 0;
}

static void settle_record(struct es_close *c, const struct stream_key *k,
			  const struct stream_val *v, uint64_t time)
{
	*c = (struct es_close){
		.head = { .type = ES_FACT_SETTLE,
			  .size = sizeof(*c),
			  .time = time,
			  .tgid = k->tgid,
			  .tid = k->tgid },
		.stream = { v->proc_start, k->object, v->birth },
	};
	memcpy(c->passed, v->passed, sizeof(c->passed));
	memcpy(c->lost, v->lost, sizeof(c->lost));
	memcpy(c->ignored, v->ignored, sizeof(c->ignored));
	memcpy(c->tail, v->tail, sizeof(c->tail));
}

/*
 * Hands out the keys of one process (tgid 0: of all) until fn returns non-zero; fn may delete
 * its key. A deleted key restarts the walk: step first, then hand out the one behind.
 */
static int each_key(int fd, uint32_t tgid, int (*fn)(void *ctx, const struct stream_key *key),
		    void *ctx)
{
	struct stream_key at = { 0 }, next = { 0 };
	bool have = false, more;
	int err = 0;

	do {
		struct stream_key mine = at;

		more = bpf_map_get_next_key(fd, have ? &at : NULL, &next) == 0;
		if (have && (tgid == 0 || mine.tgid == tgid))
			err = fn(ctx, &mine);
		at = next;
		have = true;
	} while (more && !err);
	return err;
}

struct settling {
	int streams, verdicts, aead_lost, bound;
	uint32_t before; /* only what began before so many execs */
	uint64_t start;	 /* only of the process that started then; 0: of any */
	uint64_t time;
	int (*fn)(void *ctx, const struct es_close *rec);
	void *ctx;
};

static int settle_one(void *ctx, const struct stream_key *key)
{
	struct settling *s = ctx;
	struct stream_val v;
	struct es_close c;

	if (key->execs >= s->before || bpf_map_lookup_elem(s->streams, key, &v) ||
	    (s->start && v.proc_start != s->start))
		return 0;
	settle_record(&c, key, &v, s->time);
	bpf_map_delete_elem(s->streams, key);
	return s->fn(s->ctx, &c);
}

/* Keys of es_bound have their tgid where those of streams have it. */
_Static_assert(sizeof(struct bound_key) == sizeof(struct stream_key) &&
		       offsetof(struct bound_key, tgid) == offsetof(struct stream_key, tgid),
	       "bound_key");

static int drop_bound(void *ctx, const struct stream_key *key)
{
	struct settling *s = ctx;

	bpf_map_delete_elem(s->bound, key);
	return 0;
}

static int drop_verdict(void *ctx, const struct stream_key *key)
{
	struct settling *s = ctx;

	if (key->execs < s->before)
		bpf_map_delete_elem(s->verdicts, key);
	return 0;
}

/* The keys of es_aead_lost look like those of es_streams; execs is the direction. */
_Static_assert(sizeof(struct aead_key) == sizeof(struct stream_key) &&
		       offsetof(struct aead_key, tgid) == offsetof(struct stream_key, tgid),
	       "aead_key");

static struct es_close aead_tail(uint32_t tgid, uint64_t time)
{
	return (struct es_close){ .head = { .type = ES_FACT_AEAD_TAIL,
					    .size = sizeof(struct es_close),
					    .time = time,
					    .tgid = tgid,
					    .tid = tgid } };
}

static int settle_aead(void *ctx, const struct stream_key *key)
{
	struct settling *s = ctx;
	struct es_close c = aead_tail(key->tgid, s->time);
	struct aead_lost v;
	uint32_t dir = key->execs & 1;

	if (bpf_map_lookup_elem(s->aead_lost, key, &v) || (s->start && v.proc_start != s->start))
		return 0;
	c.stream.proc_start = v.proc_start;
	c.stream.object = key->object;
	c.lost[dir] = v.bytes;
	c.tail[dir] = v.records;
	bpf_map_delete_elem(s->aead_lost, key);
	return s->fn(s->ctx, &c);
}

int loader_settle(struct loader *l, uint32_t tgid, uint64_t start, uint64_t time,
		  int (*fn)(void *ctx, const struct es_close *rec), void *ctx)
{
	struct settling s = { bpf_map__fd(l->skel->maps.es_streams),
			      bpf_map__fd(l->skel->maps.es_verdicts),
			      bpf_map__fd(l->skel->maps.es_aead_lost),
			      bpf_map__fd(l->skel->maps.es_bound),
			      UINT32_MAX,
			      start,
			      time,
			      fn,
			      ctx };
	const struct es_close last = aead_tail(tgid, time);
	int err = each_key(s.aead_lost, tgid, settle_aead, &s);

	if (!err)
		err = fn(ctx, &last);
	if (!err)
		err = each_key(s.streams, tgid, settle_one, &s);

	each_key(s.verdicts, tgid, drop_verdict, &s);
	each_key(s.bound, tgid, drop_bound, &s);
	return err;
}

int loader_settle_exec(struct loader *l, const struct es_proc *r,
		       int (*fn)(void *ctx, const struct es_close *rec), void *ctx)
{
	struct settling s = { .streams = bpf_map__fd(l->skel->maps.es_streams),
			      .verdicts = bpf_map__fd(l->skel->maps.es_verdicts),
			      .before = r->exec_count,
			      .time = r->head.time,
			      .fn = fn,
			      .ctx = ctx };
	int err = each_key(s.streams, r->head.tgid, settle_one, &s);

	each_key(s.verdicts, r->head.tgid, drop_verdict, &s);
	return err;
}

int loader_verdict(struct loader *l, uint32_t tgid, uint64_t object, uint64_t birth, bool ignore)
{
	struct verdict_val v = { birth, ignore ? ES_VERDICT_IGNORE : ES_VERDICT_STREAM, 0 };
	struct stream_key k = { .object = object, .tgid = tgid };
	struct control_val c = { .verdicts = 1 };
	struct proc_val proc;
	uint32_t first = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(l->skel->maps.es_procs), &tgid, &proc))
		return -errno;
	k.execs = proc.execs;
	bpf_map_update_elem(bpf_map__fd(l->skel->maps.es_control), &first, &c, BPF_ANY);
	return bpf_map_update_elem(bpf_map__fd(l->skel->maps.es_verdicts), &k, &v, BPF_ANY) ? -errno
											    : 0;
}
