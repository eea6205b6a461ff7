/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_SEMCONV_SPAN_H
#define EARSHOT_SEMCONV_SPAN_H

/*
 * span - a call in the words of the GenAI semantic conventions. The only place that spells
 * attribute names; those come from names.h, which tools/gen-semconv.py makes from the data.
 */
#include "base/arena.h"
#include "base/sv.h"
#include "model/call.h"
#include "model/process.h"
#include "semconv/names.h"

/*
 * Most bytes of content attributes on one span. Receivers refuse more than 4 MiB a
 * request, so what is beyond is cut and earshot.content.truncated says so.
 */
#define SPAN_CONTENT_MAX (3840u * 1024)

/* An arena that holds all one span and its resource may need, redacted content included. */
#define SPAN_ARENA_MAX (48u * 1024 * 1024)

enum attr_type {
	ATTR_STRING,
	ATTR_BOOL,
	ATTR_INT,
	ATTR_DOUBLE,
	ATTR_STRINGS,
};

struct attr {
	struct sv key;
	enum attr_type type;
	union {
		struct sv string;
		bool boolean;
		int64_t integer;
		double real;
		struct {
			const struct sv *v;
			size_t count;
		} strings;
	};
};

struct attrs {
	struct attr *v;
	size_t count;
	size_t cap;
	uint32_t dropped; /* did not fit in memory */
};

/* Numbers as in OTLP. */
enum span_kind {
	SPAN_INTERNAL = 1,
	SPAN_SERVER = 2,
	SPAN_CLIENT = 3,
};

enum span_status {
	SPAN_UNSET = 0,
	SPAN_OK = 1,
	SPAN_ERROR = 2,
};

struct span {
	uint8_t trace_id[16];
	uint8_t span_id[8];
	uint8_t parent_id[8];	/* all zero: root */
	uint8_t trace_flags;	/* of the parent */
	struct sv trace_state;	/* W3C tracestate, as the wire had it */
	struct call_trace link; /* to another span; unless set there is none */
	struct sv name;
	enum span_kind kind;
	uint64_t start; /* unix ns */
	uint64_t end;	/* unix ns, not before start */
	enum span_status status;
	struct sv message; /* content: only with an error, only when policy let it through */
	struct attrs attrs;
};

/* What emitted spans: one per watched process. Other hash, other attributes. */
struct resource {
	struct attrs attrs;
	uint64_t hash;
};

/* Schema of the names in use, and the scope: for ResourceSpans and ScopeSpans. */
#define SPAN_SCHEMA_URL SEMCONV_SCHEMA_URL
#define SPAN_SCOPE_NAME "earshot"

/*
 * The span of a call of any kind. call is a policy view. The span borrows from
 * call and from a. Returns 0, or -ENOMEM with *ret untouched.
 */
int span_of_call(struct span *ret, const struct call *call, const struct machine *m,
		 struct arena *a);

/*
 * The resource of a process. p may be NULL (nothing known of it but the call's tgid).
 * user_agent: of its calls, for the service's name. Borrows from p, m and a.
 */
int resource_of_process(struct resource *ret, const struct process *p, uint32_t tgid,
			const struct machine *m, struct sv user_agent, struct arena *a);

#endif /* EARSHOT_SEMCONV_SPAN_H */
