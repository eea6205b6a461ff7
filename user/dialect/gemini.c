// SPDX-License-Identifier: Apache-2.0
#include "dialect/gemini.h"

/*
 * Gemini and Vertex: POST .../models/{model}:generateContent and :streamGenerateContent
 * (js-genai v2.18.0, src/models.ts, src/types.ts). A stream comes as events, or as one array
 * sent in pieces; each element is an answer of its own with the next pieces of the text.
 */

/* Slots of a candidate, in the order of its parts. */
enum {
	SLOT_TEXT,
	SLOT_REASONING,
	SLOT_TOOL,
	SLOT_OTHER,
};

/* What the open part is, beside text. */
enum {
	PART_IS_CALL = 1,
	PART_IS_THOUGHT = 2,
	PART_IS_CODE = 4,
	PART_IS_RESULT = 8,
	PART_IS_MEDIA = 16,
	PART_IS_PIECE = 32,
};

#define PART_TEXTS                                                                    \
	(1u << ST_TEXT | 1u << ST_NAME | 1u << ST_ID | 1u << ST_ARGS | 1u << ST_RAW | \
	 1u << ST_CALL_ID)

static void output_mime(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv *to = &p->call->req.output_type, word;

	(void)f;
	if (!stage_word(p, &p->input_stage, ev) || to->len)
		return;
	word = stage_get(&p->input_stage, ST_WORD);
	if (sv_eq(word, SV("application/json")))
		*to = SV("json");
	else if (sv_eq(word, SV("text/plain")))
		*to = SV("text");
}

static void output_modality(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv *to = &p->call->req.output_type, word;

	(void)f;
	if (!stage_word(p, &p->input_stage, ev))
		return;
	word = stage_get(&p->input_stage, ST_WORD);
	if (sv_eq_nocase(word, SV("AUDIO")))
		*to = SV("speech");
	else if (sv_eq_nocase(word, SV("IMAGE")))
		*to = SV("image");
}

static void on_thought(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (p->part && ev->kind == JSON_BOOL && ev->boolean)
		p->part->type = PART_REASONING;
}

#define CONFIG(key, type, where) ROW_SNAKE("generationConfig." key, type, where)
#define PART(key)		 "contents[].parts[]." key

