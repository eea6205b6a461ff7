// SPDX-License-Identifier: Apache-2.0
#include "proto/jsonlines.h"

#define BOM	"\xef\xbb\xbf"
#define BOM_LEN 3

void jsonlines_init(struct jsonlines *j, struct event_out *out)
{
	*j = (struct jsonlines){ .out = out, .start = true };
}

static void add(struct jsonlines *j, struct sv bytes)
{
	if (!bytes.len)
		return;
	if (!j->out->open)
		event_begin(j->out, SV(""), false);
	event_size(j->out, bytes.len);
	event_add(j->out, bytes);
}

/* The line's bytes in this feed, its LF behind them. */
static void line_end(struct jsonlines *j, struct sv bytes)
{
	bool cr = bytes.len ? bytes.p[bytes.len - 1] == '\r' : j->cr;

	if (bytes.len && j->cr)
		add(j, SV("\r"));
	j->cr = false;
	if (cr && bytes.len)
		bytes.len--;
	if (!j->out->open) {
		if (!bytes.len)
			return;
		event_begin(j->out, SV(""), false);
	}
	event_size(j->out, bytes.len);
	event_end(j->out, bytes);
}

/* The line goes on in the next feed. */
static void line_part(struct jsonlines *j, struct sv bytes)
{
	if (j->cr)
		add(j, SV("\r"));
	j->cr = bytes.p[bytes.len - 1] == '\r';
	add(j, sv_cut(bytes, bytes.len - j->cr));
}

/* Passes over a byte order mark, whose bytes may come one by one. */
static struct sv skip_bom(struct jsonlines *j, struct sv in)
{
	while (j->start && in.len && j->bom < BOM_LEN && in.p[0] == BOM[j->bom]) {
		in = sv_skip(in, 1);
		j->bom++;
	}
	if (j->start && in.len) {
		j->start = false;
		if (j->bom < BOM_LEN)
			add(j, (struct sv){ BOM, j->bom });
	}
	return in;
}

void jsonlines_feed(struct jsonlines *j, struct sv in)
{
	in = skip_bom(j, in);
	while (in.len) {
		size_t n = sv_find(in, '\n');
		bool end = n < in.len;

		if (j->lost) {
			j->out->skipped += n + end;
			j->lost = !end;
		} else if (end) {
			line_end(j, sv_cut(in, n));
		} else {
			line_part(j, in);
		}
		in = sv_skip(in, n + end);
	}
}

void jsonlines_gap(struct jsonlines *j)
{
	if (j->out->open) {
		event_truncated(j->out);
		event_end(j->out, SV_NONE);
	}
	j->cr = false;
	j->start = false;
	j->lost = true;
}

void jsonlines_close(struct jsonlines *j, bool whole)
{
	if (!j->out->open)
		return;
	if (!whole)
		event_truncated(j->out);
	event_end(j->out, SV_NONE);
	j->cr = false;
}
