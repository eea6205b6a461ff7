/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_DIALECT_PARSE_H
#define EARSHOT_DIALECT_PARSE_H

/*
 * parse - one exchange being read as a model call (internal to dialect).
 *
 * A dialect is one file with one const struct api: tables of fields (where in the JSON,
 * what kind, where in the call) and a few functions for what is no plain field. Values
 * that only make sense together (a tool call's index, id and arguments) are staged first
 * and taken together when their object or event ends, so that the order of keys is free.
 */
#include "base/buf.h"
#include "base/json_read.h"
#include "dialect/dialect.h"

/* The table of dialects: api_NAME is the row's struct api. */
#define APIS(X)                 \
	X(openai_chat)          \
	X(openai_completions)   \
	X(openai_embeddings)    \
	X(openai_responses)     \
	X(anthropic_messages)   \
	X(gemini_generate)      \
	X(gemini_embed)         \
	X(gemini_interactions)  \
	X(gemini_fetch)         \
	X(bedrock_converse)     \
	X(bedrock_invoke)       \
	X(bedrock_agent)        \
	X(bedrock_retrieve)     \
	X(bedrock_create_agent) \
	X(ollama_chat)          \
	X(ollama_generate)      \
	X(ollama_embed)         \
	X(cohere_chat)          \
	X(cohere_chat_v1)       \
	X(cohere_embed)         \
	X(openai_fetch)         \
	X(anthropic_complete)   \
	X(llama_completion)     \
	X(lmstudio_chat)        \
	X(mistral_conversation) \
	X(mistral_agent)        \
	X(agent_create)         \
	X(agent_run)            \
	X(agent_session)        \
	X(qdrant_search)        \
	X(chroma_query)         \
	X(pinecone_query)       \
	X(weaviate_get)         \
	X(milvus_search)        \
	X(openai_search)        \
	X(live_responses)       \
	X(live_realtime)        \
	X(live_gemini)          \
	X(openai_realtime)      \
	X(gemini_live)

enum api_row {
#define X(name) API_ROW_##name,
	APIS(X)
#undef X
		API_COUNT
};

/* Reader groups. */
#define GROUP_BASE    0
#define GROUP_CONTENT 1

/* Parts of one answer; more are left out. Looked up one by one. */
#define CALL_SLOTS_MAX 1024

/* Most text staged at once: one answer's. */
#define STAGE_MAX (8u * 1024 * 1024)

enum stage_text {
	ST_TYPE,
	ST_ID,
	ST_CALL_ID, /* of the tool call that is answered, too */
	ST_NAME,
	ST_FINISH,
	ST_TEXT,
	ST_REASONING,
	ST_REFUSAL,
	ST_ARGS,
	ST_RAW, /* JSON text */
	ST_STATUS,
	ST_DELTA,
	ST_WORD, /* one that is compared as soon as it is whole */
	ST_ERROR_CODE,
	ST_ERROR_TYPE,
	ST_COUNT
};

/* What people and models wrote: a part of that is something, a part of a word is not. */
#define STAGE_CONTENT \
	(1u << ST_TEXT | 1u << ST_REASONING | 1u << ST_REFUSAL | 1u << ST_ARGS | 1u << ST_DELTA)

/* The others are words, and cut like them. */
#define STAGE_LONG (STAGE_CONTENT | 1u << ST_RAW)

enum stage_int { SI_CHOICE, SI_TOOL, SI_ITEM, SI_PART, SI_ERROR_CODE, SI_COUNT };

/* Numbers that count only together with others, at the end. */
enum sum {
	SUM_INPUT, /* a second best figure of the input */
	SUM_OUTPUT,
	SUM_CACHE_READ,
	SUM_CACHE_WRITE,
	SUM_MORE_INPUT, /* comes on top */
	SUM_COUNT
};

struct stage {
	struct buf text[ST_COUNT];
	struct opt_int num[SI_COUNT];
	uint32_t dirty; /* bit per text that is not empty */
};

enum part_style {
	STYLE_PART,	 /* its type field says what it is */
	STYLE_TOOL_CALL, /* it is a tool call */
};

enum message_style {
	STYLE_CHAT,
	STYLE_ITEMS,  /* of the Responses API: tool calls and results stand beside messages */
	STYLE_BLOCKS, /* of Anthropic: tool results stand inside user messages */
	STYLE_TURNS,  /* the same; the roles are user, model and function */
};

