/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_FILECACHE_H
#define EARSHOT_APP_FILECACHE_H

/*
 * filecache - the attacher's memory of files: what each is, by identity, and which TLS
 * libraries an executable mapped before, so that a later run of it is attached at exec.
 */
#include <sys/types.h>
#include <time.h>

#include "resolve/resolve.h"

/* Never two different contents: a change of the file changes its times. */
struct file_id {
	uint64_t dev, ino, size;
	int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
};

#define FILE_LIBS_MAX 8

struct file;

struct file_list {
	struct file *v[FILE_LIBS_MAX];
	size_t count;
};

struct file {
	struct file_id id;
	int fd; /* kept open while it holds a TLS library; else -1 */
	char *path;
	struct tls_verdict *verdict; /* NULL: no TLS library in it, or pending */
	bool pending;		     /* its verdict is being found */
	/* As an executable: what its processes mapped, and what the children of those did. */
	struct file_list own, children;
};

struct filecache;

int filecache_new(struct filecache **ret, enum return_side side);
void filecache_free(struct filecache *c);

/* Larger files are looked at by a thread of their own, unless somebody must wait for it. */
#define FILE_QUICK (8u << 20)

/*
 * The file behind fd, which is taken over (closed, or kept in the entry). wait: its verdict is
 * there when this returns. Returns the entry, or NULL when it could not be read.
 */
struct file *filecache_get(struct filecache *c, int fd, struct sv path, bool wait);

/* Readable when a verdict has come that nobody waited for. */
int filecache_fd(const struct filecache *c);
/* Takes them in. True when there is a TLS library among them: look at the mappings again. */
bool filecache_answers(struct filecache *c);

/* lib is in the list from now on, if there is room. */
void file_learn(struct file_list *list, struct file *lib);

#endif /* EARSHOT_APP_FILECACHE_H */
