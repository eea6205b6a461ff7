// SPDX-License-Identifier: Apache-2.0
#include "facts/facts.h"

#include <errno.h>
#include <stdlib.h>

#include <uthash.h>

#include "base/arena.h"
#include "facts/fact.h"

/* Strings of one process. argv and environment values are cut before they come. */
#define PROCESS_ARENA_MAX (64u << 10)
#define LIBS_ARENA_MAX	  (4u << 20)

struct proc_key {
	uint64_t start;
	uint32_t tgid;
	uint32_t pad;
};

struct entry {
	struct proc_key key;
	struct process process;
	struct arena arena;
	UT_hash_handle hh;
};

struct facts {
	struct machine machine;
	struct entry *processes;
	struct arena arena; /* of the machine */
	struct arena lib_arena;
	struct lib_fact libs[FACTS_LIBS_MAX];
	size_t lib_count;
	uint16_t lib_index[FACTS_LIBS_MAX]; /* by id, modulo: 1 + index */
	struct stat_pair loss[ES_STAT_COUNT];
};

int facts_new(struct facts **ret)
{
	struct facts *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	arena_init(&f->arena, PROCESS_ARENA_MAX);
	arena_init(&f->lib_arena, LIBS_ARENA_MAX);
	*ret = f;
	return 0;
}

static void drop(struct facts *f, struct entry *e)
{
	HASH_DEL(f->processes, e);
	arena_done(&e->arena);
	free(e);
}

void facts_free(struct facts *f)
{
	struct entry *e, *next;

	if (!f)
		return;
	HASH_ITER (hh, f->processes, e, next)
		drop(f, e);
	arena_done(&f->arena);
	arena_done(&f->lib_arena);
	free(f);
}

static struct entry *find(const struct facts *f, uint32_t tgid, uint64_t start)
{
	struct proc_key key = { .start = start, .tgid = tgid };
	struct entry *e;

	HASH_FIND(hh, f->processes, &key, sizeof(key), e);
	return e;
}

/* Room for one more: the oldest that ended goes, or, when all run, the oldest. */
static void make_room(struct facts *f)
{
	struct entry *e, *next, *victim = f->processes;

	if (HASH_COUNT(f->processes) < FACTS_PROCESSES_MAX)
		return;
	HASH_ITER (hh, f->processes, e, next) {
		if (e->process.exit_time) {
			victim = e;
			break;
		}
	}
	drop(f, victim);
}

static struct entry *get(struct facts *f, uint32_t tgid, uint64_t start, uint64_t now)
{
	struct entry *e = find(f, tgid, start);

	if (e)
		return e;
	make_room(f);
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->key = (struct proc_key){ .start = start, .tgid = tgid };
	e->process = (struct process){ .tgid = tgid, .start = start, .first_seen = now };
	arena_init(&e->arena, PROCESS_ARENA_MAX);
	HASH_ADD(hh, f->processes, key, sizeof(e->key), e);
	return e;
}

/* A child begins as a copy of its parent. */
static void inherit(struct entry *child, const struct process *parent)
{
	struct process *p = &child->process;

	p->uid = parent->uid;
	p->uid_known = parent->uid_known;
	p->owner = arena_copy(&child->arena, parent->owner);
	p->exe = arena_copy(&child->arena, parent->exe);
	p->argv = arena_copy(&child->arena, parent->argv);
	p->cgroup = arena_copy(&child->arena, parent->cgroup);
	p->env_service = arena_copy(&child->arena, parent->env_service);
	p->env_resource = arena_copy(&child->arena, parent->env_resource);
}

static int proc_record(struct facts *f, const struct es_proc *r)
{
	struct entry *e, *parent;
	struct process *p;

	if (r->head.size < sizeof(*r))
		return -EBADMSG;
	e = get(f, r->head.tgid, r->proc_start, r->head.time);
	if (!e)
		return -ENOMEM;
	p = &e->process;
	p->ns_tgid = r->ns_tgid;
	p->comm = arena_copy(&e->arena, (struct sv){ (const char *)r->comm,
						     strnlen((const char *)r->comm, 16) });
	if (r->head.type == ES_REC_FORK) {
		p->parent_tgid = r->parent_tgid;
		p->parent_start = r->parent_start;
		parent = find(f, r->parent_tgid, r->parent_start);
		if (parent)
			inherit(e, &parent->process);
	}
	if (r->head.type == ES_REC_EXEC) {
		/* Another program: what was known of the old one is not true of it. */
		p->exe = SV_NONE;
		p->argv = SV_NONE;
	}
	if (r->head.type == ES_REC_EXIT) {
		p->exit_time = r->head.time;
		p->exit_code = r->exit_code;
	}
	return 0;
}

