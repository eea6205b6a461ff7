// SPDX-License-Identifier: Apache-2.0
#include "dialect/live.h"

#include <stdlib.h>

#include "dialect/route.h"

/* Answers that one socket may bring at a time; more are left out. */
#define TURNS_MAX 16
/* Of a frame that sets a session up: what is kept for its calls. */
#define SETUP_MAX (64u * 1024)

struct turn {
	struct parse *parse;
	struct sv stream_id; /* of the turn's own arena; none: the socket has one stream */
	struct sv id;	     /* of the response */
};

struct live {
	struct turn turns[TURNS_MAX]; /* in the order they were asked for */
	size_t count;
	uint32_t made;
	struct buf setup; /* Gemini: the session's own request */
	struct sv model;  /* in the mother's arena */
	bool gapped;	  /* no event of the server's came since something was lost */
	/* A frame that comes in pieces goes on to whom its start went to. */
	struct parse *going[2]; /* by enum ex_side */
	char going_type[64];	/* of the answer's */
};

/* What a frame says of itself. */
enum word {
	WORD_EVENT,
	WORD_SEQUENCE,
	WORD_SETUP,
	WORD_CONTENT,
	WORD_TOOLS,
	WORD_MODEL,
	WORD_OVER,
};

static void on_word(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind != JSON_NULL)
		p->keys |= 1u << f->arg;
}

static void on_truth(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind == JSON_BOOL && ev->boolean)
		on_word(p, f, ev);
}

static const struct field frame_rows[] = {
	ROW("type", FIELD_STAGE, ST_TYPE),
	ROW("stream_id", FIELD_STAGE, ST_ID),
	ROW("response.id", FIELD_STAGE, ST_CALL_ID),
	ROW("response_id", FIELD_STAGE, ST_CALL_ID),
	ROW("session.model", FIELD_STAGE, ST_NAME),
	ROW_FN("event_id", on_word, WORD_EVENT),
	ROW_FN("sequence_number", on_word, WORD_SEQUENCE),
	ROW_FN("setup", on_word, WORD_SETUP),
	ROW_FN("serverContent", on_word, WORD_CONTENT),
	ROW_FN("serverContent.turnComplete", on_truth, WORD_OVER),
	ROW_FN("toolCall", on_word, WORD_TOOLS),
	ROW_FN("model", on_word, WORD_MODEL),
};

static const struct field_set frame_set = FIELD_SET(frame_rows);
const struct field_set *const live_frame_sets[FIELD_SETS_MAX] = { &frame_set };

/* Reads the frame's envelope into the mother's stage, which nobody else uses. */
static void read_frame(struct parse *mother, const struct ex_event *ev)
{
	struct doc *doc = &mother->d->frame_doc;

	stage_reset(&mother->stage);
	mother->keys = 0;
	doc_for(doc, mother, &mother->stage);
	json_reader_reset(doc->reader);
	if (ev->data.len)
		json_feed(doc->reader, ev->data);
	doc_settle(doc);
}

static bool has(const struct parse *mother, enum word w)
{
	return mother->keys & 1u << w;
}

static struct live *live_of(struct parse *mother)
{
	if (!mother->live)
		mother->live = calloc(1, sizeof(*mother->live));
	return mother->live;
}

static struct turn *turn_new(struct parse *mother, struct sv stream_id, uint64_t time)
{
	struct live *l = mother->live;
	struct turn *t = &l->turns[l->count];
	struct parse *p = l->count < TURNS_MAX ? parse_turn(mother) : NULL;

	if (!p) {
		mother->d->stats.no_memory++;
		return NULL;
	}
	*t = (struct turn){ .parse = p };
	string_piece(p, &t->stream_id, stream_id, CALL_STRING_MAX);
	p->turn = l->made++;
	p->t_begin = time;
	if (l->model.len)
		string_piece(p, &p->call->req.model, l->model, CALL_STRING_MAX);
	l->count++;
	return t;
}

