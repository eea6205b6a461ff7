/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_MODEL_CALL_H
#define EARSHOT_MODEL_CALL_H

/*
 * call - one model call, as dialects read it off the wire and everything to their right
 * uses it. Strings lie in the call's arena; one that the wire did not give has len 0.
 *
 * Content (what people and models wrote) stands in struct call_content and nowhere else,
 * so that policy can take it away in one place.
 */
#include "base/arena.h"
#include "base/sv.h"
#include "model/opt.h"

/*
 * Most memory one call may use. Without content 128 KiB hold some hundreds of tool calls;
 * with content a 3 MiB prompt fits, growing strings counted with their moves.
 */
#define CALL_ARENA_MAX	       (128u * 1024)
#define CALL_ARENA_CONTENT_MAX (24u * 1024 * 1024)

#define CALL_STRING_MAX	    1024 /* longer ids, names and the like are cut at a character border */
#define CALL_LIST_MAX	    64	 /* stop sequences and the like beyond that are left out */
#define CALL_CANDIDATES_MAX 128	 /* what the widest API allows (n <= 128) */
#define CALL_TOOLS_MAX	    512	 /* tool calls of one answer */

enum call_op {
	CALL_CHAT,
	CALL_TEXT_COMPLETION,
	CALL_EMBEDDINGS,
	CALL_GENERATE_CONTENT, /* chat as Gemini's API has it */
	CALL_RETRIEVAL,	       /* a search in a vector store or knowledge base */
	CALL_FETCH_RESPONSE,   /* of a response made earlier */
	CALL_CREATE_AGENT,     /* at a provider that hosts agents */
	CALL_INVOKE_AGENT,     /* ... its run; or another agent's, by A2A */
	CALL_MCP,	       /* a message of the Model Context Protocol */
	CALL_HTTP,	       /* any other HTTP request */
};

enum call_role {
	CALL_CLIENT, /* the process asked */
	CALL_SERVER, /* it answered */
};

/* Which OpenAI API carried it; NONE for all others. */
enum call_api {
	CALL_API_NONE,
	CALL_API_CHAT_COMPLETIONS,
	CALL_API_RESPONSES,
};

enum call_outcome {
	CALL_OK,
	CALL_ERROR,	/* the provider answered with an error: error.type says which */
	CALL_CUT,	/* the connection ended before the answer was whole */
	CALL_CANCELLED, /* the client hung up while the answer was coming */
	CALL_NO_RESPONSE,
	CALL_PROC_EXIT, /* the process ended first */
	CALL_UNKNOWN,	/* earshot stopped, or lost track, before the end */
};

/*
 * Why a call is not all that passed on the wire. Row: (name, word in
 * earshot.capture.cause). Any bit set means earshot.capture.complete=false.
 */
#define CALL_LOSSES(X)                                                                      \
	X(GAP, "gap")			   /* bytes of request or response are missing */   \
	X(JOINED_LATE, "joined_late")	   /* the request was not seen at all */            \
	X(DECODE, "decode_failed")	   /* content coding unknown or broken */           \
	X(EXPANSION, "expansion_bound")	   /* decoded body larger than its bound */         \
	X(JSON, "body_not_json")	   /* a body that should be JSON is not */          \
	X(EVENT, "event_too_long")	   /* a stream event did not fit */                 \
	X(MEMORY, "memory_bound")	   /* the call's arena was full: fields left out */ \
	X(PROTOCOL, "protocol_error")	   /* the message broke its protocol */             \
	X(STOPPED, "stopped")		   /* earshot stopped first */                      \
	X(FIELDS, "header_fields_unknown") /* HTTP/2: they refer to what passed unseen */

enum call_loss_bit {
#define X(name, text) CALL_LOSS_BIT_##name,
	CALL_LOSSES(X)
#undef X
		CALL_LOSS_COUNT
};

#define CALL_LOSS(name) (1u << CALL_LOSS_BIT_##name)

/* Token counts. Row: (member). */
#define CALL_USAGE(X)                        \
	X(input)  /* cached ones included */ \
	X(output) /* reasoning included */   \
	X(total)                             \
	X(cache_read)                        \
	X(cache_write)                       \
	X(reasoning)                         \
	X(text_input)                        \
	X(image_input)                       \
	X(audio_input)                       \
	X(text_cache_read)                   \
	X(image_cache_read)                  \
	X(audio_cache_read)                  \
	X(text_output)                       \
	X(image_output)                      \
	X(audio_output)

