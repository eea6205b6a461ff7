// SPDX-License-Identifier: Apache-2.0
#include "proto/multipart.h"

#include <errno.h>

enum state {
	PREAMBLE,
	DELIM_END,  /* behind a delimiter: a dash, or the end of its line */
	DELIM_DASH, /* behind its first dash */
	DELIM_LINE, /* up to the end of its line */
	HEAD,
	CONTENT,
	EPILOGUE,
};

/* The value of a parameter behind a ';'. */
static struct sv param(struct sv list, struct sv name)
{
	while (list.len) {
		size_t n = sv_find(list, ';');
		struct sv one = sv_trim(sv_cut(list, n));
		size_t eq = sv_find(one, '=');

		if (eq < one.len && sv_eq_nocase(sv_trim(sv_cut(one, eq)), name))
			return sv_trim(sv_skip(one, eq + 1));
		list = sv_skip(list, n < list.len ? n + 1 : n);
	}
	return SV_NONE;
}

struct sv multipart_boundary(struct sv content_type)
{
	struct sv b = param(content_type, SV("boundary"));

	/* A ';' in quotes is no boundary character (RFC 2046 section 5.1.1, bchars). */
	if (b.len >= 2 && b.p[0] == '"' && b.p[b.len - 1] == '"')
		b = (struct sv){ b.p + 1, b.len - 2 };
	return b.len ? b : SV_NONE;
}

/* back[i]: how many of the first i + 1 bytes of the delimiter end as it begins. */
static void find_backs(struct multipart *m)
{
	uint8_t k = 0;

	m->back[0] = 0;
	for (uint8_t i = 1; i < m->delim_len; i++) {
		while (k && m->delim[i] != m->delim[k])
			k = m->back[k - 1];
		if (m->delim[i] == m->delim[k])
			k++;
		m->back[i] = k;
	}
}

int multipart_init(struct multipart *m, struct sv boundary)
{
	if (!boundary.len || boundary.len > MULTIPART_BOUNDARY_MAX)
		return -EINVAL;
	*m = (struct multipart){ .delim = "\r\n--" };
	memcpy(m->delim + 4, boundary.p, boundary.len);
	m->delim_len = (uint8_t)(4 + boundary.len);
	find_backs(m);
	/* The body may begin with a delimiter, whose line end is the head's. */
	m->matched = 2;
	return 0;
}

/* Looks for a delimiter; returns how many bytes were taken. */
static size_t feed_search(struct multipart *m, struct sv in)
{
	size_t n = 0;

	while (n < in.len && m->matched < m->delim_len) {
		char c = in.p[n];

		if (!m->matched && c != '\r') {
			n += sv_find(sv_skip(in, n), '\r');
			continue;
		}
		while (m->matched && c != m->delim[m->matched])
			m->matched = m->back[m->matched - 1];
		if (c == m->delim[m->matched])
			m->matched++;
		n++;
	}
	if (m->state == CONTENT) {
		m->bytes += n;
		m->part += n;
	}
	if (m->matched < m->delim_len)
		return n;
	if (m->state == CONTENT)
		m->bytes -= m->part < m->delim_len ? m->part : m->delim_len;
	m->matched = 0;
	m->state = DELIM_END;
	return n;
}

static void part_begin(struct multipart *m)
{
	m->state = HEAD;
	m->blank = true;
	m->parts++;
}

static void head_byte(struct multipart *m, char c)
{
	if (c == '\n' && m->blank) {
		m->state = CONTENT;
		/* An empty part: this line end is the delimiter's too. */
		m->matched = 2;
		m->part = 0;
	} else if (c != '\r') {
		m->blank = c == '\n';
	}
}

static void delim_byte(struct multipart *m, char c)
{
	if (c == '\n')
		part_begin(m);
	else if (m->state == DELIM_END)
		m->state = c == '-' ? DELIM_DASH : DELIM_LINE;
	else if (m->state == DELIM_DASH)
		m->state = c == '-' ? EPILOGUE : DELIM_LINE;
	if (m->state == EPILOGUE)
		m->closed = true;
}

void multipart_feed(struct multipart *m, struct sv in)
{
	while (in.len) {
		size_t n = 1;

		switch ((enum state)m->state) {
		case PREAMBLE:
		case CONTENT:
			n = feed_search(m, in);
			break;
		case DELIM_END:
		case DELIM_DASH:
		case DELIM_LINE:
			delim_byte(m, in.p[0]);
			break;
		case HEAD:
			head_byte(m, in.p[0]);
			break;
		case EPILOGUE:
			return;
		}
		in = sv_skip(in, n);
	}
}

void multipart_gap(struct multipart *m)
{
	/* The head's end, or all of the next part's, may be lost: what follows is content. */
	if (m->state != PREAMBLE && m->state != EPILOGUE && m->state != CONTENT) {
		m->state = CONTENT;
		m->part = 0;
	}
	m->matched = 0;
}
