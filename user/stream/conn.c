// SPDX-License-Identifier: Apache-2.0
#include "stream/conn.h"

#include <errno.h>
#include <stdlib.h>

#include "stream/conns.h"

int conns_new(struct conns **ret, const struct conns_opts *opts)
{
	struct conns *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	err = table_init(&c->table);
	if (err) {
		free(c);
		return err;
	}
	c->opts = *opts;
	if (!c->opts.max_streams)
		c->opts.max_streams = CONNS_STREAMS;
	if (!c->opts.max_early)
		c->opts.max_early = CONNS_EARLY;
	list_init(&c->recent);
	list_init(&c->ending);
	list_init(&c->ended);
	list_init(&c->holes);
	*ret = c;
	return 0;
}

const struct conns_totals *conns_totals(const struct conns *c)
{
	return &c->totals;
}

/* Order. */

/* A piece whose turn it is, or would be, were there not bytes missing before it. */
static void in_order(struct conns *c, struct stream *s, const struct reasm_piece *piece,
		     struct sv bytes)
{
	enum conn_dir dir = (enum conn_dir)piece->dir;
	struct side *side = &s->side[dir];
	uint64_t offset = piece->offset;
	uint64_t old = offset < side->next ? side->next - offset : 0;

	if (old) {
		/* Given up before: the consumer was told that they are lost. */
		uint64_t late = old < bytes.len ? old : bytes.len;

		side->late += late;
		bytes = sv_skip(bytes, (size_t)late);
		offset += late;
	}
	s->conn.inexact = piece->inexact;
	if (offset > side->next)
		conns_give_gap(c, s, dir, offset - side->next, piece->time, ES_U_STREAM_GAP);
	s->conn.inexact = false;
	s->conn.tid = piece->tid;
	if (offset + bytes.len > side->next)
		side->next = offset + bytes.len;
	if (bytes.len)
		conns_give(c, s, dir, bytes, piece->time);
}

static void give_piece(struct conns *c, struct stream *s, struct reasm_piece *piece)
{
	in_order(c, s, piece, (struct sv){ piece->bytes, piece->len });
	c->early -= reasm_cost(piece->len);
	free(piece);
}

/* Hands on what waited, up to the next hole. */
static void drain(struct conns *c, struct stream *s)
{
	struct reasm_piece *piece;

	for (;;) {
		const uint64_t next[2] = { s->side[0].next, s->side[1].next };

		piece = reasm_take(&s->early, next);
		if (!piece)
			break;
		give_piece(c, s, piece);
	}
	if (s->early.head)
		s->hole_deadline = s->early.head->time + CONN_HOLE_NS;
	else
		list_del(&s->hole);
}

/* What is missing will not come. */
static void give_up_holes(struct conns *c, struct stream *s)
{
	struct reasm_piece *piece;

	while ((piece = reasm_take_nearest(&s->early))) {
		give_piece(c, s, piece);
		drain(c, s);
	}
}

/* Returns false when there is no room. */
static bool keep_early(struct conns *c, struct stream *s, const struct reasm_piece *piece,
		       struct sv bytes)
{
	size_t cost = reasm_cost(bytes.len);

	if (c->early >= c->opts.max_early || cost > c->opts.max_early - c->early ||
	    reasm_add(&s->early, piece, bytes))
		return false;
	c->early += cost;
	if (list_empty(&s->hole)) {
		s->hole_deadline = piece->time + CONN_HOLE_NS;
		list_append(&c->holes, &s->hole);
	}
	return true;
}

static void tick_holes(struct conns *c, uint64_t now)
{
	while (!list_empty(&c->holes)) {
		struct stream *s = list_entry(c->holes.next, struct stream, hole);

		if (s->hole_deadline > now)
			break;
		give_up_holes(c, s);
	}
}

/* The end of a stream. */

static void forget(struct conns *c, struct stream *s)
{
	struct conns_totals *t = &c->totals;

	for (int dir = CONN_WRITE; dir <= CONN_READ && !s->settled; dir++) {
		struct side *side = &s->side[dir];

		t->unsettled[dir] += side->captured + side->lost + side->ignored + side->before;
	}
	list_del(&s->recent);
	list_del(&s->timer);
	list_del(&s->hole);
	table_remove(&c->table, s);
	free(s);
}

