/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_EXCHANGE_EXCHANGE_H
#define EARSHOT_EXCHANGE_EXCHANGE_H

/*
 * exchange - one request with its answer, whatever carried it. This is all that dialects
 * see of the wire: bodies arrive with transfer and content codings removed, a body that is a
 * sequence of messages arrives as events.
 */
#include "base/arena.h"
#include "base/sv.h"

/*
 * Header fields that are kept, by name; all others are dropped where they are parsed. A
 * credential never stands in this table. Row: (enum, lower-case name).
 */
#define EX_HEADERS(X)                                                          \
	X(HOST, "host")                                                        \
	X(USER_AGENT, "user-agent")                                            \
	X(ACCEPT, "accept")                                                    \
	X(CONTENT_TYPE, "content-type")                                        \
	X(CONTENT_ENCODING, "content-encoding")                                \
	X(CONTENT_LENGTH, "content-length")                                    \
	X(TRANSFER_ENCODING, "transfer-encoding")                              \
	X(CONNECTION, "connection")                                            \
	X(UPGRADE, "upgrade")                                                  \
	X(SERVER, "server")                                                    \
	X(VIA, "via")                                                          \
	X(RETRY_AFTER, "retry-after")                                          \
	X(RETRY_AFTER_MS, "retry-after-ms")                                    \
	X(X_SHOULD_RETRY, "x-should-retry")                                    \
	X(REQUEST_ID, "request-id")                                            \
	X(X_REQUEST_ID, "x-request-id")                                        \
	X(TRACEPARENT, "traceparent")                                          \
	X(TRACESTATE, "tracestate")                                            \
	X(BAGGAGE, "baggage")                                                  \
	X(ANTHROPIC_VERSION, "anthropic-version")                              \
	X(ANTHROPIC_BETA, "anthropic-beta")                                    \
	X(OPENAI_VERSION, "openai-version")                                    \
	X(OPENAI_PROCESSING_MS, "openai-processing-ms")                        \
	X(STAINLESS_RETRY_COUNT, "x-stainless-retry-count")                    \
	X(STAINLESS_LANG, "x-stainless-lang")                                  \
	X(STAINLESS_PACKAGE_VERSION, "x-stainless-package-version")            \
	X(STAINLESS_HELPER, "x-stainless-helper")                              \
	X(X_SESSION_ID, "x-session-id")                                        \
	X(SESSION_ID, "session-id")                                            \
	X(THREAD_ID, "thread-id")                                              \
	X(CLAUDE_SESSION_ID, "x-claude-code-session-id")                       \
	X(CLAUDE_PROMPT_ID, "x-claude-code-prompt-id")                         \
	X(CLAUDE_REQUEST_CLASS, "x-claude-code-request-class")                 \
	X(CLAUDE_AGENT_ID, "x-claude-code-agent-id")                           \
	X(CLAUDE_AGENT_TYPE, "x-claude-code-agent-type")                       \
	X(X_INITIATOR, "x-initiator")                                          \
	X(MCP_SESSION_ID, "mcp-session-id")                                    \
	X(MCP_PROTOCOL_VERSION, "mcp-protocol-version")                        \
	X(MCP_METHOD, "mcp-method")                                            \
	X(MCP_NAME, "mcp-name")                                                \
	X(LAST_EVENT_ID, "last-event-id")                                      \
	X(A2A_VERSION, "a2a-version")                                          \
	X(SEC_WEBSOCKET_EXTENSIONS, "sec-websocket-extensions")                \
	X(SEC_WEBSOCKET_PROTOCOL, "sec-websocket-protocol")                    \
	X(GRPC_STATUS, "grpc-status")                                          \
	X(GRPC_ENCODING, "grpc-encoding")                                      \
	X(AMZN_REQUEST_ID, "x-amzn-requestid")                                 \
	X(AMZN_ERROR_TYPE, "x-amzn-errortype")                                 \
	X(BEDROCK_INPUT_TOKENS, "x-amzn-bedrock-input-token-count")            \
	X(BEDROCK_OUTPUT_TOKENS, "x-amzn-bedrock-output-token-count")          \
	X(BEDROCK_CACHE_READ, "x-amzn-bedrock-cache-read-input-token-count")   \
	X(BEDROCK_CACHE_WRITE, "x-amzn-bedrock-cache-write-input-token-count") \
	X(BEDROCK_GUARDRAIL, "x-amzn-bedrock-guardrailidentifier")             \
	X(APIM_REQUEST_ID, "apim-request-id")                                  \
	X(X_MS_REGION, "x-ms-region")                                          \
	X(GENERATION_ID, "x-generation-id")

enum ex_header {
#define X(name, text) EX_H_##name,
	EX_HEADERS(X)
#undef X
		EX_H_COUNT
};

enum ex_side {
	EX_REQUEST = 0,
	EX_RESPONSE = 1,
};

enum ex_role {
	EX_CLIENT, /* the watched process sent the request */
	EX_SERVER, /* the watched process received it */
};

enum ex_outcome {
	EX_OPEN,	/* still going on */
	EX_DONE,	/* the response came whole */
	EX_CUT,		/* the stream ended, or the peer closed, before the response was whole */
	EX_CANCELLED,	/* the watched client closed while the response was still coming */
	EX_NO_RESPONSE, /* the stream ended before any byte of a response */
	EX_PROC_EXIT,	/* the watched process ended first */
	EX_UPGRADED,	/* 101 or CONNECT: the stream speaks something else now */
	EX_BROKEN,	/* the message broke its protocol */
	EX_STOPPED,	/* earshot stopped first */
};

