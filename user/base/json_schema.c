// SPDX-License-Identifier: Apache-2.0
#include "base/json_schema.h"

#include <errno.h>
#include <stdlib.h>

/* The trie while it grows: members of a node are a list. */
struct build_node {
	struct sv key; /* in schema->text; none for an element */
	uint16_t parent;
	uint16_t elem;
	uint16_t child;
	uint16_t next;
	bool is_elem;
	bool snake; /* its key has a second spelling */
};

struct build {
	struct json_schema *schema;
	struct build_node *nodes;
	size_t count;
	char *text;	     /* room in schema->text */
	uint16_t *rule_node; /* of each rule */
};

/* Takes a key in quotes off the path: one that holds dots. False: malformed. */
static bool quoted_key(struct sv *path, struct sv *ret_key)
{
	struct sv rest = sv_skip(*path, 1);
	size_t n = sv_find(rest, '"');

	if (n == 0 || n == rest.len || n > JSON_KEY_MAX)
		return false;
	*ret_key = sv_cut(rest, n);
	*path = sv_skip(rest, n + 1);
	return true;
}

/* Takes one step off the path: "[]", or a key with the dot before it. False: malformed. */
static bool path_step(struct sv *path, bool first, struct sv *ret_key, bool *ret_elem)
{
	size_t n = 0;

	if (sv_starts(*path, SV("[]"))) {
		*ret_elem = true;
		*path = sv_skip(*path, 2);
		return true;
	}
	if (!first) {
		if (path->p[0] != '.')
			return false;
		*path = sv_skip(*path, 1);
	}
	*ret_elem = false;
	if (path->len && path->p[0] == '"')
		return quoted_key(path, ret_key);
	while (n < path->len && path->p[n] != '.' && path->p[n] != '[')
		n++;
	if (n == 0 || n > JSON_KEY_MAX)
		return false;
	*ret_key = sv_cut(*path, n);
	*path = sv_skip(*path, n);
	return true;
}

static uint16_t node_add(struct build *b, struct build_node node)
{
	node.elem = node.child = JSON_NODE_NONE;
	b->nodes[b->count] = node;
	return (uint16_t)b->count++;
}

static uint16_t node_elem(struct build *b, uint16_t parent)
{
	if (b->nodes[parent].elem == JSON_NODE_NONE) {
		uint16_t n = node_add(b, (struct build_node){
						 .parent = parent,
						 .next = JSON_NODE_NONE,
						 .is_elem = true,
					 });

		b->nodes[parent].elem = n;
	}
	return b->nodes[parent].elem;
}

