// SPDX-License-Identifier: Apache-2.0
#include "export/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * OTLP/JSON lines: one request object per line, appended. Whoever reads along sees whole
 * lines; a line that could not be written whole is taken back.
 */
struct file {
	int fd;
	bool regular;
	char path[];
};

static int file_open(void **state, const struct export_options *o, const char *version, char *error)
{
	size_t len = strlen(o->file) + 1;
	struct file *f = malloc(sizeof(*f) + len);
	struct stat st;

	(void)version;
	if (!f)
		return -ENOMEM;
	memcpy(f->path, o->file, len);
	/* With content on it holds what people wrote: nobody else's business. */
	f->fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (f->fd < 0 || fstat(f->fd, &st) < 0) {
		int err = -errno;

		snprintf(error, EXPORT_ERROR_MAX, "cannot write to %s: %s", f->path,
			 strerror(-err));
		if (f->fd >= 0)
			close(f->fd);
		free(f);
		return err;
	}
	f->regular = S_ISREG(st.st_mode);
	/* A pipe nobody reads must not keep us from ending. */
	if (S_ISFIFO(st.st_mode))
		fcntl(f->fd, F_SETFL, O_WRONLY | O_APPEND | O_NONBLOCK);
	*state = f;
	return 0;
}

static int write_all(struct file *f, struct sender *s, struct sv line)
{
	while (line.len) {
		ssize_t n = write(f->fd, line.p, line.len);

		if (n >= 0) {
			line = sv_skip(line, (size_t)n);
			continue;
		}
		if (errno == EAGAIN) {
			int err = sender_wait(s, f->fd, POLLOUT, UINT32_MAX);

			if (err < 0)
				return err;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

static void file_send(void *state, struct sender *s, struct sv body, uint64_t spans)
{
	struct file *f = state;
	off_t start = f->regular ? lseek(f->fd, 0, SEEK_END) : -1;
	int err = write_all(f, s, body);

	s->result.requests++;
	if (!err) {
		s->result.sent += spans;
		return;
	}
	s->result.failed += spans;
	sender_trouble(s, "cannot write to %s: %s", f->path, strerror(-err));
	if (start >= 0 && ftruncate(f->fd, start) < 0)
		sender_trouble(s, "%s ends in a broken line: %s", f->path, strerror(errno));
}

static void file_close(void *state)
{
	struct file *f = state;

	close(f->fd);
	free(f);
}

const struct destination destination_file = {
	.name = "file",
	.open = file_open,
	.send = file_send,
	.close = file_close,
};
