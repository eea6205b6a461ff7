/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_SCAN_H
#define EARSHOT_BASE_SCAN_H

/*
 * scan - finds the first byte of a class, 16 at a time where the machine can, 8 at a time
 * elsewhere. All return end when there is none, and read nothing outside [p, end).
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_ONES  0x0101010101010101ull
#define SCAN_HIGHS 0x8080808080808080ull

static inline uint64_t scan_load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* The words below are not 0 when some byte of w is in the class; which one is not told. */
static inline uint64_t scan_has_zero(uint64_t w)
{
	return (w - SCAN_ONES) & ~w & SCAN_HIGHS;
}

static inline uint64_t scan_has(uint64_t w, unsigned char c)
{
	return scan_has_zero(w ^ (SCAN_ONES * c));
}

static inline uint64_t scan_has_control(uint64_t w)
{
	return (w - SCAN_ONES * 0x20) & ~w & SCAN_HIGHS;
}

static inline bool scan_is_eol(char c)
{
	return c == '\n' || c == '\r';
}

static inline bool scan_is_string_end(char c)
{
	return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

static inline bool scan_is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

static inline const char *scan_eol_words(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t w = scan_load(p);

		if (scan_has(w, '\n') | scan_has(w, '\r'))
			break;
	}
	while (p < end && !scan_is_eol(*p))
		p++;
	return p;
}

static inline const char *scan_string_words(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t w = scan_load(p);

		if (scan_has(w, '"') | scan_has(w, '\\') | scan_has_control(w))
			break;
	}
	while (p < end && !scan_is_string_end(*p))
		p++;
	return p;
}

static inline const char *scan_high_words(const char *p, const char *end)
{
	while (end - p >= 8 && !(scan_load(p) & SCAN_HIGHS))
		p += 8;
	while (p < end && !scan_is_high(*p))
		p++;
	return p;
}

#ifdef __SSE2__

static inline __m128i scan_load16(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* LF or CR. */
static inline const char *scan_eol(const char *p, const char *end)
{
	const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');

	for (; end - p >= 16; p += 16) {
		__m128i v = scan_load16(p);
		int hit = _mm_movemask_epi8(
			_mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr)));

		if (hit)
			return p + __builtin_ctz((unsigned int)hit);
	}
	return scan_eol_words(p, end);
}

/* What ends a run of plain bytes in a JSON string: quote, backslash, control character. */
static inline const char *scan_string(const char *p, const char *end)
{
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	for (; end - p >= 16; p += 16) {
		__m128i v = scan_load16(p);
		__m128i m = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
		int hit = _mm_movemask_epi8(
			_mm_or_si128(m, _mm_cmpeq_epi8(_mm_min_epu8(v, control), v)));

		if (hit)
			return p + __builtin_ctz((unsigned int)hit);
	}
	return scan_string_words(p, end);
}

/* A byte outside ASCII. */
static inline const char *scan_high(const char *p, const char *end)
{
	for (; end - p >= 16; p += 16) {
		int hit = _mm_movemask_epi8(scan_load16(p));

		if (hit)
			return p + __builtin_ctz((unsigned int)hit);
	}
	return scan_high_words(p, end);
}

#else

static inline const char *scan_eol(const char *p, const char *end)
{
	return scan_eol_words(p, end);
}

static inline const char *scan_string(const char *p, const char *end)
{
	return scan_string_words(p, end);
}

static inline const char *scan_high(const char *p, const char *end)
{
	return scan_high_words(p, end);
}

#endif

#endif /* EARSHOT_BASE_SCAN_H */
