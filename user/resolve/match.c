// SPDX-License-Identifier: Apache-2.0
#include "resolve/match.h"

#include <errno.h>
#include <stdlib.h>

struct match {
	const struct sv *words;
	size_t count;
	size_t window;		/* the shortest word's length */
	uint8_t shift[1 << 16]; /* by the two bytes at the window's end; 0: a word may stand here */
};

static unsigned block(const char *end)
{
	return (unsigned)(uint8_t)end[-2] << 8 | (uint8_t)end[-1];
}

int match_new(struct match **ret, const struct sv *words, size_t count)
{
	size_t window = UINT8_MAX;
	struct match *m;

	for (size_t i = 0; i < count; i++) {
		if (words[i].len < MATCH_LEN_MIN)
			return -EINVAL;
		if (words[i].len < window)
			window = words[i].len;
	}
	if (count == 0 || count > MATCH_WORDS_MAX)
		return -EINVAL;
	m = malloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->words = words;
	m->count = count;
	m->window = window;
	/* Words are lined up by their ends: the ends are what differs least. */
	memset(m->shift, (int)(window - 1), sizeof(m->shift));
	for (size_t i = 0; i < count; i++) {
		const char *end = words[i].p + words[i].len;

		for (size_t back = 0; back + 2 <= window; back++) {
			uint8_t *s = &m->shift[block(end - back)];

			if (back < *s)
				*s = (uint8_t)back;
		}
	}
	*ret = m;
	return 0;
}

void match_free(struct match *m)
{
	free(m);
}

void match_run(const struct match *m, struct sv bytes, match_fn *fn, void *ctx)
{
	const char *p = bytes.p + m->window, *end = bytes.p + bytes.len;

	while (bytes.len >= m->window && p <= end) {
		size_t jump = m->shift[block(p)];

		if (jump) {
			p += jump;
			continue;
		}
		for (size_t i = 0; i < m->count; i++) {
			const struct sv *w = &m->words[i];

			if ((size_t)(p - bytes.p) >= w->len &&
			    memcmp(p - w->len, w->p, w->len) == 0)
				fn(ctx, i, (size_t)(p - bytes.p) - w->len);
		}
		p++;
	}
}
