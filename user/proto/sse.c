// SPDX-License-Identifier: Apache-2.0
#include "proto/sse.h"

#include "base/scan.h"

#define BOM	"\xef\xbb\xbf"
#define BOM_LEN 3

/* Where in a line. */
enum state {
	NAME,
	SPACE, /* behind the colon: one space is not part of the value */
	VALUE,
};

/* "id" and "retry" are others: they steer reconnects, which we do not make. */
enum field_is {
	FIELD_OTHER,
	FIELD_DATA,
	FIELD_TYPE,
};

void sse_init(struct sse *p, struct event_out *out)
{
	*p = (struct sse){ .out = out, .at_start = true };
}

static struct sv type_of(const struct sse *p)
{
	return p->type_len ? (struct sv){ p->type, p->type_len } : SV("message");
}

/* Whole events. */

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

/*
 * Looks for a whole event at the start of in: any lines up to a blank one, of which one at most
 * has data. Returns its length, or 0: it must be taken line by line.
 */
static size_t event_whole(struct sv in, struct sv *type, struct sv *data)
{
	const char *at = in.p, *end = in.p + in.len, *eol;

	*type = SV("message");
	*data = SV_NONE;
	while ((eol = scan_eol(at, end)) < end) {
		struct sv line = { at, (size_t)(eol - at) };
		struct field f;

		at = eol + 1;
		if (*eol == '\r' && at < end && *at == '\n')
			at++;
		if (!line.len)
			return (size_t)(at - in.p);
		f = field_of(line);
		if (sv_eq(f.name, SV("data"))) {
			if (data->p)
				return 0;
			/* Not NULL: that stands for an event without data. */
			*data = f.value;
		} else if (sv_eq(f.name, SV("event"))) {
			if (f.value.len > SSE_TYPE_MAX)
				return 0;
			*type = f.value.len ? f.value : SV("message");
		}
	}
	return 0;
}

/* Takes whole events off the start of in. */
static void feed_whole(struct sse *p, struct sv *in)
{
	struct sv type, data;
	size_t len;

	while (in->len && (len = event_whole(*in, &type, &data)) > 0) {
		/* A CR that ends the feed may have its LF in the next one. */
		p->skip_lf = len == in->len && in->p[len - 1] == '\r';
		*in = sv_skip(*in, len);
		if (!data.p)
			continue;
		event_begin(p->out, type, false);
		event_size(p->out, data.len);
		event_end(p->out, data);
	}
}

/* Line by line. */

static void data_add(struct sse *p, struct sv bytes)
{
	event_size(p->out, bytes.len);
	event_add(p->out, bytes);
}

static void data_begin(struct sse *p)
{
	if (p->out->open)
		data_add(p, SV("\n"));
	else
		event_begin(p->out, type_of(p), false);
}

/* The name of the field is known. */
static void field_begin(struct sse *p)
{
	struct sv name = { p->name, p->name_len };

	p->state = SPACE;
	p->field = FIELD_OTHER;
	if (p->resync)
		return;
	if (sv_eq(name, SV("data"))) {
		p->field = FIELD_DATA;
		data_begin(p);
	} else if (sv_eq(name, SV("event"))) {
		p->field = FIELD_TYPE;
		p->type_len = 0;
		p->type_cut = false;
	}
}

static void value_add(struct sse *p, struct sv value)
{
	struct sv type = sv_cut(value, sizeof(p->type) - p->type_len);

	if (p->field == FIELD_DATA)
		data_add(p, value);
	if (p->field != FIELD_TYPE)
		return;
	memcpy(p->type + p->type_len, type.p, type.len);
	p->type_len = (uint8_t)(p->type_len + type.len);
	p->type_cut |= type.len < value.len;
}

static void name_add(struct sse *p, struct sv name)
{
	name = sv_cut(name, sizeof(p->name) - p->name_len);
	memcpy(p->name + p->name_len, name.p, name.len);
	p->name_len = (uint8_t)(p->name_len + name.len);
}

/* A piece of a line, its end not among it. */
static void line_part(struct sse *p, struct sv in)
{
	if (!in.len)
		return;
	p->line_seen = true;
	p->between = false;
	if (p->state == NAME) {
		size_t colon = sv_find(in, ':');

		name_add(p, sv_cut(in, colon));
		if (colon == in.len)
			return;
		in = sv_skip(in, colon + 1);
		field_begin(p);
	}
	if (p->state == SPACE && in.len) {
		p->state = VALUE;
		if (in.p[0] == ' ')
			in = sv_skip(in, 1);
	}
	if (in.len)
		value_add(p, in);
}

static void event_over(struct sse *p)
{
	if (p->out->open) {
		event_retype(p->out, type_of(p));
		if (p->type_cut)
			event_truncated(p->out);
		event_end(p->out, SV_NONE);
	}
	p->type_len = 0;
	p->type_cut = false;
	p->resync = false;
	p->between = true;
}

static void line_end(struct sse *p)
{
	if (!p->line_seen)
		event_over(p);
	else if (p->state == NAME)
		field_begin(p);
	p->state = NAME;
	p->name_len = 0;
	p->line_seen = false;
}

/* Takes what is left of one line, or of in. */
static void feed_line(struct sse *p, struct sv *in)
{
	const char *eol = scan_eol(in->p, in->p + in->len);
	size_t n = (size_t)(eol - in->p);

	line_part(p, (struct sv){ in->p, n });
	if (n == in->len) {
		*in = SV_NONE;
		return;
	}
	p->skip_lf = *eol == '\r';
	*in = sv_skip(*in, n + 1);
	line_end(p);
}

/* Passes over a byte order mark, whose bytes may come one by one. */
static struct sv skip_bom(struct sse *p, struct sv in)
{
	while (in.len && p->bom < BOM_LEN && in.p[0] == BOM[p->bom]) {
		in = sv_skip(in, 1);
		p->bom++;
	}
	if (!in.len)
		return in;
	p->at_start = false;
	if (p->bom && p->bom < BOM_LEN)
		line_part(p, (struct sv){ BOM, p->bom });
	return in;
}

void sse_feed(struct sse *p, struct sv in)
{
	if (p->at_start)
		in = skip_bom(p, in);
	while (in.len) {
		if (p->skip_lf && in.p[0] == '\n')
			in = sv_skip(in, 1);
		p->skip_lf = false;
		if (p->between)
			feed_whole(p, &in);
		/* What is no whole event is taken line by line, up to a blank one. */
		if (in.len && !p->skip_lf)
			feed_line(p, &in);
	}
}

void sse_gap(struct sse *p)
{
	event_drop(p->out);
	p->type_len = 0;
	p->type_cut = false;
	p->state = VALUE;
	p->field = FIELD_OTHER;
	p->line_seen = true; /* what comes next may be the tail of a line */
	p->between = false;
	p->skip_lf = false;
	p->at_start = false;
	p->resync = true;
}

void sse_close(struct sse *p)
{
	event_drop(p->out);
}
