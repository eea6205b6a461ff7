/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_TESTS_UNIT_H2TALK_H
#define EARSHOT_TESTS_UNIT_H2TALK_H

/*
 * h2talk - a client and a server of HTTP/2, libnghttp2's sessions, that talk to each other in
 * memory: the bytes of both, and what each was told by its own callbacks. To be included behind
 * cmocka.h.
 */
#include <nghttp2/nghttp2.h>

#include "cuts.h"

/* What is told of one direction: heads, data, ends, resets, in order. */
struct story {
	char *text;
	size_t len, cap;
	uint32_t joined; /* the newest note is data of this stream */
};

__attribute__((format(printf, 2, 3))) static inline void tell(struct story *s, const char *fmt, ...)
{
	char piece[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(piece, sizeof(piece), fmt, ap);
	va_end(ap);
	assert_in_range(n, 0, sizeof(piece) - 1);
	if (s->len + (size_t)n + 1 > s->cap) {
		s->cap = 2 * (s->cap + (size_t)n + 1);
		s->text = realloc(s->text, s->cap);
		assert_non_null(s->text);
	}
	memcpy(s->text + s->len, piece, (size_t)n + 1);
	s->len += (size_t)n;
}

static inline void tell_data(struct story *s, uint32_t stream, struct sv bytes)
{
	if (s->joined != stream)
		tell(s, "\nD%u ", stream);
	s->joined = stream;
	for (size_t i = 0; i < bytes.len; i += 64)
		tell(s, "%.*s", SV_ARG(sv_cut(sv_skip(bytes, i), 64)));
}

static inline void tell_other(struct story *s)
{
	s->joined = 0;
}

/* A recorded direction: bytes, and where each write began. */
struct wire {
	char *bytes;
	size_t len;
	size_t writes[512];
	size_t write_count;
	struct story story; /* as the receiving session told it */
};

static inline void wire_add(struct wire *w, struct sv s)
{
	w->bytes = realloc(w->bytes, w->len + s.len);
	assert_non_null(w->bytes);
	memcpy(w->bytes + w->len, s.p, s.len);
	assert_in_range(w->write_count, 0, ARRAY_SIZE(w->writes) - 1);
	w->writes[w->write_count++] = w->len;
	w->len += s.len;
}

static inline struct sv all(const struct wire *w)
{
	return (struct sv){ w->bytes, w->len };
}

static inline void wire_done(struct wire *w)
{
	free(w->bytes);
	free(w->story.text);
	memset(w, 0, sizeof(*w));
}

/* One end: its session, and the wire that it hears. */
struct end {
	nghttp2_session *session;
	struct wire *heard;
	struct wire *said;
	bool pads;
};

static inline int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct end *e = user;

	(void)session;
	tell_other(&e->heard->story);
	if (frame->hd.type == NGHTTP2_HEADERS)
		tell(&e->heard->story, "\nH%d", frame->hd.stream_id);
	return 0;
}

static inline int on_header(nghttp2_session *session, const nghttp2_frame *frame,
			    const uint8_t *name, size_t name_len, const uint8_t *value,
			    size_t value_len, uint8_t flags, void *user)
{
	struct end *e = user;

	(void)session;
	(void)flags;
	if (frame->hd.type == NGHTTP2_HEADERS)
		tell(&e->heard->story, " %.*s=%.*s", (int)name_len, name, (int)value_len, value);
	return 0;
}

static inline int on_chunk(nghttp2_session *session, uint8_t flags, int32_t stream,
			   const uint8_t *data, size_t len, void *user)
{
	struct end *e = user;

	(void)session;
	(void)flags;
	tell_data(&e->heard->story, (uint32_t)stream, (struct sv){ (const char *)data, len });
	return 0;
}

static inline int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct end *e = user;
	struct story *s = &e->heard->story;

	(void)session;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
	case NGHTTP2_DATA:
		if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
			tell_other(s);
			tell(s, "\nE%d", frame->hd.stream_id);
		}
		break;
	case NGHTTP2_RST_STREAM:
		tell_other(s);
		tell(s, "\nR%d %u", frame->hd.stream_id, frame->rst_stream.error_code);
		break;
	case NGHTTP2_GOAWAY:
		tell_other(s);
		tell(s, "\nG%d %u", frame->goaway.last_stream_id, frame->goaway.error_code);
		break;
	case NGHTTP2_PUSH_PROMISE:
		tell_other(s);
		tell(s, "\nP%d", frame->push_promise.promised_stream_id);
		break;
	default:
		break;
	}
	return 0;
}

static inline ssize_t pad(nghttp2_session *session, const nghttp2_frame *frame, size_t max,
			  void *user)
{
	struct end *e = user;
	size_t want = frame->hd.length + (frame->hd.length % 7) * 11;

	(void)session;
	if (!e->pads)
		return (ssize_t)frame->hd.length;
	return (ssize_t)(want < max ? want : max);
}

static inline void end_open(struct end *e, bool server, const nghttp2_option *option)
{
	nghttp2_session_callbacks *cb;

	assert_int_equal(nghttp2_session_callbacks_new(&cb), 0);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_select_padding_callback(cb, pad);
	if (server)
		assert_int_equal(nghttp2_session_server_new2(&e->session, cb, e, option), 0);
	else
		assert_int_equal(nghttp2_session_client_new2(&e->session, cb, e, option), 0);
	nghttp2_session_callbacks_del(cb);
}

