// SPDX-License-Identifier: Apache-2.0
#include "proto/jsonrpc.h"

void jsonrpc_init(struct jsonrpc *j, const struct jsonrpc_ops *ops, void *ctx)
{
	*j = (struct jsonrpc){ .ops = ops, .ctx = ctx };
}

static void begin(struct jsonrpc *j, int state, uint64_t time)
{
	j->state = state;
	j->whole = true;
	j->ops->begin(j->ctx, time);
}

static void end(struct jsonrpc *j, uint64_t time)
{
	j->state = JSONRPC_BETWEEN;
	j->ops->end(j->ctx, j->whole, time);
}

static size_t feed_line(struct jsonrpc *j, struct sv bytes, uint64_t time)
{
	const char *lf = memchr(bytes.p, '\n', bytes.len);
	size_t n = lf ? (size_t)(lf - bytes.p) : bytes.len;

	if (n)
		j->ops->piece(j->ctx, sv_cut(bytes, n));
	if (!lf)
		return n;
	end(j, time);
	return n + 1;
}

static size_t feed_body(struct jsonrpc *j, struct sv bytes, uint64_t time)
{
	struct sv piece = sv_cut(bytes, j->left < bytes.len ? (size_t)j->left : bytes.len);

	j->ops->piece(j->ctx, piece);
	j->left -= piece.len;
	if (!j->left)
		end(j, time);
	return piece.len;
}

/* The value of Content-Length in the header read; 0 when there is none. */
static uint64_t content_length(struct sv header)
{
	while (header.len) {
		const char *lf = memchr(header.p, '\n', header.len);
		struct sv line = sv_cut(header, lf ? (size_t)(lf - header.p) : header.len);
		uint64_t n = 0;

		line = sv_trim(sv_ends(line, SV("\r")) ? sv_cut(line, line.len - 1) : line);
		if (line.len > 15 && sv_eq_nocase(sv_cut(line, 15), SV("Content-Length:"))) {
			line = sv_trim(sv_skip(line, 15));
			for (size_t i = 0; i < line.len && i < 12; i++) {
				if (line.p[i] < '0' || line.p[i] > '9')
					return 0;
				n = n * 10 + (uint64_t)(line.p[i] - '0');
			}
			return n;
		}
		header = lf ? sv_skip(header, (size_t)(lf - header.p) + 1) : SV_NONE;
	}
	return 0;
}

static void drop_header(struct jsonrpc *j)
{
	j->ops->junk(j->ctx, j->header_len);
	j->header_len = 0;
	j->state = JSONRPC_LOST;
}

static size_t feed_header(struct jsonrpc *j, struct sv bytes, uint64_t time)
{
	size_t n = 0;

	while (n < bytes.len && j->state == JSONRPC_HEADER) {
		struct sv have;

		if (j->header_len == sizeof(j->header)) {
			drop_header(j);
			break;
		}
		j->header[j->header_len++] = bytes.p[n++];
		have = (struct sv){ j->header, j->header_len };
		if (!sv_ends(have, SV("\r\n\r\n")) && !sv_ends(have, SV("\n\n")))
			continue;
		j->left = content_length(have);
		if (!j->left) {
			drop_header(j);
			break;
		}
		j->header_len = 0;
		begin(j, JSONRPC_BODY, time);
	}
	return n;
}

static bool is_blank(char c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static size_t feed_between(struct jsonrpc *j, char c, uint64_t time)
{
	if (is_blank(c))
		return 1;
	if (c == '{' || c == '[')
		begin(j, JSONRPC_LINE, time);
	else if (c == 'C' || c == 'c')
		j->state = JSONRPC_HEADER;
	else
		j->state = JSONRPC_LOST;
	return 0;
}

/* To the next line: what a server says of itself, or the rest of a message whose start is lost. */
static size_t feed_lost(struct jsonrpc *j, struct sv bytes)
{
	const char *lf = memchr(bytes.p, '\n', bytes.len);
	size_t n = lf ? (size_t)(lf - bytes.p) + 1 : bytes.len;

	j->ops->junk(j->ctx, n);
	if (lf)
		j->state = JSONRPC_BETWEEN;
	return n;
}

void jsonrpc_feed(struct jsonrpc *j, struct sv bytes, uint64_t time)
{
	while (bytes.len) {
		size_t n = 0;

		switch (j->state) {
		case JSONRPC_BETWEEN:
			n = feed_between(j, bytes.p[0], time);
			break;
		case JSONRPC_HEADER:
			n = feed_header(j, bytes, time);
			break;
		case JSONRPC_LINE:
			n = feed_line(j, bytes, time);
			break;
		case JSONRPC_BODY:
			n = feed_body(j, bytes, time);
			break;
		case JSONRPC_LOST:
			n = feed_lost(j, bytes);
			break;
		}
		bytes = sv_skip(bytes, n);
	}
}

void jsonrpc_gap(struct jsonrpc *j, uint64_t count, uint64_t time)
{
	j->whole = false;
	if (j->state == JSONRPC_BODY && count < j->left) {
		j->left -= count;
		return;
	}
	if (j->state == JSONRPC_BODY || j->state == JSONRPC_LINE) {
		bool exact = j->state == JSONRPC_BODY && count == j->left;

		end(j, time);
		j->state = exact ? JSONRPC_BETWEEN : JSONRPC_LOST;
		return;
	}
	if (j->state == JSONRPC_HEADER)
		drop_header(j);
	j->state = JSONRPC_LOST;
}

void jsonrpc_close(struct jsonrpc *j, uint64_t time)
{
	if (j->state == JSONRPC_HEADER)
		drop_header(j);
	if (j->state == JSONRPC_BODY || j->state == JSONRPC_LINE) {
		j->whole = false;
		end(j, time);
	}
	j->state = JSONRPC_BETWEEN;
}
