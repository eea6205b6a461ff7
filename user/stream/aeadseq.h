/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_STREAM_AEADSEQ_H
#define EARSHOT_STREAM_AEADSEQ_H

/*
 * aeadseq - the sequence number of TLS records, from their nonces. A nonce is a secret value
 * xor the number (RFC 8446 section 5.3), so two of them tell in which bits the numbers differ.
 * Seen from number 0 on that is the number itself; else its low bits come to light one by one:
 * of s and s + 1 just the bits up to the lowest zero of s differ.
 */
#include "base/sv.h"

struct aead_seq {
	uint64_t next;	/* number of the next record, as far as its bits are known */
	uint64_t count; /* records so far, with those known to be missing */
	uint32_t last;	/* low half of the last nonce */
	uint8_t known;	/* low bits known; AEAD_SEQ_ALL: all */
	bool begun;
	bool assumed; /* that the first one seen was number 0 */
};

#define AEAD_SEQ_ALL 64

/*
 * The next record of a key. number: from the additional data (TLS 1.2), else NULL. told: how
 * many records right before it are known to be lost. Returns how many are missing before it, at
 * least, told ones included; -1: it is not behind the last one.
 */
int64_t aead_seq_next(struct aead_seq *s, uint32_t nonce, const uint64_t *number, uint64_t told);

/* The key was seen from its number 0 on. */
void aead_seq_from_zero(struct aead_seq *s);

#endif /* EARSHOT_STREAM_AEADSEQ_H */
