// SPDX-License-Identifier: Apache-2.0
#include "semconv/span.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include <xxhash.h>

#include "semconv/attrs.h"

/* What the convention has no name for. */
#define EARSHOT_CAPTURE_COMPLETE   "earshot.capture.complete"
#define EARSHOT_CAPTURE_LOST_BYTES "earshot.capture.lost_bytes"
#define EARSHOT_CAPTURE_CAUSE	   "earshot.capture.cause"
#define EARSHOT_TOOL_CALL_NAMES	   "earshot.tool_call.names"
#define EARSHOT_TOOL_CALL_IDS	   "earshot.tool_call.ids"

#define FOR_CHAT    (1u << CALL_CHAT)
#define FOR_TEXT    (1u << CALL_TEXT_COMPLETION)
#define FOR_EMBED   (1u << CALL_EMBEDDINGS)
#define FOR_ANSWERS (FOR_CHAT | FOR_TEXT)
#define FOR_ALL	    (FOR_ANSWERS | FOR_EMBED)
#define FOR_OPENAI  (1u << 7) /* and only where the provider is openai */

enum source {
	FROM_STRING,
	FROM_INT,
	FROM_NUM,
	FROM_TRUE, /* only when true */
	FROM_LIST,
};

/* Attributes that are a member of struct call, as it stands. */
static const struct row {
	const char *key;
	enum source source;
	unsigned int use;
	size_t at;
} rows[] = {
#define R(key, source, use, member)                                       \
	{                                                                 \
		SEMCONV_##key, source, use, offsetof(struct call, member) \
	}
	R(GEN_AI_REQUEST_MODEL, FROM_STRING, FOR_ALL, req.model),
	R(GEN_AI_REQUEST_MAX_TOKENS, FROM_INT, FOR_ANSWERS, req.max_tokens),
	R(GEN_AI_REQUEST_CHOICE_COUNT, FROM_INT, FOR_ANSWERS, req.choice_count),
	R(GEN_AI_REQUEST_TEMPERATURE, FROM_NUM, FOR_ANSWERS, req.temperature),
	R(GEN_AI_REQUEST_TOP_P, FROM_NUM, FOR_ANSWERS, req.top_p),
	R(GEN_AI_REQUEST_TOP_K, FROM_INT, FOR_ANSWERS, req.top_k),
	R(GEN_AI_REQUEST_FREQUENCY_PENALTY, FROM_NUM, FOR_ANSWERS, req.frequency_penalty),
	R(GEN_AI_REQUEST_PRESENCE_PENALTY, FROM_NUM, FOR_ANSWERS, req.presence_penalty),
	R(GEN_AI_REQUEST_SEED, FROM_INT, FOR_ANSWERS, req.seed),
	R(GEN_AI_REQUEST_STREAM, FROM_TRUE, FOR_ANSWERS, req.stream),
	R(GEN_AI_REQUEST_STOP_SEQUENCES, FROM_LIST, FOR_ANSWERS, req.stop_sequences),
	R(GEN_AI_REQUEST_REASONING_LEVEL, FROM_STRING, FOR_ANSWERS, req.reasoning_level),
	R(GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, FROM_STRING, FOR_ANSWERS, req.previous_response_id),
	R(GEN_AI_REQUEST_ENCODING_FORMATS, FROM_LIST, FOR_EMBED, req.encoding_formats),
	R(GEN_AI_EMBEDDINGS_DIMENSION_COUNT, FROM_INT, FOR_EMBED, req.dimensions),
	R(GEN_AI_OUTPUT_TYPE, FROM_STRING, FOR_ANSWERS, req.output_type),
	R(GEN_AI_CONVERSATION_ID, FROM_STRING, FOR_ANSWERS, req.conversation_id),
	R(GEN_AI_PROMPT_NAME, FROM_STRING, FOR_ANSWERS, req.prompt_name),
	R(GEN_AI_PROMPT_VERSION, FROM_STRING, FOR_ANSWERS, req.prompt_version),
	R(OPENAI_REQUEST_SERVICE_TIER, FROM_STRING, FOR_ANSWERS | FOR_OPENAI, req.service_tier),
	R(GEN_AI_RESPONSE_ID, FROM_STRING, FOR_ANSWERS, resp.id),
	R(GEN_AI_RESPONSE_MODEL, FROM_STRING, FOR_ALL, resp.model),
	R(GEN_AI_RESPONSE_FINISH_REASONS, FROM_LIST, FOR_ANSWERS, resp.finish_reasons),
	R(GEN_AI_CONVERSATION_COMPACTED, FROM_TRUE, FOR_ANSWERS, resp.compacted),
	R(OPENAI_RESPONSE_SERVICE_TIER, FROM_STRING, FOR_ANSWERS | FOR_OPENAI, resp.service_tier),
	R(OPENAI_RESPONSE_SYSTEM_FINGERPRINT, FROM_STRING, FOR_ANSWERS | FOR_OPENAI,
	  resp.system_fingerprint),
	R(GEN_AI_USAGE_INPUT_TOKENS, FROM_INT, FOR_ALL, usage.input),
	R(GEN_AI_USAGE_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.output),
	R(GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.cache_read),
	R(GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.cache_write),
	R(GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.reasoning),
	R(GEN_AI_USAGE_TEXT_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.text_input),
	R(GEN_AI_USAGE_IMAGE_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.image_input),
	R(GEN_AI_USAGE_AUDIO_INPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.audio_input),
	R(GEN_AI_USAGE_TEXT_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.text_output),
	R(GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.image_output),
	R(GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS, FROM_INT, FOR_ANSWERS, usage.audio_output),
	R(HTTP_REQUEST_RESEND_COUNT, FROM_INT, FOR_ALL, req.resend_count),
	R(SERVER_ADDRESS, FROM_STRING, FOR_ALL, server_address),
	R(ERROR_TYPE, FROM_STRING, FOR_ALL, error_type),
#undef R
};