static void turn_end(struct parse *mother, struct turn *t, uint64_t time)
{
	struct live *l = mother->live;
	struct parse *p = t->parse;
	size_t at = (size_t)(t - l->turns);

	for (int side = 0; side < 2; side++)
		if (l->going[side] == p)
			l->going[side] = NULL;
	l->count--;
	memmove(t, t + 1, (l->count - at) * sizeof(*t));
	parse_end(p, time);
}

/*
 * Which turn a server's event belongs to: by stream; by response, or, for a response that is new,
 * the oldest that has none; an event that names none goes to the response that began last.
 */
static struct turn *turn_of(struct live *l, struct sv stream_id, struct sv response_id)
{
	struct turn *fresh = NULL, *begun = NULL;

	for (size_t i = 0; i < l->count; i++) {
		struct turn *t = &l->turns[i];

		if (stream_id.len && !sv_eq(t->stream_id, stream_id))
			continue;
		if (response_id.len && sv_eq(t->id, response_id))
			return t;
		if (t->id.len)
			begun = t;
		else if (!fresh)
			fresh = t;
	}
	return begun && !response_id.len ? begun : fresh;
}

/* On one stream answers come one after the other: when one begins, those before it are over. */
static void end_before(struct parse *mother, const struct parse *now, uint64_t time)
{
	struct live *l = mother->live;
	size_t i = 0;

	while (i < l->count && l->turns[i].parse != now) {
		struct turn *t = &l->turns[i];

		if (!t->id.len) {
			i++;
			continue;
		}
		t->parse->turn_gapped = true;
		turn_end(mother, t, t->parse->now ? t->parse->now : time);
	}
}

/* An event for one turn: its type stands in the data. */
static void give(struct parse *p, const struct ex_event *ev, struct sv type, uint64_t time)
{
	struct ex_event named = *ev;

	named.type = type;
	parse_event(p, &named, time);
}

/* More of the event comes. */
static void go_to(struct live *l, struct parse *p, struct sv type)
{
	l->going[EX_RESPONSE] = p;
	type = sv_cut(type, sizeof(l->going_type) - 1);
	if (type.len)
		memcpy(l->going_type, type.p, type.len);
	l->going_type[type.len] = '\0';
}

static void feed_request(struct parse *p, const struct ex_event *ev)
{
	struct json_reader *r = parse_request_reader(p);

	if (!r)
		return;
	if (ev->gap)
		json_gap(r);
	if (ev->data.len)
		json_feed(r, ev->data);
	if (ev->truncated || ev->unread)
		p->event_cut = true;
	if (!ev->more)
		parse_request_end(p);
}

static bool ends_with(struct sv type, const char *const *ends, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (sv_eq(type, sv_of(ends[i])))
			return true;
	return false;
}

/* Responses and Realtime: response.create asks, response.* answers. */

/* A frame that was taken for a request, and names no model after all. */
static void drop_doubtful(struct parse *mother, struct parse *p, uint64_t time)
{
	struct live *l = mother->live;

	if (!p->maybe || p->call->req.model.len)
		return;
	for (size_t i = 0; i < l->count; i++) {
		if (l->turns[i].parse == p) {
			turn_end(mother, &l->turns[i], time);
			return;
		}
	}
}

/*
 * The answer that this asks for may be here: a program that reads in another thread can have its
 * start before its own write has returned, which is when a write is seen, with the time it began.
 */
static struct turn *begun_since(struct live *l, struct sv stream_id, uint64_t time)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct parse *p = l->turns[i].parse;

		if (!p->asked && p->t_begin >= time && sv_eq(l->turns[i].stream_id, stream_id))
			return &l->turns[i];
	}
	return NULL;
}

