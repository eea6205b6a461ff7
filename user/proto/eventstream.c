// SPDX-License-Identifier: Apache-2.0
#include "proto/eventstream.h"

#include "base/crc32.h"

#define SUM_LEN	 4
#define OVERHEAD (EVENTSTREAM_PRELUDE + SUM_LEN)

enum state {
	PRELUDE,
	HEADERS,
	PAYLOAD,
	SUM,
	SEEK, /* the place is lost: a prelude is being looked for */
};

enum header_state {
	NAME_LEN,
	NAME,
	VALUE_TYPE,
	VALUE_LEN_HIGH,
	VALUE_LEN_LOW,
	VALUE,
	NO_SENSE, /* what follows cannot be told apart */
};

enum header {
	H_OTHER,
	H_MESSAGE_TYPE,
	H_EVENT_TYPE,
	H_EXCEPTION_TYPE,
	H_ERROR_CODE,
};

static const struct sv header_names[] = {
	[H_MESSAGE_TYPE] = { ":message-type", 13 },
	[H_EVENT_TYPE] = { ":event-type", 11 },
	[H_EXCEPTION_TYPE] = { ":exception-type", 15 },
	[H_ERROR_CODE] = { ":error-code", 11 },
};

/* Bytes of a value by its type; 0: none, or told by a length before it. */
static const uint8_t value_lens[] = { 0, 0, 1, 2, 4, 8, 0, 0, 8, 16 };
#define TYPE_BYTES  6
#define TYPE_STRING 7