struct parse;
struct field;
typedef void field_fn(struct parse *p, const struct field *f, const struct json_event *ev);

enum field_type {
	FIELD_MODEL,	 /* the requested model */
	FIELD_STRING,	 /* at: struct sv in the call; the first that is not empty wins */
	FIELD_LATEST,	 /* the same; the last one wins */
	FIELD_TEXT,	 /* at: struct sv in the content; as long as it is */
	FIELD_INT,	 /* at: struct opt_int in the call; the last one wins */
	FIELD_TOKENS,	 /* the same; never negative */
	FIELD_NUM,	 /* at: struct opt_num */
	FIELD_BOOL,	 /* at: struct opt_bool */
	FIELD_LIST,	 /* at: struct call_list; each string is appended */
	FIELD_STAGE,	 /* at: enum stage_text; strings and raw text are appended */
	FIELD_STAGE_INT, /* at: enum stage_int */
	FIELD_SUM,	 /* at: enum sum; never negative */
	FIELD_MESSAGE,	 /* at: struct sv in the open input message */
	FIELD_PART,	 /* at: struct sv in the open part */
	FIELD_PART_TEXT, /* text of the open part; from JSON_RAW rows it is JSON */
	FIELD_TOOL_DEF,	 /* at: struct sv in the open tool definition */
	FIELD_FN,	 /* fn */
};

struct field {
	const char *path;
	enum field_type type;
	size_t at;
	uint8_t group;
	uint8_t flags; /* of struct json_rule */
	field_fn *fn;
	int arg; /* for fn */
};

/* Rows of field tables. */
#define ROW(path, type, where)                            \
	{                                                 \
		path, type, where, GROUP_BASE, 0, NULL, 0 \
	}
#define ROW_ANCHOR(path, type, where)                               \
	{                                                           \
		path, type, where, GROUP_BASE, JSON_ANCHOR, NULL, 0 \
	}
#define ROW_FN(path, fn, arg)                             \
	{                                                 \
		path, FIELD_FN, 0, GROUP_BASE, 0, fn, arg \
	}
#define ROW_CONTENT(path, type, where)                       \
	{                                                    \
		path, type, where, GROUP_CONTENT, 0, NULL, 0 \
	}
#define ROW_RAW(path, type, where)                                  \
	{                                                           \
		path, type, where, GROUP_CONTENT, JSON_RAW, NULL, 0 \
	}
#define ROW_CONTENT_FN(path, fn, arg)                        \
	{                                                    \
		path, FIELD_FN, 0, GROUP_CONTENT, 0, fn, arg \
	}

/* Some other group or flags. */
#define ROW_FLAGS(path, type, where, group, flags)       \
	{                                                \
		path, type, where, group, flags, NULL, 0 \
	}

#define CALL_AT(member)	    offsetof(struct call, member)
#define MESSAGE_AT(member)  offsetof(struct call_message, member)
#define PART_AT(member)	    offsetof(struct call_part, member)
#define TOOL_DEF_AT(member) offsetof(struct call_tool_def, member)

/* A tool's parameters and names, content: path of the tool object before each key. */
#define TOOL_DEF_ROWS(P, schema)                                                        \
	ROW_CONTENT(P "name", FIELD_TOOL_DEF, TOOL_DEF_AT(name)),                       \
		ROW_CONTENT(P "description", FIELD_TOOL_DEF, TOOL_DEF_AT(description)), \
		ROW_RAW(P schema, FIELD_TOOL_DEF, TOOL_DEF_AT(parameters))

/* {"error": {"code", "type", "message"}}, as OpenAI has it. */
#define ERROR_ROWS                                                                      \
	ROW_FN("error", field_error, 0), ROW("error.code", FIELD_STAGE, ST_ERROR_CODE), \
		ROW("error.type", FIELD_STAGE, ST_ERROR_TYPE),                          \
		ROW_CONTENT("error.message", FIELD_STRING, CALL_AT(content.error_message))

struct field_set {
	const struct field *rows;
	size_t count;
};

#define FIELD_SET(array)                 \
	{                                \
		array, ARRAY_SIZE(array) \
	}
#define FIELD_SETS_MAX 8

/* What to do with a named event of a stream without looking inside. */
enum event_use {
	EVENT_READ,
	EVENT_CONTENT, /* holds nothing but content */
	EVENT_SKIP,    /* holds nothing that other events do not hold */
};

