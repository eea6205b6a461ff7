// SPDX-License-Identifier: Apache-2.0
#include "dialect/openai.h"

#include "base/hostname.h"
#include "dialect/route.h"

/*
 * Searches in vector stores, by their HTTP APIs: Qdrant (POST /collections/{c}/points/search,
 * /query), Chroma (/api/v1|v2/.../collections/{id}/query), Pinecone (/query and
 * /records/namespaces/{n}/search at its hosts), Weaviate (/v1/graphql), Milvus
 * (/v2/vectordb/entities/search and its like), OpenAI (/vector_stores/{id}/search). Vectors are
 * skipped unread; what was found is counted.
 */

static void found(struct parse *p, uint32_t count)
{
	p->call->retrieval.found = (struct opt_int){ count, true };
	p->answered = true;
}

/* The list of what was found. */
static void on_list(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_ARRAY && !p->call->retrieval.found.set)
		found(p, 0);
}

/* A list of lists: what is in them counts, not they. */
static void nested(struct parse *p)
{
	if (!p->stage.num[SI_ITEM].set)
		found(p, 0);
	p->stage.num[SI_ITEM].set = true;
}

static void on_hit(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT && !p->stage.num[SI_ITEM].set)
		found(p, ev->index + 1);
	else if (ev->kind == JSON_ARRAY)
		nested(p);
}

static void on_inner_list(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_ARRAY)
		nested(p);
}

static void on_inner_hit(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		found(p, (uint32_t)p->call->retrieval.found.v + 1);
}

/* A list of lists, one per question: all of them together. */
static void on_ids(struct parse *p, const struct field *f, const struct json_event *ev)
{
	const struct opt_int *n = &p->call->retrieval.found;

	(void)f;
	if (ev->kind == JSON_ARRAY && !n->set)
		found(p, 0);
	if (ev->kind == JSON_STRING && ev->first)
		found(p, (n->set ? (uint32_t)n->v : 0) + 1);
}

#define HIT_ROWS(list)	 ROW_FN(list, on_list, 0), ROW_FN(list "[]", on_hit, 0)
#define INNER_ROWS(list) ROW_FN(list, on_inner_list, 0), ROW_FN(list "[]", on_inner_hit, 0)

