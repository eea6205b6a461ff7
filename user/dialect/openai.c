// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

static void on_object(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (!stage_word(p, &p->stage, ev))
		return;
	if (sv_eq(staged(p, ST_WORD), SV("error")))
		p->error_seen = true;
	else
		p->answered = true;
}

static const struct field error_rows[] = {
	ERROR_ROWS,
	ROW("error.code", FIELD_STAGE_INT, SI_ERROR_CODE),
	/* Azure's gateway: {"statusCode", "message"}; Mistral: {"detail": ...} */
	ROW_CONTENT("message", FIELD_STRING, CALL_AT(content.error_message)),
	ROW_CONTENT("detail", FIELD_STRING, CALL_AT(content.error_message)),
	ROW_CONTENT("detail[].msg", FIELD_STRING, CALL_AT(content.error_message)),
	/* Older vLLM, Mistral: {"object": "error", ...} */
	ROW_FN("object", on_object, 0),
	ROW("code", FIELD_STAGE, ST_ERROR_CODE),
	ROW("code", FIELD_STAGE_INT, SI_ERROR_CODE),
	ROW("type", FIELD_STAGE, ST_ERROR_TYPE),
};

const struct field_set openai_errors = FIELD_SET(error_rows);

static const struct field request_rows[] = {
	ROW_ANCHOR("model", FIELD_MODEL, 0),
	ROW("stream", FIELD_BOOL, CALL_AT(req.stream)),
	ROW("temperature", FIELD_NUM, CALL_AT(req.temperature)),
	ROW("top_p", FIELD_NUM, CALL_AT(req.top_p)),
	ROW("service_tier", FIELD_STRING, CALL_AT(req.service_tier)),
};

const struct field_set openai_request = FIELD_SET(request_rows);

#define USAGE_ROWS(P)                                                                          \
	ROW(P "prompt_tokens_details.cached_tokens", FIELD_TOKENS, CALL_AT(usage.cache_read)), \
		ROW(P "prompt_tokens_details.cache_write_tokens", FIELD_TOKENS,                \
		    CALL_AT(usage.cache_write)),                                               \
		ROW(P "prompt_tokens_details.text_tokens", FIELD_TOKENS,                       \
		    CALL_AT(usage.text_input)),                                                \
		ROW(P "prompt_tokens_details.image_tokens", FIELD_TOKENS,                      \
		    CALL_AT(usage.image_input)),                                               \
		ROW(P "prompt_tokens_details.audio_tokens", FIELD_TOKENS,                      \
		    CALL_AT(usage.audio_input)),                                               \
		ROW(P "completion_tokens_details.reasoning_tokens", FIELD_TOKENS,              \
		    CALL_AT(usage.reasoning)),                                                 \
		ROW(P "completion_tokens_details.text_tokens", FIELD_TOKENS,                   \
		    CALL_AT(usage.text_output)),                                               \
		ROW(P "completion_tokens_details.image_tokens", FIELD_TOKENS,                  \
		    CALL_AT(usage.image_output)),                                              \
		ROW(P "completion_tokens_details.audio_tokens", FIELD_TOKENS,                  \
		    CALL_AT(usage.audio_output)), /* DeepSeek; Moonshot */                     \
		ROW(P "prompt_cache_hit_tokens", FIELD_TOKENS, CALL_AT(usage.cache_read)),     \
		ROW(P "cached_tokens", FIELD_TOKENS, CALL_AT(usage.cache_read))

#define USAGE_SUMS(P, KIND)                                                       \
	KIND(P "prompt_tokens", FIELD_TOKENS, CALL_AT(usage.input)),              \
		KIND(P "completion_tokens", FIELD_TOKENS, CALL_AT(usage.output)), \
		KIND(P "total_tokens", FIELD_TOKENS, CALL_AT(usage.total))

static const struct field usage_rows[] = {
	USAGE_SUMS("usage.", ROW_ANCHOR),
	USAGE_ROWS("usage."),
	/* Groq streams it here, Moonshot there. */
	USAGE_SUMS("x_groq.usage.", ROW),
	USAGE_ROWS("x_groq.usage."),
	USAGE_SUMS("choices[].usage.", ROW),
	USAGE_ROWS("choices[].usage."),
};

