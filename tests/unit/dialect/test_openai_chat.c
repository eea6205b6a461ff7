// SPDX-License-Identifier: Apache-2.0
#include "dialect/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "driver.h"

#define CHAT "/v1/chat/completions"

#define REQUEST                                                                                   \
	"{\"messages\":[{\"role\":\"developer\",\"content\":\"Be brief\"},"                       \
	"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Weather in \\u00dclm?\"}," \
	"{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QUJD\"}}]},"      \
	"{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c0\",\"type\":"       \
	"\"function\",\"function\":{\"name\":\"geo\",\"arguments\":\"{\\\"q\\\":1}\"}}]},"        \
	"{\"tool_call_id\":\"c0\",\"content\":\"48.4,9.9\",\"role\":\"tool\"}],"                  \
	"\"model\":\"gpt-5-mini\",\"n\":1,\"temperature\":0.25,\"top_p\":1,\"seed\":-7,"          \
	"\"max_completion_tokens\":256,\"stop\":[\"END\",\"\\n\"],\"reasoning_effort\":\"low\","  \
	"\"response_format\":{\"type\":\"json_schema\"},\"service_tier\":\"flex\",\"tools\":["    \
	"{\"type\":\"function\",\"function\":{\"name\":\"geo\",\"description\":\"where\","        \
	"\"parameters\":{\"type\":\"object\"}}}]"

#define REQUEST_FIELDS "model=gpt-5-mini\nmax_tokens=256\nseed=-7\ntemperature=0.25\ntop_p=1\n"

#define REQUEST_REST "stop=END,\n\neffort=low\noutput=json\ntier=flex\n"

#define REQUEST_CONTENT                                                      \
	"in system: text(Be brief)\n"                                        \
	"in user: text(Weather in \xc3\x9clm?) blob(image image/png QUJD)\n" \
	"in assistant: tool_call(#c0 geo json {\"q\":1})\n"                  \
	"in tool: result(#c0 48.4,9.9)\n"

#define DEFS "def function geo [where] {\"type\":\"object\"}\n"

#define CHUNK(rest) \
	"data: {\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\"," rest "}\n\n"

#define DELTA(delta) CHUNK("\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]")

