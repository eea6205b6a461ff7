// SPDX-License-Identifier: Apache-2.0
#include "view/view.h"

#include <errno.h>
#include <stdlib.h>

#include "view/text.h"

/* Kept text: a few hundred bytes a call. */
#define VIEW_ARENA_MAX (4u * 1024 * 1024)
#define VIEW_TALLY_MAX 200 /* models, and kinds of errors, that are told apart */

struct node {
	uint32_t tgid;
	uint64_t start;
	uint32_t parent_tgid;
	uint64_t parent_start;
	struct sv name; /* ready to print */
	struct row *first, *last;
};

struct row {
	struct row *next;
	struct sv text; /* ready to print */
};

/* Calls of one model, or of one kind of error. */
struct tally {
	struct sv name;
	uint64_t calls;
	uint64_t errors;
	uint64_t input;
	uint64_t cached;
	uint64_t output;
	bool told_in, told_out; /* some call told them */
	bool answers;		/* some call was of a kind that has output tokens */
};

struct tallies {
	struct tally v[VIEW_TALLY_MAX];
	size_t count;
	uint64_t others;
};

struct view {
	struct arena arena;
	bool colour;
	struct node nodes[VIEW_PROCESSES_MAX];
	size_t node_count;
	size_t row_count;
	uint64_t unshown; /* calls without a row */
	uint64_t calls;
	uint64_t errors;
	uint64_t incomplete;
	uint64_t mcp, http; /* of the calls */
	struct tallies models;
	struct tallies kinds;
};

int view_new(struct view **ret, bool colour)
{
	struct view *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	arena_init(&v->arena, VIEW_ARENA_MAX);
	v->colour = colour;
	*ret = v;
	return 0;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	arena_done(&v->arena);
	free(v);
}

/* What fn writes, kept. SV_NONE when there is no room. */
static struct sv keep(struct view *v, struct buf *b)
{
	struct sv s = b->failed ? SV_NONE : arena_copy(&v->arena, buf_sv(b));

	buf_done(b);
	return s;
}

static struct node *node_find(struct view *v, uint32_t tgid, uint64_t start)
{
	for (size_t i = 0; i < v->node_count; i++) {
		if (v->nodes[i].tgid == tgid && v->nodes[i].start == start)
			return &v->nodes[i];
	}
	return NULL;
}

static struct node *node_of(struct view *v, const struct call *c, const struct process *p)
{
	/* A call may belong to the process at the other end of a pipe. */
	uint32_t tgid = p ? p->tgid : c->id.tgid;
	uint64_t start = p ? p->start : c->id.proc_start;
	struct node *n = node_find(v, tgid, start);
	struct buf b;
	struct text t = { .out = &b, .colour = v->colour };

	if (n || v->node_count == VIEW_PROCESSES_MAX)
		return n;
	buf_init(&b, 0);
	text_process(&t, p, tgid);
	n = &v->nodes[v->node_count++];
	*n = (struct node){
		.tgid = tgid,
		.start = start,
		.parent_tgid = p ? p->parent_tgid : 0,
		.parent_start = p ? p->parent_start : 0,
		.name = keep(v, &b),
	};
	return n;
}

static void add_row(struct view *v, const struct call *c, const struct process *p,
		    const struct machine *m)
{
	struct node *n = v->row_count < VIEW_CALLS_MAX ? node_of(v, c, p) : NULL;
	struct row *r = n ? arena_alloc(&v->arena, sizeof(*r)) : NULL;
	struct buf b;
	struct text t = { .out = &b, .colour = v->colour };

	if (!r) {
		v->unshown++;
		return;
	}
	buf_init(&b, 0);
	text_clock(&t, c, m);
	text_call(&t, c);
	r->text = keep(v, &b);
	if (n->last)
		n->last->next = r;
	else
		n->first = r;
	n->last = r;
	v->row_count++;
}

