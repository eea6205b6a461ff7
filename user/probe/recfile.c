// SPDX-License-Identifier: Apache-2.0
#include "probe/recfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REC_BUFFER (1u << 20)

static const char magic[8] = { 'E', 'A', 'R', 'S', 'H', 'O', 'T', '\n' };

struct rec_header {
	char magic[8];
	uint32_t version;
	uint32_t abi;
	uint64_t zero;
};

_Static_assert(sizeof(struct rec_header) == 24, "rec_header");

struct rec_writer {
	FILE *file;
	int error;
	uint64_t last_time;
};

/* A file must be empty, and is made its owner's alone; what is none is left as it is. */
static int take_over(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (st.st_size)
		return -EEXIST;
	return fchmod(fd, 0600) ? -errno : 0;
}

int rec_create(struct rec_writer **ret, const char *path)
{
	struct rec_header h = { .version = RECFILE_VERSION, .abi = ES_ABI_VERSION };
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int err = fd < 0 ? -errno : take_over(fd);
	struct rec_writer *w;

	if (err) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	w = calloc(1, sizeof(*w));
	if (!w || !(w->file = fdopen(fd, "wb"))) {
		err = w ? -errno : -ENOMEM;
		close(fd);
		free(w);
		return err;
	}
	setvbuf(w->file, NULL, _IOFBF, REC_BUFFER);
	memcpy(h.magic, magic, sizeof(magic));
	if (fwrite(&h, sizeof(h), 1, w->file) != 1)
		w->error = -EIO;
	*ret = w;
	return 0;
}

int rec_write(struct rec_writer *w, const struct es_head *head)
{
	static const char zeros[RECORD_ALIGN];
	size_t pad = (RECORD_ALIGN - head->size % RECORD_ALIGN) % RECORD_ALIGN;

	if (w->error)
		return w->error;
	w->last_time = head->time;
	if (fwrite(head, head->size, 1, w->file) != 1 ||
	    (pad && fwrite(zeros, pad, 1, w->file) != 1))
		w->error = errno ? -errno : -EIO;
	return w->error;
}

int rec_flush(struct rec_writer *w)
{
	if (!w->error && fflush(w->file))
		w->error = -errno;
	return w->error;
}

int rec_close(struct rec_writer *w)
{
	struct es_head end = { .type = RECFILE_END, .size = sizeof(end) };
	int err;

	if (!w)
		return 0;
	end.time = w->last_time;
	rec_write(w, &end);
	if (fclose(w->file) && !w->error)
		w->error = -errno;
	err = w->error;
	free(w);
	return err;
}

struct rec_reader {
	int fd;
	uint64_t at; /* file offset of buf[0] */
	size_t used, have;
	bool eof;
	char *buf;
};

static int refill(struct rec_reader *r)
{
	memmove(r->buf, r->buf + r->used, r->have - r->used);
	r->at += r->used;
	r->have -= r->used;
	r->used = 0;
	while (!r->eof && r->have < REC_BUFFER) {
		ssize_t n = read(r->fd, r->buf + r->have, REC_BUFFER - r->have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r->eof = n == 0;
		r->have += (size_t)n;
	}
	return 0;
}

/* len bytes at the reading place, or NULL when the file ends before. */
static const char *need(struct rec_reader *r, size_t len)
{
	if (r->have - r->used < len && refill(r))
		return NULL;
	return r->have - r->used >= len ? r->buf + r->used : NULL;
}

static int read_header(struct rec_reader *r, char *error)
{
	struct rec_header h;
	const char *p = need(r, sizeof(h));

	if (!p || memcmp(p, magic, sizeof(magic))) {
		snprintf(error, RECFILE_ERROR_MAX, "not an earshot recording");
		return -EINVAL;
	}
	memcpy(&h, p, sizeof(h));
	if (h.version > RECFILE_VERSION || h.abi > ES_ABI_VERSION) {
		snprintf(error, RECFILE_ERROR_MAX,
			 "recording of version %" PRIu32 ".%" PRIu32
			 ": this earshot reads up to %d.%d",
			 h.version, h.abi, RECFILE_VERSION, ES_ABI_VERSION);
		return -ENOTSUP;
	}
	r->used += sizeof(h);
	return 0;
}

int rec_open(struct rec_reader **ret, const char *path, char *error)
{
	struct rec_reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		err = -errno;
		snprintf(error, RECFILE_ERROR_MAX, "%s", strerror(-err));
		free(r);
		return err;
	}
	r->buf = malloc(REC_BUFFER);
	err = r->buf ? read_header(r, error) : -ENOMEM;
	if (err) {
		rec_reader_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

static int damaged(const struct rec_reader *r, char *error, const char *what)
{
	snprintf(error, RECFILE_ERROR_MAX, "damaged at byte %llu: %s",
		 (unsigned long long)(r->at + r->used), what);
	return -EBADMSG;
}

static int cut_short(const struct rec_reader *r, char *error)
{
	snprintf(error, RECFILE_ERROR_MAX,
		 "cut short at byte %llu: no end mark (was the recording earshot killed?)",
		 (unsigned long long)(r->at + r->have));
	return -ENODATA;
}

int rec_next(struct rec_reader *r, record_fn *fn, void *ctx, char *error)
{
	struct es_head head;
	const char *p = need(r, sizeof(head));
	size_t padded;
	int err;

	if (!p)
		return cut_short(r, error);
	memcpy(&head, p, sizeof(head));
	if (head.size < sizeof(head) || head.size > RECORD_MAX)
		return damaged(r, error, "record of an impossible size");
	padded = (head.size + RECORD_ALIGN - 1) & ~(size_t)(RECORD_ALIGN - 1);
	p = need(r, padded);
	if (!p)
		return cut_short(r, error);
	r->used += padded;
	if (head.type == RECFILE_END)
		return need(r, 1) ? damaged(r, error, "data behind the end mark") : 0;
	err = fn(ctx, (const void *)p);
	return err ? err : 1;
}

void rec_reader_free(struct rec_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->buf);
	free(r);
}
