// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/attacher.h"
#include "app/child.h"
#include "app/line.h"
#include "base/buf.h"
#include "base/clock.h"
#include "earshot/msg.h"

#define FACTS_MAX (64u << 20) /* more than all streams settling at once */
#define READY_MS  5000	      /* for attaching before the command runs */
#define FLUSH_MS  5000	      /* for exporters at the end */

struct session {
	const struct options *options;
	uint64_t start; /* CLOCK_MONOTONIC ns */
	struct features features;
	struct loader_options load;
	struct privs privs;
	struct pipeline *pipeline;
	struct loader *loader;
	struct ring *ring;
	struct chan *facts;
	struct mapwatch *maps;
	struct attacher *attacher;
	struct line line;
	struct child child;
	int *fds; /* of probes: slow to close */
	size_t fd_count;
};

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "earshot: %s%s%s\n", what, why && *why ? ": " : "", why ? why : "");
	return EXIT_FAIL;
}

static int check_options(const struct options *o)
{
	uint64_t ring = o->number[OPT_ring_size];

	if (o->rest_count == 0) {
		fprintf(stderr, "earshot: run needs a command: earshot run [options] -- CMD...\n");
		return EXIT_USAGE;
	}
	if (ring < 64u << 10 || ring > 1u << 30 || (ring & (ring - 1))) {
		fprintf(stderr, "earshot: --ring-size: a power of two from 64K to 1G\n");
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* What cannot be done without; the rest has another way. */
static int check_kernel(struct session *s)
{
	for (int f = 0; f < FEATURE_COUNT; f++) {
		const struct feature_info *info = feature_info((enum feature)f);
		const struct feature_result *r = &s->features.result[f];

		if (!info->required || feature_has(&s->features, (enum feature)f))
			continue;
		fprintf(stderr, "earshot: not possible here: %s (%s): %s\n", info->about,
			r->error ? strerror(-r->error) : "not there", info->remedy);
		return EXIT_PERM;
	}
	return EXIT_OK;
}

static int choose(struct session *s)
{
	const struct options *o = s->options;

	s->load = (struct loader_options){
		.ring_size = o->number[OPT_ring_size],
		.verdicts = !option_text(o, OPT_record) && !o->number[OPT_all_streams],
	};
	if (option_is(o, OPT_return_probe, "auto"))
		s->load.side = feature_has(&s->features, FEATURE_URETPROBE) ? RETURN_URETPROBE
									    : RETURN_INSN;
	else
		s->load.side =
			option_is(o, OPT_return_probe, "ret") ? RETURN_INSN : RETURN_URETPROBE;
	s->load.multi = !option_is(o, OPT_attach, "single") &&
			feature_has(&s->features, FEATURE_UPROBE_MULTI);
	s->load.plain = option_is(o, OPT_plain, "auto");
	s->load.cookies = s->load.multi || feature_has(&s->features, FEATURE_COOKIES);
	if (option_is(o, OPT_attach, "multi") && !s->load.multi) {
		complain("--attach multi", "this kernel has no uprobe_multi; see earshot doctor");
		return EXIT_PERM;
	}
	return EXIT_OK;
}

static int load(struct session *s)
{
	char error[LOADER_ERROR_MAX];
	int err = loader_new(&s->loader, &s->load, error);

	if (err) {
		fprintf(stderr, "earshot: cannot load the BPF programs: %s%s%s\n", strerror(-err),
			error[0] ? ": " : "", error);
		return err == -EPERM || err == -EACCES ? EXIT_PERM : EXIT_FAIL;
	}
	err = ring_open(&s->ring, loader_ring_fd(s->loader), s->load.ring_size);
	if (!err)
		err = chan_new(&s->facts, FACTS_MAX);
	return err ? complain("cannot open the ring buffer", strerror(-err)) : EXIT_OK;
}

static int open_pipeline(struct session *s)
{
	struct pipeline_options p = { .options = s->options,
				      .ignore = s->load.verdicts ? line_ignore : NULL,
				      .ignore_ctx = &s->line,
				      .detach = line_detach,
				      .detach_ctx = &s->line };
	char error[PIPELINE_ERROR_MAX];

	return pipeline_new(&s->pipeline, &p, error) ? complain(error, NULL) : EXIT_OK;
}

/* Every probe is a descriptor. */
static void raise_limits(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* As execvp(3) looks for it; "" when it is not there: then the child says so. */
static void find_command(const char *name, char *ret, size_t len)
{
	const char *path = getenv("PATH");
	struct stat st;

	snprintf(ret, len, "%s", name);
	if (strchr(name, '/'))
		return;
	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");

		snprintf(ret, len, "%.*s/%s", (int)n, p, name);
		if (stat(ret, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111))
			return;
		p += n + (p[n] == ':');
	}
	ret[0] = '\0';
}

/* Attached, as far as it can be, before the command's first instruction. */
static void prepare_command(struct session *s)
{
	struct pollfd ready = { .fd = attacher_ready_fd(s->attacher), .events = POLLIN };
	struct es_msg m = { .type = ES_MSG_COMMAND, .pid = (uint32_t)s->child.pid };

	find_command(s->options->rest[0], m.path, sizeof(m.path));
	line_step(&s->line); /* its fork, first */
	if (chan_send_wait(attacher_in(s->attacher), (struct sv){ (const char *)&m, sizeof(m) }) ==
	    0)
		poll(&ready, 1, READY_MS);
}

static int start_workers(struct session *s)
{
	struct attacher_options a = { .loader = s->loader,
				      .side = s->load.side,
				      .multi = s->load.multi,
				      .plain = s->load.plain,
				      .out = s->facts };
	int err = mapwatch_new(&s->maps, s->child.pid);

	if (err)
		s->maps = NULL; /* libraries are then found by looking, once a second */
	a.maps = s->maps;
	err = attacher_start(&s->attacher, &a);
	if (!err)
		err = line_init(&s->line, s->pipeline, s->ring, s->facts);
	if (err)
		return complain("cannot start", strerror(-err));
	s->line.attacher = attacher_in(s->attacher);
	err = line_watch(&s->line, s->child.signals);
	return err ? complain("cannot wait for the command", strerror(-err)) : EXIT_OK;
}

static int watch(struct session *s)
{
	int err = loader_arm(s->loader);

	if (!err)
		err = child_start(&s->child, s->options->rest, &s->privs);
	if (err)
		return complain("cannot start the command", strerror(-err));
	err = open_pipeline(s);
	if (!err)
		err = start_workers(s);
	if (err)
		return err;
	prepare_command(s);
	child_go(&s->child);
	while (!s->child.ended) {
		line_step(&s->line);
		child_poll(&s->child);
	}
	return EXIT_OK;
}

/* Settled first, read after: what was passed before is then in the ring. */
static int finish(struct session *s)
{
	struct attacher_report report;
	struct buf out;
	int err;

	line_drain(&s->line);
	attacher_stop(s->attacher, &report, &s->fds, &s->fd_count);
	s->line.attacher = NULL;
	line_drain(&s->line);
	if (report.first_attach > s->start)
		pipeline_figure(s->pipeline, "first_attach_ns", report.first_attach - s->start);
	pipeline_figure(s->pipeline, "exec_to_attach_ns", report.exec_to_attach);
	pipeline_figure(s->pipeline, "exec_to_attach_max_ns", report.exec_to_attach_max);
	buf_init(&out, 0);
	err = pipeline_finish(s->pipeline, FLUSH_MS, &out);
	if (out.len && write(STDERR_FILENO, out.p, out.len) < 0)
		err = -errno;
	buf_done(&out);
	return err;
}

/*
 * Taking a probe away takes up to 90 ms, one after the other, and nobody shall wait for it: a
 * child holds the descriptors and lets go of them when it ends.
 */
static void leave(int status)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		setsid();
		for (int fd = 0; fd < 3 && null >= 0; fd++)
			dup2(null, fd);
		usleep(1000); /* our parent goes first */
	}
	_exit(pid == 0 ? 0 : status);
}

int command_run(const struct options *o)
{
	struct session s = { .options = o, .start = clock_mono() };
	char error[PRIVS_ERROR_MAX];
	int status = check_options(o), err;

	if (status)
		return status;
	status = check_kernel(&s);
	if (!status)
		status = choose(&s);
	if (!status && privs_find(&s.privs, o->number[OPT_as_root], error))
		status = complain(error, NULL);
	if (status)
		return status;
	raise_limits();
	status = load(&s);
	if (!status)
		status = watch(&s);
	if (status)
		leave(status);
	err = finish(&s);
	if (err)
		fprintf(stderr, "earshot: not everything was delivered, see above\n");
	/* The command's own, whatever became of our work: scripts count on it. */
	leave(child_exit_code(&s.child));
	return EXIT_FAIL;
}