/* Tells the consumer. The stream stays in the table. */
static void end_stream(struct conns *c, struct stream *s)
{
	give_up_holes(c, s);
	conns_give_end(c, s);
	s->phase = PHASE_ENDED;
	c->totals.open--;
	list_del(&s->timer);
	list_del(&s->recent);
	list_append(&c->ended, &s->recent);
	s->deadline = s->end_time + CONN_FORGET_NS;
}

static void end_and_forget(struct conns *c, struct stream *s, enum conn_end why, uint64_t time)
{
	s->why = (uint8_t)why;
	s->end_time = time;
	end_stream(c, s);
	forget(c, s);
}

/* Waits for final offsets. */
static void begin_end(struct conns *c, struct stream *s, enum conn_end why, uint64_t time)
{
	s->phase = PHASE_ENDING;
	s->why = (uint8_t)why;
	s->end_time = time;
	s->deadline = time + CONN_SETTLE_NS;
	list_append(&c->ending, &s->timer);
}

/* Finding and making. */

/* Makes room for one more. */
static void evict(struct conns *c, uint64_t time)
{
	struct list *l = list_empty(&c->ended) ? c->recent.next : c->ended.next;
	struct stream *s = list_entry(l, struct stream, recent);

	if (s->phase == PHASE_ENDED) {
		forget(c, s);
		return;
	}
	conns_lose(c, ES_U_STREAMS_FULL, 0);
	if (s->phase == PHASE_ENDING)
		end_and_forget(c, s, (enum conn_end)s->why, s->end_time);
	else
		end_and_forget(c, s, CONN_EVICTED, time);
}

static struct stream *stream_new(struct conns *c, const struct stream_key *key, uint64_t time)
{
	struct stream *s, *old = table_find_sibling(&c->table, key);

	/* The object was freed and its address used again, and nothing told of it. */
	if (old)
		begin_end(c, old, CONN_GONE, time);
	if (c->table.count >= c->opts.max_streams)
		evict(c, time);
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->conn.tgid = key->tgid;
	s->conn.proc_start = key->id.proc_start;
	s->conn.object = key->id.object;
	s->conn.birth = key->id.birth;
	s->conn.t_open = time;
	list_init(&s->recent);
	list_init(&s->proc);
	list_init(&s->timer);
	list_init(&s->hole);
	if (table_add(&c->table, s)) {
		free(s);
		return NULL;
	}
	list_append(&c->recent, &s->recent);
	c->totals.opened++;
	c->totals.open++;
	return s;
}

static struct stream_key key_of(const struct es_head *head, const struct es_stream *id)
{
	return (struct stream_key){ .tgid = head->tgid, .id = *id };
}

/* The stream that records speak of; made when there is none. NULL: no memory. */
static struct stream *stream_of(struct conns *c, const struct es_head *head,
				const struct es_stream *id)
{
	struct stream_key key = key_of(head, id);
	struct stream *s = table_find(&c->table, &key);

	if (s && s->phase == PHASE_ENDED) {
		/* It lives after all (its process runs another program at the same address). */
		forget(c, s);
		s = NULL;
	}
	if (!s)
		s = stream_new(c, &key, head->time);
	if (!s)
		return NULL;
	list_del(&s->recent);
	list_append(&c->recent, &s->recent);
	return s;
}

/* Records. */

static bool data_is_sound(const struct es_data *rec, struct sv payload)
{
	return rec->dir <= ES_DIR_READ && payload.len == rec->len && rec->offset >= rec->missing &&
	       rec->offset <= UINT64_MAX - rec->len;
}

