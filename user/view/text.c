// SPDX-License-Identifier: Apache-2.0
#include "view/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/utf8.h"

/* Most of a name that is shown: a line is for reading. */
#define NAME_MAX_SHOWN 80
#define TOOLS_SHOWN    6

static const char *const codes[] = {
	[PLAIN] = "",	    [DIM] = "\x1b[2m",	   [BOLD] = "\x1b[1m",
	[RED] = "\x1b[31m", [YELLOW] = "\x1b[33m",
};

void text_on(struct text *t, enum colour c)
{
	if (t->colour && c != PLAIN)
		buf_add(t->out, sv_of(codes[c]));
}

void text_off(struct text *t, enum colour c)
{
	if (t->colour && c != PLAIN)
		buf_add(t->out, SV("\x1b[0m"));
}

void text_put(struct text *t, enum colour c, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	text_on(t, c);
	buf_add(t->out, sv_of(line));
	text_off(t, c);
}

/* Characters that move the cursor, start a command or turn the text around. */
static bool is_hidden(const char *p, size_t n)
{
	const unsigned char *c = (const unsigned char *)p;

	if (n == 1)
		return c[0] < ' ' || c[0] == 0x7f;
	if (n == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	if (n != 3 || c[0] != 0xe2)
		return false;
	return (c[1] == 0x80 &&
		((c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xa8 && c[2] <= 0xae))) ||
	       (c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf);
}

static size_t char_len(struct sv s)
{
	size_t n = 1;

	while (n < s.len && n < 4 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n++;
	return utf8_valid_len(sv_cut(s, n));
}

int view_escape(struct buf *out, struct sv s)
{
	while (s.len) {
		size_t n = char_len(s);

		if (n && !is_hidden(s.p, n)) {
			buf_add(out, sv_cut(s, n));
			s = sv_skip(s, n);
			continue;
		}
		buf_addf(out, "\\x%02x", (unsigned char)s.p[0]);
		s = sv_skip(s, 1);
	}
	return out->failed ? -ENOMEM : 0;
}

void text_wire(struct text *t, enum colour c, struct sv s, size_t max)
{
	struct sv cut = utf8_cut(s, max);

	text_on(t, c);
	view_escape(t->out, cut);
	if (cut.len < s.len)
		buf_add(t->out, SV("..."));
	text_off(t, c);
}

void text_number(struct text *t, enum colour c, int64_t v)
{
	char digits[24], out[32];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)v), n = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
			out[n++] = ',';
		out[n++] = digits[i];
	}
	out[n] = '\0';
	text_put(t, c, "%s", out);
}

void text_process(struct text *t, const struct process *p, uint32_t tgid)
{
	struct sv name = p ? p->exe.len ? p->exe : p->comm : SV_NONE;

	name = sv_behind_last(name, '/');
	if (name.len)
		text_wire(t, PLAIN, name, NAME_MAX_SHOWN);
	text_put(t, DIM, "[%u]", process_pid(p, tgid));
}

static void put_tokens(struct text *t, const struct call_usage *u)
{
	if (u->input.set) {
		text_put(t, DIM, "  in ");
		text_number(t, PLAIN, u->input.v);
	}
	if (u->cache_read.set && u->cache_read.v) {
		text_put(t, DIM, " (");
		text_number(t, DIM, u->cache_read.v);
		text_put(t, DIM, " cached)");
	}
	if (u->output.set) {
		text_put(t, DIM, "  out ");
		text_number(t, PLAIN, u->output.v);
	}
	if (u->reasoning.set && u->reasoning.v) {
		text_put(t, DIM, " (");
		text_number(t, DIM, u->reasoning.v);
		text_put(t, DIM, " reasoning)");
	}
}

static void put_times(struct text *t, const struct call *c)
{
	text_put(t, PLAIN, "  %.2fs", (double)(c->t_end - c->t_start) / 1e9);
	if (c->t_first_chunk > c->t_start)
		text_put(t, DIM, " (first %.2fs)", (double)(c->t_first_chunk - c->t_start) / 1e9);
}

static void put_finish(struct text *t, const struct call *c)
{
	for (size_t i = 0; i < c->resp.finish_reasons.count; i++) {
		buf_add(t->out, i ? SV(",") : SV("  "));
		text_wire(t, PLAIN, c->resp.finish_reasons.v[i], NAME_MAX_SHOWN);
	}
}

