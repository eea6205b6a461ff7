// SPDX-License-Identifier: Apache-2.0
#include "resolve/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "resolve/elf.h"
#include "resolve/scan.h"
#include "resolve/stored.h"

#define ENTRIES_MAX 1024       /* then the folder is emptied: it fills again with what is used */
#define SMALL	    (2u << 20) /* files below are resolved faster than they are worth keeping */

struct id {
	uint64_t low, high;
};

struct cache {
	int folder;
	struct id self; /* this build */
};

struct head {
	char magic[8];
	uint64_t check;
	uint64_t len;
};
static const char magic[8] = "earshot";

static struct id id_of(const void *p, size_t len)
{
	XXH128_hash_t h = XXH3_128bits(p, len);

	return (struct id){ h.low64, h.high64 };
}

/* A file as it is now: any change of it changes this. */
struct identity {
	uint64_t dev, ino, size, mtime, mtime_ns, ctime, ctime_ns;
};

static int identify(int fd, struct identity *ret)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	*ret = (struct identity){ st.st_dev,
				  st.st_ino,
				  (uint64_t)st.st_size,
				  (uint64_t)st.st_mtim.tv_sec,
				  (uint64_t)st.st_mtim.tv_nsec,
				  (uint64_t)st.st_ctim.tv_sec,
				  (uint64_t)st.st_ctim.tv_nsec };
	return 0;
}

/* ---- the folder ---- */

static void prune(int folder)
{
	int copy = dup(folder), count = 0;
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *e;

	if (!d) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((e = readdir(d)))
		count += e->d_name[0] != '.';
	if (count > ENTRIES_MAX) {
		rewinddir(d);
		while ((e = readdir(d)))
			if (e->d_name[0] != '.')
				unlinkat(folder, e->d_name, 0);
	}
	closedir(d);
}

/* The build-id of this very program, else how its file is. */
static struct id self_id(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct identity now = { 0 };
	struct id id = { 0, 0 };
	struct elf *e;

	if (fd < 0)
		return id;
	if (identify(fd, &now) == 0)
		id = id_of(&now, sizeof(now));
	if (elf_open(&e, fd) == 0) {
		if (elf_build_id(e).len)
			id = id_of(elf_build_id(e).p, elf_build_id(e).len);
		elf_close(e);
	}
	close(fd);
	return id;
}

int cache_open(struct cache **ret, const char *folder)
{
	struct cache *c;
	struct stat st;
	int fd;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return -errno;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_uid != geteuid() || st.st_mode & 022) {
		close(fd);
		return -EACCES;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->folder = fd;
	c->self = self_id();
	prune(fd);
	*ret = c;
	return 0;
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	close(c->folder);
	free(c);
}

struct name {
	char text[40];
};

/* An entry's name: all that its contents depend on. */
static struct name name_of(const struct cache *c, char kind, const void *key, size_t len)
{
	struct id all[2] = { c->self, id_of(key, len) };
	struct id id = id_of(all, sizeof(all));
	struct name n;

	snprintf(n.text, sizeof(n.text), "%c%016llx%016llx", kind, (unsigned long long)id.high,
		 (unsigned long long)id.low);
	return n;
}

/* Returns how many bytes, or a negative errno. */
static ssize_t load(const struct cache *c, const struct name *name, uint8_t *buf, size_t room)
{
	int fd = openat(c->folder, name->text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = -EBADMSG;
	struct stat st;
	struct head h;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    !(st.st_mode & 022) && read(fd, &h, sizeof(h)) == sizeof(h) &&
	    memcmp(h.magic, magic, sizeof(magic)) == 0 && h.len <= room &&
	    read(fd, buf, h.len) == (ssize_t)h.len && XXH3_64bits(buf, h.len) == h.check)
		n = (ssize_t)h.len;
	close(fd);
	return n;
}

