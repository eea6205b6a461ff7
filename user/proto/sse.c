// SPDX-License-Identifier: Apache-2.0
#include "proto/sse.h"

#include <errno.h>

#include "base/scan.h"

/* One line, cut at its colon. */
struct field {
	struct sv name;
	struct sv value;
};

static struct field field_of(struct sv line)
{
	size_t colon = sv_find(line, ':');
	struct field f = { .name = sv_cut(line, colon), .value = SV("") };

	if (colon < line.len) {
		f.value = sv_skip(line, colon + 1);
		if (f.value.len && f.value.p[0] == ' ')
			f.value = sv_skip(f.value, 1);
	}
	return f;
}

static void field_data(struct sse *p, struct sv value)
{
	/*
	 * value is the tail of a line that starts at data_len with "data", so
	 * there is always room to move it down and put the newline behind it.
	 */
	memmove(p->buf + p->data_len, value.p, value.len);
	p->data_len += value.len;
	p->buf[p->data_len++] = '\n';
}

static void field_event(struct sse *p, struct sv value)
{
	if (value.len > sizeof(p->type)) {
		value.len = sizeof(p->type);
		p->truncated = true;
	}
	memcpy(p->type, value.p, value.len);
	p->type_len = value.len;
}

/* "id" and "retry" are left out: they steer reconnects, which we do not make. */
static const struct {
	struct sv name;
	void (*apply)(struct sse *p, struct sv value);
} fields[] = {
	{ { "data", 4 }, field_data },
	{ { "event", 5 }, field_event },
};

static void event_reset(struct sse *p)
{
	p->data_len = 0;
	p->type_len = 0;
	p->truncated = false;
}

static int event_end(struct sse *p)
{
	struct sse_event ev = {
		.type = p->type_len ? (struct sv){ p->type, p->type_len } : SV("message"),
		.data = { p->buf, p->data_len ? p->data_len - 1 : 0 }, /* less the last '\n' */
		.truncated = p->truncated,
	};
	bool has_data = p->data_len > 0;

	p->resync = false;
	p->between = true;
	event_reset(p);
	return has_data ? p->fn(p->ctx, &ev) : 0;
}

static int line_end(struct sse *p)
{
	struct sv line = { p->buf + p->data_len, p->line_len };
	bool bom = p->at_start && line.len >= 3 && memcmp(line.p, "\xef\xbb\xbf", 3) == 0;
	bool blank = !p->line_seen || (bom && line.len == 3);
	struct field f;

	p->line_len = 0;
	p->line_seen = false;
	p->at_start = false;
	if (blank)
		return event_end(p);
	if (p->resync)
		return 0;

	f = field_of(sv_skip(line, bom ? 3 : 0));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (sv_eq(f.name, fields[i].name))
			fields[i].apply(p, f.value);
	}
	return 0;
}

static void buf_grow(struct sse *p, size_t want)
{
	size_t cap = p->cap;
	char *buf;

	if (want > p->limit)
		want = p->limit;
	if (want <= p->cap)
		return;
	buf = p->grow(p->ctx, want, &cap);
	if (!buf)
		return;
	p->buf = buf;
	p->cap = cap < p->limit ? cap : p->limit;
}

static void line_append(struct sse *p, struct sv s)
{
	size_t used = p->data_len + p->line_len;

	if (!s.len)
		return;
	p->line_seen = true;
	p->between = false;
	if (p->resync)
		return;
	if (s.len > p->cap - used)
		buf_grow(p, used + s.len);
	if (s.len > p->cap - used) {
		s.len = p->cap - used;
		p->truncated = true;
	}
	memcpy(p->buf + used, s.p, s.len);
	p->line_len += s.len;
}

/*
 * Looks for a whole event at the start of in: any lines up to a blank one, of which one has
 * data. Returns its length, or 0: not whole, or it takes the buffer (data of several lines,
 * or so long that it would be cut).
 */
static size_t event_whole(const struct sse *p, struct sv in, struct sse_event *ret)
{
	const char *at = in.p, *end = in.p + in.len, *eol;
	size_t used = 0; /* of the buffer, had it been taken */
	bool has_data = false;

	*ret = (struct sse_event){ .type = SV("message"), .data = SV_NONE };
	while ((eol = scan_eol(at, end)) < end) {
		struct sv line = { at, (size_t)(eol - at) };
		struct field f;

		if (line.len > p->limit - used)
			return 0;
		at = eol + 1;
		if (*eol == '\r' && at < end && *at == '\n')
			at++;
		if (!line.len) {
			if (!has_data)
				ret->data = SV_NONE;
			return (size_t)(at - in.p);
		}
		f = field_of(line);
		if (sv_eq(f.name, SV("data"))) {
			if (has_data)
				return 0;
			has_data = true;
			/* Not NULL: that stands for an event without data. */
			ret->data = f.value;
			used = f.value.len + 1;
		} else if (sv_eq(f.name, SV("event"))) {
			if (f.value.len > SSE_TYPE_MAX)
				return 0;
			ret->type = f.value.len ? f.value : SV("message");
		}
	}
	return 0;
}

int sse_init(struct sse *p, char *buf, size_t cap, sse_event_fn *fn, void *ctx)
{
	if (cap < SSE_BUF_MIN)
		return -EINVAL;

	*p = (struct sse){
		.fn = fn, .ctx = ctx, .buf = buf, .cap = cap, .limit = cap, .at_start = true
	};
	return 0;
}

void sse_set_grow(struct sse *p, size_t limit, sse_grow_fn *grow)
{
	if (limit > p->cap)
		p->limit = limit;
	p->grow = grow;
}

/* Takes whole events off the start of in. */
static int feed_whole(struct sse *p, struct sv *in)
{
	struct sse_event ev;
	size_t len;
	int err = 0;

	while (!err && in->len && (len = event_whole(p, *in, &ev)) > 0) {
		/* A CR that ends the feed may have its LF in the next one. */
		p->skip_lf = len == in->len && in->p[len - 1] == '\r';
		*in = sv_skip(*in, len);
		err = ev.data.p ? p->fn(p->ctx, &ev) : 0;
	}
	return err;
}

/* Takes what is left of one line, or of in, into the buffer. */
static int feed_line(struct sse *p, struct sv *in)
{
	const char *eol = scan_eol(in->p, in->p + in->len);
	size_t n = (size_t)(eol - in->p);

	line_append(p, (struct sv){ in->p, n });
	if (n == in->len) {
		*in = SV_NONE;
		return 0;
	}
	p->skip_lf = *eol == '\r';
	*in = sv_skip(*in, n + 1);
	return line_end(p);
}

int sse_feed(struct sse *p, struct sv in)
{
	int err = 0;

	while (!err && in.len) {
		if (p->skip_lf && in.p[0] == '\n')
			in = sv_skip(in, 1);
		p->skip_lf = false;
		if (p->between)
			err = feed_whole(p, &in);
		/* What is no whole event goes to the buffer, line by line up to a blank one. */
		if (!err && in.len && !p->skip_lf)
			err = feed_line(p, &in);
	}
	return err;
}

void sse_gap(struct sse *p)
{
	event_reset(p);
	p->line_len = 0;
	p->line_seen = true; /* what comes next may be the tail of a line */
	p->between = false;
	p->skip_lf = false;
	p->at_start = false;
	p->resync = true;
}
