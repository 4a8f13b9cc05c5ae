/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__
#include "tests/bench-engine/roofline.h"

#include <immintrin.h>

#define SUMS 16

#define NEW(v) __asm__ volatile("" : "+v"(v))

static uint64_t read_all(const uint8_t *at, size_t bytes, size_t ahead,
			 bool once)
{
	__m512i sum[4], all;

	for (size_t k = 0; k < 4; k++)
		sum[k] = _mm512_setzero_si512();
	for (size_t i = 0; i < bytes; i += 512) {
		const __m512i *v = (const __m512i *)(const void *)(at + i);

		if (ahead && once)
			for (size_t k = 0; k < 512; k += 64)
				_mm_prefetch((const char *)at + i + ahead + k,
					     _MM_HINT_NTA);
		else if (ahead)
			for (size_t k = 0; k < 512; k += 64)
				_mm_prefetch((const char *)at + i + ahead + k,
					     _MM_HINT_T0);
		for (size_t k = 0; k < 4; k++) {
			__m512i a = _mm512_load_si512(v + 2 * k);
			__m512i b = _mm512_load_si512(v + 2 * k + 1);

			sum[k] = _mm512_xor_si512(sum[k],
						  _mm512_xor_si512(a, b));
		}
	}
	all = _mm512_xor_si512(_mm512_xor_si512(sum[0], sum[1]),
			       _mm512_xor_si512(sum[2], sum[3]));
	return (uint64_t)_mm512_reduce_or_epi64(all);
}

static uint64_t keep(const __m512i *sum)
{
	__m512i all = sum[0];

	for (size_t k = 1; k < SUMS; k++)
		all = _mm512_add_epi32(all, sum[k]);
	NEW(all);
	return 0;
}

__attribute__((target("avx512vnni"))) static uint64_t vnni(size_t loops)
{
	__m512i a = _mm512_set1_epi8(1), b = a, sum[SUMS];

	for (size_t k = 0; k < SUMS; k++)
		sum[k] = _mm512_setzero_si512();
	for (size_t i = 0; i < loops; i++)
		for (size_t k = 0; k < SUMS; k++)
			sum[k] = _mm512_dpbusd_epi32(sum[k], a, b);
	return keep(sum) + loops * SUMS * 64;
}

static uint64_t int8(size_t loops)
{
	__m512i a = _mm512_set1_epi8(1), b = a, one = _mm512_set1_epi16(1);
	__m512i sum[SUMS];

	if (__builtin_cpu_supports("avx512vnni"))
		return vnni(loops);
	for (size_t k = 0; k < SUMS; k++)
		sum[k] = _mm512_setzero_si512();
	for (size_t i = 0; i < loops; i++)
		for (size_t k = 0; k < SUMS; k++) {
			NEW(a);
			sum[k] = _mm512_add_epi32(
				sum[k],
				_mm512_madd_epi16(_mm512_maddubs_epi16(a, b),
						  one));
		}
	return keep(sum) + loops * SUMS * 64;
}

static uint64_t int16(size_t loops)
{
	__m512i a = _mm512_set1_epi16(1), b = a, sum[SUMS];

	for (size_t k = 0; k < SUMS; k++)
		sum[k] = _mm512_setzero_si512();
	for (size_t i = 0; i < loops; i++)
		for (size_t k = 0; k < SUMS; k++) {
			NEW(a);
			sum[k] = _mm512_add_epi32(sum[k],
						  _mm512_madd_epi16(a, b));
		}
	return keep(sum) + loops * SUMS * 32;
}

static uint64_t fused(size_t loops)
{
	__m512 a = _mm512_set1_ps(0.5f), b = a, sum[SUMS];

	for (size_t k = 0; k < SUMS; k++)
		sum[k] = _mm512_setzero_ps();
	for (size_t i = 0; i < loops; i++)
		for (size_t k = 0; k < SUMS; k++)
			sum[k] = _mm512_fmadd_ps(a, b, sum[k]);
	for (size_t k = 0; k < SUMS; k++)
		NEW(sum[k]);
	return loops * SUMS * 16;
}

const struct roof_kernels roof_avx512 = { "avx512", read_all, int8, int16,
					  fused };
#else
typedef int roofline_avx512_is_for_x86_64;
#endif
