/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_JSON_READER_H
#define EARSHOT_BASE_JSON_READER_H

/*
 * json_reader - what the files behind json_read.h share: json_read.c walks the structure,
 * json_text.c decodes strings and hands pieces on, json_seek.c finds the place after a gap.
 */
#include "base/json_read.h"
#include "base/json_schema.h"

/* Raw values inside raw values; the innermost beyond that are not handed out. */
#define JSON_RAW_NEST 4

/* Decoded text is handed out in pieces of at most this, unless it needs no copy. */
#define JSON_SCRATCH 2048

enum json_state {
	/* Between tokens, where blanks may stand. */
	JSON_ST_VALUE,
	JSON_ST_FIRST_ELEM, /* or the array's end */
	JSON_ST_FIRST_KEY,  /* or the object's end */
	JSON_ST_KEY,
	JSON_ST_COLON,
	JSON_ST_AFTER, /* a value inside a container */
	JSON_ST_DONE,
	JSON_ST_SEEK_COLON,
	JSON_ST_BLANKS = JSON_ST_SEEK_COLON,
	/* Inside tokens. */
	JSON_ST_START, /* of the document, where a byte order mark may stand */
	JSON_ST_STRING,
	JSON_ST_NUMBER,
	JSON_ST_LITERAL,
	JSON_ST_SEEK,
};

enum json_mode {
	JSON_MODE_SKIP,
	JSON_MODE_KEY,
	JSON_MODE_VALUE,
};

/* An open container. */
struct json_frame {
	uint32_t index; /* of the innermost array's current element */
	uint16_t node;
	bool array;
	bool found; /* made up after a gap: its begin was not reported */
};

/* An open value that is handed out as it stands. */
struct json_raw {
	uint32_t index;
	uint16_t node;
	uint16_t depth;
	bool first;
};

/* The bytes of a character that is cut by the end of a piece. */
struct json_cut {
	char bytes[4];
	uint8_t len;
};

struct json_reader {
	const struct json_schema *schema;
	json_event_fn *fn;
	void *ctx;
	uint32_t groups;
	int err;	/* sticky */
	uint8_t state;	/* enum json_state */
	uint8_t mode;	/* enum json_mode: of the string */
	uint8_t number; /* state of the number's automaton */
	uint8_t literal;
	uint8_t seen; /* bytes of the literal, or of the byte order mark */
	uint8_t esc;  /* 0: none; 1: behind the backslash; 2 to 5: hex digits to come */
	uint8_t raws;
	bool want;  /* the value is asked for other than raw */
	bool first; /* no piece of the string went out yet */
	bool after_gap;
	bool buf_cut;	   /* buf holds the start only */
	bool seek_escaped; /* the quote before buf was escaped */
	char seek_last;	   /* the byte before */
	uint16_t node;	   /* of the value; JSON_NODE_NONE: skipped */
	uint16_t depth;
	uint16_t hex;  /* the \u escape so far */
	uint16_t high; /* high surrogate that waits for its low one */
	struct json_cut str_cut;
	struct json_cut raw_cut;
	char *scratch; /* decoded text, in json_feed()'s frame */
	size_t scratch_len;
	const char *in;	      /* this feed */
	const char *raw_from; /* raw text from here on was not handed out */
	uint64_t fed;	      /* bytes before this feed */
	uint64_t error_at;
	size_t buf_len;
	char buf[JSON_KEY_MAX]; /* a key or number that is cut */
	struct json_raw raw[JSON_RAW_NEST];
	struct json_frame frames[JSON_DEPTH_MAX];
};

/* All below return where reading goes on. */

static inline uint32_t json_index(const struct json_reader *r)
{
	return r->depth ? r->frames[r->depth - 1].index : 0;
}

/* Reports ev to the rules of node that are in force: those with JSON_RAW or those without. */
void json_emit(struct json_reader *r, uint16_t node, bool raw, struct json_event *ev);

/* The document is no JSON at p; after a gap: the place found was wrong. */
const char *json_fail(struct json_reader *r, const char *p);

/* Keeps the start of a key or number. */
void json_buf_add(struct json_reader *r, const char *p, const char *end, size_t max);

/* Inside a string. */
const char *json_string(struct json_reader *r, const char *p, const char *end);
/* A string's closing quote was read: for json_string() to go on with the structure. */
const char *json_key_done(struct json_reader *r, struct sv key, const char *p, const char *end);
void json_value_done(struct json_reader *r, const char *p);

/* A raw value begins at p; the innermost ends at p; text up to p is handed out. */
void json_raw_begin(struct json_reader *r, const char *p);
void json_raw_end(struct json_reader *r, const char *p);
void json_raw_flush(struct json_reader *r, const char *p);

/* Looks for an anchor. */
const char *json_seek(struct json_reader *r, const char *p, const char *end);
const char *json_seek_colon(struct json_reader *r, const char *p);
void json_seek_begin(struct json_reader *r);

#endif /* EARSHOT_BASE_JSON_READER_H */
