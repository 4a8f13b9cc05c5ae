/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__
#include "tests/bench-engine/roofline.h"

#include <immintrin.h>

#define SUMS 8	  /* hide the latency of an operation; leave registers */
#define CHAINS 12 /* of two additions a cycle that take 4 or 5 */

/* The compiler must believe that the operand is new each time. */
#define NEW(v) __asm__ volatile("" : "+x"(v))

static uint64_t read_all(const uint8_t *at, size_t bytes, size_t ahead,
			 bool once)
{
	__m256i sum[4], all;

	for (size_t k = 0; k < 4; k++)
		sum[k] = _mm256_setzero_si256();
	for (size_t i = 0; i < bytes; i += 256) {
		const __m256i *v = (const __m256i *)(const void *)(at + i);

		if (ahead && once)
			for (size_t k = 0; k < 256; k += 64)
				_mm_prefetch((const char *)at + i + ahead + k,
					     _MM_HINT_NTA);
		else if (ahead)
			for (size_t k = 0; k < 256; k += 64)
				_mm_prefetch((const char *)at + i + ahead + k,
					     _MM_HINT_T0);
		for (size_t k = 0; k < 4; k++) {
			__m256i a = _mm256_load_si256(v + 2 * k);
			__m256i b = _mm256_load_si256(v + 2 * k + 1);

			sum[k] = _mm256_xor_si256(sum[k],
						  _mm256_xor_si256(a, b));
		}
	}
	all = _mm256_xor_si256(_mm256_xor_si256(sum[0], sum[1]),
			       _mm256_xor_si256(sum[2], sum[3]));
	return (uint64_t)_mm256_extract_epi64(all, 0);
}

static uint64_t keep(const __m256i *sum)
{
	__m256i all = sum[0];

	for (size_t k = 1; k < SUMS; k++)
		all = _mm256_add_epi32(all, sum[k]);
	NEW(all);
	return 0;
}

/* Unsigned times signed bytes, pairs to 16 bits, pairs to 32. */
static uint64_t int8(size_t loops)
{
	__m256i a = _mm256_set1_epi8(1), b = a, one = _mm256_set1_epi16(1);
	__m256i sum[SUMS] = { 0 };

	for (size_t i = 0; i < loops; i++)
		for (size_t k = 0; k < SUMS; k++) {
			NEW(a);
			sum[k] = _mm256_add_epi32(
				sum[k],
				_mm256_madd_epi16(_mm256_maddubs_epi16(a, b),
						  one));
		}
	return keep(sum) + loops * SUMS * 32;
}

/*
 * Values that were widened before, by half of the multiplications, as the
 * engine does (matmul_q8_avx2.h): (w0 | a1) (w1 | a0) has two products.
 */
static uint64_t int16(size_t loops)
{
	__m256i a = _mm256_set1_epi16(1), b = a, c = a, sum[SUMS] = { 0 };

	NEW(b);
	NEW(c);
	for (size_t i = 0; i < loops; i++)
		for (size_t k = 0; k < SUMS; k++) {
			NEW(a);
			sum[k] = _mm256_add_epi32(
				sum[k],
				_mm256_madd_epi16(_mm256_or_si256(a, b),
						  _mm256_or_si256(a, c)));
		}
	return keep(sum) + loops * SUMS * 32;
}

static uint64_t fused(size_t loops)
{
	__m256 a = _mm256_set1_ps(0.5f), b = a, sum[CHAINS];

	for (size_t k = 0; k < CHAINS; k++)
		sum[k] = _mm256_setzero_ps();
	for (size_t i = 0; i < loops; i++)
		for (size_t k = 0; k < CHAINS; k++)
			sum[k] = _mm256_fmadd_ps(a, b, sum[k]);
	for (size_t k = 0; k < CHAINS; k++)
		NEW(sum[k]);
	return loops * CHAINS * 8;
}

const struct roof_kernels roof_avx2 = { "avx2", read_all, int8, int16, fused };
#else
typedef int roofline_avx2_is_for_x86_64;
#endif
