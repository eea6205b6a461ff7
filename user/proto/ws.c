// SPDX-License-Identifier: Apache-2.0
#include "proto/ws.h"

#include <errno.h>

#include "proto/ws_seek.h"

/* Masked payload is unmasked through a buffer of this size on the stack. */
#define UNMASK 16384

/* The search for a frame takes feeds of at most this. */
#define SEEK_FEED 16384

/* The ratio says nothing about small messages. */
#define RATIO_FROM (1u << 20)

enum state {
	HEAD,
	PAYLOAD,
	SEEK,
	CLOSED,
};

void ws_init(struct ws *w, enum ws_from from, const struct ws_deflate *deflate,
	     const struct ws_limits *limits, event_fn *fn, void *ctx)
{
	*w = (struct ws){ .from = from,
			  .deflate = *deflate,
			  .limits = *limits,
			  .window_lost = deflate->unknown,
			  .close_code = WS_CLOSE_NONE };
	event_out_init(&w->out, limits->message, fn, ctx);
}

void ws_done(struct ws *w)
{
	event_out_done(&w->out);
	inflate_msg_free(w->z);
	ws_seek_free(w->seek);
	w->z = NULL;
	w->seek = NULL;
}

static enum ws_packed may_be_packed(const struct ws *w)
{
	return w->deflate.on || w->deflate.unknown ? WS_MAYBE_PACKED : WS_NEVER_PACKED;
}

/* Messages. */

/* Nothing more of this message is handed on; it goes on being counted. */
static void message_unread(struct ws *w)
{
	if (!w->dead)
		w->counts.unread++;
	w->dead = true;
	event_unread(&w->out);
}

static void message_bounded(struct ws *w)
{
	w->counts.bounded++;
	w->dead = true;
	event_truncated(&w->out);
}

/* What a message may refer to is not there any more. */
static void window_gone(struct ws *w)
{
	w->window_lost = may_be_packed(w) == WS_MAYBE_PACKED;
}

/* Makes ready to inflate a message. */
static void inflate_begin(struct ws *w)
{
	int err = 0;

	if (!w->z)
		err = inflate_msg_new(&w->z, w->deflate.window_bits);
	if (!err && (w->window_lost || w->deflate.no_takeover))
		err = inflate_msg_reset(w->z, w->window_lost && !w->deflate.no_takeover);
	w->window_lost = err != 0;
	/* In a binary message a zero byte is a byte like others. */
	if (err || (inflate_msg_unsure(w->z) && w->opcode != WS_TEXT))
		message_unread(w);
}

static void message_begin(struct ws *w, bool packed)
{
	static const struct sv types[] = { { "", 0 }, { "text", 4 }, { "binary", 6 } };
	bool headless = w->opcode == WS_CONTINUE;

	event_begin(&w->out, types[w->opcode], false);
	w->inside = true;
	w->packed = packed;
	w->dead = false;
	w->torn = headless;
	w->wire = w->given = 0;
	if (headless)
		event_skip(&w->out);
	/* Whether it is packed stood in the frame that is lost. */
	if (headless && may_be_packed(w) == WS_MAYBE_PACKED)
		message_unread(w);
	else if (packed)
		inflate_begin(w);
}

static void message_end(struct ws *w)
{
	if (w->out.open)
		event_end(&w->out, SV_NONE);
	w->counts.bounded += w->out.cut;
	w->inside = false;
}

/* The open message is not seen to its end. */
static void message_cut(struct ws *w)
{
	if (!w->inside)
		return;
	event_truncated(&w->out);
	if (w->packed)
		window_gone(w);
	message_end(w);
}

/* A piece of the message as its sender had it. */
static int on_inflated(void *ctx, struct sv out, bool last)
{
	struct ws *w = ctx;
	struct sv known = out;

	w->given += out.len;
	if (w->given > w->limits.message ||
	    (w->limits.ratio && w->given > RATIO_FROM && w->given / w->limits.ratio > w->wire)) {
		if (!w->dead)
			message_bounded(w);
		return -E2BIG;
	}
	/* It is inflated on: later messages refer to it. */
	if (w->dead)
		return 0;
	if (inflate_msg_unsure(w->z))
		known = sv_cut(out, sv_find(out, '\0'));
	if (known.len < out.len)
		message_unread(w);
	if (last)
		event_end(&w->out, known);
	else
		event_add(&w->out, known);
	return 0;
}

static void inflated(struct ws *w, int err)
{
	if (!err)
		return;
	if (err != -E2BIG && !w->dead) {
		w->out.broken += err == -EBADMSG;
		w->dead = true;
		event_truncated(&w->out);
	}
	window_gone(w);
}

