/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_JSON_SCHEMA_H
#define EARSHOT_BASE_JSON_SCHEMA_H

/* json_schema - the paths of json_read.h as a trie; only json_*.c look inside. */
#include "base/json_read.h"

#define JSON_NODE_ROOT 0
#define JSON_NODE_NONE UINT16_MAX

/* A place in a document that some rule is about, or that leads to one. */
struct json_node {
	uint32_t groups;       /* of the rules here and below: a reader skips what it has none of */
	uint32_t groups_plain; /* of the rules here without JSON_RAW */
	uint32_t groups_raw;   /* ... and with it */
	uint16_t parent;
	uint16_t elem;	    /* of the elements of an array here */
	uint16_t key_first; /* of the members of an object here */
	uint16_t key_count;
	uint16_t rule_first;
	uint16_t rule_count;
	bool is_elem;
};

/* The keys of one node lie side by side. */
struct json_key {
	uint64_t head; /* json_key_head() */
	const char *text;
	uint16_t len;
	uint16_t node;
};

struct json_anchor {
	struct sv key;
	uint16_t node;
	uint32_t groups;
};

struct json_schema {
	struct json_node *nodes;
	struct json_key *keys;
	struct json_rule *rules;     /* by node; their paths are not kept */
	struct json_anchor *anchors; /* in the order of the rules */
	char *text;
	size_t anchor_count;
};

/*
 * Eight bytes that, with the length, tell keys of up to eight bytes apart, and longer ones by
 * their first eight. Reads nothing behind the key.
 */
static inline uint64_t json_key_head(const char *p, size_t len)
{
	uint64_t head = 0;
	uint32_t lo, hi;

	if (len >= 8) {
		memcpy(&head, p, 8);
	} else if (len >= 4) {
		memcpy(&lo, p, 4);
		memcpy(&hi, p + len - 4, 4);
		head = lo | (uint64_t)hi << 32;
	} else if (len) {
		const unsigned char *b = (const unsigned char *)p;

		head = b[0] | (uint64_t)b[len / 2] << 8 | (uint64_t)b[len - 1] << 16;
	}
	return head;
}

/* The member of node (not NONE) with this key, or JSON_NODE_NONE. */
static inline uint16_t json_schema_member(const struct json_schema *s, uint16_t node, struct sv key)
{
	const struct json_node *n = &s->nodes[node];
	const struct json_key *k = s->keys + n->key_first;
	uint64_t head = json_key_head(key.p, key.len);

	for (const struct json_key *end = k + n->key_count; k < end; k++) {
		if (k->head == head && k->len == key.len &&
		    (key.len <= 8 || memcmp(k->text + 8, key.p + 8, key.len - 8) == 0))
			return k->node;
	}
	return JSON_NODE_NONE;
}

#endif /* EARSHOT_BASE_JSON_SCHEMA_H */
