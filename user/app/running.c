// SPDX-License-Identifier: Apache-2.0
#include "app/running.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>

#include "app/commands.h"
#include "base/clock.h"
#include "earshot/msg.h"
#include "earshot/state.h"

/* While we look, processes fork: looked again until there is nobody new. */
#define ROUNDS_MAX 8
#define TREE_MAX   4096

struct tree {
	struct task_info *v;
	size_t count;
	int root;
	size_t known; /* of them, under watch */
};

static bool in_tree(const struct tree *t, uint32_t tgid)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->v[i].tgid == tgid)
			return true;
	return false;
}

/* Listed by id: a child may come before its parent, then a later round has it. */
static int take(void *ctx, const struct task_info *info)
{
	struct tree *t = ctx;
	bool root = info->ns_tgid == (uint32_t)t->root;

	if (in_tree(t, info->tgid) || (!root && !in_tree(t, info->parent_tgid)))
		return 0;
	if (t->count == TREE_MAX)
		return -E2BIG;
	t->v[t->count++] = *info;
	return 0;
}

static void watch_threads(struct session *s, int pid)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		int tid = atoi(e->d_name);

		/* The first one opens the rings. */
		if (tid > 0 && !s->maps) {
			if (mapwatch_new(&s->maps, tid))
				s->maps = NULL;
		} else if (tid > 0) {
			mapwatch_add(s->maps, tid);
		}
	}
	if (d)
		closedir(d);
}

static int gather(struct session *s, struct tree *t)
{
	int err = 0;

	for (int round = 0; round < ROUNDS_MAX && !err; round++) {
		err = loader_tasks(s->loader, take, t);
		if (!err && t->known == t->count)
			break;
		for (; !err && t->known < t->count; t->known++) {
			err = loader_watch(s->loader, &t->v[t->known], t->known > 0);
			if (err == -EEXIST) /* forked meanwhile by one that is watched already */
				err = 0;
			watch_threads(s, (int)t->v[t->known].ns_tgid);
		}
	}
	return err;
}

static void adopt(struct session *s, const struct task_info *info)
{
	struct es_msg m = { .type = ES_MSG_ADOPT };

	m.proc.head.type = ES_REC_FORK;
	if (info->stdio[0] && info->stdio[1] &&
	    ((info->stdio[0] | info->stdio[1]) & ES_OBJECT_PIPE))
		m.proc.head.flags = ES_F_PIPES;
	m.proc.head.size = sizeof(m.proc);
	m.proc.head.time = clock_mono();
	m.proc.head.tgid = info->tgid;
	m.proc.proc_start = info->start;
	m.proc.parent_tgid = info->parent_tgid;
	m.proc.ns_tgid = info->ns_tgid;
	session_tell(s, &m, ES_MSG_SHORT);
}

int running_watch(struct session *s, int pid)
{
	struct tree t = { .v = calloc(TREE_MAX, sizeof(*t.v)), .root = pid };
	char what[64];
	int err = t.v ? gather(s, &t) : -ENOMEM, status;

	snprintf(what, sizeof(what), "process %d", pid);
	if (!err && t.count == 0)
		err = -ESRCH;
	status = err ? session_complain(what, strerror(-err)) : session_open_pipeline(s);
	if (!status)
		status = session_start_workers(s);
	for (size_t i = 0; i < t.count && !status; i++)
		adopt(s, &t.v[i]);
	if (!status && s->options->command == CMD_WATCH && !s->options->number[OPT_quiet])
		fprintf(stderr, "earshot: watching process %d and %zu descendant%s; Ctrl-C ends\n",
			pid, t.count - 1, t.count == 2 ? "" : "s");
	free(t.v);
	return status;
}

int running_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void running_wait(struct session *s, int signals, uint64_t until)
{
	struct pollfd end[] = { { .fd = signals, .events = POLLIN },
				{ .fd = attacher_gone_fd(s->attacher), .events = POLLIN } };

	line_watch(&s->line, signals);
	line_watch(&s->line, end[1].fd);
	while (poll(end, ARRAY_SIZE(end), 0) <= 0 && (!until || clock_mono() < until))
		line_step(&s->line);
}
