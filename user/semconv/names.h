/* SPDX-License-Identifier: Apache-2.0 */
/* Made by tools/gen-semconv.py from tests/semconv/genai.json. Do not edit. */
/* clang-format off */
#ifndef EARSHOT_SEMCONV_NAMES_H
#define EARSHOT_SEMCONV_NAMES_H

#define SEMCONV_SCHEMA_URL "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev"

/* Attribute names. Row: (identifier, name, type as the convention writes it). */
#define SEMCONV_ATTRIBUTES(X) \
	X(AWS_BEDROCK_GUARDRAIL_ID, "aws.bedrock.guardrail.id", "string") \
	X(AWS_BEDROCK_KNOWLEDGE_BASE_ID, "aws.bedrock.knowledge_base.id", "string") \
	X(AZURE_CLIENT_ID, "azure.client.id", "string") \
	X(AZURE_RESOURCE_GROUP_NAME, "azure.resource_group.name", "string") \
	X(AZURE_RESOURCE_PROVIDER_NAMESPACE, "azure.resource_provider.namespace", "string") \
	X(AZURE_SERVICE_REQUEST_ID, "azure.service.request.id", "string") \
	X(CLIENT_ADDRESS, "client.address", "string") \
	X(CLIENT_PORT, "client.port", "int") \
	X(CONTAINER_ID, "container.id", "string") \
	X(CONTAINER_IMAGE_ID, "container.image.id", "string") \
	X(CONTAINER_IMAGE_NAME, "container.image.name", "string") \
	X(CONTAINER_IMAGE_TAGS, "container.image.tags", "string[]") \
	X(CONTAINER_NAME, "container.name", "string") \
	X(CONTAINER_RUNTIME_NAME, "container.runtime.name", "string") \
	X(ERROR_TYPE, "error.type", "string") \
	X(EXCEPTION_MESSAGE, "exception.message", "string") \
	X(EXCEPTION_STACKTRACE, "exception.stacktrace", "string") \
	X(EXCEPTION_TYPE, "exception.type", "string") \
	X(GEN_AI_AGENT_DESCRIPTION, "gen_ai.agent.description", "string") \
	X(GEN_AI_AGENT_ID, "gen_ai.agent.id", "string") \
	X(GEN_AI_AGENT_NAME, "gen_ai.agent.name", "string") \
	X(GEN_AI_AGENT_VERSION, "gen_ai.agent.version", "string") \
	X(GEN_AI_CONVERSATION_COMPACTED, "gen_ai.conversation.compacted", "boolean") \
	X(GEN_AI_CONVERSATION_ID, "gen_ai.conversation.id", "string") \
	X(GEN_AI_DATA_SOURCE_ID, "gen_ai.data_source.id", "string") \
	X(GEN_AI_EMBEDDINGS_DIMENSION_COUNT, "gen_ai.embeddings.dimension.count", "int") \
	X(GEN_AI_EVALUATION_EXPLANATION, "gen_ai.evaluation.explanation", "string") \
	X(GEN_AI_EVALUATION_NAME, "gen_ai.evaluation.name", "string") \
	X(GEN_AI_EVALUATION_SCORE_LABEL, "gen_ai.evaluation.score.label", "string") \
	X(GEN_AI_EVALUATION_SCORE_VALUE, "gen_ai.evaluation.score.value", "double") \
	X(GEN_AI_INPUT_MESSAGES, "gen_ai.input.messages", "any") \
	X(GEN_AI_MAIN_AGENT_DESCRIPTION, "gen_ai.main_agent.description", "string") \
	X(GEN_AI_MAIN_AGENT_ID, "gen_ai.main_agent.id", "string") \
	X(GEN_AI_MAIN_AGENT_NAME, "gen_ai.main_agent.name", "string") \
	X(GEN_AI_MEMORY_QUERY_TEXT, "gen_ai.memory.query.text", "string") \
	X(GEN_AI_MEMORY_RECORD_COUNT, "gen_ai.memory.record.count", "int") \
	X(GEN_AI_MEMORY_RECORD_ID, "gen_ai.memory.record.id", "string") \
	X(GEN_AI_MEMORY_RECORDS, "gen_ai.memory.records", "any") \
	X(GEN_AI_MEMORY_STORE_ID, "gen_ai.memory.store.id", "string") \
	X(GEN_AI_OPERATION_NAME, "gen_ai.operation.name", "string") \
	X(GEN_AI_OUTPUT_MESSAGES, "gen_ai.output.messages", "any") \
	X(GEN_AI_OUTPUT_TYPE, "gen_ai.output.type", "string") \
	X(GEN_AI_PROMPT_NAME, "gen_ai.prompt.name", "string") \
	X(GEN_AI_PROMPT_VERSION, "gen_ai.prompt.version", "string") \
	X(GEN_AI_PROVIDER_NAME, "gen_ai.provider.name", "string") \
	X(GEN_AI_REQUEST_CHOICE_COUNT, "gen_ai.request.choice.count", "int") \
	X(GEN_AI_REQUEST_ENCODING_FORMATS, "gen_ai.request.encoding_formats", "string[]") \
	X(GEN_AI_REQUEST_FREQUENCY_PENALTY, "gen_ai.request.frequency_penalty", "double") \
	X(GEN_AI_REQUEST_MAX_TOKENS, "gen_ai.request.max_tokens", "int") \
	X(GEN_AI_REQUEST_MODEL, "gen_ai.request.model", "string") \
	X(GEN_AI_REQUEST_PRESENCE_PENALTY, "gen_ai.request.presence_penalty", "double") \
	X(GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, "gen_ai.request.previous_response.id", "string") \
	X(GEN_AI_REQUEST_REASONING_LEVEL, "gen_ai.request.reasoning.level", "string") \
	X(GEN_AI_REQUEST_SEED, "gen_ai.request.seed", "int") \
	X(GEN_AI_REQUEST_STOP_SEQUENCES, "gen_ai.request.stop_sequences", "string[]") \
	X(GEN_AI_REQUEST_STREAM, "gen_ai.request.stream", "boolean") \
	X(GEN_AI_REQUEST_STREAM_CURSOR, "gen_ai.request.stream_cursor", "string") \
	X(GEN_AI_REQUEST_TEMPERATURE, "gen_ai.request.temperature", "double") \
	X(GEN_AI_REQUEST_TOP_K, "gen_ai.request.top_k", "int") \
	X(GEN_AI_REQUEST_TOP_P, "gen_ai.request.top_p", "double") \
	X(GEN_AI_RESPONSE_FINISH_REASONS, "gen_ai.response.finish_reasons", "string[]") \
	X(GEN_AI_RESPONSE_ID, "gen_ai.response.id", "string") \
	X(GEN_AI_RESPONSE_MODEL, "gen_ai.response.model", "string") \
	X(GEN_AI_RESPONSE_STATUS, "gen_ai.response.status", "string") \
	X(GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, "gen_ai.response.time_to_first_chunk", "double") \
	X(GEN_AI_RETRIEVAL_DOCUMENTS, "gen_ai.retrieval.documents", "any") \
	X(GEN_AI_RETRIEVAL_QUERY_TEXT, "gen_ai.retrieval.query.text", "string") \
	X(GEN_AI_RETRIEVAL_TOP_K, "gen_ai.retrieval.top_k", "int") \
	X(GEN_AI_SKILL_DESCRIPTION, "gen_ai.skill.description", "string") \
	X(GEN_AI_SKILL_NAME, "gen_ai.skill.name", "string") \
	X(GEN_AI_SKILL_RESOURCE_NAME, "gen_ai.skill.resource.name", "string") \
	X(GEN_AI_SKILL_SOURCE_URI, "gen_ai.skill.source.uri", "string") \
	X(GEN_AI_SYSTEM_INSTRUCTIONS, "gen_ai.system_instructions", "any") \
	X(GEN_AI_TOKEN_MODALITY, "gen_ai.token.modality", "string") \
	X(GEN_AI_TOOL_CALL_ARGUMENTS, "gen_ai.tool.call.arguments", "any") \
	X(GEN_AI_TOOL_CALL_ID, "gen_ai.tool.call.id", "string") \
	X(GEN_AI_TOOL_CALL_RESULT, "gen_ai.tool.call.result", "any") \
	X(GEN_AI_TOOL_DEFINITIONS, "gen_ai.tool.definitions", "any") \
	X(GEN_AI_TOOL_DESCRIPTION, "gen_ai.tool.description", "string") \
	X(GEN_AI_TOOL_NAME, "gen_ai.tool.name", "string") \
	X(GEN_AI_TOOL_TYPE, "gen_ai.tool.type", "string") \
	X(GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS, "gen_ai.usage.audio.cache_read.input_tokens", "int") \
	X(GEN_AI_USAGE_AUDIO_INPUT_TOKENS, "gen_ai.usage.audio.input_tokens", "int") \
	X(GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS, "gen_ai.usage.audio.output_tokens", "int") \
	X(GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, "gen_ai.usage.cache_read.input_tokens", "int") \
	X(GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, "gen_ai.usage.cache_write.input_tokens", "int") \
	X(GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS, "gen_ai.usage.image.cache_read.input_tokens", "int") \
	X(GEN_AI_USAGE_IMAGE_INPUT_TOKENS, "gen_ai.usage.image.input_tokens", "int") \
	X(GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, "gen_ai.usage.image.output_tokens", "int") \
	X(GEN_AI_USAGE_INPUT_TOKENS, "gen_ai.usage.input_tokens", "int") \
	X(GEN_AI_USAGE_OUTPUT_TOKENS, "gen_ai.usage.output_tokens", "int") \
	X(GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, "gen_ai.usage.reasoning.output_tokens", "int") \
	X(GEN_AI_USAGE_TEXT_CACHE_READ_INPUT_TOKENS, "gen_ai.usage.text.cache_read.input_tokens", "int") \
	X(GEN_AI_USAGE_TEXT_INPUT_TOKENS, "gen_ai.usage.text.input_tokens", "int") \
	X(GEN_AI_USAGE_TEXT_OUTPUT_TOKENS, "gen_ai.usage.text.output_tokens", "int") \
	X(GEN_AI_WORKFLOW_NAME, "gen_ai.workflow.name", "string") \
	X(HOST_ARCH, "host.arch", "string") \
	X(HOST_ID, "host.id", "string") \
	X(HOST_NAME, "host.name", "string") \
	X(HTTP_REQUEST_BODY_SIZE, "http.request.body.size", "int") \
	X(HTTP_REQUEST_METHOD, "http.request.method", "string") \
	X(HTTP_REQUEST_METHOD_ORIGINAL, "http.request.method_original", "string") \
	X(HTTP_REQUEST_RESEND_COUNT, "http.request.resend_count", "int") \
	X(HTTP_REQUEST_SIZE, "http.request.size", "int") \
	X(HTTP_RESPONSE_BODY_SIZE, "http.response.body.size", "int") \
	X(HTTP_RESPONSE_SIZE, "http.response.size", "int") \
	X(HTTP_RESPONSE_STATUS_CODE, "http.response.status_code", "int") \
	X(HTTP_ROUTE, "http.route", "string") \
	X(JSONRPC_PROTOCOL_VERSION, "jsonrpc.protocol.version", "string") \
	X(JSONRPC_REQUEST_ID, "jsonrpc.request.id", "string") \
	X(K8S_CLUSTER_NAME, "k8s.cluster.name", "string") \
	X(K8S_CLUSTER_UID, "k8s.cluster.uid", "string") \
	X(K8S_CONTAINER_NAME, "k8s.container.name", "string") \
	X(K8S_CONTAINER_RESTART_COUNT, "k8s.container.restart_count", "int") \
	X(K8S_CRONJOB_NAME, "k8s.cronjob.name", "string") \
	X(K8S_DAEMONSET_NAME, "k8s.daemonset.name", "string") \
	X(K8S_DEPLOYMENT_NAME, "k8s.deployment.name", "string") \
	X(K8S_DEPLOYMENT_UID, "k8s.deployment.uid", "string") \
	X(K8S_JOB_NAME, "k8s.job.name", "string") \
	X(K8S_NAMESPACE_NAME, "k8s.namespace.name", "string") \
	X(K8S_NODE_NAME, "k8s.node.name", "string") \
	X(K8S_NODE_UID, "k8s.node.uid", "string") \
	X(K8S_POD_IP, "k8s.pod.ip", "string") \
	X(K8S_POD_NAME, "k8s.pod.name", "string") \
	X(K8S_POD_UID, "k8s.pod.uid", "string") \
	X(K8S_REPLICASET_NAME, "k8s.replicaset.name", "string") \
	X(K8S_STATEFULSET_NAME, "k8s.statefulset.name", "string") \
	X(MCP_METHOD_NAME, "mcp.method.name", "string") \
	X(MCP_PROTOCOL_VERSION, "mcp.protocol.version", "string") \
	X(MCP_RESOURCE_URI, "mcp.resource.uri", "string") \
	X(MCP_SESSION_ID, "mcp.session.id", "string") \
	X(NETWORK_LOCAL_ADDRESS, "network.local.address", "string") \
	X(NETWORK_LOCAL_PORT, "network.local.port", "int") \
	X(NETWORK_PEER_ADDRESS, "network.peer.address", "string") \
	X(NETWORK_PEER_PORT, "network.peer.port", "int") \
	X(NETWORK_PROTOCOL_NAME, "network.protocol.name", "string") \
	X(NETWORK_PROTOCOL_VERSION, "network.protocol.version", "string") \
	X(NETWORK_TRANSPORT, "network.transport", "string") \
	X(NETWORK_TYPE, "network.type", "string") \
	X(OPENAI_API_TYPE, "openai.api.type", "string") \
	X(OPENAI_REQUEST_SERVICE_TIER, "openai.request.service_tier", "string") \
	X(OPENAI_RESPONSE_SERVICE_TIER, "openai.response.service_tier", "string") \
	X(OPENAI_RESPONSE_SYSTEM_FINGERPRINT, "openai.response.system_fingerprint", "string") \
	X(OS_DESCRIPTION, "os.description", "string") \
	X(OS_TYPE, "os.type", "string") \
	X(OS_VERSION, "os.version", "string") \
	X(PROCESS_COMMAND, "process.command", "string") \
	X(PROCESS_COMMAND_ARGS, "process.command_args", "string[]") \
	X(PROCESS_COMMAND_LINE, "process.command_line", "string") \
	X(PROCESS_CREATION_TIME, "process.creation.time", "string") \
	X(PROCESS_EXECUTABLE_NAME, "process.executable.name", "string") \
	X(PROCESS_EXECUTABLE_PATH, "process.executable.path", "string") \
	X(PROCESS_EXIT_CODE, "process.exit.code", "int") \
	X(PROCESS_LINUX_CGROUP, "process.linux.cgroup", "string") \
	X(PROCESS_OWNER, "process.owner", "string") \
	X(PROCESS_PARENT_PID, "process.parent_pid", "int") \
	X(PROCESS_PID, "process.pid", "int") \
	X(PROCESS_RUNTIME_DESCRIPTION, "process.runtime.description", "string") \
	X(PROCESS_RUNTIME_NAME, "process.runtime.name", "string") \
	X(PROCESS_RUNTIME_VERSION, "process.runtime.version", "string") \
	X(PROCESS_TITLE, "process.title", "string") \
	X(PROCESS_USER_ID, "process.user.id", "int") \
	X(PROCESS_USER_NAME, "process.user.name", "string") \
	X(PROCESS_VPID, "process.vpid", "int") \
	X(PROCESS_WORKING_DIRECTORY, "process.working_directory", "string") \
	X(RPC_METHOD, "rpc.method", "string") \
	X(RPC_RESPONSE_STATUS_CODE, "rpc.response.status_code", "string") \
	X(RPC_SYSTEM_NAME, "rpc.system.name", "string") \
	X(SERVER_ADDRESS, "server.address", "string") \
	X(SERVER_PORT, "server.port", "int") \
	X(SERVICE_INSTANCE_ID, "service.instance.id", "string") \
	X(SERVICE_NAME, "service.name", "string") \
	X(SERVICE_NAMESPACE, "service.namespace", "string") \
	X(SERVICE_VERSION, "service.version", "string") \
	X(SESSION_ID, "session.id", "string") \
	X(SESSION_PREVIOUS_ID, "session.previous_id", "string") \
	X(TELEMETRY_DISTRO_NAME, "telemetry.distro.name", "string") \
	X(TELEMETRY_DISTRO_VERSION, "telemetry.distro.version", "string") \
	X(TELEMETRY_SDK_LANGUAGE, "telemetry.sdk.language", "string") \
	X(TELEMETRY_SDK_NAME, "telemetry.sdk.name", "string") \
	X(TELEMETRY_SDK_VERSION, "telemetry.sdk.version", "string") \
	X(THREAD_ID, "thread.id", "int") \
	X(THREAD_NAME, "thread.name", "string") \
	X(TLS_CIPHER, "tls.cipher", "string") \
	X(TLS_ESTABLISHED, "tls.established", "boolean") \
	X(TLS_NEXT_PROTOCOL, "tls.next_protocol", "string") \
	X(TLS_PROTOCOL_NAME, "tls.protocol.name", "string") \
	X(TLS_PROTOCOL_VERSION, "tls.protocol.version", "string") \
	X(TLS_RESUMED, "tls.resumed", "boolean") \
	X(URL_DOMAIN, "url.domain", "string") \
	X(URL_FULL, "url.full", "string") \
	X(URL_PATH, "url.path", "string") \
	X(URL_PORT, "url.port", "int") \
	X(URL_QUERY, "url.query", "string") \
	X(URL_SCHEME, "url.scheme", "string") \
	X(URL_TEMPLATE, "url.template", "string") \
	X(USER_EMAIL, "user.email", "string") \
	X(USER_HASH, "user.hash", "string") \
	X(USER_ID, "user.id", "string") \
	X(USER_NAME, "user.name", "string") \
	X(USER_AGENT_ORIGINAL, "user_agent.original", "string")