static void openai_client(struct parse *mother, const struct ex_event *ev, uint64_t time)
{
	struct sv type = ev->cont ? SV_NONE : staged(mother, ST_TYPE);
	/* What a long frame is may stand at its end; only requests are long here. */
	bool doubt = !type.len && ev->more && mother->api == &api_live_responses;
	struct live *l = mother->live;
	struct parse *going = l->going[EX_REQUEST];
	struct turn *t;

	if (ev->cont) {
		if (!going)
			return;
		feed_request(going, ev);
		if (!ev->more)
			drop_doubtful(mother, going, time);
		return;
	}
	l->going[EX_REQUEST] = NULL;
	if (!doubt && !sv_eq(type, SV("response.create")))
		return;
	t = doubt ? NULL : begun_since(l, staged(mother, ST_ID), time);
	if (!t)
		t = turn_new(mother, staged(mother, ST_ID), time);
	if (!t)
		return;
	t->parse->t_begin = time;
	t->parse->asked = true;
	t->parse->maybe = doubt;
	feed_request(t->parse, ev);
	if (ev->more)
		l->going[EX_REQUEST] = t->parse;
}

static void openai_server(struct parse *mother, const struct ex_event *ev, uint64_t time)
{
	static const char *const ends[] = { "response.completed", "response.incomplete",
					    "response.failed", "response.done", "error" };
	struct sv type = staged(mother, ST_TYPE), id = staged(mother, ST_CALL_ID);
	struct live *l = mother->live;
	struct turn *t;

	if (staged(mother, ST_NAME).len && !sv_eq(l->model, staged(mother, ST_NAME))) {
		l->model = SV_NONE;
		string_piece(mother, &l->model, staged(mother, ST_NAME), CALL_STRING_MAX);
	}
	if (!sv_starts(type, SV("response.")) && !sv_eq(type, SV("error")))
		return;
	t = turn_of(l, staged(mother, ST_ID), id);
	/* An error of the session is no answer's. */
	if (!t && !sv_eq(type, SV("error")))
		t = turn_new(mother, staged(mother, ST_ID), time);
	if (!t)
		return;
	if (id.len && !t->id.len) {
		struct parse *begun = t->parse;

		string_piece(begun, &t->id, id, CALL_STRING_MAX);
		if (mother->api == &api_live_responses && !t->stream_id.len)
			end_before(mother, begun, time);
		for (t = l->turns; t->parse != begun; t++)
			;
	}
	/* Another one that is seen first was not the first; behind a gap one may be found late. */
	if (!t->parse->t_first_event && (l->gapped || !sv_eq(type, SV("response.created"))))
		t->parse->first_lost = true;
	l->gapped = false;
	give(t->parse, ev, type, time);
	t->parse->over |= ends_with(type, ends, ARRAY_SIZE(ends));
	if (ev->more)
		go_to(l, t->parse, type);
	else if (t->parse->over)
		turn_end(mother, t, time);
}

/* Gemini's live API: content until the turn is complete. */

static void gemini_client(struct parse *mother, const struct ex_event *ev)
{
	struct live *l = mother->live;

	if (!has(mother, WORD_SETUP) || ev->cont)
		return;
	if (!l->setup.limit)
		buf_init(&l->setup, SETUP_MAX);
	buf_reset(&l->setup);
	buf_add(&l->setup, sv_cut(ev->data, SETUP_MAX));
}

static void gemini_server(struct parse *mother, const struct ex_event *ev, uint64_t time)
{
	const struct ex_event setup = { .data = buf_sv(&mother->live->setup) };
	struct live *l = mother->live;
	struct turn *t = l->count ? &l->turns[0] : NULL;
	bool says = has(mother, WORD_CONTENT) || has(mother, WORD_TOOLS);

	/* An interrupted turn has its counts in the word of its end; if that is missing, it is over
	 * when something else is said. */
	if (t && t->parse->whole && says && !has(mother, WORD_OVER)) {
		turn_end(mother, t, t->parse->now);
		t = NULL;
	}
	if (!t && !says)
		return;
	if (!t) {
		t = turn_new(mother, SV_NONE, time);
		if (!t)
			return;
		if (setup.data.len)
			feed_request(t->parse, &setup);
	}
	give(t->parse, ev, SV_NONE, time);
	if (ev->more)
		go_to(l, t->parse, SV_NONE);
	else if (t->parse->over)
		turn_end(mother, t, time);
}