static struct tally *tally_of(struct view *v, struct tallies *ts, struct sv name)
{
	for (size_t i = 0; i < ts->count; i++) {
		if (sv_eq(ts->v[i].name, name))
			return &ts->v[i];
	}
	if (ts->count < VIEW_TALLY_MAX) {
		struct sv copy = arena_copy(&v->arena, name);

		if (copy.p) {
			ts->v[ts->count].name = copy;
			return &ts->v[ts->count++];
		}
	}
	ts->others++;
	return NULL;
}

static uint64_t amount(struct opt_int n)
{
	return n.set && n.v > 0 ? (uint64_t)n.v : 0;
}

static void count_provider(struct view *v, const struct call *c)
{
	struct sv model = c->req.model.len ? c->req.model : c->resp.model;
	struct tally *t;
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "%s/", c->provider ? c->provider : call_op_name(c->op));
	view_escape(&b, model.len ? sv_cut(model, 80) : SV("?"));
	t = b.failed ? NULL : tally_of(v, &v->models, buf_sv(&b));
	buf_done(&b);
	if (!t)
		return;
	t->calls++;
	t->errors += c->error_type.len != 0;
	t->told_in |= c->usage.input.set;
	t->told_out |= c->usage.output.set;
	t->answers |= c->op != CALL_EMBEDDINGS;
	t->input += amount(c->usage.input);
	t->cached += amount(c->usage.cache_read);
	t->output += amount(c->usage.output);
}

static void count_model(struct view *v, const struct call *c)
{
	if (c->op == CALL_MCP) {
		v->mcp++;
		return;
	}
	if (c->op == CALL_HTTP) {
		v->http++;
		return;
	}
	count_provider(v, c);
}

void view_add(struct view *v, const struct call *call, const struct process *p,
	      const struct machine *m)
{
	v->calls++;
	v->incomplete += call->loss != 0;
	if (call->error_type.len) {
		struct tally *t = tally_of(v, &v->kinds, sv_cut(call->error_type, 80));

		v->errors++;
		if (t)
			t->calls++;
	}
	count_model(v, call);
	add_row(v, call, p, m);
}

/* The processes with who stands above whom. */
struct tree {
	struct text *t;
	const struct view *v;
	size_t up[VIEW_PROCESSES_MAX]; /* index of the parent; NO_PARENT for a root */
};

#define NO_PARENT SIZE_MAX

/* Deeper branches are not indented any more: a chain of parents may be long. */
#define TREE_DEPTH_MAX 16

static void find_parents(struct tree *tr)
{
	const struct view *v = tr->v;

	for (size_t i = 0; i < v->node_count; i++) {
		const struct node *n = &v->nodes[i];

		tr->up[i] = NO_PARENT;
		for (size_t k = 0; k < v->node_count && n->parent_tgid; k++) {
			if (k != i && v->nodes[k].tgid == n->parent_tgid &&
			    v->nodes[k].start == n->parent_start)
				tr->up[i] = k;
		}
	}
}

/* The next child of node at or behind from; node_count when there is none. */
static size_t next_child(const struct tree *tr, size_t node, size_t from)
{
	while (from < tr->v->node_count && tr->up[from] != node)
		from++;
	return from;
}

static void put_branch(struct tree *tr, struct sv indent, bool last)
{
	buf_add(tr->t->out, indent);
	text_put(tr->t, DIM, "%s", last ? "└─ " : "├─ ");
}

static void put_node(struct tree *tr, size_t at, struct sv indent, unsigned int depth)
{
	const struct node *n = &tr->v->nodes[at];
	size_t none = tr->v->node_count, next;
	size_t child = next_child(tr, at, 0);

	buf_add(tr->t->out, n->name);
	buf_addc(tr->t->out, '\n');
	for (const struct row *r = n->first; r; r = r->next) {
		put_branch(tr, indent, !r->next && child == none);
		buf_add(tr->t->out, r->text);
		buf_addc(tr->t->out, '\n');
	}
	for (; child < none; child = next) {
		struct buf inner;

		next = next_child(tr, at, child + 1);
		buf_init(&inner, 0);
		buf_add(&inner, indent);
		if (depth < TREE_DEPTH_MAX)
			buf_add(&inner, next == none ? SV("   ") : SV("│  "));
		put_branch(tr, indent, next == none);
		put_node(tr, child, buf_sv(&inner), depth + 1);
		buf_done(&inner);
	}
}

