// SPDX-License-Identifier: Apache-2.0
#include "app/filecache.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>

#include "app/judge.h"

struct slot {
	struct file file;
	UT_hash_handle hh;
};

struct filecache {
	struct judge *judge;
	struct slot *slots;
};

int filecache_new(struct filecache **ret, enum return_side side)
{
	struct filecache *c = calloc(1, sizeof(*c));

	int err;

	if (!c)
		return -ENOMEM;
	err = judge_new(&c->judge, side);
	if (err) {
		free(c);
		return err;
	}
	*ret = c;
	return 0;
}

void filecache_free(struct filecache *c)
{
	struct slot *s, *next;

	if (!c)
		return;
	judge_free(c->judge);
	HASH_ITER (hh, c->slots, s, next) {
		HASH_DEL(c->slots, s);
		if (s->file.fd >= 0)
			close(s->file.fd);
		free(s->file.verdict);
		free(s->file.path);
		free(s);
	}
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

/* Its verdict is there: the file is kept open, or not. */
static void settle(struct file *f, struct tls_verdict *v)
{
	f->verdict = v;
	f->pending = false;
	if (!v && f->fd >= 0) {
		close(f->fd);
		f->fd = -1;
	}
}

static void judge_file(struct filecache *c, struct file *f, bool wait)
{
	struct sv path = sv_of(f->path);

	if (!wait && f->id.size > FILE_QUICK && resolve_worth(path)) {
		f->pending = true;
		if (judge_ask(c->judge, f->fd, f) == 0)
			return;
	}
	settle(f, judge_now(c->judge, f->fd, path));
}

int filecache_fd(const struct filecache *c)
{
	return judge_fd(c->judge);
}

bool filecache_answers(struct filecache *c)
{
	struct tls_verdict *v;
	bool any = false;
	void *tag;

	while (judge_answer(c->judge, &tag, &v)) {
		any |= v != NULL;
		settle(tag, v);
	}
	return any;
}

struct file *filecache_get(struct filecache *c, int fd, struct sv path, bool wait)
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
	s->file.fd = fd;
	HASH_ADD(hh, c->slots, file.id, sizeof(id), s);
	judge_file(c, &s->file, wait);
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