struct call_usage {
#define X(name) struct opt_int name;
	CALL_USAGE(X)
#undef X
};

struct call_list {
	struct sv *v;
	size_t count;
	size_t cap;
};

/* A tool call that the model's answer asks for. Its arguments are content. */
struct call_tool {
	struct call_tool *next;
	struct sv id;
	struct sv name;
	bool server_side; /* run by the provider */
};

enum part_type {
	PART_TEXT,
	PART_REASONING,
	PART_TOOL_CALL,
	PART_TOOL_RESULT,
	PART_SERVER_TOOL_CALL,
	PART_SERVER_TOOL_RESULT,
	PART_BLOB, /* text: base64 */
	PART_URI,  /* text: the address */
	PART_FILE, /* text: the file's id */
	PART_COMPACTION,
	PART_GENERIC, /* kind the convention has no name for: type says what the wire says */
};

/* One part of a message, in the convention's terms. */
struct call_part {
	struct call_part *next;
	enum part_type type;
	bool json;	     /* text is a JSON value, not a string */
	bool cut;	     /* text is not whole (memory bound or bytes lost) */
	struct sv wire_type; /* PART_GENERIC and the server tools: the wire's own word */
	struct sv text;	     /* content, arguments, response */
	struct sv id;
	struct sv name;
	struct sv mime;
	struct sv modality;
	size_t room; /* at text.p, for whoever builds the part */
};

struct call_message {
	struct call_message *next;
	struct sv role;
	struct sv name;
	struct sv finish; /* output only */
	struct call_part *parts;
};

struct call_tool_def {
	struct call_tool_def *next;
	struct sv type;
	struct sv name;
	struct sv description;
	struct sv parameters; /* JSON text */
};

/* A value that was filled into a prompt's template, or given to an MCP prompt. */
struct call_variable {
	struct call_variable *next;
	struct sv name;
	struct sv value; /* as JSON, if it is no string */
};

struct call_content {
	struct call_message *input;
	struct call_message *output;
	struct call_part *system;
	struct call_tool_def *tools;
	struct call_variable *variables;
	struct sv arguments; /* MCP tools/call: JSON text */
	struct sv result;    /* ... JSON text */
	struct sv query;     /* retrieval */
	struct sv documents; /* retrieval: JSON text, as the convention has it */
	struct sv error_message;
	bool partial; /* some of it was left out */
};

/* Identity: the exchange's, stable across replays. */
struct call_id {
	uint32_t tgid;
	uint64_t proc_start;
	uint64_t object;
	uint64_t birth;
	uint64_t number;
};

/* What carries MCP. */
enum call_transport {
	CALL_TRANSPORT_NONE,
	CALL_TRANSPORT_PIPE, /* standard input and output */
	CALL_TRANSPORT_HTTP, /* requests and event streams */
};

/* The sender's own span, as it stood on the wire (W3C Trace Context). */
struct call_trace {
	bool set;
	uint8_t trace_id[16];
	uint8_t span_id[8];
	uint8_t flags;
	struct sv state; /* tracestate, as written */
};

struct call {
	struct call_id id;
	enum call_op op;
	enum call_role role;
	uint32_t owner_tgid; /* whose span it is, where that is not id.tgid; 0: id.tgid */
	enum call_api api;
	enum call_outcome outcome;
	const char *provider; /* static: a value of gen_ai.provider.name */
	const char *dialect;  /* static: name of the row that read it */
	struct call_trace trace;
	struct sv session_id; /* by baggage */
	struct sv user_id;    /* by baggage */

