// SPDX-License-Identifier: Apache-2.0
#include "app/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed_on[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP };

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		sigaddset(set, passed_on[i]);
}

static void __attribute__((noreturn))
run(char **argv, const struct privs *privs, int go, const sigset_t *mask)
{
	char byte;
	int err;

	/* No byte: our parent ended first, and nobody wants the command any more. */
	if (read(go, &byte, 1) != 1)
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	err = privs_drop(privs);
	if (err) {
		fprintf(stderr, "earshot: cannot become user %u: %s\n", privs->uid, strerror(-err));
		_exit(126);
	}
	execvp(argv[0], argv);
	err = errno;
	fprintf(stderr, "earshot: %s: %s\n", argv[0], strerror(err));
	_exit(err == ENOENT ? 127 : 126);
}

int child_start(struct child *c, char **argv, const struct privs *privs)
{
	sigset_t set, old;
	int go[2];

	signal_set(&set);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, &old))
		return -errno;
	c->ended = false;
	c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signals < 0 || pipe2(go, O_CLOEXEC))
		return -errno;
	c->pid = fork();
	if (c->pid < 0)
		return -errno;
	if (c->pid == 0) {
		signal(SIGTTOU, SIG_DFL);
		signal(SIGTTIN, SIG_DFL);
		close(go[1]);
		run(argv, privs, go[0], &old);
	}
	close(go[0]);
	c->go = go[1];
	return 0;
}

void child_go(struct child *c)
{
	ssize_t n = write(c->go, "g", 1);

	/* When it is gone already, waitpid() says so. */
	(void)n;
	close(c->go);
	c->go = -1;
}

static void reap(struct child *c)
{
	int status;

	while (!c->ended && waitpid(c->pid, &status, WNOHANG | WUNTRACED) == c->pid) {
		if (!WIFSTOPPED(status)) {
			c->ended = true;
			c->status = status;
			continue;
		}
		/* Stop as it did, so that the shell gets its prompt; go on when it lets us. */
		kill(getpid(), SIGSTOP);
		kill(c->pid, SIGCONT);
	}
}

void child_poll(struct child *c)
{
	struct signalfd_siginfo si;

	while (read(c->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		/* What the terminal sends, it sends to the whole group: the child has it. */
		if (si.ssi_code == SI_KERNEL || c->ended)
			continue;
		kill(c->pid, (int)si.ssi_signo);
	}
	reap(c);
}

int child_exit_code(const struct child *c)
{
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}
