/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AVX-512 without a processor that has it. Included before a source of
 * adapters/reference/kernels/ (gcc -include), it makes each intrinsic a
 * function of SIMDe (https://github.com/simd-everywhere/simde; Debian:
 * libsimde-dev) or, where SIMDe has none, one of the functions below, made of
 * two AVX2 instructions or of plain C by the instruction's definition in
 * Intel's manual. The kernels' tables get names of their own beside the real
 * ones. Needs AVX2, FMA and F16C: without FMA, SIMDe rounds twice.
 *
 * It shows that the kernels compute the right thing with these instructions,
 * not what a compiler makes of them.
 */
#ifndef OAE_TESTS_FAKE_AVX512_H
#define OAE_TESTS_FAKE_AVX512_H

#if __has_include(<simde/x86/avx512.h>) && defined(__AVX2__)

#include <stdint.h>
#include <string.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

/* The kernels' own functions need no inlining: it takes long to compile. */
#define INLINE static __attribute__((unused))

/* A name that SIMDe lacks stands for a function here. */
#define FAKE static inline __attribute__((always_inline, unused))

/* ---- two halves --------------------------------------------------------- */

FAKE __m256 fake_half(__m512 v, int upper)
{
	__m256 half;

	memcpy(&half, (const char *)&v + upper * 32, 32);
	return half;
}

FAKE __m256i fake_half_i(__m512i v, int upper)
{
	__m256i half;

	memcpy(&half, (const char *)&v + upper * 32, 32);
	return half;
}

FAKE __m512 fake_join(__m256 low, __m256 high)
{
	__m512 v;

	memcpy(&v, &low, 32);
	memcpy((char *)&v + 32, &high, 32);
	return v;
}

FAKE __m512i fake_join_i(__m256i low, __m256i high)
{
	__m512i v;

	memcpy(&v, &low, 32);
	memcpy((char *)&v + 32, &high, 32);
	return v;
}

FAKE __m128i fake_quarter(__m256i v, int upper)
{
	__m128i half;

	memcpy(&half, (const char *)&v + upper * 16, 16);
	return half;
}

#undef _mm512_extractf32x8_ps
#define _mm512_extractf32x8_ps(v, upper) fake_half(v, upper)
#undef _mm512_cvtepi32_ps
#define _mm512_cvtepi32_ps(v)                            \
	fake_join(_mm256_cvtepi32_ps(fake_half_i(v, 0)), \
		  _mm256_cvtepi32_ps(fake_half_i(v, 1)))
#undef _mm512_cvtps_epi32
#define _mm512_cvtps_epi32(v)                            \
	fake_join_i(_mm256_cvtps_epi32(fake_half(v, 0)), \
		    _mm256_cvtps_epi32(fake_half(v, 1)))
#undef _mm512_cvtepu16_epi32
#define _mm512_cvtepu16_epi32(v)                               \
	fake_join_i(_mm256_cvtepu16_epi32(fake_quarter(v, 0)), \
		    _mm256_cvtepu16_epi32(fake_quarter(v, 1)))
#undef _mm512_cvtepi8_epi32
#define _mm512_cvtepi8_epi32(v)              \
	fake_join_i(_mm256_cvtepi8_epi32(v), \
		    _mm256_cvtepi8_epi32(_mm_srli_si128(v, 8)))
#undef _mm512_cvtepu8_epi32
#define _mm512_cvtepu8_epi32(v)              \
	fake_join_i(_mm256_cvtepu8_epi32(v), \
		    _mm256_cvtepu8_epi32(_mm_srli_si128(v, 8)))
#undef _mm512_cvtph_ps
#define _mm512_cvtph_ps(v)                             \
	fake_join(_mm256_cvtph_ps(fake_quarter(v, 0)), \
		  _mm256_cvtph_ps(fake_quarter(v, 1)))
#undef _mm512_cvtps_ph
#define _mm512_cvtps_ph(v, mode)                                     \
	_mm256_set_m128i(_mm256_cvtps_ph(fake_half(v, 1), (mode)&7), \
			 _mm256_cvtps_ph(fake_half(v, 0), (mode)&7))
