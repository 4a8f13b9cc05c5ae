/* SPDX-License-Identifier: Apache-2.0 */
/* What the AVX-512 files share; only they include it. */
#ifndef OAE_REFERENCE_KERNELS_LANES_AVX512_H
#define OAE_REFERENCE_KERNELS_LANES_AVX512_H

#include "adapters/reference/kernels/kernels.h"

void oae_attention_avx512(const struct oae_attention *a);
void oae_matmul_avx512bw(const struct oae_packed *w, size_t tile0, size_t tile1,
			 const struct oae_acts *x, size_t row0, size_t row1,
			 float *y, size_t ldy);
void oae_matmul_avx512vnni(const struct oae_packed *w, size_t tile0,
			   size_t tile1, const struct oae_acts *x, size_t row0,
			   size_t row1, float *y, size_t ldy);

#ifdef __AVX512BW__

#include <immintrin.h>

#include "adapters/reference/kernels/exp.h"

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#endif

INLINE __mmask16 lanes(size_t n)
{
	if (n >= OAE_TILE)
		return 0xffff;
	return (__mmask16)((1u << n) - 1);
}

INLINE __m512 load_f16(const void *p)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}

/* Lane i with i + 8, then i + 4, ...: the order of the scalar join(). */
INLINE float join(__m512 s)
{
	__m256 a = _mm256_add_ps(_mm512_castps512_ps256(s),
				 _mm512_extractf32x8_ps(s, 1));
	__m128 b = _mm_add_ps(_mm256_castps256_ps128(a),
			      _mm256_extractf128_ps(a, 1));

	b = _mm_add_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

INLINE __m512 exp_lanes(__m512 x)
{
	__m512 n, r, p;

	x = _mm512_max_ps(x, _mm512_set1_ps(OAE_EXP_LOW));
	x = _mm512_min_ps(x, _mm512_set1_ps(OAE_EXP_HIGH));
	n = _mm512_fmadd_ps(x, _mm512_set1_ps(OAE_EXP_LOG2E),
			    _mm512_set1_ps(OAE_EXP_ROUND));
	n = _mm512_sub_ps(n, _mm512_set1_ps(OAE_EXP_ROUND));
	r = _mm512_fmadd_ps(n, _mm512_set1_ps(-OAE_EXP_LN2_HIGH), x);
	r = _mm512_fmadd_ps(n, _mm512_set1_ps(-OAE_EXP_LN2_LOW), r);
	p = _mm512_fmadd_ps(_mm512_set1_ps(OAE_EXP_P0), r,
			    _mm512_set1_ps(OAE_EXP_P1));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(OAE_EXP_P2));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(OAE_EXP_P3));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(OAE_EXP_P4));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(OAE_EXP_P5));
	p = _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r);
	p = _mm512_add_ps(p, _mm512_set1_ps(1.0f));
	return _mm512_castsi512_ps(
		_mm512_add_epi32(_mm512_castps_si512(p),
				 _mm512_slli_epi32(_mm512_cvtps_epi32(n), 23)));
}

/* x becomes exp(x - max); returns the sum. */
INLINE float exponentials(float *x, size_t n)
{
	__m512 max = _mm512_set1_ps(x[0]), s = _mm512_setzero_ps(), v;

	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i);

		max = _mm512_mask_max_ps(max, m, max,
					 _mm512_maskz_loadu_ps(m, x + i));
	}
	max = _mm512_set1_ps(_mm512_reduce_max_ps(max));
	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i);

		v = exp_lanes(
			_mm512_sub_ps(_mm512_maskz_loadu_ps(m, x + i), max));
		_mm512_mask_storeu_ps(x + i, m, v);
		s = _mm512_mask_add_ps(s, m, s, v);
	}
	return join(s);
}

#endif
#endif