	struct {
		struct sv model;
		struct opt_int max_tokens;
		struct opt_int choice_count; /* only where it is not 1 */
		struct opt_int seed;
		struct opt_int top_k;
		struct opt_int dimensions;
		struct opt_num temperature;
		struct opt_num top_p;
		struct opt_num frequency_penalty;
		struct opt_num presence_penalty;
		struct opt_bool stream;
		struct call_list stop_sequences;
		struct call_list encoding_formats;
		struct sv reasoning_level;
		struct sv output_type; /* text, json, speech ... */
		struct sv service_tier;
		struct sv previous_response_id;
		struct sv conversation_id; /* only ever an explicit id */
		struct sv prompt_name;
		struct sv prompt_version;
		struct opt_int resend_count;
		struct sv
			stream_cursor;	/* FETCH_RESPONSE: from this event on, as the wire has it */
		struct sv guardrail_id; /* aws.bedrock.guardrail.id */
	} req;

	struct {
		struct sv id;
		struct sv model;
		struct sv service_tier;
		struct sv system_fingerprint;
		struct call_list finish_reasons; /* one per candidate, in order */
		struct opt_bool compacted;
		struct sv status;     /* FETCH_RESPONSE: of the response, on the wire */
		struct sv request_id; /* the provider's name for the HTTP request */
	} resp;

	/* An agent that somebody else hosts: CREATE_AGENT, INVOKE_AGENT. */
	struct {
		struct sv id;
		struct sv name;
		struct sv description;
		struct sv version;
	} agent;

	struct {
		struct sv data_source_id;    /* collection, index, store */
		struct sv knowledge_base_id; /* aws.bedrock.knowledge_base.id */
		struct opt_int top_k;
		struct opt_int found; /* documents that came */
	} retrieval;

	/* MCP. */
	struct {
		struct sv method;
		struct sv id; /* JSON-RPC's, as text; none: a notification */
		struct sv tool;
		struct sv prompt;
		struct sv resource_uri;
		struct sv session_id;
		struct sv protocol_version;
		struct sv rpc_version;	   /* of JSON-RPC, where it is not 2.0 */
		struct opt_int error_code; /* of JSON-RPC */
		enum call_transport transport;
		struct sv server_name; /* as they introduced themselves */
		struct sv client_name;
		int64_t progress;	/* notifications of it that came */
		struct call_trace link; /* the transport's own trace context */
	} mcp;

	/* HTTP; the version also for MCP over it. */
	struct {
		struct sv method;
		struct sv path;	       /* without query, fragment, userinfo */
		struct sv grpc_method; /* package.Service/Method; gRPC only */
		struct opt_int grpc_status;
		struct opt_int request_size; /* body bytes as sent */
		struct opt_int response_size;
		uint64_t request_messages; /* gRPC, WebSocket */
		uint64_t response_messages;
		uint8_t major, minor; /* 0.0: not known */
		bool tls;
		bool websocket;
	} http;

	/* How the WebSocket was closed that carried it, where that ended it. */
	struct {
		struct opt_int code;
		const char *by; /* static: "client" or "server"; NULL: not known */
	} closed;

	struct call_usage usage;
	struct call_tool *tools; /* in the order of the answer */
	size_t tool_count;

	unsigned int status;  /* HTTP; 0: no response head */
	struct sv error_type; /* set when outcome is not OK or UNKNOWN */

	uint64_t t_start;	/* CLOCK_MONOTONIC ns */
	uint64_t t_first_chunk; /* first event of a streamed answer; 0: none */
	uint64_t t_end;

	struct sv server_address; /* Host or :authority, without the port */
	uint16_t server_port;	  /* 0: not known */
	uint16_t peer_family;	  /* AF_INET, AF_INET6; 0: not known */
	uint16_t peer_port;
	uint8_t peer_addr[16];
	struct sv user_agent;

	uint32_t loss;	     /* CALL_LOSS() bits; 0: all of it was seen */
	uint64_t lost_bytes; /* on the wire, both directions */

	struct call_content content; /* empty unless asked for */

	struct arena arena; /* all of the above lies here */
};

/* NULL when memory ends. limit: CALL_ARENA_*. */
struct call *call_new(size_t limit);

/* Takes NULL. */
void call_free(struct call *c);

const char *call_op_name(enum call_op op);
const char *call_outcome_name(enum call_outcome o);
const char *call_loss_name(enum call_loss_bit bit);

/* Appends a copy. Returns 0, or -ENOMEM (then the list is as it was). */
int call_list_add(struct arena *a, struct call_list *list, struct sv s);

#endif /* EARSHOT_MODEL_CALL_H */