static void take_string(struct arena *a, struct sv *to, struct sv value)
{
	*to = arena_copy(a, value);
}

static void take_int(void *to, size_t len, struct sv value)
{
	if (value.len == len)
		memcpy(to, value.p, len);
}

static void boot_field(struct facts *f, uint16_t id, struct sv value)
{
	struct machine *m = &f->machine;

	switch (id) {
	case ES_FIELD_BOOT_ID:
		take_string(&f->arena, &m->boot_id, value);
		break;
	case ES_FIELD_MACHINE_ID:
		take_string(&f->arena, &m->machine_id, value);
		break;
	case ES_FIELD_HOST_NAME:
		take_string(&f->arena, &m->host_name, value);
		break;
	case ES_FIELD_HOST_ARCH:
		take_string(&f->arena, &m->host_arch, value);
		break;
	case ES_FIELD_OS_RELEASE:
		take_string(&f->arena, &m->os_release, value);
		break;
	case ES_FIELD_WALL_OFFSET:
		take_int(&m->wall_offset, sizeof(m->wall_offset), value);
		break;
	default:
		break;
	}
}

static void proc_field(struct entry *e, uint16_t id, struct sv value)
{
	struct process *p = &e->process;

	switch (id) {
	case ES_FIELD_EXE:
		take_string(&e->arena, &p->exe, value);
		break;
	case ES_FIELD_ARGV:
		take_string(&e->arena, &p->argv, value);
		break;
	case ES_FIELD_CGROUP:
		take_string(&e->arena, &p->cgroup, value);
		break;
	case ES_FIELD_OWNER:
		take_string(&e->arena, &p->owner, value);
		break;
	case ES_FIELD_PROC_SERVICE:
		take_string(&e->arena, &p->env_service, value);
		break;
	case ES_FIELD_PROC_RESOURCE:
		take_string(&e->arena, &p->env_resource, value);
		break;
	case ES_FIELD_UID:
		take_int(&p->uid, sizeof(p->uid), value);
		p->uid_known = value.len == sizeof(p->uid);
		break;
	case ES_FIELD_GONE_EARLY:
		p->gone_early = true;
		break;
	case ES_FIELD_NS_TGID:
		take_int(&p->ns_tgid, sizeof(p->ns_tgid), value);
		break;
	default:
		break;
	}
}

static void lib_field(struct facts *f, struct lib_fact *lib, uint16_t id, struct sv value)
{
	switch (id) {
	case ES_FIELD_LIB_PATH:
		take_string(&f->lib_arena, &lib->path, value);
		break;
	case ES_FIELD_LIB_BUILD_ID:
		take_string(&f->lib_arena, &lib->build_id, value);
		break;
	case ES_FIELD_LIB_STACK:
		take_string(&f->lib_arena, &lib->stack, value);
		break;
	case ES_FIELD_LIB_HOW:
		take_string(&f->lib_arena, &lib->how, value);
		break;
	case ES_FIELD_LIB_FOUND:
		take_string(&f->lib_arena, &lib->found, value);
		break;
	case ES_FIELD_LIB_STATE:
		take_int(&lib->state, sizeof(lib->state), value);
		break;
	case ES_FIELD_LIB_SINCE:
		take_int(&lib->since, sizeof(lib->since), value);
		break;
	case ES_FIELD_LIB_ID:
		take_int(&lib->id, sizeof(lib->id), value);
		break;
	case ES_FIELD_LIB_ERROR:
		take_string(&f->lib_arena, &lib->error, value);
		break;
	case ES_FIELD_NS_TGID:
		take_int(&lib->ns_tgid, sizeof(lib->ns_tgid), value);
		break;
	default:
		break;
	}
}

/* News of a library that is known already go to its entry; lib, just made, is given back. */
static struct lib_fact *same_lib(struct facts *f, struct lib_fact *lib, struct sv value)
{
	struct lib_fact *known;
	uint32_t id = 0;

	take_int(&id, sizeof(id), value);
	known = facts_lib_by_id(f, id);
	if (known && known != lib) {
		if (lib == &f->libs[f->lib_count - 1])
			f->lib_count--;
		known->tgid = lib->tgid;
		return known;
	}
	if (lib >= f->libs && lib < f->libs + FACTS_LIBS_MAX)
		f->lib_index[id % FACTS_LIBS_MAX] = (uint16_t)(lib - f->libs + 1);
	return lib;
}

