/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_OTLP_OTLP_H
#define EARSHOT_OTLP_OTLP_H

/*
 * otlp - spans as an OTLP ExportTraceServiceRequest (opentelemetry-proto 1.11), protobuf or
 * JSON. A batch keeps its own copies, with text made valid UTF-8 without NUL, grouped by
 * resource.
 */
#include "base/buf.h"
#include "semconv/span.h"

/* Jaeger, Phoenix and Tempo refuse 4 MiB and more; the rest is room for the envelope. */
#define OTLP_BATCH_MAX (4u * 1024 * 1024 - 64 * 1024)

enum otlp_format {
	OTLP_PROTOBUF,
	OTLP_JSON,
};

struct otlp_batch;

/* Returns 0 or -ENOMEM. version: of the scope "earshot"; static text. */
int otlp_batch_new(struct otlp_batch **ret, const char *version);
void otlp_batch_free(struct otlp_batch *b);

/* Empties it. */
void otlp_batch_reset(struct otlp_batch *b);

size_t otlp_batch_count(const struct otlp_batch *b);

/*
 * Copies r and s in. Returns 0; -ENOSPC when the request would grow past OTLP_BATCH_MAX
 * (encode, reset, add again; an empty batch takes any span up to that bound);
 * -E2BIG when the span alone is past it; -EINVAL for a zero id or an end before the start;
 * -ENOMEM. The batch is as it was on any failure.
 */
int otlp_batch_add(struct otlp_batch *b, const struct resource *r, const struct span *s);

/*
 * Appends one request to out; for JSON one line with its newline. An empty batch appends
 * nothing. Returns 0 or -ENOMEM.
 */
int otlp_batch_encode(const struct otlp_batch *b, enum otlp_format format, struct buf *out);

/* What a receiver answered with 200. Borrows message from body (protobuf) or from a. */
struct otlp_result {
	int64_t rejected;
	struct sv message;
};

/* Reads an ExportTraceServiceResponse. Returns 0 or -EBADMSG. */
int otlp_read_response(struct otlp_result *ret, struct sv body, enum otlp_format format,
		       struct arena *a);

#endif /* EARSHOT_OTLP_OTLP_H */
