// SPDX-License-Identifier: Apache-2.0
#include "app/filecache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>

#include "resolve/cache.h"

struct slot {
	struct file file;
	UT_hash_handle hh;
};

struct filecache {
	enum return_side side;
	struct slot *slots;
	struct cache *kept; /* verdicts of earlier runs; NULL: none are kept */
};

/* Verdicts are no secret and no harm: without a folder they are found again. */
static void open_kept(struct filecache *c)
{
	const char *home = geteuid() ? getenv("XDG_CACHE_HOME") : "/var/cache";
	const char *below = "";
	char folder[4096];

	if (!home) {
		home = getenv("HOME");
		below = "/.cache";
	}
	if (home && home[0] == '/' &&
	    (size_t)snprintf(folder, sizeof(folder), "%s%s/earshot", home, below) < sizeof(folder))
		(void)cache_open(&c->kept, folder);
}

int filecache_new(struct filecache **ret, enum return_side side)
{
	struct filecache *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->side = side;
	open_kept(c);
	*ret = c;
	return 0;
}

void filecache_free(struct filecache *c)
{
	struct slot *s, *next;

	if (!c)
		return;
	HASH_ITER (hh, c->slots, s, next) {
		HASH_DEL(c->slots, s);
		if (s->file.fd >= 0)
			close(s->file.fd);
		free(s->file.verdict);
		free(s->file.path);
		free(s);
	}
	cache_close(c->kept);
	free(c);
}

static int identify(int fd, struct file_id *id)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	memset(id, 0, sizeof(*id));
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	id->size = (uint64_t)st.st_size;
	id->mtime_s = st.st_mtim.tv_sec;
	id->mtime_ns = st.st_mtim.tv_nsec;
	id->ctime_s = st.st_ctim.tv_sec;
	id->ctime_ns = st.st_ctim.tv_nsec;
	return 0;
}

static struct tls_verdict *judge(struct filecache *c, int fd, struct sv path)
{
	struct tls_verdict *v;

	if (!resolve_worth(path))
		return NULL;
	v = calloc(1, sizeof(*v));
	if (v && (cache_resolve(c->kept, fd, c->side, v, NULL) || !v->count)) {
		free(v);
		return NULL;
	}
	return v;
}

struct file *filecache_get(struct filecache *c, int fd, struct sv path)
{
	struct file_id id;
	struct slot *s = NULL;

	if (identify(fd, &id)) {
		close(fd);
		return NULL;
	}
	HASH_FIND(hh, c->slots, &id, sizeof(id), s);
	if (s) {
		close(fd);
		return &s->file;
	}
	s = calloc(1, sizeof(*s));
	if (!s || !(s->file.path = strndup(path.p ? path.p : "", path.len))) {
		free(s);
		close(fd);
		return NULL;
	}
	s->file.id = id;
	s->file.verdict = judge(c, fd, path);
	s->file.fd = s->file.verdict ? fd : -1;
	if (s->file.fd < 0)
		close(fd);
	HASH_ADD(hh, c->slots, file.id, sizeof(id), s);
	return &s->file;
}

void file_learn(struct file_list *list, struct file *lib)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->v[i] == lib)
			return;
	if (list->count < FILE_LIBS_MAX)
		list->v[list->count++] = lib;
}