static int fact_record(struct facts *f, const struct es_fact *r)
{
	struct lib_fact spare, *lib = NULL;
	struct entry *e = NULL;
	struct sv value;
	uint16_t id;
	size_t at = 0;
	int more;

	if (r->head.size < sizeof(*r))
		return -EBADMSG;
	if (r->head.type == ES_FACT_PROC) {
		e = get(f, r->head.tgid, r->proc_start, r->head.time);
		if (!e)
			return -ENOMEM;
	}
	if (r->head.type == ES_FACT_LIB) {
		lib = f->lib_count < FACTS_LIBS_MAX ? &f->libs[f->lib_count++] : &spare;
		*lib = (struct lib_fact){ .tgid = r->head.tgid };
	}
	while ((more = fact_next(r, &at, &id, &value)) > 0) {
		if (lib && id == ES_FIELD_LIB_ID)
			lib = same_lib(f, lib, value);
		if (lib)
			lib_field(f, lib, id, value);
		else if (e)
			proc_field(e, id, value);
		else
			boot_field(f, id, value);
	}
	return more;
}

static int loss_record(struct facts *f, const struct es_loss *r)
{
	size_t count, have;

	if (r->head.size < sizeof(*r))
		return -EBADMSG;
	have = (r->head.size - sizeof(*r)) / sizeof(struct stat_pair);
	count = r->count < have ? r->count : have;
	if (count > ES_STAT_COUNT)
		count = ES_STAT_COUNT;
	memcpy(f->loss, (const char *)r + sizeof(*r), count * sizeof(struct stat_pair));
	return 0;
}

int facts_record(struct facts *f, const struct es_head *rec)
{
	switch (rec->type) {
	case ES_REC_FORK:
	case ES_REC_EXEC:
	case ES_REC_EXIT:
		return proc_record(f, (const struct es_proc *)(const void *)rec);
	case ES_FACT_BOOT:
	case ES_FACT_PROC:
	case ES_FACT_LIB:
		return fact_record(f, (const struct es_fact *)(const void *)rec);
	case ES_FACT_LOSS:
		return loss_record(f, (const struct es_loss *)(const void *)rec);
	case ES_FACT_CLOCK:
		if (rec->size < sizeof(struct es_clock))
			return -EBADMSG;
		f->machine.wall_offset = ((const struct es_clock *)(const void *)rec)->wall_offset;
		return 0;
	default:
		return 0;
	}
}

const struct machine *facts_machine(const struct facts *f)
{
	return &f->machine;
}

const struct process *facts_process(const struct facts *f, uint32_t tgid, uint64_t start)
{
	const struct entry *e = find(f, tgid, start);

	return e ? &e->process : NULL;
}

const struct process *facts_newest(const struct facts *f, uint32_t tgid)
{
	const struct process *newest = NULL;

	for (struct entry *e = f->processes; e; e = e->hh.next) {
		if (e->process.tgid == tgid && (!newest || e->process.start > newest->start))
			newest = &e->process;
	}
	return newest;
}

const struct process *facts_newest_pid(const struct facts *f, uint32_t ns_tgid)
{
	const struct process *newest = NULL;

	for (struct entry *e = f->processes; e; e = e->hh.next) {
		if (e->process.ns_tgid == ns_tgid && (!newest || e->process.start > newest->start))
			newest = &e->process;
	}
	return newest;
}

const struct stat_pair *facts_loss(const struct facts *f)
{
	return f->loss;
}

struct lib_fact *facts_lib_by_id(struct facts *f, uint32_t id)
{
	uint16_t index = f->lib_index[id % FACTS_LIBS_MAX];

	return id && index && f->libs[index - 1].id == id ? &f->libs[index - 1] : NULL;
}

void facts_data(struct facts *f, uint32_t id, unsigned int dir, uint64_t bytes)
{
	struct lib_fact *lib = facts_lib_by_id(f, id);

	/* Its fact may be on the way: it is said once the process is known to map it. */
	if (!lib && id && f->lib_count < FACTS_LIBS_MAX) {
		lib = &f->libs[f->lib_count++];
		*lib = (struct lib_fact){ .id = id };
		f->lib_index[id % FACTS_LIBS_MAX] = (uint16_t)f->lib_count;
	}
	if (!lib)
		return;
	lib->bytes[dir & 1] += bytes;
	lib->records++;
}

const struct lib_fact *facts_lib(const struct facts *f, size_t index)
{
	return index < f->lib_count ? &f->libs[index] : NULL;
}
