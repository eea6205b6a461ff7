// SPDX-License-Identifier: Apache-2.0
#include "dialect/anthropic.h"

/* Anthropic's older text completions: POST /v1/complete. A stream brings the text in pieces. */

static const struct field request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW_ANCHOR("max_tokens_to_sample", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("top_k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("stop_sequences[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW_CONTENT_FN("prompt", field_input_string, 0),
};

static void on_completion(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_STRING)
		return;
	p->answered = true;
	answer_candidate(p, 0);
}

static const struct field answer_rows[] = {
	ROW("id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW_FN("completion", on_completion, 0),
	ROW_CONTENT("completion", FIELD_STAGE, ST_TEXT),
	ROW_ANCHOR("stop_reason", FIELD_STAGE, ST_FINISH),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);

static const struct event_row events[] = {
	{ "ping", EVENT_SKIP, false },
};

static void event_done(struct parse *p, struct sv type)
{
	struct candidate *c = p->answered ? answer_candidate(p, 0) : NULL;

	(void)type;
	answer_text(p, c, c ? answer_slot(p, c, 0, 0) : NULL, PART_TEXT, staged(p, ST_TEXT));
	if (staged(p, ST_FINISH).len)
		answer_finish(p, answer_candidate(p, 0), staged(p, ST_FINISH));
	take_error(p);
}

static void finish(struct parse *p)
{
	event_done(p, SV_NONE);
}

const struct api api_anthropic_complete = {
	.name = "anthropic.complete",
	.op = CALL_TEXT_COMPLETION,
	.provider = "anthropic",
	.request = { &request },
	.answer = { &answer, &anthropic_errors },
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.event_done = event_done,
	.finish = finish,
};