struct event_row {
	const char *type;
	enum event_use use;
	bool last; /* the answer is whole once this came */
};

/* The "chunk" events of AWS: {"bytes": base64 of ...} */
enum chunk_use {
	CHUNK_NONE, /* no such thing */
	CHUNK_JSON, /* an event */
	CHUNK_TEXT, /* a piece of the answer's text */
};

/* How a WebSocket is used: see live.h. */
enum live_style {
	LIVE_NONE,
	LIVE_OPENAI,
	LIVE_GEMINI,
};

struct api {
	const char *name;
	enum call_op op;
	enum call_api api;
	const char *provider; /* where nothing but the protocol is known; NULL: has none */
	const struct field_set *request[FIELD_SETS_MAX]; /* up to the first NULL */
	const struct field_set *answer[FIELD_SETS_MAX];
	const struct field_set *event[FIELD_SETS_MAX]; /* none: as answer */
	const struct event_row *events;
	size_t event_count;
	bool array; /* a stream may come as one array, an event an element */
	enum chunk_use chunks;
	enum live_style live;
	const struct api *turn; /* LIVE_*: what reads one turn */
	/* The request's head is known: what follows from it. May be NULL. */
	void (*begin)(struct parse *p);
	/* An event was read; type is its own or the one in its data. May be NULL. */
	void (*event_done)(struct parse *p, struct sv type);
	/* All was read: what follows from the fields together. May be NULL. */
	void (*finish)(struct parse *p);
};

/* The fields of one kind of document, compiled. */
struct doc_schema {
	struct json_schema *json;
	const struct field **rows; /* by rule id */
};

/* One document being read. */
struct doc {
	struct json_reader *reader;
	const struct doc_schema *schema;
	struct parse *parse;
	struct stage *stage;
	bool skip; /* the pieces of a string that are coming are not wanted */
	/* What a string that is coming goes to. One that never ends is not to be believed. */
	struct sv *open;
	struct call_list *open_list;
	uint32_t open_stage; /* 1 << enum stage_text */
};

/* A message's part, found again by its place when more of it comes. */
struct slot {
	struct slot *next;
	uint32_t a, b;
	struct call_tool *tool;
	struct call_part *part; /* only with content */
	bool done;		/* its text is whole */
};

/* One candidate of the answer. */
struct candidate {
	struct candidate *next;
	uint32_t index;
	struct sv finish;
	struct call_message *message; /* only with content */
	struct slot *slots;
	size_t slot_count;
};

/* What a path may name, see route.h. */
enum route_cap {
	CAP_MODEL,
	CAP_AGENT,
	CAP_CONVERSATION,
	CAP_RESPONSE,
	CAP_SOURCE,
	CAP_COUNT,
};

struct parse {
	struct dialect *d;
	struct exchange *ex;
	size_t row;	       /* of api in the table */
	const struct api *api; /* NULL: not known yet (no request head) */
	struct call *call;
	struct doc request;
	struct doc answer;
	struct doc long_event;	  /* one that comes in pieces */
	struct stage input_stage; /* of the request, which may still come beside the answer */
	struct stage stage;
	struct candidate *candidates; /* by index */
	size_t candidate_count;
	struct candidate pending; /* one whose index is still to come */
	uint32_t choice_at;	  /* place of the open choice in its array */
	uint32_t tool_at;
	struct opt_int sum[SUM_COUNT];
	struct sv status;	      /* of a response object */
	struct sv reason;	      /* ... why it is incomplete */
	uint32_t last_item;	      /* the answer's last item ... */
	bool last_is_tool;	      /* ... asks the client to run a tool */
	struct call_message *message; /* open input message */
	enum message_style message_style;
	struct call_message **message_end;
	struct call_part *part; /* open part */
	struct call_part **part_end;
	struct call_tool_def *tool_def;
	struct call_tool_def **tool_def_end;
	bool model_found;    /* behind a gap ... */
	bool model_doubtful; /* ... and then another */
	bool maybe;	     /* the path alone does not prove a model call */
	bool no_path;	     /* the path is not known: the answer must tell */
	bool kept_cut;	     /* ... and the rest of the request is not kept */
	bool by_shape;	     /* the path says nothing: its bodies must */
	bool shape_seen;     /* ... and the answer did */
	bool proof;	     /* ... nor does a model's name in the body: the answer must */
	bool model_by_path;
	bool no_call;	  /* the body shows that it is something else */
	bool no_reason;	  /* why its answers end is never told */
	bool op_known;	  /* op holds in place of the api's */
	bool whole;	  /* the answer's last field or event came */
	bool answered;	  /* the answer had a field that only an answer has */
	bool error_seen;  /* the answer carried an error object */
	bool request_bad; /* a body is no JSON */
	bool answer_bad;
	bool event_cut;	      /* an event came without its end */
	struct buf kept;      /* the request, until the answer has told what it is */
	struct buf start;     /* of a body whose API is not known yet */
	uint32_t keys;	      /* it has; see shape.c */
	struct live *live;    /* of a WebSocket's mother */
	struct parse *mother; /* of a turn on a WebSocket */
	uint32_t turn;	      /* which, from 0 */
	bool asked;	      /* the turn's request was seen */
	bool over;	      /* ... and the event that ends it */
	bool turn_gapped;     /* bytes were lost while it was open */
	bool idle;	      /* it is asked for without wanting an answer */
	uint64_t t_begin;
	uint8_t doubts; /* events looked at for that */
	enum call_op op;
	uint64_t now;
	uint64_t t_first_event;
	bool first_lost;      /* what was lost before it may have been the first */
	const char *provider; /* by host; NULL: not a known one */
};

