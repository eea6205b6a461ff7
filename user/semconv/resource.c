// SPDX-License-Identifier: Apache-2.0
#include "semconv/span.h"

#include <errno.h>

#include <xxhash.h>

#include "base/kvlist.h"
#include "model/agent.h"
#include "semconv/attrs.h"

/* Of one process's OTEL_RESOURCE_ATTRIBUTES; more is a mistake or malice. */
#define ENV_ATTRS_MAX 64

/*
 * The specification: on any decoding error the whole value is dropped. What the process
 * says of itself may name anything but what the kernel says better.
 */
static void env_attrs(struct attrs *as, struct sv list, struct arena *a)
{
	struct attrs got = { 0 };
	struct sv key, value;
	int more;

	while ((more = kvlist_next(&list, &key, &value)) == 1) {
		struct attr at = { .key = key, .type = ATTR_STRING };

		if (got.count == ENV_ATTRS_MAX || percent_decode(&at.string, value, a))
			return;
		attrs_add(&got, a, &at);
	}
	if (more < 0)
		return;
	/* Of two with one name the later wins. */
	for (size_t i = got.count; i-- > 0;) {
		if (!attrs_get(as, got.v[i].key) && got.v[i].string.len)
			attrs_add(as, a, &got.v[i]);
	}
}

static void process_attrs(struct attrs *as, const struct process *p, uint32_t tgid, struct arena *a)
{
	/* The pid that people see beside earshot, not the kernel's own count. */
	attrs_int(as, a, SEMCONV_PROCESS_PID, process_pid(p, tgid));
	if (!p)
		return;
	attrs_string(as, a, SEMCONV_PROCESS_EXECUTABLE_NAME, sv_behind_last(p->exe, '/'));
	attrs_string(as, a, SEMCONV_PROCESS_EXECUTABLE_PATH, p->exe);
	attrs_string(as, a, SEMCONV_PROCESS_OWNER, p->owner);
}

/* Its own word for itself, else what its calls or its executable say. */
static struct sv service_of(const struct process *p, struct sv user_agent, struct arena *a)
{
	struct sv name = SV_NONE;

	if (p && p->env_service.len)
		return p->env_service;
	if (p) {
		struct attrs own = { 0 };
		const struct attr *named;

		env_attrs(&own, p->env_resource, a);
		named = attrs_get(&own, SV(SEMCONV_SERVICE_NAME));
		if (named)
			return named->string;
		name = p->exe.len ? p->exe : p->comm;
	}
	name = agent_name(user_agent, name);
	return name.len ? name : SV("unknown_service");
}

static uint64_t hash_of(const struct attrs *as)
{
	uint64_t h = as->count;

	for (size_t i = 0; i < as->count; i++) {
		const struct attr *at = &as->v[i];

		h = XXH3_64bits_withSeed(at->key.p, at->key.len, h);
		if (at->type == ATTR_STRING)
			h = XXH3_64bits_withSeed(at->string.p, at->string.len, h);
		else
			h = XXH3_64bits_withSeed(&at->integer, sizeof(at->integer), h);
	}
	return h;
}

int resource_of_process(struct resource *ret, const struct process *p, uint32_t tgid,
			const struct machine *m, struct sv user_agent, struct arena *a)
{
	struct attrs as = { 0 };

	attrs_string(&as, a, SEMCONV_SERVICE_NAME, service_of(p, user_agent, a));
	if (!as.v)
		return -ENOMEM;
	attrs_string(&as, a, SEMCONV_HOST_NAME, m->host_name);
	attrs_string(&as, a, SEMCONV_HOST_ARCH, m->host_arch);
	attrs_string(&as, a, SEMCONV_OS_TYPE, SV("linux"));
	process_attrs(&as, p, tgid, a);
	if (p)
		env_attrs(&as, p->env_resource, a);
	ret->attrs = as;
	ret->hash = hash_of(&as);
	return 0;
}