static const struct field qdrant_request_rows[] = {
	ROW("limit", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW("top", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW("searches[].limit", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW_CONTENT("query.text", FIELD_STRING, CALL_AT(content.query)),
	ROW_CONTENT("query.nearest.text", FIELD_STRING, CALL_AT(content.query)),
	ROW("query.model", FIELD_MODEL, 0),
	ROW("query.nearest.model", FIELD_MODEL, 0),
};

static const struct field qdrant_answer_rows[] = {
	HIT_ROWS("result"),
	HIT_ROWS("result.points"),
	HIT_ROWS("result.groups"),
	/* Many searches in one request, by the old path and the new; and the hits of groups. */
	ROW_FN("result[][]", on_inner_hit, 0),
	INNER_ROWS("result[].points"),
	INNER_ROWS("result.groups[].hits"),
	ROW_FN("status.error", field_error, 0),
};

static const struct field_set qdrant_request = FIELD_SET(qdrant_request_rows);
static const struct field_set qdrant_answer = FIELD_SET(qdrant_answer_rows);

const struct api api_qdrant_search = {
	.name = "qdrant.search",
	.op = CALL_RETRIEVAL,
	.request = { &qdrant_request },
	.answer = { &qdrant_answer },
	.finish = take_error,
};

static const struct field chroma_request_rows[] = {
	ROW("n_results", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW_CONTENT("query_texts[]", FIELD_STRING, CALL_AT(content.query)),
};

static const struct field chroma_answer_rows[] = {
	ROW_FN("ids", on_ids, 0),
	ROW_FN("ids[][]", on_ids, 0),
	ROW("error", FIELD_STAGE, ST_ERROR_TYPE),
	ROW_FN("error", field_error, 0),
};

static const struct field_set chroma_request = FIELD_SET(chroma_request_rows);
static const struct field_set chroma_answer = FIELD_SET(chroma_answer_rows);

const struct api api_chroma_query = {
	.name = "chroma.query",
	.op = CALL_RETRIEVAL,
	.request = { &chroma_request },
	.answer = { &chroma_answer },
	.finish = take_error,
};

static const struct field pinecone_request_rows[] = {
	ROW("topK", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW("query.top_k", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW_CONTENT("query.inputs.text", FIELD_STRING, CALL_AT(content.query)),
};

static const struct field pinecone_answer_rows[] = {
	HIT_ROWS("matches"),
	HIT_ROWS("result.hits"),
	ROW_RAW("matches", FIELD_TEXT, CALL_AT(content.documents)),
	ROW_CONTENT("message", FIELD_STRING, CALL_AT(content.error_message)),
};

static const struct field_set pinecone_request = FIELD_SET(pinecone_request_rows);
static const struct field_set pinecone_answer = FIELD_SET(pinecone_answer_rows);

/* Each index has a host of its own. */
static void pinecone_begin(struct parse *p)
{
	struct sv host;
	uint16_t port;

	hostname_split(p->ex->msg[EX_REQUEST].header[EX_H_HOST], &host, &port);
	string_piece(p, &p->call->retrieval.data_source_id, sv_cut(host, sv_find(host, '.')),
		     CALL_STRING_MAX);
}

const struct api api_pinecone_query = {
	.name = "pinecone.query",
	.op = CALL_RETRIEVAL,
	.request = { &pinecone_request },
	.answer = { &pinecone_answer, &openai_errors },
	.begin = pinecone_begin,
	.finish = take_error,
};

/* The question is a text in a language of its own. */
static void on_graphql(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_STRING)
		stage_add(p, &p->input_stage, ST_ARGS, ev->text);
}

static const struct field weaviate_request_rows[] = {
	ROW_FN("query", on_graphql, 0),
	ROW_CONTENT("query", FIELD_STRING, CALL_AT(content.query)),
};

static void on_get(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->answered = true;
}

static const struct field weaviate_answer_rows[] = {
	ROW_FN("data.Get", on_get, 0),
	ROW_FN("errors[]", field_error, 0),
	ROW_CONTENT("errors[].message", FIELD_STRING, CALL_AT(content.error_message)),
};

static const struct field_set weaviate_request = FIELD_SET(weaviate_request_rows);
static const struct field_set weaviate_answer = FIELD_SET(weaviate_answer_rows);

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_';
}

/* What stands behind the first mark in text, blanks and opening signs passed over. */
static struct sv word_behind(struct sv text, const char *mark, const char *pass)
{
	const char *at = text.len ? memmem(text.p, text.len, mark, strlen(mark)) : NULL;
	size_t n = 0;

	if (!at)
		return SV_NONE;
	text = sv_skip(text, (size_t)(at - text.p) + strlen(mark));
	while (text.len && strchr(pass, text.p[0]) && text.p[0])
		text = sv_skip(text, 1);
	while (n < text.len && is_word(text.p[n]))
		n++;
	return sv_cut(text, n);
}

/* What makes a question a search, and not a listing. */
static const char *const searches[] = {
	"nearText", "nearVector", "nearObject", "nearImage", "hybrid", "bm25", "ask",
};

static void weaviate_finish(struct parse *p)
{
	struct sv text = stage_get(&p->input_stage, ST_ARGS);
	struct call *c = p->call;
	bool search = false;
	int64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(searches); i++)
		search |= word_behind(text, searches[i], " \n\t:({").len != 0;
	p->no_call = !search && !p->ex->msg[EX_REQUEST].gapped;
	string_piece(p, &c->retrieval.data_source_id, word_behind(text, "Get", " \n\t{"),
		     CALL_STRING_MAX);
	if (number_int(word_behind(text, "limit", " \n\t:"), &n))
		c->retrieval.top_k = (struct opt_int){ n, true };
	take_error(p);
}

const struct api api_weaviate_get = {
	.name = "weaviate.get",
	.op = CALL_RETRIEVAL,
	.request = { &weaviate_request },
	.answer = { &weaviate_answer },
	.finish = weaviate_finish,
};

static const struct field milvus_request_rows[] = {
	ROW("collectionName", FIELD_STRING, CALL_AT(retrieval.data_source_id)),
	ROW("limit", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW_CONTENT("data[]", FIELD_STRING, CALL_AT(content.query)),
};

static const struct field milvus_answer_rows[] = {
	HIT_ROWS("data"),
	ROW("code", FIELD_STAGE_INT, SI_ERROR_CODE),
	ROW_CONTENT("message", FIELD_STRING, CALL_AT(content.error_message)),
};

static const struct field_set milvus_request = FIELD_SET(milvus_request_rows);
static const struct field_set milvus_answer = FIELD_SET(milvus_answer_rows);

/* An error comes with status 200 and a code. */
static void milvus_finish(struct parse *p)
{
	const struct opt_int *code = &p->stage.num[SI_ERROR_CODE];

	p->error_seen |= code->set && code->v != 0 && code->v != 200;
	take_error(p);
}

const struct api api_milvus_search = {
	.name = "milvus.search",
	.op = CALL_RETRIEVAL,
	.request = { &milvus_request },
	.answer = { &milvus_answer },
	.finish = milvus_finish,
};

static const struct field openai_request_rows[] = {
	ROW("max_num_results", FIELD_INT, CALL_AT(retrieval.top_k)),
	ROW_CONTENT("query", FIELD_STRING, CALL_AT(content.query)),
	ROW_CONTENT("query[]", FIELD_STRING, CALL_AT(content.query)),
};

static const struct field openai_answer_rows[] = {
	HIT_ROWS("data"),
	ROW_RAW("data", FIELD_TEXT, CALL_AT(content.documents)),
};

static const struct field_set openai_query = FIELD_SET(openai_request_rows);
static const struct field_set openai_results = FIELD_SET(openai_answer_rows);

const struct api api_openai_search = {
	.name = "openai.search",
	.op = CALL_RETRIEVAL,
	.provider = "openai",
	.request = { &openai_query },
	.answer = { &openai_results, &openai_errors },
	.finish = take_error,
};
