// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <stdio.h>

#include "semconv/attrs.h"

/* Of a provider's name for the request, where the convention has no attribute. */
#define AWS_REQUEST_ID "aws.request_id"

#define AZURE_NAMESPACE "Microsoft.CognitiveServices"

static void peer_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	bool server = c->role == CALL_SERVER;
	char text[INET6_ADDRSTRLEN];
	struct sv address;

	if ((c->peer_family != AF_INET && c->peer_family != AF_INET6) ||
	    !inet_ntop(c->peer_family, c->peer_addr, text, sizeof(text)))
		return;
	address = arena_copy(a, sv_of(text));
	attrs_string(as, a, SEMCONV_NETWORK_PEER_ADDRESS, address);
	attrs_int(as, a, SEMCONV_NETWORK_PEER_PORT, c->peer_port);
	if (!server)
		return;
	/* No header that names a client is believed. */
	attrs_string(as, a, SEMCONV_CLIENT_ADDRESS, address);
	attrs_int(as, a, SEMCONV_CLIENT_PORT, c->peer_port);
}

static void version_attr(struct attrs *as, const struct call *c, struct arena *a)
{
	char text[16];

	if (!c->http.major)
		return;
	if (c->http.major >= 2)
		snprintf(text, sizeof(text), "%u", c->http.major);
	else
		snprintf(text, sizeof(text), "%u.%u", c->http.major, c->http.minor);
	attrs_string(as, a, SEMCONV_NETWORK_PROTOCOL_VERSION, arena_copy(a, sv_of(text)));
}

static void provider_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	const char *name = c->provider ? c->provider : "";

	if (strcmp(name, "aws.bedrock") == 0)
		attrs_string(as, a, AWS_REQUEST_ID, c->resp.request_id);
	if (strncmp(name, "azure.ai.", 9))
		return;
	attrs_string(as, a, SEMCONV_AZURE_RESOURCE_PROVIDER_NAMESPACE, SV(AZURE_NAMESPACE));
	attrs_string(as, a, SEMCONV_AZURE_SERVICE_REQUEST_ID, c->resp.request_id);
}

void net_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	if (c->status)
		attrs_int(as, a, SEMCONV_HTTP_RESPONSE_STATUS_CODE, c->status);
	if (c->server_address.len && c->server_port)
		attrs_int(as, a, SEMCONV_SERVER_PORT, c->server_port);
	peer_attrs(as, c, a);
	if (c->op == CALL_HTTP || c->op == CALL_MCP)
		version_attr(as, c, a);
	provider_attrs(as, c, a);
}