enum doc_kind { DOC_REQUEST, DOC_ANSWER, DOC_EVENT, DOC_KINDS };

/* What is kept for a row of the table: made when it is needed first. */
struct row_docs {
	struct doc_schema schema[DOC_KINDS];
	struct doc event; /* one reader per row: an event is read in one go */
};

struct dialect {
	dialect_call_fn *fn;
	void *ctx;
	struct dialect_options opt;
	struct dialect_stats stats;
	struct row_docs rows[API_COUNT];
	struct doc_schema probe;
	struct doc probe_doc;
	struct doc_schema wrap; /* of chunks */
	struct doc wrap_doc;
	struct doc_schema frame; /* of a WebSocket's messages: what they say of themselves */
	struct doc frame_doc;
};

extern const struct api *const apis[API_COUNT];
#define X(name) extern const struct api api_##name;
APIS(X)
#undef X

/* dialect.c */
/* Compiled at the first call; NULL when memory ends. */
const struct doc_schema *dialect_schema(struct dialect *d, size_t row, enum doc_kind kind);
void parse_set_api(struct parse *p, const struct api *api);
/* A turn of the mother's session. NULL when memory ends. */
struct parse *parse_turn(struct parse *mother);
/* The reader of the request's body; NULL when memory ended. */
struct json_reader *parse_request_reader(struct parse *p);
/* It is over: hands on its call, if it is one. Frees p. */
void parse_end(struct parse *p, uint64_t time);
/* Must the answer still show what it is? */
static inline bool parse_in_doubt(const struct parse *p)
{
	return !p->api || (p->by_shape && !p->shape_seen);
}

/* event.c: one event of an answer. */
void parse_event(struct parse *p, const struct ex_event *ev, uint64_t time);

/* shape.c: which API, where the path does not tell. */
/*
 * An answer shows itself what it is: sets p->api where it is not known, and shape_seen when it
 * is what it was taken for.
 */
void shape_answer(struct parse *p, struct sv start);
void shape_event(struct parse *p, const struct ex_event *ev);
/* The start of a request to a path that says nothing. */
void shape_request(struct parse *p, struct sv start);
int shape_init(struct dialect *d);
void shape_done(struct dialect *d);

/* field.c */
/* array: the fields may also stand in the elements of an array. */
int doc_schema_init(struct doc_schema *s, const struct field_set *const *sets, bool array);
void doc_schema_done(struct doc_schema *s);
int doc_open(struct doc *doc, const struct doc_schema *s, bool content);
/* What it is read for. */
void doc_for(struct doc *doc, struct parse *p, struct stage *stage);
/* Behind a document's end: drops what stayed open. */
void doc_settle(struct doc *doc);
void doc_close(struct doc *doc);
/* A NUL-terminated number's value; false for what is none or does not fit. */
bool number_int(struct sv text, int64_t *ret);
/* Appends a piece of a string to *to; max 0: only the arena limits it. */
void string_piece(struct parse *p, struct sv *to, struct sv piece, size_t max);
/* Text that is no JSON's, as of header fields: what is no UTF-8 in it is replaced. */
void string_raw(struct parse *p, struct sv *to, struct sv raw);

