// SPDX-License-Identifier: Apache-2.0
#include "stream/aeadseq.h"

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

/* The numbers of the last record and of this one differ in these bits. All are known. */
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

int64_t aead_seq_next(struct aead_seq *s, uint32_t nonce, const uint64_t *number, uint64_t told)
{
	uint32_t differ = nonce ^ s->last;
	int64_t missing;

	if (number)
		missing = by_number(s, *number, told);
	else if (!s->begun)
		missing = (int64_t)told;
	else if (!differ)
		missing = -1;
	else if (s->known == AEAD_SEQ_ALL)
		missing = by_all_bits(s, differ);
	else
		missing = by_low_bits(s, differ, told);
	if (missing < 0)
		return -1;
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
}