static const struct field request_rows[] = {
	CONFIG("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	CONFIG("topP", FIELD_NUM, CALL_AT(req.top_p)),
	CONFIG("topK", FIELD_INT, CALL_AT(req.top_k)),
	CONFIG("candidateCount", FIELD_INT, CALL_AT(req.choice_count)),
	ROW_FLAGS("generationConfig.maxOutputTokens", FIELD_INT, CALL_AT(req.max_tokens),
		  GROUP_BASE, JSON_SNAKE | JSON_ANCHOR),
	CONFIG("stopSequences[]", FIELD_LIST, CALL_AT(req.stop_sequences)),
	CONFIG("seed", FIELD_INT, CALL_AT(req.seed)),
	CONFIG("presencePenalty", FIELD_NUM, CALL_AT(req.presence_penalty)),
	CONFIG("frequencyPenalty", FIELD_NUM, CALL_AT(req.frequency_penalty)),
	CONFIG("thinkingConfig.thinkingLevel", FIELD_STRING, CALL_AT(req.reasoning_level)),
	ROW_SNAKE_FN("generationConfig.responseMimeType", output_mime, 0),
	ROW_SNAKE_FN("generationConfig.responseModalities[]", output_modality, 0),

	ROW_SNAKE_CONTENT_FN("tools[].functionDeclarations[]", field_tool_def, 0),
	ROW_SNAKE_CONTENT("tools[].functionDeclarations[].name", FIELD_TOOL_DEF, TOOL_DEF_AT(name)),
	ROW_SNAKE_CONTENT("tools[].functionDeclarations[].description", FIELD_TOOL_DEF,
			  TOOL_DEF_AT(description)),
	ROW_SNAKE_RAW("tools[].functionDeclarations[].parameters", FIELD_TOOL_DEF,
		      TOOL_DEF_AT(parameters)),
	ROW_SNAKE_RAW("tools[].functionDeclarations[].parametersJsonSchema", FIELD_TOOL_DEF,
		      TOOL_DEF_AT(parameters)),

	ROW_SNAKE_CONTENT_FN("systemInstruction", field_system_text, PART_TEXT),
	ROW_SNAKE_CONTENT_FN("systemInstruction.parts[].text", field_system_text, PART_TEXT),
	ROW_SNAKE_CONTENT_FN("systemInstruction.parts.text", field_system_text, PART_TEXT),

	ROW_CONTENT_FN("contents", field_input_string, 0),
	ROW_CONTENT_FN("contents[]", field_input_message, STYLE_TURNS),
	ROW_CONTENT("contents[].role", FIELD_MESSAGE, MESSAGE_AT(role)),
	ROW_CONTENT_FN("contents[].parts[]", field_input_part, STYLE_PART),
	ROW_CONTENT_FN(PART("text"), field_part_kind, PART_TEXT),
	ROW_CONTENT(PART("text"), FIELD_PART_TEXT, 0),
	ROW_CONTENT_FN(PART("thought"), on_thought, 0),
	ROW_SNAKE_CONTENT_FN(PART("inlineData"), field_part_kind, PART_BLOB),
	ROW_SNAKE_CONTENT(PART("inlineData.mimeType"), FIELD_PART, PART_AT(mime)),
	ROW_SNAKE_CONTENT(PART("inlineData.data"), FIELD_PART_TEXT, 0),
	ROW_SNAKE_CONTENT_FN(PART("fileData"), field_part_kind, PART_URI),
	ROW_SNAKE_CONTENT(PART("fileData.mimeType"), FIELD_PART, PART_AT(mime)),
	ROW_SNAKE_CONTENT(PART("fileData.fileUri"), FIELD_PART_TEXT, 0),
	ROW_SNAKE_CONTENT_FN(PART("functionCall"), field_part_kind, PART_TOOL_CALL),
	ROW_SNAKE_CONTENT(PART("functionCall.id"), FIELD_PART, PART_AT(id)),
	ROW_SNAKE_CONTENT(PART("functionCall.name"), FIELD_PART, PART_AT(name)),
	ROW_SNAKE_RAW(PART("functionCall.args"), FIELD_PART_TEXT, 0),
	ROW_SNAKE_CONTENT_FN(PART("functionResponse"), field_part_kind, PART_TOOL_RESULT),
	ROW_SNAKE_CONTENT(PART("functionResponse.id"), FIELD_PART, PART_AT(id)),
	ROW_SNAKE_CONTENT(PART("functionResponse.name"), FIELD_PART, PART_AT(name)),
	ROW_SNAKE_RAW(PART("functionResponse.response"), FIELD_PART_TEXT, 0),
};

static const struct field_set request = FIELD_SET(request_rows);

static const struct field error_rows[] = {
	ROW_FN("error", field_error, 0),
	ROW("error.status", FIELD_STAGE, ST_ERROR_TYPE),
	ROW("error.code", FIELD_STAGE_INT, SI_ERROR_CODE),
	ROW_CONTENT("error.message", FIELD_STRING, CALL_AT(content.error_message)),
};

const struct field_set gemini_errors = FIELD_SET(error_rows);

static struct candidate *open_candidate(struct parse *p)
{
	return &p->pending;
}

static void take_text(struct parse *p, struct sv text, bool thought)
{
	struct candidate *c = open_candidate(p);

	if (text.len && p->d->opt.want_content)
		answer_text(p, c, answer_next(p, c, thought ? SLOT_REASONING : SLOT_TEXT, true),
			    thought ? PART_REASONING : PART_TEXT, text);
}

/* Arguments come whole; where they come in pieces instead, those are not put together. */
static void take_call(struct parse *p, bool piece)
{
	struct candidate *c = open_candidate(p);
	struct sv name = staged(p, ST_NAME);
	struct slot *s;

	if (!name.len)
		return;
	s = answer_next(p, c, SLOT_TOOL, false);
	answer_tool(p, c, s, PART_TOOL_CALL, staged(p, ST_ID), name);
	answer_text(p, c, s, PART_TOOL_CALL, staged(p, ST_ARGS));
	if (s && s->part && piece)
		s->part->cut = true;
}

/* Code that the provider wrote and ran, and what came of it. */
static void take_code(struct parse *p, bool result)
{
	struct candidate *c = open_candidate(p);
	enum part_type type = result ? PART_SERVER_TOOL_RESULT : PART_SERVER_TOOL_CALL;
	struct slot *s = answer_next(p, c, SLOT_OTHER, false);
	struct call_part *part;

	if (!s)
		return;
	s->done = true;
	if (!result)
		answer_tool(p, c, s, type, staged(p, ST_ID), SV("code_execution"));
	part = answer_part(p, c, s, type);
	if (!part)
		return;
	part->wire_type = result ? SV("codeExecutionResult") : SV("executableCode");
	part->json = true;
	part_append(p, part, staged(p, ST_RAW));
}

static void take_media(struct parse *p)
{
	struct candidate *c = open_candidate(p);
	struct slot *s = p->d->opt.want_content ? answer_next(p, c, SLOT_OTHER, false) : NULL;
	struct call_part *part = answer_part(p, c, s, PART_BLOB);

	if (!part)
		return;
	s->done = true;
	string_piece(p, &part->mime, staged(p, ST_CALL_ID), CALL_STRING_MAX);
	part_append(p, part, staged(p, ST_TEXT));
}

static void on_part(struct parse *p, const struct field *f, const struct json_event *ev)
{
	const struct opt_int *kinds = &p->stage.num[SI_PART];
	int64_t is = kinds->set ? kinds->v : 0;

	(void)f;
	if (ev->kind == JSON_OBJECT) {
		p->stage.num[SI_PART].set = false;
		stage_drop(&p->stage, PART_TEXTS);
	}
	if (ev->kind != JSON_OBJECT_END)
		return;
	if (is & PART_IS_CALL)
		take_call(p, is & PART_IS_PIECE);
	else if (is & (PART_IS_CODE | PART_IS_RESULT))
		take_code(p, is & PART_IS_RESULT);
	else if (is & PART_IS_MEDIA)
		take_media(p);
	else
		take_text(p, staged(p, ST_TEXT), is & PART_IS_THOUGHT);
	stage_drop(&p->stage, PART_TEXTS);
}

/* A key that says what the open part is; arg: its bit. */
static void on_kind(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct opt_int *kinds = &p->stage.num[SI_PART];
	bool says = ev->kind == JSON_OBJECT || ev->kind == JSON_ARRAY ||
		    (ev->kind == JSON_BOOL && ev->boolean);

	if (says)
		*kinds = (struct opt_int){ (kinds->set ? kinds->v : 0) | f->arg, true };
}

/* Its index stands behind its parts. */
static void on_candidate(struct parse *p, const struct field *f, const struct json_event *ev)
{
	const struct opt_int *named = &p->stage.num[SI_CHOICE];
	struct candidate *c;

	(void)f;
	if (ev->kind == JSON_OBJECT) {
		p->pending = (struct candidate){ 0 };
		p->stage.num[SI_CHOICE].set = false;
		stage_drop(&p->stage, 1u << ST_FINISH);
	}
	if (ev->kind != JSON_OBJECT_END)
		return;
	p->answered = true;
	c = answer_candidate(p,
			     named->set && named->v <= UINT32_MAX ? (uint32_t)named->v : ev->index);
	answer_join(p, c, &p->pending);
	answer_finish(p, c, staged(p, ST_FINISH));
	stage_drop(&p->stage, 1u << ST_FINISH);
}

/* What the counts of modalities go to. */
static const struct {
	const char *modality;
	size_t at[3]; /* input, cached input, output */
} modalities[] = {
	{ "TEXT",
	  { CALL_AT(usage.text_input), CALL_AT(usage.text_cache_read),
	    CALL_AT(usage.text_output) } },
	{ "IMAGE",
	  { CALL_AT(usage.image_input), CALL_AT(usage.image_cache_read),
	    CALL_AT(usage.image_output) } },
	{ "AUDIO",
	  { CALL_AT(usage.audio_input), CALL_AT(usage.audio_cache_read),
	    CALL_AT(usage.audio_output) } },
};

static void on_modality(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv word = staged(p, ST_STATUS);
	const struct opt_int *count = &p->stage.num[SI_ITEM];

	if (ev->kind == JSON_OBJECT) {
		stage_drop(&p->stage, 1u << ST_STATUS);
		p->stage.num[SI_ITEM].set = false;
	}
	if (ev->kind != JSON_OBJECT_END || !count->set)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(modalities); i++) {
		if (sv_eq(word, sv_of(modalities[i].modality)))
			*(struct opt_int *)((char *)p->call + modalities[i].at[f->arg]) = *count;
	}
}

