// SPDX-License-Identifier: Apache-2.0
#include "app/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <uthash.h>

#include "app/factsend.h"
#include "base/clock.h"

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#else
#define MULTIARCH "aarch64-linux-gnu"
#endif

#define HELD_MAX 24 /* TLS stacks of one process */

struct held {
	struct file *file;
	const struct tls_stack *stack; /* of the file's verdict */
	uint32_t library;	       /* its number in records */
	struct attachment att;
	uint64_t since; /* attached; 0: not */
	bool told;	/* the line knows of it: the process maps the file */
};

struct proc {
	int pid; /* key: in our own pid namespace */
	uint32_t tgid;
	uint64_t start;
	uint64_t due;	      /* attach what the parent had then; 0: nothing due */
	uint64_t attached_at; /* newest; 0: never */
	uint64_t exec_at;     /* when it last ran a program; 0: never while watched */
	int parent;
	bool looked;	    /* all it mapped so far was looked at */
	struct file *asked; /* the newest whose verdict had to be waited for */
	struct file *exe;
	struct held held[HELD_MAX];
	size_t held_count;
	UT_hash_handle hh;
};

struct watched {
	struct watched_opts opt;
	struct filecache *files;
	struct proc *procs;
	struct watch_stats stats;
	uint32_t libraries; /* numbers given */
	int *idle;	    /* descriptors of ended processes */
	size_t idle_count, idle_cap;
};

int watched_new(struct watched **ret, const struct watched_opts *opt, struct filecache *files)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->opt = *opt;
	w->files = files;
	*ret = w;
	return 0;
}

static struct proc *find(const struct watched *w, int pid)
{
	struct proc *p;

	HASH_FIND_INT(w->procs, &pid, p);
	return p;
}

static struct proc *get(struct watched *w, int pid)
{
	struct proc *p = find(w, pid);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	HASH_ADD_INT(w->procs, pid, p);
	return p;
}

static void set_aside(struct watched *w, struct attachment *a)
{
	size_t need = w->idle_count + a->count;
	int *more = need > w->idle_cap ? realloc(w->idle, need * 2 * sizeof(int)) : w->idle;

	for (size_t i = 0; i < a->count; i++) {
		if (more)
			more[w->idle_count++] = a->fds[i];
		else
			close(a->fds[i]);
	}
	if (more && need > w->idle_cap)
		w->idle_cap = need * 2;
	if (more)
		w->idle = more;
	free(a->fds);
	*a = (struct attachment){ 0 };
}

static void drop(struct watched *w, struct proc *p)
{
	for (size_t i = 0; i < p->held_count; i++)
		set_aside(w, &p->held[i].att);
	HASH_DEL(w->procs, p);
	free(p);
}

void watched_free(struct watched *w)
{
	struct proc *p, *next;

	if (!w)
		return;
	HASH_ITER (hh, w->procs, p, next)
		drop(w, p);
	free(w->idle);
	free(w);
}

static struct held *held_of(struct proc *p, const struct file *f, const struct tls_stack *stack)
{
	for (size_t i = 0; i < p->held_count; i++)
		if (p->held[i].file == f && p->held[i].stack == stack)
			return &p->held[i];
	return NULL;
}

static void note_attached(struct watched *w, struct proc *p)
{
	p->attached_at = clock_mono();
	if (!w->stats.first_attach)
		w->stats.first_attach = p->attached_at;
	w->stats.attached += p->held_count == 1;
}

/* How late the probes of a program came that was known: they are the first things looked at. */
static void note_exec(struct watched *w, const struct proc *p)
{
	struct watch_stats *s = &w->stats;

	if (p->attached_at)
		s->exec_to_attach[s->samples++ % WATCH_SAMPLES] =
			p->attached_at > p->exec_at ? p->attached_at - p->exec_at : 0;
}

/* The file is mapped, or could not be probed: the line shall know, once. */
static void tell(struct watched *w, struct proc *p, struct held *h, uint32_t state,
		 const char *error)
{
	const struct lib_said said = { p->tgid, p->start, p->pid, h->library, h->since,
				       h->file, h->stack, state,  error };

	if ((h->told && state != ES_LIB_DETACHED) || strcmp(h->stack->name, TLS_HELPER) == 0)
		return;
	h->told = true;
	w->stats.failed += state != ES_LIB_READ;
	fact_send_lib(w->opt.out, &said);
}

