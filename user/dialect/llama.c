// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

/*
 * llama.cpp's own API: POST /completion and /infill (tools/server/README.md). A stream brings
 * the text in pieces; the last event, as the whole answer, has the counts.
 */

static const struct field request_rows[] = {
	ROW("model", FIELD_MODEL, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW_ANCHOR("n_predict", FIELD_INT, CALL_AT(req.max_tokens)),
	ROW("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("top_k", FIELD_INT, CALL_AT(req.top_k)),
	ROW("seed", FIELD_INT, CALL_AT(req.seed)),
	ROW("presence_penalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	ROW("frequency_penalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	ROW("stop[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	ROW_CONTENT_FN("prompt", field_input_string, 0),
	ROW_CONTENT_FN("prompt[]", field_input_string, 0),
};

static void on_stop(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind != JSON_BOOL)
		return;
	p->answered = true;
	answer_candidate(p, 0);
	p->whole |= ev->boolean;
}

static const struct field answer_rows[] = {
	ROW("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW_FN("stop", on_stop, 0),
	ROW_ANCHOR("stop_type", FIELD_STAGE, ST_FINISH),
	ROW_ANCHOR("tokens_evaluated", FIELD_TOKENS, CALL_AT(usage.input)),
	ROW_ANCHOR("tokens_predicted", FIELD_TOKENS, CALL_AT(usage.output)),
	ROW_CONTENT("content", FIELD_STAGE, ST_TEXT),
};

static const struct field error_rows[] = {
	ROW_FN("error", field_error, 0),
	ROW("error.type", FIELD_STAGE, ST_ERROR_TYPE),
	ROW("error.code", FIELD_STAGE_INT, SI_ERROR_CODE),
	ROW_CONTENT("error.message", FIELD_STRING, CALL_AT(content.error_message)),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set answer = FIELD_SET(answer_rows);
static const struct field_set errors = FIELD_SET(error_rows);

static void event_done(struct parse *p, struct sv type)
{
	struct sv reason = staged(p, ST_FINISH);
	struct candidate *c;

	(void)type;
	if (staged(p, ST_TEXT).len) {
		c = answer_candidate(p, 0);
		answer_text(p, c, answer_slot(p, c, 0, 0), PART_TEXT, staged(p, ST_TEXT));
	}
	/* Before its end an answer says "none". */
	if (reason.len && !sv_eq(reason, SV("none")))
		answer_finish(p, answer_candidate(p, 0), reason);
	take_error(p);
}

static void finish(struct parse *p)
{
	event_done(p, SV_NONE);
	/* Such a server has one model, and no request needs to name it. */
	if (!p->call->req.model.len && p->ex->msg[EX_REQUEST].complete)
		p->call->req.model = p->call->resp.model;
}

const struct api api_llama_completion = {
	.name = "llama.completion",
	.op = CALL_TEXT_COMPLETION,
	.provider = "llama_cpp",
	.request = { &request },
	.answer = { &answer, &errors },
	.event_done = event_done,
	.finish = finish,
};