static inline struct sv stage_get(const struct stage *s, enum stage_text t)
{
	/* One with a piece missing in it is worse than none. */
	return s->dirty & (1u << t) && !s->text[t].failed ? buf_sv(&s->text[t]) : SV_NONE;
}

/* Of the answer. */
static inline struct sv staged(const struct parse *p, enum stage_text t)
{
	return stage_get(&p->stage, t);
}

void stage_add(struct parse *p, struct stage *s, enum stage_text t, struct sv text);
/* True when the string that ev is a piece of is whole: then it is ST_WORD, until dropped. */
bool stage_word(struct parse *p, struct stage *s, const struct json_event *ev);
/* Texts of the mask (1 << enum stage_text). */
void stage_drop(struct stage *s, uint32_t mask);
/* All of it. */
void stage_reset(struct stage *s);
void stage_done(struct stage *s);

/* content.c: messages, parts, tool definitions of the request. */
field_fn field_input_message; /* scope of one message; arg: enum message_style */
field_fn field_input_part;    /* scope of one part; arg: enum part_style */
field_fn field_input_text;    /* a string that is a part by itself; arg: enum part_type */
field_fn field_input_string;  /* a string that is a message by itself */
field_fn field_system_text;   /* a string of the system instructions */
field_fn field_system_part;   /* scope of one part of the system instructions */
field_fn field_tool_def;      /* scope of one tool definition */
field_fn field_variables;     /* an object of variables, as JSON_RAW */
field_fn field_part_kind;     /* where a key says what the open part is; arg: enum part_type */

/* Room for n more bytes of content? If not, the content is marked partial. */
bool content_room(struct parse *p, size_t n);
struct call_part *part_new(struct parse *p, struct call_part **head, enum part_type type);
void part_append(struct parse *p, struct call_part *part, struct sv s);
/* Settles what a part is, by its type on the wire. */
void part_settle(struct parse *p, struct call_part *part);
/* Closes what a cut request left open. */
void input_settle(struct parse *p);

/* answer.c: candidates, tool calls and parts of the answer. */
struct candidate *answer_candidate(struct parse *p, uint32_t index);
/* Scope of a tool call that comes whole: ST_ID, ST_NAME, ST_ARGS; arg: its slot. */
field_fn field_answer_tool;
/* The one candidate of an API that knows no other; what asks for it is an answer. */
struct candidate *answer_only(struct parse *p);
void answer_finish(struct parse *p, struct candidate *c, struct sv reason);
/* The same for the only one, by ST_FINISH where that came. */
void answer_stop(struct parse *p);
struct slot *answer_slot(struct parse *p, struct candidate *c, uint32_t a, uint32_t b);
/* Behind all slots: one of that kind; the last one, if it is of that kind and go_on. */
struct slot *answer_next(struct parse *p, struct candidate *c, uint32_t kind, bool go_on);
/* Moves what a candidate has to the end of the one it turned out to be. */
void answer_join(struct parse *p, struct candidate *to, struct candidate *from);
/* The slot's part, made if there is none yet. NULL without content or memory. */
struct call_part *answer_part(struct parse *p, struct candidate *c, struct slot *s,
			      enum part_type type);
/* Appends text to it. */
void answer_text(struct parse *p, struct candidate *c, struct slot *s, enum part_type type,
		 struct sv text);
/* The slot is a tool call; empty id or name leave what is known. */
void answer_tool(struct parse *p, struct candidate *c, struct slot *s, enum part_type type,
		 struct sv id, struct sv name);
void answer_settle(struct parse *p);

/* finish.c: errors, and the end. */
field_fn field_error; /* the scope of an error object; some servers have a text there */
/* Takes the staged error fields, if there was an error. */
void take_error(struct parse *p);
/* The first error wins; an empty type leaves it to the status. */
void parse_error(struct parse *p, struct sv type);
/* The request's body ended, or will not: takes what there is. */
void parse_request_end(struct parse *p);
/* The exchange ended: settles the call. False: it was no model call after all. */
bool parse_finish(struct parse *p, uint64_t time);

#endif /* EARSHOT_DIALECT_PARSE_H */
