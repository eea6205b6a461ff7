// SPDX-License-Identifier: Apache-2.0
#include "dialect/bedrock.h"

/*
 * Agents and knowledge bases of AWS Bedrock (botocore, bedrock-agent-runtime/2023-07-26 and
 * bedrock-agent/2023-06-05): InvokeAgent, Retrieve, CreateAgent. The path names the agent and
 * the session, or the knowledge base; an agent's answer is text in an event stream.
 */

static const struct field run_rows[] = {
	ROW_CONTENT_FN("inputText", field_input_string, 0),
};

static const struct field none_rows[] = {
	ROW("sessionId", FIELD_STRING, CALL_AT(req.conversation_id)),
};

static const struct field_set run = FIELD_SET(run_rows);
static const struct field_set none = FIELD_SET(none_rows);

static void event_done(struct parse *p, struct sv type)
{
	(void)type;
	take_error(p);
}

/* How a run ended, nothing on the wire says. */
static void run_finish(struct parse *p)
{
	p->no_reason = true;
	take_error(p);
	bedrock_head(p);
}

const struct api api_bedrock_agent = {
	.name = "bedrock.agent",
	.op = CALL_INVOKE_AGENT,
	.provider = "aws.bedrock",
	.request = { &run },
	.answer = { &none, &bedrock_errors },
	.chunks = CHUNK_TEXT,
	.event_done = event_done,
	.finish = run_finish,
};

static const struct field retrieve_request_rows[] = {
	ROW("retrievalConfiguration.vectorSearchConfiguration.numberOfResults", FIELD_INT,
	    CALL_AT(retrieval.top_k)),
	ROW("guardrailConfiguration.guardrailId", FIELD_STRING, CALL_AT(req.guardrail_id)),
	ROW_CONTENT("retrievalQuery.text", FIELD_STRING, CALL_AT(content.query)),
};

static void on_result(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_ARRAY)
		p->answered = true;
	if (ev->kind == JSON_OBJECT)
		p->call->retrieval.found = (struct opt_int){ ev->index + 1, true };
	if (ev->kind == JSON_ARRAY_END && !p->call->retrieval.found.set)
		p->call->retrieval.found = (struct opt_int){ 0, true };
}

static const struct field retrieve_answer_rows[] = {
	ROW_FN("retrievalResults", on_result, 0),
	ROW_FN("retrievalResults[]", on_result, 0),
	ROW_RAW("retrievalResults", FIELD_TEXT, CALL_AT(content.documents)),
};

static const struct field_set retrieve_request = FIELD_SET(retrieve_request_rows);
static const struct field_set retrieve_answer = FIELD_SET(retrieve_answer_rows);

const struct api api_bedrock_retrieve = {
	.name = "bedrock.retrieve",
	.op = CALL_RETRIEVAL,
	.provider = "aws.bedrock",
	.request = { &retrieve_request },
	.answer = { &retrieve_answer, &bedrock_errors },
	.finish = run_finish,
};

static const struct field create_request_rows[] = {
	ROW("agentName", FIELD_STRING, CALL_AT(agent.name)),
	ROW("description", FIELD_STRING, CALL_AT(agent.description)),
	ROW("foundationModel", FIELD_MODEL, 0),
	ROW("guardrailConfiguration.guardrailIdentifier", FIELD_STRING, CALL_AT(req.guardrail_id)),
	ROW_CONTENT_FN("instruction", field_system_text, PART_TEXT),
};

static void on_agent(struct parse *p, const struct field *f, const struct json_event *ev)
{
	(void)f;
	if (ev->kind == JSON_OBJECT)
		p->answered = true;
}

static const struct field create_answer_rows[] = {
	ROW_FN("agent", on_agent, 0),
	ROW("agent.agentId", FIELD_STRING, CALL_AT(agent.id)),
	ROW("agent.agentVersion", FIELD_STRING, CALL_AT(agent.version)),
};

static const struct field_set create_request = FIELD_SET(create_request_rows);
static const struct field_set create_answer = FIELD_SET(create_answer_rows);

const struct api api_bedrock_create_agent = {
	.name = "bedrock.create_agent",
	.op = CALL_CREATE_AGENT,
	.provider = "aws.bedrock",
	.request = { &create_request },
	.answer = { &create_answer, &bedrock_errors },
	.finish = run_finish,
};
