// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "semconv/attrs.h"

/* What the convention has no name for. */
#define EARSHOT_MCP_PROGRESS	"earshot.mcp.progress.count"
#define EARSHOT_MCP_SERVER_NAME "earshot.mcp.server.name"
#define EARSHOT_MCP_CLIENT_NAME "earshot.mcp.client.name"

void mcp_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	char text[24];

	if (sv_eq(c->mcp.method, SV("tools/call")))
		attrs_string(as, a, SEMCONV_GEN_AI_OPERATION_NAME, SV("execute_tool"));
	if (c->mcp.transport == CALL_TRANSPORT_PIPE)
		attrs_string(as, a, SEMCONV_NETWORK_TRANSPORT, SV("pipe"));
	if (c->mcp.transport == CALL_TRANSPORT_HTTP) {
		attrs_string(as, a, SEMCONV_NETWORK_TRANSPORT,
			     c->http.major == 3 ? SV("quic") : SV("tcp"));
		attrs_string(as, a, SEMCONV_NETWORK_PROTOCOL_NAME, SV("http"));
	}
	if (c->mcp.error_code.set) {
		snprintf(text, sizeof(text), "%lld", (long long)c->mcp.error_code.v);
		attrs_string(as, a, SEMCONV_RPC_RESPONSE_STATUS_CODE, arena_copy(a, sv_of(text)));
	}
	attrs_string(as, a, EARSHOT_MCP_SERVER_NAME, c->mcp.server_name);
	attrs_string(as, a, EARSHOT_MCP_CLIENT_NAME, c->mcp.client_name);
	if (c->mcp.progress)
		attrs_int(as, a, EARSHOT_MCP_PROGRESS, c->mcp.progress);
}
