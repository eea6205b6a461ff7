// SPDX-License-Identifier: Apache-2.0
#include "app/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/libnotes.h"
#include "app/statsfile.h"
#include "export/export.h"
#include "policy/policy.h"
#include "semconv/span.h"

#define EXPORTERS_MAX 2

struct outputs {
	const struct options *options;
	enum content_level level;
	struct exporter *exporters[EXPORTERS_MAX];
	size_t exporter_count;
	struct arena strings; /* what export options point to */
	struct view *view;    /* NULL: --quiet */
	int live;	      /* -1: none */
	bool live_colour, colour;
	uint64_t calls;
	uint64_t no_memory;   /* calls without a span */
	uint64_t live_missed; /* lines no reader took */
	int live_error;	      /* why one could not be written at all; 0: none */
	char warning[EXPORT_ERROR_MAX];
};

static const char *from_environment(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

static int add_exporter(struct outputs *o, const struct export_options *x, char *error)
{
	int err = exporter_new(&o->exporters[o->exporter_count], x, EARSHOT_VERSION, error);

	if (!err)
		o->exporter_count++;
	return err;
}

static int open_exporters(struct outputs *o, bool replay, char *error)
{
	const char *path = option_text(o->options, OPT_otlp_file);
	const char *url = option_text(o->options, OPT_otlp_endpoint);
	struct export_options x;
	int err = 0;

	if (o->options->command == CMD_EXPLAIN)
		return 0; /* a look, for the one who asks */
	if (path) {
		export_options_file(&x, path);
		x.wait = true;
		err = add_exporter(o, &x, error);
		if (err)
			return err;
	}
	err = export_options_otlp(&x, url, from_environment, NULL, &o->strings, error, o->warning);
	if (err <= 0)
		return err;
	x.wait = replay;
	x.user_agent = "earshot/" EARSHOT_VERSION;
	return add_exporter(o, &x, error);
}

static bool colour_for(const struct options *options, int fd)
{
	if (option_is(options, OPT_color, "auto"))
		return fd >= 0 && isatty(fd) && !getenv("NO_COLOR");
	return option_is(options, OPT_color, "always");
}

/* "-" and what names our own outputs: the descriptor, for a file has its place to write at. */
static int live_fd(const char *path)
{
	if (strcmp(path, "/dev/stderr") == 0)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (strcmp(path, "/dev/stdout") == 0 || strcmp(path, "-") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

/* A fifo without a reader must not stop us: opened for both ends, written without waiting. */
static int open_live(struct outputs *o, char *error)
{
	const char *path = option_text(o->options, OPT_live);

	if (!path)
		return 0;
	o->live = live_fd(path);
	if (o->live < 0) {
		snprintf(error, EXPORT_ERROR_MAX, "--live %s: %s", path, strerror(errno));
		return -errno;
	}
	o->live_colour = colour_for(o->options, o->live);
	return 0;
}

/* It is written at the end: a path that cannot be written is told now. */
static int try_stats_file(const struct options *options, char *error)
{
	const char *path = option_text(options, OPT_stats_file);
	int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	bool made = false;

	if (!path)
		return 0;
	if (fd < 0 && errno == ENOENT) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		made = fd >= 0;
	}
	if (fd < 0) {
		int err = -errno;

		snprintf(error, EXPORT_ERROR_MAX, "--stats-file %s: %s", path, strerror(-err));
		return err;
	}
	close(fd);
	if (made)
		unlink(path);
	return 0;
}

int outputs_new(struct outputs **ret, const struct options *options, bool replay, char *error)
{
	struct outputs *o = calloc(1, sizeof(*o));
	int err;

	if (!o)
		return -ENOMEM;
	o->options = options;
	o->live = -1;
	arena_init(&o->strings, 1u << 20);
	err = policy_level(&o->level, sv_of(options->value[OPT_content]));
	o->colour = colour_for(options, STDERR_FILENO);
	if (!err)
		err = try_stats_file(options, error);
	if (!err && !options->number[OPT_quiet])
		err = view_new(&o->view, o->colour);
	if (!err)
		err = open_live(o, error);
	if (!err)
		err = open_exporters(o, replay, error);
	if (err) {
		outputs_free(o);
		return err;
	}
	*ret = o;
	return 0;
}

void outputs_free(struct outputs *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->exporter_count; i++)
		if (o->exporters[i])
			exporter_close(o->exporters[i], 0, NULL);
	view_free(o->view);
	if (o->live >= 0)
		close(o->live);
	arena_done(&o->strings);
	free(o);
}

static void export_call(struct outputs *o, const struct call *call, const struct process *p,
			const struct machine *m, uint64_t now)
{
	struct resource r;
	struct arena a;
	struct call view;
	struct span s;

	if (!o->exporter_count)
		return;
	arena_init(&a, SPAN_ARENA_MAX);
	policy_view(&view, o->level, call, &a);
	if (span_of_call(&s, &view, m, &a) == 0 &&
	    resource_of_process(&r, p, call->id.tgid, m, call->user_agent, &a) == 0)
		for (size_t i = 0; i < o->exporter_count; i++)
			exporter_add(o->exporters[i], &r, &s, now);
	else
		o->no_memory++;
	arena_done(&a);
}

static void show_live(struct outputs *o, const struct call *call, const struct process *p,
		      const struct machine *m)
{
	struct buf line;
	ssize_t n = 0;

	if (o->live < 0)
		return;
	buf_init(&line, 64u << 10);
	if (view_line(&line, call, p, m, o->live_colour) == 0)
		n = write(o->live, line.p, line.len);
	/* A reader that is too slow misses lines: it is a view, not a record. */
	if (n < 0 && errno != EAGAIN)
		o->live_error = -errno;
	o->live_missed += n <= 0 || (size_t)n != line.len;
	buf_done(&line);
}

void outputs_call(struct outputs *o, const struct call *call, const struct process *p,
		  const struct machine *m, uint64_t now)
{
	o->calls++;
	export_call(o, call, p, m, now);
	show_live(o, call, p, m);
	if (o->view)
		view_add(o->view, call, p, m);
}

void outputs_tick(struct outputs *o, uint64_t now)
{
	for (size_t i = 0; i < o->exporter_count; i++)
		exporter_tick(o->exporters[i], now);
}

void outputs_note(struct outputs_end *end, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (end->note_count == OUTPUTS_NOTES_MAX)
		return;
	va_start(ap, fmt);
	n = vasprintf(&end->notes[end->note_count], fmt, ap);
	va_end(ap);
	if (n >= 0)
		end->note_count++;
}

static void note_export(struct outputs *o, struct outputs_end *end, const char *name,
			const struct export_stats *s)
{
	uint64_t missing = s->rejected + s->refused + s->failed + s->dropped;
	bool file = strcmp(name, "file") == 0;

	end->stats[ES_U_QUEUE_FULL].events += s->dropped;
	end->stats[ES_U_EXPORT_REFUSED].events += s->rejected + s->refused;
	end->stats[file ? ES_U_FILE_FAILED : ES_U_EXPORT_FAILED].events += s->failed;
	outputs_note(end, "%s: %llu span%s %s%s%s",
		     file ? option_text(o->options, OPT_otlp_file) : name,
		     (unsigned long long)s->sent, s->sent == 1 ? "" : "s",
		     file ? "written" : "sent", missing || s->last_error[0] ? ": " : "",
		     s->last_error);
	if (missing)
		outputs_note(
			end,
			"%s: %llu span%s not delivered: %llu refused, %llu given up, %llu dropped",
			name, (unsigned long long)missing, missing == 1 ? "" : "s",
			(unsigned long long)(s->rejected + s->refused),
			(unsigned long long)s->failed, (unsigned long long)s->dropped);
	if (missing && !end->error)
		end->error = -EIO;
}

void outputs_flush(struct outputs *o, struct outputs_end *end)
{
	for (size_t i = 0; i < o->exporter_count; i++) {
		const char *name = exporter_name(o->exporters[i]);
		struct export_stats s;

		exporter_close(o->exporters[i], end->deadline_ms, &s);
		o->exporters[i] = NULL;
		note_export(o, end, name, &s);
	}
	o->exporter_count = 0;
	end->stats[ES_U_ARENA_FULL].events += o->no_memory;
	if (o->live_missed)
		outputs_note(end, "--live: %llu line%s not taken%s%s",
			     (unsigned long long)o->live_missed, o->live_missed == 1 ? "" : "s",
			     o->live_error ? ": " : "",
			     o->live_error ? strerror(-o->live_error) : "");
	if (!end->error)
		end->error = o->live_error;
	if (o->warning[0])
		outputs_note(end, "%s", o->warning);
}

#define BLIND_MAX 64

/* What came back is known once the process has closed the socket itself. */
static void blind_bytes(const struct blind *b, char *ret, size_t len)
{
	if (b->bytes[1])
		snprintf(ret, len, " (%llu bytes sent, %llu received)",
			 (unsigned long long)b->bytes[0], (unsigned long long)b->bytes[1]);
	else if (b->bytes[0])
		snprintf(ret, len, " (%llu bytes sent)", (unsigned long long)b->bytes[0]);
	else
		ret[0] = '\0';
}

static void blind_line(const struct outputs_end *end, const struct blind *b, char **ret)
{
	const struct process *p = facts_process(end->facts, b->conn.tgid, b->conn.proc_start);
	struct sv name = p ? sv_behind_last(p->exe.len ? p->exe : p->comm, '/') : SV_NONE;
	char peer[80] = "", bytes[80];

	if (b->conn.family)
		blind_peer(b, peer, sizeof(peer));
	blind_bytes(b, bytes, sizeof(bytes));
	if (asprintf(ret, "%.*s[%u] to %s%s%s is not read: %s%s%s%s%s", SV_ARG(name),
		     process_pid(p, b->conn.tgid), b->host, b->host[0] ? " " : "", peer,
		     blind_why_name(b->why), b->detail[0] ? ": " : "", b->detail, bytes,
		     b->uring ? "; it uses io_uring, which is not seen" : "") < 0)
		*ret = NULL;
}

/* What is not told one by one: more than a summary holds, and what was not asked for. */
static size_t blind_rest(const struct outputs_end *end, size_t told, char *blind[2])
{
	uint64_t others = blinds_others(end->blinds);
	const char *plural = others == 1 ? "" : "s";
	size_t more = told, n = 0;

	while (blinds_at(end->blinds, more))
		more++;
	if (more > told &&
	    asprintf(&blind[n], "... and %zu more (--stats-file lists them)", more - told) > 0)
		n++;
	if (others &&
	    asprintf(&blind[n],
		     "%llu encrypted connection%s to %s host%s %s not read "
		     "(--blind-spots all names %s)",
		     (unsigned long long)others, plural, others == 1 ? "another" : "other", plural,
		     others == 1 ? "was" : "were", others == 1 ? "it" : "them") > 0)
		n++;
	return n;
}

static size_t blind_spots(const struct outputs_end *end, char *blind[BLIND_MAX + 2])
{
	const struct blind *b;
	size_t n = 0, i;

	for (i = 0; (b = blinds_at(end->blinds, i)) && n < BLIND_MAX; i++) {
		blind_line(end, b, &blind[n]);
		n += blind[n] != NULL;
	}
	return n + blind_rest(end, i, blind + n);
}

static uint64_t sum(const uint64_t v[RPC_KIND_COUNT])
{
	uint64_t n = 0;

	for (int k = 0; k < RPC_KIND_COUNT; k++)
		n += v[k];
	return n;
}

/* Who spoke over standard input and output. */
static void note_servers(struct outputs_end *end)
{
	for (size_t i = 0; i < end->servers->count; i++) {
		const struct server *s = &end->servers->v[i];
		const struct process *p = facts_process(end->facts, s->tgid, s->proc_start);
		struct sv name = p ? sv_behind_last(p->exe, '/') : SV_NONE;

		outputs_note(end,
			     "JSON-RPC on standard input and output: %.*s[%u], client %u: "
			     "%llu message%s to it, %llu from it",
			     SV_ARG(name), process_pid(p, s->tgid), s->client_tgid,
			     (unsigned long long)sum(s->messages[CONN_READ]),
			     sum(s->messages[CONN_READ]) == 1 ? "" : "s",
			     (unsigned long long)sum(s->messages[CONN_WRITE]));
	}
}

int outputs_finish(struct outputs *o, struct outputs_end *end, struct buf *out)
{
	const char *path = option_text(o->options, OPT_stats_file);
	char *blind[BLIND_MAX + 2];
	size_t blinds = blind_spots(end, blind);
	struct view_facts f = { .loss = end->loss,
				.blind = (const char *const *)blind,
				.blind_count = blinds,
				.sampled_out = end->web->sampled_out };
	int err = path ? statsfile_write(path, end, o->calls) : 0;

	if (err)
		outputs_note(end, "--stats-file %s: %s", path, strerror(-err));
	note_libraries(end);
	note_servers(end);
	f.notes = (const char *const *)end->notes;
	f.note_count = end->note_count;
	if (o->view)
		view_summary(out, o->view, &f);
	for (size_t i = 0; i < blinds; i++)
		free(blind[i]);
	for (size_t i = 0; i < end->note_count; i++)
		free(end->notes[i]);
	end->note_count = 0;
	return end->error ? end->error : err;
}