/* A piece of the message's payload; last: the message ends with it. */
static void message_data(struct ws *w, struct sv bytes, bool last)
{
	w->wire += bytes.len;
	if (!w->packed) {
		if (last && !w->dead)
			event_end(&w->out, bytes);
		else if (!w->dead)
			event_add(&w->out, bytes);
		return;
	}
	if (w->torn || w->window_lost)
		return;
	inflated(w, inflate_msg_feed(w->z, bytes, on_inflated, w));
	if (last && !w->window_lost)
		inflated(w, inflate_msg_end(w->z, on_inflated, w));
}

/* Frames. */

static void seek_begin(struct ws *w)
{
	w->state = SEEK;
	message_cut(w);
	window_gone(w);
}

static void frame_end(struct ws *w)
{
	w->state = HEAD;
	w->head_len = 0;
	if (w->opcode == WS_CLOSE) {
		w->closed = true;
		if (w->control_len == 2)
			w->close_code =
				(uint16_t)((uint8_t)w->control[0] << 8 | (uint8_t)w->control[1]);
		w->state = CLOSED;
	} else if (w->opcode < WS_CLOSE && w->fin) {
		message_end(w);
	}
}

/* A head is whole. False: it does not fit. */
static bool frame_begin(struct ws *w, const struct wsframe *f)
{
	bool inside = w->inside;

	/* Behind a join, what is not a start may go on with what was not seen. */
	if (w->doubtful && f->opcode == WS_CONTINUE)
		inside = true;
	if (!wsframe_follows(f, &inside))
		return false;
	w->counts.frames++;
	w->counts.control += f->opcode >= WS_CLOSE;
	w->opcode = f->opcode;
	w->fin = f->fin;
	w->left = f->len;
	w->mask_at = 0;
	memcpy(w->mask, f->mask, sizeof(w->mask));
	w->control_len = 0;
	w->state = PAYLOAD;
	if (f->opcode < WS_CLOSE) {
		if (!w->inside)
			message_begin(w, f->packed);
		w->doubtful = false;
		event_size(&w->out, f->len);
	}
	return true;
}

/* Of control frames only a close code is wanted. */
static void control_data(struct ws *w, struct sv bytes)
{
	while (bytes.len && w->control_len < sizeof(w->control)) {
		w->control[w->control_len++] = bytes.p[0];
		bytes = sv_skip(bytes, 1);
	}
}

/* A piece of a frame's payload, unmasked. */
static void payload(struct ws *w, struct sv bytes)
{
	w->left -= bytes.len;
	if (w->opcode >= WS_CLOSE)
		control_data(w, bytes);
	else
		message_data(w, bytes, w->fin && !w->left);
}

static void unmask(struct ws *w, char *out, struct sv in)
{
	uint8_t key[8];
	uint64_t wide;
	size_t i = 0;

	for (int k = 0; k < 8; k++)
		key[k] = w->mask[(w->mask_at + k) & 3];
	memcpy(&wide, key, sizeof(wide));
	for (; in.len - i >= 8; i += 8) {
		uint64_t word;

		memcpy(&word, in.p + i, 8);
		word ^= wide;
		memcpy(out + i, &word, 8);
	}
	for (; i < in.len; i++)
		out[i] = (char)(in.p[i] ^ key[i & 7]);
	w->mask_at = (uint8_t)((w->mask_at + in.len) & 3);
}

static void masked(struct ws *w, struct sv in)
{
	char out[UNMASK];

	while (in.len) {
		struct sv part = sv_cut(in, sizeof(out));

		unmask(w, out, part);
		payload(w, (struct sv){ out, part.len });
		in = sv_skip(in, part.len);
	}
}

static void feed_payload(struct ws *w, struct sv *in)
{
	struct sv part = sv_cut(*in, w->left < in->len ? (size_t)w->left : in->len);

	*in = sv_skip(*in, part.len);
	if (w->from == WS_FROM_CLIENT)
		masked(w, part);
	else
		payload(w, part);
	if (!w->left)
		frame_end(w);
}

/* What came of a head that is none is looked through first. */
static void head_broken(struct ws *w)
{
	w->out.broken++;
	seek_begin(w);
}