void eventstream_init(struct eventstream *s, struct event_out *out)
{
	*s = (struct eventstream){ .out = out };
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void sum_up(struct eventstream *s, const void *p, size_t len)
{
	s->crc = crc32_add(s->crc, (struct sv){ p, len });
}

/* Headers. */

static void header_named(struct eventstream *s)
{
	struct sv name = { s->name, s->name_len };

	s->which = H_OTHER;
	for (uint8_t i = H_MESSAGE_TYPE; i <= H_ERROR_CODE; i++) {
		if (sv_eq(name, header_names[i]))
			s->which = i;
	}
}

static void header_type(struct eventstream *s, uint8_t type)
{
	if (type >= ARRAY_SIZE(value_lens)) {
		s->header_state = NO_SENSE;
		return;
	}
	if (type != TYPE_STRING)
		s->which = H_OTHER;
	s->value_left = value_lens[type];
	s->header_state = type == TYPE_BYTES || type == TYPE_STRING ? VALUE_LEN_HIGH
			  : s->value_left			    ? VALUE
								    : NAME_LEN;
}

/* Of :message-type the second letter tells event, exception and error apart. */
static void value_byte(struct eventstream *s, char c)
{
	if (s->which == H_MESSAGE_TYPE) {
		if (s->kept == 1)
			s->message = (uint8_t)c;
		s->kept = s->kept < 2 ? s->kept + 1 : 2;
	} else if (s->which != H_OTHER && s->type_len < sizeof(s->type)) {
		s->type[s->type_len++] = c;
	}
}

static void value_begin(struct eventstream *s)
{
	s->header_state = s->value_left ? VALUE : NAME_LEN;
	s->kept = 0;
	if (s->which != H_OTHER && s->which != H_MESSAGE_TYPE)
		s->type_len = 0;
}

static void header_byte(struct eventstream *s, char c)
{
	uint8_t b = (uint8_t)c;

	switch ((enum header_state)s->header_state) {
	case NAME_LEN:
		s->name_len = 0;
		s->value_left = b;
		s->header_state = b ? NAME : NO_SENSE;
		break;
	case NAME:
		/* One byte more than any wanted name has shows that it is none. */
		if (s->name_len < sizeof(s->name))
			s->name[s->name_len++] = c;
		if (--s->value_left == 0)
			s->header_state = VALUE_TYPE;
		break;
	case VALUE_TYPE:
		header_named(s);
		header_type(s, b);
		break;
	case VALUE_LEN_HIGH:
		s->value_left = (uint16_t)(b << 8);
		s->header_state = VALUE_LEN_LOW;
		break;
	case VALUE_LEN_LOW:
		s->value_left |= b;
		value_begin(s);
		break;
	case VALUE:
		value_byte(s, c);
		if (--s->value_left == 0)
			s->header_state = NAME_LEN;
		break;
	case NO_SENSE:
		break;
	}
}

/* Messages. */

static void payload_begin(struct eventstream *s)
{
	s->state = s->payload_left ? PAYLOAD : SUM;
	s->kept = 0;
	event_begin(s->out, (struct sv){ s->type, s->type_len },
		    s->message == 'x' || s->message == 'r');
	event_size(s->out, s->payload_len);
	if (s->torn)
		event_truncated(s->out);
}

static void seek(struct eventstream *s)
{
	s->state = SEEK;
	s->kept = 0;
}

/* Is this a prelude? */
static bool is_prelude(const uint8_t *p)
{
	uint32_t total = be32(p), headers = be32(p + 4);

	return headers <= EVENTSTREAM_HEADERS_MAX && total >= OVERHEAD &&
	       headers <= total - OVERHEAD &&
	       crc32_add(0, (struct sv){ (const char *)p, 8 }) == be32(p + 8);
}

static void prelude_done(struct eventstream *s)
{
	uint32_t total = be32(s->part), headers = be32(s->part + 4);

	s->headers_left = headers;
	s->payload_left = s->payload_len = total - headers - OVERHEAD;
	s->header_state = NAME_LEN;
	s->type_len = 0;
	s->message = 0;
	s->torn = false;
	s->crc = 0;
	sum_up(s, s->part, EVENTSTREAM_PRELUDE);
	s->state = HEADERS;
	if (!headers)
		payload_begin(s);
}

/* Takes up to want bytes into part; true when they are there. */
static bool collect(struct eventstream *s, struct sv *in, size_t want)
{
	struct sv more = sv_cut(*in, want - s->kept);

	memcpy(s->part + s->kept, more.p, more.len);
	s->kept = (uint8_t)(s->kept + more.len);
	*in = sv_skip(*in, more.len);
	return s->kept == want;
}

static void feed_prelude(struct eventstream *s, struct sv *in)
{
	if (!collect(s, in, EVENTSTREAM_PRELUDE))
		return;
	if (is_prelude(s->part)) {
		prelude_done(s);
	} else if (s->state == PRELUDE) {
		s->out->broken++;
		s->state = SEEK;
	}
	if (s->state == SEEK) {
		memmove(s->part, s->part + 1, EVENTSTREAM_PRELUDE - 1);
		s->kept = EVENTSTREAM_PRELUDE - 1;
		s->out->skipped++;
	}
}

static void feed_headers(struct eventstream *s, struct sv *in)
{
	struct sv part = sv_cut(*in, s->headers_left);

	sum_up(s, part.p, part.len);
	for (size_t i = 0; i < part.len && s->header_state != NO_SENSE; i++)
		header_byte(s, part.p[i]);
	s->headers_left -= (uint32_t)part.len;
	*in = sv_skip(*in, part.len);
	if (!s->headers_left)
		payload_begin(s);
}

static void message_end(struct eventstream *s, struct sv payload, const uint8_t *sum)
{
	if (s->torn || s->crc == be32(sum)) {
		event_end(s->out, payload);
	} else {
		s->out->broken++;
		event_add(s->out, payload);
		event_drop(s->out);
	}
	s->state = PRELUDE;
	s->kept = 0;
}

static void feed_payload(struct eventstream *s, struct sv *in)
{
	struct sv part = sv_cut(*in, s->payload_left);

	sum_up(s, part.p, part.len);
	s->payload_left -= (uint32_t)part.len;
	*in = sv_skip(*in, part.len);
	if (!s->payload_left && in->len >= SUM_LEN) {
		message_end(s, part, (const uint8_t *)in->p);
		*in = sv_skip(*in, SUM_LEN);
		return;
	}
	event_add(s->out, part);
	if (!s->payload_left)
		s->state = SUM;
}

void eventstream_feed(struct eventstream *s, struct sv in)
{
	while (in.len) {
		switch ((enum state)s->state) {
		case PRELUDE:
		case SEEK:
			feed_prelude(s, &in);
			break;
		case HEADERS:
			feed_headers(s, &in);
			break;
		case PAYLOAD:
			feed_payload(s, &in);
			break;
		case SUM:
			if (collect(s, &in, SUM_LEN))
				message_end(s, SV_NONE, s->part);
			break;
		}
	}
}

/* The message ends without its end having been seen. */
static void cut_off(struct eventstream *s)
{
	/* Without its headers nobody knows what it was. */
	if (!s->out->open)
		return;
	if (s->payload_left)
		event_truncated(s->out);
	event_end(s->out, SV_NONE);
}

/* Passes over what is missing of this message; false: more than it is. */
static bool skip_in_message(struct eventstream *s, uint64_t count)
{
	uint64_t sum = s->state == SUM ? SUM_LEN - s->kept : SUM_LEN;

	if (count > (uint64_t)s->headers_left + s->payload_left + sum)
		return false;
	s->torn = true;
	if (s->state == HEADERS) {
		uint32_t n = count < s->headers_left ? (uint32_t)count : s->headers_left;

		s->headers_left -= n;
		/* Half a name is none. */
		if (s->header_state == VALUE && s->which != H_OTHER && s->which != H_MESSAGE_TYPE)
			s->type_len = 0;
		s->header_state = NO_SENSE;
		count -= n;
		if (s->headers_left)
			return true;
		payload_begin(s);
	}
	if (s->state == PAYLOAD && count) {
		uint32_t n = count < s->payload_left ? (uint32_t)count : s->payload_left;

		event_skip(s->out);
		s->payload_left -= n;
		count -= n;
		if (!s->payload_left)
			s->state = SUM;
	}
	if (s->state != SUM)
		return true;
	s->kept = (uint8_t)(s->kept + count);
	if (s->kept == SUM_LEN)
		message_end(s, SV_NONE, s->part);
	return true;
}

void eventstream_gap(struct eventstream *s, uint64_t count)
{
	bool inside = s->state == HEADERS || s->state == PAYLOAD || s->state == SUM;

	if (!count || (inside && skip_in_message(s, count)))
		return;
	if (inside)
		cut_off(s);
	else
		s->out->skipped += s->kept;
	seek(s);
}

void eventstream_close(struct eventstream *s)
{
	cut_off(s);
	if (s->state == PRELUDE || s->state == SEEK)
		s->out->skipped += s->kept;
	s->state = PRELUDE;
	s->kept = 0;
}

bool eventstream_plausible(struct sv first)
{
	return first.len >= EVENTSTREAM_PRELUDE && is_prelude((const uint8_t *)first.p);
}
