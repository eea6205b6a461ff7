/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_JSON_WRITE_H
#define EARSHOT_BASE_JSON_WRITE_H

/*
 * json_write - JSON text (RFC 8259) into a buf. Commas and colons come by themselves; what
 * is opened must be closed. Text comes out as valid UTF-8 whatever comes in. Errors are
 * kept by the buf: look at out->failed once, at the end.
 */
#include "base/buf.h"
#include "base/sv.h"

struct json_writer {
	struct buf *out;
	bool comma; /* the next value or key needs one before it */
};

static inline struct json_writer json_writer_on(struct buf *out)
{
	return (struct json_writer){ .out = out };
}

void json_write_object(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);
void json_write_key(struct json_writer *w, struct sv key);

void json_write_string(struct json_writer *w, struct sv s);
void json_write_bool(struct json_writer *w, bool b);
void json_write_int(struct json_writer *w, int64_t v);

/* The shortest text that reads back as v. NaN and infinities, which JSON lacks, are null. */
void json_write_double(struct json_writer *w, double v);

/* text must be one JSON value. */
void json_write_text(struct json_writer *w, struct sv text);

/* key and string in one. */
void json_write_pair(struct json_writer *w, struct sv key, struct sv s);

/* Bytes that s takes between the quotes. */
size_t json_string_len(struct sv s);

/* True when text is exactly one JSON value. False also when memory ends. */
bool json_valid(struct sv text);

#endif /* EARSHOT_BASE_JSON_WRITE_H */