static void first_of_side(struct conns *c, struct stream *s, const struct es_data *rec)
{
	struct side *side = &s->side[rec->dir];

	if (!s->side[0].seen && !s->side[1].seen) {
		s->first_dir = rec->dir;
		s->conn.tls = rec->source <= ES_SRC_AEAD;
		s->conn.source = rec->source;
		s->conn.library = rec->library;
		s->conn.late = rec->head.flags & ES_F_LATE;
	}
	side->seen = true;
	/* Where the other direction was seen from its start, what this one lacks is lost. */
	if (s->side[!rec->dir].seen && !s->conn.late)
		return;
	side->before = side->next = rec->offset - rec->missing;
	c->totals.before[rec->dir] += side->before;
	if (side->before)
		s->conn.late = true;
}

/* It is ahead of its time, or behind one that is. */
static bool waits(const struct stream *s, const struct reasm_piece *piece)
{
	if (s->early.head && s->early.head->dir != piece->dir)
		return true;
	return piece->start > s->side[piece->dir].next;
}

void conns_data(struct conns *c, const struct es_data *rec, struct sv payload)
{
	const struct reasm_piece piece = {
		.start = rec->offset - rec->missing,
		.offset = rec->offset,
		.time = rec->head.time,
		.tid = rec->head.tid,
		.dir = rec->dir,
		.inexact = rec->head.flags & ES_F_INEXACT,
	};
	struct stream *s;

	if (!data_is_sound(rec, payload)) {
		conns_lose(c, ES_U_BAD_RECORD, payload.len);
		return;
	}
	tick_holes(c, rec->head.time);
	s = stream_of(c, &rec->head, &rec->stream);
	if (!s) {
		conns_lose(c, ES_U_STREAMS_FULL, payload.len);
		return;
	}
	if (s->settled) {
		conns_lose(c, ES_U_BAD_RECORD, payload.len);
		return;
	}
	if (!s->side[rec->dir].seen)
		first_of_side(c, s, rec);
	if (waits(s, &piece)) {
		if (keep_early(c, s, &piece, payload))
			return;
		conns_lose(c, ES_U_REASM_FULL, 0);
		give_up_holes(c, s);
	}
	in_order(c, s, &piece, payload);
	if (s->early.head)
		drain(c, s);
}

/* What goes over IPv4 is told so, also where the program's socket is one for both. */
static void set_peer(struct conn *conn, const struct es_peer *rec)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = rec->family == 10 && memcmp(rec->remote, mapped, sizeof(mapped)) == 0;

	conn->peer_family = v4 ? 2 : rec->family;
	conn->peer_port = rec->remote_port;
	memset(conn->peer_addr, 0, sizeof(conn->peer_addr));
	if (v4)
		memcpy(conn->peer_addr, rec->remote + sizeof(mapped), 4);
	else
		memcpy(conn->peer_addr, rec->remote, sizeof(conn->peer_addr));
}

void conns_peer(struct conns *c, const struct es_peer *rec)
{
	struct stream *s = stream_of(c, &rec->head, &rec->stream);

	if (!s)
		return;
	set_peer(&s->conn, rec);
	s->conn.inode = rec->inode;
	s->conn.peer_tgid = rec->peer_tgid;
	if (s->conn.proto != CONN_UNDECIDED)
		conns_say_decided(c, s);
}

/* Accounts for one direction's bytes behind the last one seen; false: contradiction. */
static bool settle_side(struct conns *c, struct stream *s, enum conn_dir dir,
			const struct es_close *rec)
{
	struct side *side = &s->side[dir];
	uint64_t tail, ignored, dropped;

	if (rec->passed[dir] < side->next)
		return false;
	tail = rec->passed[dir] - side->next;
	ignored = rec->ignored[dir] < tail ? rec->ignored[dir] : tail;
	side->next = rec->passed[dir];
	side->ignored += ignored;
	c->totals.ignored[dir] += ignored;
	if (tail > ignored)
		conns_give_gap(c, s, dir, tail - ignored, rec->head.time, ES_U_STREAM_TAIL);
	dropped = rec->lost[dir] + rec->ignored[dir];
	return side->before || side->lost - side->late + side->ignored == dropped;
}

