// SPDX-License-Identifier: Apache-2.0
#include "app/libnotes.h"

enum kind {
	KIND_NONE,     /* not mapped after all, or told elsewhere */
	KIND_READ,     /* gave plaintext */
	KIND_ONE_WAY,  /* gave it in one direction only: it has another way for the other */
	KIND_SILENT,   /* probed, but nothing came through */
	KIND_UNPROBED, /* refused, or attach failed */
};

static enum kind kind_of(const struct lib_fact *lib)
{
	if (!lib->path.len || lib->state == ES_LIB_NO_FILE)
		return KIND_NONE;
	if (lib->state != ES_LIB_READ)
		return KIND_UNPROBED;
	if (!lib->bytes[0] && !lib->bytes[1])
		return KIND_SILENT;
	/* A record API beside the plain functions is only met where there are no names. */
	if (lib->proven && !lib->bytes[0] != !lib->bytes[1] && sv_eq(lib->found, SV("search")))
		return KIND_ONE_WAY;
	return KIND_READ;
}

static bool same(const struct lib_fact *a, const struct lib_fact *b)
{
	return kind_of(a) == kind_of(b) && sv_eq(a->path, b->path) && sv_eq(a->stack, b->stack);
}

static void note_one(struct outputs_end *end, const struct lib_fact *lib, size_t processes)
{
	const char *plural = processes == 1 ? "" : "es";

	switch (kind_of(lib)) {
	case KIND_READ:
		outputs_note(end, "read: %.*s in %.*s, %zu process%s%s", SV_ARG(lib->stack),
			     SV_ARG(lib->path), processes, plural,
			     lib_is_slow(lib) ? ", slowly: see earshot explain" : "");
		break;
	case KIND_ONE_WAY:
		outputs_note(end, "read: %.*s in %.*s, %zu process%s: %s only", SV_ARG(lib->stack),
			     SV_ARG(lib->path), processes, plural,
			     lib->bytes[0] ? "sent" : "received");
		break;
	case KIND_SILENT:
		outputs_note(end, "probed, and silent: %.*s in %.*s, %zu process%s",
			     SV_ARG(lib->stack), SV_ARG(lib->path), processes, plural);
		break;
	case KIND_UNPROBED:
		outputs_note(end, "not probed: %.*s in %.*s, %zu process%s: %.*s",
			     SV_ARG(lib->stack), SV_ARG(lib->path), processes, plural,
			     SV_ARG(lib->error));
		break;
	case KIND_NONE:
		break;
	}
}

void note_libraries(struct outputs_end *end)
{
	const struct lib_fact *lib, *other;
	bool any = false;

	for (size_t i = 0; (lib = facts_lib(end->facts, i)); i++) {
		size_t before = 0, processes = 0;

		any |= kind_of(lib) == KIND_READ || kind_of(lib) == KIND_ONE_WAY;
		for (size_t k = 0; (other = facts_lib(end->facts, k)); k++) {
			before += k < i && same(lib, other);
			processes += same(lib, other);
		}
		if (!before)
			note_one(end, lib, processes);
	}
	if (end->plain_streams)
		outputs_note(end, "read: plain HTTP, %llu connection%s",
			     (unsigned long long)end->plain_streams,
			     end->plain_streams == 1 ? "" : "s");
	if (!any && !end->plain_streams)
		outputs_note(end, "read: nothing (no watched process used a TLS library that "
				  "earshot can read)");
}