/* Whole or not at all: under another name first. What cannot be kept is resolved again. */
static void keep(const struct cache *c, const struct name *name, const uint8_t *buf, size_t len)
{
	struct head h = { .check = XXH3_64bits(buf, len), .len = len };
	char part[64];
	bool ok;
	int fd;

	snprintf(part, sizeof(part), ".%s.%d", name->text, (int)getpid());
	fd = openat(c->folder, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	memcpy(h.magic, magic, sizeof(magic));
	ok = write(fd, &h, sizeof(h)) == sizeof(h) && write(fd, buf, len) == (ssize_t)len;
	close(fd);
	if (!ok || renameat(c->folder, part, c->folder, name->text))
		unlinkat(c->folder, part, 0);
}

/* ---- what a file is ---- */

static int hash_window(void *ctx, const struct scan_window *w)
{
	return XXH3_128bits_update(ctx, w->p, w->own) == XXH_OK ? 0 : -EIO;
}

static int hash_code(struct elf *e, struct id *ret)
{
	XXH3_state_t *state = XXH3_createState();
	XXH128_hash_t h;
	int err;

	if (!state)
		return -ENOMEM;
	XXH3_128bits_reset(state);
	err = scan_file(e, SCAN_CODE, 0, hash_window, state);
	h = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	*ret = (struct id){ h.low64, h.high64 };
	return err;
}

/*
 * The code's hash for a file without a build-id. It is dear for a large one, so the folder
 * also remembers it by the file's identity.
 */
static int code_id(const struct cache *c, struct elf *e, const struct identity *now, struct id *ret)
{
	struct name name = name_of(c, 'i', now, sizeof(*now));
	int err;

	if (load(c, &name, (uint8_t *)ret, sizeof(*ret)) == sizeof(*ret))
		return 0;
	err = hash_code(e, ret);
	if (!err)
		keep(c, &name, (const uint8_t *)ret, sizeof(*ret));
	return err;
}

/* What the verdict depends on. A copy that was stripped has the same build-id. */
struct content {
	uint64_t size, side;
	struct id id, head;
	struct identity file; /* for what its points cannot prove; else zero */
};

static int content_of(const struct cache *c, struct elf *e, const struct identity *now,
		      enum return_side side, struct content *ret)
{
	struct sv build_id = elf_build_id(e);
	uint8_t head[4096] = { 0 };
	ssize_t n = pread(elf_fd(e), head, sizeof(head), 0);
	int err = 0;

	if (n < 0)
		return -EIO;
	*ret = (struct content){ .size = now->size, .side = side };
	ret->head = id_of(head, (size_t)n);
	if (build_id.len)
		ret->id = id_of(build_id.p, build_id.len);
	else
		err = code_id(c, e, now, &ret->id);
	return err;
}

static void take_build_id(struct elf *e, struct tls_verdict *v)
{
	struct sv id = elf_build_id(e);

	v->build_id_len = id.len < sizeof(v->build_id) ? id.len : sizeof(v->build_id);
	memcpy(v->build_id, id.p, v->build_id_len);
}

/*
 * A verdict with points proves itself by the bytes there. A refusal, or nothing found, has no
 * such proof, and a file whose code was changed may keep its build-id: that one holds for this
 * file only, as it is now.
 */
static bool proves_itself(const struct tls_verdict *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->stacks[i].error)
			return false;
	return v->count > 0;
}

/* Names of the entries for both kinds. */
struct places {
	struct name proved, bare;
};

static int places_of(const struct cache *c, struct elf *e, const struct identity *now,
		     enum return_side side, struct places *ret)
{
	struct content what;
	int err = content_of(c, e, now, side, &what);

	if (err)
		return err;
	ret->proved = name_of(c, 'v', &what, sizeof(what));
	what.file = *now;
	ret->bare = name_of(c, 'n', &what, sizeof(what));
	return 0;
}

/* Whether *ret is filled in from an entry of the right kind. */
static bool recall(const struct cache *c, struct elf *e, const struct name *name, bool proved,
		   uint8_t *buf, struct tls_verdict *ret)
{
	ssize_t n = load(c, name, buf, STORED_MAX);

	if (n < 0)
		return false;
	memset(ret, 0, sizeof(*ret));
	if (stored_read(e, buf, (size_t)n, ret) || proves_itself(ret) != proved)
		return false;
	take_build_id(e, ret);
	return true;
}

static int resolve_kept(struct cache *c, struct elf *e, int fd, const struct identity *now,
			enum return_side side, struct tls_verdict *ret, bool *hit)
{
	uint8_t *buf = malloc(STORED_MAX);
	struct places at;
	ssize_t n;
	int err;

	if (!buf)
		return -ENOMEM;
	err = places_of(c, e, now, side, &at);
	*hit = !err && (recall(c, e, &at.proved, true, buf, ret) ||
			recall(c, e, &at.bare, false, buf, ret));
	if (!*hit) {
		bool nameless = err != 0;

		err = resolve_file(fd, side, ret);
		n = err || nameless ? -1 : stored_write(e, ret, buf, STORED_MAX);
		if (n > 0)
			keep(c, proves_itself(ret) ? &at.proved : &at.bare, buf, (size_t)n);
	}
	free(buf);
	return err;
}

int cache_resolve(struct cache *c, int fd, enum return_side side, struct tls_verdict *ret,
		  bool *ret_hit)
{
	struct identity now;
	bool hit = false;
	struct elf *e;
	int err;

	if (!c || identify(fd, &now) || now.size < SMALL) {
		err = resolve_file(fd, side, ret);
	} else {
		err = elf_open(&e, fd);
		if (!err) {
			err = resolve_kept(c, e, fd, &now, side, ret, &hit);
			elf_close(e);
		}
	}
	if (ret_hit)
		*ret_hit = hit;
	return err;
}