#undef _mm512_srai_epi32
#define _mm512_srai_epi32(v, bits)                              \
	fake_join_i(_mm256_srai_epi32(fake_half_i(v, 0), bits), \
		    _mm256_srai_epi32(fake_half_i(v, 1), bits))
/* SIMDe has the function, and a macro of its name with other arguments. */
#undef _mm512_madd_epi16
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
#undef _mm512_permute_ps
#define _mm512_permute_ps(v, order)                          \
	fake_join(_mm256_permute_ps(fake_half(v, 0), order), \
		  _mm256_permute_ps(fake_half(v, 1), order))

FAKE __m512 fake_fmaddsub(__m512 a, __m512 b, __m512 c)
{
	return fake_join(_mm256_fmaddsub_ps(fake_half(a, 0), fake_half(b, 0),
					    fake_half(c, 0)),
			 _mm256_fmaddsub_ps(fake_half(a, 1), fake_half(b, 1),
					    fake_half(c, 1)));
}
#undef _mm512_fmaddsub_ps
#define _mm512_fmaddsub_ps fake_fmaddsub

/* ---- lane by lane ------------------------------------------------------- */

/* Masked lanes are neither read nor written. */
FAKE __m512 fake_maskz_loadu(__mmask16 mask, const void *from)
{
	float lane[16] = { 0 };
	__m512 v;

	for (int i = 0; i < 16; i++)
		if (mask >> i & 1)
			memcpy(&lane[i], (const char *)from + i * 4, 4);
	memcpy(&v, lane, sizeof(v));
	return v;
}
#undef _mm512_maskz_loadu_ps
#define _mm512_maskz_loadu_ps fake_maskz_loadu

FAKE void fake_mask_storeu(void *to, __mmask16 mask, __m512 v)
{
	for (int i = 0; i < 16; i++)
		if (mask >> i & 1)
			memcpy((char *)to + i * 4, (const char *)&v + i * 4, 4);
}
#undef _mm512_mask_storeu_ps
#define _mm512_mask_storeu_ps fake_mask_storeu

FAKE void fake_mask_storeu_16(void *to, __mmask16 mask, __m256i v)
{
	for (int i = 0; i < 16; i++)
		if (mask >> i & 1)
			memcpy((char *)to + i * 2, (const char *)&v + i * 2, 2);
}
#undef _mm256_mask_storeu_epi16
#define _mm256_mask_storeu_epi16 fake_mask_storeu_16

/* Each lane's lowest byte. */
FAKE __m128i fake_cvtepi32_epi8(__m512i v)
{
	uint8_t to[16];
	__m128i r;

	for (int i = 0; i < 16; i++)
		to[i] = ((const uint8_t *)&v)[i * 4];
	memcpy(&r, to, sizeof(r));
	return r;
}
#undef _mm512_cvtepi32_epi8
#define _mm512_cvtepi32_epi8 fake_cvtepi32_epi8

FAKE int32_t fake_reduce_add(__m512i v)
{
	uint32_t lane[16], sum = 0;

	memcpy(lane, &v, sizeof(v));
	for (int i = 0; i < 16; i++)
		sum += lane[i];
	return (int32_t)sum;
}
#undef _mm512_reduce_add_epi32
#define _mm512_reduce_add_epi32 fake_reduce_add

FAKE float fake_reduce_max(__m512 v)
{
	float lane[16], max;

	memcpy(lane, &v, sizeof(v));
	max = lane[0];
	for (int i = 1; i < 16; i++)
		max = max > lane[i] ? max : lane[i];
	return max;
}
#undef _mm512_reduce_max_ps
#define _mm512_reduce_max_ps fake_reduce_max

/* What the kernels' sources ask for, and where they put what they offer. */
#define __AVX512F__ 1
#define __AVX512BW__ 1
#define __AVX512DQ__ 1
#define __AVX512VL__ 1
#ifdef OAE_FAKE_VNNI
#define __AVX512VNNI__ 1
#endif

#endif

#define oae_kernels_avx512bw oae_kernels_avx512bw_fake
#define oae_kernels_avx512vnni oae_kernels_avx512vnni_fake
#define oae_matmul_avx512bw oae_matmul_avx512bw_fake
#define oae_matmul_avx512vnni oae_matmul_avx512vnni_fake
#define oae_attention_avx512 oae_attention_avx512_fake

#endif
