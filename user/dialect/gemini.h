/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_GEMINI_H
#define EARSHOT_DIALECT_GEMINI_H

/* gemini - what Google's APIs share (internal to dialect). */
#include "dialect/parse.h"

/* Rows for {"error": {"code", "message", "status"}}. */
extern const struct field_set gemini_errors;

/* Rows of generateContent: its answer, or one event of its stream. */
extern const struct field_set gemini_answer;

/* Sums, errors and defaults, when all was read. */
void gemini_finish(struct parse *p);

/* A row of either spelling, "maxTokens" and "max_tokens". */
#define ROW_SNAKE(path, type, where)	     ROW_FLAGS(path, type, where, GROUP_BASE, JSON_SNAKE)
#define ROW_SNAKE_CONTENT(path, type, where) ROW_FLAGS(path, type, where, GROUP_CONTENT, JSON_SNAKE)
#define ROW_SNAKE_RAW(path, type, where) \
	ROW_FLAGS(path, type, where, GROUP_CONTENT, JSON_SNAKE | JSON_RAW)
#define ROW_SNAKE_FN(path, fn, arg)                                \
	{                                                          \
		path, FIELD_FN, 0, GROUP_BASE, JSON_SNAKE, fn, arg \
	}
#define ROW_SNAKE_CONTENT_FN(path, fn, arg)                           \
	{                                                             \
		path, FIELD_FN, 0, GROUP_CONTENT, JSON_SNAKE, fn, arg \
	}

#endif /* EARSHOT_DIALECT_GEMINI_H */
