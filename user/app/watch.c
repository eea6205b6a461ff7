// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/running.h"

/* pid:N; others are not built. */
static int scope_pid(const char *scope, int *ret)
{
	char *end;
	long pid;

	if (!scope || strncmp(scope, "pid:", 4))
		return -1;
	pid = strtol(scope + 4, &end, 10);
	if (*end || pid < 1 || pid > 0x7fffffff)
		return -1;
	*ret = (int)pid;
	return 0;
}

int command_watch(const struct options *o)
{
	struct session s;
	struct buf out;
	int pid, status, signals;

	if (o->rest_count) {
		fprintf(stderr, "earshot: watch takes no %s; 'earshot run -- CMD' starts one\n",
			o->rest[0]);
		return EXIT_USAGE;
	}
	if (scope_pid(option_text(o, OPT_scope), &pid)) {
		fprintf(stderr, "earshot: watch needs --scope pid:N, a running process\n");
		return EXIT_USAGE;
	}
	signals = running_signals();
	status = session_load(&s, o);
	if (status)
		return status;
	status = running_watch(&s, pid);
	if (status)
		session_leave(status);
	running_wait(&s, signals, 0);
	buf_init(&out, 0);
	status = session_finish(&s, &out) ? EXIT_FAIL : EXIT_OK;
	session_print(&out);
	session_leave(status);
}
