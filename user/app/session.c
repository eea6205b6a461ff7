// SPDX-License-Identifier: Apache-2.0
#include "app/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/commands.h"
#include "base/clock.h"
#include "earshot/msg.h"

#define FACTS_MAX (64u << 20) /* more than all streams settling at once */
#define FLUSH_MS  5000	      /* for exporters at the end */

int session_complain(const char *what, const char *why)
{
	fprintf(stderr, "earshot: %s%s%s\n", what, why && *why ? ": " : "", why ? why : "");
	return EXIT_FAIL;
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
	s->load.plain = !option_is(o, OPT_plain, "off");
	s->load.points =
		option_is(o, OPT_plain, "auto") && feature_has(&s->features, FEATURE_SOCKETS);
	s->load.loop = feature_has(&s->features, FEATURE_LOOP);
	s->load.cookies = s->load.multi || feature_has(&s->features, FEATURE_COOKIES);
	if (option_is(o, OPT_attach, "multi") && !s->load.multi) {
		session_complain("--attach multi",
				 "this kernel has no uprobe_multi; see earshot doctor");
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
	return err ? session_complain("cannot open the ring buffer", strerror(-err)) : EXIT_OK;
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

static int check_ring(const struct options *o)
{
	uint64_t ring = o->number[OPT_ring_size];

	if (ring >= 64u << 10 && ring <= 1u << 30 && !(ring & (ring - 1)))
		return EXIT_OK;
	fprintf(stderr, "earshot: --ring-size: a power of two from 64K to 1G\n");
	return EXIT_USAGE;
}

int session_load(struct session *s, const struct options *o)
{
	int status;

	*s = (struct session){ .options = o, .start = clock_mono() };
	status = check_ring(o);
	if (!status)
		status = check_kernel(s);
	if (!status)
		status = choose(s);
	if (status)
		return status;
	raise_limits();
	return load(s);
}

int session_open_pipeline(struct session *s)
{
	struct pipeline_options p = { .options = s->options,
				      .ignore = s->load.verdicts ? line_ignore : NULL,
				      .ignore_ctx = &s->line,
				      .detach = line_detach,
				      .detach_ctx = &s->line };
	char error[PIPELINE_ERROR_MAX];

	return pipeline_new(&s->pipeline, &p, error) ? session_complain(error, NULL) : EXIT_OK;
}

int session_start_workers(struct session *s)
{
	struct attacher_options a = { .loader = s->loader,
				      .maps = s->maps,
				      .side = s->load.side,
				      .multi = s->load.multi,
				      .plain = s->load.plain,
				      .out = s->facts };
	int err = attacher_start(&s->attacher, &a);

	if (!err)
		err = line_init(&s->line, s->pipeline, s->ring, s->facts);
	if (err)
		return session_complain("cannot start", strerror(-err));
	s->line.attacher = attacher_in(s->attacher);
	return EXIT_OK;
}

void session_tell(struct session *s, const struct es_msg *m, size_t len)
{
	chan_send_wait(attacher_in(s->attacher), (struct sv){ (const char *)m, len });
}

/* Settled first, read after: what was passed before is then in the ring. */
int session_finish(struct session *s, struct buf *out)
{
	struct attacher_report report;

	line_drain(&s->line);
	attacher_stop(s->attacher, &report, &s->fds, &s->fd_count);
	s->line.attacher = NULL;
	line_drain(&s->line);
	if (report.first_attach > s->start)
		pipeline_figure(s->pipeline, "first_attach_ns", report.first_attach - s->start);
	pipeline_figure(s->pipeline, "exec_to_attach_ns", report.exec_to_attach);
	pipeline_figure(s->pipeline, "exec_to_attach_max_ns", report.exec_to_attach_max);
	if (report.plain_error)
		pipeline_note(s->pipeline,
			      "plain sockets and standard input and output are not "
			      "read, and blind spots not found: %s",
			      strerror(-report.plain_error));
	if (s->options->command == CMD_RUN) {
		pipeline_figure(s->pipeline, "still_running", report.running);
		if (report.running)
			pipeline_note(s->pipeline,
				      "%zu process%s still run%s and %s no longer heard",
				      report.running, report.running == 1 ? "" : "es",
				      report.running == 1 ? "s" : "",
				      report.running == 1 ? "is" : "are");
	}
	return pipeline_finish(s->pipeline, FLUSH_MS, out);
}

void session_print(struct buf *out)
{
	if (out->len && write(STDERR_FILENO, out->p, out->len) < 0)
		fprintf(stderr, "earshot: the summary: %s\n", strerror(errno));
	buf_done(out);
}

void session_leave(int status)
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
