// SPDX-License-Identifier: Apache-2.0
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "driver.h"

#define PATH "/v1/responses"

#define REQUEST                                                                                   \
	"{\"model\":\"gpt-5\",\"instructions\":\"Be brief\",\"input\":[{\"role\":\"user\","       \
	"\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"},{\"type\":\"input_image\","       \
	"\"image_url\":\"https://x/y.png\"}]},{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[" \
	"{\"type\":\"summary_text\",\"text\":\"mused\"}]},{\"type\":\"function_call\","           \
	"\"call_id\":\"c0\",\"name\":\"geo\",\"arguments\":\"{}\"},{\"type\":"                    \
	"\"function_call_output\",\"call_id\":\"c0\",\"output\":\"48\"},{\"type\":"               \
	"\"function_call_output\",\"call_id\":\"c1\",\"output\":[{\"type\":\"input_text\","       \
	"\"text\":\"a\"},{\"type\":\"input_text\",\"text\":\"b\"}]},{\"type\":\"message\","       \
	"\"role\":\"assistant\",\"content\":\"so\"},{\"type\":\"item_reference\",\"id\":\"q\"}]," \
	"\"previous_response_id\":\"resp_0\",\"conversation\":{\"id\":\"conv_1\"},"               \
	"\"max_output_tokens\":99,\"reasoning\":{\"effort\":\"high\"},\"text\":{\"format\":"      \
	"{\"type\":\"text\"}},\"prompt\":{\"id\":\"p1\",\"version\":\"2\"},\"service_tier\":"     \
	"\"auto\",\"stream\":true,\"tools\":[{\"type\":\"function\",\"name\":\"geo\","            \
	"\"parameters\":{\"type\":\"object\"}},{\"type\":\"web_search\"}]}"

#define REQUEST_FIELDS                                                                      \
	"model=gpt-5\nmax_tokens=99\nstream=1\neffort=high\noutput=text\nprevious=resp_0\n" \
	"conversation=conv_1\nprompt=p1\nprompt_version=2\n"

#define REQUEST_CONTENT                                                              \
	"system: text(Be brief)\nin user: text(hi) uri(image https://x/y.png)\n"     \
	"in assistant: reasoning(mused)\nin assistant: tool_call(#c0 geo json {})\n" \
	"in tool: result(#c0 48)\nin tool: result(#c1 ab)\nin assistant: text(so)\n" \
	"in assistant: generic(item_reference:)\n"

#define EVENT(name, rest) \
	"event: " name "\ndata: {\"type\":\"" name "\",\"sequence_number\":1," rest "}\n\n"

#define CREATED                                                                     \
	EVENT("response.created",                                                   \
	      "\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":" \
	      "\"in_progress\",\"model\":\"gpt-5-2\",\"output\":[],\"error\":null," \
	      "\"incomplete_details\":null,\"service_tier\":\"auto\",\"usage\":null}")

#define ADDED(i, item) \
	EVENT("response.output_item.added", "\"output_index\":" i ",\"item\":{" item "}")
#define DONE(i, item) EVENT("response.output_item.done", "\"item\":{" item "},\"output_index\":" i)
#define TEXT(i, delta)                      \
	EVENT("response.output_text.delta", \
	      "\"output_index\":" i ",\"content_index\":0,\"delta\":\"" delta "\"")
#define ARGS(i, delta)                                  \
	EVENT("response.function_call_arguments.delta", \
	      "\"output_index\":" i ",\"delta\":\"" delta "\"")

#define MESSAGE_DONE                                                                        \
	"\"content\":[{\"type\":\"output_text\",\"text\":\"Hello\"}],\"type\":\"message\"," \
	"\"role\":\"assistant\""
#define CALL_DONE                                                                         \
	"\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":\"c2\",\"name\":\"geo\"," \
	"\"arguments\":\"{\\\"q\\\":1}\""

#define USAGE                                                                            \
	"\"usage\":{\"input_tokens\":30,\"input_tokens_details\":{\"cached_tokens\":8}," \
	"\"output_tokens\":12,\"output_tokens_details\":{\"reasoning_tokens\":5},"       \
	"\"total_tokens\":42}"

#define USAGE_FIELDS "input=30\noutput=12\ntotal=42\ncache_read=8\nreasoning=5\n"

static const struct driver_case cases[] = {
	{ "stream",
	  { .target = PATH,
	    .request = REQUEST,
	    .sse = true,
	    .answer = CREATED ADDED("0", "\"type\":\"reasoning\",\"id\":\"rs\",\"summary\":[]")
		    EVENT("response.reasoning_summary_text.delta",
			  "\"output_index\":0,\"summary_index\":0,\"delta\":\"mu\"")
			    DONE("0",
				 "\"summary\":[{\"text\":\"muse\",\"type\":\"summary_text\"}],"
				 "\"type\":"
				 "\"reasoning\"") ADDED("1", "\"type\":\"message\",\"content\":[],"
							     "\"role\":\"assistant\"")
				    TEXT("1", "Hel") TEXT("1", "lo") DONE("1", MESSAGE_DONE) ADDED(
					    "2", "\"type\":\"web_search_call\",\"id\":\"ws\"")
					    DONE("2", "\"type\":\"web_search_call\",\"id\":\"ws\","
						      "\"status\":\"completed\"")
						    ADDED("3", "\"type\":\"function_call\",\"call_"
							       "id\":\"c2\","
							       "\"name\":\"geo\","
							       "\"arguments\":\"\"")
							    ARGS("3", "{\\\"q\\\"") ARGS(
								    "3", ":1}") DONE("3", CALL_DONE)
								    EVENT("response.completed",
									  "\"response\":{\"id\":"
									  "\"resp_1\","
									  "\"status\":"
									  "\"completed\",\"service_"
									  "tier\":"
									  "\"default\",\"output\":["
									  "{\"type\":"
									  "\"reasoning\"},"
									  "{" MESSAGE_DONE "},"
									  "{\"type\":\"web_search_"
									  "call\",\"id\":"
									  "\"ws\"},{" CALL_DONE
									  "}]," USAGE "}") },
	  true,
	  "chat openai openai.responses ok\n" REQUEST_FIELDS
	  "id=resp_1\nanswered_by=gpt-5-2\nanswer_tier=default\nfinish=tool_calls\n" USAGE_FIELDS
	  "server_tool=web_search#ws\ntool=geo#c2\nfirst_chunk=2\n" REQUEST_CONTENT
	  "out assistant: reasoning(muse) text(Hello)"
	  " server_call(web_search_call:#ws web_search json {\"type\":\"web_search_call\","
	  "\"id\":\"ws\",\"status\":\"completed\"}) tool_call(#c2 geo json {\"q\":1})"
	  " finish=tool_calls\n"
	  "def function geo [] {\"type\":\"object\"}\ndef web_search  [] \n" },
	{ "stream without content",
	  { .target = PATH,
	    .request = REQUEST,
	    .sse = true,
	    .answer = CREATED ADDED("0", CALL_DONE) ARGS("0", "{") DONE("0", CALL_DONE)
		    EVENT("response.completed",
			  "\"response\":{\"status\":\"completed\",\"output\":[{" CALL_DONE
			  "}]," USAGE "}") },
	  false,
	  "chat openai openai.responses ok\n" REQUEST_FIELDS
	  "id=resp_1\nanswered_by=gpt-5-2\nanswer_tier=auto\nfinish=tool_calls\n" USAGE_FIELDS
	  "tool=geo#c2\nfirst_chunk=2\n" },
	{ "whole answer",
	  { .target = PATH,
	    .request = "{\"model\":\"m\",\"input\":\"hi\"}",
	    .answer =
		    "{\"id\":\"resp_2\",\"object\":\"response\",\"status\":\"completed\",\"error\":"
		    "null,\"model\":\"m2\",\"output\":[{" CALL_DONE "},{" MESSAGE_DONE "},"
		    "{\"type\":\"compaction\",\"encrypted_content\":\"zz\"},"
		    "{\"type\":\"message\",\"content\":[{\"type\":\"refusal\",\"refusal\":"
		    "\"no\"}]}]," USAGE "}" },
	  true,
	  "chat openai openai.responses ok\nmodel=m\nid=resp_2\nanswered_by=m2\nfinish=stop\n"
	  "compacted\n" USAGE_FIELDS "tool=geo#c2\nin user: text(hi)\n"
	  "out assistant: tool_call(#c2 geo json {\"q\":1}) text(Hello) compact() text(no)"
	  " finish=stop\n" },
	{ "out of tokens",
	  { .target = PATH,
	    .request = "{\"model\":\"m\"}",
	    .answer = "{\"id\":\"r\",\"object\":\"response\",\"status\":\"incomplete\","
		      "\"incomplete_details\":{\"reason\":\"max_output_tokens\"},\"output\":[]}" },
	  false,
	  "chat openai openai.responses ok\nmodel=m\nid=r\nfinish=length\n" },
	{ "failed in the stream",
	  { .target = PATH,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = CREATED EVENT(
		    "response.failed",
		    "\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"server_error\","
		    "\"message\":\"boom\"}}") },
	  true,
	  "chat openai openai.responses error\nmodel=m\nid=resp_1\nanswered_by=gpt-5-2\n"
	  "answer_tier=auto\nfinish=error\nerror=server_error\nfirst_chunk=2\nerror_message="
	  "boom\n" },
	{ "an error event",
	  { .target = PATH,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = CREATED EVENT(
		    "error",
		    "\"code\":\"rate_limit_exceeded\",\"message\":\"slow\",\"param\":null") },
	  false,
	  "chat openai openai.responses error\nmodel=m\nid=resp_1\nanswered_by=gpt-5-2\n"
	  "answer_tier=auto\nfinish=error\nerror=rate_limit_exceeded\nfirst_chunk=2\n" },
	{ "cut in mid-stream",
	  { .target = PATH,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = CREATED ADDED("0", "\"type\":\"message\",\"content\":[]") TEXT("0", "Hel"),
	    .outcome = EX_CUT },
	  true,
	  "chat openai openai.responses cut\nmodel=m\nid=resp_1\nanswered_by=gpt-5-2\n"
	  "answer_tier=auto\nfinish=error\nerror=connection_reset\nfirst_chunk=2\n"
	  "out assistant: text(Hel)\n" },
	{ "runs on in the background",
	  { .target = PATH,
	    .request = "{\"model\":\"m\",\"background\":true}",
	    .answer =
		    "{\"id\":\"r\",\"object\":\"response\",\"status\":\"queued\",\"output\":[]}" },
	  false,
	  "chat openai openai.responses ok\nmodel=m\nid=r\n" },
	{ "not found",
	  { .target = PATH,
	    .request = "{\"model\":\"m\"}",
	    .status = 404,
	    .answer = "{\"error\":{\"message\":\"x\",\"type\":\"invalid_request_error\",\"code\":"
		      "\"model_not_found\"}}" },
	  false,
	  "chat openai openai.responses error\nmodel=m\nstatus=404\nerror=model_not_found\n" },
	{ "a survey's responses",
	  { .target = "/api/responses", .request = "{\"q\":1}", .answer = "{\"ok\":true}" },
	  false,
	  "" },
	{ "counting is no inference",
	  { .target = "/v1/responses/input_tokens",
	    .request = "{\"model\":\"m\"}",
	    .answer = "{}" },
	  false,
	  "" },
	{ "completion",
	  { .target = "/v1/completions",
	    .request = "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"max_tokens\":5,\"stop\":\"E\"}",
	    .answer =
		    "{\"id\":\"cmpl\",\"object\":\"text_completion\",\"model\":\"m2\",\"choices\":["
		    "{\"text\":\"x\",\"index\":0,\"finish_reason\":\"length\"},{\"text\":\"y\","
		    "\"index\":1,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,"
		    "\"completion_tokens\":2,\"total_tokens\":3}}" },
	  true,
	  "text_completion openai openai.completions ok\nmodel=m\nmax_tokens=5\nstop=E\nid=cmpl\n"
	  "answered_by=m2\nfinish=length,stop\ninput=1\noutput=2\ntotal=3\nin user: text(a)\n"
	  "in user: text(b)\nout assistant: text(x) finish=length\nout assistant: text(y)"
	  " finish=stop\n" },
	{ "streamed completion",
	  { .target = "/v1/completions",
	    .request = "{\"model\":\"m\",\"stream\":true}",
	    .sse = true,
	    .answer =
		    "data: "
		    "{\"object\":\"text_completion\",\"choices\":[{\"text\":\"x\",\"index\":0,"
		    "\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"text\":\"y\",\"index\":0,"
		    "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n" },
	  true,
	  "text_completion openai openai.completions ok\nmodel=m\nstream=1\nfinish=stop\n"
	  "first_chunk=2\nout assistant: text(xy) finish=stop\n" },
	{ "embeddings",
	  { .target = "/v1/embeddings",
	    .request = "{\"input\":[\"a\",\"b\"],\"model\":\"e3\",\"encoding_format\":\"float\","
		       "\"dimensions\":512}",
	    .answer = "{\"object\":\"list\",\"data\":[{\"embedding\":[0.1,-2e-3],\"index\":0}],"
		      "\"model\":\"e3-v2\",\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}" },
	  true,
	  "embeddings openai openai.embeddings ok\nmodel=e3\ndimensions=512\nformats=float\n"
	  "answered_by=e3-v2\ninput=9\ntotal=9\n" },
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