static void feed_head(struct ws *w, struct sv *in)
{
	struct wsframe f;
	int n = 0;

	/* A byte at a time up to the length: no head needs more than it has. */
	while (in->len && !n) {
		w->head[w->head_len++] = (uint8_t)in->p[0];
		*in = sv_skip(*in, 1);
		n = wsframe_read((struct sv){ (const char *)w->head, w->head_len }, w->from,
				 may_be_packed(w), &f);
	}
	if (!n)
		return;
	if (n < 0 || !frame_begin(w, &f)) {
		head_broken(w);
		return;
	}
	w->head_len = 0;
	if (!w->left) {
		/* An empty end of a message; of control frames nothing is missing. */
		if (w->opcode < WS_CLOSE)
			payload(w, SV_NONE);
		frame_end(w);
	}
}

/* Up to the end of in, or to where the place is lost. */
static void feed_frames(struct ws *w, struct sv *in)
{
	while (in->len && w->state != SEEK) {
		if (w->state == HEAD)
			feed_head(w, in);
		else if (w->state == PAYLOAD)
			feed_payload(w, in);
		else
			*in = SV_NONE;
	}
}

/* The search. */

/* Frames were found: reads them, up to where the place is lost again. */
static void read_found(struct ws *w, struct sv *from)
{
	w->state = HEAD;
	w->head_len = 0;
	w->doubtful = true;
	feed_frames(w, from);
}

/* What was found is read, and looked through again from where it breaks. */
static void found(struct ws *w, struct sv from)
{
	bool more = true;

	while (more) {
		uint64_t skipped;

		read_found(w, &from);
		if (w->state != SEEK) {
			ws_seek_free(w->seek);
			w->seek = NULL;
			return;
		}
		ws_seek_back(w->seek, from.len + w->head_len);
		w->head_len = 0;
		more = ws_seek_feed(w->seek, SV_NONE, &from, &skipped);
		w->out.skipped += skipped;
	}
}

static void feed_seek(struct ws *w, struct sv in)
{
	uint64_t skipped;
	struct sv from;
	bool is;

	if (!w->seek && ws_seek_new(&w->seek, w->from, may_be_packed(w))) {
		w->out.skipped += in.len;
		return;
	}
	is = ws_seek_feed(w->seek, in, &from, &skipped);
	w->out.skipped += skipped;
	if (is)
		found(w, from);
}

void ws_pause(struct ws *w)
{
	uint64_t skipped;
	struct sv from;

	if (w->state != SEEK || !w->seek || !ws_seek_pause(w->seek, &from, &skipped))
		return;
	w->out.skipped += skipped;
	found(w, from);
}

/* No more bytes will tell: what is likely is taken. */
static void end_seek(struct ws *w)
{
	uint64_t skipped;
	struct sv from;
	bool is;

	if (!w->seek)
		return;
	is = ws_seek_end(w->seek, &from, &skipped);
	w->out.skipped += skipped;
	if (is)
		found(w, from);
	ws_seek_free(w->seek);
	w->seek = NULL;
}

void ws_join(struct ws *w)
{
	seek_begin(w);
}

void ws_feed(struct ws *w, struct sv in)
{
	while (in.len) {
		struct sv part;

		if (w->state != SEEK) {
			feed_frames(w, &in);
			if (w->state != SEEK)
				return;
			part = (struct sv){ (const char *)w->head, w->head_len };
			w->head_len = 0;
			feed_seek(w, part);
			continue;
		}
		part = sv_cut(in, SEEK_FEED);
		in = sv_skip(in, part.len);
		feed_seek(w, part);
	}
}

/* Bytes of this frame are missing, and no others. */
static void gap_in_frame(struct ws *w, uint64_t count)
{
	w->left -= count;
	w->mask_at = (uint8_t)((w->mask_at + count) & 3);
	if (w->opcode < WS_CLOSE) {
		w->torn = true;
		if (!w->packed && !w->dead)
			event_skip(&w->out);
		event_truncated(&w->out);
		if (w->packed)
			window_gone(w);
	} else {
		/* The close code, maybe. */
		w->control_len = sizeof(w->control) + 1;
	}
	if (!w->left)
		frame_end(w);
}

void ws_gap(struct ws *w, uint64_t count)
{
	if (w->state == SEEK)
		end_seek(w);
	if (w->state == PAYLOAD && count && count <= w->left) {
		gap_in_frame(w, count);
		return;
	}
	if (w->state == CLOSED)
		return;
	w->out.skipped += w->state == HEAD ? w->head_len : 0;
	w->head_len = 0;
	seek_begin(w);
}

void ws_close(struct ws *w)
{
	if (w->state == SEEK)
		end_seek(w);
	if (w->state == HEAD)
		w->out.skipped += w->head_len;
	w->head_len = 0;
	message_cut(w);
}
