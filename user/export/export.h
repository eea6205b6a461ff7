/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXPORT_EXPORT_H
#define EARSHOT_EXPORT_EXPORT_H

/*
 * export - where encoded spans go. Each destination is one file and one row of the table
 * in export.c, and runs as one exporter: a batch on the line's side, a bounded queue, and
 * a sender thread of its own that nothing else touches.
 * Line and sender share nothing but messages (base/chan.h).
 */
#include "otlp/otlp.h"

#define EXPORT_HEADERS_MAX 32 /* of OTEL_EXPORTER_OTLP_HEADERS; more is an error */

struct export_header {
	struct sv name;
	struct sv value; /* percent-decoded */
};

/* What export_options_* fill. All strings NUL-terminated, in the arena given there. */
struct export_options {
	const char *file;	 /* file: path; NULL for otlp_http */
	const char *url;	 /* otlp_http: full address of the traces path */
	enum otlp_format format; /* http/protobuf, http/json; the file is always JSON */
	bool gzip;
	unsigned int timeout_ms; /* of one attempt; 10,000 by default */
	const char *certificate; /* PEM files, or NULL */
	const char *client_key;
	const char *client_certificate;
	struct export_header headers[EXPORT_HEADERS_MAX];
	size_t header_count;
	size_t batch_max;	/* spans of one request */
	unsigned int delay_ms;	/* a batch waits no longer, on the line's clock */
	size_t queue_max;	/* spans waiting; OTEL_BSP_MAX_QUEUE_SIZE */
	bool wait;		/* a full queue stops the line instead of dropping: for replay */
	const char *user_agent; /* product put in front of the exporter's own; may be NULL */
};

/* Looks one variable up; NULL when unset. For tests and for getenv(). */
typedef const char *export_env_fn(void *ctx, const char *name);

#define EXPORT_ERROR_MAX 256

/* The defaults of the file destination: each span is one line, at once. */
void export_options_file(struct export_options *o, const char *path);

/*
 * Defaults, then the OTEL_EXPORTER_OTLP_* and OTEL_BSP_* variables (OpenTelemetry
 * specification 1.60), names with TRACES first. endpoint: from the command line, wins over
 * the variables; NULL: none. Returns 1 when there is an endpoint from either, 0 when none,
 * or -EINVAL (a value that cannot work: error names variable and remedy), -ENOTSUP
 * (protocol grpc), -ENOMEM. warning: what was ignored, "" for nothing; both
 * EXPORT_ERROR_MAX bytes.
 */
int export_options_otlp(struct export_options *o, const char *endpoint, export_env_fn *env,
			void *ctx, struct arena *a, char *error, char *warning);

/* http:// or https://, a host, and a port from 1 to 65535 where there is one. */
bool export_url_valid(const char *url);
#define EXPORT_URL_WANTED "want http://host:port or https://host"

/* "k1=v1,k2=v2", values percent-decoded (W3C Baggage, no properties). 0 or -EINVAL, -ENOMEM. */
int export_headers_parse(struct export_options *o, struct sv text, struct arena *a);

/* Counted in spans, since start. taken = sent + rejected + refused + failed + dropped + waiting. */
struct export_stats {
	uint64_t taken;			   /* handed in */
	uint64_t sent;			   /* accepted by the receiver, or written */
	uint64_t rejected;		   /* by a partial_success */
	uint64_t refused;		   /* answered with a status that is not to be retried */
	uint64_t failed;		   /* given up: retries, time or the end */
	uint64_t dropped;		   /* queue full, or too large to send */
	uint64_t waiting;		   /* in the batch, the queue or on the way */
	uint64_t requests;		   /* attempts made */
	uint64_t retries;		   /* of those, again */
	char last_error[EXPORT_ERROR_MAX]; /* newest trouble, "" for none; printable */
};

struct exporter;

/*
 * Opens the destination and starts its thread. Borrows what o points to. Returns 0,
 * -ENOMEM, or what opening gave (error says what and the remedy).
 */
int exporter_new(struct exporter **ret, const struct export_options *o, const char *version,
		 char *error);

/* "file", "otlp". */
const char *exporter_name(const struct exporter *x);

/*
 * The line's side. Copies; never blocks unless o->wait. A span that cannot go is counted.
 * now: the line's clock in ns.
 */
void exporter_add(struct exporter *x, const struct resource *r, const struct span *s, uint64_t now);

/* Sends a batch that waited long enough. */
void exporter_tick(struct exporter *x, uint64_t now);

/* A consistent copy. */
void exporter_stats(struct exporter *x, struct export_stats *ret);

/*
 * Sends what is left, gives up at the deadline (milliseconds from now), ends the thread
 * and frees x. ret (may be NULL): the final counts.
 */
void exporter_close(struct exporter *x, unsigned int deadline_ms, struct export_stats *ret);

#endif /* EARSHOT_EXPORT_EXPORT_H */