static void go_on(struct parse *mother, const struct ex_event *ev, uint64_t time)
{
	struct live *l = mother->live;
	struct parse *p = l->going[EX_RESPONSE];

	if (!p)
		return;
	give(p, ev, sv_of(l->going_type), time);
	if (ev->more)
		return;
	l->going[EX_RESPONSE] = NULL;
	for (size_t i = 0; i < l->count; i++) {
		if (l->turns[i].parse == p && p->over) {
			turn_end(mother, &l->turns[i], time);
			return;
		}
	}
}

/* A socket that was joined late shows by its frames what it is. */
static void take_shape(struct parse *mother, enum ex_side side)
{
	bool response = sv_starts(staged(mother, ST_TYPE), SV("response."));
	/* Realtime's has nothing but a response in it, and an event's id. */
	bool asks = side == EX_REQUEST && has(mother, WORD_MODEL) &&
		    sv_eq(staged(mother, ST_TYPE), SV("response.create"));

	if (asks || (response && has(mother, WORD_SEQUENCE)))
		parse_set_api(mother, &api_live_responses);
	else if (response && has(mother, WORD_EVENT) && side == EX_RESPONSE)
		parse_set_api(mother, &api_live_realtime);
	else if (has(mother, WORD_CONTENT) || has(mother, WORD_TOOLS))
		parse_set_api(mother, &api_live_gemini);
}

/* Whose event is lost nobody knows: all that are open miss something. */
void live_gap(struct parse *mother)
{
	struct live *l = mother->live;

	if (l)
		l->gapped = true;
	for (size_t i = 0; l && i < l->count; i++) {
		struct parse *p = l->turns[i].parse;

		p->turn_gapped = true;
		p->first_lost |= !p->t_first_event;
	}
}

void live_event(struct parse *mother, enum ex_side side, const struct ex_event *ev, uint64_t time)
{
	bool binary = sv_eq(ev->type, SV("binary"));

	if (!live_of(mother))
		return;
	/* What cannot be read is as good as lost. */
	if (ev->unread)
		live_gap(mother);
	if (ev->cont && side == EX_RESPONSE) {
		go_on(mother, ev, time);
		return;
	}
	/* Sound is only counted; Gemini puts its JSON into such frames, too. */
	if (binary && (!ev->data.len || ev->data.p[0] != '{'))
		return;
	if (!ev->cont)
		read_frame(mother, ev);
	if (!mother->api)
		take_shape(mother, side);
	if (!mother->api || !mother->api->live)
		return;
	if (mother->api->live == LIVE_GEMINI && side == EX_REQUEST)
		gemini_client(mother, ev);
	else if (mother->api->live == LIVE_GEMINI)
		gemini_server(mother, ev, time);
	else if (side == EX_REQUEST)
		openai_client(mother, ev, time);
	else
		openai_server(mother, ev, time);
}

void live_end(struct parse *mother, uint64_t time)
{
	struct live *l = mother->live;

	if (!l)
		return;
	while (l->count)
		turn_end(mother, &l->turns[0], time);
	buf_done(&l->setup);
	free(l);
	mother->live = NULL;
}

/* The model's name in the address: Realtime, and Azure's deployments. */
static void begin(struct parse *mother)
{
	struct sv name = route_query(mother->ex->target, "model");
	struct live *l = live_of(mother);

	if (!name.len)
		name = route_query(mother->ex->target, "deployment");
	if (l && name.len)
		l->model = route_decode(&mother->call->arena, name);
}

const struct api api_live_responses = {
	.name = "openai.responses_ws",
	.op = CALL_CHAT,
	.provider = "openai",
	.begin = begin,
	.live = LIVE_OPENAI,
	.turn = &api_openai_responses,
};

const struct api api_live_realtime = {
	.name = "openai.realtime_ws",
	.op = CALL_CHAT,
	.provider = "openai",
	.begin = begin,
	.live = LIVE_OPENAI,
	.turn = &api_openai_realtime,
};

const struct api api_live_gemini = {
	.name = "gemini.live_ws",
	.op = CALL_GENERATE_CONTENT,
	.provider = "gcp.gemini",
	.live = LIVE_GEMINI,
	.turn = &api_gemini_live,
};