/* The code in the process's memory must be the file's. */
static void tell_checked(struct watched *w, struct proc *p, struct held *h,
			 const struct proc_map *m)
{
	int err = attach_verify(p->pid, h->file->fd, h->stack, m->start, m->offset,
				m->end - m->start);

	if (!err || err == -ESRCH) {
		tell(w, p, h, ES_LIB_READ, NULL);
		return;
	}
	set_aside(w, &h->att);
	tell(w, p, h, ES_LIB_FAILED,
	     err == -ESTALE ? "its code in memory is not the file's" : strerror(-err));
}

static int attach_new(struct watched *w, struct proc *p, struct held *h)
{
	const struct attach_to to = { w->opt.multi, p->pid, h->file->fd, h->library };
	int err = attach_stack(w->opt.loader, &to, h->stack, &h->att);

	if (!err) {
		note_attached(w, p);
		h->since = p->attached_at;
	}
	return err;
}

static void attach_one(struct watched *w, struct proc *p, struct file *f,
		       const struct tls_stack *stack, const struct proc_map *m)
{
	struct held *h = held_of(p, f, stack);
	int err = stack->error;

	if (!h) {
		if (p->held_count == HELD_MAX)
			return;
		h = &p->held[p->held_count++];
		*h = (struct held){ .file = f, .stack = stack, .library = ++w->libraries };
		if (!err)
			err = attach_new(w, p, h);
	}
	if (err && err != -ESRCH) {
		set_aside(w, &h->att);
		if (m || f == p->exe)
			tell(w, p, h, stack->error ? ES_LIB_REFUSED : ES_LIB_FAILED,
			     strerror(-err));
	} else if (!err && m && !h->told) {
		tell_checked(w, p, h, m);
	}
}

/* m: where the process maps the file; NULL: not yet. */
static void attach(struct watched *w, struct proc *p, struct file *f, const struct proc_map *m)
{
	for (size_t i = 0; i < f->verdict->count; i++) {
		const struct tls_stack *s = &f->verdict->stacks[i];

		/* Every link takes its time: what only helps waits until it is mapped. */
		if (m || strcmp(s->name, TLS_HELPER))
			attach_one(w, p, f, s, m);
	}
}

/* ---- mappings ---- */

struct scan {
	struct watched *w;
	struct proc *p;
	bool likely; /* this round: only names that sound like TLS */
	bool any;    /* this round found mappings: it still ran */
};

static bool sounds_like_tls(struct sv path)
{
	return path.len &&
	       (memmem(path.p, path.len, "ssl", 3) || memmem(path.p, path.len, "tls", 3));
}

/*
 * A first link waits for the kernel's readers, some 10 ms; a short child has made its call by
 * then. What the children of a program mapped before is therefore attached at their fork.
 */
static void learn(struct watched *w, struct proc *p, struct file *f)
{
	struct proc *parent = find(w, p->parent);

	if (p->exe && p->exe != f)
		file_learn(&p->exe->own, f);
	if (p->exec_at && parent && parent->exe)
		file_learn(&parent->exe->children, f);
}

/* Java compiles its own TLS while it runs: there is no file to probe. */
static void note_runtime(struct watched *w, struct proc *p, struct file *f)
{
	static const struct tls_stack jsse = { .name = "jsse", .error = -ENOTSUP };

	if (held_of(p, f, &jsse) || p->held_count == HELD_MAX)
		return;
	p->held[p->held_count] =
		(struct held){ .file = f, .stack = &jsse, .library = ++w->libraries };
	tell(w, p, &p->held[p->held_count++], ES_LIB_NO_FILE, NULL);
}

static bool is_java(struct sv path)
{
	return sv_ends(path, SV("/libjvm.so"));
}

static void look_at(struct watched *w, struct proc *p, const struct proc_map *m)
{
	struct file *f;
	int fd;

	if (!resolve_worth(m->path))
		return;
	fd = proc_open_map(p->pid, m);
	if (fd < 0) {
		p->looked &= fd == -ESTALE;
		return;
	}
	f = filecache_get(w->files, fd, m->path, false);
	if (f && f->pending)
		p->asked = f;
	if (f && is_java(m->path))
		note_runtime(w, p, f);
	if (!f || !f->verdict)
		return;
	learn(w, p, f);
	attach(w, p, f, m);
}

