/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_ANTHROPIC_H
#define EARSHOT_DIALECT_ANTHROPIC_H

/* anthropic - the messages body, which other providers carry, too (internal to dialect). */
#include "dialect/parse.h"

extern const struct field_set anthropic_request;
extern const struct field_set anthropic_answer;
extern const struct field_set anthropic_event;
extern const struct field_set anthropic_errors;
void anthropic_event_done(struct parse *p, struct sv type);
void anthropic_finish(struct parse *p);

#endif /* EARSHOT_DIALECT_ANTHROPIC_H */
