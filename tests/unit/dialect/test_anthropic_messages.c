// SPDX-License-Identifier: Apache-2.0
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "driver.h"

#define MESSAGES "/v1/messages?beta=true"
#define HOST	 "api.anthropic.com"

#define REQUEST                                                                                   \
	"{\"max_tokens\":1024,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},"              \
	"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","        \
	"\"signature\":\"s\"},{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\",\"input\":"  \
	"{\"command\":\"ls\"}}]},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"    \
	"\"see\"},{\"tool_use_id\":\"t1\",\"type\":\"tool_result\",\"content\":[{\"type\":"       \
	"\"text\",\"text\":\"a b\"}]},{\"type\":\"tool_result\",\"tool_use_id\":\"t2\","          \
	"\"content\":\"no\",\"is_error\":true},{\"type\":\"image\",\"source\":{\"type\":"         \
	"\"base64\",\"media_type\":\"image/png\",\"data\":\"QUJD\"}}]}],"                         \
	"\"model\":\"claude-opus-4-5\",\"stop_sequences\":[\"X\"],\"stream\":true,"               \
	"\"system\":[{\"type\":\"text\",\"text\":\"You are\"},{\"type\":\"text\",\"text\":"       \
	"\"brief\"}],\"temperature\":1,\"top_k\":40,\"top_p\":0.5,\"output_config\":{\"effort\":" \
	"\"high\",\"format\":{\"type\":\"json_schema\"}},\"tools\":[{\"name\":\"Bash\","          \
	"\"description\":\"run\",\"input_schema\":{\"type\":\"object\"}},"                        \
	"{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]}"

#define REQUEST_FIELDS                                                                           \
	"model=claude-opus-4-5\nmax_tokens=1024\ntop_k=40\ntemperature=1\ntop_p=0.5\nstream=1\n" \
	"stop=X\neffort=high\noutput=json\n"

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"," rest "}\n\n"

#define START                                                                                   \
	EVENT("message_start",                                                                  \
	      "\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","      \
	      "\"model\":\"claude-opus-4-5-2\",\"content\":[],\"stop_reason\":null,\"usage\":{" \
	      "\"input_tokens\":50,\"cache_creation_input_tokens\":50,"                         \
	      "\"cache_read_input_tokens\":2000,\"output_tokens\":1}}")

#define BLOCK(i, block) \
	EVENT("content_block_start", "\"index\":" i ",\"content_block\":{" block "}")
#define DELTA(i, delta) EVENT("content_block_delta", "\"index\":" i ",\"delta\":{" delta "}")
#define STOP(i)		EVENT("content_block_stop", "\"index\":" i)
#define END                                                                                       \
	EVENT("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null}," \
			       "\"usage\":{\"output_tokens\":12,\"output_tokens_details\":"       \
			       "{\"thinking_tokens\":4}}")                                        \
	EVENT("message_stop", "\"x\":0")

/* One event a line. */
/* clang-format off */
#define STREAM \
	START \
	EVENT("ping", "\"x\":0") \
	BLOCK("0", "\"type\":\"thinking\",\"thinking\":\"\"") \
	DELTA("0", "\"type\":\"thinking_delta\",\"thinking\":\"so\"") \
	DELTA("0", "\"type\":\"signature_delta\",\"signature\":\"zz\"") \
	STOP("0") \
	BLOCK("1", "\"type\":\"text\",\"text\":\"\"") \
	DELTA("1", "\"type\":\"text_delta\",\"text\":\"Now \"") \
	DELTA("1", "\"type\":\"text_delta\",\"text\":\"go\"") \
	STOP("1") \
	BLOCK("2", "\"type\":\"tool_use\",\"id\":\"t3\",\"name\":\"Bash\",\"input\":{}") \
	DELTA("2", "\"type\":\"input_json_delta\",\"partial_json\":\"\"") \
	DELTA("2", "\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\"\"") \
	DELTA("2", "\"type\":\"input_json_delta\",\"partial_json\":\":1}\"") \
	STOP("2") \
	BLOCK("3", "\"type\":\"tool_use\",\"id\":\"t4\",\"name\":\"Read\",\"input\":{}") \
	STOP("3") \
	END
/* clang-format on */

#define STREAM_FIELDS                                                                       \
	"id=msg_1\nanswered_by=claude-opus-4-5-2\nfinish=tool_use\ninput=2100\noutput=12\n" \
	"cache_read=2000\ncache_write=50\nreasoning=4\n"

