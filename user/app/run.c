// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/child.h"
#include "app/session.h"
#include "earshot/msg.h"

#define READY_MS 5000 /* for attaching before the command runs */

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
static void prepare_command(struct session *s, const struct child *c)
{
	struct pollfd ready = { .fd = attacher_ready_fd(s->attacher), .events = POLLIN };
	struct es_msg m = { .type = ES_MSG_COMMAND, .pid = (uint32_t)c->pid };

	find_command(s->options->rest[0], m.path, sizeof(m.path));
	line_step(&s->line); /* its fork, first */
	session_tell(s, &m, sizeof(m));
	poll(&ready, 1, READY_MS);
}

static int start(struct session *s, struct child *c, const struct privs *privs)
{
	int err = loader_arm(s->loader), status;

	if (!err)
		err = child_start(c, s->options->rest, privs);
	if (err)
		return session_complain("cannot start the command", strerror(-err));
	status = session_open_pipeline(s);
	if (status)
		return status;
	if (mapwatch_new(&s->maps, c->pid))
		s->maps = NULL;
	status = session_start_workers(s);
	if (status)
		return status;
	err = line_watch(&s->line, c->signals);
	return err ? session_complain("cannot wait for the command", strerror(-err)) : EXIT_OK;
}

int command_run(const struct options *o)
{
	struct session s;
	struct child child;
	struct privs privs;
	char error[PRIVS_ERROR_MAX];
	struct buf out;
	int status;

	if (o->rest_count == 0) {
		fprintf(stderr, "earshot: run needs a command: earshot run [options] -- CMD...\n");
		return EXIT_USAGE;
	}
	if (privs_find(&privs, o->number[OPT_as_root], error))
		return session_complain(error, NULL);
	status = session_load(&s, o);
	if (!status)
		status = start(&s, &child, &privs);
	if (status && !s.loader)
		return status;
	if (status)
		session_leave(status);
	prepare_command(&s, &child);
	child_go(&child);
	while (!child.ended) {
		line_step(&s.line);
		child_poll(&child);
	}
	buf_init(&out, 0);
	status = session_finish(&s, &out);
	session_print(&out);
	if (status)
		fprintf(stderr, "earshot: not everything was delivered%s\n",
			o->number[OPT_quiet] ? "; without --quiet the summary says what"
					     : ", see above");
	/* The command's own, whatever became of our work: scripts count on it. */
	session_leave(child_exit_code(&child));
}