static int scan_map(void *ctx, const struct proc_map *m)
{
	struct scan *s = ctx;

	s->any = true;
	if (sounds_like_tls(m->path) == s->likely)
		look_at(s->w, s->p, m);
	return 0;
}

/* The likely ones first: every file looked at costs a millisecond the first time. */
static void scan(struct watched *w, struct proc *p)
{
	struct scan s = { w, p, true, false };

	p->looked = true;
	proc_each_map(p->pid, scan_map, &s);
	s.likely = s.any = false;
	proc_each_map(p->pid, scan_map, &s);
	p->looked &= s.any;
}

void watched_map(struct watched *w, const struct map_event *ev)
{
	struct proc *p = find(w, (int)ev->pid);
	struct proc_map m = { ev->addr,	     ev->addr + ev->len, ev->offset, ev->dev_major,
			      ev->dev_minor, ev->inode,		 ev->path };

	/* Not known yet: its fork or exec is on the way and looks at all mappings. */
	if (p && !p->due && ev->inode)
		look_at(w, p, &m);
}

void watched_rescan(struct watched *w)
{
	struct proc *p, *next;

	HASH_ITER (hh, w->procs, p, next)
		scan(w, p);
}

/* ---- life of a process ---- */

static void attach_list(struct watched *w, struct proc *p, const struct file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		attach(w, p, list->v[i], NULL);
}

/* The executable itself, and what its earlier runs mapped. */
static void attach_exe(struct watched *w, struct proc *p, int fd, struct sv path, bool wait)
{
	struct file *exe = filecache_get(w->files, fd, path, wait);

	p->exe = exe;
	if (!exe)
		return;
	if (exe->verdict)
		attach(w, p, exe, NULL);
	attach_list(w, p, &exe->own);
}

static int open_exe(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The interpreter of a script, as execve(2) takes it: the first word behind "#!". */
static bool interpreter(int fd, char *ret, size_t len)
{
	char head[256];
	ssize_t n = pread(fd, head, sizeof(head) - 1, 0);
	char *word;

	if (n < 4 || head[0] != '#' || head[1] != '!')
		return false;
	head[n] = '\0';
	word = head + 2 + strspn(head + 2, " \t");
	word[strcspn(word, " \t\r\n")] = '\0';
	snprintf(ret, len, "%s", word);
	return word[0] == '/';
}

/* Where the system's own TLS library usually lies. */
static const char *const usual_places[] = {
	"/usr/lib/" MULTIARCH "/libssl.so.3",
	"/usr/lib64/libssl.so.3",
	"/usr/lib/libssl.so.3",
	"/usr/lib/" MULTIARCH "/libssl.so.1.1",
	"/usr/lib64/libssl.so.1.1",
	"/usr/lib/libssl.so.1.1",
};

/*
 * The command may map its TLS library a moment before its first call. A probe waiting in a
 * file that it never maps costs nothing, so the system's library gets one beforehand.
 */
static void attach_usual(struct watched *w, struct proc *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(usual_places); i++) {
		int fd = open(usual_places[i], O_RDONLY | O_CLOEXEC);
		struct file *f =
			fd >= 0 ? filecache_get(w->files, fd, sv_of(usual_places[i]), true) : NULL;

		if (f && f->verdict)
			attach(w, p, f, NULL);
	}
}

