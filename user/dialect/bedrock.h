/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_BEDROCK_H
#define EARSHOT_DIALECT_BEDROCK_H

/* bedrock - what the APIs of AWS Bedrock share (internal to dialect). */
#include "dialect/parse.h"

/* Rows for {"message"}; which error it is, a header field or the event's type tells. */
extern const struct field_set bedrock_errors;

/* Rows of Converse, which Nova's own bodies share. */
extern const struct field_set converse_config;
extern const struct field_set converse_parts; /* below messages[].content[] */
extern const struct field_set converse_answer;
extern const struct field_set converse_event;
extern const struct field_set nova_event; /* of InvokeModel */
void converse_event_done(struct parse *p, struct sv type);
/* Cached tokens stand beside the input. */
void converse_finish(struct parse *p);

/* What the answer's head says, where its body said nothing. */
void bedrock_head(struct parse *p);

#endif /* EARSHOT_DIALECT_BEDROCK_H */