static void put_tools(struct text *t, const struct call *c)
{
	const struct call_tool *tool = c->tools;

	for (size_t i = 0; tool && i < TOOLS_SHOWN; i++, tool = tool->next) {
		text_put(t, DIM, "%s", i ? ", " : "  tools ");
		text_wire(t, PLAIN, tool->name, NAME_MAX_SHOWN);
	}
	if (tool)
		text_put(t, DIM, ", ... %zu in all", c->tool_count);
}

static void put_trouble(struct text *t, const struct call *c)
{
	if (c->req.resend_count.set)
		text_put(t, YELLOW, "  retry %lld", (long long)c->req.resend_count.v);
	if (c->error_type.len) {
		text_put(t, RED, "  error ");
		text_wire(t, RED, c->error_type, NAME_MAX_SHOWN);
		if (c->status >= 400)
			text_put(t, RED, " (%u)", c->status);
	}
	for (unsigned int i = 0, n = 0; i < CALL_LOSS_COUNT; i++) {
		if (c->loss & (1u << i))
			text_put(t, YELLOW, "%s%s", n++ ? ", " : "  incomplete: ",
				 call_loss_name((enum call_loss_bit)i));
	}
	if (c->lost_bytes) {
		text_put(t, YELLOW, ", ");
		text_number(t, YELLOW, (int64_t)c->lost_bytes);
		text_put(t, YELLOW, " bytes lost");
	}
}

static void put_mcp(struct text *t, const struct call *c)
{
	struct sv about = c->mcp.tool.len     ? c->mcp.tool
			  : c->mcp.prompt.len ? c->mcp.prompt
					      : c->mcp.resource_uri;

	text_put(t, DIM, c->role == CALL_SERVER ? "mcp server " : "mcp ");
	text_wire(t, PLAIN, c->mcp.method.len ? c->mcp.method : SV("?"), NAME_MAX_SHOWN);
	if (about.len) {
		text_put(t, PLAIN, " ");
		text_wire(t, BOLD, about, NAME_MAX_SHOWN);
	}
}

static void put_http(struct text *t, const struct call *c)
{
	text_put(t, DIM, c->role == CALL_SERVER ? "http server " : "http ");
	text_wire(t, PLAIN, c->http.method.len ? c->http.method : SV("?"), 16);
	text_put(t, PLAIN, " ");
	text_wire(t, BOLD, c->server_address, NAME_MAX_SHOWN);
	text_wire(t, PLAIN, c->http.path, NAME_MAX_SHOWN);
	if (c->status && c->status < 400)
		text_put(t, DIM, "  %u", c->status);
}

static void put_genai(struct text *t, const struct call *c)
{
	struct sv what = c->req.model.len ? c->req.model : c->resp.model;

	if (c->op == CALL_RETRIEVAL && c->retrieval.data_source_id.len)
		what = c->retrieval.data_source_id;
	if (c->agent.name.len || c->agent.id.len)
		what = c->agent.name.len ? c->agent.name : c->agent.id;
	text_put(t, DIM, "%s ", call_op_name(c->op));
	if (c->provider)
		text_put(t, PLAIN, "%s%s", c->provider, what.len ? "/" : "");
	text_wire(t, BOLD, what, NAME_MAX_SHOWN);
}

void text_call(struct text *t, const struct call *c)
{
	if (c->op == CALL_MCP)
		put_mcp(t, c);
	else if (c->op == CALL_HTTP)
		put_http(t, c);
	else
		put_genai(t, c);
	put_times(t, c);
	put_tokens(t, &c->usage);
	put_finish(t, c);
	put_tools(t, c);
	put_trouble(t, c);
}

void text_clock(struct text *t, const struct call *call, const struct machine *m)
{
	time_t wall = (time_t)((call->t_start + m->wall_offset) / 1000000000u);
	struct tm tm;

	if (localtime_r(&wall, &tm))
		text_put(t, DIM, "%02d:%02d:%02d ", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int view_line(struct buf *out, const struct call *call, const struct process *p,
	      const struct machine *m, bool colour)
{
	struct text t = { .out = out, .colour = colour };

	text_clock(&t, call, m);
	text_process(&t, p, call->id.tgid);
	text_put(&t, PLAIN, "  ");
	text_call(&t, call);
	buf_addc(out, '\n');
	return out->failed ? -ENOMEM : 0;
}