/* Roots: processes whose parent made no call. */
static void put_tree(struct text *t, const struct view *v)
{
	struct tree tr = { .t = t, .v = v };

	find_parents(&tr);
	for (size_t i = 0; i < v->node_count; i++) {
		if (tr.up[i] == NO_PARENT)
			put_node(&tr, i, SV(""), 0);
	}
	if (v->unshown) {
		text_put(t, DIM, "... and ");
		text_number(t, DIM, (int64_t)v->unshown);
		text_put(t, DIM, v->unshown == 1 ? " more call\n" : " more calls\n");
	}
}

static void put_count(struct text *t, uint64_t n, const char *one, const char *many)
{
	text_number(t, PLAIN, (int64_t)n);
	text_put(t, PLAIN, " %s", n == 1 ? one : many);
}

/* Absent is not zero. */
static void put_told(struct text *t, const struct tally *m)
{
	if (!m->told_in && !m->told_out) {
		text_put(t, DIM, ", tokens not told");
		return;
	}
	text_put(t, DIM, m->told_in ? ", in " : ", in not told");
	if (m->told_in)
		text_number(t, PLAIN, (int64_t)m->input);
	if (m->cached) {
		text_put(t, DIM, " (");
		text_number(t, DIM, (int64_t)m->cached);
		text_put(t, DIM, " cached)");
	}
	if (m->told_out) {
		text_put(t, DIM, ", out ");
		text_number(t, PLAIN, (int64_t)m->output);
	} else if (m->answers) {
		text_put(t, DIM, ", out not told");
	}
}

static void put_models(struct text *t, const struct view *v)
{
	for (size_t i = 0; i < v->models.count; i++) {
		const struct tally *m = &v->models.v[i];

		text_put(t, PLAIN, "  ");
		text_on(t, BOLD);
		buf_add(t->out, m->name);
		text_off(t, BOLD);
		text_put(t, PLAIN, "  ");
		put_count(t, m->calls, "call", "calls");
		put_told(t, m);
		if (m->errors) {
			text_put(t, RED, ", ");
			put_count(t, m->errors, "error", "errors");
		}
		buf_addc(t->out, '\n');
	}
	if (v->mcp) {
		text_put(t, PLAIN, "  MCP  ");
		put_count(t, v->mcp, "message", "messages");
		buf_addc(t->out, '\n');
	}
	if (v->http) {
		text_put(t, PLAIN, "  other HTTP  ");
		put_count(t, v->http, "request", "requests");
		buf_addc(t->out, '\n');
	}
	if (v->models.others)
		text_put(t, DIM, "  other models  %llu call%s\n",
			 (unsigned long long)v->models.others, v->models.others == 1 ? "" : "s");
}

static void put_errors(struct text *t, const struct view *v)
{
	if (!v->kinds.count)
		return;
	text_put(t, PLAIN, "  errors: ");
	for (size_t i = 0; i < v->kinds.count; i++) {
		text_put(t, PLAIN, "%s", i ? ", " : "");
		text_wire(t, RED, v->kinds.v[i].name, 80);
		text_put(t, PLAIN, " %llu", (unsigned long long)v->kinds.v[i].calls);
	}
	buf_addc(t->out, '\n');
}

/* Causes that say what was not looked at, rather than what was lost. */
static bool is_unseen(enum es_stat s)
{
	return s == ES_U_PROTO_UNKNOWN || s == ES_U_PROTO_UNSUPPORTED || s == ES_U_ATTACH_FAILED ||
	       s == ES_U_JOINED;
}