static const struct driver_case cases[] = {
	{ "whole answer",
	  { .target = CHAT,
	    .request = REQUEST "}",
	    .answer =
		    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,"
		    "\"model\":\"gpt-5-mini-2025\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
		    "\"assistant\",\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"a\","
		    "\"type\":\"function\",\"function\":{\"name\":\"geo\",\"arguments\":\"{}\"}},"
		    "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"wx\","
		    "\"arguments\":\"{\\\"d\\\":2}\"}}]},\"finish_reason\":\"tool_calls\"}],"
		    "\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":40,\"total_tokens\":"
		    "160,"
		    "\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":0},"
		    "\"completion_tokens_details\":{\"reasoning_tokens\":16}},"
		    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_1\"}" },
	  true,
	  "chat openai openai.chat ok\n" REQUEST_FIELDS REQUEST_REST
	  "id=chatcmpl-1\nanswered_by=gpt-5-mini-2025\nanswer_tier=default\nfingerprint=fp_1\n"
	  "finish=tool_calls\ninput=120\noutput=40\ntotal=160\ncache_read=64\nreasoning=16\n"
	  "audio_input=0\ntool=geo#a\ntool=wx#b\n" REQUEST_CONTENT
	  "out assistant: tool_call(#a geo json {}) tool_call(#b wx json {\"d\":2})"
	  " finish=tool_calls\n" DEFS },
	{ "without content",
	  { .target = CHAT "?x=1",
	    .request = REQUEST "}",
	    .answer = "{\"id\":\"c\",\"choices\":[{\"message\":{\"content\":\"hi\",\"tool_calls\":["
		      "{\"id\":\"a\",\"function\":{\"name\":\"geo\",\"arguments\":\"{}\"}}]},"
		      "\"finish_reason\":\"stop\"}]}" },
	  false,
	  "chat openai openai.chat ok\n" REQUEST_FIELDS REQUEST_REST
	  "id=c\nfinish=stop\ntool=geo#a\n" },
	{ "stream with parallel tool calls",
	  { .target = CHAT,
	    .request =
		    "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
	    .sse = true,
	    .answer = DELTA("{\"role\":\"assistant\",\"content\":\"\"}")
		    DELTA("{\"content\":\"Hel\"}") DELTA("{\"content\":\"lo\"}") DELTA(
			    "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\","
			    "\"function\":{\"name\":\"geo\",\"arguments\":\"\"}}]}")
			    DELTA("{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"type\":"
				  "\"function\","
				  "\"function\":{\"name\":\"wx\",\"arguments\":\"{\\\"x\"}}]}")
				    DELTA("{\"tool_calls\":[{\"index\":0,\"function\":{"
					  "\"arguments\":\"{}\"}},"
					  "{\"index\":1,\"function\":{\"arguments\":\"\\\":1}\"}}]"
					  "}") CHUNK("\"choices\":[{\"index\":0,\"delta\":{},"
						     "\"finish_reason\":\"tool_calls\"}],"
						     "\"usage\":null")
					    CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":9,"
						  "\"completion_tokens\":3,"
						  "\"total_tokens\":12}") "data: [DONE]\n\n" },
	  true,
	  "chat openai openai.chat "
	  "ok\nmodel=m\nstream=1\nid=c-1\nanswered_by=m\nfinish=tool_calls\n"
	  "input=9\noutput=3\ntotal=12\ntool=geo#a\ntool=wx#b\nfirst_chunk=2\n"
	  "out assistant: text(Hello) tool_call(#a geo json {}) tool_call(#b wx json {\"x\":1})"
	  " finish=tool_calls\n" },
	{ "two candidates, keys in any order, one without a reason",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\",\"n\":2,\"stream\":true}",
	    .sse = true,
	    .answer = CHUNK("\"choices\":[{\"delta\":{\"content\":\"B\"},\"finish_reason\":null,"
			    "\"index\":1}]")
		    CHUNK("\"choices\":[{\"delta\":{\"content\":\"A\"},\"index\":0}]")
			    CHUNK("\"choices\":[{\"finish_reason\":\"length\",\"index\":1,"
				  "\"delta\":{}}]") "data: [DONE]\n\n" },
	  true,
	  "chat openai openai.chat ok\nmodel=m\nn=2\nstream=1\nid=c-1\nanswered_by=m\n"
	  "finish=error,length\nfirst_chunk=2\nout assistant: text(A)\n"
	  "out assistant: text(B) finish=length\n" },
	{ "tool calls without index",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = DELTA("{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\","
			    "\"arguments\":\"{}\"}}]}")
		    DELTA("{\"tool_calls\":[{\"id\":\"b\",\"function\":{\"name\":\"g\","
			  "\"arguments\":\"{\"}}]}")
			    DELTA("{\"tool_calls\":[{\"function\":{\"arguments\":\"}\"}}]}")
				    CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_"
					  "reason\":\"tool_calls\"}]") },
	  true,
	  "chat openai openai.chat "
	  "ok\nmodel=m\nid=c-1\nanswered_by=m\nfinish=tool_calls\ntool=f#a\n"
	  "tool=g#b\nfirst_chunk=2\nout assistant: tool_call(#a f json {}) tool_call(#b g json {})"
	  " finish=tool_calls\n" },
	{ "reasoning beside the text, and outside the completion tokens",
	  { .target = "/v1/chat/completions/",
	    .host = "api.x.ai",
	    .request = "{\"model\":\"grok\"}",
	    .answer =
		    "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"reasoning_content\":"
		    "\"hm\",\"content\":\"yes\"}}],\"usage\":{\"prompt_tokens\":10,"
		    "\"completion_tokens\":2,\"total_tokens\":32,\"completion_tokens_details\":"
		    "{\"reasoning_tokens\":20}}}" },
	  true,
	  "chat x_ai openai.chat ok\nmodel=grok\nfinish=stop\ninput=10\noutput=22\ntotal=32\n"
	  "reasoning=20\nout assistant: reasoning(hm) text(yes) finish=stop\n" },
	{ "wrong key",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .status = 401,
	    .answer =
		    "{\"error\":{\"message\":\"Incorrect key\",\"type\":\"invalid_request_error\","
		    "\"param\":null,\"code\":\"invalid_api_key\"}}" },
	  true,
	  "chat openai openai.chat error\nmodel=m\nstatus=401\nerror=invalid_api_key\n"
	  "error_message=Incorrect key\n" },
	{ "error with a type and a number",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .status = 500,
	    .answer = "{\"error\":{\"code\":500,\"message\":\"x\",\"type\":\"server_error\"}}" },
	  false,
	  "chat openai openai.chat error\nmodel=m\nstatus=500\nerror=server_error\n" },
	{ "error page",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .status = 502,
	    .answer = "<html>Bad Gateway</html>" },
	  false,
	  "chat openai openai.chat error\nmodel=m\nstatus=502\nerror=502\n" },
	{ "error object of older servers",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .status = 400,
	    .answer = "{\"object\":\"error\",\"message\":\"x\",\"type\":\"BadRequestError\","
		      "\"code\":400}" },
	  false,
	  "chat openai openai.chat error\nmodel=m\nstatus=400\nerror=BadRequestError\n" },
	{ "error inside a 200 stream",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = DELTA(
		    "{\"content\":\"He\"}") "data: "
					    "{\"error\":{\"code\":502,\"message\":\"gone\"}}\n\n" },
	  true,
	  "chat openai openai.chat error\nmodel=m\nid=c-1\nanswered_by=m\nfinish=error\nerror=502\n"
	  "first_chunk=2\nout assistant: text(He)\nerror_message=gone\n" },
	{ "cut in mid-stream",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = DELTA("{\"content\":\"He\"}") "data: {\"id\":",
	    .outcome = EX_CUT },
	  true,
	  "chat openai openai.chat cut\nmodel=m\nid=c-1\nanswered_by=m\nfinish=error\n"
	  "error=connection_reset\nfirst_chunk=2\nout assistant: text(He)\n" },
	{ "client hangs up behind the end",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = CHUNK(
		    "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]") "data: [DONE]\n\n",
	    .outcome = EX_CANCELLED },
	  false,
	  "chat openai openai.chat "
	  "ok\nmodel=m\nid=c-1\nanswered_by=m\nfinish=stop\nfirst_chunk=2\n" },
	{ "client hangs up",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = DELTA("{}"),
	    .outcome = EX_CANCELLED },
	  false,
	  "chat openai openai.chat cancelled\nmodel=m\nid=c-1\nanswered_by=m\nfinish=error\n"
	  "error=cancelled\nfirst_chunk=2\n" },
	{ "no answer, second try",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .retry_count = "2",
	    .outcome = EX_NO_RESPONSE },
	  false,
	  "chat openai openai.chat no response\nmodel=m\nresend=2\nstatus=0\nerror=no_response\n" },
	{ "half a name is no name",
	  { .target = CHAT,
	    .request = "{\"stop\":[\"a\",\"b\"],\"model\":\"gpt-4",
	    .outcome = EX_NO_RESPONSE },
	  false,
	  "chat openai openai.chat no response\nstop=a,b\nstatus=0\nerror=no_response\n" },
	{ "half an item is no item",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\",\"stop\":[\"a\",\"b",
	    .outcome = EX_NO_RESPONSE },
	  false,
	  "chat openai openai.chat no response\nmodel=m\nstop=a\nstatus=0\nerror=no_response\n" },
	{ "process ends",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = DELTA("{}"),
	    .outcome = EX_PROC_EXIT },
	  false,
	  "chat openai openai.chat process exited\nmodel=m\nid=c-1\nanswered_by=m\nfinish=error\n"
	  "error=process_exit\nfirst_chunk=2\n" },
	{ "earshot stops first",
	  { .target = CHAT,
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = DELTA("{}"),
	    .outcome = EX_STOPPED },
	  false,
	  "chat openai openai.chat end not seen\nmodel=m\nid=c-1\nanswered_by=m\nfirst_chunk=2\n"
	  "loss=stopped\n" },
	{ "answer without its request",
	  { .method = "",
	    .sse = true,
	    .answer = DELTA("{\"content\":\"x\"}")
		    CHUNK("\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]") },
	  true,
	  "chat openai openai.chat ok\nid=c-1\nanswered_by=m\nfinish=stop\n"
	  "loss=joined_late\nout assistant: text(x) finish=stop\n" },
	{ "coding not understood",
	  { .target = CHAT, .request = "{\"model\":\"m\"}", .answer = "", .decode_failed = true },
	  false,
	  "chat openai openai.chat ok\nmodel=m\nloss=decode_failed\n" },
	{ "answer is no JSON",
	  { .target = CHAT, .request = "{\"model\":\"m\"}", .answer = "{\"id\":\"x\",oops" },
	  false,
	  "chat openai openai.chat ok\nmodel=m\nid=x\nloss=body_not_json\n" },
	{ "Azure names the model in the path",
	  { .target = "/openai/deployments/my-gpt/chat/completions?api-version=1",
	    .host = "res.openai.azure.com",
	    .request = "{\"messages\":[]}",
	    .sse = true,
	    .answer = "data: "
		      "{\"choices\":[],\"id\":\"\",\"model\":\"\",\"prompt_filter_results\":[]}"
		      "\n\n" CHUNK("\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]") },
	  false,
	  "chat azure.ai.openai openai.chat ok\nmodel=my-gpt\nid=c-1\nanswered_by=m\nfinish=stop\n"
	  "first_chunk=2\n" },
	{ "Groq and DeepSeek put usage elsewhere",
	  { .target = "/openai/v1/chat/completions",
	    .host = "api.groq.com",
	    .request = "{\"model\":\"m\"}",
	    .sse = true,
	    .answer = CHUNK("\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}],\"x_groq\":"
			    "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,"
			    "\"prompt_cache_hit_tokens\":1}}") },
	  false,
	  "chat groq openai.chat "
	  "ok\nmodel=m\nid=c-1\nanswered_by=m\nfinish=stop\ninput=5\noutput=2\n"
	  "cache_read=1\nfirst_chunk=2\n" },
	{ "a server names itself",
	  { .target = CHAT,
	    .server = "llama.cpp",
	    .request = "{\"model\":\"m\"}",
	    .answer = "{\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"message\":"
		      "{\"content\":\"x\"}}]}" },
	  false,
	  "chat llama_cpp openai.chat ok\nmodel=m\nfinish=stop\n" },
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