static void settle(struct conns *c, struct stream *s, const struct es_close *rec)
{
	bool sound = true;

	if (s->settled)
		return;
	give_up_holes(c, s);
	for (int dir = CONN_WRITE; dir <= CONN_READ; dir++) {
		struct side *side = &s->side[dir];

		if (!settle_side(c, s, (enum conn_dir)dir, rec))
			sound = false;
		/* What the record contradicts, counts as it was seen. */
		c->totals.passed[dir] += side->captured + side->lost + side->ignored + side->before;
	}
	s->settled = true;
	c->totals.settled++;
	if (!sound) {
		c->totals.mismatched++;
		conns_lose(c, ES_U_BAD_RECORD, 0);
	}
}

void conns_close(struct conns *c, const struct es_close *rec)
{
	struct stream_key key = key_of(&rec->head, &rec->stream);
	struct stream *s = table_find(&c->table, &key);
	uint64_t time = rec->head.time;

	if (!s && !rec->passed[0] && !rec->passed[1])
		return;
	if (!s)
		s = stream_new(c, &key, time);
	if (!s) {
		conns_lose(c, ES_U_STREAMS_FULL, rec->lost[0] + rec->lost[1]);
		return;
	}
	settle(c, s, rec);
	s->conn.socket = rec->socket;
	if (s->phase == PHASE_ENDED)
		forget(c, s);
	else if (s->phase == PHASE_ENDING)
		end_and_forget(c, s, (enum conn_end)s->why, s->end_time);
	else if (rec->head.type == ES_REC_CLOSE)
		end_and_forget(c, s, CONN_FREED, time);
	else
		begin_end(c, s, CONN_GONE, time);
}

static void proc_gone(struct conns *c, uint32_t tgid, uint64_t proc_start, enum conn_end why,
		      uint64_t time)
{
	struct list *bucket = table_proc(&c->table, tgid), *next;

	for (struct list *l = bucket->next; l != bucket; l = next) {
		struct stream *s = list_entry(l, struct stream, proc);

		next = l->next;
		if (s->conn.tgid != tgid || s->conn.proc_start != proc_start ||
		    s->phase == PHASE_ENDED)
			continue;
		if (s->settled)
			end_and_forget(c, s, why, time);
		else if (s->phase == PHASE_OPEN)
			begin_end(c, s, why, time);
	}
}

void conns_proc_exit(struct conns *c, uint32_t tgid, uint64_t proc_start, uint64_t time)
{
	proc_gone(c, tgid, proc_start, CONN_EXIT, time);
}

void conns_proc_exec(struct conns *c, uint32_t tgid, uint64_t proc_start, uint64_t time)
{
	proc_gone(c, tgid, proc_start, CONN_EXEC, time);
}

/* Time. */

void conns_tick(struct conns *c, uint64_t now)
{
	tick_holes(c, now);
	while (!list_empty(&c->ending)) {
		struct stream *s = list_entry(c->ending.next, struct stream, timer);

		if (s->deadline > now)
			break;
		end_stream(c, s);
		if (s->settled)
			forget(c, s);
	}
	while (!list_empty(&c->ended)) {
		struct stream *s = list_entry(c->ended.next, struct stream, recent);

		if (s->deadline > now)
			break;
		forget(c, s);
	}
}

void conns_stop(struct conns *c, uint64_t now)
{
	while (!list_empty(&c->recent)) {
		struct stream *s = list_entry(c->recent.next, struct stream, recent);
		bool gone = s->phase == PHASE_ENDING && s->why != CONN_GONE;

		end_and_forget(c, s, gone ? (enum conn_end)s->why : CONN_STOPPED,
			       gone ? s->end_time : now);
	}
	while (!list_empty(&c->ended))
		forget(c, list_entry(c->ended.next, struct stream, recent));
}

static void free_early(struct reasm *r)
{
	struct reasm_piece *piece;

	while ((piece = reasm_take_nearest(r)))
		free(piece);
}

static void free_list(struct conns *c, struct list *l)
{
	while (!list_empty(l)) {
		struct stream *s = list_entry(l->next, struct stream, recent);

		free_early(&s->early);
		forget(c, s);
	}
}

void conns_free(struct conns *c)
{
	if (!c)
		return;
	free_list(c, &c->recent);
	free_list(c, &c->ended);
	table_done(&c->table);
	free(c);
}