const struct field_set openai_usage = FIELD_SET(usage_rows);

/* Slots of one choice. */
enum {
	SLOT_TEXT,
	SLOT_REASONING,
	SLOT_REFUSAL,
	SLOT_TOOLS,
};

#define TOOL_TEXTS (1u << ST_ID | 1u << ST_NAME | 1u << ST_ARGS)
#define CHOICE_TEXTS \
	(TOOL_TEXTS | 1u << ST_FINISH | 1u << ST_TEXT | 1u << ST_REASONING | 1u << ST_REFUSAL)

/* An index that is named wins over the place in the list. */
static uint32_t index_of(const struct opt_int *named, uint32_t place)
{
	return named->set && named->v <= UINT32_MAX ? (uint32_t)named->v : place;
}

static struct candidate *open_choice(struct parse *p)
{
	return answer_candidate(p, index_of(&p->stage.num[SI_CHOICE], p->choice_at));
}

/*
 * In a whole message a tool call is told by its place. Servers that stream each one whole
 * leave its index out: then its id tells whether it is a new one, and what has no id goes on
 * with the newest.
 */
static struct slot *tool_slot(struct parse *p, struct candidate *c, struct sv id, bool streamed)
{
	const struct opt_int *named = &p->stage.num[SI_TOOL];
	struct slot *last = NULL;
	uint32_t next = 0;

	if (!c)
		return NULL;
	if (named->set || !streamed)
		return answer_slot(p, c, SLOT_TOOLS, index_of(named, p->tool_at));
	for (struct slot *s = c->slots; s; s = s->next) {
		if (s->a != SLOT_TOOLS)
			continue;
		if (id.len && s->tool && sv_eq(s->tool->id, id))
			return s;
		last = s;
		next = s->b + 1;
	}
	return last && !id.len ? last : answer_slot(p, c, SLOT_TOOLS, next);
}

static void take_tool(struct parse *p, bool streamed)
{
	struct candidate *c = open_choice(p);
	struct sv id = staged(p, ST_ID);
	struct slot *s = tool_slot(p, c, id, streamed);

	answer_tool(p, c, s, PART_TOOL_CALL, id, staged(p, ST_NAME));
	answer_text(p, c, s, PART_TOOL_CALL, staged(p, ST_ARGS));
	stage_drop(&p->stage, TOOL_TEXTS);
}

static void on_tool(struct parse *p, const struct field *f, const struct json_event *ev)
{
	if (ev->kind == JSON_OBJECT) {
		p->tool_at = ev->index;
		p->stage.num[SI_TOOL].set = false;
		stage_drop(&p->stage, TOOL_TEXTS);
	}
	if (ev->kind == JSON_OBJECT_END)
		take_tool(p, f->arg);
}

static void take_text(struct parse *p, struct candidate *c, uint32_t slot, enum part_type type,
		      enum stage_text text)
{
	if (c && staged(p, text).len)
		answer_text(p, c, answer_slot(p, c, slot, 0), type, staged(p, text));
}

static void on_choice(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct candidate *c;

	(void)f;
	if (ev->kind == JSON_OBJECT) {
		p->choice_at = ev->index;
		p->stage.num[SI_CHOICE].set = false;
		p->stage.num[SI_TOOL].set = false;
		stage_drop(&p->stage, CHOICE_TEXTS);
	}
	if (ev->kind != JSON_OBJECT_END)
		return;
	p->answered = true;
	c = open_choice(p);
	if (!p->stage.dirty)
		return;
	/* A call outside of tool_calls: the older function_call. */
	if (staged(p, ST_NAME).len || staged(p, ST_ARGS).len)
		take_tool(p, true);
	take_text(p, c, SLOT_REASONING, PART_REASONING, ST_REASONING);
	take_text(p, c, SLOT_TEXT, PART_TEXT, ST_TEXT);
	take_text(p, c, SLOT_REFUSAL, PART_TEXT, ST_REFUSAL);
	answer_finish(p, c, staged(p, ST_FINISH));
	stage_drop(&p->stage, CHOICE_TEXTS);
}

