// SPDX-License-Identifier: Apache-2.0
#include "stream/aeadseq.h"

/* Records after which the first one was number 0: counted from another, two of them contradict. */
#define SURE_AFTER 4

static uint64_t low_bits(unsigned n)
{
	return n >= 64 ? UINT64_MAX : (1ull << n) - 1;
}

static int64_t by_number(struct aead_seq *s, uint64_t number, uint64_t told)
{
	if (s->begun && number < s->next)
		return -1;
	if (s->begun)
		told = number - s->next;
	s->known = AEAD_SEQ_ALL;
	s->next = number + 1;
	return (int64_t)told;
}

/*
 * The numbers of the last record and of this one differ in these bits. All are known: -1 when that
 * was wrong, for numbers only grow: number 0 was taken to be the first one seen, and was lost.
 */
static int64_t by_all_bits(struct aead_seq *s, uint32_t differ)
{
	uint64_t was = s->next - 1, is = was ^ differ;

	if (is < s->next)
		return -1;
	s->next = is + 1;
	return (int64_t)(is - was - 1);
}

/* The low bits are known, or none. */
static int64_t by_low_bits(struct aead_seq *s, uint32_t differ, uint64_t told)
{
	uint64_t mask = low_bits(s->known), is = (s->next - 1) ^ differ, missing;
	unsigned bits;

	/* Neighbours, as far as can be seen: then what they differ in tells low bits of both. */
	if (!told && ((is ^ s->next) & mask) == 0 && !(differ & (differ + 1))) {
		/* The last one ended in a zero and ones, this one ends in a one and zeros. */
		bits = (unsigned)__builtin_popcount(differ);
		if (bits > s->known)
			s->known = (uint8_t)bits;
		is = (is & ~low_bits(bits)) | 1ull << (bits - 1);
		s->next = (is + 1) & low_bits(s->known);
		return 0;
	}
	missing = (is - s->next) & mask;
	s->next = (is + 1) & mask;
	if (missing < told)
		missing = told;
	return missing ? (int64_t)missing : 1;
}

/* Nothing is known of the numbers any more; it may go on in low bits. */
static int64_t start_over(struct aead_seq *s, uint64_t told)
{
	s->known = 0;
	s->next = 0;
	s->assumed = false;
	return told ? (int64_t)told : 1;
}

int64_t aead_seq_next(struct aead_seq *s, uint32_t nonce, const uint64_t *number, uint64_t told)
{
	uint32_t differ = nonce ^ s->last;
	int64_t missing = -1;

	if (number)
		missing = by_number(s, *number, told);
	else if (!s->begun)
		missing = (int64_t)told;
	else if (differ && s->known == AEAD_SEQ_ALL)
		missing = by_all_bits(s, differ);
	else if (differ)
		missing = by_low_bits(s, differ, told);
	if (missing < 0 && differ && s->assumed)
		missing = start_over(s, told);
	if (missing < 0)
		return -1;
	s->assumed &= missing || s->count < SURE_AFTER;
	s->begun = true;
	s->last = nonce;
	s->count += (uint64_t)missing + 1;
	return missing;
}

void aead_seq_from_zero(struct aead_seq *s)
{
	if (!s->begun || s->known == AEAD_SEQ_ALL)
		return;
	s->known = AEAD_SEQ_ALL;
	s->next = s->count;
	s->assumed = s->count < SURE_AFTER;
}
