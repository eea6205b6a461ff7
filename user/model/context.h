/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_MODEL_CONTEXT_H
#define EARSHOT_MODEL_CONTEXT_H

/*
 * context - what a sender says on the wire about the trace it is in: W3C Trace Context
 * (traceparent, tracestate) and W3C Baggage. Written by others, so nothing is believed that
 * breaks the format.
 */
#include "model/call.h"

#define CONTEXT_STATE_MAX   512	 /* of tracestate: what every party must be able to carry */
#define CONTEXT_BAGGAGE_MAX 8192 /* as the specification has it; longer ones are left out */

/*
 * Trace Context Level 2, section 3.2: version, trace id, parent id, flags. Versions above 00
 * are read as 00 is; ff, zero ids and upper-case digits are not. state may be SV_NONE; it is
 * copied into a. Returns 0, or -EINVAL or -ENOMEM with *ret untouched.
 */
int context_trace(struct call_trace *ret, struct sv parent, struct sv state, struct arena *a);

/* session.id and user.id, where the baggage has them and c does not. */
void context_baggage(struct call *c, struct sv baggage);

#endif /* EARSHOT_MODEL_CONTEXT_H */