static uint16_t node_member(struct build *b, uint16_t parent, struct sv key)
{
	uint16_t n = b->nodes[parent].child;

	while (n != JSON_NODE_NONE && !sv_eq(b->nodes[n].key, key))
		n = b->nodes[n].next;
	if (n == JSON_NODE_NONE) {
		n = node_add(b, (struct build_node){
					.parent = parent,
					.next = b->nodes[parent].child,
					.key = key,
				});
		b->nodes[parent].child = n;
	}
	return n;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool has_upper(struct sv key)
{
	for (size_t i = 0; i < key.len; i++)
		if (is_upper(key.p[i]))
			return true;
	return false;
}

/* path stands in schema->text, so that keys can point there. */
static int build_path(struct build *b, struct sv path, uint8_t flags, uint16_t *ret)
{
	uint16_t node = JSON_NODE_ROOT;

	for (size_t depth = 0; path.len; depth++) {
		struct sv key = SV_NONE;
		bool elem;

		if (depth == JSON_DEPTH_MAX || !path_step(&path, depth == 0, &key, &elem))
			return -EINVAL;
		node = elem ? node_elem(b, node) : node_member(b, node, key);
		b->nodes[node].snake |= !elem && (flags & JSON_SNAKE) && has_upper(key);
		if (b->count >= JSON_NODE_NONE)
			return -EINVAL;
	}
	*ret = node;
	return 0;
}

/* The node of the last key on the way to node, or JSON_NODE_ROOT. */
static uint16_t anchor_key(const struct build *b, uint16_t node)
{
	while (b->nodes[node].is_elem)
		node = b->nodes[node].parent;
	return node;
}

static int build_trie(struct build *b, const struct json_rule *rules, size_t count)
{
	char *text = b->schema->text;

	node_add(b, (struct build_node){ .parent = JSON_NODE_NONE, .next = JSON_NODE_NONE });
	for (size_t i = 0; i < count; i++) {
		struct sv path = sv_of(rules[i].path);
		int err;

		if (rules[i].group > 31)
			return -EINVAL;
		memcpy(text, path.p, path.len);
		err = build_path(b, (struct sv){ text, path.len }, rules[i].flags,
				 &b->rule_node[i]);
		if (err)
			return err;
		if ((rules[i].flags & JSON_ANCHOR) && !anchor_key(b, b->rule_node[i]))
			return -EINVAL;
		text += path.len;
	}
	b->text = text;
	return 0;
}

static void add_key(struct json_schema *s, size_t *keys, struct sv key, uint16_t node)
{
	s->keys[(*keys)++] = (struct json_key){
		.head = json_key_head(key.p, key.len),
		.text = key.p,
		.len = (uint16_t)key.len,
		.node = node,
	};
}

/* "maxTokens" as "max_tokens", in the schema's text. */
static struct sv snake(struct build *b, struct sv key)
{
	char *from = b->text;

	for (size_t i = 0; i < key.len; i++) {
		char c = key.p[i];

		if (is_upper(c))
			*b->text++ = '_';
		*b->text++ = is_upper(c) ? (char)(c - 'A' + 'a') : c;
	}
	return (struct sv){ from, (size_t)(b->text - from) };
}

static void finish_node(struct build *b, uint16_t id, size_t *keys)
{
	struct json_schema *s = b->schema;
	struct build_node *from = &b->nodes[id];
	struct json_node *to = &s->nodes[id];

	to->parent = from->parent;
	to->elem = from->elem;
	to->is_elem = from->is_elem;
	to->key_first = (uint16_t)*keys;
	for (uint16_t n = from->child; n != JSON_NODE_NONE; n = b->nodes[n].next) {
		struct sv key = b->nodes[n].key;

		add_key(s, keys, key, n);
		if (b->nodes[n].snake)
			add_key(s, keys, snake(b, key), n);
	}
	to->key_count = (uint16_t)(*keys - to->key_first);
}

static void finish_rules(struct build *b, uint16_t id, const struct json_rule *rules, size_t count,
			 size_t *used)
{
	struct json_schema *s = b->schema;
	struct json_node *n = &s->nodes[id];

	n->rule_first = (uint16_t)*used;
	for (size_t i = 0; i < count; i++) {
		uint32_t bit = 1u << rules[i].group;

		if (b->rule_node[i] != id)
			continue;
		s->rules[*used] = rules[i];
		s->rules[(*used)++].path = NULL;
		if (rules[i].flags & JSON_RAW)
			n->groups_raw |= bit;
		else
			n->groups_plain |= bit;
		for (uint16_t up = id; up != JSON_NODE_NONE; up = b->nodes[up].parent)
			s->nodes[up].groups |= bit;
	}
	n->rule_count = (uint16_t)(*used - n->rule_first);
}

static void finish(struct build *b, const struct json_rule *rules, size_t count)
{
	struct json_schema *s = b->schema;
	size_t keys = 0, used = 0;

	for (size_t id = 0; id < b->count; id++) {
		finish_node(b, (uint16_t)id, &keys);
		finish_rules(b, (uint16_t)id, rules, count, &used);
	}
	for (size_t i = 0; i < count; i++) {
		if (!(rules[i].flags & JSON_ANCHOR))
			continue;
		s->anchors[s->anchor_count++] = (struct json_anchor){
			.key = b->nodes[anchor_key(b, b->rule_node[i])].key,
			.node = anchor_key(b, b->rule_node[i]),
			.groups = 1u << rules[i].group,
		};
	}
}

int json_schema_new(struct json_schema **ret, const struct json_rule *rules, size_t count)
{
	struct build b = { 0 };
	size_t text = 1;
	int err = -ENOMEM;

	if (count >= JSON_NODE_NONE)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		text += strlen(rules[i].path);

	/* No path has more steps than characters. */
	b.nodes = calloc(text, sizeof(*b.nodes));
	b.rule_node = calloc(count + 1, sizeof(*b.rule_node));
	b.schema = calloc(1, sizeof(*b.schema));
	if (!b.nodes || !b.rule_node || !b.schema)
		goto out;
	/* Each key, and its second spelling, which is at most twice as long. */
	b.schema->text = malloc(3 * text);
	b.schema->rules = calloc(count + 1, sizeof(*b.schema->rules));
	b.schema->anchors = calloc(count + 1, sizeof(*b.schema->anchors));
	if (!b.schema->text || !b.schema->rules || !b.schema->anchors)
		goto out;
	err = build_trie(&b, rules, count);
	if (err)
		goto out;
	err = -ENOMEM;
	b.schema->nodes = calloc(b.count, sizeof(*b.schema->nodes));
	b.schema->keys = calloc(2 * b.count, sizeof(*b.schema->keys));
	if (!b.schema->nodes || !b.schema->keys)
		goto out;
	finish(&b, rules, count);
	*ret = b.schema;
	b.schema = NULL;
	err = 0;
out:
	json_schema_free(b.schema);
	free(b.rule_node);
	free(b.nodes);
	return err;
}

void json_schema_free(struct json_schema *s)
{
	if (!s)
		return;
	free(s->nodes);
	free(s->keys);
	free(s->rules);
	free(s->anchors);
	free(s->text);
	free(s);
}
