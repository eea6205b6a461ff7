// SPDX-License-Identifier: Apache-2.0
#include "semconv/attrs.h"

/* What the convention has no name for. */
#define EARSHOT_REQUEST_MESSAGES  "earshot.http.request.messages"
#define EARSHOT_RESPONSE_MESSAGES "earshot.http.response.messages"

/* RFC 9110 section 9, RFC 5789, RFC 10008 (QUERY). */
static const char *const methods[] = { "GET",	  "POST",    "PUT",   "DELETE", "HEAD",
				       "OPTIONS", "CONNECT", "TRACE", "PATCH",	"QUERY" };

struct sv http_method(const struct call *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (sv_eq(c->http.method, sv_of(methods[i])))
			return sv_of(methods[i]);
	}
	return SV("_OTHER");
}

static struct sv scheme_of(const struct call *c)
{
	if (c->http.websocket)
		return c->http.tls ? SV("wss") : SV("ws");
	return c->http.tls ? SV("https") : SV("http");
}

static void append_port(const struct call *c, struct sv *url, struct arena *a)
{
	char digits[8];
	size_t n = sizeof(digits);

	if (!c->server_port || c->server_port == (c->http.tls ? 443 : 80))
		return;
	for (unsigned int v = c->server_port; v; v /= 10)
		digits[--n] = (char)('0' + v % 10);
	digits[--n] = ':';
	arena_append(a, url, (struct sv){ digits + n, sizeof(digits) - n });
}

/* Without query and user information: both may hold what is nobody's business. */
static void url_attr(struct attrs *as, const struct call *c, struct arena *a)
{
	struct sv url = arena_copy(a, scheme_of(c));
	bool v6 = sv_find(c->server_address, ':') < c->server_address.len;

	if (!url.p || !c->server_address.len)
		return;
	arena_append(a, &url, v6 ? SV("://[") : SV("://"));
	arena_append(a, &url, c->server_address);
	if (v6)
		arena_append(a, &url, SV("]"));
	append_port(c, &url, a);
	if (arena_append(a, &url, c->http.path) == 0)
		attrs_string(as, a, SEMCONV_URL_FULL, url);
}

/* Names of gRPC's status codes, 0 to 16. */
static const char *const grpc_codes[] = {
	"OK",
	"CANCELLED",
	"UNKNOWN",
	"INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED",
	"NOT_FOUND",
	"ALREADY_EXISTS",
	"PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION",
	"ABORTED",
	"OUT_OF_RANGE",
	"UNIMPLEMENTED",
	"INTERNAL",
	"UNAVAILABLE",
	"DATA_LOSS",
	"UNAUTHENTICATED",
};

static void grpc_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	int64_t code = c->http.grpc_status.v;

	if (!c->http.grpc_method.len)
		return;
	attrs_string(as, a, SEMCONV_RPC_SYSTEM_NAME, SV("grpc"));
	attrs_string(as, a, SEMCONV_RPC_METHOD, c->http.grpc_method);
	if (c->http.grpc_status.set && code >= 0 && code < (int64_t)ARRAY_SIZE(grpc_codes))
		attrs_string(as, a, SEMCONV_RPC_RESPONSE_STATUS_CODE, sv_of(grpc_codes[code]));
}

void http_attrs(struct attrs *as, const struct call *c, struct arena *a)
{
	struct sv method = http_method(c);

	if (c->http.method.len) {
		attrs_string(as, a, SEMCONV_HTTP_REQUEST_METHOD, method);
		if (!sv_eq(method, c->http.method))
			attrs_string(as, a, SEMCONV_HTTP_REQUEST_METHOD_ORIGINAL, c->http.method);
	}
	if (c->role == CALL_CLIENT) {
		url_attr(as, c, a);
	} else {
		attrs_string(as, a, SEMCONV_URL_PATH, c->http.path);
		attrs_string(as, a, SEMCONV_URL_SCHEME, scheme_of(c));
	}
	attrs_string(as, a, SEMCONV_USER_AGENT_ORIGINAL, c->user_agent);
	if (c->http.request_messages)
		attrs_int(as, a, EARSHOT_REQUEST_MESSAGES, (int64_t)c->http.request_messages);
	if (c->http.response_messages)
		attrs_int(as, a, EARSHOT_RESPONSE_MESSAGES, (int64_t)c->http.response_messages);
	grpc_attrs(as, c, a);
}