/* Who wrote what, in order. */
struct turn {
	bool down;   /* from the server */
	bool turned; /* the server is the one that is watched */
	size_t at, len;
};

struct talk {
	struct end client, server;
	struct wire up, down;
	struct turn turns[1024];
	size_t turn_count;
};

static inline void say(struct talk *t, struct end *from, struct end *to)
{
	const uint8_t *data;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(from->session, &data)) > 0) {
		assert_in_range(t->turn_count, 0, ARRAY_SIZE(t->turns) - 1);
		t->turns[t->turn_count++] = (struct turn){ .down = from == &t->server,
							   .at = from->said->len,
							   .len = (size_t)n };
		wire_add(from->said, (struct sv){ (const char *)data, (size_t)n });
		assert_int_equal(nghttp2_session_mem_recv(to->session, data, (size_t)n), n);
	}
	assert_int_equal(n, 0);
}

/* Until neither has more to say. */
static inline void flush(struct talk *t)
{
	size_t before;

	do {
		before = t->up.len + t->down.len;
		say(t, &t->client, &t->server);
		say(t, &t->server, &t->client);
	} while (t->up.len + t->down.len > before);
}

static inline void talk_begin(struct talk *t, const nghttp2_settings_entry *client,
			      size_t client_count, const nghttp2_settings_entry *server,
			      size_t server_count)
{
	nghttp2_option *option;

	memset(t, 0, sizeof(*t));
	assert_int_equal(nghttp2_option_new(&option), 0);
	nghttp2_option_set_max_deflate_dynamic_table_size(option, 65536);
	nghttp2_option_set_max_send_header_block_length(option, 200000);
	t->client.heard = t->server.said = &t->down;
	t->server.heard = t->client.said = &t->up;
	end_open(&t->client, false, option);
	end_open(&t->server, true, option);
	nghttp2_option_del(option);
	nghttp2_submit_settings(t->client.session, 0, client, client_count);
	nghttp2_submit_settings(t->server.session, 0, server, server_count);
	flush(t);
}

static inline void talk_end(struct talk *t)
{
	nghttp2_session_del(t->client.session);
	nghttp2_session_del(t->server.session);
	wire_done(&t->up);
	wire_done(&t->down);
}

/* "name: value\n..." */
static inline size_t fields_of(const char *text, nghttp2_nv *nv, size_t max)
{
	struct sv rest = sv_of(text);
	size_t n = 0;

	while (rest.len) {
		size_t end = sv_find(rest, '\n'), colon = 1 + sv_find(sv_skip(rest, 1), ':');

		assert_in_range(n, 0, max - 1);
		nv[n++] = (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)rest.p,
					.namelen = colon,
					.value = (uint8_t *)(uintptr_t)(rest.p + colon + 2),
					.valuelen = end - colon - 2 };
		rest = sv_skip(rest, end < rest.len ? end + 1 : end);
	}
	return n;
}

/*
 * Data that tell where they belong: tokens of 16 bytes, "[stream:offset];". Or text, each of its
 * lines a frame.
 */
struct source {
	uint32_t stream, left, at;
	const char *text;
	const char *trailers;
};

static inline char token_byte(uint32_t stream, uint32_t at)
{
	char token[24];

	snprintf(token, sizeof(token), "[%05u:%07u];", stream, at / 16 * 16);
	return token[at % 16];
}

static inline ssize_t read_source(nghttp2_session *session, int32_t stream, uint8_t *buf,
				  size_t len, uint32_t *flags, nghttp2_data_source *source,
				  void *user)
{
	struct source *s = source->ptr;
	size_t n;

	(void)user;
	if (s->text && !s->at)
		s->left = (uint32_t)strlen(s->text);
	n = len < s->left ? len : s->left;
	if (s->text && n)
		n = sv_find((struct sv){ s->text + s->at, n - 1 }, '\n') + 1;
	for (size_t i = 0; i < n; i++, s->at++)
		buf[i] = (uint8_t)(s->text ? s->text[s->at] : token_byte((uint32_t)stream, s->at));
	s->left -= (uint32_t)n;
	if (!s->left) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (s->trailers) {
			nghttp2_nv nv[8];
			size_t count = fields_of(s->trailers, nv, ARRAY_SIZE(nv));

			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			nghttp2_submit_trailer(session, stream, nv, count);
		}
	}
	return (ssize_t)n;
}

static inline int32_t request(struct talk *t, const char *fields, struct source *body)
{
	nghttp2_data_provider p = { .source.ptr = body, .read_callback = read_source };
	nghttp2_nv nv[80];
	size_t n = fields_of(fields, nv, ARRAY_SIZE(nv));
	int32_t id = nghttp2_submit_request(t->client.session, NULL, nv, n, body ? &p : NULL, NULL);

	assert_true(id > 0);
	return id;
}

static inline void respond(struct talk *t, int32_t id, const char *fields, struct source *body)
{
	nghttp2_data_provider p = { .source.ptr = body, .read_callback = read_source };
	nghttp2_nv nv[80];
	size_t n = fields_of(fields, nv, ARRAY_SIZE(nv));

	assert_int_equal(nghttp2_submit_response(t->server.session, id, nv, n, body ? &p : NULL),
			 0);
}

#endif /* EARSHOT_TESTS_UNIT_H2TALK_H */