static const struct driver_case cases[] = {
	{ "stream",
	  { .target = MESSAGES, .host = HOST, .request = REQUEST, .sse = true, .answer = STREAM },
	  true,
	  "chat anthropic anthropic.messages ok\n" REQUEST_FIELDS STREAM_FIELDS
	  "tool=Bash#t3\ntool=Read#t4\nfirst_chunk=2\n"
	  "system: text(You are) text(brief)\nin user: text(Hi)\n"
	  "in assistant: reasoning(hm) tool_call(#t1 Bash json {\"command\":\"ls\"})\n"
	  "in tool: result(#t1 json [{\"type\":\"text\",\"text\":\"a b\"}])\n"
	  "in tool: result(#t2 json \"no\")\n"
	  "in user: text(see) blob(image image/png QUJD)\n"
	  "out assistant: reasoning(so) text(Now go) tool_call(#t3 Bash json {\"a\":1})"
	  " tool_call(#t4 Read ) finish=tool_use\n"
	  "def  Bash [run] {\"type\":\"object\"}\ndef web_search_20250305 web_search [] \n" },
	{ "stream without content",
	  { .target = MESSAGES,
	    .host = HOST,
	    .request = REQUEST,
	    .sse = true,
	    .answer = START BLOCK("0", "\"type\":\"text\",\"text\":\"\"") DELTA(
		    "0", "\"type\":\"text_delta\",\"text\":\"Now\"") STOP("0")
		    BLOCK("1", "\"type\":\"tool_use\",\"id\":\"t3\",\"name\":\"Bash\",\"input\":{}")
			    STOP("1") END },
	  false,
	  "chat anthropic anthropic.messages ok\n" REQUEST_FIELDS STREAM_FIELDS
	  "tool=Bash#t3\nfirst_chunk=2\n" },
	{ "event names lost on the way",
	  { .target = MESSAGES,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = "data: {\"index\":0,\"content_block\":{\"name\":\"f\",\"id\":\"a\",\"type\":"
		      "\"tool_use\"},\"type\":\"content_block_start\"}\n\n"
		      "data: {\"delta\":{\"partial_json\":\"{}\"},\"index\":0}\n\n"
		      "data: {\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n" },
	  true,
	  "chat anthropic anthropic.messages "
	  "ok\nmodel=m\nfinish=end_turn\ntool=f#a\nfirst_chunk=2\n"
	  "out assistant: tool_call(#a f ) finish=end_turn\n" },
	{ "whole answer with tools of the provider",
	  { .target = MESSAGES,
	    .host = HOST,
	    .request = "{\"model\":\"m\",\"system\":\"S\",\"messages\":[]}",
	    .answer = "{\"id\":\"msg_2\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
		      "\"m2\","
		      "\"content\":[{\"type\":\"server_tool_use\",\"id\":\"s1\",\"name\":"
		      "\"web_search\",\"input\":{\"query\":\"x\"}},{\"type\":"
		      "\"web_search_tool_result\",\"tool_use_id\":\"s1\",\"content\":[1]},"
		      "{\"type\":\"text\",\"text\":\"found\"},{\"type\":\"odd\"}],"
		      "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":3,"
		      "\"output_tokens\":4,\"cache_read_input_tokens\":null}}" },
	  true,
	  "chat anthropic anthropic.messages "
	  "ok\nmodel=m\nid=msg_2\nanswered_by=m2\nfinish=end_turn\n"
	  "input=3\noutput=4\nserver_tool=web_search#s1\nsystem: text(S)\n"
	  "out assistant: server_call(server_tool_use:#s1 web_search json {\"query\":\"x\"})"
	  " server_result(web_search_tool_result:#s1 json [1]) text(found) generic(odd:)"
	  " finish=end_turn\n" },
	{ "overloaded",
	  { .target = MESSAGES,
	    .host = HOST,
	    .request = "{\"model\":\"m\"}",
	    .status = 529,
	    .answer = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
		      "\"Overloaded\"},\"request_id\":\"r\"}" },
	  true,
	  "chat anthropic anthropic.messages error\nmodel=m\nstatus=529\nerror=overloaded_error\n"
	  "error_message=Overloaded\n" },
	{ "error inside a 200 stream",
	  { .target = MESSAGES,
	    .host = HOST,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer =
		    START EVENT("error", "\"error\":{\"type\":\"api_error\",\"message\":\"x\"}") },
	  false,
	  "chat anthropic anthropic.messages error\nmodel=m\nid=msg_1\n"
	  "answered_by=claude-opus-4-5-2\nfinish=error\ninput=2100\noutput=1\ncache_read=2000\n"
	  "cache_write=50\nerror=api_error\nfirst_chunk=2\n" },
	{ "cut in mid-stream",
	  { .target = MESSAGES,
	    .host = HOST,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = START BLOCK("0", "\"type\":\"text\",\"text\":\"a\""),
	    .outcome = EX_CUT },
	  true,
	  "chat anthropic anthropic.messages cut\nmodel=m\nid=msg_1\n"
	  "answered_by=claude-opus-4-5-2\nfinish=error\ninput=2100\noutput=1\ncache_read=2000\n"
	  "cache_write=50\nerror=connection_reset\nfirst_chunk=2\nout assistant: text(a)\n" },
	{ "answer without its request",
	  { .method = "",
	    .answer = "{\"model\":\"m2\",\"type\":\"message\",\"role\":\"assistant\","
		      "\"stop_reason\":\"end_turn\"}" },
	  false,
	  "chat anthropic anthropic.messages "
	  "ok\nanswered_by=m2\nfinish=end_turn\nloss=joined_late\n" },
	{ "some other service's message",
	  { .method = "", .answer = "{\"type\":\"message\",\"text\":\"hello\"}" },
	  false,
	  "" },
	{ "counting tokens is no inference",
	  { .target = "/v1/messages/count_tokens",
	    .host = HOST,
	    .request = "{\"model\":\"m\"}",
	    .answer = "{\"input_tokens\":5}" },
	  false,
	  "" },
	{ "batches are no inference",
	  { .target = "/v1/messages/batches/b1/results",
	    .host = HOST,
	    .method = "GET",
	    .answer = "{}" },
	  false,
	  "" },
};

static void test_cases_at_every_cut(void **state)
{
	(void)state;
	driver_run_cases(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_at_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