static void add_row(struct attrs *as, struct arena *a, const struct row *r, const void *from)
{
	const struct opt_int *i = from;
	const struct opt_num *n = from;
	const struct opt_bool *b = from;
	const struct call_list *l = from;

	switch (r->source) {
	case FROM_STRING:
		attrs_string(as, a, r->key, *(const struct sv *)from);
		break;
	case FROM_INT:
		if (i->set)
			attrs_int(as, a, r->key, i->v);
		break;
	case FROM_NUM:
		if (n->set)
			attrs_double(as, a, r->key, n->v);
		break;
	case FROM_TRUE:
		if (b->set && b->v)
			attrs_bool(as, a, r->key, true);
		break;
	case FROM_LIST:
		attrs_strings(as, a, r->key, l->v, l->count);
		break;
	}
}

static void table_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	unsigned int want = 1u << c->op;
	bool openai = strcmp(c->provider, "openai") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if ((rows[i].use & want) && (openai || !(rows[i].use & FOR_OPENAI)))
			add_row(as, a, &rows[i], (const char *)c + rows[i].at);
	}
	if (openai && c->api == CALL_API_CHAT_COMPLETIONS)
		attrs_string(as, a, SEMCONV_OPENAI_API_TYPE, SV("chat_completions"));
	if (openai && c->api == CALL_API_RESPONSES)
		attrs_string(as, a, SEMCONV_OPENAI_API_TYPE, SV("responses"));
}

static void network_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	char text[INET6_ADDRSTRLEN];

	if (c->server_address.len && c->server_port)
		attrs_int(as, a, SEMCONV_SERVER_PORT, c->server_port);
	if ((c->peer_family == AF_INET || c->peer_family == AF_INET6) &&
	    inet_ntop(c->peer_family, c->peer_addr, text, sizeof(text))) {
		attrs_string(as, a, SEMCONV_NETWORK_PEER_ADDRESS, arena_copy(a, sv_of(text)));
		attrs_int(as, a, SEMCONV_NETWORK_PEER_PORT, c->peer_port);
	}
}

static void capture_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	struct sv cause = SV_NONE;

	if (!c->loss)
		return;
	for (unsigned int i = 0; i < CALL_LOSS_COUNT; i++) {
		if (!(c->loss & (1u << i)))
			continue;
		if (cause.len)
			arena_append(a, &cause, SV(","));
		arena_append(a, &cause, sv_of(call_loss_name((enum call_loss_bit)i)));
	}
	attrs_bool(as, a, EARSHOT_CAPTURE_COMPLETE, false);
	attrs_string(as, a, EARSHOT_CAPTURE_CAUSE, cause);
	/* How much of a call passed before it was joined, nobody knows. */
	if (c->lost_bytes || !(c->loss & CALL_LOSS(JOINED_LATE)))
		attrs_int(as, a, EARSHOT_CAPTURE_LOST_BYTES, (int64_t)c->lost_bytes);
}

