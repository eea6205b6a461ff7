/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_JSON_READ_H
#define EARSHOT_BASE_JSON_READ_H

/*
 * json_read - streaming JSON reader (RFC 8259). It is fed a document cut anywhere and calls
 * back for the values that a compiled set of paths asks for; everything else is checked and
 * skipped at scanning speed. Memory is bounded by the reader itself: no input grows it.
 *
 * Bytes may be missing: after json_gap() the reader looks for a key of a JSON_ANCHOR rule and
 * goes on from there; such events say after_gap.
 */
#include "base/sv.h"

#define JSON_DEPTH_MAX	256 /* deeper documents are an error: no agent sends them */
#define JSON_NUMBER_MAX 64  /* longer numbers are cut; the event says truncated */
#define JSON_KEY_MAX	128 /* longer keys match no rule */

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER, /* text: the number as written, in one piece */
	JSON_STRING, /* text: a piece of the string, escapes decoded, UTF-8 */
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_RAW_TEXT, /* text: a piece of the value's own text (rule flag JSON_RAW) */
};

/* Rule flags. */
#define JSON_RAW    (1u << 0) /* hand out the value's own text, whatever its kind */
#define JSON_ANCHOR (1u << 1) /* its last key is rare enough to find the place again after a gap */
#define JSON_SNAKE  (1u << 2) /* each key may stand there as snake_case, too (protobuf's JSON) */

/*
 * One wanted value. path: keys joined by '.', "[]" behind a key for the elements of its
 * array: "model", "choices[].delta.content", "input[]", "[]" alone for a top-level array.
 * "" is the document itself. A key that holds dots stands in quotes: a."b.c". A path may end
 * at a container: then its begin and end are reported. Keys are compared byte for byte after
 * unescaping.
 * group: a reader only sees rules whose group bit is in its mask.
 */
struct json_rule {
	const char *path;
	uint16_t id;
	uint8_t flags;
	uint8_t group; /* 0 to 31 */
};

struct json_event {
	uint16_t id; /* of the rule */
	enum json_kind kind;
	bool first;	/* JSON_STRING, JSON_RAW_TEXT: first piece of the value */
	bool last;	/* last piece; always set for other kinds */
	bool boolean;	/* JSON_BOOL */
	bool truncated; /* something of this value was cut off */
	bool after_gap; /* found again after json_gap(): which array element is not known */
	uint32_t index; /* place in the innermost enclosing array, 0 without one */
	struct sv text; /* valid inside the callback */
};

/* Returns 0 to go on, or a negative errno that json_feed() hands back. */
typedef int json_event_fn(void *ctx, const struct json_event *ev);

/* Compiled rules: immutable, shared by any number of readers. */
struct json_schema;

/* Returns 0, -ENOMEM, or -EINVAL for a bad path. Borrows nothing after it returned. */
int json_schema_new(struct json_schema **ret, const struct json_rule *rules, size_t count);
void json_schema_free(struct json_schema *s);

struct json_reader;

/* groups: bit mask of rule groups in force. Borrows schema. Returns 0 or -ENOMEM. */
int json_reader_new(struct json_reader **ret, const struct json_schema *schema, uint32_t groups,
		    json_event_fn *fn, void *ctx);
void json_reader_free(struct json_reader *r);

/* Back to the start of a new document, with the same schema and callback. Cheap. */
void json_reader_reset(struct json_reader *r);

/*
 * Returns 0; -EBADMSG when the document breaks JSON (then and for every later feed until
 * reset; json_error_at() tells where); or what the callback returned to stop.
 */
int json_feed(struct json_reader *r, struct sv in);

/* Bytes were lost between the last feed and the next one. */
void json_gap(struct json_reader *r);

/* End of input. 0: a whole document; -EAGAIN: cut short or gapped; -EBADMSG: no JSON. */
int json_end(struct json_reader *r);

/* Byte offset of the error in what was fed. */
uint64_t json_error_at(const struct json_reader *r);

#endif /* EARSHOT_BASE_JSON_READ_H */