/* How a body goes on the wire, once its codings are removed. */
enum ex_kind {
	EX_PLAIN,	 /* as one document: req_body(), resp_body() */
	EX_SSE,		 /* events: event() */
	EX_JSON_LINES,	 /* one JSON value a line: event() */
	EX_EVENT_STREAM, /* of AWS: event() */
	EX_WEBSOCKET,	 /* messages, both ways: event() */
	EX_GRPC,	 /* length-prefixed messages, counted: not handed on */
	EX_MULTIPART,	 /* parts, counted: not handed on */
};

/*
 * One message of such a body. Its bytes die when the callback returns.
 *
 * A message of up to EVENT_WHOLE_MAX bytes (proto/event.h) comes in one piece. A longer one comes
 * in pieces: more in all but the last, cont in all but the first. For every piece with more the
 * one that ends it comes too, whatever happens. A reader of JSON is reset at a piece without
 * cont, is fed each (json_gap() before one with gap), and ended at the one without more.
 */
struct ex_event {
	/*
	 * SSE: the event's type, "message" when it names none. Event stream: :event-type,
	 * :exception-type or :error-code. WebSocket: "text", "binary". Lines: "message". In every
	 * piece. "" when its start is not known.
	 */
	struct sv type;
	struct sv data;
	uint64_t size;	/* of the data on the wire, missing bytes included; in the last piece */
	bool cont;	/* goes on with the piece before */
	bool more;	/* is not over with this piece */
	bool gap;	/* bytes are missing right before this piece's data */
	bool truncated; /* in the last piece: bytes are missing, here or before */
	bool unread;	/* in the last piece: what follows of the data cannot be decoded */
	bool exception; /* event stream: it tells an error */
};

#define EX_REASON_MAX 48

/* What is known of one direction. */
struct ex_message {
	bool head_seen;	     /* its head was read whole */
	bool complete;	     /* its body came to its end */
	bool gapped;	     /* bytes of it are missing */
	bool decode_failed;  /* content coding unknown or broken: body not handed on */
	bool truncated;	     /* a bound (expansion, window) is reached: its rest is not handed on */
	bool conflict;	     /* its length was told in two ways: smuggling, maybe */
	bool fields_unknown; /* header fields cannot be read: what they refer to passed unseen */
	uint64_t lost;	     /* wire bytes missing */
	uint64_t wire_bytes; /* body bytes as sent (after transfer, before content coding) */
	uint64_t body_bytes; /* body bytes handed on */
	uint64_t events;     /* messages of a body that has such; also those not handed on */
	enum ex_kind kind;   /* as announced; final from the first byte of the body on */
	uint64_t t_first;    /* first byte of the message, CLOCK_MONOTONIC ns */
	uint64_t t_body;     /* first body byte; 0: none yet */
	uint64_t t_end;	     /* last byte */
	struct sv header[EX_H_COUNT]; /* value, or SV_NONE; first occurrence wins */
};

/* Readers of exchanges; each has a place of its own in the exchange. */
enum ex_reader {
	EX_READ_MODEL, /* model calls */
	EX_READ_RPC,   /* JSON-RPC: MCP, A2A */
	EX_READ_WEB,   /* all other HTTP */
	EX_READERS,
};

struct exchange {
	/* Identity: stable across replays. */
	uint32_t tgid;
	uint64_t proc_start;
	uint64_t object;
	uint64_t birth;
	uint64_t number; /* of the exchange on its stream, from 0 */

	enum ex_role role;
	enum ex_outcome outcome;
	bool tls;
	bool joined_late;    /* the stream was already running when it was first seen */
	struct sv method;    /* "" when the request head was not seen */
	struct sv target;    /* request target as sent: path and query */
	unsigned int status; /* 0: no response head */
	uint8_t http_major, http_minor;
	struct ex_message msg[2]; /* enum ex_side */

	/* The socket's far end, where known. family 0: unknown. */
	uint16_t peer_family;
	uint16_t peer_port;
	uint8_t peer_addr[16];

	/* A WebSocket's close frames, as far as they came; set at the end. */
	struct {
		bool seen;
		bool unsure;	    /* one that is lost may have come before */
		enum ex_side first; /* whose was the first */
		uint16_t code;	    /* that it names; 0: none, or it is lost */
	} close;

	char reason[EX_REASON_MAX]; /* what broke, for EX_BROKEN; static text */
	struct arena arena;	    /* heads live here; the consumer may use it too */
	/* The consumer's own; the exchange layer never touches these. */
	void *user[EX_READERS];
	bool settled; /* from the start a reader is sure what it is: others need not look inside */
	bool claimed; /* a reader has told what it was */
};

/*
 * The one consumer. For every begin() there is exactly one end(), after which ex is gone.
 * Body bytes and events are views valid inside the call. time is the record's clock.
 */
struct exchange_ops {
	/* The request head is known (or its absence is: a response without its request). */
	void (*begin)(void *ctx, struct exchange *ex);
	void (*req_body)(void *ctx, struct exchange *ex, struct sv bytes);
	void (*req_end)(void *ctx, struct exchange *ex);
	/* Final response head (1xx are skipped). */
	void (*resp_head)(void *ctx, struct exchange *ex);
	void (*resp_body)(void *ctx, struct exchange *ex, struct sv bytes, uint64_t time);
	/* In place of the two bodies where kind says so. */
	void (*event)(void *ctx, struct exchange *ex, enum ex_side side, const struct ex_event *ev,
		      uint64_t time);
	/* Decoded bytes are missing here in this side's body. */
	void (*gap)(void *ctx, struct exchange *ex, enum ex_side side);
	void (*end)(void *ctx, struct exchange *ex, uint64_t time);
};

#endif /* EARSHOT_EXCHANGE_EXCHANGE_H */
