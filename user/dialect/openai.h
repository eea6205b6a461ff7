/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_OPENAI_H
#define EARSHOT_DIALECT_OPENAI_H

/* openai - what OpenAI's APIs, and those made like them, share (internal to dialect). */
#include "dialect/parse.h"

/* Rows for the error object of bodies and events, and for the "object" field. */
extern const struct field_set openai_errors;

/* Rows for the choices of chat completions and completions, streamed or not, and usage. */
extern const struct field_set openai_choices;
extern const struct field_set openai_usage;

/* Rows for the request fields that all of them have. */
extern const struct field_set openai_request;
/* ... and those of chat completions. */
extern const struct field_set openai_chat_request;

void openai_choice_event(struct parse *p, struct sv type);
void openai_finish(struct parse *p);

/* "json_schema" is json, and so on. */
field_fn openai_output_type;

#endif /* EARSHOT_DIALECT_OPENAI_H */