/* A message, or the piece of one that a stream's event brings. */
#define MESSAGE_ROWS(P, streamed)                                                       \
	ROW_CONTENT(P "content", FIELD_STAGE, ST_TEXT),                                 \
		ROW_CONTENT(P "content[].text", FIELD_STAGE, ST_TEXT),                  \
		ROW_CONTENT(P "content[].thinking[].text", FIELD_STAGE, ST_REASONING),  \
		ROW_CONTENT(P "audio.transcript", FIELD_STAGE, ST_TEXT),                \
		ROW_CONTENT(P "refusal", FIELD_STAGE, ST_REFUSAL),                      \
		ROW_CONTENT(P "reasoning_content", FIELD_STAGE, ST_REASONING),          \
		ROW_CONTENT(P "reasoning", FIELD_STAGE, ST_REASONING),                  \
		ROW_FN(P "tool_calls[]", on_tool, streamed),                            \
		ROW(P "tool_calls[].index", FIELD_STAGE_INT, SI_TOOL),                  \
		ROW(P "tool_calls[].id", FIELD_STAGE, ST_ID),                           \
		ROW(P "tool_calls[].function.name", FIELD_STAGE, ST_NAME),              \
		ROW(P "tool_calls[].custom.name", FIELD_STAGE, ST_NAME),                \
		ROW_CONTENT(P "tool_calls[].function.arguments", FIELD_STAGE, ST_ARGS), \
		ROW_CONTENT(P "tool_calls[].custom.input", FIELD_STAGE, ST_ARGS),       \
		ROW(P "function_call.name", FIELD_STAGE, ST_NAME),                      \
		ROW_CONTENT(P "function_call.arguments", FIELD_STAGE, ST_ARGS)

static const struct field choice_rows[] = {
	ROW("id", FIELD_STRING, CALL_AT(resp.id)),
	ROW("model", FIELD_STRING, CALL_AT(resp.model)),
	ROW("service_tier", FIELD_LATEST, CALL_AT(resp.service_tier)),
	ROW_ANCHOR("system_fingerprint", FIELD_STRING, CALL_AT(resp.system_fingerprint)),
	ROW_FN("choices[]", on_choice, 0),
	ROW("choices[].index", FIELD_STAGE_INT, SI_CHOICE),
	ROW_ANCHOR("choices[].finish_reason", FIELD_STAGE, ST_FINISH),
	ROW_CONTENT("choices[].text", FIELD_STAGE, ST_TEXT),
	MESSAGE_ROWS("choices[].message.", false),
	MESSAGE_ROWS("choices[].delta.", true),
};

const struct field_set openai_choices = FIELD_SET(choice_rows);

void openai_choice_event(struct parse *p, struct sv type)
{
	(void)type;
	take_error(p);
}

void openai_output_type(struct parse *p, const struct field *f, const struct json_event *ev)
{
	struct sv *to = &p->call->req.output_type, word;

	(void)f;
	if (!stage_word(p, &p->input_stage, ev))
		return;
	word = stage_get(&p->input_stage, ST_WORD);
	/* Speech says most, text least. */
	if (sv_eq(word, SV("audio")))
		*to = SV("speech");
	else if (sv_eq(word, SV("text")) && !to->len)
		*to = SV("text");
	else if (sv_starts(word, SV("json")) && !sv_eq(*to, SV("speech")))
		*to = SV("json");
}

void openai_finish(struct parse *p)
{
	struct call *c = p->call;
	struct call_usage *u = &c->usage;

	take_error(p);
	/* Found again behind a gap, where no choice was open. */
	if (staged(p, ST_FINISH).len && c->req.choice_count.v <= 1)
		answer_finish(p, answer_candidate(p, 0), staged(p, ST_FINISH));
	/* The convention wants these only where they are not the default. */
	if (c->req.choice_count.v == 1)
		c->req.choice_count.set = false;
	if (sv_eq(c->req.service_tier, SV("auto")))
		c->req.service_tier = SV_NONE;
	/* Some servers leave reasoning out of the completion; the total shows it. */
	if (u->input.set && u->output.set && u->total.set && u->reasoning.set &&
	    u->reasoning.v > 0 && u->total.v - u->reasoning.v == u->input.v + u->output.v)
		u->output.v += u->reasoning.v;
}