void watched_command(struct watched *w, int pid, const char *path)
{
	struct proc *p = get(w, pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char inner[256];

	if (!p || fd < 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (interpreter(fd, inner, sizeof(inner))) {
		close(fd);
		fd = open(inner, O_RDONLY | O_CLOEXEC);
		path = inner;
	}
	if (fd >= 0)
		attach_exe(w, p, fd, sv_of(path), true);
	if (!p->exe || !p->exe->verdict)
		attach_usual(w, p);
}

void watched_fork(struct watched *w, const struct es_proc *r)
{
	struct proc *p = r->ns_tgid ? get(w, (int)r->ns_tgid) : NULL;
	struct proc *q, *next;

	if (!p)
		return;
	p->tgid = r->head.tgid;
	p->start = r->proc_start;
	HASH_ITER (hh, w->procs, q, next) {
		if (q->tgid == r->parent_tgid && q->start == r->parent_start && q != p) {
			p->parent = q->pid;
			p->exe = q->exe;
		}
	}
	if (p->parent && p->exe)
		attach_list(w, p, &p->exe->children);
	if (!p->parent)
		fact_send_proc(w->opt.out, p->tgid, p->start, p->pid);
	else if (!(r->head.flags & ES_F_SHARED_MM))
		p->due = clock_mono() + FORK_DELAY_NS;
}

static void attach_like_parent(struct watched *w, struct proc *p)
{
	struct proc *parent = find(w, p->parent);

	p->due = 0;
	for (size_t i = 0; parent && i < parent->held_count; i++)
		if (parent->held[i].file->verdict)
			attach(w, p, parent->held[i].file, NULL);
	scan(w, p);
}

void watched_detach(struct watched *w, uint32_t tgid, uint32_t library)
{
	struct proc *p, *next;

	HASH_ITER (hh, w->procs, p, next) {
		if (p->tgid != tgid)
			continue;
		for (size_t i = 0; i < p->held_count; i++) {
			struct held *h = &p->held[i];

			if (h->library != library || !h->att.count)
				continue;
			set_aside(w, &h->att);
			tell(w, p, h, ES_LIB_DETACHED, "what came through it is no protocol");
		}
	}
}

uint64_t watched_due(struct watched *w, uint64_t now)
{
	struct proc *p, *next;
	uint64_t first = 0;

	HASH_ITER (hh, w->procs, p, next) {
		if (p->due && p->due <= now)
			attach_like_parent(w, p);
		if (p->due && (!first || p->due < first))
			first = p->due;
	}
	return first;
}

void watched_adopt(struct watched *w, const struct es_proc *r)
{
	struct proc *p = r->ns_tgid ? get(w, (int)r->ns_tgid) : NULL;
	char path[4096];
	int fd;

	if (!p)
		return;
	p->tgid = r->head.tgid;
	p->start = r->proc_start;
	fact_send_proc(w->opt.out, p->tgid, p->start, p->pid);
	fd = open_exe(p->pid);
	if (fd < 0 || proc_exe(p->pid, path, sizeof(path)))
		path[0] = '\0';
	if (fd >= 0)
		p->exe = filecache_get(w->files, fd, sv_of(path), false);
	scan(w, p);
}

void watched_exec(struct watched *w, const struct es_proc *r)
{
	struct proc *p = r->ns_tgid ? get(w, (int)r->ns_tgid) : NULL;
	char path[4096];
	int fd;

	if (!p)
		return;
	p->tgid = r->head.tgid;
	p->start = r->proc_start;
	p->due = 0;
	p->looked = false;
	p->asked = NULL;
	p->exec_at = r->head.time;
	fd = open_exe(p->pid);
	if (fd < 0 || proc_exe(p->pid, path, sizeof(path)))
		path[0] = '\0';
	if (fd >= 0)
		attach_exe(w, p, fd, sv_of(path), false);
	note_exec(w, p);
	fact_send_proc(w->opt.out, p->tgid, p->start, p->pid);
	scan(w, p);
}

void watched_exit(struct watched *w, const struct es_proc *r)
{
	struct proc *p = find(w, (int)r->ns_tgid);

	loader_settle(w->opt.loader, r->head.tgid, r->proc_start, r->head.time, fact_send_settle,
		      w->opt.out);
	if (!p)
		return;
	if (!p->looked || (p->asked && p->asked->pending))
		fact_send_gone_early(w->opt.out, r->head.tgid, r->proc_start);
	drop(w, p);
}

/* ---- descriptors ---- */

int watched_take_idle(struct watched *w)
{
	return w->idle_count ? w->idle[--w->idle_count] : -1;
}

void watched_take_all(struct watched *w, int **ret_fds, size_t *ret_count)
{
	struct proc *p, *next;

	HASH_ITER (hh, w->procs, p, next)
		drop(w, p);
	*ret_fds = w->idle;
	*ret_count = w->idle_count;
	w->idle = NULL;
	w->idle_count = w->idle_cap = 0;
}

size_t watched_count(const struct watched *w)
{
	return HASH_COUNT(w->procs);
}

size_t watched_running(const struct watched *w)
{
	size_t n = 0;

	for (const struct proc *p = w->procs; p; p = p->hh.next)
		n += kill(p->pid, 0) == 0 || errno != ESRCH;
	return n;
}

const struct watch_stats *watched_stats(const struct watched *w)
{
	return &w->stats;
}