#define SEMCONV_AWS_BEDROCK_GUARDRAIL_ID "aws.bedrock.guardrail.id"
#define SEMCONV_AWS_BEDROCK_KNOWLEDGE_BASE_ID "aws.bedrock.knowledge_base.id"
#define SEMCONV_AZURE_CLIENT_ID "azure.client.id"
#define SEMCONV_AZURE_RESOURCE_GROUP_NAME "azure.resource_group.name"
#define SEMCONV_AZURE_RESOURCE_PROVIDER_NAMESPACE "azure.resource_provider.namespace"
#define SEMCONV_AZURE_SERVICE_REQUEST_ID "azure.service.request.id"
#define SEMCONV_CLIENT_ADDRESS "client.address"
#define SEMCONV_CLIENT_PORT "client.port"
#define SEMCONV_CONTAINER_ID "container.id"
#define SEMCONV_CONTAINER_IMAGE_ID "container.image.id"
#define SEMCONV_CONTAINER_IMAGE_NAME "container.image.name"
#define SEMCONV_CONTAINER_IMAGE_TAGS "container.image.tags"
#define SEMCONV_CONTAINER_NAME "container.name"
#define SEMCONV_CONTAINER_RUNTIME_NAME "container.runtime.name"
#define SEMCONV_ERROR_TYPE "error.type"
#define SEMCONV_EXCEPTION_MESSAGE "exception.message"
#define SEMCONV_EXCEPTION_STACKTRACE "exception.stacktrace"
#define SEMCONV_EXCEPTION_TYPE "exception.type"
#define SEMCONV_GEN_AI_AGENT_DESCRIPTION "gen_ai.agent.description"
#define SEMCONV_GEN_AI_AGENT_ID "gen_ai.agent.id"
#define SEMCONV_GEN_AI_AGENT_NAME "gen_ai.agent.name"
#define SEMCONV_GEN_AI_AGENT_VERSION "gen_ai.agent.version"
#define SEMCONV_GEN_AI_CONVERSATION_COMPACTED "gen_ai.conversation.compacted"
#define SEMCONV_GEN_AI_CONVERSATION_ID "gen_ai.conversation.id"
#define SEMCONV_GEN_AI_DATA_SOURCE_ID "gen_ai.data_source.id"
#define SEMCONV_GEN_AI_EMBEDDINGS_DIMENSION_COUNT "gen_ai.embeddings.dimension.count"
#define SEMCONV_GEN_AI_EVALUATION_EXPLANATION "gen_ai.evaluation.explanation"
#define SEMCONV_GEN_AI_EVALUATION_NAME "gen_ai.evaluation.name"
#define SEMCONV_GEN_AI_EVALUATION_SCORE_LABEL "gen_ai.evaluation.score.label"
#define SEMCONV_GEN_AI_EVALUATION_SCORE_VALUE "gen_ai.evaluation.score.value"
#define SEMCONV_GEN_AI_INPUT_MESSAGES "gen_ai.input.messages"
#define SEMCONV_GEN_AI_MAIN_AGENT_DESCRIPTION "gen_ai.main_agent.description"
#define SEMCONV_GEN_AI_MAIN_AGENT_ID "gen_ai.main_agent.id"
#define SEMCONV_GEN_AI_MAIN_AGENT_NAME "gen_ai.main_agent.name"
#define SEMCONV_GEN_AI_MEMORY_QUERY_TEXT "gen_ai.memory.query.text"
#define SEMCONV_GEN_AI_MEMORY_RECORD_COUNT "gen_ai.memory.record.count"
#define SEMCONV_GEN_AI_MEMORY_RECORD_ID "gen_ai.memory.record.id"
#define SEMCONV_GEN_AI_MEMORY_RECORDS "gen_ai.memory.records"
#define SEMCONV_GEN_AI_MEMORY_STORE_ID "gen_ai.memory.store.id"
#define SEMCONV_GEN_AI_OPERATION_NAME "gen_ai.operation.name"
#define SEMCONV_GEN_AI_OUTPUT_MESSAGES "gen_ai.output.messages"
#define SEMCONV_GEN_AI_OUTPUT_TYPE "gen_ai.output.type"
#define SEMCONV_GEN_AI_PROMPT_NAME "gen_ai.prompt.name"
#define SEMCONV_GEN_AI_PROMPT_VERSION "gen_ai.prompt.version"
#define SEMCONV_GEN_AI_PROVIDER_NAME "gen_ai.provider.name"
#define SEMCONV_GEN_AI_REQUEST_CHOICE_COUNT "gen_ai.request.choice.count"
#define SEMCONV_GEN_AI_REQUEST_ENCODING_FORMATS "gen_ai.request.encoding_formats"
#define SEMCONV_GEN_AI_REQUEST_FREQUENCY_PENALTY "gen_ai.request.frequency_penalty"
#define SEMCONV_GEN_AI_REQUEST_MAX_TOKENS "gen_ai.request.max_tokens"
#define SEMCONV_GEN_AI_REQUEST_MODEL "gen_ai.request.model"
#define SEMCONV_GEN_AI_REQUEST_PRESENCE_PENALTY "gen_ai.request.presence_penalty"
#define SEMCONV_GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID "gen_ai.request.previous_response.id"
#define SEMCONV_GEN_AI_REQUEST_REASONING_LEVEL "gen_ai.request.reasoning.level"
#define SEMCONV_GEN_AI_REQUEST_SEED "gen_ai.request.seed"
#define SEMCONV_GEN_AI_REQUEST_STOP_SEQUENCES "gen_ai.request.stop_sequences"
#define SEMCONV_GEN_AI_REQUEST_STREAM "gen_ai.request.stream"
#define SEMCONV_GEN_AI_REQUEST_STREAM_CURSOR "gen_ai.request.stream_cursor"
#define SEMCONV_GEN_AI_REQUEST_TEMPERATURE "gen_ai.request.temperature"
#define SEMCONV_GEN_AI_REQUEST_TOP_K "gen_ai.request.top_k"
#define SEMCONV_GEN_AI_REQUEST_TOP_P "gen_ai.request.top_p"
#define SEMCONV_GEN_AI_RESPONSE_FINISH_REASONS "gen_ai.response.finish_reasons"
#define SEMCONV_GEN_AI_RESPONSE_ID "gen_ai.response.id"
#define SEMCONV_GEN_AI_RESPONSE_MODEL "gen_ai.response.model"
#define SEMCONV_GEN_AI_RESPONSE_STATUS "gen_ai.response.status"
#define SEMCONV_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK "gen_ai.response.time_to_first_chunk"
#define SEMCONV_GEN_AI_RETRIEVAL_DOCUMENTS "gen_ai.retrieval.documents"
#define SEMCONV_GEN_AI_RETRIEVAL_QUERY_TEXT "gen_ai.retrieval.query.text"
#define SEMCONV_GEN_AI_RETRIEVAL_TOP_K "gen_ai.retrieval.top_k"
#define SEMCONV_GEN_AI_SKILL_DESCRIPTION "gen_ai.skill.description"
#define SEMCONV_GEN_AI_SKILL_NAME "gen_ai.skill.name"
#define SEMCONV_GEN_AI_SKILL_RESOURCE_NAME "gen_ai.skill.resource.name"
#define SEMCONV_GEN_AI_SKILL_SOURCE_URI "gen_ai.skill.source.uri"
#define SEMCONV_GEN_AI_SYSTEM_INSTRUCTIONS "gen_ai.system_instructions"
#define SEMCONV_GEN_AI_TOKEN_MODALITY "gen_ai.token.modality"
#define SEMCONV_GEN_AI_TOOL_CALL_ARGUMENTS "gen_ai.tool.call.arguments"
#define SEMCONV_GEN_AI_TOOL_CALL_ID "gen_ai.tool.call.id"
#define SEMCONV_GEN_AI_TOOL_CALL_RESULT "gen_ai.tool.call.result"
#define SEMCONV_GEN_AI_TOOL_DEFINITIONS "gen_ai.tool.definitions"
#define SEMCONV_GEN_AI_TOOL_DESCRIPTION "gen_ai.tool.description"
#define SEMCONV_GEN_AI_TOOL_NAME "gen_ai.tool.name"
#define SEMCONV_GEN_AI_TOOL_TYPE "gen_ai.tool.type"
#define SEMCONV_GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS "gen_ai.usage.audio.cache_read.input_tokens"
#define SEMCONV_GEN_AI_USAGE_AUDIO_INPUT_TOKENS "gen_ai.usage.audio.input_tokens"
#define SEMCONV_GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS "gen_ai.usage.audio.output_tokens"
#define SEMCONV_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS "gen_ai.usage.cache_read.input_tokens"
#define SEMCONV_GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS "gen_ai.usage.cache_write.input_tokens"
#define SEMCONV_GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS "gen_ai.usage.image.cache_read.input_tokens"
#define SEMCONV_GEN_AI_USAGE_IMAGE_INPUT_TOKENS "gen_ai.usage.image.input_tokens"
#define SEMCONV_GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS "gen_ai.usage.image.output_tokens"
#define SEMCONV_GEN_AI_USAGE_INPUT_TOKENS "gen_ai.usage.input_tokens"
#define SEMCONV_GEN_AI_USAGE_OUTPUT_TOKENS "gen_ai.usage.output_tokens"
#define SEMCONV_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS "gen_ai.usage.reasoning.output_tokens"
#define SEMCONV_GEN_AI_USAGE_TEXT_CACHE_READ_INPUT_TOKENS "gen_ai.usage.text.cache_read.input_tokens"
#define SEMCONV_GEN_AI_USAGE_TEXT_INPUT_TOKENS "gen_ai.usage.text.input_tokens"
#define SEMCONV_GEN_AI_USAGE_TEXT_OUTPUT_TOKENS "gen_ai.usage.text.output_tokens"
#define SEMCONV_GEN_AI_WORKFLOW_NAME "gen_ai.workflow.name"
#define SEMCONV_HOST_ARCH "host.arch"
#define SEMCONV_HOST_ID "host.id"
#define SEMCONV_HOST_NAME "host.name"
#define SEMCONV_HTTP_REQUEST_BODY_SIZE "http.request.body.size"
#define SEMCONV_HTTP_REQUEST_METHOD "http.request.method"
#define SEMCONV_HTTP_REQUEST_METHOD_ORIGINAL "http.request.method_original"
#define SEMCONV_HTTP_REQUEST_RESEND_COUNT "http.request.resend_count"
#define SEMCONV_HTTP_REQUEST_SIZE "http.request.size"
#define SEMCONV_HTTP_RESPONSE_BODY_SIZE "http.response.body.size"
#define SEMCONV_HTTP_RESPONSE_SIZE "http.response.size"
#define SEMCONV_HTTP_RESPONSE_STATUS_CODE "http.response.status_code"
#define SEMCONV_HTTP_ROUTE "http.route"
#define SEMCONV_JSONRPC_PROTOCOL_VERSION "jsonrpc.protocol.version"
#define SEMCONV_JSONRPC_REQUEST_ID "jsonrpc.request.id"
#define SEMCONV_K8S_CLUSTER_NAME "k8s.cluster.name"
#define SEMCONV_K8S_CLUSTER_UID "k8s.cluster.uid"
#define SEMCONV_K8S_CONTAINER_NAME "k8s.container.name"
#define SEMCONV_K8S_CONTAINER_RESTART_COUNT "k8s.container.restart_count"
#define SEMCONV_K8S_CRONJOB_NAME "k8s.cronjob.name"
#define SEMCONV_K8S_DAEMONSET_NAME "k8s.daemonset.name"
#define SEMCONV_K8S_DEPLOYMENT_NAME "k8s.deployment.name"
#define SEMCONV_K8S_DEPLOYMENT_UID "k8s.deployment.uid"
#define SEMCONV_K8S_JOB_NAME "k8s.job.name"
#define SEMCONV_K8S_NAMESPACE_NAME "k8s.namespace.name"
#define SEMCONV_K8S_NODE_NAME "k8s.node.name"
#define SEMCONV_K8S_NODE_UID "k8s.node.uid"
#define SEMCONV_K8S_POD_IP "k8s.pod.ip"
#define SEMCONV_K8S_POD_NAME "k8s.pod.name"
#define SEMCONV_K8S_POD_UID "k8s.pod.uid"
#define SEMCONV_K8S_REPLICASET_NAME "k8s.replicaset.name"
#define SEMCONV_K8S_STATEFULSET_NAME "k8s.statefulset.name"
#define SEMCONV_MCP_METHOD_NAME "mcp.method.name"
#define SEMCONV_MCP_PROTOCOL_VERSION "mcp.protocol.version"
#define SEMCONV_MCP_RESOURCE_URI "mcp.resource.uri"
#define SEMCONV_MCP_SESSION_ID "mcp.session.id"
#define SEMCONV_NETWORK_LOCAL_ADDRESS "network.local.address"
#define SEMCONV_NETWORK_LOCAL_PORT "network.local.port"
#define SEMCONV_NETWORK_PEER_ADDRESS "network.peer.address"
#define SEMCONV_NETWORK_PEER_PORT "network.peer.port"
#define SEMCONV_NETWORK_PROTOCOL_NAME "network.protocol.name"
#define SEMCONV_NETWORK_PROTOCOL_VERSION "network.protocol.version"
#define SEMCONV_NETWORK_TRANSPORT "network.transport"
#define SEMCONV_NETWORK_TYPE "network.type"
#define SEMCONV_OPENAI_API_TYPE "openai.api.type"
#define SEMCONV_OPENAI_REQUEST_SERVICE_TIER "openai.request.service_tier"
#define SEMCONV_OPENAI_RESPONSE_SERVICE_TIER "openai.response.service_tier"
#define SEMCONV_OPENAI_RESPONSE_SYSTEM_FINGERPRINT "openai.response.system_fingerprint"
#define SEMCONV_OS_DESCRIPTION "os.description"
#define SEMCONV_OS_TYPE "os.type"
#define SEMCONV_OS_VERSION "os.version"
#define SEMCONV_PROCESS_COMMAND "process.command"
#define SEMCONV_PROCESS_COMMAND_ARGS "process.command_args"
#define SEMCONV_PROCESS_COMMAND_LINE "process.command_line"
#define SEMCONV_PROCESS_CREATION_TIME "process.creation.time"
#define SEMCONV_PROCESS_EXECUTABLE_NAME "process.executable.name"
#define SEMCONV_PROCESS_EXECUTABLE_PATH "process.executable.path"
#define SEMCONV_PROCESS_EXIT_CODE "process.exit.code"
#define SEMCONV_PROCESS_LINUX_CGROUP "process.linux.cgroup"
#define SEMCONV_PROCESS_OWNER "process.owner"
#define SEMCONV_PROCESS_PARENT_PID "process.parent_pid"
#define SEMCONV_PROCESS_PID "process.pid"
#define SEMCONV_PROCESS_RUNTIME_DESCRIPTION "process.runtime.description"
#define SEMCONV_PROCESS_RUNTIME_NAME "process.runtime.name"
#define SEMCONV_PROCESS_RUNTIME_VERSION "process.runtime.version"
#define SEMCONV_PROCESS_TITLE "process.title"
#define SEMCONV_PROCESS_USER_ID "process.user.id"
#define SEMCONV_PROCESS_USER_NAME "process.user.name"
#define SEMCONV_PROCESS_VPID "process.vpid"
#define SEMCONV_PROCESS_WORKING_DIRECTORY "process.working_directory"
#define SEMCONV_RPC_METHOD "rpc.method"
#define SEMCONV_RPC_RESPONSE_STATUS_CODE "rpc.response.status_code"
#define SEMCONV_RPC_SYSTEM_NAME "rpc.system.name"
#define SEMCONV_SERVER_ADDRESS "server.address"
#define SEMCONV_SERVER_PORT "server.port"
#define SEMCONV_SERVICE_INSTANCE_ID "service.instance.id"
#define SEMCONV_SERVICE_NAME "service.name"
#define SEMCONV_SERVICE_NAMESPACE "service.namespace"
#define SEMCONV_SERVICE_VERSION "service.version"
#define SEMCONV_SESSION_ID "session.id"
#define SEMCONV_SESSION_PREVIOUS_ID "session.previous_id"
#define SEMCONV_TELEMETRY_DISTRO_NAME "telemetry.distro.name"
#define SEMCONV_TELEMETRY_DISTRO_VERSION "telemetry.distro.version"
#define SEMCONV_TELEMETRY_SDK_LANGUAGE "telemetry.sdk.language"
#define SEMCONV_TELEMETRY_SDK_NAME "telemetry.sdk.name"
#define SEMCONV_TELEMETRY_SDK_VERSION "telemetry.sdk.version"
#define SEMCONV_THREAD_ID "thread.id"
#define SEMCONV_THREAD_NAME "thread.name"
#define SEMCONV_TLS_CIPHER "tls.cipher"
#define SEMCONV_TLS_ESTABLISHED "tls.established"
#define SEMCONV_TLS_NEXT_PROTOCOL "tls.next_protocol"
#define SEMCONV_TLS_PROTOCOL_NAME "tls.protocol.name"
#define SEMCONV_TLS_PROTOCOL_VERSION "tls.protocol.version"
#define SEMCONV_TLS_RESUMED "tls.resumed"
#define SEMCONV_URL_DOMAIN "url.domain"
#define SEMCONV_URL_FULL "url.full"
#define SEMCONV_URL_PATH "url.path"
#define SEMCONV_URL_PORT "url.port"
#define SEMCONV_URL_QUERY "url.query"
#define SEMCONV_URL_SCHEME "url.scheme"
#define SEMCONV_URL_TEMPLATE "url.template"
#define SEMCONV_USER_EMAIL "user.email"
#define SEMCONV_USER_HASH "user.hash"
#define SEMCONV_USER_ID "user.id"
#define SEMCONV_USER_NAME "user.name"
#define SEMCONV_USER_AGENT_ORIGINAL "user_agent.original"

#endif /* EARSHOT_SEMCONV_NAMES_H */