static void on_block_reason(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (stage_word(p, &p->stage, ev)) {
		p->answered = true;
		p->reason = SV("blocked");
	}
}

static void on_usage(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->answered = true;
}

#define ANSWER(key) "candidates[].content.parts[]." key
#define MODALITY_ROWS(list, arg)                                                        \
	ROW_SNAKE_FN("usageMetadata." list "[]", on_modality, arg),                     \
		ROW_SNAKE("usageMetadata." list "[].modality", FIELD_STAGE, ST_STATUS), \
		ROW_SNAKE("usageMetadata." list "[].tokenCount", FIELD_STAGE_INT, SI_ITEM)
#define USAGE(key, type, where) \
	ROW_FLAGS("usageMetadata." key, type, where, GROUP_BASE, JSON_SNAKE | JSON_ANCHOR)

static const struct field answer_rows[] = {
	ROW_FLAGS("modelVersion", FIELD_STRING, CALL_AT(resp.model), GROUP_BASE,
		  JSON_SNAKE | JSON_ANCHOR),
	ROW_FLAGS("responseId", FIELD_STRING, CALL_AT(resp.id), GROUP_BASE,
		  JSON_SNAKE | JSON_ANCHOR),
	ROW_FN("candidates[]", on_candidate, 0),
	ROW("candidates[].index", FIELD_STAGE_INT, SI_CHOICE),
	ROW_FLAGS("candidates[].finishReason", FIELD_STAGE, ST_FINISH, GROUP_BASE,
		  JSON_SNAKE | JSON_ANCHOR),
	ROW_SNAKE_FN("promptFeedback.blockReason", on_block_reason, 0),
	ROW_FN("candidates[].content.parts[]", on_part, 0),
	ROW_CONTENT(ANSWER("text"), FIELD_STAGE, ST_TEXT),
	ROW_FN(ANSWER("thought"), on_kind, PART_IS_THOUGHT),
	ROW_SNAKE_FN(ANSWER("functionCall"), on_kind, PART_IS_CALL),
	ROW_SNAKE(ANSWER("functionCall.name"), FIELD_STAGE, ST_NAME),
	ROW_SNAKE(ANSWER("functionCall.id"), FIELD_STAGE, ST_ID),
	ROW_SNAKE_RAW(ANSWER("functionCall.args"), FIELD_STAGE, ST_ARGS),
	ROW_SNAKE_FN(ANSWER("functionCall.willContinue"), on_kind, PART_IS_PIECE),
	ROW_SNAKE_FN(ANSWER("executableCode"), on_kind, PART_IS_CODE),
	ROW_SNAKE_RAW(ANSWER("executableCode"), FIELD_STAGE, ST_RAW),
	ROW_SNAKE_FN(ANSWER("codeExecutionResult"), on_kind, PART_IS_RESULT),
	ROW_SNAKE_RAW(ANSWER("codeExecutionResult"), FIELD_STAGE, ST_RAW),
	ROW_SNAKE_FN(ANSWER("inlineData"), on_kind, PART_IS_MEDIA),
	ROW_SNAKE_CONTENT(ANSWER("inlineData.mimeType"), FIELD_STAGE, ST_CALL_ID),
	ROW_SNAKE_CONTENT(ANSWER("inlineData.data"), FIELD_STAGE, ST_TEXT),

	ROW_SNAKE_FN("usageMetadata", on_usage, 0),
	USAGE("promptTokenCount", FIELD_TOKENS, CALL_AT(usage.input)),
	USAGE("cachedContentTokenCount", FIELD_TOKENS, CALL_AT(usage.cache_read)),
	USAGE("candidatesTokenCount", FIELD_TOKENS, CALL_AT(usage.output)),
	/* Of the live API. */
	USAGE("responseTokenCount", FIELD_TOKENS, CALL_AT(usage.output)),
	USAGE("thoughtsTokenCount", FIELD_TOKENS, CALL_AT(usage.reasoning)),
	USAGE("toolUsePromptTokenCount", FIELD_SUM, SUM_MORE_INPUT),
	USAGE("totalTokenCount", FIELD_TOKENS, CALL_AT(usage.total)),
	MODALITY_ROWS("promptTokensDetails", 0),
	MODALITY_ROWS("cacheTokensDetails", 1),
	MODALITY_ROWS("candidatesTokensDetails", 2),
	MODALITY_ROWS("responseTokensDetails", 2),
};