/* What the user or a verdict chose to leave out is neither. */
static bool is_chosen(enum es_stat s)
{
	return s == ES_K_IGNORED;
}

static const char *const stat_texts[] = {
#define X(name, text) [ES_##name] = text,
	ES_STATS(X)
#undef X
};

static size_t put_causes(struct text *t, const struct view_facts *f, bool unseen)
{
	size_t n = 0;

	for (size_t i = 0; f->loss && i < ES_STAT_COUNT; i++) {
		const struct view_loss *l = &f->loss[i];

		if ((!l->events && !l->bytes) || is_chosen((enum es_stat)i) ||
		    is_unseen((enum es_stat)i) != unseen)
			continue;
		n++;
		text_put(t, YELLOW, "  %s: ", stat_texts[i]);
		text_number(t, YELLOW, (int64_t)l->events);
		if (l->bytes) {
			text_put(t, YELLOW, ", ");
			text_number(t, YELLOW, (int64_t)l->bytes);
			text_put(t, YELLOW, " bytes");
		}
		buf_addc(t->out, '\n');
	}
	return n;
}

static bool any_loss(const struct view_facts *f)
{
	for (size_t i = 0; f->loss && i < ES_STAT_COUNT; i++) {
		if ((f->loss[i].events || f->loss[i].bytes) && !is_chosen((enum es_stat)i) &&
		    !is_unseen((enum es_stat)i))
			return true;
	}
	return false;
}

static void put_losses(struct text *t, const struct view *v, const struct view_facts *f)
{
	if (!any_loss(f) && !v->incomplete) {
		text_put(t, PLAIN, "nothing of what was read was lost\n");
		return;
	}
	text_put(t, BOLD, "lost\n");
	put_causes(t, f, false);
	if (v->incomplete) {
		text_put(t, PLAIN, "  ");
		put_count(t, v->incomplete, "call is", "calls are");
		text_put(t, PLAIN, " incomplete\n");
	}
}

static void put_other(struct text *t, uint64_t n, const char *what)
{
	if (!n)
		return;
	text_put(t, PLAIN, "  %s: ", what);
	text_number(t, PLAIN, (int64_t)n);
	buf_addc(t->out, '\n');
}

static void put_lines(struct text *t, enum colour c, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_put(t, PLAIN, "  ");
		text_wire(t, c, sv_of(lines[i]), 400);
		buf_addc(t->out, '\n');
	}
}

static void put_unseen(struct text *t, const struct view_facts *f)
{
	struct buf causes;
	struct text inner = { .out = &causes, .colour = t->colour };

	buf_init(&causes, 0);
	put_causes(&inner, f, true);
	put_lines(&inner, YELLOW, f->blind, f->blind_count);
	if (causes.len) {
		text_put(t, BOLD, "not seen\n");
		buf_add(t->out, buf_sv(&causes));
	}
	buf_done(&causes);
}

static void put_besides(struct text *t, const struct view_facts *f)
{
	if (!f->sampled_out && !f->note_count)
		return;
	text_put(t, BOLD, "besides\n");
	put_other(t, f->sampled_out, "HTTP exchanges left out by rule");
	put_lines(t, PLAIN, f->notes, f->note_count);
}

int view_summary(struct buf *out, const struct view *v, const struct view_facts *f)
{
	struct text t = { .out = out, .colour = v->colour };
	uint64_t models = v->calls - v->mcp - v->http;

	put_tree(&t, v);
	if (v->node_count)
		buf_addc(out, '\n');
	if (models) {
		put_count(&t, models, "model call", "model calls");
		buf_addc(out, '\n');
	} else {
		text_put(&t, PLAIN, "no model call was seen\n");
	}
	put_models(&t, v);
	put_errors(&t, v);
	put_losses(&t, v, f);
	put_unseen(&t, f);
	put_besides(&t, f);
	return out->failed ? -ENOMEM : 0;
}
