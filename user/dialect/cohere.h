/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_COHERE_H
#define EARSHOT_DIALECT_COHERE_H

/* cohere - what Cohere's APIs share (internal to dialect). */
#include "dialect/parse.h"

extern const struct field_set cohere_request;
extern const struct field_set cohere_errors;
field_fn cohere_output_type;

/* Counts as the model saw them, where none were billed. */
void cohere_usage(struct parse *p);

#endif /* EARSHOT_DIALECT_COHERE_H */