const struct field_set gemini_answer = FIELD_SET(answer_rows);

static void event_done(struct parse *p, struct sv type)
{
	(void)type;
	take_error(p);
}

static void add(struct opt_int *to, const struct opt_int *more)
{
	if (!more->set || more->v > INT64_MAX / 4)
		return;
	to->v = to->set ? to->v + more->v : more->v;
	to->set = true;
}

/* The wire counts thoughts beside the output, the convention inside it. */
void gemini_finish(struct parse *p)
{
	struct call *c = p->call;
	struct call_usage *u = &c->usage;

	take_error(p);
	/* Found again behind a gap, where no candidate was open. */
	if (staged(p, ST_FINISH).len && c->req.choice_count.v <= 1)
		answer_finish(p, answer_candidate(p, 0), staged(p, ST_FINISH));
	/* A prompt that is refused has no candidates. */
	if (p->reason.len && !p->candidates)
		answer_finish(p, answer_candidate(p, 0), SV("error"));
	if (c->req.choice_count.v == 1)
		c->req.choice_count.set = false;
	add(&u->input, &p->sum[SUM_MORE_INPUT]);
	add(&u->output, &u->reasoning);
}

const struct api api_gemini_generate = {
	.name = "gemini.generate",
	.op = CALL_GENERATE_CONTENT,
	.provider = "gcp.gemini",
	.request = { &request },
	.answer = { &gemini_answer, &gemini_errors },
	.array = true,
	.event_done = event_done,
	.finish = gemini_finish,
};