/* The model's wish to call tools is no content: names and ids, never arguments. */
static void tool_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	struct sv *names, *ids;
	size_t n = 0;

	if (!c->tool_count)
		return;
	names = arena_alloc(a, c->tool_count * sizeof(*names));
	ids = arena_alloc(a, c->tool_count * sizeof(*ids));
	if (!names || !ids) {
		as->dropped += 2;
		return;
	}
	for (const struct call_tool *t = c->tools; t && n < c->tool_count; t = t->next) {
		names[n] = t->name;
		ids[n++] = t->id;
	}
	attrs_strings(as, a, EARSHOT_TOOL_CALL_NAMES, names, n);
	attrs_strings(as, a, EARSHOT_TOOL_CALL_IDS, ids, n);
}

/* All that names one exchange on one boot, in one fixed layout: the ids' only source. */
static void make_ids(struct span *s, const struct call_id *id, struct sv boot_id)
{
	struct {
		char boot[48];
		uint64_t n[5];
	} key = { .n = { id->tgid, id->proc_start, id->object, id->birth, id->number } };
	XXH128_canonical_t trace;
	XXH64_canonical_t span;

	memcpy(key.boot, boot_id.p ? boot_id.p : "", sv_cut(boot_id, sizeof(key.boot)).len);
	XXH128_canonicalFromHash(&trace, XXH3_128bits(&key, sizeof(key)));
	XXH64_canonicalFromHash(&span, XXH3_64bits_withSeed(&key, sizeof(key), 1));
	memcpy(s->trace_id, trace.digest, sizeof(s->trace_id));
	memcpy(s->span_id, span.digest, sizeof(s->span_id));
	/* All zero means "no id" to receivers. */
	if (XXH128_hashFromCanonical(&trace).low64 == 0)
		s->trace_id[15] = 1;
	if (XXH64_hashFromCanonical(&span) == 0)
		s->span_id[7] = 1;
}

static int make_name(struct span *s, const struct call *c, struct arena *a)
{
	struct sv name = arena_copy(a, sv_of(call_op_name(c->op)));

	if (!name.p)
		return -ENOMEM;
	if (c->req.model.len &&
	    (arena_append(a, &name, SV(" ")) || arena_append(a, &name, c->req.model)))
		return -ENOMEM;
	s->name = name;
	return 0;
}

static void time_attrs(struct span *s, const struct call *c, const struct machine *m,
		       struct arena *a)
{
	s->start = c->t_start + m->wall_offset;
	s->end = (c->t_end > c->t_start ? c->t_end : c->t_start) + m->wall_offset;
	if (c->op != CALL_EMBEDDINGS && c->t_first_chunk >= c->t_start && c->t_first_chunk)
		attrs_double(&s->attrs, a, SEMCONV_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
			     (double)(c->t_first_chunk - c->t_start) / 1e9);
}

int span_of_call(struct span *ret, const struct call *call, const struct machine *m,
		 struct arena *a)
{
	struct span s = { .kind = SPAN_CLIENT };
	int err = make_name(&s, call, a);

	if (err)
		return err;
	make_ids(&s, &call->id, m->boot_id);
	attrs_string(&s.attrs, a, SEMCONV_GEN_AI_OPERATION_NAME, sv_of(call_op_name(call->op)));
	attrs_string(&s.attrs, a, SEMCONV_GEN_AI_PROVIDER_NAME, sv_of(call->provider));
	table_attrs(&s.attrs, call, a);
	time_attrs(&s, call, m, a);
	if (call->status)
		attrs_int(&s.attrs, a, SEMCONV_HTTP_RESPONSE_STATUS_CODE, call->status);
	network_attrs(&s.attrs, call, a);
	tool_attrs(&s.attrs, call, a);
	capture_attrs(&s.attrs, call, a);
	content_attrs(&s.attrs, call, a);
	if (!s.attrs.v)
		return -ENOMEM;
	if (call->error_type.len) {
		s.status = SPAN_ERROR;
		s.message = call->content.error_message;
	}
	*ret = s;
	return 0;
}
