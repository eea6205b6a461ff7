/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_INFLATE_MSG_H
#define EARSHOT_BASE_INFLATE_MSG_H

/*
 * inflate_msg - raw deflate, one message after the other, as permessage-deflate has it (RFC 7692
 * section 7.2): each message lacks the last four bytes of a sync flush, and may refer to what the
 * messages before it held, at most 32 KiB back.
 *
 * What came before is lost when a stream is joined late or bytes are missing. Then zero bytes
 * stand for it: a zero in what comes out is a byte that is not known, or a zero that was sent.
 */
#include "base/sv.h"

struct inflate_msg;

/*
 * A piece of the message; last: its end. Returns 0 to go on, or a negative errno, with which the
 * rest of the message is left out.
 */
typedef int inflate_msg_fn(void *ctx, struct sv out, bool last);

/*
 * window_bits: 8 to 15, as agreed. Costs 7 KiB and the window, from the first message on.
 * Returns 0 or -ENOMEM.
 */
int inflate_msg_new(struct inflate_msg **ret, unsigned int window_bits);
void inflate_msg_free(struct inflate_msg *z);

/* A piece of a message. 0, -EBADMSG, -ENOMEM or fn's; sticky up to inflate_msg_reset(). */
int inflate_msg_feed(struct inflate_msg *z, struct sv in, inflate_msg_fn *fn, void *ctx);
/* The message is whole: fn is called with last, unless there is an error. */
int inflate_msg_end(struct inflate_msg *z, inflate_msg_fn *fn, void *ctx);

/*
 * A new message that refers to nothing before it; lost: to what is not known, so zeros stand for
 * it. Returns 0 or -ENOMEM.
 */
int inflate_msg_reset(struct inflate_msg *z, bool lost);

/* Zeros may stand for what is not known. */
bool inflate_msg_unsure(const struct inflate_msg *z);

#endif /* EARSHOT_BASE_INFLATE_MSG_H */
