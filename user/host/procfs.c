// SPDX-License-Identifier: Apache-2.0
#include "host/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ENVIRON_MAX (1u << 20)

static int open_of(int pid, const char *file)
{
	char path[4300];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_all(int pid, const char *file, size_t max, struct buf *ret)
{
	int fd = open_of(pid, file), err = 0;

	if (fd < 0)
		return fd;
	while (ret->len < max) {
		size_t room = max - ret->len < 4096 ? max - ret->len : 4096;
		ssize_t n;

		err = buf_reserve(ret, room);
		if (err)
			break;
		n = read(fd, ret->p + ret->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
		ret->len += (size_t)n;
	}
	if (ret->p)
		ret->p[ret->len] = '\0';
	close(fd);
	return err;
}

int proc_read(int pid, const char *file, struct buf *ret)
{
	return read_all(pid, file, PROC_TEXT_MAX, ret);
}

int proc_exe(int pid, char *ret, size_t len)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, ret, len - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

int proc_uid(int pid, uint32_t *ret)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &st))
		return -errno;
	*ret = st.st_uid;
	return 0;
}

int proc_cgroup(int pid, struct buf *ret)
{
	struct buf text;
	const char *line, *best;
	int err;

	buf_init(&text, PROC_TEXT_MAX + 1);
	err = proc_read(pid, "cgroup", &text);
	if (!err && text.len) {
		line = strstr(text.p, "0::");
		best = line ? line + 3 : strchr(text.p, '/');
		if (best)
			err = buf_add(ret, (struct sv){ best, strcspn(best, "\n") });
	}
	buf_done(&text);
	return err;
}

int proc_environ2(int pid, const char *name1, struct buf *value1, const char *name2,
		  struct buf *value2)
{
	const char *names[2] = { name1, name2 };
	struct buf *values[2] = { value1, value2 };
	struct buf text;
	int err;

	buf_init(&text, ENVIRON_MAX + 1);
	err = read_all(pid, "environ", ENVIRON_MAX, &text);
	for (size_t at = 0; !err && at < text.len;) {
		const char *entry = text.p + at;
		size_t len = strnlen(entry, text.len - at);

		for (int i = 0; i < 2; i++) {
			size_t n = strlen(names[i]);

			if (len > n && entry[n] == '=' && strncmp(entry, names[i], n) == 0 &&
			    values[i]->len == 0)
				err = buf_add(values[i], (struct sv){ entry + n + 1, len - n - 1 });
		}
		at += len + 1;
	}
	/* It may hold credentials: not left in freed memory. */
	if (text.p)
		explicit_bzero(text.p, text.len);
	buf_done(&text);
	return err;
}

static bool parse_map(char *line, struct proc_map *m)
{
	static const struct sv gone = { " (deleted)", 10 };
	unsigned long start, end, offset, inode;
	unsigned int major, minor;
	char perms[8];
	int path_at = 0;

	if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %n", &start, &end, perms, &offset, &major,
		   &minor, &inode, &path_at) < 7)
		return false;
	if (perms[2] != 'x' || inode == 0 || path_at == 0)
		return false;
	*m = (struct proc_map){ start,
				end,
				offset,
				major,
				minor,
				inode,
				{ line + path_at, strcspn(line + path_at, "\n") } };
	if (sv_ends(m->path, gone))
		m->path.len -= gone.len;
	return true;
}

int proc_each_map(int pid, int (*fn)(void *ctx, const struct proc_map *m), void *ctx)
{
	int fd = open_of(pid, "maps"), stop = 0;
	size_t cap = 0;
	char *line = NULL;
	FILE *f;

	if (fd < 0)
		return fd;
	f = fdopen(fd, "re");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	while (!stop && getline(&line, &cap, f) > 0) {
		struct proc_map m;

		if (parse_map(line, &m))
			stop = fn(ctx, &m);
	}
	free(line);
	fclose(f);
	return stop;
}

/* On overlayfs and btrfs the device in maps differs by nature from stat's: inode alone then. */
static bool same_file(int fd, const struct proc_map *m)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == m->inode;
}

int proc_open_map(int pid, const struct proc_map *m)
{
	char name[4200];
	int fd;

	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)m->start,
		 (unsigned long long)m->end);
	fd = open_of(pid, name);
	if (fd >= 0)
		return fd;
	fd = open_of(pid, "exe");
	if (fd >= 0 && same_file(fd, m))
		return fd;
	if (fd >= 0)
		close(fd);
	snprintf(name, sizeof(name), "root/%.*s", SV_ARG(sv_cut(m->path, 4096)));
	fd = open_of(pid, name);
	if (fd < 0)
		return fd;
	if (!same_file(fd, m)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}
