/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_OTLP_BATCH_H
#define EARSHOT_OTLP_BATCH_H

/*
 * batch - a request under construction, as the protobuf-c structures that both encodings
 * are written from (internal to otlp).
 */
#include "common.pb-c.h"
#include "otlp/otlp.h"
#include "trace.pb-c.h"

/* Spans of one resource. */
struct otlp_group {
	struct otlp_group *next;
	uint64_t hash;
	struct sv packed; /* the resource, encoded: what tells groups apart */
	Otlp__ResourceSpans rs;
	Otlp__ScopeSpans ss;
	Otlp__ScopeSpans *ss_list[1];
	size_t cap; /* of ss.spans */
};

struct otlp_batch {
	struct arena arena;
	struct otlp_group *groups;
	struct otlp_group *last;
	Otlp__InstrumentationScope scope;
	size_t group_count;
	size_t span_count;
	size_t size; /* at least what the request takes encoded */
};

int otlp_json_request(const struct otlp_batch *b, struct buf *out);

#endif /* EARSHOT_OTLP_BATCH_H */
