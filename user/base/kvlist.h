/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_KVLIST_H
#define EARSHOT_BASE_KVLIST_H

/*
 * kvlist - "k1=v1,k2=v2" as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS write
 * it (W3C Baggage without properties; values percent-encoded).
 */
#include "base/arena.h"
#include "base/sv.h"

/*
 * Takes the next member off *rest; empty members are skipped. Returns 1; 0 at the end; or
 * -EINVAL (no '=', an empty key): then the whole list is not to be trusted.
 */
int kvlist_next(struct sv *rest, struct sv *key, struct sv *value);

/* A NUL-terminated copy with %XX decoded. Returns 0, -EINVAL (bad escape, %00), -ENOMEM. */
int percent_decode(struct sv *ret, struct sv in, struct arena *a);

#endif /* EARSHOT_BASE_KVLIST_H */
