// SPDX-License-Identifier: Apache-2.0
#include "exchange/kind.h"

#include "proto/eventstream.h"

static const struct {
	struct sv type;
	enum ex_kind kind;
} types[] = {
	{ { "text/event-stream", 17 }, EX_SSE },
	{ { "application/x-ndjson", 20 }, EX_JSON_LINES },
	{ { "application/ndjson", 18 }, EX_JSON_LINES },
	{ { "application/jsonl", 17 }, EX_JSON_LINES },
	{ { "application/x-jsonlines", 23 }, EX_JSON_LINES },
	{ { "application/jsonlines", 21 }, EX_JSON_LINES },
	{ { "application/json-lines", 22 }, EX_JSON_LINES },
	{ { "application/stream+json", 23 }, EX_JSON_LINES },
	{ { "application/vnd.amazon.eventstream", 34 }, EX_EVENT_STREAM },
	{ { "application/grpc", 16 }, EX_GRPC },
	{ { "application/grpc-web", 20 }, EX_GRPC },
};

/* What such a type holds is not worth a look: no model answers with it. */
static const struct sv opaque[] = {
	{ "image/", 6 },	   { "audio/", 6 },
	{ "video/", 6 },	   { "font/", 5 },
	{ "text/html", 9 },	   { "text/css", 8 },
	{ "text/javascript", 15 }, { "application/zip", 15 },
	{ "application/pdf", 15 },
};

static struct sv media_type(struct sv content_type)
{
	return sv_trim(sv_cut(content_type, sv_find(content_type, ';')));
}

static bool starts_nocase(struct sv s, struct sv prefix)
{
	return s.len >= prefix.len && sv_eq_nocase(sv_cut(s, prefix.len), prefix);
}

enum ex_kind kind_declared(struct sv content_type)
{
	struct sv type = media_type(content_type);
	/* "application/grpc+proto" is application/grpc. */
	struct sv base = sv_cut(type, sv_find(type, '+'));

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (sv_eq_nocase(type, types[i].type))
			return types[i].kind;
		if (types[i].kind == EX_GRPC && sv_eq_nocase(base, types[i].type))
			return EX_GRPC;
	}
	return starts_nocase(type, SV("multipart/")) ? EX_MULTIPART : EX_PLAIN;
}

bool kind_doubtful(struct sv content_type)
{
	enum ex_kind kind = kind_declared(content_type);

	if (kind != EX_PLAIN)
		return kind != EX_GRPC && kind != EX_MULTIPART;
	for (size_t i = 0; i < ARRAY_SIZE(opaque); i++) {
		if (starts_nocase(media_type(content_type), opaque[i]))
			return false;
	}
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct sv skip_blanks(struct sv s)
{
	while (s.len && is_blank(s.p[0]))
		s = sv_skip(s, 1);
	return s;
}

enum verdict {
	NO,
	YES,
	MORE, /* as far as there are bytes, it fits */
};

/* The first line of an event stream: a field that is known, or a comment. */
static enum verdict is_sse(struct sv first)
{
	static const struct sv starts[] = {
		{ "data:", 5 }, { "event:", 6 }, { "id:", 3 }, { "retry:", 6 }, { ":", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		if (sv_starts(first, starts[i]))
			return YES;
		if (sv_starts(starts[i], first))
			return MORE;
	}
	return NO;
}

/*
 * Lines of JSON: an object ends where its line ends, and another one begins the next line. first
 * begins with '{'.
 */
static enum verdict is_lines(struct sv first)
{
	bool string = false, line_end = false;
	size_t i = 0, depth = 0;

	do {
		char c = first.p[i++];

		if (string && c == '\\')
			i++;
		else if (c == '"')
			string = !string;
		else if (!string && (c == '{' || c == '['))
			depth++;
		else if (!string && (c == '}' || c == ']'))
			depth--;
	} while (depth && i < first.len);
	if (depth)
		return MORE;
	for (; i < first.len && is_blank(first.p[i]); i++)
		line_end |= first.p[i] == '\n';
	if (i == first.len)
		return MORE;
	return line_end && first.p[i] == '{' ? YES : NO;
}

/* Announced as one document, or not at all. */
static enum verdict sniff_plain(struct sv first, enum ex_kind *ret)
{
	enum verdict v;

	if (sv_starts(first, SV("\xef\xbb\xbf")))
		first = sv_skip(first, 3);
	else if (sv_starts(SV("\xef\xbb\xbf"), first))
		return MORE;
	if (first.len && (first.p[0] == 0 || first.p[0] == 1)) {
		v = first.len < EVENTSTREAM_PRELUDE ? MORE
		    : eventstream_plausible(first)  ? YES
						    : NO;
		*ret = EX_EVENT_STREAM;
		return v;
	}
	first = skip_blanks(first);
	if (!first.len)
		return MORE;
	*ret = first.p[0] == '{' ? EX_JSON_LINES : EX_SSE;
	return first.p[0] == '{' ? is_lines(first) : is_sse(first);
}

/* Announced as a stream: an error comes as one document all the same. */
static enum verdict sniff_stream(enum ex_kind declared, struct sv first)
{
	bool mark = declared == EX_EVENT_STREAM;

	/* The first byte of a prelude is never a blank. */
	if (!mark)
		first = skip_blanks(first);
	if (!first.len)
		return MORE;
	if (first.p[0] != '{' && first.p[0] != '[')
		return NO;
	if (declared != EX_JSON_LINES)
		return YES;
	/* A line begins like this, too; one that is written over several lines ends at once. */
	if (first.len == 1)
		return MORE;
	return first.p[1] == '\n' || first.p[1] == '\r' ? YES : NO;
}

bool kind_sniff(enum ex_kind declared, struct sv first, bool over, enum ex_kind *ret)
{
	enum ex_kind other = EX_PLAIN;
	enum verdict v =
		declared == EX_PLAIN ? sniff_plain(first, &other) : sniff_stream(declared, first);

	if (v == MORE && !over && first.len < KIND_SNIFF_MAX)
		return false;
	*ret = v == YES ? other : declared;
	return true;
}
