// SPDX-License-Identifier: Apache-2.0
#include "dialect/gemini.h"

/*
 * One turn of Gemini's live API (js-genai v2.18.0, src/live.ts): serverContent until the turn is
 * complete, tool calls, counts. What is asked of the model stands in the session's setup. Why a
 * turn ended is not told.
 */

enum {
	SLOT_TEXT,
	SLOT_REASONING,
	SLOT_TOOL,
};

#define TOOL_TEXTS  (1u << ST_ID | 1u << ST_NAME | 1u << ST_ARGS)
#define CONFIG(key) "setup.generationConfig." key

/* "models/m" here is "m" elsewhere. */
static void on_model(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv *to = &p->call->req.model;

	(void)f;
	if (stage_word(p, &p->input_stage, ev) && !to->len)
		string_piece(p, to, sv_behind_last(stage_get(&p->input_stage, ST_WORD), '/'),
			     CALL_STRING_MAX);
}

static void on_output(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (stage_word(p, &p->input_stage, ev) &&
	    sv_eq_nocase(stage_get(&p->input_stage, ST_WORD), SV("AUDIO")))
		p->call->req.output_type = SV("speech");
}

static const struct field request_rows[] = {
	ROW_FN("setup.model", on_model, 0),
	ROW_SNAKE(CONFIG("temperature"), FIELD_NUM, CALL_AT(req.temperature)),
	ROW_SNAKE(CONFIG("topP"), FIELD_NUM, CALL_AT(req.top_p)),
	ROW_SNAKE(CONFIG("topK"), FIELD_INT, CALL_AT(req.top_k)),
	ROW_SNAKE(CONFIG("maxOutputTokens"), FIELD_INT, CALL_AT(req.max_tokens)),
	ROW_SNAKE_FN(CONFIG("responseModalities[]"), on_output, 0),
	ROW_SNAKE_CONTENT_FN("setup.systemInstruction.parts[].text", field_system_text, PART_TEXT),
	ROW_SNAKE_CONTENT_FN("setup.tools[].functionDeclarations[]", field_tool_def, 0),
	ROW_SNAKE_CONTENT("setup.tools[].functionDeclarations[].name", FIELD_TOOL_DEF,
			  TOOL_DEF_AT(name)),
	ROW_SNAKE_CONTENT("setup.tools[].functionDeclarations[].description", FIELD_TOOL_DEF,
			  TOOL_DEF_AT(description)),
	ROW_SNAKE_RAW("setup.tools[].functionDeclarations[].parameters", FIELD_TOOL_DEF,
		      TOOL_DEF_AT(parameters)),
};

static void on_part(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct candidate *c;
	bool thought = p->stage.num[SI_PART].set;

	(void)f;
	if (ev->kind == JSON_OBJECT) {
		p->stage.num[SI_PART].set = false;
		stage_drop(&p->stage, 1u << ST_TEXT);
	}
	if (ev->kind != JSON_OBJECT_END)
		return;
	c = answer_only(p);
	if (staged(p, ST_TEXT).len)
		answer_text(p, c, answer_next(p, c, thought ? SLOT_REASONING : SLOT_TEXT, true),
			    thought ? PART_REASONING : PART_TEXT, staged(p, ST_TEXT));
	stage_drop(&p->stage, 1u << ST_TEXT);
}

static void on_thought(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_BOOL && ev->boolean)
		p->stage.num[SI_PART] = (struct opt_int){ 1, true };
}

static void on_over(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind != JSON_BOOL || !ev->boolean)
		return;
	answer_only(p);
	p->whole = true;
	p->over |= f->arg;
}

static const struct field event_rows[] = {
	ROW_FN("serverContent.modelTurn.parts[]", on_part, 0),
	ROW_FN("serverContent.modelTurn.parts[].thought", on_thought, 0),
	ROW_CONTENT("serverContent.modelTurn.parts[].text", FIELD_STAGE, ST_TEXT),
	ROW_CONTENT("serverContent.outputTranscription.text", FIELD_STAGE, ST_DELTA),
	ROW_FN("serverContent.turnComplete", on_over, true),
	/* The word that it is complete comes behind this. */
	ROW_FN("serverContent.interrupted", on_over, false),
	ROW_FN("toolCall.functionCalls[]", field_answer_tool, SLOT_TOOL),
	ROW("toolCall.functionCalls[].id", FIELD_STAGE, ST_ID),
	ROW("toolCall.functionCalls[].name", FIELD_STAGE, ST_NAME),
	ROW_RAW("toolCall.functionCalls[].args", FIELD_STAGE, ST_ARGS),
};

static const struct field_set request = FIELD_SET(request_rows);
static const struct field_set event = FIELD_SET(event_rows);

static void event_done(struct parse *p, struct sv type)
{
	struct candidate *c;

	(void)type;
	if (staged(p, ST_DELTA).len) {
		c = answer_only(p);
		answer_text(p, c, answer_next(p, c, SLOT_TEXT, true), PART_TEXT,
			    staged(p, ST_DELTA));
	}
	take_error(p);
}

static void finish(struct parse *p)
{
	p->no_reason = true;
	gemini_finish(p);
}

const struct api api_gemini_live = {
	.name = "gemini.live",
	.op = CALL_GENERATE_CONTENT,
	.provider = "gcp.gemini",
	.request = { &request },
	.answer = { &event, &gemini_answer, &gemini_errors },
	.event_done = event_done,
	.finish = finish,
};
